"""Cells of one column to its profile, the way to read it, and what must be said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from math import isfinite, isinf
from typing import TypeVar

from copilot.data.dates import PACKED, Dates, read_dates
from copilot.data.kinds import find_sentinels, kind_of_dates, kind_of_numbers, kind_of_texts
from copilot.data.numbers import (
    NumberFormat,
    NumberHabit,
    Numbers,
    amount_shape,
    is_amount,
    read_numbers,
    share_of_numbers,
)
from copilot.data.reading import MISSING_WORDS, ColumnReading, Form, Remark, is_missing_word
from copilot.domain.text import shown
from copilot.domain.variables import ColumnProfile, Kind

Level = TypeVar("Level", str, float)

_MOST_LEVELS = 20
_MIXED_SHARE = 0.5
_SPECIAL = MISSING_WORDS | {""}
_MARKS = {",": "commas", ".": "points"}
_WITHOUT_LEVELS = frozenset({Kind.CONTINUOUS, Kind.IDENTIFIER, Kind.DATE})


@dataclass(frozen=True, slots=True)
class Column:
    """A column profiled."""

    profile: ColumnProfile
    reading: ColumnReading
    remarks: tuple[Remark, ...] = ()


def profile_texts(
    name: str,
    position: int,
    cells: Sequence[str],
    *,
    lines: Sequence[int] | None = None,
    habit: NumberHabit = NumberHabit(),  # noqa: B008 (frozen)
    missing: frozenset[str] = frozenset(),
) -> Column:
    """Profile a column of cell texts.

    Parameters
    ----------
    name, position
        Of the column.
    cells
        All that are looked at, in file order.
    lines
        Where each stands, for messages; rows counted from 1 if not given.
    habit
        What numbers look like in this table.
    missing
        Texts that the user declared missing.

    Returns
    -------
    Column
        Numbers if nearly all cells are (see `read_numbers`), else dates, else texts.
    """
    counts = Counter(cells)
    none = _SPECIAL.isdisjoint(map(str.strip, counts))  # asked of all at once, as most columns have none
    special = [] if none else [text for text in counts if text.strip() in _SPECIAL]
    gone = {text for text in special if not text.strip()} | (missing & counts.keys())
    words = set(special) - gone
    draft = _Draft(name, position, counts, (cells, range(1, len(cells) + 1) if lines is None else lines), missing)
    rest = _without(counts, gone | words)
    if not rest:
        return draft.empty(gone | words)
    numbers = read_numbers(rest, habit)
    if numbers is not None:
        return draft.numbers(numbers, gone | words)
    shape = amount_shape(rest)
    if shape is not None:
        return draft.amounts(shape, rest, gone | words)
    dates = read_dates(rest)
    if dates is not None:
        return draft.dates(dates, rest, gone | words)
    return draft.texts(_without(counts, gone), gone, words)


def profile_values(name: str, position: int, values: Mapping[float, int], rows: int) -> Column:
    """Profile a column that is stored as numbers.

    Parameters
    ----------
    name, position
        Of the column.
    values
        Number to count of cells, in order of first appearance; without what is missing.
    rows
        Cells looked at.
    """
    draft = _Draft(name, position, {"": rows - sum(values.values())}, rows=rows)
    return draft.numbers(Numbers(NumberFormat(), values), {""}) if values else draft.empty({""})


class _Draft:
    """One column on the way to its profile."""

    def __init__(
        self,
        name: str,
        position: int,
        counts: Mapping[str, int],
        cells: tuple[Sequence[str], Sequence[int]] = ((), ()),
        missing: frozenset[str] = frozenset(),
        rows: int | None = None,
    ) -> None:
        self._name, self._position, self._counts = name, position, counts
        self._cells, self._lines = cells
        self._rows = len(self._cells) if rows is None else rows
        self._declared = missing
        self._remarks: list[Remark] = []

    def empty(self, gone: set[str]) -> Column:
        """Finish a column without values."""
        rows = sum(self._counts[text] for text in gone)
        self._say("all_missing", f"every cell of {shown(self._name)} is missing", count=rows)
        reading = ColumnReading(self._name, self._position, missing=self._missing(gone))
        return self._column(reading, Kind.CONSTANT, "every cell is missing", {}, gone)

    def numbers(self, numbers: Numbers, gone: set[str]) -> Column:
        """Finish a column of numbers."""
        name, stray = shown(self._name), dict(numbers.stray)
        finite = _finite(numbers.values)
        infinite = sum(numbers.values.values()) - sum(finite.values())
        if stray:
            self._strays(stray, "number")
        if infinite:
            self._say(
                "infinite",
                f"{name} holds {_cells(infinite)} that are infinite; it cannot be computed with as it is",
                count=infinite,
                line=self._line_where(lambda text: isinf(numbers.form.parse(text) or 0.0)),
            )
        self._number_signs(numbers)
        sentinels = find_sentinels(finite)
        for code, count in sentinels:
            rows = "1 row" if count == 1 else f"{count:,} rows"
            self._say(
                "sentinel",
                f"{name} is {_number(code)} in {rows}, far from all its other values; if that means "
                "“missing”, empty those cells, because it is computed with as a number",
                count=count,
            )
        kind, reason = kind_of_numbers(self._name, self._position, finite)
        reason = reason if finite else "no cell holds a finite number"
        gone = gone | set(stray)
        reading = ColumnReading(self._name, self._position, Form.NUMBER, numbers.form, missing=self._missing(gone))
        if kind is Kind.DATE and all(text in gone or PACKED.parse(text) for text in self._counts):
            reading = replace(reading, form=Form.DATE, date=PACKED)
            return self._column(reading, kind, reason, {}, gone, distinct=len(finite))
        levels = (
            () if kind in _WITHOUT_LEVELS else tuple((_number(value), count) for value, count in _commonest(finite))
        )
        column = self._column(reading, kind, reason, {}, gone, distinct=len(numbers.values))
        extent = {"minimum": min(finite), "maximum": max(finite)} if finite else {}
        profile = column.profile.model_copy(
            update={**extent, "levels": levels, "numeric": True, "sentinels": sentinels}
        )
        return replace(column, profile=profile)

    def amounts(self, shape: str, rest: Mapping[str, int], gone: set[str]) -> Column:
        """Finish a column of numbers with a sign of currency or per cent: known as such, and not computed with."""
        line = self._line_where(is_amount)
        self._say(
            "amounts",
            f"{shown(self._name)} holds numbers with a sign, such as {shape}; it cannot be computed with as it is: "
            "remove the sign in the file, or leave the column out with --exclude",
            count=sum(rest.values()),
            line=line,
        )
        reading = ColumnReading(
            self._name, self._position, Form.AMOUNT, missing=self._missing(gone), shape=shape, line=line or 0
        )
        return self._column(reading, Kind.CONTINUOUS, "", {}, gone, distinct=len(rest))

    def dates(self, dates: Dates, rest: Mapping[str, int], gone: set[str]) -> Column:
        """Finish a column of dates."""
        if dates.stray:
            self._strays(dict(dates.stray), "date")
            gone = gone | set(dates.stray)
        distinct = len(rest) - len(dates.stray)
        kind, reason = kind_of_dates(distinct)
        if dates.ambiguous and kind is Kind.DATE:
            self._say(
                "ambiguous_dates",
                f"day and month cannot be told apart in {shown(self._name)}; it is kept as text",
                warning=False,
            )
        form = Form.TEXT if dates.form is None else Form.DATE
        reading = ColumnReading(self._name, self._position, form, date=dates.form, missing=self._missing(gone))
        return self._column(reading, kind, reason, {}, gone, distinct=distinct)

    def texts(self, levels: Mapping[str, int], gone: set[str], words: set[str]) -> Column:
        """Finish a column of texts, in which words such as NA are levels."""
        name = shown(self._name)
        if words:
            listed = ", ".join(sorted({text.strip() for text in words}))
            cells = sum(levels[text] for text in words)
            self._say(
                "missing_like_level",
                f"{name} holds texts, so {listed} in {_cells(cells)} is read as a level, not as missing; "
                "if it means “missing”, empty those cells",
                count=cells,
            )
        strange = self._mixed(levels, words)
        folded = Counter(text.strip().casefold() for text in levels)
        twins = sum(count for count in folded.values() if count > 1)
        kind, reason = kind_of_texts(self._name, self._position, levels)
        if kind is Kind.IDENTIFIER and sum(strange.values()) > len(strange):
            kind, reason = Kind.CATEGORICAL, ""  # numbers and a word that recurs, which no identifier does
        if twins and kind is not Kind.IDENTIFIER:
            self._say(
                "level_twins",
                f"{twins} levels of {name} differ only in case or in white space around them, and are kept apart",
                count=twins,
            )
        reading = ColumnReading(self._name, self._position, missing=self._missing(gone))
        column = self._column(reading, kind, reason, levels, gone)
        return replace(column, profile=column.profile.model_copy(update={"mixed": sum(strange.values())}))

    def _mixed(self, levels: Mapping[str, int], words: set[str]) -> Mapping[str, int]:
        """Say so if most cells of a column of texts are numbers; give those that are none, with their counts."""
        others = _without(levels, words)
        plain = NumberFormat()
        if not any(text[:1].isdigit() for text in others):
            return {}
        share = share_of_numbers(others, plain)
        if not _MIXED_SHARE < share < 1:
            return {}
        strange = {text: count for text, count in others.items() if plain.parse(text) is None}
        cells = sum(strange.values())
        self._say(
            "mixed_column",
            f"{shown(self._name)} is read as text: most of its cells are numbers, but {_cells(cells)} are not",
            count=cells,
            line=self._line_where(strange.__contains__),
        )
        return strange

    def _number_signs(self, numbers: Numbers) -> None:
        name = shown(self._name)
        if numbers.form.group:
            self._say(
                "thousands",
                f"{_MARKS[numbers.form.group]} in {name} are read as separators of thousands",
                line=self._line_where(lambda text: numbers.form.group in text),
            )
        if numbers.collapsed:
            self._say(
                "precision", f"some whole numbers in {name} are too large to be told apart once they are computed with"
            )

    def _strays(self, stray: Mapping[str, int], what: str) -> None:
        cells = sum(stray.values())
        self._say(
            "stray_cells",
            f"{_cells(cells)} of {shown(self._name)} {f'is no {what}' if cells == 1 else f'are no {what}s'} as "
            "the others are, and read as missing",
            count=cells,
            line=self._line_where(stray.__contains__),
        )

    def _line_where(self, test: Callable[[str], bool]) -> int | None:
        return next((line for line, text in zip(self._lines, self._cells, strict=True) if test(text)), None)

    def _say(self, code: str, message: str, *, count: int = 0, warning: bool = True, line: int | None = None) -> None:
        self._remarks.append(Remark(code, message, self._name, count, warning, line))

    def _missing(self, gone: set[str]) -> frozenset[str]:
        return frozenset({"", *gone, *self._declared})

    def _column(
        self,
        reading: ColumnReading,
        kind: Kind,
        reason: str,
        levels: Mapping[str, int],
        gone: set[str],
        *,
        distinct: int | None = None,
    ) -> Column:
        known = {text.strip() for text in gone if is_missing_word(text) or text in self._declared}
        profile = ColumnProfile(
            name=self._name,
            position=self._position,
            kind=kind,
            rows=self._rows,
            missing=sum(self._counts.get(text, 0) for text in gone),
            distinct=len(levels) if distinct is None else distinct,
            levels=() if kind in _WITHOUT_LEVELS else tuple(_commonest(levels)),
            missing_tokens=("", *sorted(known - {""})),
            reason=reason,
        )
        return Column(profile, reading, tuple(self._remarks))


def _without(counts: Mapping[str, int], gone: Collection[str]) -> Mapping[str, int]:
    """Leave out some texts; most columns have none of them, and are handed back as they are."""
    return {text: count for text, count in counts.items() if text not in gone} if gone else counts


def _commonest(levels: Mapping[Level, int]) -> list[tuple[Level, int]]:
    """Pick the commonest levels, the smaller first among equally common ones."""
    return nsmallest(_MOST_LEVELS, levels.items(), key=lambda pair: (-pair[1], pair[0]))


def _finite(values: Mapping[float, int]) -> Mapping[float, int]:
    if isfinite(min(values)) and isfinite(max(values)):
        return values
    return {value: count for value, count in values.items() if isfinite(value)}


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"


def _number(value: float) -> str:
    """Write a number as people do: without a point if it is whole, in full otherwise."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)  # noqa: PLR2004 (17 digits)
