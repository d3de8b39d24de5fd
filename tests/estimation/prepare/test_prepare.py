from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.data.tables import Table
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Level
from copilot.errors import EstimationError, UnknownVariableError
from copilot.estimation.design import Design, MissingPolicy, Prepared
from copilot.estimation.prepare.prepare import check_design, prepare
from copilot.estimation.problem import Problem

Run = Callable[..., Prepared]
Columns = dict[str, list[Any]]
Effect = Callable[[Problem], float]
Said = Callable[[Prepared], list[str]]
Make = Callable[[Columns], Table]


def test_covariates_are_centred_scaled_and_give_the_effect(run: Run, columns: Columns, effect: Effect) -> None:
    prepared = run(columns, adjustment=("w",))
    covariates = prepared.problem.covariates
    assert abs(covariates.mean()) < 1e-15
    assert covariates.std() == pytest.approx(1)
    assert effect(prepared.problem) == pytest.approx(2, abs=0.35)
    assert prepared.notices == ()
    assert (prepared.rows_read, prepared.rows_used, len(prepared.row_numbers)) == (400, 400, 400)


@pytest.mark.parametrize("scale", [1e17, 1e-300, 1e300, 1e-12])
def test_the_scale_of_a_covariate_changes_nothing(run: Run, columns: Columns, effect: Effect, scale: float) -> None:
    scaled = [f"{value * scale!r}" for value in columns["w"]]
    plain = effect(run(columns, adjustment=("w",)).problem)
    assert effect(run({**columns, "w": scaled}, adjustment=("w",)).problem) == pytest.approx(plain, rel=1e-9)


def test_a_small_spread_around_a_huge_mean_is_centred(run: Run, columns: Columns) -> None:
    far = [repr(1e15 + round(100 * value)) for value in columns["w"]]
    covariates = run({**columns, "w": far}, adjustment=("w",)).problem.covariates
    assert abs(covariates.mean()) < 1e-12
    assert covariates.std() == pytest.approx(1)


def test_texts_become_levels_without_the_commonest(run: Run, columns: Columns) -> None:
    colour = (["red"] * 200 + ["green"] * 150 + ["blue"] * 49) + ["one of a kind"]
    prepared = run({**columns, "colour": colour}, adjustment=("colour", "w"))
    assert prepared.problem.covariate_of == ("colour", "colour", "colour", "w")
    blue = np.unique(prepared.problem.covariates[:, 0])
    assert len(blue) == 2
    assert prepared.problem.covariate_names == ("colour", "w")


def test_levels_of_one_row_are_kept_and_counted(run: Run, columns: Columns) -> None:
    village = [f"v{i}" for i in range(12)] + ["centre", "north"] * 194
    prepared = run({**columns, "village": village}, adjustment=("village",))
    assert prepared.problem.covariates.shape == (400, 13)
    (notice,) = prepared.notices
    assert (notice.code, notice.count) == ("single_row_levels", 12)


def test_parts_that_add_up_to_the_outcome_are_a_warning(run: Run, columns: Columns) -> None:
    rest = [round(y - w, 3) for y, w in zip(columns["y"], columns["w"], strict=True)]
    (notice,) = run({**columns, "rest": rest}, adjustment=("w", "rest")).notices
    assert (notice.code, notice.level) == ("leak_outcome", Level.WARNING)
    assert "w, rest together determine the outcome y" in notice.message


def test_ordinal_codes_are_levels_where_rows_suffice_and_counts_are_lines(
    run: Run, columns: Columns, said: Said
) -> None:
    grade = [1 + i % 5 for i in range(400)]
    ages = [20 + i % 50 for i in range(400)]
    prepared = run({**columns, "grade": grade, "ages": ages}, adjustment=("grade", "ages"))
    assert prepared.problem.covariate_of == ("grade",) * 4 + ("ages",)
    assert "codes_as_levels" in said(prepared)
    short = {name: values[:80] for name, values in {**columns, "grade": grade}.items()}
    assert run(short, adjustment=("grade",)).problem.covariate_of == ("grade",)
    births = [0] * 250 + [1] * 100 + [2] * 41 + [3] * 9
    assert run({**columns, "births": births}, adjustment=("births",)).problem.covariate_of == ("births",)


