"""What hangs on edges without a direction is said edge by edge and answer by answer."""

from __future__ import annotations

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import Identification, OrientedIdentification, Strategy
from copilot.workflow.open_directions import answers, conditions, directions


def test_each_direction_is_said_with_what_it_calls_for() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    found = identify_oriented(graph, "t", "y")
    assert directions(graph, found) == "t — w"
    assert answers(graph, found) == "if t → w, adjust for nothing; if w → t, adjust for {w}"
    adjusted = next(i for i, one in enumerate(found.groups) if one.identification.backdoor.minimal == (("w",),))
    assert conditions(graph, found, [adjusted]) == "w → t"


def test_edges_whose_direction_changes_nothing_are_left_unsaid() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t"), ("y", "late")])
    assert directions(graph, identify_oriented(graph, "t", "y")) == "t — w"


def test_a_direction_without_an_effect_is_said() -> None:
    graph = CausalGraph.build(undirected=[("t", "y")])
    told = answers(graph, identify_oriented(graph, "t", "y"))
    assert told == "if t → y, adjust for nothing; if y → t, there is no effect"


def test_front_doors_instruments_and_dead_ends_are_said() -> None:
    door = CausalGraph.build(
        directed=[("t", "m"), ("m", "y")], bidirected=[("t", "y")], undirected=[("a", "m"), ("a", "t")]
    )
    assert "as a front door" in answers(door, identify_oriented(door, "t", "y"))
    lever = CausalGraph.build(directed=[("t", "y"), ("z", "t")], bidirected=[("t", "y")], undirected=[("z", "y")])
    told = answers(lever, identify_oriented(lever, "t", "y"))
    assert "the effect cannot be identified" in told


def test_a_general_expression_that_differs_is_none_in_common() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    found: OrientedIdentification = identify_oriented(graph, "t", "y")
    assert found.common.identifiable
    assert found.common.strategies == ()
    assert all(Strategy.GENERAL in group.identification.strategies for group in found.groups)
    assert all(isinstance(group.identification, Identification) for group in found.groups)


def test_many_open_edges_are_counted_and_not_spelt_out() -> None:
    names = ["a", "b", "c", "d", "e"]
    graph = CausalGraph.build(
        directed=[("t", "y"), *((name, "y") for name in names)], undirected=[(name, "t") for name in names]
    )
    found = identify_oriented(graph, "t", "y")
    assert directions(graph, found) == "a — t, b — t, c — t, d — t and 1 more edges"
    told = answers(graph, found)
    assert told.startswith("of 32 ways in ")
    assert told.endswith("something else")
    assert len(told) < 250
    few = CausalGraph.build(directed=[("t", "y"), ("a", "y")], undirected=[("a", "t")])
    assert answers(few, identify_oriented(few, "t", "y")) == "if a → t, adjust for {a}; if t → a, adjust for nothing"
