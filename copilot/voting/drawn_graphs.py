"""Graphs drawn from the ballots: what else the same voters might have agreed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from copilot.domain.consensus import LatentSuggestion
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.many_graphs import Doubt, EdgeState, GraphDraws, GraphSource
from copilot.voting.pairs import Pair
from copilot.voting.voices import BACKWARD, FORWARD, NEITHER, Drawing, Voices

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator, SeedSequence
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

__all__ = ["Drawing", "draw_graphs"]

_STATES = {FORWARD: EdgeState.FORWARD, BACKWARD: EdgeState.BACKWARD, NEITHER: EdgeState.ABSENT}


def draw_graphs(drawing: Drawing, seed: SeedSequence, draws: int = 1000) -> GraphDraws:
    """Draw acyclic graphs from ballots.

    The first half of the draws takes every pair by itself, each way with the share of voices behind it. The second
    half resamples whole ballots and draws what a majority of them draws, so that edges which go together stay together.
    Suspected hidden causes are drawn in the same two ways. Arrows enter the graph in an order in which those of the
    person come first and those with more support earlier, ties by chance; one that would close a circle is left out
    and counted. An edge without direction gets one by chance.

    Parameters
    ----------
    drawing
        What to draw from.
    seed
        Of this and nothing else.
    draws
        How many, at least 2.

    Returns
    -------
    GraphDraws
        The same for the same ballots in any order.

    References
    ----------
    Friedman, Goldszmidt & Wyner (1999), Data analysis with Bayesian networks: a bootstrap approach, UAI: the share of
    resampled graphs as what is known of an edge.
    """
    import numpy as np
    from numpy.random import default_rng

    alone_rng, together_rng, order_rng = (default_rng(child) for child in seed.spawn(3))
    alone, together = draws - draws // 2, draws // 2
    voices, causes = Voices(drawing), _suspected(drawing)
    ways = np.vstack([voices.alone(alone_rng, alone), voices.together(together_rng, together)])
    support = np.array([cause.support for cause in causes])
    counts = np.array([cause.valid for cause in causes], dtype=np.int64)
    again = together_rng.binomial(counts, support, size=(together, len(causes)))
    hidden = np.vstack(
        [
            alone_rng.random((alone, len(causes))) < support,
            (again > 0) & (again >= drawing.min_support * counts),
        ]
    )
    fixed = tuple(edge for edge in drawing.accepted.edges if edge.pair not in set(voices.pairs) or _is_hidden(edge))
    found = _without_circles(voices, drawing.accepted, fixed, ways, order_rng)
    return _distinct(drawing.accepted, _Drawn(voices.pairs, causes, fixed, found, hidden, alone))


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """All draws: arrows of shape (draws, pairs) with the number cut, hidden causes of shape (draws, causes).

    Edges in `fixed` stand in every draw; the first `alone` draws took each doubt by itself.
    """

    pairs: Sequence[Pair]
    causes: Sequence[LatentSuggestion]
    fixed: Sequence[Edge]
    arrows: tuple[Ints, int]
    hidden: Flags
    alone: int


def _is_hidden(edge: Edge) -> bool:
    return edge.kind is EdgeKind.BIDIRECTED


def _suspected(drawing: Drawing) -> tuple[LatentSuggestion, ...]:
    """List the suspected hidden causes of two or more nodes that the accepted graph does not draw already."""
    graph, found = drawing.accepted, []
    for one in drawing.consensus.latents:
        affects = tuple(sorted(set(one.affects) & set(graph.names)))
        pairs = list(combinations(affects, 2))
        drawn = all(graph.has(*pair, EdgeKind.BIDIRECTED) or pair in drawing.decided for pair in pairs)
        if pairs and not drawn and one.valid:
            found.append(one.model_copy(update={"affects": affects}))
    return tuple(sorted(found, key=lambda one: (one.affects, one.name)))


def _without_circles(
    voices: Voices, graph: CausalGraph, fixed: Sequence[Edge], ways: Ints, rng: Generator
) -> tuple[Ints, int]:
    """Leave out arrows that would close a circle; give the draws and how many arrows were left out."""
    place = {name: index for index, name in enumerate(graph.names)}
    ends = [(place[first], place[second]) for first, second in voices.pairs]
    settled = [0] * len(place)
    for edge in fixed:
        if edge.kind is EdgeKind.DIRECTED:
            _join(settled, place[edge.source], place[edge.target])
    shares, found, cut = voices.shares(), ways.copy(), 0
    for row, chance in zip(found, rng.random(ways.shape), strict=True):
        below = list(settled)
        drawn = [one for one in range(len(ends)) if row[one] != NEITHER]
        drawn.sort(key=lambda one: (-shares[one, row[one]], chance[one]))
        for one in drawn:
            source, target = ends[one] if row[one] == FORWARD else ends[one][::-1]
            if not _join(below, source, target):
                row[one], cut = NEITHER, cut + 1
    return found, cut


def _join(below: list[int], source: int, target: int) -> bool:
    """Draw an arrow, unless it closes a circle; `below` holds the descendants of each node as bits."""
    if below[target] >> source & 1:
        return False
    gained = below[target] | 1 << target
    for node in range(len(below)):
        if node == source or below[node] >> source & 1:
            below[node] |= gained
    return True


def _distinct(accepted: CausalGraph, drawn: _Drawn) -> GraphDraws:
    """Put equal draws together, in the order of their first draw."""
    import numpy as np

    arrows, cut = drawn.arrows
    rows = np.hstack([arrows, drawn.hidden.astype(np.int64)])
    unique, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    counts = np.bincount(which.ravel(), minlength=len(unique))
    compared = np.bincount(which.ravel()[: drawn.alone], minlength=len(unique))
    many = len(drawn.pairs)
    doubts = [Doubt(pair=pair) for pair in drawn.pairs]
    doubts += [
        Doubt(pair=(one.affects[0], one.affects[1]), hidden=True, affects=one.affects, name=one.name)
        for one in drawn.causes
    ]
    graphs, states = [], []
    for row in unique[order].tolist():
        graphs.append(_graph(accepted, drawn, row[:many], row[many:]))
        hidden = (EdgeState.CONFOUNDED if one else EdgeState.ABSENT for one in row[many:])
        states.append((*(_STATES[way] for way in row[:many]), *hidden))
    return GraphDraws(
        source=GraphSource.VOTES,
        doubts=tuple(doubts),
        graphs=tuple(graphs),
        states=tuple(states),
        counts=tuple(int(one) for one in counts[order]),
        compared=tuple(int(one) for one in compared[order]),
        cut=cut,
    )


def _graph(accepted: CausalGraph, drawn: _Drawn, ways: Sequence[int], hidden: Sequence[int]) -> CausalGraph:
    edges = set(drawn.fixed)
    for (first, second), way in zip(drawn.pairs, ways, strict=True):
        if way != NEITHER:
            source, target = (first, second) if way == FORWARD else (second, first)
            edges.add(Edge(source=source, target=target))
    for cause, present in zip(drawn.causes, hidden, strict=True):
        if present:
            edges |= {
                Edge(source=first, target=second, kind=EdgeKind.BIDIRECTED)
                for first, second in combinations(cause.affects, 2)
            }
    ordered = sorted(edges, key=lambda edge: (edge.source, edge.target, edge.kind))
    # Acyclic by the way it was made: checking a thousand graphs again would take longer than drawing them.
    return CausalGraph.model_construct(nodes=accepted.nodes, edges=tuple(ordered))
