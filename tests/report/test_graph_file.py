from __future__ import annotations

import pytest

from copilot.domain.consensus import Consensus, ConsensusEdge, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.domain.votes import Group, Turnout
from copilot.report.graph_file import acceptance, graph_text, stamp_of
from copilot.voting.intervals import support_of
from copilot.workflow.accept import accept_file
from copilot.workflow.review_session import Ending, ReviewSession

GRAPH = CausalGraph.build(directed=[("t", "y")])


def voted() -> Consensus:
    edge = ConsensusEdge(source="t", target="y", status=Status.CONTESTED, in_graph=True, support=support_of(4, 7))
    return Consensus(graph=GRAPH, edges=(edge,), turnout={Group.LLM: Turnout(asked=7, valid=7, abstained=0)})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "proposed, not accepted by anybody"),
        ({"reviewer": "ada", "skipped": 2}, "proposed, not accepted by anybody; reviewed by ada, 2 questions left"),
        ({"approved_by": "--yes", "complete": True}, "accepted with --yes, not reviewed"),
        ({"approved_by": "ada", "complete": True}, "reviewed and accepted by ada"),
        ({"approved_by": "ada", "skipped": 1}, "accepted by ada, but 1 question skipped: not fully reviewed"),
        ({"approved_by": "ada"}, "accepted by ada before every edge was reviewed"),
    ],
    ids=["nobody", "left", "unseen", "reviewed", "skipped", "old"],
)
def test_the_stamp_says_who_accepted_what(fields: dict[str, object], said: str) -> None:
    review = Review.model_validate({"graph": GRAPH, **fields})
    assert acceptance(review) == said
    assert said in graph_text(GRAPH, "dot", review=review, query=Query())


@pytest.mark.parametrize("form", ["dot", "json", "gml", "dagitty"])
@pytest.mark.parametrize(
    ("fields", "by", "reviewed"),
    [
        ({}, None, False),
        ({"reviewer": "bo", "skipped": 2}, None, False),
        ({"approved_by": "--yes"}, None, False),
        ({"approved_by": "ada lovelace", "complete": True}, "ada lovelace", True),
        ({"approved_by": "ada", "skipped": 3}, "ada", False),
        ({"approved_by": "ada"}, "ada", False),
    ],
)
def test_the_stamp_is_read_off_again_also_from_a_file_that_was_made_of_it(
    form: str, fields: dict[str, object], by: str | None, reviewed: bool
) -> None:
    review = Review.model_validate({"graph": GRAPH, **fields})
    for _ in range(2):
        stamp = stamp_of(graph_text(GRAPH, form, review=review, run_id="3f2a", query=Query()), GRAPH)
        assert stamp is not None
        assert (stamp.approved_by, stamp.reviewed) == (by, reviewed)
        review = accept_file(GRAPH, stamp)
    own = accept_file(GRAPH)
    assert stamp_of(graph_text(GRAPH, form, review=own, query=Query()), GRAPH) is None


def test_a_graph_changed_by_hand_is_the_authors_own() -> None:
    text = graph_text(GRAPH, "dot", review=Review(graph=GRAPH), query=Query())
    assert stamp_of(text, CausalGraph.build(directed=[("y", "t")])) is None
    assert stamp_of('digraph { "t" -> "y" }', GRAPH) is None


def test_edges_carry_their_votes_and_ends_their_roles() -> None:
    query = Query(treatment="t", outcome="y")
    text = graph_text(GRAPH, "dot", consensus=voted(), review=Review(graph=GRAPH), run_id="3f2a", query=query)
    assert "4/7 contested" in text
    assert "dashed" in text
    assert "copilot suggest-graph, run 3f2a" in text
    assert GRAPH.content_hash[:16] in text
    plain = graph_text(GRAPH, "dagitty", review=Review(graph=GRAPH), query=query)
    assert "[exposure]" in plain
    assert "[outcome]" in plain
    assert "copilot review" in plain


def test_what_a_person_drew_carries_the_name_and_the_reason() -> None:
    review = ReviewSession.start(voted(), "ada").reverse("it rained first").finish(Ending.ACCEPT)
    text = graph_text(review.graph, "dot", consensus=voted(), review=review, query=Query())
    assert "by ada" in text
    assert "it rained first" in text
    assert "4/7" not in text
