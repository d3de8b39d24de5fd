"""Where overlap is missing: the covariate that gives the treatment away, and the end at which one arm is empty."""

from __future__ import annotations

import numpy as np

from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.estimation.moments import Moments
from copilot.estimation.problem import Problem

GIVES_AWAY = 0.9
"""Share of the treatment's variance from which one covariate all but is the treatment."""
_REGION = 0.1
"""Share of rows at either end of a covariate that are looked at."""
_FEWEST_ROWS = 20
_ALMOST_NONE = 0.05
"""Rows of an arm, as a share of what its size would let expect, below which a region is all but without it."""


def whereabouts(problem: Problem) -> str:
    """Say what is known of where and why overlap is missing; empty if nothing.

    Parameters
    ----------
    problem
        With at least one covariate.
    """
    return giveaway(problem) + (thin_region(problem) if problem.binary_treatment else "")


def thin_region(problem: Problem) -> str:
    """Say at which end of which covariate (almost) no row of one arm is found; empty if at none.

    Parameters
    ----------
    problem
        With a treatment of 0 and 1.
    """
    share, least, found = float(problem.t.mean()), _ALMOST_NONE, ""
    for name, column in zip(problem.covariate_of, problem.covariates.T, strict=True):
        low, high = np.quantile(column, (_REGION, 1.0 - _REGION))
        for rows, word in ((column <= low, "low"), (column >= high, "high")):
            size, treated = int(rows.sum()), int(problem.t[rows].sum())
            if size == problem.n:
                continue
            for count, usual, arm in ((treated, share, "treated"), (size - treated, 1.0 - share, "control")):
                if size * usual >= _FEWEST_ROWS and count / (size * usual) < least:
                    least = count / (size * usual)
                    found = f" Where {shown(name)} is {word}, {count} of {size} rows are {arm} rows."
    return found


def giveaway(problem: Problem) -> str:
    """Name a covariate that all but gives the treatment away; empty if there is none."""
    moments = Moments(problem)
    shares = {name: moments.partial_r2(moments.t, moments.columns_of(name), []) for name in problem.covariate_names}
    name = max(shares, key=lambda one: shares[one])
    if shares[name] > GIVES_AWAY:
        return (
            f" {shown(name)} alone explains {number(100 * shares[name])} % of the treatment: it looks like the "
            "treatment under another name."
        )
    return _rule(problem) if problem.binary_treatment else ""


def _rule(problem: Problem) -> str:
    """Name a covariate of which every treated row has more, or every one less, than every control row."""
    on = problem.t > 0
    for name, column in zip(problem.covariate_of, problem.covariates.T, strict=True):
        if column[on].min() > column[~on].max() or column[~on].min() > column[on].max():
            return f" {shown(name)} alone separates the arms: it looks like the rule by which treatment was given."
    return ""
