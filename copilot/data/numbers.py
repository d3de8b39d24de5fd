"""Cell texts as numbers: points and commas, groups of thousands, and what only looks like a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf
from typing import cast

_INFINITE = {
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity", "1.#inf"), inf),
    **dict.fromkeys(("-inf", "-infinity", "-1.#inf"), -inf),
}
_SEPARATOR = "\x1f"
_PLAIN_CHARACTERS = b"0123456789+-eE \x1f"
_LEADING_ZERO = re.compile(r"\x1f[+-]?0\d")
_AMOUNT = re.compile(
    r"\s*(?:[-+(]?\s*(?:[$€£¥₹]|USD|EUR|GBP|CHF)\s*[-+]?[\d.,' ]*\d\)?"
    r"|[-+(]?[\d.,' ]*\d\s*(?:[$€£¥₹%‰]|USD|EUR|GBP|CHF)\)?)\s*"
)
_SCREEN = 64
_LONGEST_AMOUNT = 40
_MOST_STRAY_CELLS = 20
_MOST_STRAY_SHARE = 0.01
_ENOUGH_FOR_ONE_STRAY = 20


@cache
def _pattern(decimal: str, group: str) -> re.Pattern[str]:
    """Compile what a number looks like; groups of thousands never begin with a zero."""
    point, mark = re.escape(decimal), re.escape(group)
    plain = rf"(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
    grouped = rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+(?:{point}\d+)?|" if group else ""
    return re.compile(rf"[+-]?(?:{grouped}{plain})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How the numbers of one column are written.

    Parameters
    ----------
    decimal
        ``"."`` or ``","``.
    group
        What stands between thousands: the other of the two, or nothing.

    Examples
    --------
    >>> NumberFormat(",", ".").parse("1.234,5")
    1234.5
    >>> NumberFormat().parse("12 kg") is None
    True
    """

    decimal: str = "."
    group: str = ""

    def parse(self, text: str) -> float | None:
        """Read one cell; white space around it does not matter. ``None`` if it is no number."""
        text = text.strip()
        if not _pattern(self.decimal, self.group).fullmatch(text):
            return _INFINITE.get(text.lower())
        return float(text.replace(self.group, "").replace(self.decimal, ".") if self.group else self._pointed(text))

    def parse_all(self, texts: Sequence[str]) -> list[float | None]:
        """Read many cells; see `parse`."""
        fast = self.parse_plain(texts)
        return [self.parse(text) for text in texts] if fast is None else [*fast]

    def parse_plain(self, texts: Sequence[str]) -> list[float] | None:
        """Read cells if all are plain numbers, at several times the speed; ``None`` if they have to be looked at."""
        joined = _SEPARATOR.join(texts)
        if self.group or not joined.isascii():
            return None
        if joined.encode("ascii").translate(None, _PLAIN_CHARACTERS + self.decimal.encode()):
            return None
        try:
            return list(map(float, texts if self.decimal == "." else map(self._pointed, texts)))
        except ValueError:
            return None

    def _pointed(self, text: str) -> str:
        return text.replace(self.decimal, ".")


