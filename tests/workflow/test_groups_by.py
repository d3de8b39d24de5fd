from __future__ import annotations

import pytest

from copilot.domain.analysis import Chosen
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Notice
from copilot.errors import UsageError
from copilot.workflow.groups_by import check_groups

COLLIDER = CausalGraph.build(
    directed=[("a", "t"), ("a", "c"), ("b", "c"), ("b", "y"), ("t", "m"), ("m", "y"), ("g", "y"), ("t", "d")],
    latent=["a", "b"],
)
INSTRUMENT = CausalGraph.build(
    directed=[("z", "t"), ("t", "y"), ("z", "c"), ("y", "after"), ("g", "y")], bidirected=[("t", "y"), ("c", "y")]
)


def checked(graph: CausalGraph, by: str, chosen: Chosen, *, force: bool = False) -> tuple[Notice, ...]:
    return check_groups(by, chosen, graph, identify_oriented(graph, "t", "y"), force=force)


@pytest.mark.parametrize(
    ("by", "why"), [("m", "lies on the causal path t -> m -> y"), ("c", "holding it fixed opens the path")]
)
def test_groups_of_what_may_not_be_adjusted_for_are_refused_unless_insisted_on(by: str, why: str) -> None:
    nothing = Chosen(strategy=Strategy.BACKDOOR)
    with pytest.raises(UsageError, match="are no effects under this graph") as got:
        checked(COLLIDER, by, nothing)
    assert why in got.value.reason
    (notice,) = checked(COLLIDER, by, nothing, force=True)
    assert (notice.code, why in notice.message) == ("groups_against_graph", True)


@pytest.mark.parametrize("by", ["g", "d"])
def test_groups_that_leave_the_effect_identified_are_taken(by: str) -> None:
    assert checked(COLLIDER, by, Chosen(strategy=Strategy.BACKDOOR)) == ()


def test_of_a_column_outside_the_graph_it_is_said_what_is_supposed() -> None:
    (notice,) = checked(COLLIDER, "stranger", Chosen(strategy=Strategy.BACKDOOR))
    assert notice.code == "groups_not_in_graph"


def test_a_set_that_was_forced_is_not_held_against_the_groups() -> None:
    assert checked(COLLIDER, "g", Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("m",), forced=True)) == ()


@pytest.mark.parametrize(
    ("by", "why"), [("after", "after is an effect of the treatment"), ("c", "Given c, z is no instrument any more")]
)
def test_groups_that_spoil_an_instrument_are_refused(by: str, why: str) -> None:
    chosen = Chosen(strategy=Strategy.IV, instruments=("z",))
    with pytest.raises(UsageError) as got:
        checked(INSTRUMENT, by, chosen)
    assert why in got.value.reason
    assert checked(INSTRUMENT, "g", chosen) == ()


def test_where_only_some_directions_speak_against_groups_it_is_a_warning() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("m", "y")], undirected=[("t", "m")])
    (notice,) = checked(graph, "m", Chosen(strategy=Strategy.BACKDOOR))
    assert "for some directions of its open edges" in notice.message
