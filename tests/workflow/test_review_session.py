from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.consensus import Consensus, ConsensusEdge, LatentSuggestion, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Choice
from copilot.domain.votes import Group, Turnout
from copilot.errors import CopilotError, CycleError, GraphError, UnknownVariableError, UsageError
from copilot.voting.intervals import support_of
from copilot.workflow.review_session import Question, ReviewSession

UNDIRECTED = EdgeKind.UNDIRECTED


def record(source: str, target: str, votes: int, status: Status = Status.ACCEPTED, **more: Any) -> ConsensusEdge:
    inside = more.pop("in_graph", status in (Status.ACCEPTED, Status.REQUIRED))
    return ConsensusEdge(
        source=source, target=target, status=status, in_graph=inside, support=support_of(votes, 7), **more
    )


def consensus(*edges: ConsensusEdge, latents: tuple[LatentSuggestion, ...] = ()) -> Consensus:
    drawn = tuple(Edge(source=e.source, target=e.target, kind=e.kind) for e in edges if e.in_graph)
    names = {name for edge in edges for name in (edge.source, edge.target)}
    graph = CausalGraph.build(nodes=names).model_copy(update={"edges": drawn})
    return Consensus(
        graph=CausalGraph(nodes=graph.nodes, edges=drawn),
        edges=edges,
        turnout={Group.LLM: Turnout(asked=7, valid=7, abstained=0)},
        latents=latents,
    )


def suspected(*affects: str) -> LatentSuggestion:
    return LatentSuggestion(name="u", affects=affects, votes=3, valid=7, support=3 / 7)


@pytest.fixture
def voted() -> Consensus:
    return consensus(
        record("a", "b", 7),
        record("a", "c", 4, Status.CONTESTED, in_graph=True),
        record("a", "e", 2, Status.REJECTED),
        record("b", "c", 0, Status.REQUIRED, changed_by="require"),
        record("c", "d", 6, kind=UNDIRECTED),
        record("c", "e", 0, changed_by="challenge"),
        record("d", "e", 3, Status.CONTESTED, in_graph=False),
        record("e", "d", 3, Status.CONTESTED, in_graph=False),
        record("a", "d", 6, Status.REJECTED, changed_by="challenge"),
        latents=(suspected("a", "b", "d"),),
    )