def test_whole_numbers_that_behave_like_codes_are_a_warning(run: Run, columns: Columns) -> None:
    rng = np.random.default_rng(8)
    place = rng.integers(1, 21, size=400)
    own = rng.normal(size=21) * 2
    t = (own[place] + rng.normal(size=400) > 0).astype(int)
    y = (2 * t + own[place] + rng.normal(size=400)).round(3)
    data = {**columns, "place": place.tolist(), "t": t.tolist(), "y": y.tolist()}
    (notice,) = run(data, adjustment=("place", "w")).notices
    assert (notice.code, notice.level, notice.count) == ("codes_as_line", Level.WARNING, 20)
    assert not run({**data, "place": [f"c{one}" for one in place]}, adjustment=("place", "w")).notices


def test_a_curve_in_whole_numbers_is_no_code(run: Run, columns: Columns, said: Said) -> None:
    rng = np.random.default_rng(9)
    age = rng.integers(20, 60, size=400)
    bent = np.square((age - 40) / 10)
    t = (bent + rng.normal(size=400) > 1).astype(int)
    y = (2 * t + 2 * bent + rng.normal(size=400)).round(3)
    data = {**columns, "age": age.tolist(), "t": t.tolist(), "y": y.tolist()}
    assert "codes_as_line" not in said(run(data, adjustment=("age", "w")))


def test_dates_are_days_and_identifiers_stay_out(run: Run, columns: Columns, said: Said) -> None:
    rng = np.random.default_rng(2)
    days = [f"2021-{m:02d}-{d:02d}" for m, d in zip(rng.integers(1, 13, 400), rng.integers(1, 29, 400), strict=True)]
    ids = rng.permutation(400).tolist()
    prepared = run({"person_id": ids, **columns, "day": days}, adjustment=("w", "day", "person_id"))
    assert prepared.problem.covariate_of == ("w", "day")
    assert {"date_as_days", "identifier_left_out"} <= set(said(prepared))


@pytest.mark.parametrize("every", [10, 50])
@pytest.mark.parametrize("role", ["w", "t", "y"])
def test_words_among_numbers_make_no_level_of_each_number(run: Run, columns: Columns, role: str, every: int) -> None:
    columns["t"] = [value + number / 1000 for number, value in enumerate(columns["t"])]
    mixed = ["unknown" if number % every == 0 else repr(value) for number, value in enumerate(columns[role])]
    with pytest.raises(EstimationError, match=f"{role} is read as text: .* {400 // every} cells are not") as caught:
        run({**columns, role: mixed}, adjustment=("w",))
    assert "(first in line 2)" in caught.value.message
    assert "--na" in caught.value.advice


def test_a_few_numbers_and_a_word_are_levels(run: Run, columns: Columns) -> None:
    children = ["3 or more" if number % 4 == 3 else str(number % 4) for number in range(400)]
    assert run({**columns, "children": children}, adjustment=("children",)).problem.covariates.shape == (400, 3)


def test_constants_and_empty_columns_are_left_out_and_lose_no_row(run: Run, columns: Columns, said: Said) -> None:
    prepared = run({**columns, "c": [3] * 400, "e": [None] * 400}, adjustment=("c", "e", "w"))
    assert prepared.problem.covariate_of == ("w",)
    assert said(prepared).count("constant_left_out") == 2
    assert prepared.rows_used == 400


