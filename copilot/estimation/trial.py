"""What a refuter is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from numpy.random import SeedSequence

from copilot.domain.effects import Question, Refutation
from copilot.estimation.problem import Ask, Estimator, Fit, Floats, Problem, silent


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """An estimator with what it found."""

    estimator: Estimator
    fit: Fit


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """An estimate that is to be tried.

    Parameters
    ----------
    problem, ask
        What was estimated.
    headline
        The estimate under trial.
    second_opinion
        A flexible estimate of the same effect, ``None`` if there is none.
    negative_controls
        Outcomes that the treatment cannot affect, by name: of shape (n,), on the rows of `problem`, NaN where
        missing.
    treatment, outcome
        Names for sentences.
    simulations
        How many each simulating refuter makes.
    seed
        Each refuter spawns its children from its own: see `seed_for`.
    jobs
        Workers; the numbers do not depend on it.
    on_step
        Told how many simulations are done.
    """

    problem: Problem
    ask: Ask
    headline: Fitted
    second_opinion: Fitted | None = None
    negative_controls: Mapping[str, Floats] = field(default_factory=dict)
    treatment: str = "the treatment"
    outcome: str = "the outcome"
    simulations: int = 100
    seed: SeedSequence = field(default_factory=lambda: SeedSequence(0))
    jobs: int = 1
    on_step: Callable[[int], None] = silent


class Refuter(Protocol):
    """One way to try an estimate; stateless."""

    name: str
    """Stable word for flags and JSON."""
    title: str
    """For people."""
    question: Question
    number: int
    """Fixed for ever: the refuter's branch of the seed, so that adding one refuter changes no other's numbers."""
    simulates: bool
    """Whether it makes `Trial.simulations` simulations."""

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Try; one result, or one for each subject; none where the refuter has nothing to speak to."""
        ...


def seed_for(trial: Trial, refuter: Refuter) -> SeedSequence:
    """Give a refuter its own branch of the run's seed, whatever other refuters run."""
    return SeedSequence(entropy=trial.seed.entropy, spawn_key=(*trial.seed.spawn_key, refuter.number))
