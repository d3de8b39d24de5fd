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
from copilot.errors import UsageError
from copilot.llm.replies import ReplyError

_JUDGED_SHARE = 0.8
"""A voter who leaves out more than a fifth of the variables has not done the task; the ballot abstains."""
_WHOLE = 60
"""Up to so many variables are judged in one request; it asks for one verdict a variable, not for its causes."""
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
    fewest
        Listed variables that an idea must act on: what acts on one alone is no common cause.
    """

    questions: tuple[str, ...]
    roles: dict[str, Role]
    given: bool = False
    fewest: int = 0


KINDS: dict[str, _Kind] = {
    "suggest-confounders": _Kind(("acts_on_treatment", "acts_on_outcome"), {"yes": Role.CONFOUNDER}, fewest=2),
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

    asked: frozenset[str]
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
        Number of ballots; beyond 60 variables to judge each has several sheets.

    Raises
    ------
    UsageError
        If treatment or outcome is not known.
    """
    kind = KINDS[prompt_id]
    treatment, outcome = setting.query.treatment, setting.query.outcome
    if treatment is None or outcome is None:
        raise UsageError(
            "candidates cannot be asked for without a treatment and an outcome",
            advice="Name them with --treatment and --outcome.",
        )
    prompt, plans = deal(prompt_id, setting, votes)
    ends = frozenset((treatment, outcome))
    made = []
    for plan in plans:
        rng = plan.generator()
        naming = Naming(shuffled(setting.names, rng))
        order = shuffled([name for name in setting.names if name not in ends], rng)
        for names in blocks(order) if len(order) > _WHOLE else (order,):
            asked = [naming.id_of(name) for name in names]
            filled = {
                "variables": setting.variable_lines(naming),
                "treatment": naming.id_of(treatment),
                "outcome": naming.id_of(outcome),
                "asked": ", ".join(asked) or "(none)",
            }
            read = _Reader(kind, naming, frozenset(names), ends)
            made.append(sheet(setting, prompt, plan, filled, _schema(kind, naming, asked), read))
    return tuple(made)


def merge_candidates(plan: Plan, parts: Sequence[CandidatesPart]) -> CandidateBallot:
    """Put the sheets of one ballot together.

    Every sheet asks for ideas from outside, so that a lost one loses none; an idea that several bring counts once.
    """
    votes: dict[tuple[bool, str, str], CandidateVote] = {}
    for vote in (vote for part in parts for vote in part.candidates):
        votes.setdefault((not vote.observed, vote.name if vote.observed else vote.name.casefold(), vote.role), vote)
    return CandidateBallot(
        voter=plan.voter,
        asked=frozenset().union(*(part.asked for part in parts)),
        candidates=tuple(vote for _, vote in sorted(votes.items())),
        slips=Slips.total(part.slips for part in parts).counts(),
    )


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(self, kind: _Kind, naming: Naming, asked: frozenset[str], ends: frozenset[str]) -> None:
        self._kind, self._naming, self._asked, self._ends = kind, naming, asked, ends

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
            elif _word(line.verdict) not in {*self._kind.roles, _NO, _UNSURE}:
                # No verdict that was offered: the variable is not judged, and must not count as refused.
                slips.add(Slip.OUT_OF_SCOPE, f"{line.variable}: {line.verdict}")
            else:
                judged[name] = self._vote(name, line, slips)
        if len(judged) < _JUDGED_SHARE * len(self._asked):
            missing = ", ".join(sorted(self._naming.id_of(name) for name in self._asked - judged.keys())[:8])
            raise ReplyError(f"it leaves variables without a verdict, among them {missing}")
        votes = [vote for vote in judged.values() if vote is not None]
        ideas = self._from_outside(reply, slips)
        return CandidatesPart(asked=frozenset(judged), candidates=(*votes, *ideas), slips=slips)

    def _vote(self, name: str, line: _Listed, slips: Slips) -> CandidateVote | None:
        """Read one verdict; ``None`` for one that proposes nothing."""
        role = self._kind.roles.get(_word(line.verdict))
        if role is None:
            return None
        said = [self._naming.in_words(getattr(line, key)) for key in self._kind.questions]
        return CandidateVote(
            name=name,
            role=role.value,
            given=self._given(name, line, slips) if self._kind.given else (),
            reason="; ".join(text for text in said if text),
        )

    def _given(self, name: str, line: _Listed, slips: Slips) -> tuple[str, ...]:
        held = set(self._names(line.given, slips))
        for wrong in sorted(held & {name, *self._ends}):
            slips.add(Slip.OUT_OF_SCOPE, f"{line.variable} given {self._naming.id_of(wrong)}")
        return tuple(sorted(held - {name, *self._ends}))

    def _from_outside(self, reply: CandidatesReply, slips: Slips) -> list[CandidateVote]:
        found: dict[tuple[str, str], CandidateVote] = {}
        for line in reply.not_listed:
            name, role = one_line(line.name, 80), self._kind.roles.get(_word(line.role))
            if role is None and len(self._kind.roles) == 1:
                role = next(iter(self._kind.roles.values()))
            if role is None or not name:
                slips.add(Slip.OUT_OF_SCOPE, line.name or "an idea without a name")
            elif self._naming.resolve(name, Slips()) is not None:
                slips.add(Slip.OUT_OF_SCOPE, f"{name} is listed")
            elif (name.casefold(), role.value) in found:
                slips.add(Slip.REPEATED, name)
            elif len(affects := set(self._names(line.affects, slips))) < self._kind.fewest:
                slips.add(Slip.OUT_OF_SCOPE, f"{name} acts on fewer than {self._kind.fewest} of the variables")
            else:
                found[name.casefold(), role.value] = CandidateVote(
                    name=name,
                    role=role.value,
                    observed=False,
                    affects=tuple(sorted(affects)),
                    collect=self._naming.in_words(line.collect),
                    reason=self._naming.in_words(line.reason),
                )
        return list(found.values())

    def _names(self, written: Sequence[str], slips: Slips) -> list[str]:
        resolved = [self._naming.resolve(word, slips) for word in written]
        return [name for name in resolved if name is not None]


def _word(written: str) -> str:
    return written.strip().lower()


def _schema(kind: _Kind, naming: Naming, asked: Sequence[str]) -> Schema:
    any_id = one_of(naming.ids)
    texts = dict.fromkeys(kind.questions, TEXT)
    verdict = one_of([*kind.roles, _NO, _UNSURE])
    given = {"given": listed(any_id)} if kind.given else {}
    judged = record(variable=one_of(asked) if asked else TEXT, **texts, **given, verdict=verdict)
    role = {"role": one_of(list(kind.roles))} if len(kind.roles) > 1 else {}
    idea = record(name=TEXT, **role, affects=listed(any_id), collect=TEXT, reason=TEXT)
    return record(listed=listed(judged), not_listed=listed(idea))
