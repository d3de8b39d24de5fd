"""Parquet files: profiled and read through pyarrow, by the same rules as text where they hold text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import TYPE_CHECKING, Any

from copilot.data.frames import infinite_cell, make_builder, make_frame
from copilot.data.kinds import kind_of_dates
from copilot.data.notices import remarks_on_duplicates, remarks_on_names, to_notices
from copilot.data.options import ReadOptions
from copilot.data.profiling import Column, profile_texts, profile_values
from copilot.data.reading import ColumnReading, Remark
from copilot.data.sources import Source
from copilot.data.text_table import check_names, check_rows
from copilot.domain.text import one_line, shown
from copilot.domain.variables import ColumnProfile, Kind, TableProfile
from copilot.errors import InputDataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


_BUFFER, _BATCH = 1 << 16, 1 << 16
"""Bytes of the file, and rows of a column, that are read at once."""


class _Stored(StrEnum):
    """What an Arrow type is to us."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    DATE = "date"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """What a pass over the beginning of a Parquet file has found.

    Parameters
    ----------
    profile
        Of its columns.
    readings
        Name to how its cells are read, for columns that are stored as text.
    stored
        Name to what kind of values is stored.
    """

    profile: TableProfile
    readings: dict[str, ColumnReading]
    stored: dict[str, _Stored]


def profile_parquet(source: Source, options: ReadOptions) -> ParquetTable:
    """Profile a Parquet file by its first rows.

    Raises
    ------
    InputDataError
        If it cannot be read, has fewer than three rows, or two columns of one name.
    """
    with _opened(source) as file:
        names = list(file.schema_arrow.names)
        check_names(source.name, names)
        check_rows(source.name, file.metadata.num_rows)
        rows = min(file.metadata.num_rows, options.max_profile_rows)
        more = file.metadata.num_rows > rows
        columns, prints, stored = [], {}, {}
        for position, name in enumerate(names):  # one after the other, so that the cells of one alone are held
            array = _beginning(file, name, rows)
            stored[name] = _stored(array.type)
            values = _decoded(array).to_pylist() if stored[name] != _Stored.OTHER else []
            prints[name] = _print(values, position)
            columns.append(_column(name, position, stored[name], values, array, options))
            del array, values
    remarks = []
    if more:
        message = f"{source.name} is large: its columns are described by its first {rows:,} rows"
        remarks.append(Remark("sampled", message, count=rows, warning=False))
    remarks += remarks_on_names(names)
    remarks += [remark for column in columns for remark in column.remarks]
    remarks += remarks_on_duplicates(columns, prints)
    profile = TableProfile(
        source=source.name,
        sha256=source.sha256(),
        rows=rows,
        columns=tuple(column.profile for column in columns),
        sampled=more,
        notices=to_notices(remarks, "row"),
    )
    return ParquetTable(profile, {column.reading.name: column.reading for column in columns}, stored)


def read_parquet_frame(
    source: Source,
    table: ParquetTable,
    columns: Sequence[str],
    max_rows: int | None = None,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Read some columns of a Parquet file; see `copilot.data.frames.read_text_frame`."""
    source.check_unchanged()
    series = []
    with _opened(source) as file:
        chosen = _chosen_rows(file.metadata.num_rows, max_rows, rng)
        for name in columns:
            if table.stored[name] is _Stored.NUMBER:
                series.append(_numbers(source.name, file, name, chosen))
                continue
            array = _decoded(file.read(columns=[name]).column(name))
            if chosen is not None:
                array = array.take(chosen)
            rows = range(1, len(array) + 1) if chosen is None else (chosen + 1).tolist()
            series.append(_series(source.name, table, name, array, rows))
    source.check_unchanged()
    return make_frame(columns, series)


