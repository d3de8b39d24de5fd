from __future__ import annotations

from types import SimpleNamespace

import pytest

from copilot.domain.consensus import Constraints, Status, VotingRules
from copilot.domain.graph import EdgeKind
from copilot.domain.variables import Query
from copilot.domain.votes import AbstentionReason, Group, PairAnswer, Slip, SlipCount
from copilot.errors import CycleError, QuorumError, UnknownVariableError
from copilot.voting.consensus import contested_pairs, form_consensus

ABC = ("a", "b", "c")
RULES = VotingRules()


def test_an_edge_with_enough_support_is_drawn_with_its_count(write: SimpleNamespace) -> None:
    ballots = write.split((6, ["a -> b"]), (1, []))
    consensus = form_consensus(ABC, ballots=ballots, abstentions=[write.abstained(7)], rules=RULES)
    edge = write.find(consensus, "a -> b")
    assert (edge.status, edge.in_graph) == (Status.ACCEPTED, True)
    assert (edge.support.votes, edge.support.valid) == (6, 7)
    assert consensus.graph.has("a", "b")
    turnout = consensus.turnout[Group.LLM]
    assert (turnout.asked, turnout.valid, turnout.abstained, turnout.reasons) == (8, 7, 1, {"refused": 1})


@pytest.mark.parametrize(
    ("parts", "status", "drawn"),
    [
        ([(4, ["a -> b"]), (3, [])], Status.CONTESTED, True),  # one ballot less and it is out
        ([(3, ["a -> b"]), (4, [])], Status.CONTESTED, False),
        ([(5, ["a -> b"]), (2, [])], Status.ACCEPTED, True),
        ([(2, ["a -> b"]), (5, [])], Status.REJECTED, False),
        ([(4, ["a -> b"]), (2, ["b -> a"]), (1, [])], Status.CONTESTED, True),  # divided on the direction
        ([(3, ["a -> b"]), (3, ["b -> a"]), (1, [])], Status.CONTESTED, False),  # a tie
        ([(1, ["a -> b"]), (1, ["b -> a"]), (9, [])], Status.REJECTED, False),  # most say that there is none
    ],
)
def test_what_is_near_the_line_or_in_two_directions_is_contested(
    write: SimpleNamespace, parts: list[tuple[int, list[str]]], status: Status, *, drawn: bool
) -> None:
    consensus = form_consensus(ABC, ballots=write.split(*parts), rules=RULES)
    edge = write.find(consensus, "a -> b")
    assert (edge.status, edge.in_graph) == (status, drawn)
    assert (("a", "b") in contested_pairs(consensus)) == (status is Status.CONTESTED)


def test_unsure_ballots_are_in_no_denominator(write: SimpleNamespace) -> None:
    unsure = [write.ballot(10 + i, unsure=(("b", "a"),)) for i in range(3)]
    consensus = form_consensus(ABC, ballots=[*write.many(3, "a -> b"), *unsure], rules=RULES)
    edge = write.find(consensus, "a -> b")
    assert (edge.support.votes, edge.support.valid) == (3, 3)
    assert edge.status is Status.CONTESTED


def test_a_pair_that_all_are_unsure_of_is_listed_and_asked_about_first(write: SimpleNamespace) -> None:
    ballots = [write.ballot(i, *(["b -> c"] if i < 2 else []), unsure=(("a", "b"),)) for i in range(4)]
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES)
    edge = write.find(consensus, "a -- b")
    assert (edge.status, edge.in_graph, edge.support.valid) == (Status.CONTESTED, False, 0)
    assert contested_pairs(consensus) == (("a", "b"), ("b", "c"))


def test_a_ballot_with_both_directions_is_unsure(write: SimpleNamespace) -> None:
    ballots = [*write.many(4, "a -> b"), write.ballot(9, "a -> b", "b -> a")]
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES)
    assert write.find(consensus, "a -> b").support.valid == 4
    assert [notice.count for notice in consensus.notices if notice.code == "both_ways"] == [1]


