"""The challenge round: a ballot sees the voted graph and judges every arrow and every absent pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.text import one_line
from copilot.domain.votes import ArrowVerdict, ChallengeBallot, EdgeVote, Slip, Verdict
from copilot.elicitation.diversity import Plan, Stream, draw_plans
from copilot.elicitation.naming import Naming, Slips
from copilot.elicitation.prompts import load_prompt
from copilot.elicitation.schemas import TEXT, Schema, listed, one_of, record
from copilot.elicitation.setting import Setting, blocks
from copilot.elicitation.task import Sheet, sheet
from copilot.llm.replies import ReplyError

PROMPT = "challenge-graph"
_JUDGED_SHARE = 0.8
"""A challenger who leaves out more than a fifth of the arrows has not done the task; the ballot abstains."""
_DETOURS_SHOWN = 4


class _Judged(BaseModel):
    model_config = ConfigDict(extra="ignore")

    arrow: str
    verdict: Verdict
    still_acts_by: str = ""
    carried_by: list[str] = Field(default_factory=list, max_length=500)


class _Missing(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    source: str = Field(alias="from")
    reason: str = ""


class _Absent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    variable: str
    missing_causes: list[_Missing] = Field(max_length=500)


class ChallengeReply(BaseModel):
    """What a model sends back: one entry an arrow, and one a variable for the absent arrows."""

    model_config = ConfigDict(extra="ignore")

    arrows: list[_Judged] = Field(max_length=5_000)
    absent: list[_Absent] = Field(max_length=5_000)


@dataclass(frozen=True, slots=True)
class ChallengePart:
    """One readable sheet in column names."""

    targets: frozenset[str]
    verdicts: tuple[ArrowVerdict, ...]
    additions: tuple[EdgeVote, ...]
    slips: Slips


def challenge_sheets(setting: Setting, graph: CausalGraph, votes: int) -> tuple[Sheet[ChallengePart], ...]:
    """Make the requests for `votes` challengers of a voted graph; large graphs are judged block by block."""
    prompt = load_prompt(PROMPT, setting.prompts)
    made = []
    for plan in draw_plans(Stream.CHALLENGE, prompt, setting.models, votes, setting.seed):
        rng = plan.generator()
        naming = Naming([setting.names[i] for i in rng.permutation(len(setting.names))])
        for targets in blocks(naming.shown):
            into = [(source, target) for target in targets for source in graph.parents(target)]
            arrows = {f"e{n}": into[i] for n, i in enumerate(rng.permutation(len(into)), start=1)}
            apart = {target: _apart(graph, target, naming.shown) for target in targets}
            filled = {
                "variables": setting.variable_lines(naming),
                "arrows": "\n".join(_arrow_line(graph, naming, label, ends) for label, ends in arrows.items())
                or "(none)",
                "absent": "\n".join(
                    f"{naming.id_of(target)}: {', '.join(naming.id_of(name) for name in others) or '(none)'}"
                    for target, others in apart.items()
                ),
            }
            schema = _schema(naming, list(arrows), targets)
            read = _Reader(naming, graph, arrows, frozenset(targets))
            made.append(sheet(setting, prompt, plan, filled, schema, read))
    return tuple(made)


def merge_challenge(plan: Plan, parts: Sequence[ChallengePart]) -> ChallengeBallot:
    """Put the sheets of one challenger together."""
    slips = Slips()
    for part in parts:
        slips.merge(part.slips)
    verdicts = sorted((v for part in parts for v in part.verdicts), key=lambda v: (v.source, v.target))
    additions = sorted((e for part in parts for e in part.additions), key=lambda e: (e.source, e.target))
    return ChallengeBallot(
        voter=plan.voter,
        asked=frozenset().union(*(part.targets for part in parts)),
        verdicts=tuple(verdicts),
        additions=tuple(additions),
        slips=slips.counts(),
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
        verdicts: dict[str, ArrowVerdict] = {}
        for line in reply.arrows:
            label = line.arrow.strip().lower()
            if label not in self._arrows:
                slips.add(Slip.OUT_OF_SCOPE, line.arrow)
            elif label in verdicts:
                slips.add(Slip.REPEATED, line.arrow)
            else:
                verdicts[label] = self._verdict(self._arrows[label], line, additions, slips)
        if len(verdicts) < _JUDGED_SHARE * len(self._arrows):
            missing = ", ".join([label for label in self._arrows if label not in verdicts][:8])
            raise ReplyError(f"it leaves arrows without a verdict, among them {missing}")
        return ChallengePart(
            targets=self._targets, verdicts=tuple(verdicts.values()), additions=tuple(additions.values()), slips=slips
        )

    def _verdict(
        self, ends: tuple[str, str], line: _Judged, additions: dict[tuple[str, str], EdgeVote], slips: Slips
    ) -> ArrowVerdict:
        source, target = ends
        resolved = [self._naming.resolve(written, slips) for written in line.carried_by]
        carriers = tuple(sorted({name for name in resolved if name is not None} - {source, target}))
        verdict = line.verdict
        if verdict is Verdict.DROP and line.carried_by and not self._on_a_detour(source, target, carriers, additions):
            # A drop "because v3 carries it" stands only if some path through v3 leads there.
            slips.add(Slip.BAD_EVIDENCE, f"{source} -> {target} carried by {', '.join(carriers) or 'nothing listed'}")
            verdict = Verdict.KEEP
        return ArrowVerdict(
            source=source,
            target=target,
            verdict=verdict,
            carried_by=carriers if verdict is Verdict.DROP else (),
            reason=one_line(line.still_acts_by),
        )

    def _on_a_detour(
        self, source: str, target: str, carriers: tuple[str, ...], additions: dict[tuple[str, str], EdgeVote]
    ) -> bool:
        after = set(self._graph.descendants([source]))
        before = set(self._graph.ancestors([target]))
        for cause, effect in additions:
            if cause in after or cause == source:
                after |= self._graph.descendants([effect])
            if effect in before or effect == target:
                before |= self._graph.ancestors([cause])
        return any(name in after and name in before for name in carriers)

    def _additions(self, reply: ChallengeReply, slips: Slips) -> dict[tuple[str, str], EdgeVote]:
        found: dict[tuple[str, str], EdgeVote] = {}
        for row in reply.absent:
            target = self._naming.resolve(row.variable, slips)
            for line in row.missing_causes:
                source = self._naming.resolve(line.source, slips)
                if source is None or target is None:
                    continue
                if source == target or target not in self._targets or _joined(self._graph, source, target):
                    slips.add(Slip.OUT_OF_SCOPE, f"{source} -> {target}")
                elif (source, target) in found:
                    slips.add(Slip.REPEATED, f"{source} -> {target}")
                else:
                    found[source, target] = EdgeVote(source=source, target=target, reason=one_line(line.reason))
        return found


def _schema(naming: Naming, arrows: Sequence[str], targets: Sequence[str]) -> Schema:
    any_id = one_of(naming.ids)
    judged = record(
        arrow=one_of(arrows) if arrows else TEXT,
        still_acts_by=TEXT,
        verdict=one_of([verdict.value for verdict in Verdict]),
        carried_by=listed(any_id),
    )
    missing = record(from_=any_id, reason=TEXT)
    absent = record(variable=one_of([naming.id_of(name) for name in targets]), missing_causes=listed(missing))
    return record(arrows=listed(judged), absent=listed(absent))


def _arrow_line(graph: CausalGraph, naming: Naming, label: str, ends: tuple[str, str]) -> str:
    source, target = ends
    before = graph.ancestors([target])
    through = [naming.id_of(name) for name in graph.children(source) if name != target and name in before]
    line = f"{label}: {naming.id_of(source)} -> {naming.id_of(target)}"
    if not through:
        return line
    more = f" and {len(through) - _DETOURS_SHOWN} more" if len(through) > _DETOURS_SHOWN else ""
    return f"{line}; detours begin with {', '.join(through[:_DETOURS_SHOWN])}{more}"


def _joined(graph: CausalGraph, first: str, second: str) -> bool:
    return graph.has(first, second) or graph.has(second, first) or graph.has(first, second, EdgeKind.UNDIRECTED)


def _apart(graph: CausalGraph, target: str, shown: Sequence[str]) -> list[str]:
    return [name for name in shown if name != target and not _joined(graph, name, target)]
