"""Where draws lie and how far they scatter, and how sure that is after so many simulations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.domain.effects import Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.estimation.problem import Floats, Problem
from copilot.estimation.refuters.simulate import Draws, One, simulate
from copilot.estimation.trial import Refuter, Trial

LEVEL = 0.05
"""How often, at most, a refuter fails a right analysis."""
ROUGH = frozenset({"matching", "stratification"})
"""Estimators that sort rows into pairs or strata and so jump where others glide: one more covariate, or a fifth of the
rows less, sorts all rows anew and moves the estimate by up to its own standard error (measured: noise beside 2
covariates typically by 0.6 of it in matching and 0.2 in stratification, in one data set of ten by 0.9 and 0.4)."""
_QUARTILES = 1.3489795003921634
"""Distance of the quartiles of a normal distribution, in standard deviations."""
_QUARTILES_WORTH = 0.37
"""Efficiency of the distance of the quartiles beside the standard deviation, for a normal distribution."""
_FEW_INSTRUMENTS = 2
_NORMAL = 3.0
_HEAVY = 3.0
_MEDIAN_COST = 1.2533141373155003
"""Standard error of a median over that of a mean, for a normal distribution: the root of pi / 2."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Centre and scatter of draws.

    Parameters
    ----------
    value
        Mean, or median where tails are heavy.
    spread
        Standard deviation, or the distance of the quartiles over 1.349 where tails are heavy.
    error
        Standard error of `value` after so many simulations.
    count
        How many draws.
    freedom
        Degrees of freedom of `spread`: one less than `count` for normal draws, fewer for tails heavier than theirs.
    heavy
        Whether a few draws lie so far out that they alone would make mean and standard deviation.
    """

    value: float
    spread: float
    error: float
    count: int
    freedom: float
    heavy: bool

    @property
    def word(self) -> str:
        """What the centre is."""
        return "median" if self.heavy else "mean"


def centre_of(values: Floats, *, quartiles: bool = False) -> Centre:
    """Find centre and scatter of at least two finite draws, of shape (s,).

    With `quartiles` always by median and quartiles, as for draws from a distribution without a variance.

    The degrees of freedom of a variance are 2 (s - 1) / (kurtosis - 1) (Box 1953, *Biometrika* 40), and 0.37 (s - 1)
    for the distance of the quartiles.
    """
    low, middle, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    calm, sd = (high - low) / _QUARTILES, float(np.std(values, ddof=1))
    count = len(values)
    if calm > 0 and (quartiles or sd > _HEAVY * calm):
        error = _MEDIAN_COST * calm / math.sqrt(count)
        return Centre(middle, calm, error, count, _QUARTILES_WORTH * (count - 1), heavy=True)
    mean = float(np.mean(values))
    kurtosis = float(np.mean(((values - mean) / sd) ** 4)) if sd > 0 else _NORMAL
    freedom = 2 * (count - 1) / (max(_NORMAL, kurtosis) - 1)
    return Centre(mean, sd, sd / math.sqrt(count), count, freedom, heavy=False)


def without_moments(problem: Problem) -> bool:
    """Whether the estimate is a ratio whose distribution has no mean and no variance, as with a single instrument.

    Two-stage least squares has as many moments as there are instruments beyond the one that is needed (Kinal 1980,
    *Econometrica* 48), so that with one or two draws are judged by their quartiles, and no more than doubt is thrown
    on the standard error by what they do.
    """
    return problem.strategy is Strategy.IV and problem.instruments.shape[1] <= _FEW_INSTRUMENTS


LEAN = (
    "with so few instruments the estimate has no variance that drawing rows again could show, so lean on the "
    "Anderson-Rubin interval rather than on the standard error"
)
"""What is said instead of a verdict on an estimate `without_moments`."""


def skewness(values: Floats) -> float:
    """Give the third standardised moment of draws of shape (s,); 0 if they do not vary."""
    apart = values - float(np.mean(values))
    sd = math.sqrt(float(np.mean(apart**2)))
    return 0.0 if sd == 0 else float(np.mean((apart / sd) ** 3))


def departure(centre: Centre, expected: float, margin: float) -> float:
    """Give the two-sided p-value of the centre lying within a margin of what is expected.

    Student's t on the part of the distance beyond the margin: a test of a minimum effect (Murphy & Myors 1999,
    *Journal of Applied Psychology* 84), so that more simulations do not make a trifle into a finding. The level is
    met exactly for a margin of 0 and kept for any other.
    """
    from scipy.special import stdtr

    beyond = max(0.0, abs(centre.value - expected) - margin)
    if centre.error <= 0:
        return 1.0 if beyond == 0 else 0.0
    return float(min(1.0, 2 * stdtr(centre.count - 1, -beyond / centre.error)))


def spread_bounds(centre: Centre) -> tuple[float, float]:
    """Bound the standard deviation that the draws come from at the 5 % level, by chi-square."""
    from scipy.special import gammaincinv

    freedom, tail = centre.freedom, LEVEL / 2
    small, large = (2 * float(gammaincinv(freedom / 2, q)) for q in (tail, 1 - tail))
    return centre.spread * math.sqrt(freedom / large), centre.spread * math.sqrt(freedom / small)


def middle(values: Floats) -> tuple[float, float]:
    """Give the bounds of the middle 95 % of draws."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def result(
    refuter: Refuter,
    draws: Draws,
    *,
    status: Status,
    expected: str,
    observed: str,
    message: str,
    blind_spot: str,
    value: float,
    p_value: float | None,
    details: dict[str, float],
) -> Refutation:
    """Put a verdict on draws into a record."""
    return Refutation(
        refuter=refuter.name,
        question=refuter.question,
        status=status,
        expected=expected,
        observed=observed,
        value=value,
        interval=middle(draws.values),
        p_value=p_value,
        simulations=draws.simulations,
        failures=draws.failures,
        draws=tuple(draws.values.tolist()),
        message=message + _failed(draws),
        blind_spot=blind_spot,
        details={name: float(found) for name, found in details.items() if math.isfinite(found)},
    )


