"""A layered layout: causes to the left of their effects, long edges led around the nodes between.

References
----------
Sugiyama, Tagawa & Toda (1981), Methods for visual understanding of hierarchical system structures, IEEE Transactions
on Systems, Man, and Cybernetics 11: layers, dummy points, barycentres.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.report.pictures.order import Links, order_layers
from copilot.report.pictures.rows import place_rows

Point = tuple[float, float]

MOST_DUMMIES = 6_000
"""Points on long edges; a graph with more is a thicket whichever way it is drawn, and its long edges go straight."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where nodes and edges are.

    Parameters
    ----------
    layers
        Names, column by column from the left, each from top to bottom.
    positions
        Name → (layer, row); layers are whole numbers from 0, rows are multiples of 0.25 from 0 downwards, and nodes
        of a layer have the room that their sizes ask for.
    ways
        For each edge of the graph, in order, the points from its left end to its right one, both included: one in
        each layer. Two points of one layer for an edge within it.
    reversed
        For each edge, whether its way runs from target to source.
    crossings
        How often edges cross between neighbouring layers.
    """

    layers: tuple[tuple[str, ...], ...]
    positions: Mapping[str, Point]
    ways: tuple[tuple[Point, ...], ...]
    reversed: tuple[bool, ...]
    crossings: int

    @property
    def rows(self) -> float:
        """The lowest row of a node or a way."""
        return max((row for way in (*self.ways, tuple(self.positions.values())) for _, row in way), default=0.0)


def lay_out(graph: CausalGraph, sizes: Mapping[str, float] | None = None) -> Layout:
    """Place a graph, the same for the same graph.

    Parameters
    ----------
    graph
        What to place.
    sizes
        Rows that a node takes, in multiples of 0.5; 1 for those that are not named.

    Examples
    --------
    >>> layout = lay_out(CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")]))
    >>> layout.layers, layout.crossings
    ((('w',), ('t',), ('y',)), 0)
    >>> [len(way) for way in layout.ways]
    [2, 2, 3]
    """
    layer_of = assign_layers(graph)
    ends, turned = [], []
    for edge in graph.edges:
        back = layer_of[edge.source] > layer_of[edge.target]
        turned.append(back)
        ends.append((edge.target, edge.source) if back else (edge.source, edge.target))
    columns: list[list[int]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    index = {name: number for number, name in enumerate(graph.names)}
    for name, number in index.items():
        columns[layer_of[name]].append(number)
    chains = _chains(ends, layer_of, index, columns)
    links: Links = {}
    for chain in chains:
        for left, right in itertools.pairwise(chain):
            if left < len(index) and right < len(index) and layer_of[graph.names[left]] == layer_of[graph.names[right]]:
                continue  # an edge within a layer pulls on nobody
            links.setdefault(left, ([], []))[1].append(right)
            links.setdefault(right, ([], []))[0].append(left)
    ordered, crossings = order_layers(columns, links)
    row_of = place_rows(ordered, links, len(index), [(sizes or {}).get(name, 1.0) for name in graph.names])
    column_of = {point: number for number, column in enumerate(ordered) for point in column}
    positions = {name: (float(layer_of[name]), row_of[number]) for name, number in index.items()}
    return Layout(
        layers=tuple(tuple(graph.names[point] for point in column if point < len(index)) for column in ordered),
        positions=positions,
        ways=tuple(tuple((float(column_of[point]), row_of[point]) for point in chain) for chain in chains),
        reversed=tuple(turned),
        crossings=crossings,
    )


def _chains(
    ends: Sequence[tuple[str, str]], layer_of: Mapping[str, int], index: Mapping[str, int], columns: list[list[int]]
) -> list[list[int]]:
    """Lead each edge from layer to layer through points of its own, which are added to `columns`."""
    long = sum(max(0, layer_of[right] - layer_of[left] - 1) for left, right in ends)
    chains = []
    fresh = len(index)
    for left, right in ends:
        between = range(layer_of[left] + 1, layer_of[right]) if long <= MOST_DUMMIES else range(0)
        dummies = list(range(fresh, fresh + len(between)))
        fresh += len(dummies)
        for layer, dummy in zip(between, dummies, strict=True):
            columns[layer].append(dummy)
        chains.append([index[left], *dummies, index[right]])
    return chains


def assign_layers(graph: CausalGraph) -> dict[str, int]:
    """Give each node the length of the longest path that leads to it, and move sources next to what they cause.

    Undirected edges point along one order of the directed graph, so that no circle arises. Nodes that only share
    unmeasured causes stand beside those they share them with, and nodes without edges where there is most room.
    """
    order = _topological(graph)
    rank = {name: number for number, name in enumerate(order)}
    after: dict[str, list[str]] = {name: [] for name in order}
    before: dict[str, list[str]] = {name: [] for name in order}
    for edge in graph.edges:
        if edge.kind is not EdgeKind.BIDIRECTED:
            left, right = sorted((edge.source, edge.target), key=rank.__getitem__)
            after[left].append(right)
            before[right].append(left)
    layer: dict[str, int] = {}
    for name in order:
        layer[name] = max((layer[cause] + 1 for cause in before[name]), default=0)
    for name in order:
        if after[name] and not before[name]:
            layer[name] = min(layer[effect] for effect in after[name]) - 1
    _seat_the_rest(layer, [name for name in order if not (after[name] or before[name])], graph.spouses_of)
    return layer


def _seat_the_rest(layer: dict[str, int], loose: Iterable[str], spouses_of: Mapping[str, Sequence[str]]) -> None:
    free = frozenset(loose)
    crowd = [0] * (max((layer[name] for name in layer if name not in free), default=0) + 1)
    for name, number in layer.items():
        if name not in free:
            crowd[number] += 1
    for name in sorted(free):
        seated = [layer[other] for other in spouses_of[name] if other not in free]
        layer[name] = max(0, min(seated) - 1) if seated else 0
        if not seated and not spouses_of[name]:
            layer[name] = min(range(len(crowd)), key=crowd.__getitem__)
        crowd[layer[name]] += 1


def _topological(graph: CausalGraph) -> list[str]:
    """Order the nodes along the directed edges; of those that could come next, the first by name."""
    waiting = {name: len(graph.parents(name)) for name in graph.names}
    ready = [name for name in graph.names if not waiting[name]]
    heapq.heapify(ready)
    order = []
    while ready:
        name = heapq.heappop(ready)
        order.append(name)
        for child in graph.children(name):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, child)
    return order
