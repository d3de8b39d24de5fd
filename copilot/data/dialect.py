"""Which character separates the cells of a text table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from copilot.errors import InputDataError

DELIMITERS = (",", ";", "\t", "|")
"""Tried in this order; the first of equals wins."""

_LESS_USUAL = (" ", ":", "^", "~")
_WORDS = {"\t": "a tab", " ": "a blank", ",": "a comma", ";": "a semicolon", "|": "a pipe", ":": "a colon"}
_OPTION = {"\t": "tab", " ": "space"}
_SEP_LINE = re.compile(r"sep=([,;|:^~\t])\s*", re.IGNORECASE)


def declared_delimiter(first_line: str) -> str | None:
    r"""Read the line ``sep=;`` that Excel understands and writes.

    Examples
    --------
    >>> declared_delimiter("sep=;\r\n")
    ';'
    >>> declared_delimiter("sep,a") is None
    True
    """
    match = _SEP_LINE.fullmatch(first_line)
    return match[1] if match else None


def sniff_delimiter(lines: Sequence[str]) -> str:
    r"""Choose the delimiter under which the first lines agree best on how many cells a row has.

    Parameters
    ----------
    lines
        The first lines, the header among them, cut off anywhere. Delimiters within quotes do not count.

    Returns
    -------
    str
        The one with most rows as wide as the header, the widest among equals; a comma if none makes two cells.

    Examples
    --------
    >>> sniff_delimiter(["a;b\n", "0,5;1\n", "1,5;2\n"])
    ';'
    """
    best, best_score = DELIMITERS[0], (0.0, 1)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in sample_rows(lines, delimiter)]
        if not widths or widths[0] == 1:
            continue
        share = Counter(widths)[widths[0]] / len(widths)
        common = Counter(widths[1:]).most_common(1)
        if common and common[0][0] == widths[0] + 1:  # a trailing delimiter in every row but the header
            share = max(share, common[0][1] / len(widths))
        if (share, widths[0]) > best_score:
            best, best_score = delimiter, (share, widths[0])
    return best


def sample_rows(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Split the first lines, leniently; blank lines and what may be cut off at the end are left out."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []
    return rows[:-1] if len(rows) > 2 else rows  # noqa: PLR2004 (header and one row are all there is)


def check_one_column(name: str, header: str, delimiter: str) -> None:
    """Refuse a table of one column whose header looks as if another character separated cells.

    Raises
    ------
    InputDataError
        With the likely delimiter.
    """
    likely = [one for one in (*DELIMITERS, *_LESS_USUAL) if one != delimiter and one in header.strip()]
    if not likely:
        return
    found = max(likely, key=lambda one: (one in DELIMITERS, header.count(one)))
    raise InputDataError(
        f"{name!r} has one column when cells are separated by {_WORDS.get(delimiter, repr(delimiter))}",
        reason=f"Its header contains {_WORDS.get(found, repr(found))}; did you mean that?",
        advice=f"Say so with --delimiter {_OPTION.get(found, repr(found))}.",
    )
