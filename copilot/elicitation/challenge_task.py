"""The challenge round: a ballot sees the voted graph and judges every arrow and every absent pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.votes import ArrowVerdict, ChallengeBallot, EdgeVote, Slip, Verdict
from copilot.elicitation.diversity import Plan, shuffled
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.schemas import ReplyLine, Schema, listed, record
from copilot.elicitation.setting import Setting, blocks
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

PROMPT = "challenge-graph"
_JUDGED_SHARE = 0.8
"""A challenger who leaves out more than a fifth of the arrows has not done the task; the ballot abstains."""


class ChallengeReply(ReplyLine):
    """What a model sends back: one entry an arrow, and one a variable for the absent arrows."""

    arrows: list[Judged] = Field(max_length=5_000)
    absent: list[Absent] = Field(max_length=5_000)


@dataclass(frozen=True, slots=True)
class ChallengePart:
    """One readable sheet in column names."""

    targets: frozenset[str]
    verdicts: tuple[ArrowVerdict, ...]
    unsure: tuple[tuple[str, str], ...]
    additions: tuple[EdgeVote, ...]
    slips: Slips


def challenge_sheets(setting: Setting, graph: CausalGraph, votes: int) -> tuple[Sheet[ChallengePart], ...]:
    """Make the requests for `votes` challengers of a voted graph; large graphs are judged block by block."""
    prompt, plans = deal(PROMPT, setting, votes)
    made = []
    for plan in plans:
        rng = plan.generator()
        naming = Naming(shuffled(setting.names, rng))
        for targets in blocks(naming.shown):
            into = [(source, target) for target in targets for source in graph.parents(target)]
            arrows = {f"e{n}": ends for n, ends in enumerate(shuffled(into, rng), start=1)}
            absent = {target: apart(graph, target, naming.shown) for target in targets}
            filled = {
                "variables": setting.variable_lines(naming),
                "arrows": "\n".join(arrow_line(graph, naming, label, ends) for label, ends in arrows.items())
                or "(none)",
                "absent": "\n".join(
                    f"{naming.id_of(target)}: {', '.join(naming.id_of(name) for name in others) or '(none)'}"
                    for target, others in absent.items()
                ),
            }
            schema = _schema(naming, list(arrows), targets)
            read = _Reader(naming, graph, arrows, frozenset(targets))
            made.append(sheet(setting, prompt, plan, filled, schema, read))
    return tuple(made)


def merge_challenge(plan: Plan, parts: Sequence[ChallengePart]) -> ChallengeBallot:
    """Put the sheets of one challenger together."""
    verdicts = sorted((v for part in parts for v in part.verdicts), key=lambda v: (v.source, v.target))
    additions = sorted((e for part in parts for e in part.additions), key=lambda e: (e.source, e.target))
    return ChallengeBallot(
        voter=plan.voter,
        asked=frozenset().union(*(part.targets for part in parts)),
        verdicts=tuple(verdicts),
        unsure=tuple(sorted(arrow for part in parts for arrow in part.unsure)),
        additions=tuple(additions),
        slips=Slips.total(part.slips for part in parts).counts(),
    )


class _Reader:
    """Reads the reply to one sheet."""

    def __init__(
        self, naming: Naming, graph: CausalGraph, arrows: dict[str, tuple[str, str]], targets: frozenset[str]
    ) -> None:
        self._naming = naming
        self._graph = graph
        self._arrows = arrows
        self._targets = targets

    def __call__(self, data: Any) -> ChallengePart:
        reply = ChallengeReply.model_validate(data)
        slips = Slips()
        additions = self._additions(reply, slips)
        paths = Paths([*self._arrows_shown(), *additions])
        verdicts: dict[str, ArrowVerdict | None] = {}
        for line in reply.arrows:
            label = line.arrow.strip().lower()
            if label not in self._arrows:
                slips.add(Slip.OUT_OF_SCOPE, line.arrow)
            elif label in verdicts:
                slips.add(Slip.REPEATED, line.arrow)
            else:
                verdicts[label] = self._verdict(self._arrows[label], line, paths, slips)
        if len(verdicts) < _JUDGED_SHARE * len(self._arrows):
            missing = ", ".join([label for label in self._arrows if label not in verdicts][:8])
            raise ReplyError(f"it leaves arrows without a verdict, among them {missing}")
        return ChallengePart(
            targets=self._targets,
            verdicts=tuple(verdict for verdict in verdicts.values() if verdict is not None),
            unsure=tuple(self._arrows[label] for label, verdict in verdicts.items() if verdict is None),
            additions=tuple(additions.values()),
            slips=slips,
        )

    def _verdict(self, ends: tuple[str, str], line: Judged, paths: Paths, slips: Slips) -> ArrowVerdict | None:
        """Read one verdict; ``None`` for a drop on bad evidence, which is a vote for nothing."""
        source, target = ends
        resolved = [self._naming.resolve(written, slips) for written in line.carried_by]
        carriers = tuple(sorted({name for name in resolved if name is not None} - {source, target}))
        if line.verdict is Verdict.DROP and line.carried_by and not paths.lead_through(carriers, source, target):
            # A drop "because v3 carries it" stands only if some path through v3 leads there.
            slips.add(Slip.BAD_EVIDENCE, f"{source} -> {target} carried by {', '.join(carriers) or 'nothing listed'}")
            return None
        return ArrowVerdict(
            source=source,
            target=target,
            verdict=line.verdict,
            carried_by=carriers if line.verdict is Verdict.DROP else (),
            reason=self._naming.in_words(line.still_acts_by),
        )

    def _arrows_shown(self) -> list[tuple[str, str]]:
        return [(edge.source, edge.target) for edge in self._graph.edges if edge.kind == EdgeKind.DIRECTED]

    def _additions(self, reply: ChallengeReply, slips: Slips) -> dict[tuple[str, str], EdgeVote]:
        found: dict[tuple[str, str], EdgeVote] = {}
        for row in reply.absent:
            target = self._naming.resolve(row.variable, slips)
            for line in row.missing_causes:
                source = self._naming.resolve(line.source, slips)
                if source is None or target is None:
                    continue
                if source == target or target not in self._targets or joined(self._graph, source, target):
                    slips.add(Slip.OUT_OF_SCOPE, f"{source} -> {target}")
                elif (source, target) in found:
                    slips.add(Slip.REPEATED, f"{source} -> {target}")
                else:
                    found[source, target] = EdgeVote(
                        source=source, target=target, reason=self._naming.in_words(line.reason)
                    )
        return found


def _schema(naming: Naming, arrows: Sequence[str], targets: Sequence[str]) -> Schema:
    return record(arrows=listed(judged_schema(arrows, naming)), absent=listed(absent_schema(targets, naming)))
