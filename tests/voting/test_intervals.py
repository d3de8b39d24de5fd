from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.errors import CopilotError
from copilot.voting.intervals import support_of, wilson


@pytest.mark.parametrize(
    ("votes", "valid", "expected"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3, to four digits.
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_it_agrees_with_a_published_table(votes: int, valid: int, expected: tuple[float, float]) -> None:
    assert wilson(votes, valid) == pytest.approx(expected, abs=5e-5)


@given(st.integers(0, 500).flatmap(lambda valid: st.tuples(st.integers(0, valid), st.just(valid))))
def test_the_share_lies_in_its_interval(counts: tuple[int, int]) -> None:
    votes, valid = counts
    record = support_of(votes, valid)
    low, high = record.interval
    assert 0 <= low <= high <= 1
    if valid:
        assert low - 1e-6 <= record.support <= high + 1e-6


def test_without_a_ballot_anything_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_more_votes_than_ballots_are_our_bug() -> None:
    with pytest.raises(CopilotError, match="8 votes of 7"):
        wilson(8, 7)
