from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Level
from copilot.errors import EstimationError
from copilot.estimation.design import Prepared
from copilot.estimation.prepare.notes import Notes
from copilot.estimation.prepare.pieces import Levels, Quantity
from copilot.estimation.prepare.treatment import SMALLEST, ask_contrast, finish_treatment, read_treatment
from copilot.estimation.prepare.words import likeliest_contrast, ordered
from copilot.estimation.problem import Problem

Run = Callable[..., Prepared]
Columns = dict[str, list[Any]]
Effect = Callable[[Problem], float]
Said = Callable[[Prepared], list[str]]


@pytest.mark.parametrize(
    ("control", "active"),
    [
        ("no", "yes"),
        ("False", "True"),
        ("control", "treated"),
        ("off", "ON"),
        ("placebo", "drug B"),
        ("not married", "married"),
        ("nonsmoker", "smoker"),
        ("untreated", "treated"),
        ("Never", "ever"),
        ("none", "low"),
        ("regular", "small"),
        ("usual care", "low"),
        ("Rejected", "Admitted"),
        ("denied", "approved"),
        ("unemployed", "employed"),
        ("lost", "won"),
        ("Nein", "Ja"),
        ("non", "oui"),
        ("NO", "SÍ"),
        ("-", "+"),
    ],
)
def test_known_words_decide_the_direction(control: str, active: str) -> None:
    assert ordered(active, control)[:2] == (control, active)
    assert ordered(control, active)[:2] == (control, active)
    assert ordered(control, active)[2]


@pytest.mark.parametrize("levels", [["low", "none", "high"], ["none", "low", "high"], ["high", "low", "None"]])
def test_of_three_levels_the_one_that_means_nothing_is_offered_as_control(levels: list[str]) -> None:
    control, active = likeliest_contrast(levels)
    assert (control.casefold(), active) == ("none", "high")
    assert "--contrast none,high" in (ask_contrast("t", [(x.casefold(), 5) for x in levels], 3).advice or "")


@given(st.text(max_size=8), st.text(max_size=8))
def test_the_order_of_two_levels_does_not_depend_on_which_comes_first(one: str, other: str) -> None:
    assert ordered(one, other) == ordered(other, one)


def test_numbers_one_and_two_are_two_against_one(run: Run, columns: Columns, effect: Effect, said: Said) -> None:
    prepared = run({**columns, "t": [value + 1 for value in columns["t"]]}, adjustment=("w",))
    assert prepared.contrast.text == "2 vs 1"
    assert "treatment_direction" in said(prepared)
    assert effect(prepared.problem) == pytest.approx(2, abs=0.35)
    assert prepared.unit == "y, t 2 vs 1"


def test_a_known_word_is_said_and_unknown_words_are_alphabetical_with_advice(
    run: Run, columns: Columns, effect: Effect
) -> None:
    words = {0: "no", 1: "yes"}
    prepared = run({**columns, "t": [words[v] for v in columns["t"]]}, adjustment=("w",))
    (notice,) = prepared.notices
    assert (notice.level, prepared.contrast.active) == (Level.INFO, "yes")
    words = {0: "zeta arm", 1: "alpha"}
    prepared = run({**columns, "t": [words[v] for v in columns["t"]]}, adjustment=("w",))
    (notice,) = prepared.notices
    assert notice.level is Level.WARNING
    assert "--contrast 'zeta arm,alpha'" in notice.message
    assert effect(prepared.problem) == pytest.approx(-2, abs=0.35)


def test_a_contrast_turns_the_direction(run: Run, columns: Columns, effect: Effect) -> None:
    prepared = run(columns, adjustment=("w",), contrast=("1", "0"))
    assert effect(prepared.problem) == pytest.approx(-2, abs=0.35)
    assert (prepared.problem.low, prepared.problem.high) == (0.0, 1.0)


def test_three_texts_ask_for_the_contrast_and_list_the_levels(run: Run, columns: Columns) -> None:
    arms = ["a"] * 200 + ["b"] * 150 + ["c"] * 50
    with pytest.raises(EstimationError, match=r"3 levels: 'a' \(200 rows\), 'b' \(150 rows\), 'c' \(50 rows\)") as got:
        run({**columns, "t": arms}, adjustment=("w",))
    assert "--contrast a,b" in got.value.advice


