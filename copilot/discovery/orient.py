"""Directions: what knowledge, colliders and the absence of circles say about an undirected skeleton."""

from __future__ import annotations

from dataclasses import dataclass, field

from copilot.discovery.dependence import bits
from copilot.discovery.knowledge import Knowledge


@dataclass
class PartlyDirected:
    """A graph under orientation; bit i of an entry j speaks of the pair (i, j).

    Parameters
    ----------
    parents
        Directed edges i -> j.
    free
        Undirected edges, in both entries.
    unsure
        Pairs that had an edge whose direction is contradicted by the knowledge; no longer drawn.
    """

    parents: list[int]
    free: list[int]
    unsure: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of_skeleton(cls, adjacent: list[int]) -> PartlyDirected:
        """Start with every edge undirected."""
        return cls([0] * len(adjacent), list(adjacent))

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.parents)

    def children(self) -> list[int]:
        """Directed edges the other way round: bit j of entry i for i -> j."""
        masks = [0] * self.size
        for effect, causes in enumerate(self.parents):
            for cause in bits(causes):
                masks[cause] |= 1 << effect
        return masks

    def direct(self, cause: int, effect: int) -> None:
        """Turn an undirected edge into cause -> effect."""
        self.free[cause] &= ~(1 << effect)
        self.free[effect] &= ~(1 << cause)
        self.parents[effect] |= 1 << cause

    def loosen(self, cause: int, effect: int) -> None:
        """Turn cause -> effect into an undirected edge."""
        self.parents[effect] &= ~(1 << cause)
        self.free[cause] |= 1 << effect
        self.free[effect] |= 1 << cause

    def directed_edges(self) -> list[tuple[int, int]]:
        """(cause, effect) pairs in ascending order."""
        return sorted((cause, effect) for effect, causes in enumerate(self.parents) for cause in bits(causes))

    def undirected_edges(self) -> list[tuple[int, int]]:
        """(smaller, larger) pairs in ascending order."""
        return [(a, b) for a in range(self.size) for b in bits(self.free[a]) if a < b]


def orient_by_knowledge(graph: PartlyDirected, knowledge: Knowledge) -> None:
    """Direct every undirected edge for which only one direction is allowed."""
    for first, second in graph.undirected_edges():
        if knowledge.fixed(first, second):
            graph.direct(first, second)
        elif knowledge.fixed(second, first):
            graph.direct(second, first)


def close_under_meek(graph: PartlyDirected) -> None:
    """Direct every further edge whose other direction would make a circle or a new unshielded collider.

    References
    ----------
    Meek (1995), "Causal inference and causal explanation with background knowledge", UAI; rules R1 to R4.
    """
    changed = True
    while changed:
        changed = False
        children = graph.children()
        touching = [graph.parents[n] | graph.free[n] | children[n] for n in range(graph.size)]
        for first, second in graph.undirected_edges():
            for cause, effect in ((first, second), (second, first)):
                if _forced(graph, children, touching, cause, effect):
                    graph.direct(cause, effect)
                    children[cause] |= 1 << effect
                    changed = True
                    break


def _forced(graph: PartlyDirected, children: list[int], touching: list[int], cause: int, effect: int) -> bool:
    into = graph.parents[effect]
    if graph.parents[cause] & ~touching[effect] & ~(1 << effect):  # R1: c -> cause - effect, c and effect apart
        return True
    if children[cause] & into:  # R2: cause -> c -> effect
        return True
    around = graph.free[cause] & into  # c with cause - c -> effect
    if around & (around - 1):  # R3 needs two of them, apart
        members = bits(around)
        if any(around & ~touching[c] & ~(1 << c) for c in members):
            return True
    # R4: cause - d, d -> c -> effect, c next to cause, d and effect apart
    for c in bits(into & touching[cause]):
        if graph.parents[c] & graph.free[cause] & ~touching[effect] & ~(1 << effect):
            return True
    return False


def open_circles(graph: PartlyDirected, knowledge: Knowledge) -> None:
    """Take back directions until no directed circle is left.

    Conflicting colliders can close a circle. Inside a strongly connected component no direction is to be trusted:
    all become undirected, but those that the knowledge gives. Where the knowledge alone runs in a circle, through
    forbidden directions, the pairs are left undecided.
    """
    for component in _components(graph):
        inside = [(c, e) for e in bits(component) for c in bits(graph.parents[e] & component)]
        for cause, effect in inside:
            if not knowledge.fixed(cause, effect):
                graph.loosen(cause, effect)
    for component in _components(graph):
        for effect in bits(component):
            for cause in bits(graph.parents[effect] & component & ~knowledge.before[effect]):
                graph.parents[effect] &= ~(1 << cause)
                graph.unsure.append((cause, effect))


def _components(graph: PartlyDirected) -> list[int]:
    """Strongly connected components with more than one node, as masks."""
    up = list(graph.parents)
    for middle in range(graph.size):
        for last in range(graph.size):
            if up[last] >> middle & 1:
                up[last] |= up[middle]
    circling = [node for node in range(graph.size) if up[node] >> node & 1]
    masks = {sum(1 << o for o in circling if up[node] >> o & 1 and up[o] >> node & 1) for node in circling}
    return sorted(masks)


def pattern_of(parents: list[int], knowledge: Knowledge) -> PartlyDirected:
    """Keep of a DAG only the directions that its equivalence class under the knowledge shares.

    Parameters
    ----------
    parents
        Bit i of entry j for i -> j; without circles, and in agreement with the knowledge.

    References
    ----------
    Meek (1995): unshielded colliders and knowledge, closed under R1 to R4, are the shared directions.
    """
    size = len(parents)
    adjacent = list(parents)
    for effect, causes in enumerate(parents):
        for cause in bits(causes):
            adjacent[cause] |= 1 << effect
    graph = PartlyDirected.of_skeleton(adjacent)
    orient_by_knowledge(graph, knowledge)
    for effect in range(size):
        for cause in bits(parents[effect]):
            unshielded = parents[effect] & ~adjacent[cause] & ~(1 << cause)
            if unshielded and graph.free[effect] >> cause & 1:
                graph.direct(cause, effect)
    close_under_meek(graph)
    return graph
