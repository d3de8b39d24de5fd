from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.votes import CandidateBallot, CandidateVote, Group, Voter
from copilot.voting.candidates import tally_candidates


def ballot(number: int, *votes: CandidateVote) -> CandidateBallot:
    return CandidateBallot(voter=Voter(group=Group.LLM, source="m", ballot=number), candidates=votes)


def column(name: str, role: str = "instrument", reason: str = "") -> CandidateVote:
    return CandidateVote(name=name, role=role, reason=reason)


def idea(name: str, *affects: str) -> CandidateVote:
    return CandidateVote(name=name, role="confounder", observed=False, affects=affects)


def test_columns_are_counted_by_name_and_role_of_all_valid_ballots() -> None:
    ballots = [
        ballot(0, column("z"), column("q")),
        ballot(1, column("z")),
        ballot(2),
        ballot(3, column("z", "confounder")),
    ]
    found = {(one.role.value, one.name): (one.votes, one.valid) for one in tally_candidates(ballots)}
    assert found == {("instrument", "z"): (2, 4), ("instrument", "q"): (1, 4), ("confounder", "z"): (1, 4)}


def test_votes_hold_fall_short_or_cannot_tell() -> None:
    ballots = [ballot(0, column("z"), column("q")), ballot(1, column("z")), ballot(2, column("z"))]
    held = {one.name: one.votes_check for one in tally_candidates(ballots, min_support=0.5, quorum=3)}
    assert (held["z"].passed, held["q"].passed) == (True, False)
    assert "1 of 3" in held["q"].reason
    few = tally_candidates(ballots[:1], quorum=2)
    assert all(one.votes_check.passed is None for one in few)


def test_ideas_with_one_meaning_are_one_and_others_stay_apart() -> None:
    ballots = [
        ballot(0, idea("Diligence of the operator", "t", "y")),
        ballot(1, idea("operator diligence", "t", "y"), idea("diligence", "y", "t")),
        ballot(2, idea("diligence", "w"), idea("fuel price", "t")),
    ]
    found = {one.name: (one.votes, one.affects, one.observed) for one in tally_candidates(ballots)}
    assert found["fuel price"] == (1, ("t",), False)
    assert sum(votes for votes, _, _ in found.values()) == 4
    assert max(votes for votes, _, _ in found.values()) == 3


@given(st.permutations(range(6)))
def test_the_order_of_ballots_does_not_matter(order: list[int]) -> None:
    ballots = [
        ballot(i, column("z", reason="r" * (i + 1)), idea("a b" if i % 2 else "b, a", "t"), idea("c", "t"))
        for i in range(6)
    ]
    assert tally_candidates([ballots[i] for i in order]) == tally_candidates(ballots)


def test_no_ballot_gives_no_candidate() -> None:
    assert tally_candidates([]) == ()
