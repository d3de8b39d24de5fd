from __future__ import annotations

import pytest

from copilot.domain.consensus import Consensus, LatentSuggestion
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Approval, Choice, Review
from copilot.domain.votes import Group, Turnout
from copilot.workflow.accept import accept_unseen, approve, propose
from copilot.workflow.review_session import Ending, ReviewSession

GRAPH = CausalGraph.build(directed=[("a", "b")], undirected=[("b", "c")])


@pytest.fixture
def voted() -> Consensus:
    return Consensus(
        graph=GRAPH,
        edges=(),
        turnout={Group.LLM: Turnout(asked=4, valid=4, abstained=0)},
        latents=(
            LatentSuggestion(name="u", affects=("a", "b", "c"), votes=3, valid=4, support=0.75),
            LatentSuggestion(name="v", affects=("a", "c"), votes=1, valid=4, support=0.25),
        ),
    )


def test_without_yes_nobody_has_accepted(voted: Consensus) -> None:
    review = accept_unseen(voted, yes=False)
    assert review == propose(GRAPH)
    assert (review.approval, review.approved_by, review.reviewed) == (Approval.NOBODY, None, False)


def test_yes_accepts_without_a_review(voted: Consensus) -> None:
    review = accept_unseen(voted, yes=True)
    assert (review.approval, review.approved_by, review.reviewed) == (Approval.UNSEEN, "--yes", False)
    assert review.graph == GRAPH


def test_suspected_causes_with_enough_support_are_drawn_where_they_can(voted: Consensus) -> None:
    review = accept_unseen(voted, yes=True, latent_support=0.5)
    drawn = CausalGraph.build(directed=[("a", "b")], undirected=[("b", "c")], bidirected=[("a", "b"), ("a", "c")])
    assert review.graph == drawn
    assert [decision.choice for decision in review.decisions] == [Choice.CONFOUND] * 2


def test_yes_accepts_what_stands_with_its_decisions(voted: Consensus) -> None:
    proposed = accept_unseen(voted, yes=False, latent_support=0.5)
    review = approve(proposed)
    assert review.approval is Approval.UNSEEN
    assert (review.graph, review.decisions) == (proposed.graph, proposed.decisions)
    assert approve(review) == review


@pytest.mark.parametrize("skipped", [0, 1])
def test_yes_never_takes_back_what_a_person_accepted(skipped: int) -> None:
    session = ReviewSession.start(GRAPH, "--yes").keep()
    accepted = (session.skip() if skipped else session.keep()).finish(Ending.ACCEPT)
    assert accepted.reviewed is (skipped == 0)
    assert approve(accepted) is accepted


def test_what_is_written_of_a_review_is_read_again(voted: Consensus) -> None:
    for review in (approve(propose(GRAPH)), ReviewSession.start(voted, "ada").skip().finish(Ending.ACCEPT)):
        assert Review.model_validate_json(review.model_dump_json()) == review
    before = {"graph": GRAPH.model_dump(), "decisions": [], "approved_by": "ada", "complete": True}
    assert Review.model_validate(before).reviewed
