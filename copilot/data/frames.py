"""Columns of a text table as a pandas frame, read by the same rules that made its profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from copilot.data.options import ReadOptions
from copilot.data.reading import ColumnReading, Form, is_missing_word
from copilot.data.rows import Chunk, open_rows
from copilot.data.sources import Source, Storage
from copilot.data.text_table import TextTable
from copilot.domain.text import one_line, shown
from copilot.errors import InputDataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


_FIRST = 1 << 16
"""Numbers that a column has room for at first."""


def read_text_frame(
    source: Source,
    storage: Storage,
    options: ReadOptions,
    table: TextTable,
    columns: Sequence[str],
    max_rows: int | None = None,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Read some columns of a text table.

    Parameters
    ----------
    source, storage, options, table
        As the profile was made.
    columns
        Names, all of them known; the frame has them in this order.
    max_rows
        At most so many rows: the first ones, or a simple random sample in file order if `rng` is given.
    rng
        Source of the sample.

    Returns
    -------
    pandas.DataFrame
        float64 with NaN, objects of `str` with ``None``, or datetime64 with NaT.

    Raises
    ------
    InputDataError
        If a cell is infinite, or not what the profiled rows promised, with its line.
    """
    source.check_unchanged()
    chosen = [table.readings[name] for name in columns]
    builders = [make_builder(source.name, reading) for reading in chosen]
    with open_rows(source, storage, options) as stream:
        chunks: Iterator[Chunk] = _checked(source.name, stream.chunks(), table)
        if max_rows is not None:
            chunks = _first(chunks, max_rows) if rng is None else _sample(chunks, max_rows, rng)
        for chunk in chunks:
            for reading, builder in zip(chosen, builders, strict=True):
                builder.add(list(map(itemgetter(reading.position), chunk.rows)), chunk.lines)
    source.check_unchanged()
    return make_frame(columns, [builder.finish() for builder in builders])


def make_frame(columns: Sequence[str], series: Sequence[Any]) -> pd.DataFrame:
    """Put columns side by side under exactly their names."""
    import pandas as pd

    frame = pd.DataFrame(dict(enumerate(series)), copy=False)
    frame.columns = pd.Index(list(columns), dtype=object)
    return frame


class Builder(Protocol):
    """Gathers one column."""

    def add(self, cells: list[str], lines: Sequence[int]) -> None:
        """Add some cells, each with its line."""

    def finish(self) -> Any:
        """Hand over what a frame takes, and forget it."""


