from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import (
    forbidden_nodes,
    is_valid_adjustment,
    mediating_nodes,
    proper_backdoor_graph,
    some_adjustment_set,
)
from copilot.domain.graph import CausalGraph
from copilot.errors import GraphError, UnknownVariableError


@st.composite
def graphs_with_latents(draw: st.DrawFn) -> CausalGraph:
    names = list("abcdef"[: draw(st.integers(2, 6))])
    pairs = list(itertools.combinations(draw(st.permutations(names)), 2))
    return CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(pairs), unique=True)),
        bidirected=draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from(names), unique=True, max_size=2)),
    )


def subsets(names: frozenset[str]) -> list[frozenset[str]]:
    ordered = sorted(names)
    return [frozenset(some) for size in range(len(ordered) + 1) for some in itertools.combinations(ordered, size)]


def paths(graph: CausalGraph, x: str, y: str) -> list[list[tuple[str, bool, bool]]]:
    """List all paths as steps (node reached, arrowhead at its start, arrowhead at its end), by brute force."""
    found, ahead = [], [[(x, False, False)]]
    while ahead:
        path = ahead.pop()
        here = path[-1][0]
        if here == y:
            found.append(path)
            continue
        moves = [(other, False, True) for other in graph.children(here)]
        moves += [(other, True, False) for other in graph.parents(here)]
        moves += [(other, True, True) for other in graph.spouses_of[here]]
        ahead += [[*path, move] for move in moves if move[0] not in {step[0] for step in path}]
    return found


def valid_by_definition(graph: CausalGraph, x: str, y: str, held: frozenset[str]) -> bool:
    """Check the criterion on every path: causal ones stay open and untouched, all others are blocked."""
    if held & graph.latent:
        return False
    opened = graph.ancestors(held)
    for path in paths(graph, x, y):
        if all((start, end) == (False, True) for _, start, end in path[1:]):
            if held & graph.descendants(node for node, _, _ in path[1:]):
                return False
            continue
        inner = [(step[0], step[2] and after[1]) for step, after in itertools.pairwise(path[1:])]
        if all(node in opened if collides else node not in held for node, collides in inner):
            return False
    return True


@settings(max_examples=60)
@given(graphs_with_latents(), st.data())
def test_agrees_with_the_criterion_checked_path_by_path(graph: CausalGraph, data: st.DataObject) -> None:
    x, y = data.draw(st.permutations(graph.names))[:2]
    for held in subsets(frozenset(graph.names) - {x, y}):
        assert is_valid_adjustment(graph, x, y, held) is valid_by_definition(graph, x, y, held)


@settings(max_examples=150)
@given(graphs_with_latents(), st.data())
def test_a_set_is_found_whenever_there_is_one_and_nothing_can_be_left_out(
    graph: CausalGraph, data: st.DataObject
) -> None:
    x, y = data.draw(st.permutations(graph.names))[:2]
    chosen = some_adjustment_set(graph, x, y)
    valid = [held for held in subsets(frozenset(graph.names) - {x, y}) if is_valid_adjustment(graph, x, y, held)]
    if chosen is None:
        assert valid == []
    else:
        assert chosen in valid
        assert not any(held < chosen for held in valid)


def test_pearls_back_door_example() -> None:
    graph = CausalGraph.build(
        directed=[
            *[("Z1", "Z3"), ("Z1", "Z4"), ("Z2", "Z4"), ("Z2", "Z5"), ("Z3", "X"), ("Z4", "X"), ("Z4", "Y")],
            *[("Z5", "Y"), ("Z6", "Y"), ("X", "Z6")],
        ]
    )
    minimal = [{"Z1", "Z4"}, {"Z2", "Z4"}, {"Z3", "Z4"}, {"Z4", "Z5"}]
    assert all(is_valid_adjustment(graph, "X", "Y", held) for held in minimal)
    assert not is_valid_adjustment(graph, "X", "Y", "Z4")
    assert some_adjustment_set(graph, "X", "Y") in minimal
    assert mediating_nodes(graph, "X", "Y") == {"Z6", "Y"}


def test_two_treatments_and_two_outcomes() -> None:
    graph = CausalGraph.build(
        directed=[
            *[("C", "Y1"), ("C", "m"), ("X1", "X2"), ("X1", "Y2"), ("Y2", "Y1"), ("X2", "Y1")],
            *[("X1", "m2"), ("m2", "m"), ("m", "X2")],
        ]
    )
    for held in (("C",), ("m", "m2")):
        assert is_valid_adjustment(graph, ("X1", "X2"), ("Y1", "Y2"), held)
    assert not is_valid_adjustment(graph, ("X1", "X2"), ("Y1", "Y2"), ())
    assert some_adjustment_set(graph, ("X1", "X2"), ("Y1", "Y2")) in ({"C"}, {"m", "m2"})


def test_a_latent_common_cause_leaves_no_set() -> None:
    directed = [("t", "y"), ("u", "t"), ("u", "y")]
    assert some_adjustment_set(CausalGraph.build(directed=directed, latent=["u"]), "t", "y") is None
    assert some_adjustment_set(CausalGraph.build(directed=directed), "t", "y") == {"u"}
    assert some_adjustment_set(CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")]), "t", "y") is None


def test_no_effect_needs_what_makes_the_two_independent() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y")])
    assert forbidden_nodes(graph, "t", "y") == frozenset()
    assert some_adjustment_set(graph, "t", "y") == {"w"}
    assert some_adjustment_set(CausalGraph.build(directed=[("y", "t")]), "t", "y") is None


def test_the_proper_back_door_graph_keeps_arrows_that_lead_nowhere_near_the_outcome() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("t", "side")], bidirected=[("t", "y")])
    assert [str(edge) for edge in proper_backdoor_graph(graph, "t", "y").edges] == ["t -> side", "t <-> y"]


def test_wrong_questions_are_refused() -> None:
    graph = CausalGraph.build(directed=[("t", "y")])
    with pytest.raises(GraphError, match="both treatment and outcome"):
        some_adjustment_set(graph, "t", "t")
    with pytest.raises(UnknownVariableError, match="'z'"):
        is_valid_adjustment(graph, "t", "y", ["z"])
    with pytest.raises(GraphError, match="t -- y"):
        some_adjustment_set(CausalGraph.build(undirected=[("t", "y")]), "t", "y")
