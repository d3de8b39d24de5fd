"""Sensitivity to a hidden common cause: the formulas.

References
----------
Cinelli & Hazlett (2020), Making sense of sensitivity: extending omitted variable bias, JRSS-B 82(1).
VanderWeele & Ding (2017), Sensitivity analysis in observational research: introducing the E-value, Ann. Intern. Med.
167.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.estimation.problem import Floats

_LARGEST = 300.0
"""Of the logarithm of a ratio: its square and its inverse still are floating-point numbers."""

_ROUNDING = 1e-12
_FINER = 6
"""Points of the curve for every factor of ten, where strengths with the treatment are small."""
CURVE_POINTS = 25
"""Strengths with the treatment at which a curve is computed, beside the robustness value."""


@dataclass(frozen=True, slots=True)
class LinearFit:
    """An estimate of a linear regression with its classical error.

    Parameters
    ----------
    value, se
        In any unit.
    dof
        Residual degrees of freedom.
    """

    value: float
    se: float
    dof: float

    @property
    def f(self) -> float:
        """Cohen's partial f of the treatment: |t| / sqrt(dof)."""
        return abs(self.value / self.se) / math.sqrt(self.dof)


def partial_r2(fit: LinearFit) -> float:
    """Give the partial R² of the treatment with the outcome: t² / (t² + dof).

    Examples
    --------
    >>> round(partial_r2(LinearFit(0.0973, 0.0233, 783)), 4)
    0.0218
    """
    return fit.f**2 / (1 + fit.f**2)


def robustness_value(fit: LinearFit, level: float | None = None) -> float:
    """Give the robustness value (Cinelli & Hazlett 2020, equations 18 and 19).

    Parameters
    ----------
    fit
        The estimate.
    level
        Of the interval that is to touch zero; ``None`` brings the estimate itself to zero.

    Returns
    -------
    float
        In [0, 1]; 0 if the interval holds zero already.

    Examples
    --------
    >>> round(robustness_value(LinearFit(0.0973, 0.0233, 783)), 3)
    0.139
    """
    f, critical = fit.f, _critical(fit, level)
    beyond = f - critical
    if beyond <= 0:
        return 0.0
    if critical > 0 and f > 1 / critical:
        return (f**2 - critical**2) / (1 + f**2)
    return 0.5 * (math.sqrt(beyond**4 + 4 * beyond**2) - beyond**2)


def adjusted(fit: LinearFit, r2_treatment: float, r2_outcome: float, level: float) -> tuple[float, tuple[float, float]]:
    """Give estimate and interval with a hidden cause taken into account that pulls towards zero.

    Parameters
    ----------
    fit
        The estimate.
    r2_treatment, r2_outcome
        Partial R² of the cause with the treatment given the covariates, and with the outcome given both.
    level
        Of the interval.

    References
    ----------
    Cinelli & Hazlett (2020), equations 12 and 14.
    """
    from scipy.special import stdtrit

    bias = fit.se * math.sqrt(fit.dof) * math.sqrt(r2_outcome * r2_treatment / (1 - r2_treatment))
    value = fit.value - math.copysign(bias, fit.value)
    se = fit.se * math.sqrt((1 - r2_outcome) / (1 - r2_treatment)) * math.sqrt(fit.dof / (fit.dof - 1))
    half = float(stdtrit(fit.dof - 1, 0.5 + level / 2)) * se
    return value, (value - half, value + half)


def needed_of_outcome(fit: LinearFit, r2_treatment: float, level: float | None = None) -> float | None:
    """Give the least partial R² with the outcome at which a hidden cause would explain the estimate away.

    Parameters
    ----------
    fit
        The estimate.
    r2_treatment
        Partial R² of the cause with the treatment, between 0 and 1.
    level
        Of the interval that is to touch zero; ``None`` brings the estimate itself to zero.

    Returns
    -------
    float or None
        In [0, 1]; ``None`` if no such cause is strong enough.

    References
    ----------
    Cinelli & Hazlett (2020), equations 12 and 14, solved for the partial R² with the outcome.

    Examples
    --------
    >>> round(needed_of_outcome(LinearFit(0.0973, 0.0233, 783), 0.139), 3)
    0.138
    """
    # With R² = x and y: f √(1 - x) = √x √y + c √(1 - y), where c is 0 without errors. Put y = sin² θ: the right-hand
    # side is √(x + c²) sin(θ + φ) with tan φ = c / √x.
    critical = _critical(fit, level)
    wanted = fit.f * math.sqrt(1 - r2_treatment)
    reach = math.sqrt(r2_treatment + critical**2)
    if wanted > reach * (1 + _ROUNDING):
        return None
    angle = math.asin(min(1.0, wanted / reach)) - math.atan2(critical, math.sqrt(r2_treatment))
    return math.sin(max(angle, 0.0)) ** 2


