"""A text table as a header and runs of rows, each row with the line it stands on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice

from copilot.data.decoding import count_breaks, decode_lines
from copilot.data.dialect import check_one_column, declared_delimiter, sample_rows, sniff_delimiter
from copilot.data.options import ReadOptions
from copilot.data.sources import Source, Storage
from copilot.domain.text import one_line
from copilot.errors import InputDataError

_SAMPLE_LINES = 40
_SAMPLE_CHARACTERS = 1 << 18
_CELLS_AT_ONCE = 50_000
_MOST_ROWS_AT_ONCE = 4096
_LEAST_ROWS_AT_ONCE = 16

Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows, all as wide as the header, and the line on which each begins."""

    rows: Rows
    lines: Sequence[int]


class RowStream:
    """The rows of one pass over a text table.

    Parameters
    ----------
    name
        Of the file, for messages.
    lines
        Of the file, with their line ends.
    delimiter
        ``None``: found from the first lines.

    Raises
    ------
    InputDataError
        If there is no header.
    """

    def __init__(self, name: str, lines: Iterator[str], delimiter: str | None) -> None:
        self.name = name
        head, self._skipped = _head(name, lines)
        declared = declared_delimiter(head[0])
        if declared is not None:
            head, self._skipped = head[1:], self._skipped + 1
        self.delimiter = delimiter or declared or sniff_delimiter(head)
        self._reader = csv.reader(chain(head, lines), delimiter=self.delimiter, strict=True)
        first = self._read(1, self._skipped)
        while first and _blank(first[0]):
            first = self._read(1, self._reader.line_num + self._skipped)
        if not first:
            raise _empty(name)
        self.header = first[0]
        if len(self.header) == 1:
            check_one_column(name, self.header[0], self.delimiter)
        sample = sample_rows(head, self.delimiter)[1:]
        if sample and all(len(row) == len(self.header) + 1 and not row[-1] for row in sample):
            self.header.append("")  # every row ends with a delimiter, the header does not

    @property
    def rows_at_once(self) -> int:
        """Rows in one chunk: fewer in wider tables, so that memory is bounded."""
        return min(_MOST_ROWS_AT_ONCE, max(_LEAST_ROWS_AT_ONCE, _CELLS_AT_ONCE // len(self.header)))

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that follow the header; blank lines are passed over.

        Raises
        ------
        InputDataError
            If a row is longer or shorter than the header, or a quote is not closed, with the line.
        """
        width, size = len(self.header), self.rows_at_once
        while True:
            start = self._reader.line_num + self._skipped
            rows = self._read(size, start)
            if not rows:
                return
            end = self._reader.line_num + self._skipped
            if end - start == len(rows) and set(map(len, rows)) == {width}:
                yield Chunk(rows, range(start + 1, end + 1))
            else:
                yield self._irregular(rows, start)

    def _read(self, size: int, start: int) -> Rows:
        rows: Rows = []
        try:
            rows.extend(islice(self._reader, size))  # unlike list(…), this keeps what came before an error
        except csv.Error as error:
            raise self._broken(error, start + sum(map(_lines_of, rows)) + 1) from error
        return rows

    def _irregular(self, rows: Rows, start: int) -> Chunk:
        """Sort out blank lines and rows that do not fit."""
        width = len(self.header)
        kept: Rows = []
        lines: list[int] = []
        line = start + 1
        for index, row in enumerate(rows):
            if len(row) == width:
                kept.append(row)
                lines.append(line)
            elif len(row) > width:
                raise self._long(row, line)
            elif not _blank(row):
                raise self._short(line, rows[index:])
            line += _lines_of(row)
        return Chunk(kept, lines)

    def _long(self, row: list[str], line: int) -> InputDataError:
        width = len(self.header)
        more = " If the first column holds row names, give it a header." if len(row) == width + 1 else ""
        return InputDataError(
            f"{self.name!r}, line {line}: {len(row)} cells, but the header has {width}",
            reason=f"Cells are separated by {self.delimiter!r}; a cell that contains it must stand in double quotes.",
            advice=f"Correct this line, or name another --delimiter.{more}",
        )

    def _short(self, line: int, rest: Rows) -> InputDataError:
        """Count what else is short, to the end of the file or as far as that can be read."""
        width, count = len(self.header), 0
        whole = True
        while rest:
            count += sum(len(row) < width and not _blank(row) for row in rest)
            try:
                rest = self._read(self.rows_at_once, 0)
            except InputDataError:
                rest, whole = [], False
        rows = "1 row is" if count == 1 else f"{count} rows are"
        return InputDataError(
            f"{self.name!r}, line {line}: fewer cells than the header's {width}; "
            f"{'' if whole else 'at least '}{rows} short",
            reason="Which cells are missing cannot be known, and filling up from the right would be a guess.",
            advice="Correct these lines, or export the table again.",
        )

    def _broken(self, error: csv.Error, line: int) -> InputDataError:
        if "expected after" in str(error):
            line = self._reader.line_num + self._skipped
            return InputDataError(
                f"{self.name!r}, line {line}: text follows a closing quote",
                reason="A double quote within a quoted cell must be doubled.",
                advice="Correct this line, or export the table again.",
            )
        if "field limit" in str(error):
            return InputDataError(
                f"{self.name!r}, line {line}: a cell of this row is longer than {csv.field_size_limit():,} characters",
                reason="Such a cell is no value; most often a quote was opened in it and never closed.",
                advice="Close the quote; or leave a column of long texts out of the file.",
            )
        return InputDataError(
            f"{self.name!r}, line {line}: a quote opened in this row is never closed",
            reason=f"{one_line(str(error))[:1].upper()}{one_line(str(error))[1:]}.",
            advice="Close the quote, or double it if it belongs to the cell.",
        )


@contextmanager
def open_rows(source: Source, storage: Storage, options: ReadOptions) -> Iterator[RowStream]:
    """Open a text table; the file is closed whether or not it is read to its end."""
    with closing(source.blocks(storage)) as blocks:
        yield RowStream(source.name, decode_lines(source.name, blocks, options.encoding), options.separator)


def _head(name: str, lines: Iterator[str]) -> tuple[list[str], int]:
    """Read the first lines up to a number of characters; blank ones before them are only counted."""
    head: list[str] = []
    skipped = characters = 0
    for line in lines:
        if not head and not line.strip():
            skipped += 1
            continue
        head.append(line)
        characters += len(line)
        if len(head) >= _SAMPLE_LINES or characters > _SAMPLE_CHARACTERS:
            break
    if not head:
        raise _empty(name)
    return head, skipped


def _empty(name: str) -> InputDataError:
    return InputDataError(
        f"{name!r} is empty", reason="There is no header and no row.", advice="Check that the export worked."
    )


def _lines_of(row: list[str]) -> int:
    """Count the lines of the file that a row takes up."""
    return 1 + sum(map(count_breaks, row))


def _blank(row: list[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip())
