"""How the cells of one column are turned into values: found while profiling, used again for the frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from copilot.data.dates import DateFormat
from copilot.data.numbers import NumberFormat

MISSING_WORDS = frozenset(
    {"NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", ".", "?", "#N/A", "<NA>", "NaT"}
)
"""Texts that stand for a missing value in a column of numbers or dates, and are levels in a column of other texts."""


class Form(StrEnum):
    """What the cells of a column become."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """How to read one column.

    Parameters
    ----------
    name, position
        Of the column in the file.
    form
        What its cells become.
    number
        How its numbers are written.
    date
        How its dates are written.
    missing
        Texts that become a missing value, stray cells among them; blank cells always do.
    shape
        Of the amounts, for the message that refuses them.
    line
        Where the first such amount stands: a line of a text file, or a row counted from 1.
    """

    name: str
    position: int
    form: Form = Form.TEXT
    number: NumberFormat = field(default_factory=NumberFormat)
    date: DateFormat | None = None
    missing: frozenset[str] = frozenset({""})
    shape: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """A notice to be: it may be merged with others like it.

    Parameters
    ----------
    code, message, subject, count, warning
        As in a notice.
    line
        The first line or row it is about; ``None`` if it is about none.
    """

    code: str
    message: str
    subject: str = ""
    count: int = 0
    warning: bool = True
    line: int | None = None


def is_missing_word(text: str) -> bool:
    """Tell whether a text may stand for a missing value.

    Examples
    --------
    >>> is_missing_word(" NA "), is_missing_word("Namibia")
    (True, False)
    """
    return text.strip() in MISSING_WORDS
