"""A question in plain language: how one voter reads it, and what the voters make of it together."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from copilot.domain.effects import Target
from copilot.domain.value import Value
from copilot.domain.votes import SlipCount, Turnout, Voter

NO_COLUMN = ""
"""Stands among the options for "no column of the table holds it"."""


class QuestionKind(StrEnum):
    """What a question asks for."""

    EFFECT = "effect"
    """What changing one thing would do to another."""
    PREDICTION = "prediction"
    """What a value will be, or is for somebody who was not measured."""
    ASSOCIATION = "association"
    """What goes together with what, or how something is distributed."""
    UNANSWERABLE = "unanswerable"
    """Neither, or about nothing that the table holds."""


class Role(StrEnum):
    """The two ends of the effect that is asked for."""

    TREATMENT = "treatment"
    OUTCOME = "outcome"


class QuestionBallot(Value):
    """One voter's reading of a question.

    Parameters
    ----------
    voter
        Who reads.
    kind
        What the question asks for.
    treatment, outcome
        Columns; ``None`` where the voter names none that there is.
    absent
        Roles of which the voter says that no column holds them; a role that is neither here nor named has no vote.
    contrast
        (control, active) in words of the treatment's levels; ``None`` if the question names none.
    population
        A restriction as ``column = value``; empty for everybody.
    target
        Whose effect: everybody's (ATE) or that on the treated (ATT).
    reason
        One line.
    treatment_alternatives, outcome_alternatives
        Other columns that could be meant.
    slips
        Parts that could not be used.
    """

    voter: Voter
    kind: QuestionKind
    treatment: str | None = None
    outcome: str | None = None
    absent: tuple[Role, ...] = ()
    contrast: tuple[str, str] | None = None
    population: str = ""
    target: Target = Target.ATE
    reason: str = ""
    treatment_alternatives: tuple[str, ...] = ()
    outcome_alternatives: tuple[str, ...] = ()
    slips: tuple[SlipCount, ...] = ()


class Choice(Value):
    """What most voters say of one thing.

    Parameters
    ----------
    value
        The winner; ``None`` if nobody said anything, `NO_COLUMN` if most say that no column holds it.
    votes, valid
        Ballots for the winner, and ballots that say anything of it; both 0 where nobody was asked.
    others
        The runners-up with their votes, the strongest first.
    named_too
        Columns that voters name as what could also be meant, with how many do.
    by_person
        Whether somebody at a terminal chose it among what was ambiguous.
    """

    value: str | None = None
    votes: int = Field(default=0, ge=0)
    valid: int = Field(default=0, ge=0)
    others: tuple[tuple[str, int], ...] = ()
    named_too: tuple[tuple[str, int], ...] = ()
    by_person: bool = False


class Ambiguity(Value):
    """What the voters do not agree on clearly enough to go on.

    Parameters
    ----------
    what
        ``"treatment"``, ``"outcome"`` or ``"kind"``.
    options
        What they say, with votes, the strongest first; `NO_COLUMN` for "no column of the table".
    """

    what: Literal["treatment", "outcome", "kind"]
    options: tuple[tuple[str, int], ...]


class ReadQuestion(Value):
    """What was understood of a question.

    Parameters
    ----------
    question
        As asked, on one line.
    source
        ``"votes"`` of models, or ``"words"``: column names found in the question where no model was asked.
    kind, treatment, outcome, target
        The winners with their votes.
    contrast, contrast_votes
        (control, active) as most voters have it, and how many of those who named the treatment do.
    population, population_votes
        A restriction as ``column = value``, empty for everybody, and how many say so.
    ambiguous
        What must be asked back before anything is computed.
    reason
        Of a voter for the kind that won.
    turnout
        Of the ballots; ``None`` if nobody was asked.
    """

    question: str
    source: Literal["votes", "words"] = "votes"
    kind: Choice
    treatment: Choice = Choice()
    outcome: Choice = Choice()
    target: Choice = Choice(value=Target.ATE.value)
    contrast: tuple[str, str] | None = None
    contrast_votes: int = Field(default=0, ge=0)
    population: str = ""
    population_votes: int = Field(default=0, ge=0)
    ambiguous: tuple[Ambiguity, ...] = ()
    reason: str = ""
    turnout: Turnout | None = None

    def settled(self, one: Ambiguity, value: str) -> ReadQuestion:
        """Take a person's choice for what was ambiguous.

        Contrast and population were said of the treatment that most voters name; they go if another one is chosen.
        """
        before: Choice = getattr(self, one.what)
        others = tuple((name, votes) for name, votes in one.options if name != value and votes)
        votes = dict(one.options).get(value, 0)
        chosen = before.model_copy(update={"value": value, "votes": votes, "others": others, "by_person": True})
        left = tuple(other for other in self.ambiguous if other.what != one.what)
        update: dict[str, object] = {one.what: chosen, "ambiguous": left}
        if one.what == "treatment" and value != before.value:
            update |= {"contrast": None, "contrast_votes": 0, "population": "", "population_votes": 0}
        return self.model_copy(update=update)

    @property
    def is_effect(self) -> bool:
        """Whether an effect can answer it, as far as the vote goes."""
        return self.kind.value == QuestionKind.EFFECT