def test_collinear_columns_are_left_out_by_name(run: Run, columns: Columns, effect: Effect) -> None:
    double = [2 * value + 1 for value in columns["w"]]
    data = {**columns, "double": double, "text": ["a" if value > 0 else "b" for value in columns["w"]]}
    data["twin"] = data["text"]
    prepared = run(data, adjustment=("w", "double", "text", "twin"))
    assert prepared.problem.covariate_of == ("w", "text")
    (notice,) = [notice for notice in prepared.notices if notice.code == "collinear"]
    assert notice.count == 2
    assert "double" in notice.message
    assert effect(prepared.problem) == pytest.approx(2, abs=0.35)


def test_a_copy_of_the_outcome_is_left_out_and_a_copy_of_the_treatment_is_an_error(
    run: Run, columns: Columns, said: Said
) -> None:
    leak = [-3 * value + 1 for value in columns["y"]]
    prepared = run({**columns, "leak": leak}, adjustment=("w", "leak"))
    assert prepared.problem.covariate_of == ("w",)
    assert "leak_outcome" in said(prepared)
    words = ["drug" if value else "placebo" for value in columns["t"]]
    with pytest.raises(EstimationError, match=r"arm = (placebo|drug) is a copy"):
        run({**columns, "arm": words}, adjustment=("w", "arm"))


@pytest.mark.parametrize(("way", "code"), [(0.0, "outcome_copies_treatment"), (1e-3, "near_copy"), (0.1, "")])
def test_an_outcome_that_is_the_treatment_in_other_words_is_a_warning(
    run: Run, columns: Columns, way: float, code: str
) -> None:
    rng = np.random.default_rng(3)
    dose = rng.normal(size=400)
    y = 3 + 2 * dose + way * rng.normal(size=400)
    prepared = run({"t": dose.tolist(), "y": y.tolist(), "w": columns["w"]}, adjustment=("w",))
    told = [(notice.code, notice.subject, notice.level) for notice in prepared.notices if notice.subject == "y"]
    assert told == ([(code, "y", Level.WARNING)] if code else [])


def test_a_near_copy_is_a_warning_alone(run: Run, columns: Columns, said: Said) -> None:
    rng = np.random.default_rng(0)
    near = (np.array(columns["y"]) + 0.01 * rng.normal(size=400)).tolist()
    prepared = run({**columns, "near": near}, adjustment=("w", "near"))
    assert "near_copy" in said(prepared)
    assert prepared.problem.covariate_of == ("w", "near")


def test_covariates_that_determine_the_treatment_together_are_refused(run: Run, columns: Columns) -> None:
    rng = np.random.default_rng(0)
    dose = rng.integers(0, 30, 400)
    part = rng.integers(0, 10, 400)
    data = {**columns, "t": dose.tolist(), "a": part.tolist(), "b": (dose - part).tolist()}
    with pytest.raises(EstimationError, match="the covariates determine the treatment t: a, b"):
        run(data, adjustment=("w", "a", "b"))


def test_missing_rows_are_dropped_and_counted_by_column(run: Run, columns: Columns) -> None:
    y, w = list(columns["y"]), list(columns["w"])
    y[:20] = [None] * 20
    w[10:25] = [None] * 15
    prepared = run({**columns, "y": y, "w": w}, adjustment=("w",))
    (notice,) = prepared.notices
    assert (notice.code, notice.count, notice.level) == ("rows_dropped", 25, Level.INFO)
    assert "y 20, w 15" in notice.message
    assert prepared.row_numbers.tolist() == list(range(25, 400))
    w[:100] = [None] * 100
    (notice,) = run({**columns, "w": w}, adjustment=("w",)).notices
    assert notice.level is Level.WARNING


def test_no_complete_row_is_an_error_naming_the_columns(run: Run, columns: Columns) -> None:
    a, b = [1.5, 2.5, 3.5, 4.5] * 50 + [None] * 200, [None] * 200 + [1.5, 2.5, 3.5, 4.5] * 50
    with pytest.raises(EstimationError, match="no row is complete: of 400 rows, cells are missing in a 200, b 200"):
        run({**columns, "a": a, "b": b}, adjustment=("a", "b"))


