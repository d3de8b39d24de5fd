"""Candidates for confounders, instruments and negative controls: a verdict on each variable, and ideas from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from copilot.domain.candidates import Role
from copilot.domain.text import one_line
from copilot.domain.votes import CandidateBallot, CandidateVote, Slip
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, one_of, record
from copilot.elicitation.setting import Setting, blocks
from copilot.elicitation.task import Sheet, deal, sheet
from copilot.llm.replies import ReplyError

_JUDGED_SHARE = 0.8
"""A voter who leaves out more than a fifth of the variables has not done the task; the ballot abstains."""
_NO, _UNSURE = "no", "unsure"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one prompt asks.

    Parameters
    ----------
    questions
        Keys of the free texts that come before a verdict; the last one is kept where there is no other reason.
    roles
        Verdict → what the variable is proposed as.
    given
        Whether a verdict names what must be held fixed.
    """

    questions: tuple[str, ...]
    roles: dict[str, Role]
    given: bool = False


KINDS: dict[str, _Kind] = {
    "suggest-confounders": _Kind(("acts_on_treatment", "acts_on_outcome"), {"yes": Role.CONFOUNDER}),
    "suggest-instruments": _Kind(("moves_treatment", "other_ways"), {"yes": Role.INSTRUMENT}, given=True),
    "suggest-negative-controls": _Kind(
        ("treatment_to_it", "it_to_outcome", "shared_causes"),
        {"outcome": Role.NEGATIVE_CONTROL_OUTCOME, "exposure": Role.NEGATIVE_CONTROL_EXPOSURE},
    ),
}
"""By the id of the prompt."""


class _Listed(ReplyLine):
    variable: str
    verdict: str
    given: list[str] = Field(default_factory=list, max_length=500)
    acts_on_treatment: str = ""
    acts_on_outcome: str = ""
    moves_treatment: str = ""
    other_ways: str = ""
    treatment_to_it: str = ""
    it_to_outcome: str = ""
    shared_causes: str = ""


class _Idea(ReplyLine):
    name: str
    role: str = "yes"
    affects: list[str] = Field(default_factory=list, max_length=500)
    collect: str = ""
    reason: str = ""


class CandidatesReply(ReplyLine):
    """What a model sends back: one entry a variable, and ideas from outside the list."""

    listed: list[_Listed] = Field(max_length=5_000)
    not_listed: list[_Idea] = Field(default_factory=list, max_length=100)


@dataclass(frozen=True, slots=True)
class CandidatesPart:
    """One readable sheet in column names."""

    candidates: tuple[CandidateVote, ...]
    slips: Slips


def candidate_sheets(prompt_id: str, setting: Setting, votes: int) -> tuple[Sheet[CandidatesPart], ...]:
    """Make the requests for `votes` ballots; the graph is not shown, so that it can check what comes.

    Parameters
    ----------
    prompt_id
        One of `KINDS`.
    setting
        With treatment and outcome known.
    votes
        Number of ballots; beyond 25 variables each has several sheets.
    """
    kind = KINDS[prompt_id]
    prompt, plans = deal(prompt_id, setting, votes)
    ends = {setting.query.treatment, setting.query.outcome}
    made = []
    for plan in plans:
        rng = plan.generator()
        naming = Naming(shuffled(setting.names, rng))
        order = shuffled([name for name in setting.names if name not in ends], rng)
        for number, names in enumerate(blocks(order)):
            asked = [naming.id_of(name) for name in names]
            filled = {
                "variables": setting.variable_lines(naming),
                "study": setting.study_text(naming),
                "asked": ", ".join(asked) or "(none)",
            }
            read = _Reader(kind, naming, frozenset(names), frozenset(filter(None, ends)), ideas=number == 0)
            made.append(sheet(setting, prompt, plan, filled, _schema(kind, naming, asked), read))
    return tuple(made)


