"""A graph while its file is being read: what was said where, so that a contradiction can name both places."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.data.graph_files.document import GraphDocument
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.errors import CycleError, GraphFileError

MAX_EDGES = 500_000
"""Edges a file may draw, repeated ones included; a few lines of groups can draw billions."""
_LISTED = 10


@dataclass(frozen=True, slots=True)
class Marks:
    """What attributes say of a node; ``None`` where they say nothing.

    Parameters
    ----------
    observed, exposure, outcome
        As in dagitty.
    unused
        Attributes that mean something in a causal graph but are not used here, such as ``adjusted``.
    """

    observed: bool | None = None
    exposure: bool | None = None
    outcome: bool | None = None
    unused: tuple[str, ...] = ()

    def over(self, other: Marks) -> Marks:
        """Lay these marks over others, which hold where these say nothing."""
        return Marks(
            observed=other.observed if self.observed is None else self.observed,
            exposure=other.exposure if self.exposure is None else self.exposure,
            outcome=other.outcome if self.outcome is None else self.outcome,
            unused=tuple(sorted({*self.unused, *other.unused})),
        )


_NOTHING = Marks()


class Draft:
    """Collects nodes and edges and makes the graph of them.

    Parameters
    ----------
    source
        For places in messages.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes: dict[str, Marks] = {}
        self._said: dict[tuple[str, str], tuple[bool, int]] = {}
        self._edges: dict[tuple[str, str, EdgeKind], int] = {}
        self._repeats: dict[tuple[str, str, EdgeKind], int] = {}
        self._loose: dict[tuple[str, str], int] = {}
        self._pointed: dict[tuple[str, str], int] = {}
        self._drawn = 0
        self._empty_groups = 0

    def node(self, name: str, defaults: Marks | None = None) -> None:
        """Note a node; the defaults hold if it is new."""
        if name not in self._nodes:
            self._nodes[name] = defaults or _NOTHING

    def mark(self, name: str, marks: Marks, offset: int) -> None:
        """Note what the node's own attributes say; they go before defaults and may not contradict each other."""
        for field in ("observed", "exposure", "outcome"):
            value = getattr(marks, field)
            if value is None:
                continue
            before = self._said.setdefault((name, field), (value, offset))
            if before[0] is not value:
                raise self._source.error(
                    offset,
                    f"{name!r} is said to be {field} here and not there, or the other way round",
                    reason=f"The other place is {self._source.place(before[1])}.",
                    advice="Keep one of the two attributes.",
                )
        self._nodes[name] = marks.over(self._nodes[name])

    def edge(self, source: str, target: str, kind: EdgeKind, offset: int) -> None:
        """Note an edge between two nodes; an exact repetition is merged, a contradiction refused."""
        self._count_edges(1, offset)
        if source == target and self._source.rounds is not None:
            self._source.rounds.loops.append(source)
            return
        if source == target:
            raise self._source.error(
                offset,
                f"{source!r} has an edge to itself",
                reason="A variable does not cause itself at the same moment.",
                advice="Remove the self-loop, or split the variable into its earlier and later value.",
            )
        pair = (source, target) if source < target else (target, source)
        key = (source, target, kind) if kind is EdgeKind.DIRECTED else (*pair, kind)
        if key in self._edges:
            self._repeats[key] = self._repeats.get(key, 0) + 1
            return
        mine, others = (self._loose, self._pointed) if kind is EdgeKind.UNDIRECTED else (self._pointed, self._loose)
        if pair in others:
            raise self._source.error(
                offset,
                f"{_written(key)!r} contradicts another edge between the same two",
                reason=f"The other stands at {self._source.place(others[pair])}; only one of the two has no direction.",
                advice="Keep one of them.",
            )
        mine.setdefault(pair, offset)
        self._edges[key] = offset

    def group(self, ends: int, other_ends: int, offset: int) -> None:
        """Note that edges between two groups are about to be drawn."""
        if not ends or not other_ends:
            self._empty_groups += 1
        self._count_edges(ends * other_ends, offset, ahead=True)

    def finish(self) -> GraphDocument:
        """Make the graph.

        Raises
        ------
        CycleError
            If the directed edges run in a circle.
        """
        nodes = tuple(Node(name=name, observed=marks.observed is not False) for name, marks in self._nodes.items())
        edges = tuple(Edge(source=source, target=target, kind=kind) for source, target, kind in self._edges)
        if self._source.rounds is not None:
            self._source.rounds.arrows += [edge[:2] for edge in self._edges if edge[2] is EdgeKind.DIRECTED]
        try:
            graph = CausalGraph(nodes=nodes, edges=edges)
        except CycleError as error:
            raise CycleError(error.cycle, self._source.where) from None
        exposures = sorted(name for name, marks in self._nodes.items() if marks.exposure)
        outcomes = sorted(name for name, marks in self._nodes.items() if marks.outcome)
        return GraphDocument(
            graph=graph,
            treatment=exposures[0] if len(exposures) == 1 else None,
            outcome=outcomes[0] if len(outcomes) == 1 else None,
            notices=(
                *self._notices_of_repeats(),
                *self._notices_of_attributes(),
                *_notices_of_many("exposure", exposures),
                *_notices_of_many("outcome", outcomes),
            ),
        )

    def _count_edges(self, number: int, offset: int, *, ahead: bool = False) -> None:
        total = self._drawn + number
        if total > MAX_EDGES:
            raise self._too_many(offset)
        if not ahead:
            self._drawn = total

    def _too_many(self, offset: int) -> GraphFileError:
        return self._source.error(
            offset,
            f"more than {MAX_EDGES:,} edges",
            reason="A graph of that size cannot be looked through by anybody.",
            advice="Leave out variables, or check the groups in braces.",
        )

    def _notices_of_repeats(self) -> list[Notice]:
        repeats = list(self._repeats.items())
        notices = [
            Notice(
                code="duplicate_edge",
                message=f"{_written(key)} stands {count + 1} times; it counts once"
                f" (first at {self._source.place(self._edges[key])}).",
                subject=_written(key),
                count=count,
                level=Level.INFO,
            )
            for key, count in repeats[:_LISTED]
        ]
        if rest := repeats[_LISTED:]:
            notices.append(
                Notice(
                    code="duplicate_edge",
                    message=f"{len(rest)} more edges are repeated; each counts once.",
                    count=sum(count for _, count in rest),
                    level=Level.INFO,
                )
            )
        return notices

    def _notices_of_attributes(self) -> list[Notice]:
        unused: dict[str, list[str]] = {}
        for name, marks in self._nodes.items():
            for attribute in marks.unused:
                unused.setdefault(attribute, []).append(name)
        notices = [
            Notice(
                code="attribute_not_used",
                message=f"{', '.join(shown(name) for name in names[:_LISTED])}: the mark '{attribute}' is not used;"
                " what to adjust for is worked out from the edges.",
                subject=attribute,
                count=len(names),
            )
            for attribute, names in sorted(unused.items())
        ]
        if self._empty_groups:
            notices.append(
                Notice(
                    code="empty_group",
                    message=f"{self._empty_groups} edges lead to or from an empty group and draw nothing.",
                    count=self._empty_groups,
                )
            )
        return notices


def _notices_of_many(role: str, names: list[str]) -> list[Notice]:
    if len(names) < 2:  # noqa: PLR2004 (one is the rule)
        return []
    listed = ", ".join(shown(name) for name in names[:_LISTED])
    return [
        Notice(
            code=f"many_{role}s",
            message=f"{len(names)} nodes are marked as {role} ({listed}); name one on the command line.",
            subject=role,
            count=len(names),
        )
    ]


def _written(key: tuple[str, str, EdgeKind]) -> str:
    return str(Edge(source=key[0], target=key[1], kind=key[2]))