def test_missing_cells_are_marked_on_request(run: Run, columns: Columns, said: Said) -> None:
    w, colour = list(columns["w"]), ["red", "blue"] * 200
    w[:40], colour[200:230] = [None] * 40, [None] * 30
    policy = MissingPolicy.INDICATOR
    prepared = run({**columns, "w": w, "colour": colour}, adjustment=("w", "colour"), missing=policy)
    assert prepared.rows_used == 400
    assert prepared.problem.covariate_of == ("w", "w", "colour", "colour")
    assert said(prepared).count("gaps_marked") == 2


@pytest.mark.parametrize("rows", [3, 11, 14])
def test_too_few_rows_are_refused_with_what_is_needed(run: Run, columns: Columns, rows: int) -> None:
    few = {name: values[:rows] for name, values in columns.items()}
    few |= {f"x{i}": [(j * (i + 2)) % 7 + j for j in range(rows)] for i in range(3)}
    with pytest.raises(EstimationError, match=rf"{rows} rows, need at least 1\d"):
        run(few, adjustment=("w", "x0", "x1", "x2"))


def test_a_text_with_too_many_levels_for_its_rows_is_refused_by_name(run: Run, columns: Columns) -> None:
    villages = [f"village {i % 200}" for i in range(400)]
    assert run({**columns, "v": villages}, adjustment=("v",)).problem.covariates.shape == (400, 199)
    with pytest.raises(EstimationError, match="need at least") as got:
        run({**columns, "v": [f"village {i % 340}" for i in range(400)], "u": villages}, adjustment=("v", "u", "w"))
    assert "v alone takes 339 columns" in (got.value.reason or "")


def test_outcomes_of_two_values_are_probabilities(run: Run, columns: Columns, effect: Effect) -> None:
    high = ["good" if value > 1 else "bad" for value in columns["y"]]
    prepared = run({**columns, "y": high}, adjustment=("w",))
    assert prepared.problem.binary_outcome
    assert prepared.unit == "probability of y = good, t 1 vs 0"
    assert effect(prepared.problem) > 0
    ones = run({**columns, "y": [2 if text == "good" else 1 for text in high]}, adjustment=("w",))
    assert "y = 2" in ones.unit
    assert "y = 1" in run({**columns, "y": [int(text == "good") for text in high]}).unit
    with pytest.raises(EstimationError, match="text with 3 levels"):
        run({**columns, "y": ["a", "b", "c", "a"] * 100})


def test_weights_are_scaled_and_bad_ones_refused(run: Run, columns: Columns) -> None:
    weights = [0.0] * 10 + [2.0] * 190 + [6.0] * 200
    prepared = run({**columns, "s": weights}, weights="s")
    assert prepared.rows_used == 390
    assert prepared.problem.weights.mean() == pytest.approx(1)
    assert prepared.problem.weights.max() / prepared.problem.weights.min() == pytest.approx(3)
    with pytest.raises(EstimationError, match="negative in 1 row, first in row 5"):
        run({**columns, "s": [1.0, 2, 3, 4, -1] + [2.0] * 395}, weights="s")
    with pytest.raises(EstimationError, match="no numbers"):
        run({**columns, "s": ["a", "b"] * 200}, weights="s")


def test_clusters_are_numbered_and_few_are_said(run: Run, columns: Columns, said: Said) -> None:
    prepared = run({**columns, "school": [f"s{i % 7}" for i in range(400)]}, adjustment=("school",), cluster="school")
    assert sorted(set(prepared.problem.clusters.tolist())) == list(range(7))
    assert "few_clusters" in said(prepared)
    with pytest.raises(EstimationError, match="one cluster"):
        run({**columns, "school": ["s"] * 400}, cluster="school")


