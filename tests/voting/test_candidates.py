from __future__ import annotations

from random import Random

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


def test_a_lost_block_is_in_no_denominator_and_support_decides_the_order() -> None:
    ballots = [
        ballot(0, column("a"), column("z")),
        ballot(1, column("a")).model_copy(update={"asked": frozenset({"a"})}),
        ballot(2).model_copy(update={"asked": frozenset({"a"})}),
    ]
    found = tally_candidates(ballots, quorum=2)
    assert [(one.name, one.votes, one.valid) for one in found] == [("z", 1, 1), ("a", 2, 3)]
    assert [one.votes_check.passed for one in found] == [None, True]


def test_a_line_that_stands_twice_on_a_ballot_counts_once() -> None:
    (found,) = tally_candidates([ballot(0, column("z"), column("z")), ballot(1)])
    assert (found.votes, found.valid) == (1, 2)


def test_a_general_word_does_not_join_two_special_ones() -> None:
    names = ("diligence", "operator diligence", "owner diligence", "diligence")
    found = tally_candidates([ballot(number, idea(name, "t", "y")) for number, name in enumerate(names)])
    assert [(one.name, one.votes) for one in found] == [("diligence", 3), ("owner diligence", 1)]


def test_a_common_cause_keeps_two_variables_however_its_voters_differ() -> None:
    (found,) = tally_candidates([ballot(number, idea("luck", "t", other)) for number, other in enumerate("yabc")])
    assert found.affects == ("a", "t")


def test_what_half_of_the_voters_would_hold_fixed_is_told() -> None:
    votes = [("age", "sex"), ("age",), ("town",)]
    ballots = [ballot(i, CandidateVote(name="z", role="instrument", given=given)) for i, given in enumerate(votes)]
    (found,) = tally_candidates(ballots)
    assert found.votes_check.details["given"] == ["age"]
    assert "given" not in tally_candidates([ballot(0, column("z"))])[0].votes_check.details


_NAMES = st.sampled_from(("z", "soil quality", "quality of soil", "quality", "the air quality", "luck"))
_VOTES = st.builds(
    CandidateVote,
    name=_NAMES,
    role=st.sampled_from(("instrument", "confounder")),
    observed=st.booleans(),
    affects=st.lists(st.sampled_from("tyw"), unique=True, max_size=3).map(tuple),
    reason=st.sampled_from(("", "short", "a longer reason")),
)


@given(st.lists(st.lists(_VOTES, max_size=5), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_nothing_named_is_lost_and_order_is_without_effect(lines: list[list[CandidateVote]], rng: Random) -> None:
    ballots = [ballot(number, *votes) for number, votes in enumerate(lines)]
    found = tally_candidates(ballots)
    named = {(vote.role, vote.name) for votes in lines for vote in votes if vote.observed}
    assert {(one.role.value, one.name) for one in found if one.observed} == named
    cast = sum(len({(v.role, v.observed, v.name) for v in votes}) for votes in lines)
    assert len(found) <= cast
    assert bool(found) == bool(cast)
    assert all(1 <= one.votes <= one.valid == len(ballots) for one in found)
    mixed = list(ballots)
    rng.shuffle(mixed)
    assert tally_candidates(mixed) == found


def test_votes_hold_from_the_share_that_is_asked_for() -> None:
    ballots = [ballot(0, column("z")), ballot(1)]
    passed = [tally_candidates(ballots, min_support=share)[0].votes_check.passed for share in (0.5, 0.51)]
    assert passed == [True, False]
