"""The first task: draw the whole graph, or for large tables the direct causes of one block of variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import AliasChoices, Field

from copilot.domain.graph import ordered_pair
from copilot.domain.text import one_line
from copilot.domain.votes import EdgeVote, GraphBallot, LatentVote, Slip
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.evidence_text import evidence_block
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, one_of, record
from copilot.elicitation.setting import Setting, blocks
from copilot.elicitation.task import Sheet, deal, sheet

PROMPT = "suggest-graph"
_MOST = 5_000
_LONGEST_QUOTE = 600
"""Characters of a quotation; what is longer ends in an ellipsis."""
_CUT_WORD = re.compile(r"(?<=[^\W\d_])[-\u00ad][ \t]*\r?\n\s*(?=[^\W\d_])")


class _Arrow(ReplyLine):
    source: str = Field(validation_alias=AliasChoices("from", "source", "cause"))
    target: str = Field(validation_alias=AliasChoices("to", "target", "effect"))
    reason: str = Field(default="", validation_alias=AliasChoices("reason", "mechanism", "rationale"))


class _QuotedArrow(_Arrow):
    quote: str | None = Field(default="", validation_alias=AliasChoices("quote", "quotation"))
    document: str | None = ""


class _Pair(ReplyLine):
    first: str
    second: str


class _Unmeasured(ReplyLine):
    name: str
    affects: list[str] = Field(max_length=_MOST)
    reason: str = ""


class GraphReply(ReplyLine):
    """What a model sends back; keys beyond these are ignored, "edges" must be there and may be empty."""

    edges: Sequence[_Arrow] = Field(max_length=_MOST)
    unsure: list[_Pair] = Field(default_factory=list, max_length=_MOST)
    unmeasured: list[_Unmeasured] = Field(default_factory=list, max_length=_MOST)


class QuotedGraphReply(GraphReply):
    """What a model sends back that was shown documents."""

    edges: Sequence[_QuotedArrow] = Field(max_length=_MOST)


@dataclass(frozen=True, slots=True)
class GraphPart:
    """One readable sheet in column names, before sheets of one ballot are put together."""

    targets: frozenset[str]
    arrows: tuple[EdgeVote, ...]
    unsure: tuple[tuple[str, str], ...]
    latents: tuple[LatentVote, ...]
    slips: Slips = field(default_factory=Slips)


def graph_schema(naming: Naming, targets: Sequence[str], documents: Sequence[str] = ()) -> Schema:
    """Build the reply schema; it admits only the ids shown, and only the asked ones as targets.

    Without ids of documents there is no room for quotations; with some, an arrow without one leaves it empty.
    """
    any_id = one_of(naming.ids)
    quoted = {"quote": TEXT, "document": one_of([*documents, ""])} if documents else {}
    return record(
        plan=TEXT,
        edges=listed(record(from_=any_id, to=one_of([naming.id_of(name) for name in targets]), reason=TEXT, **quoted)),
        unsure=listed(record(first=any_id, second=any_id)),
        unmeasured=listed(record(name=TEXT, affects=listed(any_id), reason=TEXT)),
    )


def graph_sheets(setting: Setting, votes: int) -> tuple[Sheet[GraphPart], ...]:
    """Make the requests for `votes` ballots: one a ballot up to 25 variables, one a block beyond."""
    prompt, plans = deal(PROMPT, setting, votes)
    made = []
    for plan in plans:
        naming = Naming(shuffled(setting.names, plan.generator()))
        for targets in blocks(naming.shown):
            filled = {
                "variables": setting.variable_lines(naming),
                "study": setting.study_text(naming),
                "scope": _scope(naming, targets),
            }
            names = {one.id: one.name for one in setting.evidence}
            read = _Reader(naming, frozenset(targets), names)
            schema = graph_schema(naming, targets, tuple(names))
            made.append(_with_evidence(setting, sheet(setting, prompt, plan, filled, schema, read)))
    return tuple(made)


def merge_parts(plan: Plan, parts: Sequence[GraphPart]) -> GraphBallot:
    """Put the sheets of one ballot together; a pair drawn in both directions becomes one the ballot is unsure of."""
    slips = Slips()
    drawn: dict[tuple[str, str], EdgeVote] = {}
    for part in parts:
        for arrow in part.arrows:
            drawn.setdefault((arrow.source, arrow.target), arrow)
    both = {ordered_pair(a, b) for a, b in drawn if (b, a) in drawn}
    for first, second in sorted(both):
        slips.add(Slip.BOTH_WAYS, f"{first} <-> {second}")
    edges = {ends: arrow for ends, arrow in drawn.items() if ordered_pair(*ends) not in both}
    unsure = both | {pair for part in parts for pair in part.unsure}
    unsure -= {ordered_pair(*ends) for ends in edges}
    latents = {(vote.name, vote.affects): vote for part in parts for vote in part.latents}
    return GraphBallot(
        voter=plan.voter,
        edges=tuple(edges[ends] for ends in sorted(edges)),
        unsure=tuple(sorted(unsure)),
        latents=tuple(latents[key] for key in sorted(latents)),
        asked=frozenset().union(*(part.targets for part in parts)),
        slips=Slips.total([*(part.slips for part in parts), slips]).counts(),
    )


def _with_evidence(setting: Setting, one: Sheet[GraphPart]) -> Sheet[GraphPart]:
    """Put the documents before the task, so that what was asked is what was read last."""
    if not setting.evidence:
        return one
    *before, user = one.question.request.messages
    messages = (*before, user.model_copy(update={"content": f"{evidence_block(setting)}\n\n{user.content}"}))
    request = one.question.request.model_copy(update={"messages": messages})
    return replace(one, question=replace(one.question, request=request))


class _Reader:
    """Reads the reply to one sheet; `documents` are names by id, if any were shown."""

    def __init__(self, naming: Naming, targets: frozenset[str], documents: Mapping[str, str]) -> None:
        self._naming = naming
        self._targets = targets
        self._documents = documents

    def __call__(self, data: Any) -> GraphPart:
        reply = (QuotedGraphReply if self._documents else GraphReply).model_validate(data)
        slips = Slips()
        arrows: dict[tuple[str, str], EdgeVote] = {}
        for line in reply.edges:
            ends = self._ends(line.source, line.target, slips)
            if ends is None:
                continue
            if ends[1] not in self._targets:
                slips.add(Slip.OUT_OF_SCOPE, f"{ends[0]} -> {ends[1]}")
            elif ends in arrows:
                slips.add(Slip.REPEATED, f"{ends[0]} -> {ends[1]}")
            else:
                reason = self._naming.in_words(line.reason)
                arrows[ends] = EdgeVote(source=ends[0], target=ends[1], reason=reason, **self._quoted(line))
        unsure = {self._ends(line.first, line.second, slips) for line in reply.unsure}
        return GraphPart(
            targets=self._targets,
            arrows=tuple(arrows.values()),
            unsure=tuple(sorted(ordered_pair(*ends) for ends in unsure if ends is not None)),
            latents=tuple(self._latents(reply, slips)),
            slips=slips,
        )

    def _quoted(self, line: _Arrow) -> dict[str, str]:
        """Read what a voter quotes; it is looked up later, where the documents are at hand."""
        if not isinstance(line, _QuotedArrow):
            return {}
        quote = _on_one_line(line.quote or "")
        return {"quote": quote, "document": self._documents.get((line.document or "").strip(), "")} if quote else {}

    def _ends(self, first: str, second: str, slips: Slips) -> tuple[str, str] | None:
        here, there = self._naming.resolve(first, slips), self._naming.resolve(second, slips)
        if here is None or there is None:
            return None
        if here == there:
            slips.add(Slip.SELF_LOOP, here)
            return None
        return here, there

    def _latents(self, reply: GraphReply, slips: Slips) -> list[LatentVote]:
        votes = []
        for line in reply.unmeasured:
            found = {self._naming.resolve(written, slips) for written in line.affects} - {None}
            affects = tuple(sorted(name for name in found if name is not None))
            if len(affects) > 1:
                name = self._naming.in_words(line.name, 80) or "unnamed"
                votes.append(LatentVote(name=name, affects=affects, reason=self._naming.in_words(line.reason)))
            else:
                slips.add(Slip.OUT_OF_SCOPE, line.name)
        return votes


def _on_one_line(quote: str) -> str:
    """Fold a quotation; a word that a line's end had cut is whole again, and what is too long is cut between words."""
    whole = one_line(_CUT_WORD.sub("-", quote), _LONGEST_QUOTE + 1)
    return whole if len(whole) <= _LONGEST_QUOTE else whole[:_LONGEST_QUOTE].rpartition(" ")[0] + "…"


def _scope(naming: Naming, targets: Sequence[str]) -> str:
    if len(targets) == len(naming.shown):
        return "Draw the whole graph."
    asked = ", ".join(naming.id_of(name) for name in targets)
    return (
        f"Give only the arrows that point to one of these: {asked}. Their direct causes may be any of the listed "
        "variables. Other arrows are asked for elsewhere."
    )