def curve(fit: LinearFit, level: float | None = None) -> tuple[tuple[float, float], ...]:
    """Give pairs of partial R², with treatment and outcome, at which a hidden cause would explain the estimate away.

    Parameters
    ----------
    fit, level
        As in `needed_of_outcome`.

    Returns
    -------
    tuple
        Along an even grid of `CURVE_POINTS` strengths with the treatment, a finer one where these are small, for there
        the curve bends, and at the robustness value; only pairs that are possible, and none if nothing is left to
        explain away.
    """
    least = robustness_value(fit, level)
    if least <= 0:
        return ()
    even = {k / (CURVE_POINTS + 1) for k in range(1, CURVE_POINTS + 1)}
    fine = {least * 10 ** (k / _FINER) for k in range(-2 * _FINER, _FINER)}
    grid = sorted({least, *even, *(x for x in fine if x < min(even))})
    pairs = ((x, needed_of_outcome(fit, x, level)) for x in grid if x < 1)
    return tuple((x, y) for x, y in pairs if y is not None)


def _critical(fit: LinearFit, level: float | None) -> float:
    """Give the critical value of t with a degree of freedom less, over its root."""
    if level is None:
        return 0.0
    from scipy.special import stdtrit

    return float(stdtrit(fit.dof - 1, 0.5 + level / 2)) / math.sqrt(fit.dof - 1)


def bound(k: float, r2_treatment: float, r2_outcome: float) -> tuple[float, float] | None:
    """Bound a cause that is `k` times as strong as a covariate with these partial R².

    Returns
    -------
    tuple or None
        Partial R² with treatment and outcome; ``None`` if no cause can be so strong.

    References
    ----------
    Cinelli & Hazlett (2020), section 4.4, equations 22 to 25.

    Examples
    --------
    >>> [round(r2, 4) for r2 in bound(1, 0.0091, 0.1093)]
    [0.0092, 0.125]
    """
    if r2_treatment >= 1 or r2_outcome >= 1 or k * r2_treatment >= 1:
        return None
    with_treatment = k * r2_treatment / (1 - r2_treatment)
    shared = k * r2_treatment**2 / ((1 - k * r2_treatment) * (1 - r2_treatment))
    if with_treatment >= 1 or shared >= 1:
        return None
    with_outcome = ((math.sqrt(k) + math.sqrt(shared)) / math.sqrt(1 - shared)) ** 2 * r2_outcome / (1 - r2_outcome)
    return with_treatment, min(1.0, with_outcome)


def contour(fit: LinearFit, r2_treatment: Floats, r2_outcome: Floats) -> Floats:
    """Give adjusted estimates over a grid of strengths.

    Parameters
    ----------
    fit
        The estimate.
    r2_treatment, r2_outcome
        Of shapes (a,) and (b,), in [0, 1).

    Returns
    -------
    ndarray
        Of shape (b, a).
    """
    odds = np.sqrt(r2_treatment / (1 - r2_treatment))
    bias = fit.se * math.sqrt(fit.dof) * np.sqrt(r2_outcome)[:, None] * odds[None, :]
    moved: Floats = fit.value - np.copysign(bias, fit.value)
    return moved


def e_value(ratio: float) -> float:
    """Give the E-value of a risk ratio (VanderWeele & Ding 2017): RR + sqrt(RR (RR - 1)), RR at least 1.

    Examples
    --------
    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2), e_value(1.0)
    (7.26, 7.26, 1.0)
    """
    ratio = 1 / ratio if ratio < 1 else ratio
    return ratio + math.sqrt(ratio * (ratio - 1))


def e_value_of_interval(ratio: float, interval: tuple[float, float]) -> float:
    """Give the E-value of the limit nearer to no effect; 1 if the interval holds it.

    Examples
    --------
    >>> round(e_value_of_interval(3.9, (1.8, 8.7)), 1), e_value_of_interval(1.1, (0.9, 1.4))
    (3.0, 1.0)
    """
    low, high = interval
    if low <= 1 <= high:
        return 1.0
    return e_value(low if ratio > 1 else high)


def ratio_of_difference(value: float, se: float, sd: float) -> tuple[float, tuple[float, float]]:
    """Turn a difference of means into an approximate risk ratio: exp(0.91 d), limits exp(0.91 d ± 1.78 se_d).

    Parameters
    ----------
    value, se
        The difference and its standard error.
    sd
        Standard deviation of the outcome.

    References
    ----------
    VanderWeele & Ding (2017), table 2; Chinn (2000), Stat. Med. 19.
    """
    d, error = value / sd, se / sd
    low, ratio, high = (_exp(0.91 * d + sign * 1.78 * error) for sign in (-1, 0, 1))
    return ratio, (low, high)


def rescaled(ratio: float, size: float) -> float:
    """Give the ratio of a step of 1 from that of a step of `size`, where equal steps multiply the risk alike.

    Examples
    --------
    >>> round(rescaled(1.21, 2), 12), rescaled(1.3, 1), rescaled(0.0, 2)
    (1.1, 1.3, 0.0)
    """
    if size == 1 or not 0 < ratio < math.inf:
        return ratio
    return _exp(math.log(ratio) / size)


def _exp(exponent: float) -> float:
    """Give a ratio that can be squared and inverted."""
    return math.exp(max(-_LARGEST, min(_LARGEST, exponent)))
