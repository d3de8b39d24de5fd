"""How strong one instrument is, in one or several columns, and what it says of the effect if it is weak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.errors import EstimationError
from copilot.estimation.estimators.instrument_tests import examined, first_stage
from copilot.estimation.estimators.partialled import orthonormal, partial
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES, WEAK_F
from copilot.estimation.problem import Ask, Floats, Problem

TOLERATED = 0.1
"""Share of the worst bias that a strong instrument surely stays below."""


@dataclass(frozen=True, slots=True)
class InstrumentStrength:
    """What a first stage shows, and the effect by it.

    Parameters
    ----------
    effective_f, critical_f
        Montiel Olea & Pflueger's F, and the value from which the bias is below a tenth of the worst one, at 5 %.
    strong
        ``True`` from the critical value on, ``False`` below 10 (Staiger & Stock 1997), else ``None``.
    first_stage_f, classical_f
        Partial F of all columns: robust or by cluster, and with equal variances.
    partial_r2
        Share of the treatment's variance, given covariates, that the instrument explains.
    estimate, se, interval
        Two-stage least squares (Wald's ratio with one column and no covariates) for the contrast.
    anderson_rubin
        The hull of effects that are not rejected, right however weak the instrument; ``None`` without an end on at
        least one side, or if empty.
    empty
        Whether every effect is rejected.
    over_identification_p
        Hansen's J, or Sargan's where that has none; ``None`` with one column.
    n
        Rows.
    """

    effective_f: float
    critical_f: float
    strong: bool | None
    first_stage_f: float
    classical_f: float
    partial_r2: float
    estimate: float
    se: float | None
    interval: tuple[float, float] | None
    anderson_rubin: tuple[float, float] | None
    empty: bool
    over_identification_p: float | None
    n: int


def instrument_strength(problem: Problem, level: float = 0.95) -> InstrumentStrength:
    """Measure one instrument, or several together.

    Parameters
    ----------
    problem
        With instruments; the treatment's step scales estimate and intervals.
    level
        Of both intervals.

    Raises
    ------
    EstimationError
        If there is no instrument, there are too few rows, or the treatment does not move with the instrument at all.

    References
    ----------
    Montiel Olea & Pflueger (2013), A robust test for weak instruments, J. Bus. Econ. Stat. 31(3). Anderson & Rubin
    (1949), Ann. Math. Stat. 20. Sargan (1958), Econometrica 26; Hansen (1982), Econometrica 50.
    """
    ask = Ask(level=level)
    refused = TWO_STAGE_LEAST_SQUARES.refuses(problem, ask)
    if refused:
        raise EstimationError(refused)
    fit = TWO_STAGE_LEAST_SQUARES.fit(problem, ask)
    parted = partial(problem)
    z, t = orthonormal(parted.out(problem.instruments)), parted.out(problem.t)
    if z is None:  # the fit would have refused
        raise EstimationError("the instruments do not move the treatment")
    tests = examined(problem, parted, parted.out(problem.y), t, z, level)
    critical = critical_f(first_stage(problem, parted, t, z)[2])
    over = tests.hansen_p if tests.hansen_p is not None else tests.sargan_p
    half = None if fit.se is None else quantile(level, fit.df) * fit.se
    return InstrumentStrength(
        effective_f=tests.effective_f,
        critical_f=critical,
        strong=_verdict(tests.effective_f, critical),
        first_stage_f=tests.first_stage_f,
        classical_f=tests.classical_f,
        partial_r2=tests.partial_r2,
        estimate=fit.value,
        se=fit.se,
        interval=fit.interval or (None if half is None else (fit.value - half, fit.value + half)),
        anderson_rubin=_scaled(tests.ar_low, tests.ar_high, problem.step),
        empty=tests.ar_empty,
        over_identification_p=over,
        n=problem.n,
    )


def critical_f(spread: Floats, tolerated: float = TOLERATED, level: float = 0.05) -> float:
    """Give the effective F from which the bias is below a share of the worst one.

    Parameters
    ----------
    spread
        Covariance of the first stage's coefficients on orthonormal instruments, of shape (m, m).
    tolerated
        That share.
    level
        Of the test.

    Returns
    -------
    float
        The simplified, conservative critical value: the upper quantile of a noncentral χ² with K degrees of freedom
        and noncentrality K / tolerated, over K, where K is the effective number of instruments (Montiel Olea &
        Pflueger 2013, theorem 1, part 4, with x = 1 / tolerated).

    Examples
    --------
    >>> [round(critical_f(np.eye(1), share), 1) for share in (0.05, 0.1, 0.2, 0.3)]
    [37.4, 23.1, 15.1, 12.0]
    """
    from scipy.special import chndtrix

    x = 1 / tolerated
    trace, largest = float(np.trace(spread)), float(np.linalg.eigvalsh(spread).max())
    square = float(np.sum(spread * spread))
    if not square > 0:  # instruments determine the treatment
        return float(chndtrix(1 - level, 1.0, x))
    many = trace**2 * (1 + 2 * x) / (square + 2 * x * trace * largest)
    return float(chndtrix(1 - level, many, many * x)) / many


def _verdict(f: float, critical: float) -> bool | None:
    if math.isnan(f):
        return None
    return True if f >= critical else False if f < WEAK_F else None


def _scaled(low: float | None, high: float | None, step: float) -> tuple[float, float] | None:
    if low is None or high is None:
        return None
    one, other = low * step, high * step
    return min(one, other), max(one, other)
