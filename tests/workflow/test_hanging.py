"""What the answer hangs on is asked first in a review, before any effect is known and after."""

from __future__ import annotations

import pytest

from copilot.domain.consensus import Consensus, VotingRules
from copilot.domain.graph import CausalGraph
from copilot.domain.many_graphs import EdgeState, PivotalEdge, StateEffect
from copilot.domain.variables import Query
from copilot.domain.votes import EdgeVote, GraphBallot, Group, LatentVote, Voter, Votes
from copilot.voting.consensus import form_consensus
from copilot.voting.voices import Drawing
from copilot.workflow.hanging import hanging_by_changes, hanging_by_identification, hanging_on
from copilot.workflow.review_session import Question, ReviewSession

NAMES = ("t", "y", "w", "v", "n")
QUERY = Query(treatment="t", outcome="y")


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    """Voters agree on most, nearly on w, differ about n and y, and a few suspect a hidden cause."""
    ballots = tuple(
        GraphBallot(
            voter=Voter(group=Group.LLM, source="m", ballot=number),
            edges=tuple(
                EdgeVote(source=a, target=b)
                for a, b in (
                    ("t", "y"),
                    ("w", "y"),
                    ("w", "t") if number < 8 else ("t", "w"),
                    *([("n", "y")] if number % 2 else []),
                    *([("v", "n")] if number == 3 else []),
                )
            ),
            latents=(LatentVote(name="care", affects=("t", "y")),) if number < 3 else (),
            asked=frozenset(NAMES),
        )
        for number in range(10)
    )
    consensus = form_consensus(NAMES, ballots=ballots, rules=VotingRules())
    return Drawing(votes=Votes(ballots=ballots), consensus=consensus, accepted=consensus.graph)


def test_the_way_to_the_effect_hangs_on_few_pairs(drawing: Drawing) -> None:
    found = hanging_by_identification(drawing, QUERY, 0)
    keys = list(found)
    assert set(keys[:2]) == {(("t", "w"), False), (("t", "y"), True)}
    assert "not identifiable" in found[("t", "y"), True]
    assert "with w -> t, mostly adjusting for" in found[("t", "w"), False]
    assert not any("v" in pair for pair, _ in keys)
    assert hanging_by_identification(drawing, Query(), 0) == {}
    assert hanging_by_identification(drawing, QUERY, 0) == found


def test_a_review_asks_them_first_and_says_what_hangs_on_them(drawing: Drawing) -> None:
    hanging = hanging_by_identification(drawing, QUERY, 0)
    plain, session = (ReviewSession.start(drawing.consensus, "ada", hanging=one) for one in (None, hanging))
    assert {item.subject for item in session.items} == {item.subject for item in plain.items}
    first = session.items[: len(hanging)]
    assert [(item.subject.pair, item.latent is not None) for item in first] == list(hanging)
    assert [item.hangs for item in first] == list(hanging.values())
    assert not any(item.hangs for item in session.items[len(hanging) :])
    assert not any(item.hangs for item in plain.items)


def test_a_pair_left_out_without_doubt_is_asked_about_if_something_hangs_on_it(drawing: Drawing) -> None:
    consensus: Consensus = drawing.consensus
    asked = {item.subject.pair for item in ReviewSession.start(consensus, "ada").items}
    assert ("n", "v") not in asked
    edge = PivotalEdge(
        source="v",
        target="n",
        accepted=EdgeState.ABSENT,
        states=(StateEffect(state=EdgeState.ABSENT, graphs=10, identifiable=1.0),),
        message="With no arrow between them the estimate is 2.",
    )
    items = ReviewSession.start(consensus, "ada", hanging=hanging_on([edge])).items
    assert items[0].subject.pair == ("n", "v")
    assert items[0].question is Question.REJECTED
    assert items[0].hangs == edge.message


def test_of_a_graph_made_by_hand_the_edges_that_most_hangs_on_are_asked_first() -> None:
    graph = CausalGraph.build(
        directed=[("a", "n"), ("t", "m"), ("m", "y"), ("w", "t"), ("w", "y")], bidirected=[("a", "w")]
    )
    hanging = hanging_by_changes(graph, QUERY)
    items = ReviewSession.start(graph, "ada", hanging=hanging).items
    assert len(items) == len(graph.edges)
    # Without t -> m or m -> y there is no effect at all; with t -> w another set is needed; nothing hangs on a -> n.
    assert {item.subject.pair for item in items[:2]} == {("m", "t"), ("m", "y")}
    assert "with no arrow between them, no effect by assumption" in items[0].hangs
    assert ("t", "w") in {item.subject.pair for item in items if item.hangs}
    assert items[-1].hangs == ""
    assert [item.hangs for item in items if item.subject.pair == ("a", "n")] == [""]
    assert hanging_by_changes(CausalGraph.build(undirected=[("t", "y")]), QUERY) == {}
    assert hanging_by_changes(graph, Query()) == {}
