"""Paths to show: the shortest open one between two sides, and the shortest along arrows."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Set as AbstractSet

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.identification.instruments import path_text
from copilot.domain.separation import connecting_path
from copilot.domain.value import Value

_Names = AbstractSet[str]


class Path(Value):
    """A path from `nodes[0]` to `nodes[-1]`; edge i joins node i and node i + 1."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    @property
    def text(self) -> str:
        """The path as people write it."""
        return path_text(self.nodes[0], self.edges)

    @property
    def colliders(self) -> tuple[str, ...]:
        """Inner nodes at which two arrowheads meet."""
        joints = zip(self.nodes[1:-1], self.edges, self.edges[1:], strict=False)
        return tuple(node for node, before, after in joints if _points_at(before, node) and _points_at(after, node))


def shortest_open_path(graph: CausalGraph, starts: _Names, ends: _Names, held: _Names) -> Path | None:
    """Find a shortest path between two sides that `held` leaves open; of equally short ones the first by name.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y")])
    >>> shortest_open_path(graph, {"t"}, {"y"}, set()).text
    't <- w -> y'
    """
    found = []
    for start in sorted(starts):
        for end in sorted(ends):
            edges = connecting_path(graph, start, end, held)
            if edges is not None:
                found.append(_path(start, edges))
    return min(found, key=lambda path: (len(path.edges), path.nodes), default=None)


def directed_path(graph: CausalGraph, start: str, end: str, avoiding: _Names = frozenset()) -> Path | None:
    """Find a shortest path along arrows.

    Examples
    --------
    >>> directed_path(CausalGraph.build(directed=[("t", "m"), ("m", "y")]), "t", "y").text
    't -> m -> y'
    """
    came: dict[str, str | None] = {start: None}
    ahead = deque([start])
    while ahead and end not in came:
        here = ahead.popleft()
        for child in graph.children_of[here]:
            if child not in came and child not in avoiding:
                came[child] = here
                ahead.append(child)
    if end not in came:
        return None
    nodes = [end]
    while (before := came[nodes[-1]]) is not None:
        nodes.append(before)
    nodes.reverse()
    edges = tuple(Edge(source=one, target=other) for one, other in itertools.pairwise(nodes))
    return Path(nodes=tuple(nodes), edges=edges)


def without_nodes(graph: CausalGraph, names: _Names) -> CausalGraph:
    """Take nodes out, with their edges."""
    return CausalGraph.model_construct(
        nodes=tuple(node for node in graph.nodes if node.name not in names),
        edges=tuple(edge for edge in graph.edges if edge.source not in names and edge.target not in names),
    )


def without_edges(graph: CausalGraph, edges: AbstractSet[Edge]) -> CausalGraph:
    """Take edges out."""
    return CausalGraph.model_construct(
        nodes=graph.nodes, edges=tuple(edge for edge in graph.edges if edge not in edges)
    )


def _path(start: str, edges: tuple[Edge, ...]) -> Path:
    nodes = [start]
    for edge in edges:
        nodes.append(edge.target if edge.source == nodes[-1] else edge.source)
    return Path(nodes=tuple(nodes), edges=edges)


def _points_at(edge: Edge, node: str) -> bool:
    return edge.kind is EdgeKind.BIDIRECTED or edge.target == node
