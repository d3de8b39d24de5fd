"""Cell texts as dates: recognised in many shapes, parsed only where day and month cannot be mistaken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from copilot.data.numbers import few

_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?)?"
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WORD = r"(?P<word>[A-Za-z]{3,9})\.?"
_SHAPES = {
    "ymd": re.compile(rf"(?P<a>\d{{4}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{1,2}}){_TIME}", re.ASCII),
    "xxy": re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{4}}){_TIME}", re.ASCII),
    "short": re.compile(rf"(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{2}}){_TIME}", re.ASCII),
    "dwy": re.compile(rf"(?P<a>\d{{1,2}})[- ]{_WORD}[- ,]+(?P<c>\d{{4}}){_TIME}", re.ASCII),
    "wdy": re.compile(rf"{_WORD}[- ](?P<b>\d{{1,2}}),?[- ](?P<c>\d{{4}}){_TIME}", re.ASCII),
    "ym": re.compile(r"(?P<a>\d{4})[-/](?P<b>\d{1,2})", re.ASCII),
    "packed": re.compile(r"(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})", re.ASCII),
}
_PERIOD = re.compile(r"\d{4}[- ]?Q[1-4]|Q[1-4][- /]?\d{4}|\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AaPp][Mm])?", re.ASCII)
_ORDERS = {
    "ymd": ("ymd",),
    "packed": ("ymd",),
    "xxy": ("dmy", "mdy"),
    "short": ("dmy", "mdy"),
    "dwy": ("dwy",),
    "wdy": ("wdy",),
    "ym": ("ym",),
}
_SCREEN = 64
_LONGEST = 60
_NOON = 12
_FIRST_YEAR, _LAST_YEAR = 1850, 2150
_FEWEST_PACKED = 3


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How the dates of one column are written.

    Parameters
    ----------
    shape
        A key of the known shapes.
    order
        Which part is year, month and day.

    Examples
    --------
    >>> DateFormat("xxy", "dmy").parse("31/12/2020")
    datetime.datetime(2020, 12, 31, 0, 0)
    >>> DateFormat("xxy", "mdy").parse("31/12/2020") is None
    True
    """

    shape: str
    order: str

    def parse(self, text: str) -> datetime | None:
        """Read one cell, times with a zone as UTC; ``None`` if it is no such date."""
        match = _SHAPES[self.shape].fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if match is None:
            return None
        try:
            return _moment(match, self.order)
        except (ValueError, OverflowError):
            return None


PACKED = DateFormat("packed", "ymd")
"""Dates written as 20201231."""


@dataclass(frozen=True, slots=True)
class Dates:
    """A column read as dates.

    Parameters
    ----------
    form
        ``None`` if they cannot be parsed without guessing.
    ambiguous
        Whether day and month could be exchanged throughout.
    stray
        Texts that are no dates, with their counts: few enough to be read as missing.
    """

    form: DateFormat | None
    ambiguous: bool = False
    stray: Mapping[str, int] = field(default_factory=dict)


def read_dates(counts: Mapping[str, int]) -> Dates | None:
    """Read the distinct texts of a column as dates, if nearly all of them are.

    Returns
    -------
    Dates or None
        ``None`` if the column holds something else.
    """
    texts = list(counts)
    if not any(_shape_of(text) for text in texts[:_SCREEN]):
        return None
    plain = _one_format(texts)
    if plain is not None:
        return plain
    shapes = {text: _shape_of(text) for text in texts}
    stray = {text: counts[text] for text, shape in shapes.items() if not shape}
    if stray and not few(sum(stray.values()), sum(counts.values())):
        return None
    dated = [text for text in texts if text not in stray]
    one = _one_format(dated) if stray else None
    return Dates(None, stray=stray) if one is None else Dates(one.form, one.ambiguous, stray)


def _one_format(texts: list[str]) -> Dates | None:
    """Read texts as dates of one format; ``None`` if there is none that all of them follow."""
    shape = _shape_of(texts[0])
    fitting = []
    for order in _ORDERS.get(shape, ()):
        form = DateFormat(shape, order)
        moments = [form.parse(text) for text in texts]
        if None in moments:
            continue
        with_zone = {moment.tzinfo is not None for moment in moments if moment is not None}
        if len(with_zone) > 1:  # they cannot be compared
            return None
        fitting.append(form)
    if len(fitting) > 1 or (fitting and shape == "short"):
        return Dates(None, ambiguous=True)
    return Dates(fitting[0]) if fitting else None


def packed_dates(values: Mapping[float, int]) -> bool:
    """Tell whether whole numbers are dates written as 20201231.

    Examples
    --------
    >>> packed_dates({20200101.0: 1, 20200131.0: 1, 20200229.0: 1})
    True
    >>> packed_dates({20200101.0: 1, 20200131.0: 1, 20200230.0: 1})
    False
    """
    if len(values) < _FEWEST_PACKED:
        return False
    return all(
        _FIRST_YEAR * 10_000 < value < _LAST_YEAR * 10_000 and value.is_integer() and PACKED.parse(str(int(value)))
        for value in values
    )


def _shape_of(text: str) -> str:
    """Name the shape of a text that is a date in some reading, or return an empty string."""
    text = text.strip()
    if not text or len(text) > _LONGEST or not (text[0].isdigit() or text[-1].isdigit()):
        return ""
    for shape, orders in _ORDERS.items():
        if shape != "packed" and any(DateFormat(shape, order).parse(text) for order in orders):
            return shape
    return "period" if _PERIOD.fullmatch(text) else ""


def _moment(match: re.Match[str], order: str) -> datetime:
    """Make the moment that a match stands for; a ValueError if the calendar has none."""
    parts = match.groupdict()
    numbers = {key: int(parts[key]) for key in "abc" if parts.get(key)}
    match order:
        case "ymd":
            year, month, day = numbers["a"], numbers["b"], numbers["c"]
        case "dmy":
            year, month, day = numbers["c"], numbers["b"], numbers["a"]
        case "mdy":
            year, month, day = numbers["c"], numbers["a"], numbers["b"]
        case "ym":
            year, month, day = numbers["a"], numbers["b"], 1
        case _:
            month = [name.startswith(parts["word"].lower()) for name in _MONTHS].index(True) + 1
            year, day = numbers["c"], numbers["a" if order == "dwy" else "b"]
    if parts.get("hour") is None:
        return datetime(year, month, day)  # noqa: DTZ001 (the file names no zone)
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % _NOON + (_NOON if parts["half"][0] in "Pp" else 0)
    microsecond = int((parts["fraction"] or "")[:6].ljust(6, "0"))
    zone = _zone(parts["zone"])
    moment = datetime(year, month, day, hour, int(parts["minute"]), int(parts["second"] or 0), microsecond, zone)
    return moment if zone is None else moment.astimezone(UTC)


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in {"Z", "UTC"}:
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)
