"""Designed diversity: which ballot goes to which model, in which persona, wording and order, all from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from copilot.domain.votes import Group, Voter
from copilot.elicitation.prompts import Prompt

if TYPE_CHECKING:
    from numpy.random import Generator

T = TypeVar("T")


class Stream(IntEnum):
    """Numbers that keep the random streams of different tasks apart; never renumber, recordings depend on them."""

    GRAPH = 1
    PAIRS = 2
    CHALLENGE = 3
    CRITIQUE = 4
    CONFOUNDERS = 5
    INSTRUMENTS = 6
    NEGATIVE_CONTROLS = 7
    QUESTION = 8
    INTERPRET = 9


@dataclass(frozen=True, slots=True)
class Plan:
    """One ballot to be filled in: who votes, and in which order things are shown.

    Parameters
    ----------
    voter
        Model, persona, wording and number of the ballot.
    entropy
        Seed and spawn key of the ballot's own random stream.
    """

    voter: Voter
    entropy: tuple[int, tuple[int, ...]]

    def generator(self) -> Generator:
        """Start the ballot's random stream; every call starts it anew."""
        return _generator(*self.entropy)


def draw_plans(stream: Stream, prompt: Prompt, models: Sequence[str], count: int, seed: int) -> tuple[Plan, ...]:
    """Deal out ballots: models in turn, and every persona and wording as evenly as the number allows.

    Parameters
    ----------
    stream
        The task.
    prompt
        Gives the personas and wordings.
    models
        At least one.
    count
        Number of ballots, at least 0.
    seed
        The run's seed.

    Returns
    -------
    tuple of Plan
        Ballot ``i`` is the same whatever `count` is, so that asking for more ballots keeps the earlier ones.
    """
    deal = _generator(seed, (int(stream),))
    personas = [sorted(prompt.personas)[i] for i in deal.permutation(len(prompt.personas))]
    wordings = [sorted(prompt.wordings)[i] for i in deal.permutation(len(prompt.wordings))]
    plans = []
    for ballot in range(count):
        # Both lists are walked at once; the second moves on by one after each full round of the first, so that the
        # same persona and wording do not meet again until every combination has been used.
        persona = personas[ballot % len(personas)] if personas else ""
        turn = ballot + ballot // len(personas) if len(personas) == len(wordings) and personas else ballot
        wording = wordings[turn % len(wordings)] if wordings else ""
        voter = Voter(
            group=Group.LLM, source=models[ballot % len(models)], ballot=ballot, persona=persona, wording=wording
        )
        plans.append(Plan(voter=voter, entropy=(seed, (int(stream), ballot))))
    return tuple(plans)


def shuffled(items: Sequence[T], rng: Generator) -> tuple[T, ...]:
    """Put items in an order drawn from a ballot's stream; every call draws on."""
    return tuple(items[i] for i in rng.permutation(len(items)))


def _generator(seed: int, key: tuple[int, ...]) -> Generator:
    from numpy.random import SeedSequence, default_rng

    return default_rng(SeedSequence(entropy=seed, spawn_key=key))
