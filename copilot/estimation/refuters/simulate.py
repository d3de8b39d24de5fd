"""The loop of simulations that we own: a child seed for each, the same numbers with any number of workers."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator, SeedSequence

from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.problem import Ask, Estimator, Fit, Floats, Integers, Problem, Refit, silent
from copilot.estimation.refuters.side_by_side import answers
from copilot.estimation.trial import Fitted, Refuter, Trial, seed_for

FEWEST = 10
"""Draws below which no centre and no spread is judged."""

ONE_THREAD = frozenset({"flexible", "double_ml", "causal_forest"})
"""Estimators that have one worker: their libraries silence warnings for the whole process, and run mostly in Python,
which threads only slow down (flexible estimation of 1,000 rows took 1.7 times as long with two)."""

One = Callable[[Generator, Refit], float]
"""One simulation: its own random numbers and the shared estimator to one estimate, NaN where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What simulations gave.

    Parameters
    ----------
    values
        The finite ones in order of simulation, of shape (s,).
    places
        Which simulation each is, of shape (s,).
    simulations, failures
        How many were made, and how many of them gave no number.
    """

    values: Floats
    places: Integers
    simulations: int
    failures: int

    @property
    def trouble(self) -> str:
        """Why nothing can be concluded; empty if something can."""
        if 2 * self.failures > self.simulations:
            return f"{self.failures} of {self.simulations} simulations gave no number"
        if len(self.values) < FEWEST:
            return f"{len(self.values)} simulations are too few to judge by; at least {FEWEST} are needed"
        if float(np.ptp(self.values)) <= 4 * np.finfo(float).eps * float(np.abs(self.values).max()):
            return "all simulations gave the same number"
        return ""


def simulate(trial: Trial, refuter: Refuter, one: One) -> Draws:
    """Make `trial.simulations` simulations, the i-th from the i-th child of the refuter's seed.

    Workers are threads, as numpy's kernels run side by side. The refit is shared and read only, results stand in
    the order of their seeds, and so the numbers are the same to the bit however many workers there are, as long as
    the linear algebra beneath is held to one thread (`run_refuters` does so).

    Parameters
    ----------
    trial
        What is tried.
    refuter
        Whose branch of the seed is used.
    one
        Makes one simulation; must not change what it shares with others.

    Raises
    ------
    EstimationError
        If the estimator cannot be made ready.
    """
    refit = ready(trial)
    seeds = seed_for(trial, refuter).spawn(trial.simulations)

    def run(seed: SeedSequence) -> float:
        with np.errstate(all="ignore"):  # a division by zero is a simulation that gave no number, and is counted
            try:
                return float(one(np.random.default_rng(seed), refit))
            except (EstimationError, np.linalg.LinAlgError):
                return math.nan

    values = np.empty(len(seeds))
    jobs = 1 if trial.headline.estimator.name in ONE_THREAD else trial.jobs
    with closing(answers(run, seeds, jobs)) as come:
        for place, value in come:
            values[place] = value
            trial.on_step(1)
    finite = np.isfinite(values)
    return Draws(values[finite], np.flatnonzero(finite), len(seeds), int(np.sum(~finite)))


def ready(trial: Trial) -> Refit:
    """Make the headline's estimator ready for many changed problems; workers are ours alone."""
    return trial.headline.estimator.refit(trial.problem, replace(trial.ask, jobs=1, on_step=silent))


@dataclass(frozen=True, slots=True)
class Claim:
    """What is compared with.

    Parameters
    ----------
    value, se
        Estimate and standard error on the very rows that are simulated from; the error is ``None`` where the method
        gives none that is positive and finite.
    """

    value: float
    se: float | None

    @property
    def error(self) -> float:
        """The standard error, NaN where there is none."""
        return math.nan if self.se is None else self.se


def claim_of(trial: Trial) -> Claim:
    """Give estimate and error on the rows at hand.

    They are the headline's own, except where it was pooled over imputations: then they are those of the imputation
    that is simulated from, as the pooled ones hold more uncertainty than its rows can show.
    """
    fit = trial.headline.fit
    base = ready(trial).outcome(trial.problem.y)
    scale = fit.se or abs(fit.value)
    if math.isfinite(base) and abs(base - fit.value) > 1e-6 * scale:
        fit = trial.headline.estimator.fit(trial.problem, trial.ask)
    usable = fit.se is not None and math.isfinite(fit.se) and fit.se > 0
    return Claim(fit.value, fit.se if usable else None)


class Remembering:
    """An estimator that is made ready once for a problem; everything else is passed on.

    Parameters
    ----------
    estimator
        The one that answers.
    """

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator
        self.name: str = estimator.name
        self.title: str = estimator.title
        self.strategy: Strategy = estimator.strategy
        self._kept: tuple[Problem, Ask, Refit] | None = None

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Pass on."""
        return self._estimator.refuses(problem, ask)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Pass on."""
        return self._estimator.fit(problem, ask)

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Give the same refit for the same problem and the same question."""
        if self._kept is None or self._kept[0] is not problem or self._kept[1] != ask:
            self._kept = (problem, ask, self._estimator.refit(problem, ask))
        return self._kept[2]


def remembering(trial: Trial) -> Trial:
    """Give the trial with a headline that is made ready once for all refuters."""
    return replace(trial, headline=Fitted(Remembering(trial.headline.estimator), trial.headline.fit))
