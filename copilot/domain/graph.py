"""The causal graph: directed, bidirected and undirected edges over observed and latent nodes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from copilot.domain.value import Value, content_hash
from copilot.errors import CycleError, GraphError, UnknownVariableError


class EdgeKind(StrEnum):
    """What an edge claims."""

    DIRECTED = "directed"
    """The source is a direct cause of the target."""
    BIDIRECTED = "bidirected"
    """An unmeasured common cause of both ends."""
    UNDIRECTED = "undirected"
    """A direct cause whose direction is unknown."""


class Node(Value):
    """A variable in the graph; `observed` is false for a latent one."""

    name: str
    observed: bool = True


class Edge(Value):
    """An edge; the ends of symmetric kinds are kept in alphabetical order."""

    source: str
    target: str
    kind: EdgeKind = EdgeKind.DIRECTED

    @model_validator(mode="before")
    @classmethod
    def _sort_symmetric_ends(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("kind", EdgeKind.DIRECTED) != EdgeKind.DIRECTED:
            source, target = data.get("source"), data.get("target")
            if isinstance(source, str) and isinstance(target, str) and target < source:
                return {**data, "source": target, "target": source}
        return data

    @property
    def pair(self) -> tuple[str, str]:
        """Both ends in alphabetical order."""
        return ordered_pair(self.source, self.target)

    def __str__(self) -> str:
        """Write the edge as ``a -> b``, ``a <-> b`` or ``a -- b``."""
        arrow = {EdgeKind.DIRECTED: "->", EdgeKind.BIDIRECTED: "<->", EdgeKind.UNDIRECTED: "--"}[self.kind]
        return f"{self.source} {arrow} {self.target}"


class CausalGraph(Value):
    """A mixed graph without directed cycles, canonical and hashable by content.

    Parameters
    ----------
    nodes
        Sorted by name; names are unique.
    edges
        Sorted by (source, target, kind). Between two nodes there may be one directed and one bidirected edge, or one
        undirected edge alone.

    Raises
    ------
    GraphError
        On a duplicate node, an unknown end, a self-loop, or edges that contradict each other.
    CycleError
        If the directed edges run in a circle.
    """

    nodes: tuple[Node, ...] = Field(default=())
    edges: tuple[Edge, ...] = Field(default=())

    @classmethod
    def build(
        cls,
        nodes: Iterable[str] = (),
        directed: Iterable[tuple[str, str]] = (),
        bidirected: Iterable[tuple[str, str]] = (),
        undirected: Iterable[tuple[str, str]] = (),
        latent: Iterable[str] = (),
    ) -> Self:
        """Make a graph from plain pairs; ends that are not listed become observed nodes.

        Examples
        --------
        >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
        >>> graph.parents("y")
        ('t', 'w')
        """
        hidden = frozenset(latent)
        kinds = ((EdgeKind.DIRECTED, directed), (EdgeKind.BIDIRECTED, bidirected), (EdgeKind.UNDIRECTED, undirected))
        edges = [Edge(source=a, target=b, kind=kind) for kind, pairs in kinds for a, b in pairs]
        names = {*nodes, *hidden, *(edge.source for edge in edges), *(edge.target for edge in edges)}
        return cls(nodes=tuple(Node(name=n, observed=n not in hidden) for n in names), edges=tuple(edges))

    @model_validator(mode="before")
    @classmethod
    def _canonical_order(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        nodes = [node if isinstance(node, Node) else Node.model_validate(node) for node in data.get("nodes", ())]
        edges = [edge if isinstance(edge, Edge) else Edge.model_validate(edge) for edge in data.get("edges", ())]
        nodes.sort(key=lambda node: node.name)
        edges.sort(key=lambda edge: (edge.source, edge.target, edge.kind))
        return {**data, "nodes": tuple(nodes), "edges": tuple(edges)}

    @model_validator(mode="after")
    def _hold_the_rules(self) -> Self:
        names = [node.name for node in self.nodes]
        known = set(names)
        if len(known) != len(names):
            twice = next(name for name, after in itertools.pairwise(names) if name == after)
            raise GraphError(f"the node {twice!r} stands twice in the graph")
        kinds: dict[tuple[str, str], list[Edge]] = {}
        for edge in self.edges:
            for end in (edge.source, edge.target):
                if end not in known:
                    raise UnknownVariableError(end, names, "node")
            if edge.source == edge.target:
                raise GraphError(
                    f"{edge.source!r} has an edge to itself",
                    reason="A variable does not cause itself at the same moment.",
                    advice="Remove the self-loop.",
                )
            others = kinds.setdefault(edge.pair, [])
            clash = next((o for o in others if o.kind == edge.kind or EdgeKind.UNDIRECTED in (o.kind, edge.kind)), None)
            if clash is not None and not (clash.kind == edge.kind == EdgeKind.DIRECTED and clash.source != edge.source):
                raise GraphError(
                    f"the edges {clash} and {edge} contradict or repeat each other",
                    reason="Between two nodes there may be one directed and one bidirected edge, or one undirected.",
                    advice="Keep one of them.",
                )
            others.append(edge)
        cycle = find_cycle(self.children_of)
        if cycle:
            raise CycleError(cycle)
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All node names, sorted."""
        return tuple(node.name for node in self.nodes)

    @cached_property
    def latent(self) -> frozenset[str]:
        """Names of the nodes that are not observed."""
        return frozenset(node.name for node in self.nodes if not node.observed)

    @cached_property
    def children_of(self) -> Mapping[str, tuple[str, ...]]:
        """Node → its children, sorted."""
        return self._neighbours(EdgeKind.DIRECTED, forward=True)

    @cached_property
    def parents_of(self) -> Mapping[str, tuple[str, ...]]:
        """Node → its parents, sorted."""
        return self._neighbours(EdgeKind.DIRECTED, forward=False)

    @cached_property
    def spouses_of(self) -> Mapping[str, tuple[str, ...]]:
        """Node → the other ends of its bidirected edges, sorted."""
        return self._symmetric(EdgeKind.BIDIRECTED)

    @cached_property
    def undirected_of(self) -> Mapping[str, tuple[str, ...]]:
        """Node → the other ends of its undirected edges, sorted."""
        return self._symmetric(EdgeKind.UNDIRECTED)

    def parents(self, name: str) -> tuple[str, ...]:
        """Direct causes of a node; raises `UnknownVariableError`."""
        return self._look_up(self.parents_of, name)

    def children(self, name: str) -> tuple[str, ...]:
        """Direct effects of a node; raises `UnknownVariableError`."""
        return self._look_up(self.children_of, name)

    def ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """All causes of the named nodes along directed edges, the nodes themselves included."""
        return reach(names, self.parents_of)

    def descendants(self, names: Iterable[str]) -> frozenset[str]:
        """All effects of the named nodes along directed edges, the nodes themselves included."""
        return reach(names, self.children_of)

    def has(self, source: str, target: str, kind: EdgeKind = EdgeKind.DIRECTED) -> bool:
        """Whether an edge of this kind stands between the two."""
        return Edge(source=source, target=target, kind=kind) in self._edge_set

    @cached_property
    def content_hash(self) -> str:
        """64 hexadecimal digits that change when, and only when, a node or an edge does."""
        return content_hash(self.model_dump(mode="json"))

    @cached_property
    def _edge_set(self) -> frozenset[Edge]:
        return frozenset(self.edges)

    def _look_up(self, table: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
        if name not in table:
            raise UnknownVariableError(name, self.names, "node")
        return table[name]

    def _neighbours(self, kind: EdgeKind, *, forward: bool) -> dict[str, tuple[str, ...]]:
        table: dict[str, list[str]] = {node.name: [] for node in self.nodes}
        for edge in self.edges:
            if edge.kind == kind:
                here, there = (edge.source, edge.target) if forward else (edge.target, edge.source)
                table[here].append(there)
        return {name: tuple(sorted(others)) for name, others in table.items()}

    def _symmetric(self, kind: EdgeKind) -> dict[str, tuple[str, ...]]:
        ahead, back = self._neighbours(kind, forward=True), self._neighbours(kind, forward=False)
        return {name: tuple(sorted({*ahead[name], *back[name]})) for name in ahead}


def ordered_pair(first: str, second: str) -> tuple[str, str]:
    """Put two names in alphabetical order.

    Examples
    --------
    >>> ordered_pair("b", "a")
    ('a', 'b')
    """
    return (first, second) if first <= second else (second, first)


def reach(start: Iterable[str], step: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Everything that can be reached from `start` by taking `step` any number of times, `start` included."""
    found = set(start)
    ahead = list(found)
    while ahead:
        for name in step.get(ahead.pop(), ()):
            if name not in found:
                found.add(name)
                ahead.append(name)
    return frozenset(found)


def find_cycle(children_of: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """Find a directed cycle.

    Parameters
    ----------
    children_of
        Node → its children; every node is a key.

    Returns
    -------
    tuple of str or None
        The names along one cycle, the first repeated at the end; ``None`` if there is none. Deterministic.
    """
    state: dict[str, int] = {}
    for root in children_of:
        if root in state:
            continue
        path, iterators = [root], [iter(children_of[root])]
        state[root] = 1
        while path:
            child = next(iterators[-1], None)
            if child is None:
                state[path.pop()] = 2
                iterators.pop()
            elif state.get(child) == 1:
                return (*path[path.index(child) :], child)
            elif child not in state:
                state[child] = 1
                path.append(child)
                iterators.append(iter(children_of[child]))
    return None
