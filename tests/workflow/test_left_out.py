"""What could not be adjusted for is named with its reason, and counts where the graph needs it."""

from __future__ import annotations

import pytest

from copilot.domain.analysis import Chosen
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.identify import identify
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Notice
from copilot.workflow.left_out import with_left_out

NEEDED = identify(CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("d", "t"), ("d", "y"), ("t", "y")]), "t", "y")
SPARE = identify(CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("d", "y"), ("t", "y")]), "t", "y")
CHOSEN = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("d", "w"))


@pytest.mark.parametrize(
    ("code", "reason", "needed"),
    [
        ("leak_outcome", "a copy of the outcome", True),
        ("date_left_out", "dates that are read as text", True),
        ("identifier_left_out", "an identifier", True),
        ("constant_left_out", "one value in all rows", False),
        ("collinear", "it can be computed from the others", False),
    ],
)
def test_the_reason_is_told_and_whether_it_matters(code: str, reason: str, needed: bool) -> None:
    told = with_left_out(CHOSEN, ("w",), NEEDED, (Notice(code=code, message="…", subject="d"),))
    (one,) = told.left_out
    assert (one.name, one.reason, one.needed) == ("d", reason, needed)
    assert told.used == ("w",)
    assert told.gives_the_effect is not needed


def test_what_the_graph_does_not_need_is_no_loss() -> None:
    told = with_left_out(CHOSEN, ("w",), SPARE, (Notice(code="leak_outcome", message="…", subject="d"),))
    assert [one.needed for one in told.left_out] == [False]
    assert told.gives_the_effect


def test_where_all_were_kept_nothing_is_left_out() -> None:
    assert with_left_out(CHOSEN, ("w", "d"), NEEDED, ()) == CHOSEN
