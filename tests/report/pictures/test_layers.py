from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.report.pictures.layers import assign_layers, lay_out


@st.composite
def graphs(draw: st.DrawFn) -> CausalGraph:
    names = [f"v{number}" for number in range(draw(st.integers(1, 9)))]
    order = draw(st.permutations(names))
    pairs = list(itertools.combinations(order, 2))
    kinds = draw(
        st.lists(st.sampled_from(["", "", "->", "--", "<->", "both"]), min_size=len(pairs), max_size=len(pairs))
    )
    chosen = list(zip(pairs, kinds, strict=True))
    return CausalGraph.build(
        names,
        directed=[pair for pair, kind in chosen if kind in ("->", "both")],
        bidirected=[pair for pair, kind in chosen if kind in ("<->", "both")],
        undirected=[pair for pair, kind in chosen if kind == "--"],
    )


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_arrows_go_to_the_right_and_nodes_never_share_a_place(graph: CausalGraph) -> None:
    layout = lay_out(graph)
    for edge, way, back in zip(graph.edges, layout.ways, layout.reversed, strict=True):
        if edge.kind is EdgeKind.DIRECTED:
            assert layout.positions[edge.source][0] < layout.positions[edge.target][0]
            assert not back
        ends = (edge.target, edge.source) if back else (edge.source, edge.target)
        assert (way[0], way[-1]) == tuple(layout.positions[name] for name in ends)
        assert len({column for column, _ in way}) == len(way) or len(way) == 2
    for layer in layout.layers:
        rows = [layout.positions[name][1] for name in layer]
        assert all(lower - upper >= 1 for upper, lower in itertools.pairwise(rows))
    inner = [(point, edge) for way, edge in zip(layout.ways, graph.edges, strict=True) for point in way[1:-1]]
    for (column, row), _ in inner:
        assert all(abs(row - other) >= 0.75 for name, (place, other) in layout.positions.items() if place == column)
    assert sorted(name for layer in layout.layers for name in layer) == list(graph.names)
    assert all((4 * row).is_integer() for _, row in layout.positions.values())
    assert lay_out(graph) == layout


def test_undirected_edges_never_close_a_circle() -> None:
    graph = CausalGraph.build(directed=[("c", "a")], undirected=[("a", "b"), ("b", "c")])
    layers = assign_layers(graph)
    assert layers["c"] < layers["a"]
    assert len({layers[name] for name in "abc"}) == 3


def test_a_source_stands_next_to_what_it_causes() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("b", "c"), ("c", "d"), ("z", "d")])
    assert assign_layers(graph) == {"a": 0, "b": 1, "c": 2, "d": 3, "z": 2}


def test_crossings_that_can_be_avoided_are() -> None:
    graph = CausalGraph.build(directed=[("a", "z"), ("b", "y"), ("c", "x")])
    assert lay_out(graph).crossings == 0


@pytest.mark.parametrize("reach", [4, 100])
def test_a_hundred_nodes_take_less_than_seconds(
    reach: int, within: Callable[[float], AbstractContextManager[None]]
) -> None:
    names = [f"n{number:03}" for number in range(100)]
    pairs = [(a, b) for (i, a), (j, b) in itertools.combinations(enumerate(names), 2) if j - i <= reach]
    with within(5):
        layout = lay_out(CausalGraph.build(names, directed=pairs))
    assert len(layout.positions) == 100


def test_an_empty_graph_has_a_layout() -> None:
    assert lay_out(CausalGraph()).layers == ()
