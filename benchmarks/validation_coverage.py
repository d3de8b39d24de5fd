"""How often the 95 % interval of each main estimator holds the true effect, on simulated data."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from validation_page import Part, table

if TYPE_CHECKING:
    from copilot.estimation.problem import Fit

LEAST, MOST = 0.93, 0.97
WORKERS = 2


@dataclass(frozen=True)
class Draw:
    """One simulated data set, as the arguments of a problem."""

    fields: dict[str, Any]
    truth: float


@dataclass(frozen=True)
class Setting:
    """One estimator in one simulated world.

    Parameters
    ----------
    estimator
        Its name.
    world
        What makes the data difficult, in words.
    rows, datasets
        Rows of each data set, and how many.
    draw
        Makes one from a generator and a number of rows.
    """

    estimator: str
    world: str
    rows: int
    datasets: int
    draw: Callable[[Generator, int], Draw]


def scaled(columns: np.ndarray) -> np.ndarray:
    """Centre columns and give each standard deviation 1, as preparation does."""
    return np.asarray((columns - columns.mean(axis=0)) / columns.std(axis=0))


def chance(score: np.ndarray) -> np.ndarray:
    """Turn log-odds into probabilities."""
    return np.asarray(1 / (1 + np.exp(-score)))


def _treated(rng: Generator, score: np.ndarray) -> np.ndarray:
    return (rng.uniform(size=len(score)) < chance(score)).astype(float)


def _backdoor(y: np.ndarray, t: np.ndarray, w: np.ndarray, truth: float, **more: object) -> Draw:
    names = tuple(f"w{i}" for i in range(w.shape[1]))
    return Draw({"y": y, "t": t, "covariates": scaled(w), "covariate_of": names, **more}, truth)


def uneven(rng: Generator, n: int) -> Draw:
    """Make noise that grows with the treatment and a covariate."""
    w = rng.normal(size=(n, 2))
    t = _treated(rng, 0.8 * w[:, 0] - 0.5 * w[:, 1])
    return _backdoor(t + w @ [1.0, 0.5] + (0.3 + 1.5 * t + np.abs(w[:, 0])) * rng.normal(size=n), t, w, 1.0)


def uneven_dose(rng: Generator, n: int) -> Draw:
    """Make noise that grows with a continuous treatment; one unit of it has an effect of 1."""
    w = rng.normal(size=(n, 2))
    dose = 0.7 * w[:, 0] + rng.normal(size=n)
    y = dose + w @ [1.0, 0.5] + (0.3 + np.abs(dose)) * rng.normal(size=n)
    spread = dose.std()
    return _backdoor(y, scaled(dose), w, 1.0, binary_treatment=False, low=0.0, high=1 / spread)


def varying(rng: Generator, n: int) -> Draw:
    """Make an effect that varies with a confounder and is 1 on average."""
    w = rng.normal(size=(n, 2))
    t = _treated(rng, 0.6 * w[:, 0] - 0.4 * w[:, 1])
    return _backdoor(t * (1 + 0.8 * w[:, 0]) + w @ [1.0, 0.5] + rng.normal(size=n), t, w, 1.0)


def _risk_difference() -> float:
    """Integrate over the confounder by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    gain = chance(-0.5 + 0.9 + 0.8 * nodes) - chance(-0.5 + 0.8 * nodes)
    return float(weights @ gain / math.sqrt(2 * math.pi))


RISK_DIFFERENCE = _risk_difference()


def risk(rng: Generator, n: int) -> Draw:
    """Make a binary outcome by a logistic model."""
    w = rng.normal(size=(n, 1))
    t = _treated(rng, 0.6 * w[:, 0])
    y = _treated(rng, -0.5 + 0.9 * t + 0.8 * w[:, 0])
    return _backdoor(y, t, w, RISK_DIFFERENCE, binary_outcome=True)


def squares(rng: Generator, n: int) -> Draw:
    """Let treatment and outcome depend on the square of a confounder."""
    w = rng.normal(size=(n, 2))
    t = _treated(rng, 0.5 * (w[:, 0] ** 2 - 1))
    return _backdoor(t + w[:, 0] ** 2 + w[:, 1] + rng.normal(size=n), t, w, 1.0)


def waves(rng: Generator, n: int) -> Draw:
    """Let treatment and outcome go up and down with the confounders, with good overlap."""
    w = rng.normal(size=(n, 2))
    wave = np.sin(1.5 * w)
    t = _treated(rng, wave @ [0.8, 0.5])
    return _backdoor(t + wave @ [1.5, 1.0] + rng.normal(size=n), t, w, 1.0)


def instrument(rng: Generator, n: int) -> Draw:
    """Make a hidden cause, and an instrument that is clean given a covariate; noise is uneven."""
    from copilot.domain.identification.values import Strategy

    w, hidden = rng.normal(size=(2, n))
    z = 0.5 * w + rng.normal(size=n)
    dose = 0.7 * z + w + hidden + rng.normal(size=n)
    y = dose + w + 1.5 * hidden + (0.5 + 0.5 * np.abs(z)) * rng.normal(size=n)
    more = {"strategy": Strategy.IV, "instruments": scaled(z[:, None]), "instrument_of": ("z",)}
    high = 1 / dose.std()
    return _backdoor(y, scaled(dose), w[:, None], 1.0, binary_treatment=False, low=0.0, high=high, **more)