def test_the_most_doubtful_is_asked_first(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada")
    asked = [(item.question, str(item.subject)) for item in session.items]
    assert asked == [
        (Question.REJECTED, "d -> e"),
        (Question.EDGE, "a -> c"),
        (Question.DIRECTION, "c -- d"),
        (Question.EDGE, "c -> e"),
        (Question.REJECTED, "a -> d"),
        (Question.EDGE, "a -> b"),
        (Question.EDGE, "b -> c"),
        (Question.LATENT, "a <-> b"),
    ]
    assert session.items[0].opposite is not None
    assert session.items[0].opposite.source == "e"


def test_a_graph_without_votes_is_asked_about_edge_by_edge() -> None:
    graph = CausalGraph.build(directed=[("a", "b")], bidirected=[("a", "b")], undirected=[("b", "c")])
    session = ReviewSession.start(graph, "ada")
    assert [str(item.subject) for item in session.items] == ["b -- c", "a <-> b", "a -> b"]
    done = session.orient("b", "c").remove("it was randomised").keep()
    assert done.finish(complete=True).graph == CausalGraph.build(directed=[("a", "b"), ("b", "c")])


def test_every_answer_is_a_decision(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada")
    session = session.add("e", "d", "she said so").remove().orient("c", "d").reverse().keep("no").remove().keep()
    review = session.confound().finish(complete=True)
    assert review.complete
    assert review.reviewed
    assert [decision.choice for decision in review.decisions] == [
        Choice.ADD,
        Choice.REMOVE,
        Choice.ORIENT,
        Choice.REVERSE,
        Choice.KEEP,
        Choice.REMOVE,
        Choice.KEEP,
        Choice.CONFOUND,
        Choice.CONFOUND,
        Choice.CONFOUND,
    ]
    assert review.decisions[0].reason == "she said so"
    assert review.decisions[0].by == "ada"
    left_out = review.decisions[4]
    assert (left_out.before, left_out.after, str(left_out.about)) == (None, None, "a -> d")
    expected = CausalGraph.build(
        directed=[("e", "d"), ("c", "d"), ("e", "c"), ("b", "c")],
        bidirected=[("a", "b"), ("a", "d"), ("b", "d")],
    )
    assert review.graph == expected


def test_leaving_early_keeps_what_there_is_and_says_so(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada").skip().remove()
    review = session.finish(complete=True)
    assert not review.complete
    assert not review.graph.has("a", "c")
    assert review.approved_by == "ada"


def test_a_choice_that_closes_a_circle_changes_nothing(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada").skip()
    with pytest.raises(CycleError) as caught:
        session.add("e", "a")
    assert set(caught.value.cycle) == {"a", "c", "e"} or set(caught.value.cycle) == {"a", "b", "c", "e"}
    assert session.position == 1
    assert session.graph == voted.graph


def test_going_against_what_is_fixed_takes_a_reason() -> None:
    start = consensus(record("a", "b", 0, Status.REQUIRED), record("c", "b", 5, Status.FORBIDDEN, in_graph=False))
    session = ReviewSession.start(start, "ada")
    for choice in (session.remove, session.reverse):
        with pytest.raises(UsageError, match="a -> b is required"):
            choice("  ")
    with pytest.raises(UsageError, match="c -> b is forbidden"):
        session.add("c", "b")
    assert session.add("c", "b", "new evidence").remove("new evidence").graph.has("c", "b")


def test_a_common_cause_stands_beside_an_arrow_or_in_its_place() -> None:
    session = ReviewSession.start(CausalGraph.build(directed=[("a", "b")]), "ada")
    assert session.confound().graph == CausalGraph.build(directed=[("a", "b")], bidirected=[("a", "b")])
    assert session.confound(instead=True).graph == CausalGraph.build(bidirected=[("a", "b")])
    undecided = ReviewSession.start(CausalGraph.build(undirected=[("a", "b")]), "ada")
    assert undecided.confound().graph == CausalGraph.build(bidirected=[("a", "b")])


def test_a_suspected_common_cause_waits_for_the_direction() -> None:
    start = consensus(record("a", "b", 6, kind=UNDIRECTED), latents=(suspected("a", "b"),))
    session = ReviewSession.start(start, "ada").skip()
    with pytest.raises(GraphError, match="a -- b is in the way"):
        session.confound()
    assert session.orient("b", "a").position == 1  # another question is open, and stays open
    assert session.orient("b", "a").confound().graph.spouses_of["a"] == ("b",)


def test_impossible_choices_are_refused_in_words(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada")
    with pytest.raises(GraphError, match="no arrow between d and e"):
        session.reverse()
    with pytest.raises(GraphError, match="in the graph already"):
        session.add("b", "a")
    with pytest.raises(GraphError, match="cannot cause itself"):
        session.add("a", "a")
    with pytest.raises(UnknownVariableError):
        session.add("a", "x")
    with pytest.raises(GraphError, match="no undirected edge between a and b"):
        session.orient("a", "b")
    ended = session
    while ended.current is not None:
        ended = ended.skip()
    with pytest.raises(UsageError, match="every question has been answered"):
        ended.keep()
    assert ended.add("a", "d").position == len(ended.items)


def test_the_open_question_shows_the_edge_as_it_stands_now(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada").skip().skip().skip().skip().add("a", "d")
    session = session.undo().add("d", "a")
    assert session.undo().undo().current is not None
    item = session.undo().current
    assert item is not None
    assert item.current is None
    assert str(session.items[4].subject) == "a -> d"
    again = ReviewSession.start(voted, "ada").add("a", "d").skip().skip().skip().skip().current
    assert again is not None
    assert str(again.current) == "a -> d"


NAMES = st.sampled_from("abcde")
REASON = st.sampled_from(["", "because"])
CHOICES = st.one_of(
    st.tuples(st.sampled_from(["keep", "remove", "reverse", "confound"]), REASON),
    st.tuples(st.sampled_from(["orient", "add"]), NAMES, NAMES, REASON),
    st.tuples(st.sampled_from(["skip", "undo"])),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CHOICES, max_size=25))
def test_any_choices_keep_the_graph_valid_and_undo_inverts(choices: list[tuple[str, ...]]) -> None:
    start = ReviewSession.start(
        consensus(
            record("a", "b", 5),
            record("b", "c", 0, Status.REQUIRED),
            record("c", "d", 6, kind=UNDIRECTED),
            record("d", "e", 3, Status.CONTESTED, in_graph=False),
            record("a", "e", 4, Status.CONTESTED, in_graph=True),
            latents=(suspected("a", "d", "e"),),
        ),
        "ada",
    )
    session = start
    taken = [session]
    for name, *arguments in choices:
        before = session
        try:
            session = getattr(session, name)(*arguments)
        except CopilotError:
            assert session == before
            continue
        if name == "undo":
            taken = taken[:-1] or [start]
            assert session == taken[-1]
        else:
            assert session.undo() == before
            taken.append(session)
        assert CausalGraph.model_validate(session.graph.model_dump()) == session.graph
    while session.previous is not None:
        session = session.undo()
    assert session == start
