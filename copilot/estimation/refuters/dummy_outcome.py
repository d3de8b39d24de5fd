"""Dummy outcome: made from the covariates and noise, with an effect that is known, which must be found."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.estimation.problem import Floats, Problem, Refit, silent
from copilot.estimation.refuters.measures import (
    LEVEL,
    Centre,
    attempt,
    centre_of,
    chance,
    departure,
    middle,
    result,
)
from copilot.estimation.refuters.simulate import Draws, simulate
from copilot.estimation.trial import Trial, seed_for

PLANTED = 20
"""Simulations that are repeated with an effect planted."""
MARGIN, SHARE = 0.25, 0.05
"""What may be missing of a planted effect: in spreads of the estimates, and as a share of the effect."""
_LOGIT = 0.5
"""Standard deviation of the covariates' part in a binary outcome, on the scale of the logit."""
_EXPECTED = "estimates that centre on zero"
_BLIND = (
    "It says nothing of hidden common causes nor of the real outcome's shape: the simulated outcome depends on "
    "nothing but the covariates given, and on them in a straight line."
)


class DummyOutcome:
    """Replace the outcome with one that the treatment does not affect.

    It is a linear function of the standardised covariates plus independent noise, with the spread of the real outcome
    (through a logistic function where that is binary); the weights are drawn once, each pushing the way its covariate
    goes with the treatment, so that confounding adds up and an estimator that fails to adjust shows it. An estimator
    that balances covariates but roughly is off by what is left of the imbalance, the same in each simulation and part
    of its sampling error; so the centre is held against the error of one estimate, not of the average. Where the
    outcome is continuous and no mediators are needed, the headline's effect is planted in the same simulations too
    and must come back.
    """

    name = "dummy_outcome"
    title = "simulated dummy outcome"
    question = Question.SOUNDNESS
    number = 5
    simulates = True

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Simulate outcomes, estimate, and hold the estimates against the effect that was put in.

        Raises
        ------
        EstimationError
            If the estimator cannot be made ready.
        """
        maker = Maker(trial.problem, np.random.default_rng(seed_for(trial, self)))

        def one(rng: Generator, refit: Refit) -> float:
            return refit.outcome(maker(rng))

        tried = f"{trial.outcome} was replaced {trial.simulations} times with an outcome made of covariates and noise"
        draws = attempt(self, trial, one, tried=tried, expected=_EXPECTED, blind_spot=_BLIND)
        if isinstance(draws, Refutation):
            return (draws,)
        return (self._verdict(trial, draws, maker.share, tried, self._planted(trial, draws, maker)),)

    def _planted(self, trial: Trial, draws: Draws, maker: Maker) -> Floats | None:
        """Give by how much planting the headline's effect moved each of the first simulations."""
        problem, effect = trial.problem, trial.headline.fit.value
        if problem.binary_outcome or problem.strategy not in {Strategy.BACKDOOR, Strategy.IV}:
            return None
        lift = problem.t * (effect / problem.step)

        def one(rng: Generator, refit: Refit) -> float:
            return refit.outcome(maker(rng) + lift)

        fewer = replace(trial, simulations=min(PLANTED, trial.simulations), on_step=silent)
        lifted = simulate(fewer, self, one)
        _, here, there = np.intersect1d(lifted.places, draws.places, return_indices=True)
        return lifted.values[here] - draws.values[there] if len(here) > 1 else None

    def _verdict(self, trial: Trial, draws: Draws, share: float, tried: str, found: Floats | None) -> Refutation:
        centre, effect = centre_of(draws.values), trial.headline.fit.value
        error = math.sqrt((1 + share) * centre.spread**2 + centre.error**2)
        # draws so small that their squares are 0 have no spread to measure a distance by
        p_value = math.erfc(abs(centre.value) / error / math.sqrt(2)) if error > 0 else float(centre.value == 0)
        back = None if found is None else centre_of(found)
        lost = back is not None and departure(back, effect, MARGIN * centre.spread + SHARE * abs(effect)) < LEVEL
        failed = p_value < LEVEL or lost
        return result(
            self,
            draws,
            status=Status.FAILED if failed else Status.PASSED,
            expected=_EXPECTED + ("" if back is None else f"; a planted {number(effect)} that comes back"),
            observed=f"{centre.word} {number(centre.value)}, {chance(p_value)}"
            + ("" if back is None else f"; {number(back.value)} came back"),
            value=centre.value,
            p_value=p_value,
            message=(
                f"{tried}, on which the treatment has no effect, so that estimates should centre on zero; their "
                f"{centre.word} came to {number(centre.value)} where one estimate has a standard error of at most "
                f"{number(error)}, the middle 95 % from {interval(middle(draws.values))}{_returned(back, effect)}, "
                + _meaning(astray=p_value < LEVEL, lost=lost)
                + "."
            ),
            blind_spot=_BLIND,
            details={
                "spread": centre.spread,
                "error_of_one_estimate": error,
                "simulation_error": centre.error,
                **({} if back is None else {"planted": effect, "came_back": back.value}),
            },
        )


