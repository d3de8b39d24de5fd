from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.consensus import Consensus, ConsensusEdge, LatentSuggestion, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Approval, Choice, Review
from copilot.domain.votes import Group, Turnout
from copilot.errors import CopilotError, CycleError, GraphError, UnknownVariableError, UsageError
from copilot.voting.intervals import support_of
from copilot.workflow.review_session import Ending, Form, Question, ReviewSession

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
    assert done.finish(Ending.ACCEPT).graph == CausalGraph.build(directed=[("a", "b"), ("b", "c")])


def test_every_answer_is_a_decision(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada")
    session = session.add("e", "d", "she said so").remove().orient("c", "d").reverse().keep("no").remove().keep()
    review = session.confound().finish(Ending.ACCEPT)
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


def test_leaving_early_keeps_what_there_is_and_nobody_has_accepted_it(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada").skip().remove()
    review = session.finish(Ending.KEEP)
    assert not review.graph.has("a", "c")
    assert (review.approved_by, review.reviewer, review.complete) == (None, "ada", False)
    assert review.approval is Approval.NOBODY
    assert review.skipped == len(session.items) - 1


def test_skipping_everything_is_no_review(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada")
    while session.current is not None:
        session = session.skip()
    review = session.finish(Ending.ACCEPT)
    assert (review.approved_by, review.reviewed, review.skipped) == ("ada", False, len(session.items))
    assert review.approval is Approval.PERSON


def test_a_skipped_question_that_is_answered_later_is_not_counted() -> None:
    session = ReviewSession.start(CausalGraph.build(directed=[("b", "c")], undirected=[("a", "b")]), "ada")
    session = session.skip().keep()
    assert session.unanswered == 1
    session = session.orient("b", "a")
    assert session.unanswered == 0
    assert session.finish(Ending.ACCEPT).reviewed
    assert not session.undo().finish(Ending.ACCEPT).reviewed


def test_going_to_the_end_and_not_accepting_is_acceptance_by_nobody() -> None:
    review = ReviewSession.start(CausalGraph.build(directed=[("a", "b")]), "ada").keep().finish(Ending.KEEP)
    assert (review.approved_by, review.complete, review.reviewed) == (None, True, False)


def test_a_login_called_yes_is_a_person() -> None:
    session = ReviewSession.start(CausalGraph.build(directed=[("a", "b")]), "--yes").keep()
    review = session.finish(Ending.ACCEPT)
    assert review.reviewed
    assert review.approval is Approval.PERSON
    assert review.approved_by == review.decisions[0].by == "user --yes"


def accepted(graph: CausalGraph, by: str = "ada") -> Review:
    session = ReviewSession.start(graph, by)
    while session.current is not None:
        session = session.keep()
    return session.finish(Ending.ACCEPT)


def test_leaving_a_second_review_without_a_change_leaves_the_stamp() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("b", "c")])
    first = accepted(graph)
    second = ReviewSession.start(graph, "ben", first)
    assert second.finish(Ending.KEEP) == first
    looked = second.keep("seen").finish(Ending.KEEP)
    assert (looked.approved_by, looked.reviewed, len(looked.decisions)) == ("ada", True, 3)
    changed = second.remove()
    assert changed.takes_back
    assert not second.takes_back
    assert changed.finish(Ending.KEEP).approved_by is None
    assert changed.keep().finish(Ending.ACCEPT).approved_by == "ben"


def test_going_on_asks_only_what_this_person_has_not_answered() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("b", "c"), ("c", "d")])
    left = ReviewSession.start(graph, "ada").remove().skip().finish(Ending.KEEP)
    again = ReviewSession.start(graph, "ada", left)
    assert [str(item.subject) for item in again.items] == ["b -> c", "c -> d"]
    assert again.graph == left.graph
    done = again.keep().keep().finish(Ending.ACCEPT)
    assert done.reviewed
    assert len(done.decisions) == 3
    other = ReviewSession.start(graph, "ben", left)
    assert len(other.items) == 3
    assert other.current is not None
    assert other.current.question is Question.REJECTED  # ada took it out: is it added?
    assert len(ReviewSession.start(graph, "ada", done).items) == 3


