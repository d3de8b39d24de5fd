"""What was dropped, recoded, left out or doubted on the way, counted and said."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.value import Value


class Level(StrEnum):
    """How much a notice matters to the reader."""

    INFO = "info"
    WARNING = "warning"


class Notice(Value):
    """One thing a careful reader must be told.

    Parameters
    ----------
    code
        A stable word for scripts, such as ``"rows_dropped"``.
    message
        The sentence for people.
    subject
        The column, edge or voter it is about; may be empty.
    count
        How many rows, cells, edges or votes; 0 where counting makes no sense.
    level
        Whether it may change the conclusion.
    """

    code: str
    message: str
    subject: str = ""
    count: int = 0
    level: Level = Level.WARNING
