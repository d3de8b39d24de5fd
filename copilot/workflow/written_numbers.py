"""Numbers in sentences, and whether a report has them: digits, sign, percent and the words beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_LEVEL = 95
_TWO_DIGITS = 2
NAME = "NAME"
"""Stands for a variable where a sentence is looked at."""

_READ = (
    *("contrast", "unit", "rows", "chosen", "estimates", "refutations", "sensitivity"),
    *("many_graphs", "bounds", "proximal", "reference", "suspected", "verdict"),
)
"""Keys of the report whose numbers a sentence may have."""
_UNREAD = frozenset(
    {"draws", "designs", "curve", "curve_interval", "diagnostics", "details", "paper", "notices", "dowhy_version"}
)
"""Keys below those whose numbers nobody reads: with thousands of them any number would be found among them."""

NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>(?<!\d )[-+−–])?"  # noqa: RUF001 (models write the minus in three ways)
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<power>e[-+−]?\d+)?"  # noqa: RUF001
    r"(?P<percent>\s?%|[ -]per\s?cent(?:age)?\b)?(?![\d]|\.\d)",
    re.IGNORECASE,
)
LEVEL = re.compile(
    r"\b95(?:\s?%|[ -]per\s?cent)(?=[^.;]{0,40}\b(?:interval|range|limits|bounds|level)\b)"
    r"|(?<=\binterval \()95\s?%(?=\))",
    re.IGNORECASE,
)
"""The level of an interval, which is no result."""
FALL = re.compile(
    r"\b(?:lower|less|fewer|smaller|below|down|negative(?:ly)?|minus|shorter|cheaper|worse|slower|lighter"
    r"|fall(?:s|ing)?|fell|drop(?:s|ped|ping)?|decreas\w+|declin\w+|reduc\w+|lower(?:s|ed|ing)|cut(?:s|ting)?"
    r"|shrink\w*|los(?:e|es|s|t)|subtract\w*)\b",
    re.IGNORECASE,
)


def _after(words: str) -> re.Pattern[str]:
    """Match what follows a number and says which way it goes; "the lower end" says nothing of it."""
    return re.compile(rf"^(?:\s+[\w{{}}-]+){{0,4}}?\s+(?:{words})\b(?!\s+(?:end|limit|bound|edge)s?\b)", re.IGNORECASE)


def _before(words: str) -> re.Pattern[str]:
    """Match what comes before a number and says which way it goes: a verb, and "by"."""
    about = r"(?:(?:about|around|roughly|some|an?|estimated|nearly|almost)\s+){0,3}"
    return re.compile(rf"\b(?:{words})\b(?:\s+[\w{{}}-]+){{0,8}}?\s+by\s+{about}$", re.IGNORECASE)


_FALL_AFTER = _after("lower|less|fewer|smaller|shorter")
_RISE_AFTER = _after("higher|greater|larger|longer|more")
_FALL_BEFORE = _before(
    r"reduc\w+|lower(?:s|ed|ing)?|decreas\w+|cut(?:s|ting)?|fall(?:s|ing)?|fell|drop(?:s|ped|ping)?|declin\w+"
)
_RISE_BEFORE = _before(r"rais\w+|increas\w+|ris(?:e|es|ing)|rose|grow(?:s|ing)?|grew|higher|up|gain(?:s|ed|ing)?")


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it stands in a sentence.

    Parameters
    ----------
    text
        As written.
    value
        With its sign.
    places
        Decimal places; negative where it is written with a power of ten.
    percent
        Whether it is a percentage.
    falls, rises
        Whether the words around it say that it is a decrease, or an increase.
    """

    text: str
    value: Decimal
    places: int
    percent: bool = False
    falls: bool = False
    rises: bool = False


