"""The graphs that differ from a graph in one edge: absent, reversed, or added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.many_graphs import Doubt, EdgeState, GraphDraws, GraphSource

Pair = tuple[str, str]


def single_changes(graph: CausalGraph, treatment: str, outcome: str, limit: int = 1500) -> GraphDraws:
    """Change one pair of a graph at a time, in every way that closes no circle.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome
        Two nodes; the pair of them is left as it is, since it is the question itself.
    limit
        How many changed graphs at most. Edges of the graph come first, then pairs with treatment or outcome, then the
        rest, in alphabetical order; what is left out is counted.

    Returns
    -------
    GraphDraws
        The graph itself first; every graph counts once. Between nodes that no arrow joins, arrows both ways and an
        unmeasured common cause are added; a common cause that is drawn is taken out; latent nodes get no new edges.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> draws = single_changes(graph, "t", "y")
    >>> [[str(edge) for edge in one.edges] for one in draws.graphs[1:3]]
    [['t -> w', 't -> y', 'w -> y'], ['t -> y', 'w -> y']]
    """
    question = tuple(sorted((treatment, outcome)))
    pairs = [pair for pair in combinations(graph.names, 2) if pair != question]
    pairs.sort(key=lambda pair: (_rank(graph, pair, question), pair))
    doubts: list[Doubt] = []
    changed: list[tuple[int, EdgeState, CausalGraph]] = []
    left_out = 0
    for pair in pairs:
        for hidden, states in ((False, tuple(_arrows(graph, pair))), (True, tuple(_causes(graph, pair)))):
            if not states:
                continue
            if len(changed) + len(states) > limit:
                left_out += len(states)
                continue
            changed += [(len(doubts), state, other) for state, other in states]
            doubts.append(Doubt(pair=pair, hidden=hidden, affects=pair if hidden else ()))
    plain = tuple(doubt.state_in(graph) for doubt in doubts)
    return GraphDraws(
        source=GraphSource.CHANGES,
        doubts=tuple(doubts),
        graphs=(graph, *(other for _, _, other in changed)),
        states=(plain, *((*plain[:which], state, *plain[which + 1 :]) for which, state, _ in changed)),
        counts=(1,) * (len(changed) + 1),
        compared=(1,) * (len(changed) + 1),
        left_out=left_out,
    )


def _rank(graph: CausalGraph, pair: Pair, question: Sequence[str]) -> int:
    if any(graph.has(*ends) for ends in (pair, pair[::-1])) or graph.has(*pair, EdgeKind.BIDIRECTED):
        return 0
    return 2 - bool(set(pair) & set(question))


def _arrows(graph: CausalGraph, pair: Pair) -> Iterator[tuple[EdgeState, CausalGraph]]:
    """Give the graphs in which the arrow of a pair is another; arrows from latent nodes are turned never."""
    first, second = pair
    now = Doubt(pair=pair).state_in(graph)
    latent = graph.latent & set(pair)
    if latent and now is EdgeState.ABSENT:
        return
    bare = tuple(edge for edge in graph.edges if edge.kind is not EdgeKind.DIRECTED or edge.pair != pair)
    without = CausalGraph.model_construct(nodes=graph.nodes, edges=bare)
    for state, source, target in ((EdgeState.FORWARD, first, second), (EdgeState.BACKWARD, second, first)):
        if state is not now and not latent and source not in without.descendants((target,)):
            yield state, _with(without, Edge(source=source, target=target))
    if now is not EdgeState.ABSENT:
        yield EdgeState.ABSENT, without


def _causes(graph: CausalGraph, pair: Pair) -> Iterator[tuple[EdgeState, CausalGraph]]:
    """Give the graph with an unmeasured common cause of a pair, or without the one that is drawn."""
    edge = Edge(source=pair[0], target=pair[1], kind=EdgeKind.BIDIRECTED)
    if graph.has(*pair, EdgeKind.BIDIRECTED):
        edges = tuple(one for one in graph.edges if one != edge)
        yield EdgeState.ABSENT, CausalGraph.model_construct(nodes=graph.nodes, edges=edges)
    elif not graph.latent & set(pair):
        yield EdgeState.CONFOUNDED, _with(graph, edge)


def _with(graph: CausalGraph, edge: Edge) -> CausalGraph:
    edges = sorted((*graph.edges, edge), key=lambda one: (one.source, one.target, one.kind))
    return CausalGraph.model_construct(nodes=graph.nodes, edges=tuple(edges))
