from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.separation import connecting_path, reachable, separated
from copilot.errors import GraphError, UnknownVariableError


@st.composite
def confounded_graphs(draw: st.DrawFn) -> CausalGraph:
    names = list("abcdefg"[: draw(st.integers(2, 7))])
    pairs = list(itertools.combinations(draw(st.permutations(names)), 2))
    directed = draw(st.lists(st.sampled_from(pairs), unique=True))
    bidirected = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=4))
    return CausalGraph.build(names, directed=directed, bidirected=bidirected)


def with_latents(graph: CausalGraph) -> nx.DiGraph:
    """Write each bidirected edge as a node of its own that points at both ends."""
    plain = nx.DiGraph()
    plain.add_nodes_from(graph.names)
    for edge in graph.edges:
        if edge.kind is EdgeKind.DIRECTED:
            plain.add_edge(edge.source, edge.target)
        else:
            plain.add_edges_from(((("u", edge.pair), edge.source), (("u", edge.pair), edge.target)))
    return plain


CHAIN = CausalGraph.build(directed=[("x", "m"), ("m", "y")])
COLLIDER = CausalGraph.build(directed=[("x", "m"), ("y", "m"), ("m", "p")])
ARCS = CausalGraph.build(bidirected=[("x", "m"), ("m", "b"), ("b", "y")])
HALF = CausalGraph.build(directed=[("m", "y")], bidirected=[("x", "m")])
MIT = CausalGraph.build(directed=[("A", "C"), ("B", "C"), ("C", "D"), ("C", "E"), ("D", "F"), ("F", "G")])


@pytest.mark.parametrize(
    ("graph", "x", "y", "held", "expected"),
    [
        (HALF, "x", "y", (), False),
        (HALF, "x", "y", ("m",), True),
        (ARCS, "x", "y", ("m",), True),
        (ARCS, "x", "y", ("m", "b"), False),
        (CHAIN, "x", "y", (), False),
        (CHAIN, "x", "y", ("m",), True),
        (COLLIDER, "x", "y", (), True),
        (COLLIDER, "x", "y", ("m",), False),
        (COLLIDER, "x", "y", ("p",), False),
        (MIT, "A", "B", ("D", "F"), False),
        (MIT, "A", "B", (), True),
        (MIT, "D", "E", ("C",), True),
        (MIT, "D", "E", ("A", "B"), False),
        (MIT, "D", "G", ("F",), True),
    ],
)
def test_known_answers(graph: CausalGraph, x: str, y: str, held: tuple[str, ...], expected: bool) -> None:
    assert separated(graph, x, y, held) is expected
    assert separated(graph, y, x, held) is expected
    assert (connecting_path(graph, x, y, held) is None) is expected


@given(confounded_graphs(), st.data())
def test_agrees_with_d_separation_in_the_graph_with_explicit_latents(graph: CausalGraph, data: st.DataObject) -> None:
    x, y = data.draw(st.permutations(graph.names))[:2]
    held = frozenset(data.draw(st.lists(st.sampled_from(graph.names), unique=True))) - {x, y}
    expected = nx.is_d_separator(with_latents(graph), {x}, {y}, set(held))
    assert separated(graph, x, y, held) is expected
    assert (y in reachable(graph, x, held)) is not expected


@given(confounded_graphs(), st.data())
def test_the_path_shown_is_open_and_visits_no_node_twice(graph: CausalGraph, data: st.DataObject) -> None:
    x, y = data.draw(st.permutations(graph.names))[:2]
    held = frozenset(data.draw(st.lists(st.sampled_from(graph.names), unique=True))) - {x, y}
    path = connecting_path(graph, x, y, held)
    if path is None:
        return
    nodes = [x]
    for edge in path:
        assert edge in graph.edges
        nodes.append(edge.target if edge.source == nodes[-1] else edge.source)
    assert nodes[-1] == y
    assert len(set(nodes)) == len(nodes)
    opened = graph.ancestors(held)
    for node, (before, after) in zip(nodes[1:-1], itertools.pairwise(path), strict=True):
        collides = all(edge.kind is EdgeKind.BIDIRECTED or edge.target == node for edge in (before, after))
        assert (node in opened) if collides else (node not in held)


def test_the_shortest_path_is_chosen() -> None:
    graph = CausalGraph.build(directed=[("x", "a"), ("a", "b"), ("b", "y"), ("x", "c"), ("c", "y")])
    assert connecting_path(graph, "x", "y") == (Edge(source="x", target="c"), Edge(source="c", target="y"))


def test_one_name_may_stand_for_a_set_of_one() -> None:
    graph = CausalGraph.build(directed=[("age", "wage")])
    assert not separated(graph, "age", "wage")
    assert reachable(graph, "age") == {"wage"}


def test_undirected_edges_are_refused_by_name() -> None:
    with pytest.raises(GraphError, match="a -- b"):
        separated(CausalGraph.build(undirected=[("a", "b")]), "a", "b")


def test_unknown_names_and_overlaps_are_refused() -> None:
    with pytest.raises(UnknownVariableError, match="'z'"):
        separated(CHAIN, "x", "y", "z")
    with pytest.raises(GraphError, match="two sides"):
        separated(CHAIN, "x", "y", "x")


def test_a_long_chain_needs_no_deep_stack() -> None:
    names = [f"v{i:05}" for i in range(20_000)]
    graph = CausalGraph.build(directed=itertools.pairwise(names))
    assert not separated(graph, names[0], names[-1])
    assert separated(graph, names[0], names[-1], names[9_000])