def test_focused_answers_add_to_the_count_and_settle_doubt(write: SimpleNamespace) -> None:
    ballots = write.split((4, ["a -> b"]), (3, []))
    told = [PairAnswer.EFFECT, PairAnswer.EFFECT, PairAnswer.NEITHER, PairAnswer.DONT_KNOW, PairAnswer.COMMON_CAUSE]
    pairs = [write.answers(i, "b", "a", answer) for i, answer in enumerate(told)]
    edge = write.find(form_consensus(ABC, ballots=ballots, pair_ballots=pairs, rules=RULES), "a -> b")
    assert (edge.support.votes, edge.support.valid) == (6, 11)
    assert edge.status is Status.CONTESTED
    more = [*pairs, *(write.answers(i, "a", "b", PairAnswer.CAUSE) for i in range(5, 8))]
    edge = write.find(form_consensus(ABC, ballots=ballots, pair_ballots=more, rules=RULES), "a -> b")
    assert (edge.support.votes, edge.support.valid, edge.status) == (9, 14, Status.ACCEPTED)
    assert {rationale.stance for rationale in edge.rationales} == {"for", "against", "unsure"}


def test_the_quorum_counts_ballots_that_answer_for_half_and_names_the_reasons(write: SimpleNamespace) -> None:
    ballots = [*write.many(2, "a -> b"), write.ballot(2, "a -> b", names=("a",))]
    lost = [write.abstained(3, AbstentionReason.CUT_OFF)]
    with pytest.raises(QuorumError, match="2 of 4 model ballots can be counted, and 3 are needed") as caught:
        form_consensus(ABC, ballots=ballots, abstentions=lost, rules=VotingRules(quorum=3))
    assert caught.value.reason == "The others: cut off: 1, partial: 1."
    more = [*ballots, write.ballot(4, "a -> b", names=("a", "b"))]
    assert form_consensus(ABC, ballots=more, rules=VotingRules(quorum=3)).turnout[Group.LLM].reasons == {"partial": 2}
    with pytest.raises(QuorumError, match="no ballot"):
        form_consensus(ABC, ballots=[], rules=RULES)


def test_a_partial_ballot_counts_for_its_pairs(write: SimpleNamespace) -> None:
    ballots = [*write.many(4, "a -> b", "b -> c"), write.ballot(4, "a -> b", "c -> b", names=("a", "b"))]
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES)
    assert write.find(consensus, "a -> b").support.valid == 5
    assert write.find(consensus, "b -> c").support.valid == 4
    assert consensus.turnout[Group.LLM].reasons == {"partial": 1}
    assert {notice.code for notice in consensus.notices} == {"partial_ballots", "votes_not_counted"}


def test_a_circle_is_cut_at_its_weakest_edge(write: SimpleNamespace) -> None:
    ballots = write.split((5, ["a -> b", "b -> c", "c -> a"]), (2, ["a -> b", "b -> c"]))
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES)
    edge = write.find(consensus, "c -> a")
    assert (edge.status, edge.in_graph, edge.changed_by) == (Status.CUT, False, "cycle")
    assert [cut.cycle for cut in consensus.cycle_cuts] == [("c", "a", "b", "c")]
    assert consensus.cycle_cuts[0].support == pytest.approx(5 / 7)


def test_a_required_edge_is_never_cut_and_every_conflict_is_said(write: SimpleNamespace) -> None:
    ballots = write.split((5, ["a -> b", "b -> c"]), (2, []))
    known = Constraints(require=(("c", "a"),), forbid=(("b", "a"),))
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES, constraints=known)
    edge = write.find(consensus, "c -> a")
    assert (edge.status, edge.in_graph, edge.support.votes) == (Status.REQUIRED, True, 0)
    assert write.find(consensus, "a -> b").status is Status.CUT
    assert write.find(consensus, "b -> a").status is Status.FORBIDDEN
    said = [notice.message for notice in consensus.notices if notice.code == "constraint_conflict"]
    assert said == ["c -> a is required; 0 of 7 ballots drew c -> a"]


