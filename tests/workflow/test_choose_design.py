"""What is taken of what the graph offers, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.data.tables import read_table
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import Strategy
from copilot.domain.variables import TableProfile
from copilot.workflow.choose_design import Wishes, choose_design

DOOR = [("t", "m"), ("m", "y"), ("w", "t"), ("w", "m"), ("w", "y")]


@pytest.fixture
def profile(tmp_path: Path) -> TableProfile:
    path = tmp_path / "table.csv"
    rows = "\n".join(f"{i % 2},{i % 3},{i % 5 + i / 7},{i % 4},{i % 7}" for i in range(60))
    path.write_text(f"t,m,y,w,a\n{rows}\n")
    return read_table(str(path)).profile


@pytest.mark.parametrize("loose", [[], [("a", "w")]])
def test_the_front_door_that_is_taken_is_the_one_that_is_listed(
    profile: TableProfile, loose: list[tuple[str, str]]
) -> None:
    graph = CausalGraph.build(directed=DOOR, bidirected=[("t", "y")], undirected=loose)
    found = identify_oriented(graph, "t", "y")
    chosen = choose_design(graph, found, profile, Wishes())
    assert chosen is not None
    door = found.common.conditional_frontdoor[0]
    assert (chosen.strategy, chosen.mediators, chosen.adjustment_set) == (
        Strategy.FRONTDOOR,
        door.mediators,
        door.given,
    )
    assert chosen.reason.startswith("no set closes every back door, and within these levels")


def test_a_front_door_that_was_asked_for_is_not_said_to_be_the_only_way(profile: TableProfile) -> None:
    graph = CausalGraph.build(directed=[*DOOR, ("a", "t"), ("a", "y")])
    found = identify_oriented(graph, "t", "y")
    assert found.common.backdoor.minimal
    chosen = choose_design(graph, found, profile, Wishes(strategy=Strategy.FRONTDOOR))
    assert chosen is not None
    assert chosen.strategy is Strategy.FRONTDOOR
    assert chosen.reason.startswith("you asked for it, and ")
