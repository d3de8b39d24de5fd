"""Delimited text: the profile of its beginning, and all that is needed to read any of its columns later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.data.dialect import DELIMITERS
from copilot.data.notices import remarks_on_duplicates, remarks_on_names, to_notices
from copilot.data.numbers import NumberHabit, likely_decimal
from copilot.data.options import ReadOptions
from copilot.data.profiling import Column, profile_texts
from copilot.data.reading import ColumnReading, Remark
from copilot.data.rows import RowStream, open_rows
from copilot.data.sources import Source, Storage
from copilot.domain.text import shown
from copilot.domain.variables import TableProfile
from copilot.errors import InputDataError

FEWEST_ROWS = 3
_MOST_CELLS = 6_000_000
_DECIMAL_SAMPLE = 200
_FOOTERS = frozenset({"total", "totals", "grand total", "sum", "mean", "average", "subtotal"})


@dataclass(frozen=True, slots=True)
class TextTable:
    """What a pass over the beginning of a text table has found.

    Parameters
    ----------
    profile
        Of the columns that hold something.
    readings
        Name to how its cells are read.
    empty
        Positions of columns without header and without cells.
    footer
        Line of a last row that holds totals and is left out.
    """

    profile: TableProfile
    readings: dict[str, ColumnReading]
    empty: tuple[int, ...]
    footer: int | None = None


def profile_text(source: Source, storage: Storage, options: ReadOptions) -> TextTable:
    """Profile a text table by its first rows.

    Raises
    ------
    InputDataError
        If it cannot be read, has fewer than three rows, or two columns of one name.
    """
    with open_rows(source, storage, options) as stream:
        gathered = _gather(stream, options.max_profile_rows)
        header, delimiter = stream.header, stream.delimiter
    gathered.drop_footer()
    kept = [position for position, name in enumerate(header) if name or any(gathered.cells[position])]
    check_rows(source.name, len(gathered.lines))
    check_names(source.name, [header[position] for position in kept])
    habit = _habit(delimiter, [gathered.cells[position] for position in kept], options)
    missing = frozenset(options.missing)
    columns: list[Column] = []
    prints: dict[str, int] = {}
    for position in kept:
        cells, gathered.cells[position] = gathered.cells[position], []
        column = profile_texts(header[position], position, cells, lines=gathered.lines, habit=habit, missing=missing)
        columns.append(column)
        prints[header[position]] = hash(tuple(cells))
    empty = tuple(sorted(set(range(len(header))) - set(kept)))
    remarks = [
        *_remarks_on_table(source, gathered, empty, habit, options),
        *remarks_on_names([header[i] for i in kept]),
    ]
    remarks += [remark for column in columns for remark in column.remarks]
    remarks += remarks_on_duplicates(columns, prints)
    profile = TableProfile(
        source=source.name,
        sha256=source.sha256(),
        rows=len(gathered.lines),
        columns=tuple(column.profile for column in columns),
        sampled=gathered.more,
        notices=to_notices(remarks),
    )
    readings = {column.reading.name: column.reading for column in columns}
    return TextTable(profile, readings, empty, gathered.footer)


@dataclass(slots=True)
class _Gathered:
    """The first rows, column by column."""

    cells: list[list[str]]
    lines: list[int]
    more: bool = False
    empty_rows: int = 0
    footer: int | None = None

    def drop_footer(self) -> None:
        """Leave out a last row whose first cell that is not empty says that it holds totals, if no other says so."""
        last = next(((cells, cells[-1]) for cells in self.cells if cells and cells[-1].strip()), None)
        if self.more or last is None or last[1].strip(" :\t").casefold() not in _FOOTERS or last[0].count(last[1]) > 1:
            return
        self.footer = self.lines.pop()
        for cells in self.cells:
            cells.pop()


def _gather(stream: RowStream, most_rows: int) -> _Gathered:
    """Collect the first rows; in very wide tables fewer, so that memory is bounded."""
    width = len(stream.header)
    limit = min(most_rows, max(1000, _MOST_CELLS // width))
    found = _Gathered([[] for _ in range(width)], [])
    for chunk in stream.chunks():
        room = limit - len(found.lines)
        rows = chunk.rows[:room]
        found.more = len(chunk.rows) > room
        for cells, more in zip(found.cells, zip(*rows, strict=True), strict=False):
            cells.extend(more)
        found.lines.extend(chunk.lines[: len(rows)])
        if "" in found.cells[0][-len(rows) :]:  # as an empty row begins
            found.empty_rows += sum(not any(row) for row in rows)
        if found.more:
            break
    return found


def _habit(delimiter: str, columns: Sequence[Sequence[str]], options: ReadOptions) -> NumberHabit:
    """Decide what numbers look like; commas that separate cells do not separate decimals unless quoted."""
    if options.decimal is not None:
        return NumberHabit(options.decimal, certain=True)
    if delimiter == DELIMITERS[0]:
        return NumberHabit()
    return NumberHabit(likely_decimal([cells[:_DECIMAL_SAMPLE] for cells in columns]))


def check_rows(name: str, rows: int) -> None:
    """Refuse a table from which nothing can be learnt."""
    if rows < FEWEST_ROWS:
        raise InputDataError(
            f"{name!r} has {rows} row{'' if rows == 1 else 's'} of data",
            reason=f"Nothing can be learnt from fewer than {FEWEST_ROWS}; the first line is the header.",
            advice="Check that the export is complete.",
        )


def check_names(name: str, header: Sequence[str]) -> None:
    """Refuse a table without columns, or with two of one name."""
    if not header:
        raise InputDataError(
            f"{name!r} has no header and no value", reason="Every cell is empty.", advice="Check the export."
        )
    doubles = [one for one, count in Counter(header).items() if count > 1]
    if doubles:
        listed = ", ".join(shown(one) for one in doubles[:8])
        raise InputDataError(
            f"{name!r}: {'these headers stand' if len(doubles) > 1 else 'a header stands'} above more than one column: "
            f"{listed}",
            reason="Which of them is meant could only be guessed.",
            advice="Give every column its own name.",
        )


def _remarks_on_table(
    source: Source, gathered: _Gathered, empty: Sequence[int], habit: NumberHabit, options: ReadOptions
) -> list[Remark]:
    remarks = []
    if gathered.more:
        message = (
            f"{source.name} is large: its columns are described by its first {len(gathered.lines):,} rows; "
            "estimates use all rows"
        )
        remarks.append(Remark("sampled", message, count=len(gathered.lines), warning=False))
    if empty:
        columns = "a column" if len(empty) == 1 else f"{len(empty)} columns"
        message = f"{columns} without header and without any cell, left by a trailing separator, was passed over"
        remarks.append(Remark("empty_column", message, count=len(empty), warning=False))
    if gathered.empty_rows:
        rows = "1 row holds" if gathered.empty_rows == 1 else f"{gathered.empty_rows:,} rows hold"
        remarks.append(Remark("empty_rows", f"{rows} no value at all", count=gathered.empty_rows))
    if gathered.footer is not None:
        message = f"the last row (line {gathered.footer}) holds totals, not a case, and is left out"
        remarks.append(Remark("footer", message, count=1))
    if habit.decimal == "," and options.decimal is None:
        remarks.append(Remark("decimal_comma", "numbers are read with a decimal comma", warning=False))
    return remarks
