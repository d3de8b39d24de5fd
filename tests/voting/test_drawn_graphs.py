"""Graphs drawn from ballots: shares, circles, constraints, and what a person decided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence

from copilot.domain.consensus import Consensus, Constraints, VotingRules
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, find_cycle
from copilot.domain.many_graphs import Doubt, EdgeState, GraphDraws
from copilot.domain.votes import EdgeVote, GraphBallot, Group, LatentVote, Voter, Votes
from copilot.voting.consensus import form_consensus
from copilot.voting.drawn_graphs import draw_graphs
from copilot.voting.voices import Drawing

NAMES = ("t", "w", "y")
Arrows = tuple[tuple[str, str], ...]


def ballot(
    number: int, arrows: Arrows, *, latents: tuple[tuple[str, ...], ...] = (), names: tuple[str, ...] = NAMES
) -> GraphBallot:
    return GraphBallot(
        voter=Voter(group=Group.LLM, source="m", ballot=number),
        edges=tuple(EdgeVote(source=a, target=b) for a, b in arrows),
        latents=tuple(LatentVote(name="care", affects=ends) for ends in latents),
        asked=frozenset(names),
    )


def drawing(
    ballots: list[GraphBallot], constraints: Constraints = Constraints(), names: tuple[str, ...] = NAMES
) -> Drawing:
    votes = Votes(ballots=tuple(ballots))
    consensus = form_consensus(names, ballots=ballots, constraints=constraints, rules=VotingRules())
    return Drawing(votes=votes, consensus=consensus, accepted=consensus.graph, constraints=constraints)


def share(draws: GraphDraws, doubt: Doubt, state: EdgeState, *, alone: bool = True) -> float:
    place = [(one.pair, one.hidden) for one in draws.doubts].index((doubt.pair, doubt.hidden))
    counts = draws.compared if alone else draws.counts
    return sum(n for n, states in zip(counts, draws.states, strict=True) if states[place] is state) / sum(counts)


def test_pairs_are_drawn_by_their_support_and_by_whole_ballots() -> None:
    base: Arrows = (("t", "y"), ("w", "y"))
    ballots = [ballot(n, (*base, ("w", "t")) if n < 7 else base) for n in range(10)]
    draws = draw_graphs(drawing(ballots), SeedSequence(1), 2000)
    assert sum(draws.counts) == 2000
    assert sum(draws.compared) == 1000
    doubt = Doubt(pair=("t", "w"))
    assert share(draws, doubt, EdgeState.BACKWARD) == pytest.approx(0.7, abs=0.05)
    # Seven of ten is a majority in nearly all resamples of the ballots.
    assert share(draws, doubt, EdgeState.BACKWARD, alone=False) > 0.75
    assert share(draws, Doubt(pair=("t", "y")), EdgeState.FORWARD) == 1.0
    assert all(graph.has("t", "y") and graph.has("w", "y") for graph in draws.graphs)


def test_edges_that_go_together_stay_together_where_ballots_are_resampled() -> None:
    names = ("a", "b", "t", "y")
    both: Arrows = (("t", "y"), ("a", "t"), ("b", "y"))
    ballots = [ballot(n, both if n % 2 else (("t", "y"),), names=names) for n in range(10)]
    draws = draw_graphs(drawing(ballots, names=names), SeedSequence(3), 2000)
    mixed = dict.fromkeys((True, False), 0)
    for graph, compared, count in zip(draws.graphs, draws.compared, draws.counts, strict=True):
        if graph.has("a", "t") != graph.has("b", "y"):
            mixed[True] += compared
            mixed[False] += count - compared
    assert mixed[False] == 0
    assert mixed[True] == pytest.approx(500, abs=80)


def test_suspected_causes_are_drawn_with_their_votes() -> None:
    base: Arrows = (("t", "y"),)
    ballots = [ballot(n, base, latents=(("t", "y"),) if n < 4 else ()) for n in range(10)]
    draws = draw_graphs(drawing(ballots), SeedSequence(2), 2000)
    doubt = Doubt(pair=("t", "y"), hidden=True)
    assert share(draws, doubt, EdgeState.CONFOUNDED) == pytest.approx(0.4, abs=0.05)
    place = next(n for n, one in enumerate(draws.doubts) if one.hidden)
    assert draws.doubts[place].name == "care"
    for graph, states in zip(draws.graphs, draws.states, strict=True):
        assert graph.has("t", "y", EdgeKind.BIDIRECTED) is (states[place] is EdgeState.CONFOUNDED)


def test_what_is_required_forbidden_or_decided_stands_in_every_draw() -> None:
    ballots = [ballot(n, (("t", "y"), ("w", "t")) if n % 2 else (("y", "w"), ("t", "w"))) for n in range(10)]
    ruled = drawing(ballots, Constraints(require=(("w", "y"),), forbid=(("t", "w"),)))
    draws = draw_graphs(ruled, SeedSequence(5), 600)
    assert all(graph.has("w", "y") and not graph.has("t", "w") for graph in draws.graphs)
    assert 0.2 < share(draws, Doubt(pair=("t", "w")), EdgeState.BACKWARD) < 0.8
    plain = drawing(ballots)
    accepted = CausalGraph.build(nodes=NAMES, directed=[("y", "t")])
    decided = Drawing(plain.votes, plain.consensus, accepted, decided=frozenset({("t", "y")}))
    draws = draw_graphs(decided, SeedSequence(5), 600)
    assert all(graph.has("y", "t") for graph in draws.graphs)
    assert ("t", "y") not in [doubt.pair for doubt in draws.doubts]


def test_an_edge_without_direction_gets_either() -> None:
    accepted = CausalGraph.build(nodes=NAMES, undirected=[("t", "w")], directed=[("t", "y")])
    empty = Drawing(Votes(), Consensus(graph=accepted, edges=(), turnout={}), accepted)
    draws = draw_graphs(empty, SeedSequence(7), 400)
    assert share(draws, Doubt(pair=("t", "w")), EdgeState.FORWARD) == pytest.approx(0.5, abs=0.1)
    assert all(graph.has("t", "y") for graph in draws.graphs)
    assert not any(edge.kind is EdgeKind.UNDIRECTED for graph in draws.graphs for edge in graph.edges)


PAIR = st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda pair: pair[0] != pair[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PAIR, max_size=6, unique_by=frozenset), min_size=1, max_size=6))
def test_every_draw_is_acyclic_and_the_order_of_ballots_is_nothing(drawn: list[list[tuple[str, str]]]) -> None:
    names = ("a", "b", "c", "d")
    ballots = [ballot(n, tuple(arrows), names=names) for n, arrows in enumerate(drawn)]
    draws = draw_graphs(drawing(ballots, names=names), SeedSequence(11), 60)
    assert sum(draws.counts) == 60
    assert len({graph.edges for graph in draws.graphs}) == len(draws.graphs)
    for graph, states in zip(draws.graphs, draws.states, strict=True):
        assert find_cycle(graph.children_of) is None
        assert CausalGraph(nodes=graph.nodes, edges=graph.edges) == graph
        for doubt, state in zip(draws.doubts, states, strict=True):
            first, second = doubt.pair
            now = {
                EdgeState.FORWARD: {Edge(source=first, target=second)},
                EdgeState.BACKWARD: {Edge(source=second, target=first)},
                EdgeState.ABSENT: set(),
            }[state]
            assert {edge for edge in graph.edges if edge.pair == doubt.pair} == now
    assert draw_graphs(drawing(ballots[::-1], names=names), SeedSequence(11), 60) == draws
