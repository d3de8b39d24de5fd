"""Errors by resampling, for estimators that have none in closed form."""

from __future__ import annotations

import numpy as np
from numpy.random import SeedSequence, default_rng

from copilot.errors import EstimationError
from copilot.estimation.problem import Ask, Integers, Problem, Refit

BRANCH = 0xB007
"""Of the seed, so that an estimator's own draws are not the bootstrap's."""
MAX_FAILURES = 0.2
"""Share of resamples without an estimate above which the errors would flatter."""


def bootstrap_errors(refit: Refit, problem: Problem, ask: Ask) -> tuple[float, tuple[float, float], int]:
    """Give the standard error and percentile interval of an estimate over resampled rows, or whole clusters.

    Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, algorithm 6.1 and section 13.3; clusters are drawn
    whole (Cameron, Gelbach & Miller 2008, section III.A).

    Parameters
    ----------
    refit
        Answers for rows.
    problem
        What was estimated.
    ask
        Level, seed, number of resamples, and who is told of each.

    Returns
    -------
    tuple
        Standard error, interval, and the number of resamples that gave no estimate.

    Raises
    ------
    EstimationError
        If more than a fifth of the resamples give no estimate, or all give the same.
    """
    found = np.empty(ask.resamples)
    members = None if problem.clusters is None else members_of(problem.clusters)
    for i in range(ask.resamples):
        child = SeedSequence(entropy=ask.seed.entropy, spawn_key=(*ask.seed.spawn_key, BRANCH, i))
        found[i] = refit.rows(resampled(problem.n, members, child))
        ask.on_step(1)
    kept = found[np.isfinite(found)]
    failures = ask.resamples - len(kept)
    if len(kept) < 2 or failures > MAX_FAILURES * ask.resamples:  # noqa: PLR2004 (a spread needs two)
        raise EstimationError(
            f"{failures} of {ask.resamples} resamples gave no estimate",
            reason="Resampled rows often lack a level of the treatment or overlap, so that errors would flatter.",
            advice="Use an estimator with errors in closed form, or adjust for fewer variables.",
        )
    se = float(kept.std(ddof=1))
    if se <= 1e-14 * max(1.0, float(np.abs(kept).max())):
        raise EstimationError(
            "all resamples gave the same estimate",
            reason="Nothing varies that the estimate depends on.",
            advice="Look at the outcome: it may be constant or a copy of the treatment.",
        )
    low, high = np.quantile(kept, [(1 - ask.level) / 2, (1 + ask.level) / 2])
    return se, (float(low), float(high)), failures


def members_of(clusters: Integers) -> list[Integers]:
    """Give the rows of each cluster that has any."""
    order = np.argsort(clusters, kind="stable")
    edges = np.flatnonzero(np.diff(clusters[order])) + 1
    return [part.astype(np.int64) for part in np.split(order, edges)]


def resampled(n: int, members: list[Integers] | None, seed: SeedSequence) -> Integers:
    """Draw n rows with replacement, or as many whole clusters as there are."""
    draw = default_rng(seed)
    if members is None:
        return draw.integers(0, n, n)
    return np.concatenate([members[j] for j in draw.integers(0, len(members), len(members))])
