from __future__ import annotations

from types import SimpleNamespace

import pytest

from copilot.domain.consensus import Constraints, Status, VotingRules
from copilot.domain.votes import Group
from copilot.voting.consensus import form_consensus

ABC = ("a", "b", "c")
RULES = VotingRules()
Parts = list[tuple[int, list[str]]]


@pytest.mark.parametrize(
    ("parts", "edge", "votes", "status"),
    [
        ([(30, ["a -> b"]), (5, ["b -> a"]), (5, ["a -- b"]), (10, [])], "a -> b", 30, Status.ACCEPTED),
        ([(20, ["a -> b"]), (15, ["b -> a"]), (10, ["a -- b"]), (5, [])], "a -- b", 45, Status.ACCEPTED),
        ([(12, ["a -> b"]), (28, ["a -- b"]), (10, [])], "a -- b", 40, Status.ACCEPTED),
        ([(26, ["a -- b"]), (24, [])], "a -- b", 26, Status.CONTESTED),
        ([(22, ["a -> b"]), (28, [])], "a -> b", 22, Status.CONTESTED),
        ([(10, ["a -> b"]), (40, [])], "a -> b", 10, Status.REJECTED),
        ([(20, ["a -> b"]), (20, ["a -- b"]), (10, [])], "a -> b", 20, Status.CONTESTED),  # the direction just holds
    ],
)
def test_the_pair_is_decided_first_and_the_direction_second(
    write: SimpleNamespace, parts: Parts, edge: str, votes: int, status: Status
) -> None:
    consensus = form_consensus(ABC, ballots=write.split(*parts, group=Group.DATA), rules=RULES)
    found = write.find(consensus, edge)
    assert (found.support.votes, found.support.valid, found.status) == (votes, 50, status)
    assert found.in_graph == (sum(count for count, edges in parts if edges) >= 25)
    assert found.groups == {Group.DATA: found.support}


def test_the_split_over_directions_is_told(write: SimpleNamespace) -> None:
    ballots = write.split((20, ["a -> b"]), (15, ["b -> a"]), (15, ["a -- b"]), group=Group.DATA)
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES)
    assert write.find(consensus, "a -- b").notes == ("of 50 resamples, a -> b in 20 and b -> a in 15 and a -- b in 15",)
    assert len(consensus.edges) == 1


def test_time_gives_the_direction_that_the_data_cannot(write: SimpleNamespace) -> None:
    ballots = write.many(50, "a -- b", group=Group.DATA)
    consensus = form_consensus(ABC, ballots=ballots, rules=RULES, constraints=Constraints(tiers=(("b",), ("a",))))
    edge = write.find(consensus, "b -> a")
    assert (edge.in_graph, edge.changed_by, edge.support.votes) == (True, "tiers", 50)
    assert edge.notes[0] == "the votes give no direction; the time order does"
    assert not consensus.notices


def test_a_column_that_the_data_cannot_speak_of_costs_no_ballot(write: SimpleNamespace) -> None:
    ballots = write.many(50, "a -> b", group=Group.DATA, names=("a", "b"))
    consensus = form_consensus(ABC, ballots=ballots, rules=VotingRules(quorum=26))
    assert consensus.turnout[Group.DATA].valid == 50


def test_models_decide_and_the_data_contradict(write: SimpleNamespace) -> None:
    models = write.many(7, "a -> b", "a -> c")
    data = write.split((2, ["a -- b", "b -- c", "a -> c"]), (48, ["b -- c", "c -> a"]), group=Group.DATA)
    consensus = form_consensus(ABC, ballots=[*models, *data], rules=RULES)
    seen = write.find(consensus, "a -> b")
    assert (seen.status, seen.in_graph) == (Status.CONTESTED, True)
    assert seen.notes[0] == "the data see no dependence between a and b: 2 of 50 resamples draw this pair"
    left_out = write.find(consensus, "b -- c")
    assert (left_out.status, left_out.in_graph) == (Status.CONTESTED, False)
    assert left_out.support.valid == 7
    assert left_out.groups[Group.DATA].votes == 50
    turned = write.find(consensus, "a -> c")
    assert (turned.status, turned.in_graph) == (Status.ACCEPTED, True)
    assert (turned.groups[Group.LLM].votes, turned.groups[Group.DATA].votes) == (7, 50)
    assert turned.notes == ("of 50 resamples, a -> c in 2 and c -> a in 48",)
    assert consensus.graph.undirected_of["a"] == ()