class _NumberBuilder:
    """A column of numbers, in one array that grows: many small ones would leave holes in memory when joined."""

    def __init__(self, source: str, reading: ColumnReading, unit: str) -> None:
        self._source, self._reading, self._unit = source, reading, unit
        self._values: np.ndarray[Any, np.dtype[np.float64]] | None = None
        self._count = 0

    def add(self, cells: list[str], lines: Sequence[int]) -> None:
        import numpy as np

        missing = self._reading.missing
        present = [cell for cell in cells if cell not in missing]
        fast = self._reading.number.parse_plain(present)
        values = np.array(self._slow(cells, lines) if fast is None else fast, dtype=np.float64)
        if fast is not None and len(present) < len(cells):
            where = np.fromiter((cell not in missing for cell in cells), dtype=bool, count=len(cells))
            part = np.full(len(cells), np.nan)
            part[where] = values
            values = part
        infinite = np.isinf(values)
        if infinite.any():
            place = f"{self._unit} {lines[int(infinite.argmax())]}"
            raise infinite_cell(self._source, self._reading.name, place)
        self._append(values)

    def _append(self, values: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        import numpy as np

        if self._values is None:
            self._values = np.empty(max(_FIRST, len(values)))
        end = self._count + len(values)
        if end > len(self._values):  # large arrays are moved in the tables of pages, not copied
            self._values.resize(max(end, 5 * len(self._values) // 4), refcheck=False)
        self._values[self._count : end] = values
        self._count = end

    def _slow(self, cells: list[str], lines: Sequence[int]) -> list[float]:
        missing, parse = self._reading.missing, self._reading.number.parse
        values = []
        for cell, line in zip(cells, lines, strict=True):
            value = None if cell in missing else parse(cell)
            if value is None and not _means_missing(cell, missing):
                raise _unfit(self._source, self._reading, cell, f"{self._unit} {line}", "a number")
            values.append(float("nan") if value is None else value)
        return values

    def finish(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        import numpy as np

        values, self._values = self._values, None
        if values is None:
            return np.empty(0)
        values.resize(self._count, refcheck=False)
        return values


class _Interned(dict[str, Any]):
    """Cell text to value; a text that was not met before is converted once."""

    def __init__(self, convert: Callable[[str], Any]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> Any:
        value = self[text] = self._convert(text)
        return value


class _TextBuilder:
    """A column of texts; equal texts are one object."""

    def __init__(self, reading: ColumnReading) -> None:
        missing = reading.missing
        self._known = _Interned(lambda text: None if text in missing or not text.strip() else text)
        self._values: list[str | None] = []

    def add(self, cells: list[str], lines: Sequence[int]) -> None:
        del lines  # any text will do
        self._values.extend(map(self._known.__getitem__, cells))

    def finish(self) -> Any:
        import numpy as np
        import pandas as pd

        values, self._values = self._values, []
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return pd.Series(column, dtype=object, copy=False)


class _DateBuilder:
    """A column of dates of one format."""

    def __init__(self, source: str, reading: ColumnReading, unit: str) -> None:
        self._source, self._reading, self._unit = source, reading, unit
        self._known = _Interned(self._convert)
        self._values: list[datetime | None] = []

    def _convert(self, text: str) -> datetime | None:
        form = self._reading.date
        moment = form.parse(text) if form is not None and text not in self._reading.missing else None
        if moment is None and not _means_missing(text, self._reading.missing):
            raise _NotADateError(text)
        return moment

    def add(self, cells: list[str], lines: Sequence[int]) -> None:
        try:
            self._values.extend([self._known[cell] for cell in cells])
        except _NotADateError as error:
            place = f"{self._unit} {lines[cells.index(error.text)]}"
            raise _unfit(self._source, self._reading, error.text, place, "a date as the others are") from error

    def finish(self) -> Any:
        import pandas as pd

        values, self._values = self._values, []
        zoned = any(value is not None and value.tzinfo is not None for value in self._known.values())
        return pd.array(values, dtype="datetime64[us, UTC]" if zoned else "datetime64[us]")


class _NotADateError(Exception):
    """A text among dates that is none; caught where its line is known."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def make_builder(source: str, reading: ColumnReading, unit: str = "line") -> Builder:
    """Choose what gathers a column; `unit` is what cells are counted by: the lines or the rows of a file."""
    if reading.form is Form.AMOUNT:
        raise _amount(source, reading, unit)
    match reading.form:
        case Form.NUMBER:
            return _NumberBuilder(source, reading, unit)
        case Form.DATE:
            return _DateBuilder(source, reading, unit)
        case _:
            return _TextBuilder(reading)


def _means_missing(cell: str, missing: frozenset[str]) -> bool:
    """Tell whether a cell beyond the profiled rows is missing by the rules that held for those."""
    return cell in missing or not cell.strip() or is_missing_word(cell)


def _checked(source: str, chunks: Iterator[Chunk], table: TextTable) -> Iterator[Chunk]:
    """Leave out the footer, and refuse a cell under no header where the profiled rows had none."""
    for chunk in chunks:
        if chunk.lines and chunk.lines[-1] == table.footer:
            yield Chunk(chunk.rows[:-1], chunk.lines[:-1])
            return
        for position in table.empty:
            found = next((row for row, cells in enumerate(chunk.rows) if cells[position]), None)
            if found is not None:
                raise InputDataError(
                    f"{source!r}, line {chunk.lines[found]}: cell {position + 1} stands under no header",
                    reason="That column is empty in all rows before.",
                    advice="Correct this line, or give the column a header.",
                )
        yield chunk


def _first(chunks: Iterator[Chunk], most: int) -> Iterator[Chunk]:
    """Yield the first rows."""
    for chunk in chunks:
        yield Chunk(chunk.rows[:most], chunk.lines[:most])
        most -= len(chunk.rows)
        if most <= 0:
            return


def _sample(chunks: Iterator[Chunk], most: int, rng: np.random.Generator) -> Iterator[Chunk]:
    """Yield a simple random sample of rows in file order, holding no more than twice as many.

    Every row draws a uniform key, and those with the smallest keys stay: which rows these are does not depend on how
    the file is cut into chunks.
    """
    kept: list[tuple[float, int, list[str]]] = []
    bar = 1.0
    for chunk in chunks:
        keys = rng.random(len(chunk.rows)).tolist()
        kept.extend(
            (key, line, row) for key, line, row in zip(keys, chunk.lines, chunk.rows, strict=True) if key <= bar
        )
        if len(kept) > 2 * most:
            kept.sort(key=itemgetter(0))
            del kept[most:]
            bar = kept[-1][0] if kept else 0.0
    kept = sorted(sorted(kept, key=itemgetter(0))[:most], key=itemgetter(1))
    yield Chunk([row for _, _, row in kept], [line for _, line, _ in kept])


def infinite_cell(source: str, name: str, place: str) -> InputDataError:
    """Make the error that names an infinite cell."""
    return InputDataError(
        f"{source!r}, {place}: {shown(name)} is infinite",
        reason="No mean and no effect can be computed from an infinite value.",
        advice="Empty the cell if the value is missing, or leave the column out with --exclude.",
    )


def _amount(source: str, reading: ColumnReading, unit: str) -> InputDataError:
    return InputDataError(
        f"{source!r}, {unit} {reading.line}: {shown(reading.name)} holds numbers with a sign, such as {reading.shape}",
        reason="Whether the sign is a unit, a factor or both is not written in the file.",
        advice="Remove the sign in the file, or leave the column out with --exclude.",
    )


def _unfit(source: str, reading: ColumnReading, cell: str, place: str, what: str) -> InputDataError:
    return InputDataError(
        f"{source!r}, {place}: {shown(reading.name)} is {one_line(cell, 24)!r}, which is not {what}",
        reason="The rows from which the columns were described hold nothing of the kind.",
        advice="Correct or empty the cell, or leave the column out with --exclude.",
    )
