"""Reading a question: which column's effect on which other one, if it asks for an effect at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from copilot.domain.effects import Target
from copilot.domain.question import QuestionBallot, QuestionKind, Role
from copilot.domain.text import one_line
from copilot.domain.votes import Slip
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, one_of, record
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Sheet, deal, sheet

PROMPT = "read-question"
_TARGETS = (Target.ATE, Target.ATT)
_LONGEST_LEVEL = 80


class QuestionReply(ReplyLine):
    """What a model sends back."""

    reading: str = ""
    kind: QuestionKind
    treatment: str | None
    outcome: str | None
    treatment_alternatives: list[str] = Field(default_factory=list, max_length=500)
    outcome_alternatives: list[str] = Field(default_factory=list, max_length=500)
    control: str = ""
    active: str = ""
    population_column: str | None = None
    population_value: str = ""
    target: str = Target.ATE.value
    reason: str = ""


def question_sheets(setting: Setting, question: str, votes: int) -> tuple[Sheet[QuestionBallot], ...]:
    """Make the requests for `votes` readings of a question.

    The question is inserted as one JSON string, so that nothing in it can end the lines that fence it in; whatever it
    says, the reply can name nothing but the ids of this table.

    Parameters
    ----------
    setting
        The columns that a question may be about.
    question
        As asked, on one line.
    votes
        Number of ballots, one request each.
    """
    prompt, plans = deal(PROMPT, setting, votes)
    made = []
    for plan in plans:
        naming = Naming(shuffled(setting.names, plan.generator()))
        filled = {"variables": setting.variable_lines(naming), "question": json.dumps(question, ensure_ascii=False)}
        read = _Reader(plan, naming, setting)
        made.append(sheet(setting, prompt, plan, filled, _schema(naming), read))
    return tuple(made)


def merge_question(plan: Plan, parts: Sequence[QuestionBallot]) -> QuestionBallot:  # noqa: ARG001 (as tasks with several sheets have it)
    """Take the one sheet of a ballot."""
    return parts[0]


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(self, plan: Plan, naming: Naming, setting: Setting) -> None:
        self._plan, self._naming, self._setting = plan, naming, setting

    def __call__(self, data: Any) -> QuestionBallot:
        reply, slips = QuestionReply.model_validate(data), Slips()
        written = {Role.TREATMENT: reply.treatment, Role.OUTCOME: reply.outcome}
        absent = tuple(role for role, word in written.items() if _is_none(word))
        treatment, outcome = (self._column(word, slips) for word in written.values())
        if treatment is not None and treatment == outcome:
            slips.add(Slip.SELF_LOOP, f"{reply.treatment} on itself")
            treatment = outcome = None
        return QuestionBallot(
            voter=self._plan.voter,
            kind=reply.kind,
            treatment=treatment,
            outcome=outcome,
            absent=absent,
            contrast=self._contrast(treatment, reply, slips),
            population=self._population(reply, slips),
            target=self._target(reply, slips),
            reason=self._naming.in_words(reply.reason),
            treatment_alternatives=self._others(reply.treatment_alternatives, {treatment, outcome}, slips),
            outcome_alternatives=self._others(reply.outcome_alternatives, {treatment, outcome}, slips),
            slips=slips.counts(),
        )

    def _column(self, word: str | None, slips: Slips) -> str | None:
        return None if word is None or _is_none(word) else self._naming.resolve(word, slips)

    def _others(self, words: Sequence[str], taken: set[str | None], slips: Slips) -> tuple[str, ...]:
        found = (self._column(word, slips) for word in words)
        return tuple(sorted({name for name in found if name is not None} - taken))

    def _contrast(self, treatment: str | None, reply: QuestionReply, slips: Slips) -> tuple[str, str] | None:
        sides = [one_line(text, _LONGEST_LEVEL) for text in (reply.control, reply.active)]
        if treatment is None or not all(sides):
            return None
        levels = self._setting.facts.get(treatment, {}).get("categories")
        if levels is not None:
            # Only words that were shown may come back; a level that is alike but for case is taken for it.
            folded = {str(level).strip().casefold(): str(level) for level in levels}
            known = [folded.get(side.casefold()) for side in sides]
            if None in known:
                slips.add(Slip.OUT_OF_SCOPE, f"the contrast {' and '.join(sides)}")
                return None
            sides = [level for level in known if level is not None]
        return None if sides[0] == sides[1] else (sides[0], sides[1])

    def _population(self, reply: QuestionReply, slips: Slips) -> str:
        column = self._column(reply.population_column, slips)
        value = one_line(reply.population_value, _LONGEST_LEVEL)
        return f"{column} = {value}" if column is not None and value else ""

    @staticmethod
    def _target(reply: QuestionReply, slips: Slips) -> Target:
        found = next((target for target in _TARGETS if target.value == reply.target.strip().upper()), None)
        if found is None:
            slips.add(Slip.OUT_OF_SCOPE, f"the target {reply.target}")
        return found or Target.ATE


def _is_none(word: str | None) -> bool:
    return word is None or word.strip().casefold() in {"", "null", "none"}


def _schema(naming: Naming) -> Schema:
    any_id = one_of(naming.ids)
    id_or_null: Schema = {"anyOf": [any_id, {"type": "null"}]}
    return record(
        reading=TEXT,
        kind=one_of([kind.value for kind in QuestionKind]),
        treatment=id_or_null,
        outcome=id_or_null,
        treatment_alternatives=listed(any_id),
        outcome_alternatives=listed(any_id),
        control=TEXT,
        active=TEXT,
        population_column=id_or_null,
        population_value=TEXT,
        target=one_of([target.value for target in _TARGETS]),
        reason=TEXT,
    )
