from __future__ import annotations

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.objections import objections_to
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import EffectKind


def test_a_set_is_tried_in_every_direction_and_not_once_in_those_with_equal_answers() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("y", "late")], undirected=[("a", "t"), ("a", "late")])
    found = identify_oriented(graph, "t", "y")
    assert len(found.groups) < sum(len(group.edges) for group in found.groups)
    told = "a is an effect of the outcome (y -> late -> a): holding it fixed biases the estimate."
    assert told in objections_to(graph, found, ["a"])
    assert objections_to(graph, found, []) == ()


def test_a_mediator_is_held_for_the_direct_effect() -> None:
    graph = CausalGraph.build(directed=[("t", "m"), ("t", "y"), ("m", "y")])
    direct = identify_oriented(graph, "t", "y", effect=EffectKind.DIRECT)
    assert objections_to(graph, direct, ["m"]) == ()
    assert objections_to(graph, direct, []) == (
        "The path t -> m -> y stays open with nothing adjusted for, so the association holds more than the effect.",
    )
    assert objections_to(graph, identify_oriented(graph, "t", "y"), ["m"])
