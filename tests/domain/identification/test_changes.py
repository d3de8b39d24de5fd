"""Single changes of a graph: every one, none twice, none with a circle."""

from __future__ import annotations

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.changes import single_changes
from copilot.domain.many_graphs import EdgeState

GRAPH = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), ("t", "m"), ("m", "y")], nodes=("n",))


def test_every_pair_is_changed_in_every_way_that_closes_no_circle() -> None:
    draws = single_changes(GRAPH, "t", "y")
    assert draws.graphs[0] == GRAPH
    drawn = [frozenset(str(edge) for edge in graph.edges) for graph in draws.graphs]
    assert len(set(drawn)) == len(drawn) == len(draws.states) == len(draws.counts)
    own = drawn[0]
    differences = [(own - one, one - own) for one in drawn[1:]]
    assert all(len(gone) <= 1 and len(new) <= 1 and gone | new for gone, new in differences)
    assert (frozenset({"w -> t"}), frozenset()) in differences
    assert (frozenset({"w -> t"}), frozenset({"t -> w"})) in differences
    # m -> t would close a circle only with t -> m, which it replaces; w -> m closes none.
    assert (frozenset({"t -> m"}), frozenset({"m -> t"})) in differences
    assert (frozenset(), frozenset({"w -> m"})) in differences
    assert (frozenset(), frozenset({"m <-> y"})) in differences
    # y -> w closes a circle through t -> y, whatever becomes of w -> y.
    assert not any("y -> w" in new for _, new in differences)
    # The question itself is not changed.
    assert not any({"t -> y", "t <-> y", "y -> t"} & (gone | new) for gone, new in differences)
    for graph in draws.graphs:
        assert CausalGraph(nodes=graph.nodes, edges=graph.edges) == graph


def test_states_say_how_each_pair_stands() -> None:
    draws = single_changes(GRAPH, "t", "y")
    for graph, states in zip(draws.graphs, draws.states, strict=True):
        for doubt, state in zip(draws.doubts, states, strict=True):
            first, second = doubt.pair
            if doubt.hidden:
                assert (f"{first} <-> {second}" in map(str, graph.edges)) is (state is EdgeState.CONFOUNDED)
            else:
                assert graph.has(first, second) is (state is EdgeState.FORWARD)
                assert graph.has(second, first) is (state is EdgeState.BACKWARD)


def test_hidden_causes_and_latent_nodes() -> None:
    graph = CausalGraph.build(directed=[("u", "t"), ("u", "y"), ("t", "y")], bidirected=[("t", "z")], latent=["u"])
    changed = [{str(edge) for edge in one.edges} for one in single_changes(graph, "t", "y").graphs]
    assert {"u -> t", "u -> y", "t -> y"} in changed  # the hidden cause of t and z taken out
    assert {"u -> y", "t -> y", "t <-> z"} in changed
    assert not any("t -> u" in one or "u <-> z" in one or "u -> z" in one for one in changed)


def test_a_limit_is_counted_and_keeps_the_edges_of_the_graph_first() -> None:
    everything = single_changes(GRAPH, "t", "y")
    some = single_changes(GRAPH, "t", "y", limit=8)
    assert len(some.graphs) <= 9
    assert some.left_out == len(everything.graphs) - len(some.graphs) > 0
    arrows = [doubt.pair for doubt in some.doubts if not doubt.hidden]
    assert arrows == [("m", "t"), ("m", "y"), ("t", "w"), ("w", "y")][: len(arrows)]