def merge_candidates(plan: Plan, parts: Sequence[CandidatesPart]) -> CandidateBallot:
    """Put the sheets of one ballot together."""
    votes = (vote for part in parts for vote in part.candidates)
    return CandidateBallot(
        voter=plan.voter,
        candidates=tuple(sorted(votes, key=lambda vote: (not vote.observed, vote.name, vote.role))),
        slips=Slips.total(part.slips for part in parts).counts(),
    )


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(
        self, kind: _Kind, naming: Naming, asked: frozenset[str], ends: frozenset[str], *, ideas: bool
    ) -> None:
        self._kind, self._naming, self._asked, self._ends, self._ideas = kind, naming, asked, ends, ideas

    def __call__(self, data: Any) -> CandidatesPart:
        reply = CandidatesReply.model_validate(data)
        slips = Slips()
        judged: dict[str, CandidateVote | None] = {}
        for line in reply.listed:
            name = self._naming.resolve(line.variable, slips)
            if name is None:
                continue
            if name not in self._asked:
                slips.add(Slip.OUT_OF_SCOPE, line.variable)
            elif name in judged:
                slips.add(Slip.REPEATED, line.variable)
            else:
                judged[name] = self._vote(name, line, slips)
        if len(judged) < _JUDGED_SHARE * len(self._asked):
            missing = ", ".join(sorted(self._naming.id_of(name) for name in self._asked - judged.keys())[:8])
            raise ReplyError(f"it leaves variables without a verdict, among them {missing}")
        votes = [vote for vote in judged.values() if vote is not None]
        return CandidatesPart(candidates=(*votes, *self._from_outside(reply, slips)), slips=slips)

    def _vote(self, name: str, line: _Listed, slips: Slips) -> CandidateVote | None:
        """Read one verdict; ``None`` for one that proposes nothing."""
        word = line.verdict.strip().lower()
        if word not in self._kind.roles:
            if word not in {_NO, _UNSURE}:
                slips.add(Slip.OUT_OF_SCOPE, f"{line.variable}: {line.verdict}")
            return None
        said = [one_line(getattr(line, key)) for key in self._kind.questions]
        given = tuple(sorted(set(self._names(line.given, slips)) - {name} - self._ends)) if self._kind.given else ()
        return CandidateVote(
            name=name,
            role=self._kind.roles[word].value,
            given=given,
            reason="; ".join(text for text in said if text),
        )

    def _from_outside(self, reply: CandidatesReply, slips: Slips) -> list[CandidateVote]:
        found: dict[tuple[str, str], CandidateVote] = {}
        for line in reply.not_listed if self._ideas else ():
            name, role = one_line(line.name, 80), self._kind.roles.get(line.role.strip().lower())
            if role is None and len(self._kind.roles) == 1:
                role = next(iter(self._kind.roles.values()))
            if role is None or not name:
                slips.add(Slip.OUT_OF_SCOPE, line.name or "an idea without a name")
            elif name in self._naming.shown or name in self._naming.ids:
                slips.add(Slip.OUT_OF_SCOPE, f"{name} is listed")
            elif (name.casefold(), role.value) in found:
                slips.add(Slip.REPEATED, name)
            else:
                found[name.casefold(), role.value] = CandidateVote(
                    name=name,
                    role=role.value,
                    observed=False,
                    affects=tuple(sorted(set(self._names(line.affects, slips)))),
                    collect=one_line(line.collect),
                    reason=one_line(line.reason),
                )
        return list(found.values())

    def _names(self, written: Sequence[str], slips: Slips) -> list[str]:
        resolved = [self._naming.resolve(word, slips) for word in written]
        return [name for name in resolved if name is not None]


def _schema(kind: _Kind, naming: Naming, asked: Sequence[str]) -> Schema:
    any_id = one_of(naming.ids)
    texts = dict.fromkeys(kind.questions, TEXT)
    verdict = one_of([*kind.roles, _NO, _UNSURE])
    given = {"given": listed(any_id)} if kind.given else {}
    judged = record(variable=one_of(asked) if asked else TEXT, **texts, **given, verdict=verdict)
    role = {"role": one_of(list(kind.roles))} if len(kind.roles) > 1 else {}
    idea = record(name=TEXT, **role, affects=listed(any_id), collect=TEXT, reason=TEXT)
    return record(listed=listed(judged), not_listed=listed(idea))
