"""Frames agree with the profiles that announced them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.data.tables import ReadOptions, Table, read_table
from copilot.domain.variables import Kind
from copilot.errors import InputDataError

SMALL = ReadOptions(max_profile_rows=30)

CELLS = st.one_of(
    st.sampled_from(["", " ", "NA", "None", ".", "1", "2.5", "-3", "1e5", "007", "inf", "1,234", "$3", "5%", "yes"]),
    st.sampled_from(["2020-01-01", "31/12/2020", "01/02/2020", "x", "y", '"', "a\nb", "a\r\nb", ",", ";", "é"]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
)
COLUMN = st.one_of(
    st.lists(CELLS, min_size=12, max_size=12),
    st.lists(st.one_of(st.integers(-5, 40).map(str), st.just("NA")), min_size=12, max_size=12),
    st.lists(st.dates().map(str), min_size=12, max_size=12),
)


def table_of(path: Path, text: str, options: ReadOptions = ReadOptions()) -> Table:  # noqa: B008 (frozen)
    path.write_text(text, encoding="utf-8", newline="")
    return read_table(str(path), options)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=st.lists(COLUMN, min_size=2, max_size=4))
def test_missing_cells_and_values_agree(tmp_path: Path, columns: list[list[str]]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerow([f"column {i}" for i in range(len(columns))])
    writer.writerows(zip(*columns, strict=True))
    table = table_of(tmp_path / "data.csv", stream.getvalue())
    for column in table.profile.columns:
        try:
            values = table.frame([column.name])[column.name]
        except InputDataError as error:
            assert "infinite" in error.message or "with a sign" in error.message  # noqa: PT017 (a choice of two)
            continue
        assert len(values) == table.profile.rows
        assert values.isna().sum() == column.missing
        if column.numeric:
            assert values.dtype == np.float64
            assert values.nunique() == column.distinct
            assert (values.min(), values.max()) == (column.minimum, column.maximum) or column.distinct == 0
        elif column.kind is not Kind.DATE and column.distinct:
            assert values.nunique() == column.distinct
            assert dict(column.levels).items() <= values.value_counts().to_dict().items()


def test_types_of_columns(tmp_path: Path) -> None:
    rows = "".join(f"{i % 3},g{i % 2},2020-01-{i + 1:02d},0{i % 4}/0{i % 3}/2020,{i}.5\n" for i in range(1, 20))
    table = table_of(tmp_path / "data.csv", "count,group,day,unsure,y\n" + rows + ",,,,\n")
    frame = table.frame(["y", "day", "group", "count", "unsure"])
    assert list(map(str, frame.dtypes)) == ["float64", "datetime64[us]", "object", "float64", "object"]
    assert frame.isna().iloc[-1].all()
    assert frame["group"].iloc[-1] is None
    assert [notice.count for notice in table.profile.notices if notice.code == "empty_rows"] == [1]


def test_times_with_a_zone_become_utc(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "when,y\n2020-01-01T10:00:00+02:00,1\n2020-01-02 09:30Z,2\n,3\n")
    when = table.frame(["when"])["when"]
    assert str(when.dtype) == "datetime64[us, UTC]"
    assert when.iloc[0].isoformat() == "2020-01-01T08:00:00+00:00"


def test_columns_may_be_asked_for_in_any_order_and_of_any_name(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", ",t, t\n0.5,1,a\n1.5,0,b\n2.25,1,a\n")
    assert list(table.frame([" t", ""]).columns) == [" t", ""]
    assert table.frame([]).shape[1] == 0


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("1.5,2020-02-30", "line 62: day is '2020-02-30', which is not a date"),
        ("oops,2020-02-03", "line 62: y is 'oops', which is not a number"),
        ("inf,2020-02-03", "line 62: y is infinite"),
        ("1e999,2020-02-03", "line 62: y is infinite"),
    ],
)
def test_a_bad_cell_beyond_the_profiled_rows_is_named(tmp_path: Path, cells: str, words: str) -> None:
    good = "".join(f"{i}.25,2020-01-{i % 28 + 1:02d}\n" for i in range(60))
    table = table_of(tmp_path / "data.csv", f"y,day\n{good}{cells}\n{good}", SMALL)
    assert (table.profile.sampled, table.profile.rows) == (True, 30)
    assert table.profile.notices[0].code == "sampled"
    with pytest.raises(InputDataError) as caught:
        table.frame(["y", "day"])
    assert words in caught.value.message


@pytest.mark.parametrize(("cells", "words"), [("1.5,2,3", "line 9002: 3 cells"), ("1.5", "line 9002: fewer cells")])
def test_a_ragged_row_beyond_the_profiled_rows_is_named(tmp_path: Path, cells: str, words: str) -> None:
    good = "".join(f"{i}.25,{i % 2}\n" for i in range(9000))
    table = table_of(tmp_path / "data.csv", f"y,t\n{good}{cells}\n{good}", SMALL)
    with pytest.raises(InputDataError, match=words):
        table.frame(["t"])


def test_missing_words_and_blanks_beyond_the_profiled_rows_are_missing(tmp_path: Path) -> None:
    good = "".join(f"{i}.25,g{i % 2}\n" for i in range(40))
    table = table_of(tmp_path / "data.csv", f"y,g\n{good}NA,\n  ,g1\n", SMALL)
    assert table.frame(["y", "g"]).isna().sum().tolist() == [2, 1]


def test_a_cell_under_an_empty_header_beyond_the_profiled_rows_is_refused(tmp_path: Path) -> None:
    good = "".join(f"{i}.25,{i % 2},\n" for i in range(40))
    table = table_of(tmp_path / "data.csv", f"y,t,\n{good}1.5,1,x\n", SMALL)
    assert table.profile.names == ("y", "t")
    with pytest.raises(InputDataError, match="line 42: cell 3 stands under no header"):
        table.frame(["y"])


def test_first_rows_and_random_rows(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "i,y\n" + "".join(f"{i},{i / 7}\n" for i in range(9000)))
    assert table.frame(["i"], max_rows=5)["i"].tolist() == [0, 1, 2, 3, 4]
    assert len(table.frame(["i"], max_rows=99_999)) == 9000

    def draw(seed: int) -> list[float]:
        return table.frame(["i"], max_rows=100, rng=np.random.default_rng(seed))["i"].tolist()

    assert draw(1) == draw(1) == sorted(set(draw(1)))
    assert draw(1) != draw(2)
    assert len(draw(1)) == 100
    assert max(draw(1)) > 8000


def test_parquet_and_text_draw_the_same_rows(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "i,y\n" + "".join(f"{i},{i / 7}\n" for i in range(500)))
    table.frame(["i", "y"]).to_parquet(tmp_path / "data.parquet")
    other = read_table(str(tmp_path / "data.parquet"))
    for most in (10, 500):
        drawn = [one.frame(["i"], most, np.random.default_rng(3))["i"].tolist() for one in (table, other)]
        assert drawn[0] == drawn[1]


def test_a_footer_of_totals_is_no_case(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "w,t\n1.5,0\n2.5,1\n3.5,1\nTotal,2\n")
    assert [column.kind for column in table.profile.columns] == [Kind.CONTINUOUS, Kind.BINARY]
    assert [notice.code for notice in table.profile.notices] == ["footer"]
    assert table.frame(["t"])["t"].tolist() == [0, 1, 1]


def test_equal_columns_are_said(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "y,y_copy,z\n1.5,1.5,1\n2.5,2.5,2\n3.5,3.5,3\n")
    assert [(one.code, one.subject) for one in table.profile.notices] == [("duplicate_column", "y_copy")]


def test_many_notices_of_one_kind_become_one(tmp_path: Path) -> None:
    names = ",".join(f"c{i}" for i in range(50))
    table = table_of(
        tmp_path / "data.csv", f"{names}\n" + (",".join(["$5", "$7"] * 25) + "\n") * 2 + "$1," * 49 + "$2\n"
    )
    amounts = [notice for notice in table.profile.notices if notice.code == "amounts"]
    assert len(amounts) == 1
    assert amounts[0].count == 150


def test_amounts_are_refused_only_where_they_are_used(tmp_path: Path) -> None:
    table = table_of(tmp_path / "data.csv", "w,t\n$1.5,0\n$2.5,1\n$3.5,1\n")
    assert table.frame(["t"])["t"].tolist() == [0, 1, 1]
    with pytest.raises(InputDataError, match=r"line 2: w .* such as \$9\.9") as caught:
        table.frame(["t", "w"])
    assert "--exclude" in caught.value.advice


def test_no_heavy_library_is_loaded_before_a_frame_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("w,t\n1.5,0\n2.5,1\n3.5,1\n")
    code = (
        "import sys; from copilot.data.tables import read_table; table = read_table(sys.argv[1]); "
        "assert not {'numpy', 'pandas', 'pyarrow', 'scipy'} & set(sys.modules); print(table.frame(['t']).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "data.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("(3, 1)\n", "")


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = ",".join(f"gene {i}" for i in range(10_000))
    rows = "".join(",".join(str((i * j) % 97 / 10) for i in range(10_000)) + "\n" for j in range(1, 13))
    table = table_of(tmp_path / "data.csv", f"{names}\n{rows}")
    assert len(table.profile.columns) == 10_000
    assert table.frame(["gene 7", "gene 9999"]).shape == (12, 2)


def test_a_column_longer_than_what_is_read_at_once_comes_whole(tmp_path: Path) -> None:
    import pandas as pd

    values = np.random.default_rng(0).normal(size=200_000).round(6)
    values[[3, 70_000, 199_999]] = np.nan
    whole = pd.DataFrame({"a": values, "b": np.arange(200_000) % 7, "c.d": values[::-1]})
    whole.to_parquet(tmp_path / "data.parquet", row_group_size=90_000)
    whole.to_csv(tmp_path / "data.csv", index=False)
    for name in ("data.parquet", "data.csv"):
        table = read_table(str(tmp_path / name), ReadOptions(max_profile_rows=100_000))
        assert (table.profile.rows, table.profile.sampled) == (100_000, True)
        frame = table.frame(["c.d", "a", "b"])
        for column in frame:
            np.testing.assert_array_equal(frame[column].to_numpy(), whole[column].to_numpy(dtype=float))


def test_an_infinite_number_in_a_parquet_file_is_named_by_its_row(tmp_path: Path) -> None:
    import pandas as pd

    values = np.arange(70_000) / 3
    values[69_000] = np.inf
    pd.DataFrame({"a": values}).to_parquet(tmp_path / "data.parquet")
    table = read_table(str(tmp_path / "data.parquet"), ReadOptions(max_profile_rows=100))
    with pytest.raises(InputDataError, match="row 69001"):
        table.frame(["a"])
    assert len(table.frame(["a"], 50)) == 50
