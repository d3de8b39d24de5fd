from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.identification.identify import identify
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import EffectKind
from copilot.errors import CycleError, GraphError


def directed(graph: CausalGraph, way: tuple[Edge, ...]) -> CausalGraph:
    kept = tuple(edge for edge in graph.edges if edge.kind is not EdgeKind.UNDIRECTED)
    return CausalGraph(nodes=graph.nodes, edges=(*kept, *way))


def test_without_undirected_edges_there_is_one_group() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    found = identify_oriented(graph, "t", "y")
    assert found.common == identify(graph, "t", "y")
    assert [(group.edges, group.identification) for group in found.groups] == [((), found.common)]
    assert found.complete


def test_equal_answers_are_grouped_and_the_commonest_comes_first() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "y")], undirected=[("w", "t"), ("q", "w"), ("q", "v")])
    found = identify_oriented(graph, "t", "y")
    assert sum(len(group.edges) for group in found.groups) == 8
    sizes = [len(group.edges) for group in found.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert len({group.identification for group in found.groups}) == len(found.groups)


def test_circles_are_left_out() -> None:
    graph = CausalGraph.build(directed=[("t", "y")], undirected=[("a", "b"), ("b", "c"), ("a", "c")])
    found = identify_oriented(graph, "t", "y")
    assert sum(len(group.edges) for group in found.groups) == 6
    with pytest.raises(CycleError):
        directed(graph, tuple(Edge(source=a, target=b) for a, b in ("ab", "bc", "ca")))


def test_an_undirected_edge_between_treatment_and_outcome_may_mean_no_effect() -> None:
    found = identify_oriented(CausalGraph.build(undirected=[("t", "y")]), "t", "y")
    assert [group.identification.null_effect for group in found.groups] == [False, True]
    assert not found.common.null_effect
    assert found.common.identifiable
    assert found.common.notices == ()
    assert [notice.code for notice in found.groups[1].identification.notices] == ["reversed"]


def test_sets_that_each_orientation_wants_are_joined_where_that_is_valid_in_all() -> None:
    graph = CausalGraph.build(
        directed=[("a", "t"), ("b", "y"), ("c", "t"), ("c", "y"), ("t", "y")], undirected=[("a", "b")]
    )
    found = identify_oriented(graph, "t", "y")
    assert found.common.backdoor.minimal == (("a", "c"), ("b", "c"))
    assert found.common.backdoor.complete


def test_a_set_that_is_needed_in_one_orientation_and_too_large_in_another_is_common() -> None:
    # With a -> m the collider m must have a or b beside it; with m -> a it is enough alone.
    graph = CausalGraph.build(
        directed=[("b", "m"), ("b", "y"), ("m", "t"), ("m", "y"), ("a", "t"), ("t", "y")], undirected=[("a", "m")]
    )
    found = identify_oriented(graph, "t", "y")
    assert {group.identification.backdoor.minimal for group in found.groups} == {(("a", "m"), ("b", "m")), (("m",),)}
    assert found.common.backdoor.minimal == (("a", "m"), ("b", "m"))
    assert not found.common.backdoor.complete


def test_a_set_that_no_orientation_lists_can_be_valid_in_all() -> None:
    graph = CausalGraph.build(
        directed=[("a", "b")], bidirected=[("b", "t"), ("c", "y")], undirected=[("a", "c"), ("a", "t")]
    )
    found = identify_oriented(graph, "t", "y")
    for names in found.common.backdoor.minimal:
        for group in found.groups:
            for way in group.edges:
                assert is_valid_adjustment(directed(graph, way), "t", "y", names)
    assert found.common.backdoor.minimal == (("a", "c"),)
    assert all(("a", "c") not in group.identification.backdoor.minimal for group in found.groups)


def test_the_cap_is_said() -> None:
    graph = CausalGraph.build(directed=[("t", "y")], undirected=[(f"a{i}", f"b{i}") for i in range(6)])
    found = identify_oriented(graph, "t", "y", orientations=16)
    assert not found.complete
    assert sum(len(group.edges) for group in found.groups) == 16
    assert [notice.code for notice in found.common.notices] == ["orientations_capped"]


def test_a_thousand_undirected_edges_are_no_trouble() -> None:
    names = [f"n{i:04}" for i in range(1001)]
    graph = CausalGraph.build(undirected=list(itertools.pairwise(names)))
    found = identify_oriented(graph, "n0000", "n0001", orientations=4)
    assert not found.complete
    assert sum(len(group.edges) for group in found.groups) == 4
    assert {group.identification.null_effect for group in found.groups} == {True, False}


def test_wishes_and_columns_are_handed_on() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")], undirected=[("w", "v")])
    found = identify_oriented(graph, "t", "y", columns=["t", "y", "w"], must=["w"], effect=EffectKind.DIRECT)
    assert found.common.backdoor.minimal == (("w",),)
    assert found.common.effect is EffectKind.DIRECT
    assert [notice.subject for notice in found.common.notices] == ["v"]
    assert identify_oriented(graph, "t", "y", never=["w"]).common.backdoor.sets == ()
    with pytest.raises(GraphError, match="cost of w"):
        identify_oriented(graph, "t", "y", costs={"w": -1})


@st.composite
def questions(draw: st.DrawFn) -> tuple[CausalGraph, str, str]:
    names = list("abcdef"[: draw(st.integers(3, 6))])
    order = draw(st.permutations(names))
    kinds = st.sampled_from(["none", "arrow", "both", "loose"])
    edges: dict[str, list[tuple[str, str]]] = {"none": [], "arrow": [], "both": [], "loose": []}
    for pair in itertools.combinations(order, 2):
        kind = draw(kinds)
        edges["arrow" if kind == "loose" and len(edges["loose"]) > 3 else kind].append(pair)
    graph = CausalGraph.build(names, edges["arrow"], edges["both"][:2], edges["loose"])
    x, y = draw(st.permutations(names))[:2]
    return graph, x, y


@settings(max_examples=60, deadline=None)
@given(questions())
def test_every_acyclic_orientation_is_in_one_group_with_its_own_answer(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.UNDIRECTED]
    expected = set()
    for turns in itertools.product((False, True), repeat=len(loose)):
        way = tuple(
            Edge(source=e.target, target=e.source) if turn else Edge(source=e.source, target=e.target)
            for e, turn in zip(loose, turns, strict=True)
        )
        try:
            directed(graph, way)
        except CycleError:
            continue
        expected.add(frozenset(way))
    found = identify_oriented(graph, x, y)
    ways = [way for group in found.groups for way in group.edges] or [()]
    assert found.complete
    assert {frozenset(way) for way in ways} == expected
    assert len(ways) == len(expected)
    for group in found.groups:
        for way in group.edges:
            assert identify(directed(graph, way), x, y) == group.identification
    for names in found.common.backdoor.sets:
        assert all(is_valid_adjustment(directed(graph, way), x, y, names) for way in ways)
    assert found.common.identifiable == all(group.identification.identifiable for group in found.groups)
    strategies = [set(group.identification.strategies) for group in found.groups]
    assert set(found.common.strategies) <= set.intersection(*strategies)


def test_a_conditional_front_door_stands_in_common_only_if_it_holds_in_every_orientation() -> None:
    door = [("t", "m"), ("m", "y"), ("w", "t"), ("w", "m"), ("w", "y")]
    graph = CausalGraph.build(directed=door, bidirected=[("t", "y")], undirected=[("a", "w")])
    (given,) = identify_oriented(graph, "t", "y").common.conditional_frontdoor
    assert (given.mediators, given.given) == (("m",), ("w",))
    turned = CausalGraph.build(
        directed=[("t", "m"), ("m", "y"), ("w", "m"), ("w", "y")], bidirected=[("t", "y")], undirected=[("w", "t")]
    )
    found = identify_oriented(turned, "t", "y")
    assert found.common.conditional_frontdoor == ()
    assert any(group.identification.conditional_frontdoor for group in found.groups)


def test_arrows_the_other_way_round_are_said_only_where_no_direction_helps() -> None:
    loose = CausalGraph.build(directed=[("w", "t"), ("w", "y")], undirected=[("t", "y")])
    assert "reversed" not in [one.code for one in identify_oriented(loose, "t", "y").common.notices]
    turned = CausalGraph.build(directed=[("y", "t")], undirected=[("v", "y")])
    assert "reversed" in [one.code for one in identify_oriented(turned, "t", "y").common.notices]
