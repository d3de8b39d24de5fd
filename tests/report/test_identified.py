"""What a graph offers, in words."""

from __future__ import annotations

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.report.identified import identification_json, identification_lines


def test_open_directions_give_an_answer_each() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    lines = identification_lines(identify_oriented(graph, "t", "y"))
    assert lines == [
        "The total effect of t on y: identifiable, in a way that depends on where the undirected edges point.",
        (
            "Adjustment: no one set is valid whichever way the undirected edges point: "
            "if t -> w, adjust for nothing; if w -> t, adjust for {w}."
        ),
    ]


def test_what_a_clause_cannot_hold_is_told_at_length() -> None:
    graph = CausalGraph.build(
        directed=[("z", "t"), ("t", "y"), ("w", "y")], bidirected=[("t", "y")], undirected=[("w", "z")]
    )
    lines = identification_lines(identify_oriented(graph, "t", "y"))
    assert any(line.startswith("Open path: ") for line in lines)
    assert "nothing" not in lines[1]


def test_without_open_directions_nothing_is_said_of_them() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    assert identification_lines(identify_oriented(graph, "t", "y")) == [
        "The total effect of t on y: identifiable.",
        "Adjustment sets (1 minimal): {w}",
    ]


def test_a_front_door_within_levels_is_listed_with_what_is_held() -> None:
    graph = CausalGraph.build(
        directed=[("t", "m"), ("m", "y"), ("w", "t"), ("w", "m"), ("w", "y")], bidirected=[("t", "y")]
    )
    found = identify_oriented(graph, "t", "y")
    told = identification_json(found)
    assert (told["frontdoor"], told["strategies"]) == ([], ["frontdoor", "general"])
    assert told["conditional_frontdoor"] == [{"mediators": ["m"], "given": ["w"]}]
    assert "Front door within levels of covariates: {m} given {w}" in identification_lines(found)
