"""The critique: a ballot sees a graph, judges every edge and every absent arrow, and says what arrows do not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pydantic import Field

from copilot.domain.findings import FindingKind
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, ordered_pair
from copilot.domain.text import one_line, shown
from copilot.domain.votes import Concern, CritiqueBallot, Slip, Verdict
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, one_of, record
from copilot.elicitation.setting import Setting
from copilot.elicitation.shown_graph import (
    Absent,
    Judged,
    Paths,
    absent_schema,
    apart,
    arrow_line,
    joined,
    judged_schema,
)
from copilot.elicitation.task import Sheet, deal, sheet
from copilot.llm.replies import ReplyError

PROMPT = "critique-graph"
_JUDGED_SHARE = 0.8
"""A critic who leaves out more than a fifth of the edges has not done the task; the ballot abstains."""
_PAIR = 2
_NAME_LENGTH = 80


class _CommonCause(ReplyLine):
    name: str
    affects: list[str] = Field(max_length=500)
    reason: str = ""


class _Selection(ReplyLine):
    variables: list[str] = Field(max_length=500)
    reason: str = ""


class _OfVariable(ReplyLine):
    variable: str
    reason: str = ""


class _OfEdge(ReplyLine):
    arrow: str
    reason: str = ""


class CritiqueReply(ReplyLine):
    """What a model sends back: one entry an edge, one a variable for the absent arrows, and lists of further doubts."""

    arrows: list[Judged] = Field(max_length=5_000)
    absent: list[Absent] = Field(max_length=5_000)
    common_causes: list[_CommonCause] = Field(default_factory=list, max_length=200)
    selection: list[_Selection] = Field(default_factory=list, max_length=200)
    interference: list[_OfVariable] = Field(default_factory=list, max_length=500)
    measurement: list[_OfVariable] = Field(default_factory=list, max_length=500)
    feedback: list[_OfEdge] = Field(default_factory=list, max_length=5_000)


@dataclass(frozen=True, slots=True)
class CritiquePart:
    """One readable sheet in column names."""

    concerns: tuple[Concern, ...]
    slips: Slips


def critique_sheets(setting: Setting, graph: CausalGraph, votes: int) -> tuple[Sheet[CritiquePart], ...]:
    """Make the requests for `votes` critics of a graph, one each: doubts about a graph need all of it in view.

    Parameters
    ----------
    setting
        Its variables are the nodes of the graph; the facts of those that are not observed say so.
    graph
        With edges of any kind.
    votes
        Number of ballots.
    """
    prompt, plans = deal(PROMPT, setting, votes)
    made = []
    for plan in plans:
        rng = plan.generator()
        naming = Naming(shuffled(setting.names, rng))
        edges = {f"e{n}": edge for n, edge in enumerate(shuffled(graph.edges, rng), start=1)}
        filled = {
            "variables": setting.variable_lines(naming),
            "study": setting.study_text(naming),
            "edges": "\n".join(_edge_line(graph, naming, label, edge) for label, edge in edges.items()) or "(none)",
            "absent": "\n".join(_absent_line(graph, naming, name) for name in naming.shown),
        }
        read = _Reader(naming, graph, edges, setting.query.outcome)
        made.append(sheet(setting, prompt, plan, filled, _schema(naming, list(edges)), read))
    return tuple(made)


def merge_critique(plan: Plan, parts: Sequence[CritiquePart]) -> CritiqueBallot:
    """Put the sheets of one critic together."""
    concerns = (concern for part in parts for concern in part.concerns)
    return CritiqueBallot(
        voter=plan.voter,
        concerns=tuple(sorted(concerns, key=lambda one: (one.kind, one.nodes, one.edge or ""))),
        slips=Slips.total(part.slips for part in parts).counts(),
    )


class _Concerns:
    """The concerns of one ballot, each once."""

    def __init__(self, naming: Naming, slips: Slips) -> None:
        self._naming, self._slips = naming, slips
        self._found: dict[tuple[str, tuple[str, ...], EdgeKind | None], Concern] = {}

    def add(self, kind: FindingKind, nodes: Sequence[str], reason: str, edge: EdgeKind | None = None) -> None:
        """Keep a concern unless the ballot has it already."""
        key = (kind.value, tuple(nodes), edge)
        if key in self._found:
            self._slips.add(Slip.REPEATED, f"{kind.value}: {', '.join(nodes)}")
        else:
            said = self._naming.in_words(reason)
            self._found[key] = Concern(kind=kind.value, nodes=tuple(nodes), reason=said, edge=edge)

    def __iter__(self) -> Any:
        return iter(self._found.values())


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(self, naming: Naming, graph: CausalGraph, edges: dict[str, Edge], outcome: str | None) -> None:
        self._naming = naming
        self._graph = graph
        self._edges = edges
        self._outcome = outcome

    def __call__(self, data: Any) -> CritiquePart:
        reply = CritiqueReply.model_validate(data)
        slips = Slips()
        found = _Concerns(self._naming, slips)
        missing = self._missing(reply, slips)
        self._judge(reply, missing, found, slips)
        for (source, target), reason in missing.items():
            found.add(FindingKind.MISSING_EDGE, (source, target), reason, EdgeKind.DIRECTED)
        for cause in reply.common_causes:
            self._common_cause(cause, found, slips)
        for line in reply.selection:
            nodes = self._resolved(line.variables, slips)
            if nodes:
                found.add(FindingKind.SELECTION, nodes, line.reason)
            elif not line.variables:
                slips.add(Slip.BAD_EVIDENCE, f"selection by nothing listed: {line.reason}")
        for kind, lines in (
            (FindingKind.INTERFERENCE, reply.interference),
            (FindingKind.MEASUREMENT, reply.measurement),
        ):
            for one in lines:
                self._of_variable(kind, one, found, slips)
        for back in reply.feedback:
            edge = self._edges.get(back.arrow.strip().lower())
            if edge is None or edge.kind is EdgeKind.BIDIRECTED:
                slips.add(Slip.BAD_EVIDENCE, f"feedback on {back.arrow}")
            else:
                found.add(FindingKind.FEEDBACK, (edge.source, edge.target), back.reason, edge.kind)
        return CritiquePart(concerns=tuple(found), slips=slips)

    def _missing(self, reply: CritiqueReply, slips: Slips) -> dict[tuple[str, str], str]:
        """Read the missing arrows; a pair given in both directions is one that the critic is unsure of."""
        said: dict[tuple[str, str], str] = {}
        for row in reply.absent:
            target = self._naming.resolve(row.variable, slips)
            for line in row.missing_causes:
                source = self._naming.resolve(line.source, slips)
                if source is None or target is None:
                    continue
                if source == target:
                    slips.add(Slip.SELF_LOOP, source)
                elif joined(self._graph, source, target):
                    slips.add(Slip.BAD_EVIDENCE, f"missing {source} -> {target}, which are joined")
                elif (source, target) in said:
                    slips.add(Slip.REPEATED, f"{source} -> {target}")
                else:
                    said[source, target] = line.reason
        both = {ordered_pair(*ends) for ends in said if ends[::-1] in said}
        for first, second in sorted(both):
            slips.add(Slip.BOTH_WAYS, f"{first}, {second}")
        return {ends: reason for ends, reason in said.items() if ordered_pair(*ends) not in both}

    def _judge(self, reply: CritiqueReply, missing: dict[tuple[str, str], str], found: _Concerns, slips: Slips) -> None:
        """Read the verdicts: what is dropped or reversed is a concern."""
        paths = Paths([*((e.source, e.target) for e in self._edges.values() if e.kind is EdgeKind.DIRECTED), *missing])
        judged: set[str] = set()
        for line in reply.arrows:
            label = line.arrow.strip().lower()
            if label not in self._edges:
                slips.add(Slip.BAD_EVIDENCE, f"verdict on {line.arrow}")
            elif label in judged:
                slips.add(Slip.REPEATED, line.arrow)
            else:
                judged.add(label)
                self._verdict(self._edges[label], line, paths, found, slips)
        if len(judged) < _JUDGED_SHARE * len(self._edges):
            left = ", ".join([label for label in self._edges if label not in judged][:8])
            raise ReplyError(f"it leaves edges without a verdict, among them {left}")

    def _verdict(self, edge: Edge, line: Judged, paths: Paths, found: _Concerns, slips: Slips) -> None:
        nodes = (edge.source, edge.target)
        carriers = sorted(set(self._resolved(line.carried_by, slips)) - set(nodes))
        if line.verdict is Verdict.REVERSE:
            if edge.kind is EdgeKind.DIRECTED:
                found.add(FindingKind.REVERSED_EDGE, nodes, line.still_acts_by, edge.kind)
            else:
                slips.add(Slip.BAD_EVIDENCE, f"reverse {edge}")
        elif line.verdict is Verdict.DROP:
            if edge.kind is EdgeKind.DIRECTED and line.carried_by and not paths.lead_through(carriers, *nodes):
                # A drop "because v3 carries it" stands only if some path through v3 leads there.
                slips.add(Slip.BAD_EVIDENCE, f"{edge} carried by {', '.join(carriers) or 'nothing listed'}")
                return
            carried = f"carried by {', '.join(shown(name) for name in carriers)}" if carriers else ""
            reason = ": ".join(part for part in (carried, line.still_acts_by.strip()) if part)
            found.add(FindingKind.SPURIOUS_EDGE, nodes, reason, edge.kind)

    def _common_cause(self, line: _CommonCause, found: _Concerns, slips: Slips) -> None:
        nodes = self._resolved(line.affects, slips)
        name = one_line(line.name, _NAME_LENGTH)
        listed_already = not name or self._naming.resolve(line.name, Slips()) is not None
        known = all(self._share_a_cause(first, second) for first, second in combinations(nodes, 2))
        if len(nodes) < _PAIR or listed_already or known:
            slips.add(Slip.BAD_EVIDENCE, f"common cause {name or 'without a name'} of {', '.join(nodes) or 'nothing'}")
            return
        reason = line.reason.strip()
        found.add(FindingKind.UNMEASURED_COMMON_CAUSE, nodes, f"{name}: {reason}" if reason else name)

    def _share_a_cause(self, first: str, second: str) -> bool:
        """Whether the graph shows an unmeasured common cause of the two."""
        graph = self._graph
        return graph.has(first, second, EdgeKind.BIDIRECTED) or bool(
            graph.latent.intersection(graph.parents(first), graph.parents(second))
        )

    def _of_variable(self, kind: FindingKind, line: _OfVariable, found: _Concerns, slips: Slips) -> None:
        name = self._naming.resolve(line.variable, slips)
        if name is None:
            return
        if kind is FindingKind.MEASUREMENT and name == self._outcome:
            slips.add(Slip.BAD_EVIDENCE, f"the outcome {name} measured after itself")
        else:
            found.add(kind, (name,), line.reason)

    def _resolved(self, written: Sequence[str], slips: Slips) -> tuple[str, ...]:
        names = {self._naming.resolve(one, slips) for one in written}
        return tuple(sorted(name for name in names if name is not None))


def _schema(naming: Naming, labels: Sequence[str]) -> Schema:
    any_id = one_of(naming.ids)
    of_variable = record(variable=any_id, reason=TEXT)
    return record(
        arrows=listed(judged_schema(labels, naming)),
        absent=listed(absent_schema(naming.shown, naming)),
        common_causes=listed(record(name=TEXT, affects=listed(any_id), reason=TEXT)),
        selection=listed(record(variables=listed(any_id), reason=TEXT)),
        interference=listed(of_variable),
        measurement=listed(of_variable),
        feedback=listed(record(arrow=one_of(labels) if labels else TEXT, reason=TEXT)),
    )


def _edge_line(graph: CausalGraph, naming: Naming, label: str, edge: Edge) -> str:
    if edge.kind is EdgeKind.DIRECTED:
        return arrow_line(graph, naming, label, (edge.source, edge.target))
    mark = "<->" if edge.kind is EdgeKind.BIDIRECTED else "--"
    return f"{label}: {naming.id_of(edge.source)} {mark} {naming.id_of(edge.target)}"


def _absent_line(graph: CausalGraph, naming: Naming, name: str) -> str:
    others = ", ".join(naming.id_of(other) for other in apart(graph, name, naming.shown))
    return f"{naming.id_of(name)}: {others or '(none)'}"
