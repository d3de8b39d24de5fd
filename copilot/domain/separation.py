"""m-separation: which variables a graph says are independent, given others.

A path is open given a set Z when every collider on it is in Z or has a descendant in Z, and no other node on it is in
Z. Bidirected edges carry an arrowhead at both ends; latent nodes are nodes like any other that nobody can put into Z.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.errors import GraphError, UnknownVariableError

Step = tuple[str, bool]
"""A node, and whether the walk came in through an arrowhead."""


def separated(
    graph: CausalGraph, xs: str | Iterable[str], ys: str | Iterable[str], given: str | Iterable[str] = ()
) -> bool:
    """Whether a set blocks every path between two others.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    xs, ys, given
        Names of nodes, or one name; the three sets share none.

    Returns
    -------
    bool
        In time linear in nodes and edges.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or the sets overlap.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    Richardson & Spirtes (2002), Ancestral graph Markov models, Ann. Statist. 30(4), section 2.1 (m-separation).
    Shachter (1998), Bayes-Ball, UAI (the linear walk).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y")])
    >>> separated(graph, "t", "y"), separated(graph, "t", "y", "w")
    (False, True)
    """
    start, ends, held = named(graph, xs), named(graph, ys), named(graph, given)
    _require_disjoint(start, ends, held)
    require_directions(graph)
    return ends.isdisjoint(node for node, _ in _walk(graph, start, held))


def reachable(graph: CausalGraph, xs: str | Iterable[str], given: str | Iterable[str] = ()) -> frozenset[str]:
    """Find every node that some path left open by `given` joins to `xs`.

    Returns
    -------
    frozenset of str
        Without `xs` and `given` themselves.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or `xs` and `given` overlap.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    As for `separated`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "c"), ("y", "c"), ("c", "d")])
    >>> sorted(reachable(graph, "t")), sorted(reachable(graph, "t", "d"))
    (['c', 'd'], ['c', 'y'])
    """
    start, held = named(graph, xs), named(graph, given)
    _require_disjoint(start, held)
    require_directions(graph)
    return frozenset(node for node, _ in _walk(graph, start, held)) - start - held


def connecting_path(graph: CausalGraph, x: str, y: str, given: str | Iterable[str] = ()) -> tuple[Edge, ...] | None:
    """Find a shortest open path, to show why two variables are not separated.

    A shortest open walk visits no node twice: where it did, leaving out the loop would give a shorter open walk.

    Returns
    -------
    tuple of Edge or None
        The edges from `x` to `y` in order; ``None`` if the two are separated. Among paths of equal length the choice is
        the same every time.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or `x`, `y` and `given` overlap.
    UnknownVariableError
        If a name is no node.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "c"), ("y", "c")], bidirected=[("t", "w")])
    >>> [str(edge) for edge in connecting_path(graph, "t", "y", "c")]
    ['t -> c', 'y -> c']
    """
    if separated(graph, x, y, given):
        return None
    came_from = _walk(graph, frozenset({x}), named(graph, given))
    step = next(step for step in came_from if step[0] == y)
    path: list[Edge] = []
    while (origin := came_from[step]) is not None:
        before, head_before = origin
        path.append(_edge(before[0], step[0], head_before, step[1]))
        step = before
    return tuple(reversed(path))


def named(graph: CausalGraph, names: str | Iterable[str]) -> frozenset[str]:
    """Turn one name or several into a set, and refuse a name that is no node.

    Raises
    ------
    UnknownVariableError
        If a name is no node.
    """
    chosen = frozenset((names,) if isinstance(names, str) else names)
    for name in sorted(chosen.difference(graph.names)):
        raise UnknownVariableError(name, graph.names, "node")
    return chosen


def require_directions(graph: CausalGraph) -> None:
    """Refuse a graph in which the direction of an edge is unknown.

    Raises
    ------
    GraphError
        Naming the first such edge.
    """
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.UNDIRECTED]
    if loose:
        more = f" (and {len(loose) - 1} more)" if len(loose) > 1 else ""
        raise GraphError(
            f"the direction of {loose[0]}{more} is not known",
            reason="What a graph implies can be read off only when each edge has a direction or is bidirected.",
            advice="Decide on the edge with `copilot review`, or remove it.",
        )


def _require_disjoint(*sets: frozenset[str]) -> None:
    for one, other in itertools.combinations(sets, 2):
        if one & other:
            raise GraphError(
                f"{min(one & other)!r} stands on two sides of a question about independence",
                advice="Name sets that share no variable.",
            )


def _walk(graph: CausalGraph, start: frozenset[str], held: frozenset[str]) -> dict[Step, tuple[Step, bool] | None]:
    """Walk breadth first along open paths; step → the step before, and whether the edge has an arrowhead there."""
    opened = graph.ancestors(held)
    # Nothing points at the first node of a path, so no arrowhead leads into it and it blocks nothing.
    found: dict[Step, tuple[Step, bool] | None] = dict.fromkeys(((node, False) for node in sorted(start)), None)
    ahead = deque(found)
    while ahead:
        here = ahead.popleft()
        node, into = here
        through = node not in held
        collides = node in opened
        for others, head_here, head_there in (
            (graph.children_of[node], False, True),
            (graph.parents_of[node], True, False),
            (graph.spouses_of[node], True, True),
        ):
            if collides if into and head_here else through:
                for other in others:
                    step = (other, head_there)
                    if step not in found:
                        found[step] = (here, head_here)
                        ahead.append(step)
    return found


def _edge(one: str, other: str, head_one: bool, head_other: bool) -> Edge:
    if head_one and head_other:
        return Edge(source=one, target=other, kind=EdgeKind.BIDIRECTED)
    return Edge(source=other, target=one) if head_one else Edge(source=one, target=other)