def mediated(rng: Generator, n: int) -> Draw:
    """Make a hidden cause, and a continuous mediator that carries the whole effect; noise is uneven."""
    from copilot.domain.identification.values import Strategy

    hidden = rng.normal(size=n)
    t = _treated(rng, hidden)
    m = t + (0.5 + 0.5 * t) * rng.normal(size=n)
    y = m + hidden + rng.normal(size=n)
    more = {"strategy": Strategy.FRONTDOOR, "mediators": scaled(m[:, None]), "mediator_of": ("m",)}
    return _backdoor(y, t, np.empty((n, 0)), 1.0, **more)


def mediated_cells(rng: Generator, n: int) -> Draw:
    """Do the same with a binary mediator."""
    from copilot.domain.identification.values import Strategy

    hidden = rng.normal(size=n)
    t = _treated(rng, hidden)
    m = (rng.uniform(size=n) < 0.2 + 0.5 * t).astype(float)
    y = 2 * m + hidden + rng.normal(size=n)
    more = {"strategy": Strategy.FRONTDOOR, "mediators": scaled(m[:, None]), "mediator_of": ("m",)}
    return _backdoor(y, t, np.empty((n, 0)), 1.0, **more)


SETTINGS: tuple[Setting, ...] = (
    Setting("linear_regression", "noise grows with treatment and covariate", 300, 1000, uneven),
    Setting("linear_regression", "noise grows with a continuous treatment", 300, 1000, uneven_dose),
    Setting("g_computation", "the effect varies with a confounder", 500, 1000, varying),
    Setting("g_computation", "binary outcome, risk difference", 600, 1000, risk),
    Setting("ipw", "the effect varies with a confounder", 800, 1000, varying),
    Setting("ipw", "noise grows with a continuous treatment", 500, 1000, uneven_dose),
    Setting("aipw", "the effect varies with a confounder", 500, 1000, varying),
    Setting("aipw", "binary outcome, risk difference", 600, 1000, risk),
    Setting("matching", "the effect varies with a confounder", 600, 1000, varying),
    Setting("two_stage_least_squares", "hidden cause, conditional instrument, uneven noise", 500, 1000, instrument),
    Setting("front_door", "hidden cause, continuous mediator, uneven noise", 500, 1000, mediated),
    Setting("front_door", "hidden cause, binary mediator (cells)", 500, 1000, mediated_cells),
    Setting("flexible", "squares in treatment and outcome", 1000, 200, squares),
    Setting("flexible", "waves in treatment and outcome", 1000, 200, waves),
)


def _interval(fit: Fit, level: float) -> tuple[float, float]:
    """Give the estimator's own interval, or value ± quantile · se; NaN, which holds nothing, where there is none."""
    from scipy.special import ndtri, stdtrit

    if fit.interval is not None:
        return fit.interval
    if fit.se is None:
        return math.nan, math.nan
    tail = 0.5 + level / 2
    half = fit.se * float(ndtri(tail) if fit.df is None else stdtrit(fit.df, tail))
    return fit.value - half, fit.value + half


def measure(number: int) -> tuple[int, float, float, float]:
    """Fit every data set of one setting.

    Returns
    -------
    tuple
        Intervals that hold the truth; mean error of the estimates; their standard deviation; mean standard error.
    """
    from copilot.estimation.estimators.registry import estimator_named
    from copilot.estimation.problem import Ask, Problem

    setting = SETTINGS[number]
    estimator = estimator_named(setting.estimator)
    held, errors, spreads = 0, [], []
    for child in SeedSequence(7, spawn_key=(number,)).spawn(setting.datasets):
        drawn = setting.draw(default_rng(child), setting.rows)
        ask = Ask(seed=child)
        fit = estimator.fit(Problem(**drawn.fields), ask)
        low, high = _interval(fit, ask.level)
        held += low <= drawn.truth <= high
        errors.append(fit.value - drawn.truth)
        spreads.append(math.nan if fit.se is None else fit.se)
    return held, float(np.mean(errors)), float(np.std(errors)), float(np.mean(spreads))


def coverage() -> Part:
    """Count for every setting how many intervals hold the truth."""
    rows, missed = [], []
    with ProcessPoolExecutor(WORKERS) as pool:
        found = list(pool.map(measure, reversed(range(len(SETTINGS)))))[::-1]
    for setting, (held, bias, spread, error) in zip(SETTINGS, found, strict=True):
        share = held / setting.datasets
        chance_error = 1.96 * math.sqrt(0.95 * 0.05 / setting.datasets)
        good = LEAST - chance_error <= share <= MOST + chance_error
        if not good:
            missed.append(f"{setting.estimator}, {setting.world}: {share:.1%} of intervals hold the truth")
        counted = f"{share:.1%} ± {chance_error:.1%}"
        numbers = [f"{bias:+.3f}", f"{spread:.3f}", f"{error:.3f}", counted, "yes" if good else "**no**"]
        rows.append([setting.estimator, setting.world, f"{setting.rows:,}", f"{setting.datasets:,}", *numbers])
    head = [
        "estimator",
        "world",
        "rows",
        "data sets",
        "bias",
        "spread of estimates",
        "mean SE",
        "coverage",
        "in 93 to 97 %",
    ]
    return Part("coverage", table(head, rows), tuple(missed))
