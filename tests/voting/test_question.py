from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.question import NO_COLUMN, QuestionBallot, Role
from copilot.domain.votes import Group, Voter
from copilot.errors import QuorumError
from copilot.report.question import turned_down, understood_line
from copilot.voting.question import read_votes


def ballot(number: int, **said: Any) -> QuestionBallot:
    voter = Voter(group=Group.LLM, source="m", ballot=number)
    return QuestionBallot(**{"voter": voter, "kind": "effect", "treatment": "t", "outcome": "y", **said})


def ballots(*said: dict[str, Any]) -> list[QuestionBallot]:
    return [ballot(number, **one) for number, one in enumerate(said)]


def test_what_most_read_is_understood_with_its_votes() -> None:
    read = read_votes("?", ballots({}, {}, {"outcome": "z"}), quorum=2)
    assert (read.outcome.value, read.outcome.votes, read.outcome.valid, read.outcome.others) == ("y", 2, 3, (("z", 1),))
    assert read.ambiguous == ()
    assert turned_down(read) is None
    told = "treatment: t (3 of 3); outcome: y (2 of 3); effect on: everybody (3 of 3); population: everybody"
    assert understood_line(read) == told


@pytest.mark.parametrize("others", [["y", "z"], ["y", "y", "y", "z", "z"]])
def test_a_tie_or_less_than_two_thirds_is_asked_back(others: list[str]) -> None:
    read = read_votes("?", ballots(*({"outcome": name} for name in others)))
    (one,) = read.ambiguous
    assert (one.what, [name for name, _ in one.options]) == ("outcome", ["y", "z"])


@pytest.mark.parametrize("kind", ["prediction", "association", "unanswerable"])
def test_a_question_that_most_do_not_read_as_one_of_effect_is_turned_down_in_a_voters_words(kind: str) -> None:
    other = {"kind": kind, "treatment": None, "outcome": None, "reason": "it wants a value"}
    read = read_votes("?", ballots(other, other, {"reason": "an effect"}))
    assert (read.kind.value, read.kind.votes, read.kind.valid) == (kind, 2, 3)
    told = turned_down(read)
    assert told is not None
    assert "In a voter's words: “it wants a value”" in told[1]
    assert "copilot analyze" in told[2]


def test_other_kinds_count_together_against_an_effect() -> None:
    read = read_votes("?", ballots({}, {}, {"kind": "prediction"}, {"kind": "association"}, {"kind": "association"}))
    assert read.kind.value == "association"


def test_a_kind_without_a_clear_majority_is_asked_back() -> None:
    read = read_votes("?", ballots({}, {}, {}, {"kind": "prediction"}, {"kind": "prediction"}), quorum=3)
    assert [(one.what, one.options) for one in read.ambiguous] == [("kind", (("effect", 3), ("prediction", 2)))]


def test_no_such_column_is_an_answer_and_a_slip_is_none() -> None:
    none = {"treatment": None, "absent": (Role.TREATMENT,)}
    read = read_votes("?", ballots(none, none, {}, {"treatment": None}))
    assert (read.treatment.value, read.treatment.votes, read.treatment.valid) == (NO_COLUMN, 2, 3)
    told = turned_down(read)
    assert told is not None
    assert "no column of the table holds the treatment" in told[0]


def test_too_few_who_name_a_column_are_not_enough_whatever_they_agree_on() -> None:
    read = read_votes("?", ballots({}, {"treatment": None}, {"treatment": None}), quorum=2)
    assert [one.what for one in read.ambiguous] == ["treatment"]


def test_contrast_population_and_the_treated_need_more_than_a_few() -> None:
    said = {"contrast": ("no", "yes"), "population": "sex = f", "target": "ATT"}
    most = read_votes("?", ballots(said, said, {}))
    assert (most.contrast, most.contrast_votes, most.population, most.target.value) == (
        ("no", "yes"),
        2,
        "sex = f",
        "ATT",
    )
    few = read_votes("?", ballots(said, {}, {}))
    assert (few.contrast, few.contrast_votes, few.population, few.target.value) == (None, 0, "", "ATE")


def test_too_few_ballots_decide_nothing() -> None:
    with pytest.raises(QuorumError, match="1 of 1 model ballots"):
        read_votes("?", ballots({}), quorum=2)


@given(st.permutations(range(5)))
def test_the_order_of_the_ballots_does_not_matter(order: list[int]) -> None:
    cast = ballots({}, {"outcome": "z", "reason": "r"}, {"treatment": "w"}, {"kind": "prediction"}, {"reason": "long"})
    assert read_votes("?", [cast[i] for i in order]) == read_votes("?", cast)
