"""What columns are taken for, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from copilot.data.numbers import NumberHabit
from copilot.data.profiling import Column, profile_texts
from copilot.data.scales import is_scale
from copilot.domain.variables import Kind


def profile(cells: Sequence[object], name: str = "x", position: int = 1) -> Column:
    return profile_texts(name, position, [str(cell) for cell in cells])


def codes(column: Column) -> list[str]:
    return [remark.code for remark in column.remarks]


def pseudo(count: int, modulus: int = 9973) -> list[int]:
    return [(i * 7919 + 13) % modulus for i in range(count)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 1, 1], Kind.CONSTANT),
        (["", "", ""], Kind.CONSTANT),
        (["NA", "", "?"], Kind.CONSTANT),
        ([0, 1] * 9, Kind.BINARY),
        (["0", "0.0", "1"] * 3, Kind.BINARY),
        ([1, 2] * 9, Kind.BINARY),
        (["yes", "no"] * 9, Kind.BINARY),
        (["True", "False", ""] * 9, Kind.BINARY),
        ([1, 2, 3] * 9, Kind.ORDINAL),
        ([1, 2, 4, 8] * 9, Kind.ORDINAL),
        ([23, 45, 31, 77], Kind.COUNT),
        (["low", "medium", "high"] * 9, Kind.ORDINAL),
        (["Strongly agree", "agree", "Neutral"] * 9, Kind.ORDINAL),
        (["0 daily", "1-5 daily", "6-10 daily", "11+ daily"] * 9, Kind.ORDINAL),
        (pseudo(200, 60), Kind.COUNT),
        ([f"{value}.0" for value in pseudo(200, 60)], Kind.COUNT),
        ([value - 30 for value in pseudo(200, 60)], Kind.CONTINUOUS),
        ([value / 7 for value in pseudo(200)], Kind.CONTINUOUS),
        (pseudo(200), Kind.COUNT),
        ([value * 10**13 for value in pseudo(200)], Kind.CONTINUOUS),
        ([f"{value}e-15" for value in pseudo(200)], Kind.CONTINUOUS),
        (["a", "b", "c"] * 9, Kind.CATEGORICAL),
        ([f"village {value % 486}" for value in pseudo(1276)], Kind.CATEGORICAL),
        ([f"person {value}" for value in pseudo(200)], Kind.IDENTIFIER),
        ([f"{value:08x}-0000-4000-8000-000000000000" for value in pseudo(12)], Kind.IDENTIFIER),
        ([f"{value:05d}" for value in range(40)], Kind.IDENTIFIER),
        (range(40), Kind.IDENTIFIER),
        (range(1, 41), Kind.IDENTIFIER),
        (["2020-01-01", "2020-01-02", ""] * 9, Kind.DATE),
        (["31/12/2020", "1/1/2021"] * 9, Kind.DATE),
        (["12/31/2020", "1/1/2021"] * 9, Kind.DATE),
        (["01/02/2020", "02/03/2021"] * 9, Kind.DATE),
        (["2020-01-01T10:00:00Z", "2020-01-02T10:00:00+02:00"] * 9, Kind.DATE),
        (["5 May 2020", "6 June 2021"] * 9, Kind.DATE),
        (["1979 Q3", "1980 Q1"] * 9, Kind.DATE),
        (["20200101", "20200131", "20200229"] * 9, Kind.DATE),
    ],
)
def test_kind(cells: Sequence[object], kind: Kind) -> None:
    found = profile(cells).profile
    assert found.kind is kind
    assert bool(found.reason) == found.left_out


@pytest.mark.parametrize("name", ["id", "patientID", "PATIENT_ID", "row.id", "seqn", "zip"])
def test_distinct_whole_numbers_called_like_an_identifier_are_one(name: str) -> None:
    assert profile(pseudo(200), name).profile.kind is Kind.IDENTIFIER


@pytest.mark.parametrize("name", ["hours", "paid", "grid", "price_index", "π"])
def test_distinct_whole_numbers_of_another_name_are_a_measurement(name: str) -> None:
    assert profile(pseudo(200), name, 0).profile.kind is Kind.COUNT


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_row_numbers_under_no_header_are_an_identifier_at_any_length(name: str) -> None:
    assert profile([0, 1, 2, 3], name, 0).profile.kind is Kind.IDENTIFIER
    assert profile(["Mazda", "Datsun", "Hornet"], name, 0).profile.kind is Kind.IDENTIFIER
    assert profile([0.5, 1.5, 2.25], name, 0).profile.kind is Kind.CONTINUOUS


def test_words_for_missing_count_only_among_numbers_and_dates() -> None:
    numbers = profile(["1.5", "NA", "", "2.5", "None"] * 5)
    assert (numbers.profile.missing, numbers.profile.missing_tokens) == (15, ("", "NA", "None"))
    assert codes(numbers) == []
    dates = profile(["2020-01-01", "NaN", "2020-01-02"] * 5)
    assert (dates.profile.kind, dates.profile.missing) == (Kind.DATE, 5)
    texts = profile(["DE", "NA", "", "FR"] * 5)
    assert (texts.profile.missing, texts.profile.distinct) == (5, 3)
    assert codes(texts) == ["missing_like_level"]
    assert texts.remarks[0].count == 5


def test_what_the_user_calls_missing_is_missing() -> None:
    column = profile_texts("x", 1, ["a", "b", "refused"] * 5, missing=frozenset({"refused"}))
    assert (column.profile.missing, column.profile.distinct) == (5, 2)


def test_a_stray_cell_among_numbers_is_counted_and_placed() -> None:
    column = profile_texts("x", 1, [*map(str, pseudo(99)), "total"], lines=range(2, 102))
    assert column.profile.numeric
    assert column.profile.missing == 1
    assert [(remark.code, remark.count, remark.line) for remark in column.remarks] == [("stray_cells", 1, 101)]
    assert "total" not in column.remarks[0].message


def test_many_stray_cells_make_text_and_a_warning() -> None:
    column = profile([*pseudo(90), *["unknown"] * 10])
    assert not column.profile.numeric
    assert codes(column) == ["mixed_column"]
    assert column.remarks[0].count == 10


@pytest.mark.parametrize(
    ("cells", "low", "high", "said"),
    [
        (["1,234", "12,345", "999"], 999, 12345, ["thousands"]),
        (["1,234.5", "2"], 2, 1234.5, ["thousands"]),
        (["1,5", "2,25", "3"], 1.5, 3, []),
        (["1.234,5", "2.000,0"], 1234.5, 2000, ["thousands"]),
        (["1e3", "-.5", "+2."], -0.5, 1000, []),
        ([" 1 ", "2\t", "3"], 1, 3, []),
    ],
)
def test_how_numbers_are_written(cells: list[str], low: float, high: float, said: list[str]) -> None:
    column = profile(cells)
    assert column.profile.numeric
    assert (column.profile.minimum, column.profile.maximum) == (low, high)
    assert codes(column) == said


def test_a_certain_decimal_sign_is_kept_to() -> None:
    column = profile_texts("x", 1, ["1.5", "2.5", "3.25"], habit=NumberHabit(",", certain=True))
    assert not column.profile.numeric


@pytest.mark.parametrize("text", ["1_000", "\uff11\uff12", "0x1F", "1 2", "--1", "1e", "\u0663", "true", "1,23,4"])
def test_what_python_would_take_for_a_number_is_text(text: str) -> None:
    assert not profile([text, "x"] * 3).profile.numeric
    assert not profile([text] * 3).profile.numeric


def test_infinite_cells_are_said_and_not_in_the_range() -> None:
    column = profile(["1.5", "inf", "-Infinity", "1e999", "2.5"])
    assert (column.profile.minimum, column.profile.maximum) == (1.5, 2.5)
    assert column.remarks[0].code == "infinite"
    assert (column.remarks[0].count, column.remarks[0].line) == (3, 2)
    assert profile(["inf", "inf"]).profile.kind is Kind.CONSTANT


def test_amounts_are_no_levels_and_no_numbers() -> None:
    for cells, shape in ((["$3.50", "$12", "$1,200"], "$9.99"), (["45%", "3.5 %", "7%"], "99%")):
        column = profile(cells)
        assert (column.profile.kind, column.profile.numeric, column.profile.levels) == (Kind.CONTINUOUS, False, ())
        assert shape in column.remarks[0].message
        assert cells[0] not in column.remarks[0].message


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([*range(18, 80), -999, -999], ((-999.0, 2),)),
        ([*range(18, 80), -9, -9, 999, 999], ((-9.0, 2), (999.0, 2))),
        ([*range(18, 80), -999], ()),
        ([*range(18, 101), 99, 99], ()),
        ([-1, -1, 0, 1, 2], ()),
        ([0, 99, 99], ()),
        ([*range(18, 80), *[-9999999] * 30], ((-9999999.0, 30),)),
        ([*range(18, 80), 10**20], ((1e20, 1),)),
        ([*range(18, 80), -99, -99, 10**20], ((-99.0, 2), (1e20, 1))),
        ([*(10**power for power in range(20))], ()),
        ([1, 2, 3, 10**20], ()),
    ],
)
def test_sentinels_stand_alone_and_repeat(cells: list[int], found: tuple[tuple[float, int], ...]) -> None:
    column = profile(cells)
    assert column.profile.sentinels == found
    assert codes(column) == ["sentinel"] * len(found)
    assert column.profile.missing == 0


def test_levels_are_ranked_and_cut_at_twenty() -> None:
    column = profile([f"v{value % 30:02d}" for value in range(95)]).profile
    assert len(column.levels) == 20
    assert column.levels[:6] == (*((f"v0{i}", 4) for i in range(5)), ("v05", 3))
    assert profile([2, 1, 2.0]).profile.levels == (("2", 2), ("1", 1))
    assert profile([value / 7 for value in pseudo(50)]).profile.levels == ()


def test_levels_that_differ_in_case_are_said() -> None:
    assert codes(profile(["Yes", "yes", "no", " no"] * 3)) == ["level_twins"]


def test_whole_numbers_too_large_to_tell_apart_are_said() -> None:
    assert "precision" in codes(profile([2**60, 2**60 + 1, 5]))


def test_scales() -> None:
    assert is_scale(["1 - low", "2 - mid", "3 - top"])
    assert is_scale(["<18", "18-64", "65+"])
    assert is_scale(["Grade 1", "grade 2", "grade 3"])
    assert not is_scale(["north", "south", "east"])
    assert not is_scale(["10", "20", "40"])
    assert not is_scale(["low", "high"])


def test_long_cells_of_blanks_do_not_take_for_ever() -> None:
    blanks = " " * 100_000
    assert profile([f"$ {blanks}x", f"1{blanks}x", f"2020-01-01 10:30{blanks}x"]).profile.kind is Kind.CATEGORICAL