def test_tiers_leave_the_majority_out_and_let_the_supported_reverse_stand(write: SimpleNamespace) -> None:
    ballots = write.split((4, ["b -> a", "c -> a"]), (3, ["a -> b"]))
    tiers = Constraints(tiers=(("a",), ("b", "c")))
    consensus = form_consensus(ABC, ballots=ballots, rules=VotingRules(min_support=0.4), constraints=tiers)
    assert write.find(consensus, "b -> a").status is Status.FORBIDDEN
    assert write.find(consensus, "b -> a").changed_by == "tiers"
    assert write.find(consensus, "a -> b").in_graph
    assert not write.find(consensus, "c -> a").in_graph
    said = [notice.message for notice in consensus.notices if notice.code == "constraint_conflict"]
    assert len(said) == 2
    assert "4 of 7 ballots drew b -> a; a -> b stands instead, with 3" in said[0]


def test_an_outcome_before_its_treatment_is_a_warning(write: SimpleNamespace) -> None:
    ballots = write.many(5, "a -> b", "b -> c")
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES, query=Query(treatment="c", outcome="a"))
    assert [notice.subject for notice in consensus.notices] == ["a -> b -> c"]
    with pytest.raises(UnknownVariableError):
        form_consensus(ABC, ballots=ballots, rules=RULES, query=Query(treatment="x", outcome="a"))


def test_slips_are_summed_up(write: SimpleNamespace) -> None:
    slips = (SlipCount(slip=Slip.UNKNOWN_NAME, count=2, examples=("foo\x1b[31m",)),)
    ballots = [*write.many(2), write.ballot(2, slips=slips), write.ballot(3, slips=slips)]
    notice = form_consensus(ABC, ballots=ballots, rules=RULES).notices[0]
    assert (notice.code, notice.count) == ("slip_unknown_name", 4)
    assert "on 2 ballots" in notice.message
    assert "foo[31m" in notice.message


def test_impossible_constraints_are_refused_before_counting(write: SimpleNamespace) -> None:
    ring = Constraints(require=(("a", "b"), ("b", "a")))
    with pytest.raises(CycleError):
        form_consensus(ABC, ballots=write.many(3), rules=RULES, constraints=ring)


def test_equal_reasons_are_kept_once_and_both_sides_are_heard(write: SimpleNamespace) -> None:
    ballots = [
        *(write.ballot(i).model_copy(update={"edges": (write.vote("a -> b", f"why {i % 20}"),)}) for i in range(40)),
        *(
            write.ballot(i).model_copy(update={"edges": (write.vote("b -> a", "the other way"),)})
            for i in range(40, 45)
        ),
    ]
    edge = write.find(form_consensus(ABC, ballots=ballots, rules=RULES), "a -> b")
    assert len(edge.rationales) == 12
    assert [rationale.text for rationale in edge.rationales if rationale.stance == "reverse"] == ["the other way"]
    assert len({rationale.text for rationale in edge.rationales}) == 12
    assert edge.rationales[0].voter == "m, ballot 1"


def test_an_edge_without_direction_from_a_model_is_no_vote_for_either(write: SimpleNamespace) -> None:
    consensus = form_consensus(ABC, ballots=write.many(5, "a -- b"), rules=RULES)
    edge = write.find(consensus, "a -- b")
    assert (edge.kind, edge.in_graph) == (EdgeKind.UNDIRECTED, True)
    assert len(consensus.edges) == 1


def test_between_equal_votes_the_circle_is_cut_behind_the_outcome(write: SimpleNamespace) -> None:
    ballots = write.many(3, "a -> b", "b -> c", "c -> a")
    free = form_consensus(ABC, ballots=ballots, rules=RULES)
    assert [(cut.source, cut.target) for cut in free.cycle_cuts] == [("a", "b")]
    asked = form_consensus(ABC, ballots=ballots, rules=RULES, query=Query(treatment="a", outcome="c"))
    assert [(cut.source, cut.target) for cut in asked.cycle_cuts] == [("c", "a")]
    heavier = [*ballots, write.ballot(9, "c -> a", names=ABC)]
    assert ("c", "a") in [
        (e.source, e.target)
        for e in form_consensus(ABC, ballots=heavier, rules=RULES, query=Query(outcome="c")).graph.edges
    ]