def numbers_of(report: Mapping[str, Any], names: Collection[str] = ()) -> frozenset[Decimal]:
    """Gather the numbers that a sentence may have: those of the results, and those in the sentences about them.

    Hashes, ids, versions, simulated draws and the numbers inside names of columns are not among them.

    Parameters
    ----------
    report
        The object of ``report.json``.
    names
        Of columns, which may hold digits.
    """
    known = sorted((name for name in names if re.search(r"\d", name)), key=len, reverse=True)
    bare = re.compile("|".join(rf"(?<![\w.,]){re.escape(name)}(?!\w|[.,]\d)" for name in known)) if known else None
    found: set[Decimal] = set()
    for value in _leaves([report.get(key) for key in _READ]):
        if isinstance(value, str):
            text = LEVEL.sub(" ", value if bare is None else bare.sub(NAME, value))
            written = [one for one in written_numbers(text) if not (one.percent and one.value == _LEVEL)]
            found.update(one.value / 100 if one.percent else one.value for one in written)
        else:
            found.add(Decimal(repr(value)))
    if re.search(r"%|per\s?cent", str(report.get("unit", "")), re.IGNORECASE):
        # The outcome itself is in percent, so that its numbers may be written so.
        found |= {one / 100 for one in found}
    return frozenset(found)


def numbers_told(report: Mapping[str, Any], told: Mapping[str, Any], names: Collection[str] = ()) -> frozenset[Decimal]:
    """Keep of the numbers of a report those that a voter was told, rounded or not; any other is hit by accident alone.

    Parameters
    ----------
    report
        The object of ``report.json``.
    told
        What was sent of it.
    names
        Of columns, which may hold digits.
    """
    heard = frozenset(
        one
        for value in _leaves(told)
        for one in (written_numbers(value) if isinstance(value, str) else _counted(value))
    )
    return frozenset(
        number for number in numbers_of(report, names) if any(matches(one, (number,), falls=True) for one in heard)
    )


def _counted(value: float) -> tuple[Written, ...]:
    number = Decimal(repr(value))
    return (Written(text=str(number), value=number, places=max(0, -int(number.as_tuple().exponent))),)


def _leaves(value: Any) -> Iterator[str | float]:
    """Give the texts and finite numbers below a JSON value."""
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        if isinstance(value, str) or math.isfinite(value):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in _UNREAD:
                yield from _leaves(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _leaves(inner)


def written_numbers(text: str) -> tuple[Written, ...]:
    """Find the numbers in a text; digits that are part of a word are none.

    Examples
    --------
    >>> [str(one.value) for one in written_numbers("from -1,200.5 to 3 %, in v2")]
    ['-1200.5', '3']
    """
    found = []
    for match in NUMBER.finditer(text):
        digits = match["digits"].replace(",", "")
        power = int((match["power"] or "e0")[1:].replace("−", "-"))  # noqa: RUF001
        value = Decimal(digits).scaleb(power)
        negative = match["sign"] in {"-", "−", "–"}  # noqa: RUF001
        before, after = text[: match.start()], text[match.end() :]
        found.append(
            Written(
                text=match.group(0).strip(),
                value=-value if negative else value,
                places=len(digits.partition(".")[2]) - power,
                percent=match["percent"] is not None,
                falls=bool(_FALL_AFTER.search(after) or _FALL_BEFORE.search(before)),
                rises=bool(_RISE_AFTER.search(after) or _RISE_BEFORE.search(before)),
            )
        )
    return tuple(found)


def matches(written: Written, numbers: Collection[Decimal], *, falls: bool = False) -> tuple[Decimal, ...]:
    """Find the numbers of the report that a written one stands for, at the number of digits that are written.

    A number is that of the report itself, or the report's rounded to two digits or more; a percentage is a share of
    the report. Without its minus a number needs a word that says so; with such a word right beside it, it must be
    negative in the report, and with a word such as "raises" positive.

    Parameters
    ----------
    written
        As it stands in the sentence.
    numbers
        Of the report.
    falls
        Whether the sentence has a word such as "lower".

    Returns
    -------
    tuple of Decimal
        The nearest first; empty if it is not in the report.
    """
    value = written.value
    scale, places = (100, written.places + 2) if written.percent else (1, written.places)
    signs = (value, -value) if falls else (value,)
    if value > 0 and written.falls != written.rises:
        signs = (-value,) if written.falls else (value,)
    found = {
        number: abs(one / scale - number) for one in signs for number in numbers if _same(one / scale, number, places)
    }
    return tuple(sorted(found, key=lambda number: (found[number], number)))


def _same(value: Decimal, number: Decimal, places: int) -> bool:
    if value == number:
        return True
    unit = Decimal(1).scaleb(-places)
    # One digit alone would fit too many numbers: 3 is nearly every number from 2.5 to 3.5.
    if value == 0 or abs(value) < unit.scaleb(_TWO_DIGITS - 1):
        return False
    return abs(value - number) <= unit / 2
