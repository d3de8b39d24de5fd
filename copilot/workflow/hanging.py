"""What the answer hangs on, as questions for a review: by estimates once there are some, by identification before."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from numpy.random import SeedSequence

from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.brief import identify_briefly
from copilot.domain.identification.changes import single_changes
from copilot.domain.identification.values import Identification, Names, Strategy
from copilot.domain.many_graphs import Doubt, EdgeState, GraphDraws, PivotalEdge
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.voting.drawn_graphs import draw_graphs
from copilot.workflow.pivotal import FEWEST

if TYPE_CHECKING:
    from copilot.voting.voices import Drawing

Key = tuple[tuple[str, str], bool]
"""A pair in alphabetical order, and whether a hidden cause of it is meant."""
_DRAWS, _BRANCH = 400, 24
LEAST = 0.1
"""Share of graphs whose way to the effect must change with the pair for it to be asked about first."""
_FEW = 8
_NULL, _LOST = "no effect by assumption", "not identifiable"


def hanging_on(edges: Iterable[PivotalEdge]) -> dict[Key, str]:
    """Take what an analysis found: pair → what hangs on it, the gravest first."""
    found: dict[Key, str] = {}
    for edge in edges:
        first, second = sorted((edge.source, edge.target))
        found.setdefault(((first, second), edge.hidden), edge.message)
    return found


def hanging_by_identification(drawing: Drawing, query: Query, seed: int) -> dict[Key, str]:
    """Find the pairs on which the way to the effect hangs, before anything is estimated.

    Graphs are drawn from the votes, and for each pair the ways to the effect are compared between the graphs in which
    it stands one way and those in which it stands another. How far they differ is the largest share of graphs that
    have to change their way (total variation distance).

    Parameters
    ----------
    drawing
        The votes.
    query
        Treatment and outcome; without both there is nothing to hang on them.
    seed
        Of the run.

    Returns
    -------
    dict
        Pair → what hangs on it, the gravest first; none on which less than `LEAST` hangs.
    """
    treatment, outcome = query.treatment, query.outcome
    graph = drawing.accepted
    if treatment is None or outcome is None or not set(graph.names) - graph.latent >= {treatment, outcome}:
        return {}
    draws = draw_graphs(drawing, SeedSequence(seed, spawn_key=(_BRANCH,)), _DRAWS)
    own = _own_set(graph, treatment, outcome)
    ways = [_way(one, treatment, outcome, own) for one in draws.graphs]
    ranked = []
    for place, doubt in enumerate(draws.doubts):
        shares = _shares(draws, ways, place)
        if not doubt.hidden and set(doubt.pair) == {treatment, outcome}:
            shares.pop(EdgeState.ABSENT, None)  # whether there is an effect is the question itself
        distance = _distance(list(shares.values()))
        if distance >= LEAST:
            ranked.append((-distance, doubt.pair, doubt.hidden, _told(doubt, shares)))
    return {(pair, hidden): text for _, pair, hidden, text in sorted(ranked)[:_FEW]}


def hanging_by_changes(graph: CausalGraph, query: Query) -> dict[Key, str]:
    """Find the edges of a graph that nobody voted on whose change alone changes the way to the effect.

    Parameters
    ----------
    graph
        Made by hand; with undirected edges there is no one way to change.
    query
        Treatment and outcome; without both there is nothing to hang on them.

    Returns
    -------
    dict
        Pair → what hangs on it; first those whose change leaves no way, then those that need another one.
    """
    treatment, outcome = query.treatment, query.outcome
    loose = any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges)
    if loose or treatment is None or outcome is None or not set(graph.names) - graph.latent >= {treatment, outcome}:
        return {}
    draws, own = single_changes(graph, treatment, outcome), _own_set(graph, treatment, outcome)
    now = _way(graph, treatment, outcome, own)
    ranked = []
    for place, doubt in enumerate(draws.doubts):
        first, second = doubt.pair
        drawn = graph.has(first, second) or graph.has(second, first)
        if drawn if doubt.hidden else not drawn:  # the review asks about edges that are there
            continue
        rows = [row for row, states in enumerate(draws.states) if states[place] is not draws.states[0][place]]
        ways = {draws.states[row][place]: _way(draws.graphs[row], treatment, outcome, own) for row in rows}
        changed = {state: Counter({way: 1}) for state, way in ways.items() if way != now}
        if changed and (draws.states[0][place] is not EdgeState.ABSENT):
            lost = all(way not in (_NULL, _LOST) for way in ways.values())
            ranked.append((lost, doubt.pair, doubt.hidden, _told(doubt, changed)))
    return {(pair, hidden): text.replace("mostly ", "") for _, pair, hidden, text in sorted(ranked)}


def _own_set(graph: CausalGraph, treatment: str, outcome: str) -> Names | None:
    """Give the set that the voted graph calls for, ``None`` if it calls for something else or is open in directions."""
    if any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges):
        return None
    sets = identify_briefly(graph, treatment, outcome).backdoor
    return sets.optimal if sets.optimal is not None else sets.optimal_minimal


def _way(graph: CausalGraph, treatment: str, outcome: str, own: Names | None) -> str:
    """Say in words how the effect is to be had under one graph; the set of the voted graph serves while it is valid."""
    found = identify_briefly(graph, treatment, outcome)
    if found.null_effect:
        return _NULL
    if own is not None and is_valid_adjustment(graph, treatment, outcome, own):
        return f"adjusting for {', '.join(map(shown, own)) or 'nothing'}"
    strategy = next(iter(found.strategies), None)
    if strategy is None:
        return _LOST
    return _words(strategy, found)


def _words(strategy: Strategy, found: Identification) -> str:
    if strategy is Strategy.BACKDOOR:
        sets = found.backdoor
        names = sets.optimal if sets.optimal is not None else sets.optimal_minimal or sets.minimal[0]
        return f"adjusting for {', '.join(map(shown, names)) or 'nothing'}"
    if strategy is Strategy.FRONTDOOR:
        door = found.frontdoor[0] if found.frontdoor else found.conditional_frontdoor[0].mediators
        return f"through {', '.join(map(shown, door))}"
    return f"by the instrument {', '.join(shown(one.name) for one in found.instruments)}"


def _shares(draws: GraphDraws, ways: Sequence[str], place: int) -> dict[EdgeState, Counter[str]]:
    found: dict[EdgeState, Counter[str]] = {}
    for way, states, many in zip(ways, draws.states, draws.compared, strict=True):
        if many:
            found.setdefault(states[place], Counter())[way] += many
    return {state: counts for state, counts in found.items() if counts.total() >= FEWEST}


def _distance(shares: Sequence[Counter[str]]) -> float:
    """Give the largest total variation distance between two of several distributions, less what chance may do."""
    pairs = [(one, other) for number, one in enumerate(shares) for other in shares[number + 1 :]]
    return max((sum(_gap(one, other, way) for way in {*one, *other}) / 2 for one, other in pairs), default=0.0)


def _gap(one: Counter[str], other: Counter[str], way: str) -> float:
    """Give how far two shares differ beyond twice the standard error of the difference."""
    shares = [(counts[way] / counts.total(), counts.total()) for counts in (one, other)]
    error = math.sqrt(sum(share * (1 - share) / many for share, many in shares))
    return max(0.0, abs(shares[0][0] - shares[1][0]) - 2 * error)


def _told(doubt: Doubt, shares: Mapping[EdgeState, Counter[str]]) -> str:
    first, second = map(shown, doubt.pair)
    words = {
        EdgeState.FORWARD: f"with {first} -> {second}",
        EdgeState.BACKWARD: f"with {second} -> {first}",
        EdgeState.ABSENT: "without it" if doubt.hidden else "with no arrow between them",
        EdgeState.CONFOUNDED: "with this hidden cause",
    }
    parts = [f"{words[state]}, mostly {counts.most_common(1)[0][0]}" for state, counts in sorted(shares.items())]
    return f"How the effect is to be computed hangs on it: {'; '.join(parts)}."
