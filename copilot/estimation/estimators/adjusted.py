"""What estimators by adjustment have in common: whom they refuse, what they say, and risk ratios."""

from __future__ import annotations

import math

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.spread import ratio_interval, standard_error
from copilot.estimation.problem import Ask, Estimator, Floats, PlainRefit, Problem, Refit

FEW_CLUSTERS = 30
"""Clusters below which robust errors by cluster are known to be too small (Cameron & Miller 2015, section VI)."""

NO_EVENTS = 1e-9
"""Share of events up to which there are none, but for rounding, and no ratio."""
_WIDEST = 20.0
"""Error of a logarithm from which an interval says nothing."""


def refusal(title: str, problem: Problem, target: Target, *, binary: bool = False) -> str:
    """Say why an estimator by adjustment cannot take a problem; empty if it can.

    Parameters
    ----------
    title
        Of the estimator.
    problem, target
        What is asked.
    binary
        Whether the estimator needs a treatment with two levels.
    """
    if problem.strategy is not Strategy.BACKDOOR:
        return f"{title} works by adjustment, and the effect is identified by {problem.strategy.value}"
    if target is Target.LATE:
        return "the effect on those whom an instrument moves needs an instrument"
    if binary and not problem.binary_treatment:
        return f"{title} needs a treatment with two levels"
    if target is Target.ATT and not problem.binary_treatment:
        return "the effect on the treated needs a treatment with two levels"
    return ""


def require(problem: Problem, parameters: int, *, per_arm: bool = False) -> None:
    """Check that there is something to estimate from.

    Parameters
    ----------
    problem
        What is to be estimated.
    parameters
        Coefficients that are fitted to the rows, or to the rows of each arm.
    per_arm
        Whether each arm is fitted by itself.

    Raises
    ------
    EstimationError
        If an arm is empty, there are no more rows than coefficients, or all rows are in one cluster.
    """
    arms = [int((problem.t > 0).sum()), int((problem.t <= 0).sum())] if problem.binary_treatment else [problem.n]
    if min(arms) == 0:
        raise EstimationError(
            "all rows are in one arm of the treatment",
            reason=f"Of {problem.n} rows {arms[0]} are treated.",
            advice="An effect compares two arms: use rows of both.",
        )
    rows = min(arms) if per_arm else problem.n
    if rows <= parameters:
        where = " in one arm" if per_arm and problem.binary_treatment else ""
        raise EstimationError(
            f"too few rows: {rows}{where} for {_count(parameters, 'coefficient')}",
            reason="Every coefficient needs a row, and the errors need more.",
            advice="Adjust for fewer variables, or bring more rows.",
        )
    if problem.clusters is not None and np.ptp(problem.clusters) == 0:
        raise EstimationError(
            "all rows are in one cluster",
            reason="Errors by cluster come from the differences between clusters.",
            advice="Use rows of several clusters, or leave the clusters out.",
        )


def _count(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number} {thing}s"


def errors_word(problem: Problem) -> str:
    """Say where errors from an influence function come from."""
    return "influence function" if problem.clusters is None else "influence function, cluster-robust"


def cluster_notes(problem: Problem) -> tuple[str, ...]:
    """Say that clusters are few, if they are."""
    if problem.clusters is None:
        return ()
    groups = len(np.unique(problem.clusters))
    if groups >= FEW_CLUSTERS:
        return ()
    return (f"With {groups} clusters the errors by cluster are likely too small.",)


def dropped_notes(dropped: int) -> tuple[str, ...]:
    """Say that covariates are redundant in the rows at hand, if they are."""
    if not dropped:
        return ()
    what = "1 covariate column is" if dropped == 1 else f"{dropped} covariate columns are"
    return (f"{what} constant, or determined by other columns, in these rows and left out; the estimate is the same.",)


def risk_ratio(
    problem: Problem, active: tuple[float, Floats], control: tuple[float, Floats], level: float, df: float | None = None
) -> tuple[float, tuple[float, float] | None] | None:
    """Give the ratio of two mean outcomes, its interval by the delta method on the logarithm.

    Parameters
    ----------
    problem
        ``None`` is given back unless its outcome is binary.
    active, control
        Each a mean outcome and its influence values of shape (n,).
    level, df
        Of the interval.
    """
    if not problem.binary_outcome or min(active[0], control[0]) <= NO_EVENTS:
        return None
    se = standard_error(active[1] / active[0] - control[1] / control[0], problem)
    return with_interval(active[0] / control[0], se, level, df)


def with_interval(
    ratio: float, se: float, level: float, df: float | None = None
) -> tuple[float, tuple[float, float] | None]:
    """Give a ratio with its interval, ``None`` where the error of its logarithm leaves none."""
    return ratio, ratio_interval(ratio, se, level, df) if 0 < se < _WIDEST else None


def anew(estimator: Estimator, problem: Problem, ask: Ask) -> Refit:
    """Estimate each changed problem anew, with errors and all; NaN where the estimator refuses or fails."""

    def point(changed: Problem) -> float:
        try:
            return math.nan if estimator.refuses(changed, ask) else estimator.fit(changed, ask).value
        except EstimationError:
            return math.nan

    return PlainRefit(point, problem)


def positive(se: float) -> float | None:
    """Give a standard error, or ``None`` where the numbers leave none."""
    return se if math.isfinite(se) and se > 0 else None
