"""Files that are not what they seem: each is read right or refused in words that name the place."""

from __future__ import annotations

import gzip
import io
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.data.tables import ReadOptions, Table, read_table
from copilot.domain.variables import Kind
from copilot.errors import ConfigurationError, InputDataError, UnknownVariableError

Write = Callable[..., str]

ROWS = [(f"{(7 * i) % 11 - 5}.{i:03d}", i % 2, f"{i * 37 % 101}.5") for i in range(40)]
BODY = "".join(f"{w},{t},{y}\n" for w, t, y in ROWS)
BASELINE = "w,t,y\n" + BODY


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and name it."""

    def write_file(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write_file


def kinds(table: Table) -> dict[str, Kind]:
    return {column.name: column.kind for column in table.profile.columns}


def codes(table: Table) -> set[str]:
    return {notice.code for notice in table.profile.notices}


def refused(source: str, options: ReadOptions = ReadOptions()) -> InputDataError:  # noqa: B008 (frozen)
    with pytest.raises(InputDataError) as caught:
        read_table(source, options).frame(read_table(source, options).profile.names)
    assert caught.value.advice
    return caught.value


def check_baseline(table: Table, first: str = "w") -> None:
    assert table.profile.names == (first, "t", "y")
    assert list(kinds(table).values()) == [Kind.CONTINUOUS, Kind.BINARY, Kind.CONTINUOUS]
    assert table.profile.rows == len(ROWS)
    frame = table.frame(table.profile.names)
    assert list(frame.columns) == [first, "t", "y"]
    assert frame[first].tolist() == [float(w) for w, _, _ in ROWS]
    assert frame["y"].tolist() == [float(y) for _, _, y in ROWS]


@pytest.mark.parametrize(
    "content",
    [
        BASELINE,
        BASELINE.encode("utf-8-sig"),
        BASELINE.encode("utf-16"),
        BASELINE.encode("utf-32"),
        BASELINE.replace("\n", "\r\n"),
        BASELINE.replace("\n", "\r"),
        BASELINE.replace("\n", "\r\n", 7),
        BASELINE.rstrip("\n"),
        "\n\n" + BASELINE.replace("\n", "\n\n"),
        BASELINE.replace(",", ";"),
        BASELINE.replace(",", "\t"),
        BASELINE.replace(",", "|"),
        "sep=;\r\n" + BASELINE.replace(",", ";"),
        BASELINE.replace(",", ";").replace(".", ","),
        BASELINE.replace(",", "\t").replace(".", ","),
        BASELINE.replace("\n", ",\n"),
        "w,t,y\n" + BODY.replace("\n", ",\n"),
        BASELINE + "Total,20,1000\n",
        "".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"\n' for line in BASELINE.splitlines()),
    ],
)
def test_the_same_table_in_many_coats(write: Write, content: str | bytes) -> None:
    check_baseline(read_table(write(content)))


@pytest.mark.parametrize(
    "name",
    [
        *("a b", "o'brien", "a\nb", "a\r\nb", "π", "😀 mood", "[bold red]x[/]", "[/foo]", "\x1b[31mred", "a->b", "a;b"),
        *("a:b", "a|b", "a\tb", "C", "__class__", '=HYPERLINK("http://x")', "+1+cmd|calc", "-2+3", "@SUM(A1)"),
        *('{"edges":[]}', "```", "", " t", "T", "w" * 300, "\u202eabc", "e\u0301", "\uff54", "0", "true"),
    ],
)
def test_names_are_kept_byte_for_byte(write: Write, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    check_baseline(read_table(write(f"{quoted},t,y\n{BODY}")), first=name)


@pytest.mark.parametrize("twins", ["t,T", "t, t", "é,e\u0301", "t,\uff54", "t,t\u200b", "a b,a  b"])
def test_twin_names_are_legal_and_said(write: Write, twins: str) -> None:
    table = read_table(write(f"{twins}\n1,2\n3,5\n6,2\n"))
    assert list(table.profile.names) == twins.split(",")
    assert "name_twins" in codes(table)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("  \n\n \t\n", "empty"),
        ("w,t,y\n", "0 rows"),
        ("w,t,y\n1,1,2\n", "1 row "),
        ("w,t,y\n1,1,2\n0,0,1\n", "2 rows"),
        (",,\n,,\n,,\n,,\n", "no header"),
        ("sep=;\n", "empty"),
        ("sep=;\n\n\n", "empty"),
        ("w,w,t\n1,2,3\n1,2,3\n1,2,3\n", "more than one column: w"),
        (BASELINE + "1,2,3,4,5\n", "line 42: 5 cells"),
        (BASELINE + "1,2\n" + BODY + "3\n", "line 42: fewer cells than the header's 3; 2 rows are short"),
        (BASELINE.replace("\n", "\r\n\r\n") + "1,2\n", "line 83: fewer cells"),
        (BASELINE + '"1,2,3\n4,5,6\n', "line 42: a quote opened"),
        (BASELINE + '1,2,"3" x\n', "line 42: text follows a closing quote"),
        (BASELINE + '"' + "x" * 200_000 + '",1,2\n', "line 42: a cell of this row is longer than 131,072 characters"),
        ("w,t,y\n" + BODY.replace("\n", "\n\0", 1), "line 3: there is a NUL"),
        (BASELINE.encode("utf-16-le"), "NUL"),
        ("w,t,año\n".encode("latin-1") + BODY.encode(), "byte 5 (0xf1), line 1"),
        (BASELINE.encode() + b"1,1,\xff\n", f"byte {len(BASELINE) + 4} (0xff), line 42"),
        ("a^b^c\n1^2^3\n1^2^3\n1^2^3\n", "one column"),
        ("a b c\n1 2 3\n1 2 3\n1 2 3\n", "one column"),
        (b"PK\x03\x04" + bytes(30), "Excel"),
        ('[{"w": 0.1, "t": 1, "y": 2},\n {"w": 0.2, "t": 0, "y": 1}]\n', "is JSON"),
        ('{"w":0.1,"t":1,"y":2}\n{"w":0.2,"t":0,"y":1}\n', "is JSON"),
        ('{\n  "w": {\n    "0": 0.1,\n    "1": 0.2\n  }\n}\n', "is JSON"),
        ("\ufeff\n<!DOCTYPE html>\n<html><body>log in</body></html>\n", "is a web page"),
        ('<?xml version="1.0"?>\n<rows/>\n', "is XML"),
        (b"\x1f\x8b" + bytes(30), "bytes are those of gzip"),
        (b"PAR1" + bytes(30), "bytes are those of a Parquet"),
    ],
)
def test_what_is_refused_and_where(write: Write, content: str | bytes, words: str) -> None:
    assert words in refused(write(content)).message


def test_a_header_may_look_like_json(write: Write) -> None:
    check_baseline(read_table(write('{"edges":[]},t,y\n' + BODY)), first='{"edges":[]}')


def test_a_bad_encoding_comes_with_the_flag_that_helps(write: Write) -> None:
    source = write("w,t,año\n".encode("latin-1") + BODY.encode())
    assert "--encoding latin-1" in refused(source).advice
    assert read_table(source, ReadOptions(encoding="latin-1")).profile.names == ("w", "t", "año")


def test_bytes_split_between_blocks_are_one_character(write: Write) -> None:
    wide = "w,t,ä\n" + "".join(f"{i},{i % 2},{'ö' * 1999}{i % 3}\r\n" for i in range(400))
    table = read_table(write(wide))
    assert table.profile.rows == 400
    column = table.profile.column("ä")
    assert column is not None
    assert column.distinct == 3


def test_options_that_cannot_be(write: Write) -> None:
    for options in ({"encoding": "latin-99"}, {"encoding": "base64"}, {"delimiter": "ab"}, {"decimal": ";"}):
        with pytest.raises(ConfigurationError):
            ReadOptions(**options)
    source = write(BASELINE.replace(",", ";"))
    error = refused(source, ReadOptions(delimiter="comma"))
    assert "semicolon" in error.reason
    check_baseline(read_table(source, ReadOptions(delimiter=";")))


def test_gzip_good_cut_and_false(write: Write) -> None:
    packed = gzip.compress(BASELINE.encode())
    check_baseline(read_table(write(packed, "data.csv.gz")))
    assert "cut off" in refused(write(packed[:-20], "cut.csv.gz")).message
    assert "damaged" in refused(write(packed[:40] + b"\xff\x00\xff" + packed[43:], "bad.csv.gz")).message
    assert "named as gzip" in refused(write(BASELINE, "false.csv.gz")).message


def test_a_file_that_is_none(tmp_path: Path, write: Write) -> None:
    write(BASELINE, "study.csv")
    assert "study.csv" in refused(str(tmp_path / "studi.csv")).advice
    assert "a folder" in refused(str(tmp_path)).message
    assert "web address" in refused("https://example.org/data.csv").message
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot read" in refused(str(tmp_path / "loop")).message
    os.mkfifo(tmp_path / "pipe")
    assert "a named pipe" in refused(str(tmp_path / "pipe")).message
    assert "a device" in refused("/dev/zero").message
    assert "cannot read" in refused("a\0b").message
    assert "cannot read" in refused("x" * 5000).message
    assert "does not exist either" in refused(str(tmp_path / "no" / "data.csv")).advice


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
        assert "a socket" in refused("sock").message


def test_paths_with_blanks_and_line_ends(write: Write) -> None:
    check_baseline(read_table(write(BASELINE, "a b\nc.csv")))


class FakeStdin(io.TextIOWrapper):
    """Standard input that may be a terminal."""

    def __init__(self, content: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content))
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_once_and_used_twice(
    monkeypatch: pytest.MonkeyPatch, name: str, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", FakeStdin(pack(BASELINE.encode())))
    table = read_table(name)
    assert table.profile.source == "-"
    check_baseline(table)


def test_standard_input_that_would_hang_or_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", FakeStdin(b"", terminal=True))
    assert "terminal" in refused("-").message
    monkeypatch.setattr(sys, "stdin", None)
    assert "closed" in refused("-").message


def test_a_file_changed_after_its_profile_is_refused(write: Write) -> None:
    source = write(BASELINE)
    table = read_table(source)
    write(BASELINE + "1,1,1\n")
    with pytest.raises(InputDataError, match="changed"):
        table.frame(["w"])


def test_an_unknown_column_is_an_error_with_a_near_name(write: Write) -> None:
    with pytest.raises(UnknownVariableError, match="'W'"):
        read_table(write(BASELINE)).frame(["W"])


def test_the_hash_is_of_the_stored_bytes(write: Write) -> None:
    import hashlib

    packed = gzip.compress(BASELINE.encode())
    assert read_table(write(packed, "a.gz")).profile.sha256 == hashlib.sha256(packed).hexdigest()


def parquet(tmp_path: Path, columns: dict[str, Any], name: str = "data.parquet") -> str:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    write_table(pa.table(columns), tmp_path / name)
    return str(tmp_path / name)


def test_parquet_good_and_bad(tmp_path: Path, write: Write) -> None:
    columns = {
        "w": [float(w) for w, _, _ in ROWS],
        "t": [t for _, t, _ in ROWS],
        "y": [float(y) for _, _, y in ROWS],
    }
    path = parquet(tmp_path, columns)
    check_baseline(read_table(path))
    assert "cannot be read as Parquet" in refused(write(Path(path).read_bytes()[:-12], "cut.parquet")).message
    assert "named as a Parquet" in refused(write(BASELINE, "false.parquet")).message
    short = parquet(tmp_path, {"w": [1, 2]}, "short.parquet")
    assert "2 rows" in refused(short).message


def test_damaged_numbers_of_a_parquet_file_are_found_by_its_checksums(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    path = tmp_path / "data.parquet"
    write_table(
        pa.table({"w": [0.1 * i for i in range(300)]}),
        path,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    stored = bytearray(path.read_bytes())
    stored[800] ^= 0x10
    path.write_bytes(stored)
    assert "checksum" in refused(str(path)).reason


def test_parquet_columns_of_every_type(tmp_path: Path) -> None:
    import datetime as dt
    from decimal import Decimal

    import pyarrow as pa

    days = [dt.date(2020, 1, 1 + i) for i in range(3)]
    path = parquet(
        tmp_path,
        {
            "a.b": [1.5, None, float("nan")],
            "a": pa.array(["x", "y", None]).dictionary_encode(),
            "yes": [True, False, True],
            "day": days,
            "price": [Decimal("1.10"), Decimal("2.20"), None],
            "list": [[1], [2], [3]],
            "none": pa.nulls(3),
            "code": ["007", "008", "009"],
        },
    )
    table = read_table(path)
    assert kinds(table) == {
        "a.b": Kind.CONSTANT,
        "a": Kind.BINARY,
        "yes": Kind.BINARY,
        "day": Kind.DATE,
        "price": Kind.BINARY,
        "list": Kind.IDENTIFIER,
        "none": Kind.CONSTANT,
        "code": Kind.CATEGORICAL,
    }
    frame = table.frame(["code", "a", "a.b", "yes", "day", "price"])
    assert frame["code"].tolist() == ["007", "008", "009"]
    assert frame["a"].tolist() == ["x", "y", None]
    assert frame["a.b"].isna().tolist() == [False, True, True]
    assert frame["yes"].tolist() == ["True", "False", "True"]
    assert frame["day"].dt.date.tolist() == days
    assert frame["price"].tolist()[:2] == [1.1, 2.2]
    with pytest.raises(InputDataError, match="list holds"):
        table.frame(["list"])
    infinite = read_table(parquet(tmp_path, {"w": [1.0, 2.5, float("inf")]}, "inf.parquet"))
    assert "infinite" in codes(infinite)
    with pytest.raises(InputDataError, match="row 3: w is infinite"):
        infinite.frame(["w"])


PIECES = st.lists(
    st.sampled_from(
        (
            *(b"\n", b"\r", b"\r\n", b",", b";", b"\t", b'"', b'""', b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe"),
            *(b"a", b"1", b"2.5", b"NA", b" ", b"-1", b"1e9", b"1,5", "é".encode()),
            *(b"x,y\n", b"1,2\n", b"3,4\n", b"5,6\n", b"sep=;\n"),
        )
    ),
    max_size=40,
).map(b"".join)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), PIECES, PIECES.map(lambda some: b"x,y\n1,2\n3,4\n5,6\n" + some)))
def test_any_bytes_are_a_table_or_an_error_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    try:
        table = read_table(str(tmp_path / "data.csv"))
        rows = len(table.frame(table.profile.names))
    except InputDataError as error:
        assert error.message  # noqa: PT017 (either is right)
    else:
        assert rows == table.profile.rows >= 3
