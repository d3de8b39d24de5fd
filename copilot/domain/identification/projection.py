"""The latent projection: a graph over observed nodes alone that implies the same about them."""

from __future__ import annotations

import itertools

from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node, ordered_pair
from copilot.domain.separation import require_directions


def latent_projection(graph: CausalGraph) -> CausalGraph:
    """Leave the latent nodes out and keep what they do to the observed ones.

    An arrow a -> b stands for every directed path from a to b whose inner nodes are all latent; a bidirected edge
    a <-> b for every path without colliders whose inner nodes are all latent and that points at both of its ends.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.

    Returns
    -------
    CausalGraph
        Over the observed nodes. The same graph if none is latent.

    Raises
    ------
    GraphError
        If the graph has undirected edges.

    References
    ----------
    Verma & Pearl (1990), Equivalence and synthesis of causal models, UAI. Tian & Pearl (2002), On the testable
    implications of causal models with hidden variables, UAI, definition 2.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("u", "t"), ("u", "y"), ("t", "m"), ("m", "y")], latent=["u", "m"])
    >>> [str(edge) for edge in latent_projection(graph).edges]
    ['t <-> y', 't -> y']
    """
    require_directions(graph)
    if not graph.latent:
        return graph
    ends = _observed_ends(graph)
    directed = {
        (node, end)
        for node in graph.names
        if node not in graph.latent
        for child in graph.children_of[node]
        for end in ends[child]
    }
    bidirected: set[tuple[str, str]] = set()
    for source in graph.latent:
        # What a latent child reaches its latent parent reaches too, so only the topmost count.
        if graph.latent.isdisjoint(graph.parents_of[source]):
            bidirected.update(itertools.combinations(sorted(ends[source]), 2))
    for edge in graph.edges:
        if edge.kind is EdgeKind.BIDIRECTED:
            pairs = itertools.product(ends[edge.source], ends[edge.target])
            bidirected.update(ordered_pair(one, other) for one, other in pairs if one != other)
    edges = [Edge.model_construct(source=a, target=b, kind=EdgeKind.DIRECTED) for a, b in directed]
    edges += [Edge.model_construct(source=a, target=b, kind=EdgeKind.BIDIRECTED) for a, b in bidirected]
    edges.sort(key=lambda edge: (edge.source, edge.target, edge.kind))
    # A projection of a valid graph is valid: no check, which would take most of the time.
    return CausalGraph.model_construct(
        nodes=tuple(Node(name=name) for name in graph.names if name not in graph.latent), edges=tuple(edges)
    )


def topological_order(graph: CausalGraph) -> tuple[str, ...]:
    """Put causes before effects, and otherwise names in alphabetical order of readiness.

    Examples
    --------
    >>> topological_order(CausalGraph.build(directed=[("z", "a"), ("a", "b")]))
    ('z', 'a', 'b')
    """
    waiting = {name: len(parents) for name, parents in graph.parents_of.items()}
    order = [name for name in graph.names if not waiting[name]]
    for name in order:  # the list grows while it is read
        for child in graph.children_of[name]:
            waiting[child] -= 1
            if not waiting[child]:
                order.append(child)
    return tuple(order)


def _observed_ends(graph: CausalGraph) -> dict[str, frozenset[str]]:
    """Node → the observed nodes it reaches through latent ones; an observed node reaches itself alone."""
    ends: dict[str, frozenset[str]] = {}
    for name in reversed(topological_order(graph)):
        if name in graph.latent:
            ends[name] = frozenset[str]().union(*(ends[child] for child in graph.children_of[name]))
        else:
            ends[name] = frozenset((name,))
    return ends