def _numbers(source: str, file: Any, name: str, chosen: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
    """Read a column of numbers a few rows at a time, so that it is held once."""
    import numpy as np
    import pyarrow as pa

    values, start = np.empty(file.metadata.num_rows), 0
    for array in _parts(file, name):
        part = _decoded(array).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        values[start : start + len(part)] = part
        start += len(part)
    if chosen is not None:
        values = values[chosen]
    infinite = np.isinf(values)
    if infinite.any():
        first = int(infinite.argmax())
        raise infinite_cell(source, name, f"row {(first if chosen is None else int(chosen[first])) + 1}")
    return values


def _series(source: str, table: ParquetTable, name: str, array: Any, rows: Sequence[int]) -> Any:
    import pyarrow as pa

    match table.stored[name]:
        case _Stored.DATE if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
            zone = getattr(array.type, "tz", None)
            return array.cast(pa.timestamp("us", tz=zone), safe=False).to_pandas()
        case _Stored.OTHER | _Stored.DATE:
            raise InputDataError(
                f"{source!r}: {shown(name)} holds {array.type}, which cannot be analysed",
                advice="Store numbers, texts or dates, or leave the column out with --exclude.",
            )
    builder = make_builder(source, table.readings[name], "row")
    builder.add(["" if value is None else str(value) for value in array.to_pylist()], rows)
    return builder.finish()


def _column(name: str, position: int, stored: _Stored, values: list[Any], array: Any, options: ReadOptions) -> Column:
    rows = len(array)
    match stored:
        case _Stored.NUMBER:
            numbers = [float(value) for value in values if value is not None]
            return profile_values(name, position, Counter(one for one in numbers if not isnan(one)), rows)
        case _Stored.DATE:
            known = [value for value in values if value is not None]
            kind, reason = kind_of_dates(len(set(known)))
            return _plain(name, position, kind, reason, (rows, rows - len(known), len(set(known))))
        case _Stored.OTHER:
            reason = f"it holds values of type {array.type}, which cannot be analysed"
            return _plain(name, position, Kind.IDENTIFIER, reason, (rows, array.null_count, 0))
    cells = ["" if value is None else str(value) for value in values]
    return profile_texts(name, position, cells, missing=frozenset(options.missing))


def _plain(name: str, position: int, kind: Kind, reason: str, counts: tuple[int, int, int]) -> Column:
    rows, missing, distinct = counts
    profile = ColumnProfile(
        name=name, position=position, kind=kind, rows=rows, missing=missing, distinct=distinct, reason=reason
    )
    return Column(profile, ColumnReading(name, position))


def _stored(kind: Any) -> _Stored:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        (_Stored.TRUTH, (types.is_boolean,)),
        (_Stored.NUMBER, (types.is_integer, types.is_floating, types.is_decimal)),
        (_Stored.TEXT, (types.is_string, types.is_large_string, types.is_string_view, types.is_null)),
        (_Stored.DATE, (types.is_temporal,)),
    )
    return next((stored for stored, ways in tests if any(way(kind) for way in ways)), _Stored.OTHER)


def _decoded(array: Any) -> Any:
    """Replace the codes of a dictionary column by what they stand for."""
    from pyarrow import types

    return array.cast(array.type.value_type) if types.is_dictionary(array.type) else array


def _print(values: list[Any], position: int) -> Hashable:
    """Make something that is equal for equal cells; NaN and None are both missing."""
    return hash(tuple(None if value != value else value for value in values)) if values else ("none", position)  # noqa: PLR0124 (NaN)


def _parts(file: Any, name: str) -> Iterator[Any]:
    """Yield the cells of a column in parts of few rows."""
    for batch in file.iter_batches(batch_size=_BATCH, columns=[name], use_threads=False):
        yield batch.column(name)


def _beginning(file: Any, name: str, rows: int) -> Any:
    """Read the first cells of a column."""
    import pyarrow as pa

    parts, found = [], 0
    for part in _parts(file, name):
        parts.append(part)
        found += len(part)
        if found >= rows:
            break
    return pa.chunked_array(parts).slice(0, rows)


def _chosen_rows(rows: int, most: int | None, rng: np.random.Generator | None) -> np.ndarray[Any, Any] | None:
    """Choose rows as `copilot.data.frames` does, so that the same seed gives the same rows of the same table."""
    import numpy as np

    if most is None or most >= rows:
        return None
    return np.arange(most) if rng is None else np.sort(np.argsort(rng.random(rows), kind="stable")[:most])


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """Open the file; what pyarrow finds wrong with it is said in words."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        # with a buffer the file is read page by page, not a whole column of a row group at once; pages that bear a
        # checksum are held against it, because damaged numbers are numbers too
        with (
            source.opened() as stream,
            ParquetFile(stream, buffer_size=_BUFFER, page_checksum_verification=True) as file,
        ):
            yield file
        # What pyarrow has freed it keeps for later; there is no later.
        pa.default_memory_pool().release_unused()
    except (pa.ArrowException, OSError) as error:
        raise InputDataError(
            f"{source.name!r} cannot be read as Parquet: it is damaged or cut off",
            reason=f"{one_line(str(error), 160).rstrip('.')}.",
            advice="Copy or download the file again.",
        ) from error
