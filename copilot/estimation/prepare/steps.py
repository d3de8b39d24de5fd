"""Whether the steps of a treatment of few numbers count alike, as a line through them takes them to."""

from __future__ import annotations

import numpy as np

from copilot.domain.identification.values import Strategy
from copilot.domain.text import shown
from copilot.estimation.estimators.algebra import blocks, even, solve
from copilot.estimation.prepare.model import Ends
from copilot.estimation.prepare.notes import Notes, plain
from copilot.estimation.prepare.treatment import FEW_VALUES, UNIT_MORE, flag
from copilot.estimation.problem import Floats, Integers, Problem

ALARM = 0.001
"""p-value below which a line is said not to fit."""
_SPARE = 10


def say_uneven_steps(problem: Problem, values: Floats, ends: Ends, notes: Notes) -> None:
    """Warn where a mean for each value of the treatment fits the outcome better than a line, given the covariates.

    The F-test of lack of fit (Draper & Smith 1998, *Applied Regression Analysis*, section 2.1), for up to `FEW_VALUES`
    values and independent rows.

    Parameters
    ----------
    problem
        What is estimated.
    values
        The treatment of shape (n,) in its own units.
    ends
        Names.
    notes
        Told of steps that differ.
    """
    if problem.binary_treatment or problem.strategy is not Strategy.BACKDOOR or problem.clusters is not None:
        return
    if len(np.unique(values[: 100 * FEW_VALUES])) > FEW_VALUES:
        return
    found, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    free = problem.n - problem.covariates.shape[1] - len(found)
    if not 2 < len(found) <= FEW_VALUES or free < _SPARE:  # noqa: PLR2004 (a line has two ends)
        return
    p = _lack_of_fit(problem, codes.astype(np.int64), len(found), free)
    if not p < ALARM:
        return
    often = sorted(found[np.argsort(-counts, kind="stable")[:2]].tolist())
    notes.warn(
        "steps_differ",
        f"the {len(found)} values of {shown(ends.treatment)} do not count alike: a mean of {shown(ends.outcome)} for "
        f"each fits better than a line (p < {ALARM:g}), so that what is said {UNIT_MORE} may hold for no step; two of "
        f"them are compared by {flag(*map(plain, often))}",
        ends.treatment,
        len(found),
    )


def _lack_of_fit(problem: Problem, codes: Integers, values: int, free: int) -> float:
    """Give the p-value of the line against means for each value."""
    from scipy.special import fdtrc

    k = problem.covariates.shape[1]
    w = even(problem)
    # intercept, covariates, line, all values but the first and the last, outcome
    width = k + values + 1
    cross = np.zeros((width, width))
    centre = float(np.average(problem.y, weights=w))
    spread = float(problem.y.std())
    for part in blocks(problem.n, width):
        block = np.zeros((part.stop - part.start, width))
        block[:, 0] = 1.0
        block[:, 1 : k + 1] = problem.covariates[part]
        block[:, k + 1] = problem.t[part]
        inner = codes[part]
        at = np.flatnonzero((inner > 0) & (inner < values - 1))
        block[at, k + 1 + inner[at]] = 1.0
        block[:, -1] = (problem.y[part] - centre) / spread
        cross += block.T @ (block if w is None else block * w[part, None])
    line, levels = (_left(cross, columns) for columns in (k + 2, width - 1))
    if not levels > 0 or line <= levels:
        return 1.0
    return float(fdtrc(values - 2, free, (line - levels) / (values - 2) / (levels / free)))


def _left(cross: Floats, columns: int) -> float:
    """Give the residual sum of squares of the last column, given the first ones."""
    shared = cross[:columns, -1]
    weights, _ = solve(cross[:columns, :columns], shared)
    return float(cross[-1, -1] - shared @ weights)