def test_groups_hold_row_positions_and_small_ones_are_left_out(run: Run, columns: Columns) -> None:
    region = ["north"] * 250 + ["south"] * 140 + ["west"] * 10
    y = list(columns["y"])
    y[0] = None
    prepared = run({**columns, "y": y, "region": region}, adjustment=("w",), by="region")
    assert {name: len(rows) for name, rows in prepared.groups.items()} == {"north": 249, "south": 140}
    assert prepared.groups["south"][0] == 249
    (notice,) = [notice for notice in prepared.notices if notice.code == "groups_left_out"]
    assert "west" in notice.message
    with pytest.raises(EstimationError, match="more than 20"):
        run(columns, by="w")


def test_negative_controls_keep_the_rows_of_the_problem(run: Run, columns: Columns) -> None:
    y, before = list(columns["y"]), ["yes", "no"] * 200
    y[0], before[1] = None, None
    prepared = run({**columns, "y": y, "before": before, "w2": [1.5] * 399 + [2]}, negative_controls=("before", "w2"))
    values = prepared.negative_controls["before"]
    assert values.shape == (399,)
    assert np.isnan(values[0])
    assert values[1:3].tolist() == [1.0, 0.0]
    assert any("the negative control before counts 'yes' as 1" in notice.message for notice in prepared.notices)
    with pytest.raises(EstimationError, match="negative control colour is text"):
        run({**columns, "colour": ["r", "g", "b", "r"] * 100}, negative_controls=("colour",))


def test_instruments_and_mediators_are_scaled_and_of_full_rank(run: Run, columns: Columns) -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=400).round(3)
    data = {**columns, "z": z.tolist(), "z2": (2 * z).tolist()}
    iv = run(data, strategy=Strategy.IV, adjustment=("w",), instruments=("z", "z2")).problem
    assert iv.instrument_of == ("z",)
    assert iv.instruments.std() == pytest.approx(1)
    with pytest.raises(EstimationError, match="no instrument is left"):
        run(data, strategy=Strategy.IV, adjustment=("z",), instruments=("z2",))
    front = run(data, strategy=Strategy.FRONTDOOR, mediators=("z",)).problem
    assert front.mediators.shape == (400, 1)


def test_sentinels_are_named_with_the_flag_that_removes_them(run: Run, columns: Columns) -> None:
    w = [round(20 + 3 * value, 1) for value in columns["w"]]
    w[:30] = [-999.0] * 30
    notices = run({**columns, "w": w}, adjustment=("w",)).notices
    (notice,) = [notice for notice in notices if notice.code == "sentinel_used"]
    assert notice.count == 30
    assert "--na -999" in notice.message


@pytest.mark.parametrize("name", ["C", "__class__", "a\nb", "😀 π", "x" * 300, "", " t", "T", "[/foo]", "=1+1", "é"])
def test_any_name_works(run: Run, columns: Columns, name: str, effect: Effect) -> None:
    renamed = {"t": columns["t"], "y": columns["y"], name: columns["w"]}
    prepared = run(renamed, adjustment=(name,))
    assert prepared.problem.covariate_of == (name,)
    assert effect(prepared.problem) == pytest.approx(2, abs=0.35)


@pytest.mark.parametrize(
    "names",
    [
        {"treatment": "y"},
        {"adjustment": ("t",)},
        {"adjustment": ("w", "y")},
        {"adjustment": ("w",), "instruments": ("w",)},
        {"negative_controls": ("y",)},
        {"by": "t"},
        {"cluster": "t"},
    ],
)
def test_one_column_cannot_have_two_roles(make: Make, columns: Columns, names: dict[str, Any]) -> None:
    with pytest.raises(EstimationError, match="is named as"):
        check_design(make(columns).profile, Design(**{"treatment": "t", "outcome": "y", **names}))


@pytest.mark.parametrize("names", [{"treatment": "T"}, {"adjustment": ("ww",)}, {"by": "x"}, {"weights": "x"}])
def test_an_unknown_name_is_refused(make: Make, columns: Columns, names: dict[str, Any]) -> None:
    with pytest.raises(UnknownVariableError):
        check_design(make(columns).profile, Design(**{"treatment": "t", "outcome": "y", **names}))