def inconclusive(
    refuter: Refuter, *, tried: str, reason: str, expected: str, blind_spot: str, draws: Draws | None = None
) -> Refutation:
    """Say that nothing was learnt, and why.

    Parameters
    ----------
    refuter
        Which.
    tried
        What was tried, as the beginning of a sentence.
    reason
        Why nothing can be concluded, without a full stop.
    expected, blind_spot
        As in `Refutation`.
    draws
        What simulations gave, if there were any.
    """
    values = np.empty(0) if draws is None else draws.values
    return Refutation(
        refuter=refuter.name,
        question=refuter.question,
        status=Status.INCONCLUSIVE,
        expected=expected,
        observed=reason,
        simulations=0 if draws is None else draws.simulations,
        failures=0 if draws is None else draws.failures,
        draws=tuple(values.tolist()),
        message=f"{tried}, but {reason}: nothing can be concluded.",
        blind_spot=blind_spot,
    )


def attempt(
    refuter: Refuter, trial: Trial, one: One, *, tried: str, expected: str, blind_spot: str, lacking: str = ""
) -> Draws | Refutation:
    """Simulate, and say so at once where nothing can be concluded from what came.

    Parameters
    ----------
    refuter, trial, one
        As in `simulate`.
    tried, expected, blind_spot
        As in `inconclusive`.
    lacking
        What else is wanted before a verdict and is not there; empty if nothing.

    Raises
    ------
    EstimationError
        If the estimator cannot be made ready.
    """
    draws = simulate(trial, refuter, one)
    reason = draws.trouble or lacking
    if not reason:
        return draws
    return inconclusive(refuter, tried=tried, reason=reason, expected=expected, blind_spot=blind_spot, draws=draws)


def _failed(draws: Draws) -> str:
    if not draws.failures:
        return ""
    return f" {number(draws.failures)} of {number(draws.simulations)} simulations gave no number and are left out."


def chance(p_value: float) -> str:
    """Write a p-value as people read it.

    Examples
    --------
    >>> chance(0.2345), chance(1e-9)
    ('p = 0.23', 'p < 0.001')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {number(p_value, 2)}"  # noqa: PLR2004 (as journals write it)
