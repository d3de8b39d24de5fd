"""Cross-fitting: each row is predicted by learners that have not seen it, nor any row of its cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from copilot.estimation.estimators.algebra import even_or_ones
from copilot.estimation.estimators.learners import Sample, blend, boosting, learners_for, predictions
from copilot.estimation.problem import Floats, Integers, Problem

FOLDS = 5
MAX_LEARNT = 20_000
"""Rows that the learners of one fold are given at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Crossfitted:
    """Predictions for all rows, and the shares of the learners by name."""

    predicted: Floats
    shares: dict[str, float]


def folds_of(problem: Problem, draw: Generator, least: int) -> Integers:
    """Deal rows, or whole clusters, into folds of about one size with about one share of the treated.

    Parameters
    ----------
    problem
        Any.
    draw
        Of the order in which they are dealt.
    least
        Rows or clusters in the rarer arm: fewer than 25 make fewer folds, and there are always two.

    Returns
    -------
    ndarray
        Number of the fold of each row, of shape (n,).
    """
    count = max(2, min(FOLDS, least // 5))
    if problem.clusters is None:
        units, treated = np.arange(problem.n), problem.t
    else:
        _, units = np.unique(problem.clusters, return_inverse=True)
        treated = np.bincount(units, weights=problem.t) / np.bincount(units)
    dealt = draw.permutation(int(units.max()) + 1)
    if problem.binary_treatment:
        dealt = dealt[np.argsort(treated[dealt] > 0.5, kind="stable")]  # noqa: PLR2004 (the arm of most)
    fold = np.empty(len(dealt), dtype=np.int64)
    fold[dealt] = np.arange(len(dealt)) % count
    return np.asarray(fold[units], dtype=np.int64)


def in_common(problem: Problem, folds: Integers, draw: Generator) -> Floats:
    """Predict the outcome at both levels of a binary treatment by trees that learn from both arms at once.

    Returns
    -------
    ndarray
        Of shape (2, n). A candidate for `crossfit`: it knows twice as many rows, and believes less in effects.
    """
    weights = even_or_ones(problem)
    x = np.column_stack([problem.t, problem.covariates])
    predicted = np.empty((2, problem.n))
    for k in range(int(folds.max()) + 1):
        learnt, asked = _parted(folds, k, np.ones(problem.n, dtype=np.bool_), draw)
        at = np.concatenate([np.insert(problem.covariates[asked], 0, level, axis=1) for level in (0.0, 1.0)])
        seed = int(draw.integers(2**31))
        sample = Sample(x[learnt], problem.y[learnt], weights[learnt], at, problem.binary_outcome, seed)
        predicted[:, asked] = predictions(sample, (("boosting", boosting),)).reshape(2, -1)
    return predicted


def _parted(folds: Integers, k: int, usable: NDArray[np.bool_], draw: Generator) -> tuple[Integers, Integers]:
    """Give the rows that are learnt from and the rows that are predicted for one fold."""
    learnt, asked = np.flatnonzero((folds != k) & usable), np.flatnonzero(folds == k)
    if len(learnt) > MAX_LEARNT:
        learnt = np.sort(draw.choice(learnt, MAX_LEARNT, replace=False))
    return learnt.astype(np.int64), asked.astype(np.int64)


def crossfit(
    problem: Problem,
    y: Floats,
    folds: Integers,
    draw: Generator,
    *,
    binary: bool,
    among: NDArray[np.bool_] | None = None,
    besides: Floats | None = None,
) -> Crossfitted:
    """Predict `y` from covariates for every row.

    Parameters
    ----------
    problem
        Gives covariates and weights.
    y
        Of shape (n,).
    folds
        From `folds_of`.
    draw
        Of the rows that are learnt from where there are more than `MAX_LEARNT`.
    binary
        Whether `y` holds zeros and ones.
    among
        Rows that may be learnt from, of shape (n,); all by default.
    besides
        Cross-fitted predictions of shape (n,) by another learner, blended with the rest under the name "common".
    """
    weights = even_or_ones(problem)
    usable = np.ones(problem.n, dtype=np.bool_) if among is None else among
    learners = learners_for(problem.covariates.shape[1])
    names = [name for name, _ in learners]
    predicted = np.empty((len(names), problem.n))
    x = problem.covariates
    for k in range(int(folds.max()) + 1):
        learnt, asked = _parted(folds, k, usable, draw)
        seed = int(draw.integers(2**31))
        sample = Sample(x[learnt], y[learnt], weights[learnt], x[asked], binary, seed)
        predicted[:, asked] = predictions(sample, learners)
    if besides is not None:
        names, predicted = [*names, "common"], np.vstack([predicted, besides])
    shares = blend(predicted[:, usable], y[usable], weights[usable])
    return Crossfitted(shares @ predicted, dict(zip(names, shares.tolist(), strict=True)))