def test_an_infinite_number_is_refused_by_row(make: Make, columns: Columns) -> None:
    table = make(columns)
    frame = table.frame(("t", "y", "w"))
    frame.loc[3, "w"] = np.inf
    design = Design("t", "y", adjustment=("w",))
    with pytest.raises(EstimationError, match="w is infinite in 1 row, first in row 4"):
        prepare(frame, table.profile, design, seed=SeedSequence(0))


def test_the_frame_is_not_written_to(make: Make, columns: Columns) -> None:
    table = make(columns)
    frame = table.frame(("t", "y", "w"))
    before = frame.copy(deep=True)
    prepare(frame, table.profile, Design("t", "y", adjustment=("w",)), seed=SeedSequence(0))
    assert frame.equals(before)


def test_a_control_that_is_known_in_no_row_used_is_left_out(run: Run, columns: Columns, said: Said) -> None:
    y = [None] * 30 + columns["y"][30:]
    prepared = run(
        {**columns, "y": y, "late": [i + 0.5 for i in range(30)] + [None] * 370}, negative_controls=("late",)
    )
    assert prepared.negative_controls == {}
    assert "control_left_out" in said(prepared)


def test_a_column_that_is_known_in_no_row_used_is_said_under_imputation(run: Run, columns: Columns, said: Said) -> None:
    y = [None] * 30 + columns["y"][30:]
    late = [value + 0.5 for value in range(30)] + [None] * 370
    for policy in (MissingPolicy.MULTIPLE, MissingPolicy.INDICATOR):
        prepared = run({**columns, "y": y, "late": late}, adjustment=("w", "late"), missing=policy)
        assert prepared.problem.covariate_of == ("w",)
        assert "constant_left_out" in said(prepared)


@pytest.mark.parametrize(("column", "role"), [("y", "outcome"), ("t", "treatment")])
@pytest.mark.parametrize("unit", [1e155, 1e305, 1e-155])
def test_numbers_whose_squares_do_not_fit_are_refused_by_name(
    run: Run, columns: Columns, column: str, role: str, unit: float
) -> None:
    draw = np.random.default_rng(0)
    columns = {**columns, "t": draw.normal(size=400).tolist()}
    columns[column] = [value * unit for value in columns[column]]
    with pytest.raises(EstimationError, match=f"the {role} {column} are too") as caught:
        run(columns, adjustment=("w",))
    assert "other units" in caught.value.advice


@pytest.mark.parametrize("unit", [1e50, 1e-50])
def test_large_and_small_units_of_the_outcome_are_taken(
    run: Run, columns: Columns, effect: Effect, unit: float
) -> None:
    moved = run({**columns, "y": [value * unit for value in columns["y"]]}, adjustment=("w",))
    assert effect(moved.problem) / unit == pytest.approx(effect(run(columns, adjustment=("w",)).problem))


def test_extremes_that_do_not_enter_as_numbers_are_taken(run: Run, columns: Columns, effect: Effect) -> None:
    """A treatment of two numbers is two arms, and a row that is not used is nobody's outcome."""
    huge = {**columns, "t": [value * 1e305 for value in columns["t"]]}
    huge["y"], huge["w"] = [*columns["y"][:-1], 1e300], [*columns["w"][:-1], None]
    assert effect(run(huge, adjustment=("w",)).problem) == pytest.approx(2, abs=0.35)


def test_a_negative_control_and_a_covariate_of_impossible_size_are_refused_by_name(run: Run, columns: Columns) -> None:
    control = [value * 1e155 for value in columns["w"]]
    with pytest.raises(EstimationError, match="negative control c are too large"):
        run({**columns, "c": control}, adjustment=("w",), negative_controls=("c",))
    far = [1.7e308 if value > 0 else -1.7e308 + abs(value) * 1e307 for value in columns["w"]]
    with pytest.raises(EstimationError, match="the numbers of v are too far apart"):
        run({**columns, "v": far}, adjustment=("v",))
