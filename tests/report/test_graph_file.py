from __future__ import annotations

import pytest

from copilot.domain.consensus import Consensus, ConsensusEdge, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.domain.votes import Group, Turnout
from copilot.report.graph_file import acceptance, graph_text
from copilot.voting.intervals import support_of
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