def test_a_contrast_keeps_the_rows_of_its_two_levels(run: Run, columns: Columns) -> None:
    arms = ["a"] * 200 + ["b"] * 150 + ["c"] * 50
    prepared = run({**columns, "t": arms}, adjustment=("w",), contrast=("c", "a"))
    assert prepared.rows_used == 250
    (notice,) = prepared.notices
    assert (notice.code, notice.count) == ("rows_outside_contrast", 150)
    assert prepared.problem.t.sum() == 200


@pytest.mark.parametrize(("arms", "wanted"), [(["a", "b", "c", "c"], ("a", "B")), ([0, 1, 1, 0], ("0", "0.5"))])
def test_an_unknown_level_is_refused_with_near_names(
    run: Run, columns: Columns, arms: list[Any], wanted: tuple[str, str]
) -> None:
    with pytest.raises(EstimationError, match="no level of the treatment t") as got:
        run({**columns, "t": arms * 100}, adjustment=("w",), contrast=wanted)
    assert "Did you mean" in got.value.advice or "levels are" in got.value.advice


@pytest.mark.parametrize("wanted", [("a", "a"), ("1", "1.0"), ("x", "1"), ("nan", "1"), ("inf", "1")])
def test_a_contrast_that_is_none_is_refused(run: Run, columns: Columns, wanted: tuple[str, str]) -> None:
    arms = ["a", "b", "b", "a"] if wanted[0] == "a" else [0, 1, 1, 0]
    with pytest.raises(EstimationError):
        run({**columns, "t": arms * 100}, adjustment=("w",), contrast=wanted)


def test_more_numbers_are_a_quantity_and_a_contrast_is_honoured_exactly(
    run: Run, columns: Columns, effect: Effect
) -> None:
    rng = np.random.default_rng(3)
    dose = rng.integers(0, 40, size=400)
    data = {**columns, "t": dose.tolist(), "y": (0.5 * dose + rng.normal(size=400)).round(3).tolist()}
    one = run(data, adjustment=("w",))
    assert effect(one.problem) == pytest.approx(0.5, abs=0.03)
    assert one.problem.t.std() == pytest.approx(1)
    assert (one.contrast.text, one.unit) == ("per 1 unit more", "y, per 1 unit more of t")
    half = run(data, adjustment=("w",), contrast=("3", "3.5"))
    assert effect(half.problem) == pytest.approx(effect(one.problem) / 2, rel=1e-9)
    down = run(data, adjustment=("w",), contrast=("4", "1"))
    assert effect(down.problem) == pytest.approx(-3 * effect(one.problem), rel=1e-9)


def test_two_of_a_few_numbers_are_compared_by_their_own_rows(run: Run, columns: Columns, effect: Effect) -> None:
    rng = np.random.default_rng(5)
    arm = rng.integers(0, 3, size=400)
    y = np.array([0.0, 1.0, 3.0])[arm] + rng.normal(size=400)
    data = {**columns, "t": arm.tolist(), "y": y.round(3).tolist()}
    prepared = run(data, adjustment=("w",), contrast=("1", "2.0"))
    assert prepared.problem.binary_treatment
    assert (prepared.contrast.text, prepared.rows_used) == ("2 vs 1", int((arm > 0).sum()))
    assert effect(prepared.problem) == pytest.approx(2, abs=0.35)  # the line through all three says 1.5
    (notice,) = prepared.notices
    assert (notice.code, notice.count) == ("rows_outside_contrast", int((arm == 0).sum()))
    between = run(data, adjustment=("w",), contrast=("1", "1.5"))
    assert not between.problem.binary_treatment
    rare = {**data, "t": [7, *data["t"][1:]]}
    assert not run(rare, adjustment=("w",), contrast=("0", "7")).problem.binary_treatment


