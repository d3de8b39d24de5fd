"""The graph that a sheet shows: its edges under labels, the pairs without one, and how a reply judges both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import AliasChoices, Field

from copilot.domain.graph import CausalGraph, EdgeKind, reach
from copilot.domain.votes import Verdict
from copilot.elicitation.naming import Naming
from copilot.elicitation.schemas import TEXT, ReplyLine, Schema, listed, one_of, record

_DETOURS_SHOWN = 4


class Judged(ReplyLine):
    """A verdict on one edge."""

    arrow: str
    verdict: Verdict
    still_acts_by: str = ""
    carried_by: list[str] = Field(default_factory=list, max_length=500)


class Missing(ReplyLine):
    """One absent cause."""

    source: str = Field(validation_alias=AliasChoices("from", "source"))
    reason: str = ""


class Absent(ReplyLine):
    """The causes that one variable lacks."""

    variable: str
    missing_causes: list[Missing] = Field(max_length=500)


class Paths:
    """The directed paths in the graph shown and what one ballot adds to it; additions may close circles."""

    def __init__(self, arrows: Iterable[tuple[str, str]]) -> None:
        self._children: dict[str, list[str]] = {}
        self._parents: dict[str, list[str]] = {}
        for cause, effect in arrows:
            self._children.setdefault(cause, []).append(effect)
            self._parents.setdefault(effect, []).append(cause)

    def lead_through(self, carriers: Sequence[str], source: str, target: str) -> bool:
        """Whether one of the carriers comes after the source and before the target, neither of them passed again."""
        after = reach([source], _without(self._children, target))
        before = reach([target], _without(self._parents, source))
        return any(name in after and name in before for name in carriers)


def judged_schema(labels: Sequence[str], naming: Naming) -> Schema:
    """Admit a verdict on one of the labelled edges."""
    return record(
        arrow=one_of(labels) if labels else TEXT,
        still_acts_by=TEXT,
        verdict=one_of([verdict.value for verdict in Verdict]),
        carried_by=listed(one_of(naming.ids)),
    )


def absent_schema(targets: Sequence[str], naming: Naming) -> Schema:
    """Admit the causes that one of the targets lacks."""
    missing = record(from_=one_of(naming.ids), reason=TEXT)
    return record(variable=one_of([naming.id_of(name) for name in targets]), missing_causes=listed(missing))


def arrow_line(graph: CausalGraph, naming: Naming, label: str, ends: tuple[str, str]) -> str:
    """Write an arrow under its label, and the children of its source through which it has detours."""
    source, target = ends
    before = graph.ancestors([target])
    through = [naming.id_of(name) for name in graph.children(source) if name != target and name in before]
    line = f"{label}: {naming.id_of(source)} -> {naming.id_of(target)}"
    if not through:
        return line
    more = f" and {len(through) - _DETOURS_SHOWN} more" if len(through) > _DETOURS_SHOWN else ""
    return f"{line}; detours begin with {', '.join(through[:_DETOURS_SHOWN])}{more}"


def joined(graph: CausalGraph, first: str, second: str) -> bool:
    """Whether an arrow or an edge without direction stands between the two; a common cause does not count."""
    return graph.has(first, second) or graph.has(second, first) or graph.has(first, second, EdgeKind.UNDIRECTED)


def apart(graph: CausalGraph, target: str, shown: Sequence[str]) -> list[str]:
    """List the variables that have no arrow with the target, in the order shown."""
    return [name for name in shown if name != target and not joined(graph, name, target)]


def _without(step: Mapping[str, Sequence[str]], name: str) -> dict[str, Sequence[str]]:
    return {here: there for here, there in step.items() if here != name}
