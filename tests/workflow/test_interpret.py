"""What a model says of finished results is shown only as far as the report bears it out."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.interpretation import DropReason, Reading, Said
from copilot.domain.votes import Group, Voter
from copilot.workflow.interpret import LONGEST, check_sentence, interpret
from copilot.workflow.written_numbers import matches, numbers_of, numbers_told, written_numbers

NAMES = ("t", "y", "re74")
NUMBERS = frozenset(map(Decimal, ("4.104", "-3.21", "600", "0.2345", "1794.34", "1794.3")))
REPORT: dict[str, Any] = {
    "run_id": "123456789012",
    "graph_hash": "77" * 32,
    "rows": {"read": 610, "used": 600},
    "unit": "kg per unit of t",
    "estimates": [{"value": 4.104, "interval": [1.25, 6.9583], "n": 600, "adjustment_set": ["re74"]}],
    "refutations": [{"draws": [8.88], "p_value": 0.2345, "message": "re74 55 left: 12 % of 50 passed, 95 % interval"}],
    "verdict": {"text": "The effect is 4.104 (1.25 to 6.958).", "doubts": []},
}

TOLD: dict[str, Any] = {"verdict": "It is 4.104 (1.25 to 6.958).", "rows_used": 600, "checks": ["12 % of 50"]}


def verdict(text: str, *names: str) -> DropReason | None:
    found = check_sentence(Said(template=text, names=names), NUMBERS, NAMES)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    "text",
    [
        "It rises by 4.1 or 4.10 kg.",
        "It is 3.2 kg lower.",
        "{0} reduces {1} by about 3.21.",
        "It lies between −3.2 and +4.1.",  # noqa: RUF001 (as models write it)
        "The 95 % interval goes from -3.2 to 4.1.",
        "The 95% confidence interval is wide.",
        "It fits a share of 23 %, or 23.5 per cent.",
        "It rests on 600 rows, and 1,794 or 1,794.3 euros.",
        "The lower end is 4.1 and no more is known.",
        "re74 was held fixed.",
        "Another graph would change it.",
    ],
)
def test_what_the_report_bears_out_may_be_shown(text: str) -> None:
    assert verdict(text, "t", "y") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It rises by 5.2 kg.", DropReason.NUMBER),
        ("It rises by 4.105 kg.", DropReason.NUMBER),
        ("It is about 4.", DropReason.NUMBER),
        ("It changes by 3.2.", DropReason.NUMBER),
        ("It is 4.1 kg lower.", DropReason.NUMBER),
        ("{0} lowers {1} by 4.1.", DropReason.NUMBER),
        ("It rises by 4.1 %.", DropReason.NUMBER),
        ("{0} raises {1} by 3.2, less than was thought.", DropReason.NUMBER),
        ("It is 3.2 kg higher, not lower.", DropReason.NUMBER),
        ("Measured in 2019.", DropReason.NUMBER),
        ("It is ٤ kg.", DropReason.NUMBER),
        ("It rises by 4.1.2 kg.", DropReason.NUMBER),
        ("It rises by 60000 kg.", DropReason.NUMBER),
        ("{v9} matters.", DropReason.NAME),
        ("{_0} matters.", DropReason.NAME),
        ("{ matters.", DropReason.NAME),
        ("re75 matters.", DropReason.NAME),
        ("hidden_wealth matters.", DropReason.NAME),
        ("{0} matters, says {2}.", DropReason.NAME),
        ("This proves it.", DropReason.CERTAINTY),
        ("This is PROVEN.", DropReason.CERTAINTY),
        ("It certainly helps.", DropReason.CERTAINTY),
        ("It definitely helps.", DropReason.CERTAINTY),
        ("With a 95 % chance it helps.", DropReason.CERTAINTY),
        ("It helps without any doubt.", DropReason.CERTAINTY),
        ("Run `rm`.", DropReason.MARKUP),
        ("See https://evil.example/x.", DropReason.MARKUP),
        ("See evil.com now.", DropReason.MARKUP),
        ("<script>alert()</script>", DropReason.MARKUP),
        ("[here](x)", DropReason.MARKUP),
        ("It is **big**.", DropReason.MARKUP),
        ("a" * (LONGEST + 1), DropReason.LENGTH),
    ],
)
def test_what_it_does_not_bear_out_is_dropped(text: str, why: DropReason) -> None:
    assert verdict(text, "t", "y") is why


def test_a_name_outside_the_analysis_is_dropped_and_one_inside_may_say_what_it_likes() -> None:
    assert verdict("{0} matters.", "z") is DropReason.NAME
    said = Said(template="{0} matters.", names=("This proves 99 % <b>",))
    assert check_sentence(said, NUMBERS, said.names) is None


def test_numbers_come_from_results_and_not_from_ids_draws_names_or_the_level() -> None:
    found = numbers_of(REPORT, NAMES)
    assert {Decimal("4.104"), Decimal(600), Decimal("0.12"), Decimal(50), Decimal(55)} <= found
    assert not {Decimal(74), Decimal("8.88"), Decimal(95), Decimal("0.95"), Decimal(123456789012)} & found
    assert Decimal(55) not in numbers_of(REPORT, (*NAMES, "re74 55"))


def test_a_number_that_was_not_told_is_not_taken_for_one_of_the_report() -> None:
    told = numbers_told(REPORT, TOLD, NAMES)
    assert told == set(map(Decimal, ("4.104", "1.25", "6.9583", "6.958", "600", "0.12", "50")))
    found = interpret([reading(0, "It is 4.1.", "It was read from 610 rows.")], REPORT, TOLD, NAMES)
    assert found.dropped[0].tokens == ("610",)


def test_names_of_checks_are_no_names_of_columns() -> None:
    report = {**REPORT, "refutations": [{"refuter": "random_common_cause"}]}
    told = "The check random_common_cause found nothing."
    assert interpret([reading(0, told)], report, TOLD, NAMES).sentences == (told,)
    assert interpret([reading(0, told)], REPORT, TOLD, NAMES).sentences == ()


def test_percent_is_a_share_unless_the_outcome_is_in_percent() -> None:
    (written,) = written_numbers("4.1 %")
    assert not matches(written, numbers_of(REPORT))
    assert matches(written, numbers_of({**REPORT, "unit": "% of yield"}))


@given(st.decimals(-10_000, 10_000, places=6), st.integers(0, 6))
def test_a_number_rounded_to_two_digits_or_more_is_found(value: Decimal, places: int) -> None:
    text = f"{value:,.{places}f}"
    (written,) = written_numbers(f"It is {text} now.")
    assert bool(matches(written, {value})) == (
        len(re.sub(r"\D", "", text).lstrip("0")) > 1 or Decimal(text.replace(",", "")) == value
    )


@given(st.decimals("1", "9999", places=4), st.integers(1, 4), st.integers(2, 50), st.booleans())
def test_a_number_that_is_off_is_not(value: Decimal, places: int, off: int, up: bool) -> None:
    moved = round(value, places) + (1 if up else -1) * off * Decimal(1).scaleb(-places)
    (written,) = written_numbers(f"It is {moved} now.")
    assert not matches(written, {value})


@given(st.decimals("0.1", "9999", places=3))
def test_a_decrease_is_never_told_of_a_rise_nor_a_minus_left_out_in_silence(value: Decimal) -> None:
    assert check_sentence(Said(template=f"It is {value} kg lower."), {value}, ()) is not None
    assert check_sentence(Said(template=f"It changes by {value} kg."), {-value}, ()) is not None
    assert check_sentence(Said(template=f"It is {value} kg lower."), {-value}, ()) is None


@given(st.text(max_size=80), st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
def test_no_text_breaks_the_check_and_nothing_shown_has_a_foreign_digit(text: str, names: list[str]) -> None:
    if check_sentence(Said(template=text, names=tuple(names)), frozenset(), NAMES) is None:
        plain = re.sub(r"\{[01]\}", "", text).replace("re74", "")
        assert not re.search(r"[0-9]", re.sub(r"\b95\b", "", plain))


def reading(ballot: int, *sentences: str) -> Reading:
    voter = Voter(group=Group.LLM, source="m", ballot=ballot)
    return Reading(voter=voter, sentences=tuple(Said(template=one, names=("t", "y")) for one in sentences))


def test_the_reading_that_agrees_most_is_shown_without_what_was_dropped() -> None:
    mine = reading(2, "{0} moves {1} by 4.1.", "It may be 9.9.", "It rests on 600 rows.")
    other = reading(1, "{0} moves {1} by 4.1.")
    odd = reading(0, "1.25 is {0} of {1}.", "It was tried with 50.", "6.96 too.")
    found = interpret([odd, other, mine, reading(3, "It proves 1.25.")], REPORT, TOLD, NAMES)
    assert found.ballot == 1
    assert (found.usable, found.readings, found.cut) == (3, 4, 0)
    assert found.sentences == ("t moves y by 4.1.",)
    assert {one.reason: (one.count, one.tokens) for one in found.dropped} == {
        DropReason.NUMBER: (1, ("9.9",)),
        DropReason.CERTAINTY: (1, ("proves",)),
    }
    assert "3 of 4 readings were usable; this one agrees most" in found.standing


def test_rounding_does_not_make_readings_disagree() -> None:
    found = interpret([reading(0, "{0} moves {1} by 4.1."), reading(1, "{0} moves {1} by 4.104.")], REPORT, TOLD, NAMES)
    assert (found.agreement, found.ballot) == (1.0, 0)


def test_equals_are_told_apart_by_ballot_number_whatever_their_order() -> None:
    readings = [reading(place, "{0} moves {1} by 4.1.", "It may be 9.9.") for place in range(4)]
    found = interpret(readings[::-1], REPORT, TOLD, NAMES)
    assert (found.ballot, found.agreement, found.cut) == (0, 1.0, 1)
    assert found == interpret(readings, REPORT, TOLD, NAMES)
    assert "1 sentence of it was dropped" in found.standing


def test_where_nothing_is_left_it_is_said_plainly() -> None:
    found = interpret([reading(0, "It proves it."), reading(1, "It is 9.9.")], REPORT, TOLD, NAMES)
    assert found.sentences == ()
    assert found.standing == ""
    assert "no sentence of any of them passed the check (2 readings)" in found.note
    assert len(found.dropped_lines()) == 2