@pytest.mark.parametrize("wanted", [None, ("low", "high")])
def test_an_instrument_does_not_move_a_treatment_of_three_texts(
    run: Run, columns: Columns, wanted: tuple[str, str] | None
) -> None:
    arms = ["low", "mid", "high", "mid"] * 100
    names = {"strategy": Strategy.IV, "instruments": ("w",)}
    with pytest.raises(EstimationError, match="3 levels, and an instrument moves rows between all of them"):
        run({**columns, "t": arms}, contrast=wanted, **names)
    numbers = {"low": 0, "mid": 1, "high": 2}
    prepared = run({**columns, "t": [numbers[one] for one in arms]}, contrast=("0", "2"), **names)
    assert (prepared.rows_used, prepared.problem.binary_treatment) == (400, False)


@pytest.mark.parametrize(("means", "uneven"), [((0.0, 1.0, 2.0), False), ((0.0, 2.0, 1.0), True)])
def test_steps_that_do_not_count_alike_are_a_warning(
    run: Run, columns: Columns, said: Said, means: tuple[float, ...], uneven: bool
) -> None:
    rng = np.random.default_rng(6)
    arm = rng.integers(0, 3, size=400)
    y = np.array(means)[arm] + np.array(columns["w"]) + rng.normal(size=400)
    data = {**columns, "t": (arm + 1).tolist(), "y": y.round(3).tolist()}
    assert ("steps_differ" in said(run(data, adjustment=("w",)))) is uneven
    assert "steps_differ" not in said(run(data, adjustment=("w",), contrast=("1", "2")))


def test_a_contrast_beyond_the_values_seen_is_said(run: Run, columns: Columns, said: Said) -> None:
    data = {**columns, "t": np.linspace(0, 0.5, 400).round(4).tolist()}
    assert "contrast_beyond_range" in said(run(data))
    assert "contrast_beyond_range" in said(run(data, contrast=("0", "0.6")))
    assert "contrast_beyond_range" not in said(run(data, contrast=("0", "0.5")))


@pytest.mark.parametrize("few", [0, 1])
def test_no_or_one_treated_row_is_refused(run: Run, columns: Columns, few: int) -> None:
    with pytest.raises(EstimationError, match="one value" if few == 0 else "only 1 row of 400"):
        run({**columns, "t": [1] * few + [0] * (400 - few)})


def test_few_treated_rows_are_a_warning(run: Run, columns: Columns, said: Said) -> None:
    assert "small_arm" in said(run({**columns, "t": [1] * 5 + [0] * 395}))


def test_an_arm_that_is_lost_with_the_missing_rows_is_refused(run: Run, columns: Columns) -> None:
    y = [None if t else value for t, value in zip(columns["t"], columns["y"], strict=True)]
    with pytest.raises(EstimationError, match="one value in all rows among the rows that are used"):
        run({**columns, "y": y})


@pytest.mark.parametrize(
    "cells",
    [[f"2020-01-{1 + i % 28:02d}" for i in range(400)], list(range(1, 401)), ["same"] * 400, [None] * 400],
    ids=["date", "identifier", "constant", "empty"],
)
@pytest.mark.parametrize("role", ["t", "y"])
def test_dates_identifiers_and_constants_are_no_treatment_and_no_outcome(
    run: Run, columns: Columns, cells: list[Any], role: str
) -> None:
    names = {"treatment": "patient_id", "outcome": "y"} if role == "t" else {"treatment": "t", "outcome": "patient_id"}
    with pytest.raises(EstimationError):
        run({"patient_id": cells, **columns}, **names)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30, unique=True), st.floats(-1e3, 1e3), st.floats(0.1, 1e3))
def test_a_scaled_contrast_means_the_same_step(values: list[float], start: float, step: float) -> None:
    numbers = np.array(values)
    assume(np.ptp(numbers) >= SMALLEST)
    given_step = read_treatment(Quantity("t", numbers), (repr(start), repr(start + step)), Notes())
    done = finish_treatment(given_step, Notes())
    assert (done.high - done.low) * numbers.std() == pytest.approx((start + step) - start, rel=1e-6)


def test_levels_without_rows_do_not_count() -> None:
    piece = Levels("t", np.array([0, 2, 0, 2]), ("no", "unused", "yes"))
    assert read_treatment(piece, None, Notes()).contrast.text == "yes vs no"
