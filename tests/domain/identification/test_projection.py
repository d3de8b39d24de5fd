from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.projection import latent_projection, topological_order
from copilot.domain.separation import separated
from copilot.errors import GraphError


@st.composite
def latent_graphs(draw: st.DrawFn) -> CausalGraph:
    names = list("abcdef"[: draw(st.integers(2, 6))])
    pairs = list(itertools.combinations(draw(st.permutations(names)), 2))
    return CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(pairs), unique=True)),
        bidirected=draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from(names), unique=True, max_size=3)),
    )


@settings(max_examples=150, deadline=None)
@given(latent_graphs())
def test_the_projection_keeps_every_separation_and_every_cause(graph: CausalGraph) -> None:
    projected = latent_projection(graph)
    observed = [name for name in graph.names if name not in graph.latent]
    assert list(projected.names) == observed
    assert CausalGraph.model_validate(projected.model_dump()) == projected
    for name in observed:
        assert projected.descendants([name]) == graph.descendants([name]) - graph.latent
    for one, other in itertools.combinations(observed, 2):
        rest = [name for name in observed if name not in {one, other}]
        for held in itertools.chain.from_iterable(itertools.combinations(rest, size) for size in range(len(rest) + 1)):
            assert separated(projected, one, other, held) == separated(graph, one, other, held)


@pytest.mark.parametrize(
    ("directed", "bidirected", "latent", "edges"),
    [
        (["ua", "ub"], [], "u", ["a <-> b"]),
        (["au", "ub"], [], "u", ["a -> b"]),
        (["au", "ub", "uc"], [], "u", ["a -> b", "a -> c", "b <-> c"]),
        (["uv", "va", "ub"], [], "uv", ["a <-> b"]),
        (["ua"], ["ub"], "u", ["a <-> b"]),
        (["ua", "vb"], ["uv"], "uv", ["a <-> b"]),
        (["au", "bu"], [], "u", []),
        (["ab"], ["ab"], "", ["a <-> b", "a -> b"]),
    ],
)
def test_paths_through_latent_nodes_become_edges(
    directed: list[str], bidirected: list[str], latent: str, edges: list[str]
) -> None:
    pairs = [(one, other) for one, other in directed], [(one, other) for one, other in bidirected]
    graph = CausalGraph.build(directed=pairs[0], bidirected=pairs[1], latent=latent)
    assert [str(edge) for edge in latent_projection(graph).edges] == edges


def test_a_graph_without_latent_nodes_is_its_own_projection() -> None:
    graph = CausalGraph.build(directed=["ab"], bidirected=["bc"])
    assert latent_projection(graph) is graph


def test_an_edge_without_direction_is_refused() -> None:
    with pytest.raises(GraphError):
        latent_projection(CausalGraph.build(undirected=["ab"]))


@given(latent_graphs())
def test_causes_stand_before_effects(graph: CausalGraph) -> None:
    order = topological_order(graph)
    assert sorted(order) == list(graph.names)
    assert all(order.index(parent) < order.index(name) for name in order for parent in graph.parents(name))