FORWARD, BACKWARD = Edge(source="a", target="b"), Edge(source="b", target="a")
CONFOUNDED = Edge(source="a", target="b", kind=EdgeKind.BIDIRECTED)
PRESENT = {
    "none": (),
    "->": (FORWARD,),
    "<-": (BACKWARD,),
    "<->": (CONFOUNDED,),
    "--": (Edge(source="a", target="b", kind=UNDIRECTED),),
    "-> and <->": (FORWARD, CONFOUNDED),
    "<- and <->": (BACKWARD, CONFOUNDED),
}
WANTED = {"->": (FORWARD,), "<-": (BACKWARD,), "<->": (CONFOUNDED,), "none": ()}


@pytest.mark.parametrize("asked", [FORWARD, CONFOUNDED], ids=str)
@pytest.mark.parametrize("form", list(Form), ids=str)
@pytest.mark.parametrize("present", PRESENT)
def test_a_pair_becomes_what_the_person_says_whatever_stood_there(present: str, form: Form, asked: Edge) -> None:
    graph = CausalGraph.build(nodes="abc", directed=[("b", "c")])
    here = CausalGraph(nodes=graph.nodes, edges=(*graph.edges, *PRESENT[present]))
    session = ReviewSession.start(CausalGraph(nodes=graph.nodes, edges=(*graph.edges, asked)), "ada")
    while session.items[session.position].subject != asked:
        session = session.skip()
    session = ReviewSession(graph=here, items=session.items, by="ada", position=session.position)
    after = session.become(form, "because")
    assert set(after.graph.edges) == {*graph.edges, *WANTED[form]}
    assert after.position == session.position + 1
    taken = after.taken
    assert session.items[session.position].answered_by(taken)
    assert {d.before for d in taken if d.before} - {d.after for d in taken if d.after} == {*PRESENT[present]} - {
        *WANTED[form]
    }
    assert all(decision.reason == "because" for decision in taken)
    if set(PRESENT[present]) == set(WANTED[form]):
        assert [decision.choice for decision in taken] == [Choice.REMOVE if form is Form.NONE else Choice.KEEP]


def test_becoming_holds_to_what_is_fixed_and_to_the_rules() -> None:
    session = ReviewSession.start(consensus(record("a", "b", 0, Status.REQUIRED)), "ada")
    for form in (Form.BACKWARD, Form.CONFOUNDED, Form.NONE):
        with pytest.raises(UsageError, match="a -> b is required"):
            session.become(form)
    circle = ReviewSession.start(CausalGraph.build(directed=[("a", "b"), ("b", "c")], undirected=[("a", "c")]), "ada")
    with pytest.raises(CycleError):
        circle.become(Form.BACKWARD)
    suspect = ReviewSession.start(consensus(record("a", "b", 6), latents=(suspected("a", "b"),)), "ada").skip()
    with pytest.raises(GraphError, match="no direction to choose"):
        suspect.become(Form.FORWARD)


def test_a_common_cause_that_is_drawn_already_stays() -> None:
    start = consensus(record("a", "b", 6), latents=(suspected("a", "b"),))
    session = ReviewSession.start(start, "ada").keep().confound()
    again = ReviewSession.start(start, "ben", session.finish(Ending.ACCEPT)).keep().confound()
    assert again.graph == session.graph
    assert again.decisions[-1].choice is Choice.KEEP


def test_a_question_fits_what_earlier_answers_made_of_the_pair(voted: Consensus) -> None:
    session = ReviewSession.start(voted, "ada").skip().add("a", "d")
    while session.items[session.position].subject.pair != ("a", "d"):
        session = session.skip()
    assert session.current is not None
    assert session.current.question is Question.EDGE
    assert session.keep().graph.has("a", "d")


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
    assert session.become(Form.CONFOUNDED).graph == CausalGraph.build(bidirected=[("a", "b")])
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
    st.tuples(st.just("become"), st.sampled_from(Form), REASON),
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