@dataclass(frozen=True, slots=True)
class NumberHabit:
    """What numbers are expected to look like in one table.

    Parameters
    ----------
    decimal
        The likelier sign.
    certain
        Whether the user has said so, and nothing else is tried.
    """

    decimal: str = "."
    certain: bool = False

    def formats(self, marks: str) -> Iterator[NumberFormat]:
        """Yield the formats worth trying, the likeliest first, for a column in which some `marks` occur."""
        other = "," if self.decimal == "." else "."
        yield NumberFormat(self.decimal)
        if other in marks:
            yield NumberFormat(self.decimal, other)
            if not self.certain:
                yield NumberFormat(other)
                if self.decimal in marks:
                    yield NumberFormat(other, self.decimal)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column read as numbers.

    Parameters
    ----------
    form
        How they are written.
    values
        Number to count of cells, in order of first appearance; infinite ones among them.
    stray
        Texts that are no numbers, with their counts: few enough to be read as missing.
    collapsed
        Whether different digits became the same number, as beyond 2^53.
    """

    form: NumberFormat
    values: Mapping[float, int]
    stray: Mapping[str, int] = field(default_factory=dict)
    collapsed: bool = False


def read_numbers(counts: Mapping[str, int], habit: NumberHabit) -> Numbers | None:
    """Read the distinct texts of a column as numbers, if nearly all of them are.

    Cells that are no numbers may be at most 20 and at most 1 % of the cells, or a single one among at least 20.
    A code with a leading zero makes the column text.

    Parameters
    ----------
    counts
        Distinct texts that are not missing, with their counts of cells.
    habit
        What numbers look like elsewhere in the table.

    Returns
    -------
    Numbers or None
        ``None`` if the column is text.
    """
    texts = list(counts)
    joined = _SEPARATOR.join(texts)
    best: list[float | None] | None = None
    best_misfits, form = 0, NumberFormat()
    screen = texts[:_SCREEN]
    for candidate in habit.formats("".join(mark for mark in ".," if mark in joined)):
        if all(value is None for value in candidate.parse_all(screen)):
            continue
        values = candidate.parse_all(texts)
        misfits = _misfits(counts, values) if None in values else 0
        if best is None or misfits < best_misfits:
            best, best_misfits, form = values, misfits, candidate
        if not misfits:
            break
    if best is None or not few(best_misfits, sum(counts.values())) or _LEADING_ZERO.search(_SEPARATOR + joined):
        return None
    if not best_misfits:
        quick = dict(zip(best, counts.values(), strict=True))
        if len(quick) == len(texts):
            return Numbers(form, cast("dict[float, int]", quick))
    merged: dict[float, int] = {}
    stray: dict[str, int] = {}
    for text, value in zip(texts, best, strict=True):
        if value is None:
            stray[text] = counts[text]
        else:
            merged[value] = merged.get(value, 0) + counts[text]
    collapsed = any(abs(value) > 2**53 for value in merged) and len(merged) + len(stray) < len(texts)
    return Numbers(form, merged, stray, collapsed)


def _misfits(counts: Mapping[str, int], values: Sequence[float | None]) -> int:
    """Count the cells whose text is no number."""
    return sum(count for count, value in zip(counts.values(), values, strict=True) if value is None)


def few(stray: int, cells: int) -> bool:
    """Tell whether so few cells do not fit that they are slips, such as the word in a footer, and no levels.

    Examples
    --------
    >>> few(1, 301), few(20, 1999), few(21, 10_000)
    (True, False, False)
    """
    if stray == 1:
        return cells > _ENOUGH_FOR_ONE_STRAY
    return stray <= min(_MOST_STRAY_CELLS, _MOST_STRAY_SHARE * cells)


def share_of_numbers(counts: Mapping[str, int], form: NumberFormat) -> float:
    """Share of cells that are numbers, in [0, 1]."""
    fitting = sum(count for text, count in counts.items() if form.parse(text) is not None)
    return fitting / sum(counts.values())


def amount_shape(counts: Mapping[str, int]) -> str | None:
    """Recognise a column of amounts with a sign of currency or per cent, which would be read as text.

    Returns
    -------
    str or None
        The first such text that most cells resemble, with every digit made a 9.

    Examples
    --------
    >>> amount_shape({"$12.50": 1, "$3": 4})
    '$99.99'
    >>> amount_shape({"$12.50": 1, "free": 4}) is None
    True
    """
    texts = list(counts)
    if not any(is_amount(text) for text in texts[:_SCREEN]):
        return None
    amounts = [text for text in texts if is_amount(text)]
    formats = (NumberFormat(".", ","), NumberFormat(",", "."))
    other = [text for text in texts if not is_amount(text)]
    strange = [text for text in other if all(form.parse(text) is None for form in formats)]
    cells = sum(counts.values())
    if sum(counts[text] for text in amounts) * 2 < cells:
        return None
    misfits = sum(counts[text] for text in strange)
    return re.sub(r"\d", "9", amounts[0].strip())[:24] if not misfits or few(misfits, cells) else None


def is_amount(text: str) -> bool:
    """Tell whether a text is a number with a sign of currency or per cent."""
    return len(text) <= _LONGEST_AMOUNT and _AMOUNT.fullmatch(text) is not None


def likely_decimal(columns: Sequence[Sequence[str]]) -> str:
    """Decide whether a table writes decimal commas, from some cells of each column.

    A comma counts where a column of numbers has one that cannot stand between thousands; where all commas could,
    they count as decimal only if no column has a decimal point.

    Examples
    --------
    >>> likely_decimal([["0,5", "1"], ["a", "b"]])
    ','
    >>> likely_decimal([["1,234"], ["0.5"]])
    '.'
    """
    maybe = point = False
    for cells in columns:
        texts = [text for text in cells if text.strip()]
        marks = _SEPARATOR.join(texts)
        if "," in marks and _mostly(NumberFormat(","), texts):
            if "." in marks or not _mostly(NumberFormat(".", ","), texts):
                return ","
            maybe = True
        elif "." in marks and _mostly(NumberFormat("."), texts):
            point = point or not _mostly(NumberFormat(",", "."), texts)
    return "," if maybe and not point else "."


def _mostly(form: NumberFormat, texts: Sequence[str]) -> bool:
    return sum(form.parse(text) is not None for text in texts) * 10 >= len(texts) * 9
