"""Doubts speak of the thing they are about, and of a graph as far as somebody has looked at it."""

from __future__ import annotations

import pytest

from copilot.domain.analysis import Chosen
from copilot.domain.identification.values import Strategy
from copilot.domain.review import Review
from copilot.workflow.accept import accept_file
from copilot.workflow.doubts import doubts
from tests.workflow.test_verdict import GRAPH, analysis


def test_what_several_instruments_or_mediators_are_taken_for_is_said_of_several() -> None:
    two = ("z1", "z2")
    iv = doubts(analysis(chosen=Chosen(strategy=Strategy.IV, instruments=two)))
    assert any(one.startswith("That z1, z2 move the outcome only") for one in iv)
    front = doubts(analysis(chosen=Chosen(strategy=Strategy.FRONTDOOR, mediators=two)))
    assert any(one.startswith("That z1, z2 carry the whole effect, and share no hidden cause") for one in front)


@pytest.mark.parametrize(
    ("stamp", "reviewed", "said"),
    [
        (None, True, "The graph was taken as given"),
        (Review(graph=GRAPH), False, "Nobody has looked at the graph: its file says"),
        (Review(graph=GRAPH, approved_by="--yes"), False, "Nobody has looked at the graph: its file says"),
        (Review(graph=GRAPH, approved_by="ada", complete=True), True, ""),
        (Review(graph=GRAPH, approved_by="ada", skipped=2), False, "The graph was taken as given"),
    ],
)
def test_a_graph_given_as_a_file_is_as_reviewed_as_its_stamp_says(
    stamp: Review | None, reviewed: bool, said: str
) -> None:
    review = accept_file(GRAPH, stamp)
    assert (review.approved_by, review.reviewed) == ("file", reviewed)
    about = [one for one in doubts(analysis(review=review)) if "at the graph" in one or "The graph was" in one]
    assert [one.startswith(said) for one in about] == ([True] if said else [])
