"""Ids out, names back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.votes import Slip
from copilot.elicitation.naming import Naming, Slips


@given(st.lists(st.text(max_size=8), unique=True, min_size=1, max_size=12))
def test_every_name_comes_back_from_its_id_byte_for_byte(names: list[str]) -> None:
    naming, slips = Naming(names), Slips()
    assert [naming.resolve(naming.id_of(name), slips) for name in names] == names
    assert slips.counts() == ()


def test_an_id_goes_before_a_column_of_the_same_name() -> None:
    naming = Naming(["v2", "age"])
    assert naming.resolve("v2", Slips()) == "age"


@pytest.mark.parametrize(
    ("written", "found", "slip"),
    [
        ("wage", "wage", None),
        (" WAGE ", "wage", Slip.FOLDED_NAME),
        ("salary", None, Slip.UNKNOWN_NAME),
        ("T ", None, Slip.UNKNOWN_NAME),
        ("v9", None, Slip.UNKNOWN_NAME),
    ],
)
def test_names_are_matched_only_without_ambiguity(written: str, found: str | None, slip: Slip | None) -> None:
    slips = Slips()
    assert Naming(["wage", "t", "T"]).resolve(written, slips) == found
    assert [count.slip for count in slips.counts()] == ([] if slip is None else [slip])


def test_slips_of_several_sheets_add_up() -> None:
    one, two = Slips(), Slips()
    one.add(Slip.REPEATED, "a")
    two.add(Slip.REPEATED, "b")
    two.add(Slip.SELF_LOOP, "c")
    total = Slips.total(iter([one, two]))
    assert [(count.slip, count.count, count.examples) for count in total.counts()] == [
        (Slip.REPEATED, 2, ("a", "b")),
        (Slip.SELF_LOOP, 1, ("c",)),
    ]


def test_slips_keep_a_few_examples_and_all_counts() -> None:
    slips = Slips()
    for number in range(5):
        slips.add(Slip.UNKNOWN_NAME, f"\x1b[31mx{number}")
    (count,) = slips.counts()
    assert count.count == 5
    assert count.examples == ("[31mx0", "[31mx1", "[31mx2")
