"""The front-door formula by counting cells."""

from __future__ import annotations

import numpy as np

from copilot.domain.effects import Target
from copilot.estimation.estimators.adjusted import errors_word, positive, risk_ratio
from copilot.estimation.estimators.algebra import even_or_ones
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Integers, Problem

MAX_CELLS = 20
"""Values that mediators may take together."""
MIN_ROWS = 10
"""Rows that each of them must have at each level of the treatment."""


def cells_of(problem: Problem, least: int = MIN_ROWS) -> Integers | None:
    """Give a number to each value that mediators take together.

    Parameters
    ----------
    problem
        Any.
    least
        Rows wanted for each value at each level of the treatment.

    Returns
    -------
    ndarray or None
        Codes 0 … c-1 of shape (n,); ``None`` where cells are too many or too empty, the treatment is not binary, or
        there are covariates.
    """
    if not problem.binary_treatment or problem.covariates.shape[1] or problem.n == 0:
        return None
    codes = np.zeros(problem.n, dtype=np.int64)
    for column in problem.mediators.T:
        if len(np.unique(column[:1000])) > MAX_CELLS:
            return None
        values, own = np.unique(column, return_inverse=True)
        codes = np.unique(codes * len(values) + own, return_inverse=True)[1].astype(np.int64)
        if int(codes.max()) >= MAX_CELLS:
            return None
    count = np.bincount(codes + (int(codes.max()) + 1) * (problem.t > 0).astype(np.int64))
    filled = len(count) == 2 * (int(codes.max()) + 1) and int(count.min()) >= least
    return codes if filled else None


def plug_in(problem: Problem, cells: Integers, ask: Ask) -> Fit:
    """Estimate E[Y(1)] - E[Y(0)] by cells.

    Parameters
    ----------
    problem
        With a binary treatment and no covariates.
    cells
        From `cells_of`.
    ask
        ATE: averaged over both levels of the treatment (Pearl 1995, equation 11). ATT: over the treated alone.

    Returns
    -------
    Fit
        Errors from the influence function (Fulcher et al. 2020, theorem 1).
    """
    count = int(cells.max()) + 1
    t = (problem.t > 0).astype(np.int64)
    # the influence values below are those of weights with mean 1
    w = even_or_ones(problem)
    joint = np.bincount(cells + count * t, weights=w, minlength=2 * count).reshape(2, count) / w.sum()
    total = np.bincount(cells + count * t, weights=w * problem.y, minlength=2 * count).reshape(2, count) / w.sum()
    mean = total / joint
    share = joint.sum(axis=1)
    given = joint / share[:, None]
    att = ask.target is Target.ATT
    over = np.array([0.0, 1.0]) if att else share
    averaged = over @ mean
    levels = given @ averaged
    # what one row changes: the shares of its mediator value, the share of its treatment, the mean of its cell
    residual = problem.y - mean[t, cells]
    parts = []
    for level in (0, 1):
        own = (t == level) / share[level] * (averaged[cells] - levels[level])
        own = own + over[t] / share[t] * given[level, cells] / given[t, cells] * residual
        parts.append(w * (own + (0.0 if att else (mean @ given[level])[t] - levels[level])))
    influence, df = parts[1] - parts[0], large_sample_freedom(problem)
    means = [(float(levels[arm]), parts[arm]) for arm in (0, 1)]
    target = Target.ATT if att else Target.ATE
    whose = "the treated" if att else "both levels of the treatment"
    return Fit(
        value=float(levels[1] - levels[0]),
        se=positive(standard_error(influence, problem)),
        errors=errors_word(problem),
        df=df,
        influence=influence,
        risk_ratio=risk_ratio(problem, means[1], means[0], ask.level, df),
        diagnostics={"cells": float(count), "smallest_cell": float(np.bincount(cells + count * t).min())},
        notes=(f"By cells, with no model: {count} values of the mediators, averaged over {whose}.",),
        target=target,
    )
