from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from copilot.domain.consensus import Consensus, Constraints, Status, VotingRules
from copilot.domain.votes import ChallengeBallot
from copilot.voting.consensus import form_consensus

After = Callable[..., Consensus]
ABC = ("a", "b", "c")


@pytest.fixture
def after(write: SimpleNamespace) -> After:
    def form(*challengers: ChallengeBallot, **more: Any) -> Consensus:
        ballots = write.split((6, ["a -> b", "b -> c"]), (1, []))
        return form_consensus(ABC, ballots=ballots, challenge_ballots=challengers, rules=VotingRules(), **more)

    return form


def test_a_majority_drops(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, drop=["a -> b"]) for i in range(2)), write.challenger(2))
    edge = write.find(consensus, "a -> b")
    assert (edge.status, edge.in_graph, edge.changed_by) == (Status.REJECTED, False, "challenge")
    assert edge.challenge.model_dump() == {"keep": 1, "drop": 2, "reverse": 0, "add": 0, "valid": 3}
    assert edge.notes == ("dropped by 2 of 3 challengers; 6 of 7 ballots drew a -> b",)
    assert write.find(consensus, "b -> c").challenge.keep == 3


def test_a_majority_reverses(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, reverse=["a -> b"]) for i in range(2)), write.challenger(2))
    assert consensus.graph.has("b", "a")
    assert write.find(consensus, "b -> a").changed_by == "challenge"
    assert not write.find(consensus, "a -> b").in_graph


def test_a_majority_adds_and_a_minority_only_doubts(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, add=["a -> c"]) for i in range(2)), write.challenger(2, drop=["b -> c"]))
    added = write.find(consensus, "a -> c")
    assert (added.status, added.in_graph, added.changed_by) == (Status.ACCEPTED, True, "challenge")
    assert (added.challenge.add, added.support.votes, added.support.valid) == (2, 0, 7)
    doubted = write.find(consensus, "b -> c")
    assert (doubted.status, doubted.in_graph, doubted.changed_by) == (Status.CONTESTED, True, "")
    alone = after(write.challenger(0, add=["c -> a"]), write.challenger(1), write.challenger(2))
    assert (write.find(alone, "c -> a").status, write.find(alone, "c -> a").in_graph) == (Status.CONTESTED, False)


def test_an_arrow_a_challenger_is_unsure_of_is_in_no_denominator(after: After, write: SimpleNamespace) -> None:
    consensus = after(
        write.challenger(0, drop=["a -> b"]),
        write.challenger(1, unsure=(("a", "b"),)),
        write.challenger(2, drop=["a -> b"], reverse=["a -> b"]),
    )
    edge = write.find(consensus, "a -> b")
    assert edge.challenge.model_dump() == {"keep": 0, "drop": 1, "reverse": 0, "add": 0, "valid": 1}
    assert not edge.in_graph
    assert write.find(consensus, "b -> c").challenge.keep == 3


def test_challengers_who_are_all_unsure_change_nothing(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, unsure=(("a", "b"),)) for i in range(3)))
    edge = write.find(consensus, "a -> b")
    assert (edge.in_graph, edge.status, edge.challenge.valid) == (True, Status.ACCEPTED, 0)


def test_unsure_of_what_was_not_shown_is_counted(after: After, write: SimpleNamespace) -> None:
    consensus = after(write.challenger(0, unsure=(("c", "a"),)))
    assert [(notice.code, notice.count) for notice in consensus.notices] == [("votes_not_counted", 1)]


def test_half_is_no_majority(after: After, write: SimpleNamespace) -> None:
    consensus = after(write.challenger(0, drop=["a -> b"]), write.challenger(1))
    assert write.find(consensus, "a -> b").in_graph


def test_equal_additions_in_both_directions_are_left_out(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, add=["a -> c", "c -> a"]) for i in range(3)))
    assert [write.find(consensus, text).status for text in ("a -> c", "c -> a")] == [Status.CONTESTED] * 2
    assert not consensus.graph.parents("a")


def test_a_challenger_counts_for_the_targets_it_answers_for(after: After, write: SimpleNamespace) -> None:
    part = write.challenger(0, drop=["a -> b"], asked=frozenset({"b"}))
    consensus = after(part, write.challenger(1, asked=frozenset({"a", "c"})))
    assert write.find(consensus, "a -> b").challenge.valid == 1
    assert not write.find(consensus, "a -> b").in_graph
    assert consensus.challenge_turnout.reasons == {"partial": 2}


def test_constraints_outvote_challengers_and_say_so(after: After, write: SimpleNamespace) -> None:
    known = Constraints(require=(("a", "b"),), forbid=(("c", "b"),), tiers=(("a",), ("c",)))
    all_three = [write.challenger(i, drop=["a -> b"], reverse=["b -> c"], add=["c -> a"]) for i in range(3)]
    consensus = after(*all_three, constraints=known)
    assert write.find(consensus, "a -> b").status is Status.REQUIRED
    assert write.find(consensus, "c -> a").status is Status.FORBIDDEN
    kept = write.find(consensus, "b -> c")
    assert (kept.status, kept.in_graph) == (Status.CONTESTED, True)
    assert len([notice for notice in consensus.notices if notice.code == "constraint_conflict"]) == 3


def test_silent_challengers_change_nothing(after: After, write: SimpleNamespace) -> None:
    consensus = after(challenge_abstentions=[write.abstained(0), write.abstained(1)])
    assert consensus.graph == after().graph
    assert [notice.code for notice in consensus.notices] == ["challenge_silent"]
    assert (consensus.challenge_turnout.asked, consensus.challenge_turnout.valid) == (2, 0)


def test_what_points_at_nothing_shown_is_counted(after: After, write: SimpleNamespace) -> None:
    consensus = after(*(write.challenger(i, drop=["a -> c"], add=["b -> a"]) for i in range(3)))
    assert consensus.graph == after().graph
    assert [(notice.code, notice.count) for notice in consensus.notices] == [("votes_not_counted", 6)]


def test_an_arrow_that_was_cut_comes_back_when_its_circle_is_broken(write: SimpleNamespace) -> None:
    ballots = write.split((5, ["a -> b", "b -> c", "c -> a"]), (1, ["a -> b", "b -> c"]))
    challengers = [write.challenger(i, drop=["a -> b"]) for i in range(3)]
    consensus = form_consensus(ABC, ballots=ballots, challenge_ballots=challengers, rules=VotingRules())
    edge = write.find(consensus, "c -> a")
    assert (edge.status, edge.in_graph) == (Status.CONTESTED, True)
    assert "not seen by the challengers" in edge.notes[0]
    assert not consensus.cycle_cuts