def _returned(back: Centre | None, effect: float) -> str:
    return "" if back is None else f"; of a planted effect of {number(effect)}, {number(back.value)} came back"


def _meaning(*, astray: bool, lost: bool) -> str:
    if astray:
        return "so the computation does not take out what the covariates do, and the estimate cannot be trusted"
    return "so the computation does not find an effect that is there" if lost else "so known effects are found"


@dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Draws noise of standard deviation 1, half of it shared within clusters if there are any."""

    problem: Problem

    def __call__(self, rng: Generator) -> Floats:
        clusters = self.problem.clusters
        own: Floats = rng.standard_normal(self.problem.n)
        if clusters is None:
            return own
        shared: Floats = rng.standard_normal(int(clusters.max()) + 1)
        return (own + shared[clusters]) * math.sqrt(0.5)


class Maker:
    """Makes outcomes that the treatment does not affect.

    Parameters
    ----------
    problem
        Whose covariates, and whose outcome's kind and spread.
    rng
        Draws the weights of the covariates, once.
    """

    def __init__(self, problem: Problem, rng: Generator) -> None:
        self._noise, self._binary, self._n = _Spread(problem), problem.binary_outcome, problem.n
        signal = _signal(problem, rng)
        if self._binary:
            mean = float(np.mean(problem.y))
            with np.errstate(divide="ignore"):  # an outcome that never varies gives draws that never do, and is told
                self._part = 1 / (1 + np.exp(-(_LOGIT * signal + np.log(mean) - np.log1p(-mean))))
            noise = float(np.mean(self._part * (1 - self._part)))
        else:
            self._scale = float(np.std(problem.y)) * (math.sqrt(0.5) if signal.any() else 1.0)
            self._part = problem.y.mean() + self._scale * signal
            noise = self._scale**2
        # where noise is shared within clusters, a part that is wholly shared weighs twice as much beside it
        clustered = 1 if problem.clusters is None else 2
        self.share = clustered * float(np.var(self._part)) / noise if noise > 0 else 0.0

    def __call__(self, rng: Generator) -> Floats:
        """Make one, of shape (n,)."""
        if not self._binary:
            made: Floats = self._noise(rng)
            made *= self._scale
            made += self._part
            return made
        if self._noise.problem.clusters is None:
            events: Floats = (rng.random(self._n) < self._part).astype(float)
            return events
        from scipy.special import ndtr

        shared: Floats = (ndtr(self._noise(rng)) < self._part).astype(float)
        return shared


def _signal(problem: Problem, rng: Generator) -> Floats:
    """Give the covariates' part with mean 0 and standard deviation 1; zeros if there are none."""
    x = problem.covariates
    ways = np.sign(x.T @ (problem.t - problem.t.mean()))
    signal: Floats = x @ (np.abs(rng.standard_normal(x.shape[1])) * np.where(ways == 0, 1.0, ways))
    signal -= signal.mean() if len(signal) else 0.0
    spread = float(signal.std())
    return signal / spread if spread > 0 else np.zeros(problem.n)


DUMMY_OUTCOME = DummyOutcome()
