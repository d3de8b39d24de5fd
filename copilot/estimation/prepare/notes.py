"""Notices gathered in the order they arise, and the few phrases that their sentences share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown

_INTEGERS_TO = 1e16
_MOST_SHOWN = 8


class Notes:
    """What a careful reader must be told of the preparation."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []

    def info(self, code: str, message: str, subject: str = "", count: int = 0) -> None:
        """Say what does not change the conclusion."""
        self._notices.append(Notice(code=code, message=message, subject=subject, count=count, level=Level.INFO))

    def warn(self, code: str, message: str, subject: str = "", count: int = 0) -> None:
        """Say what may change the conclusion."""
        self._notices.append(Notice(code=code, message=message, subject=subject, count=count))

    def extend(self, notices: Iterable[Notice]) -> None:
        """Take over notices from elsewhere."""
        self._notices.extend(notices)

    @property
    def all(self) -> tuple[Notice, ...]:
        """Everything said so far."""
        return tuple(self._notices)


def counted(number: int, what: str = "row") -> str:
    """Count in words.

    Examples
    --------
    >>> counted(1), counted(1200, "column")
    ('1 row', '1,200 columns')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def plain(value: float) -> str:
    """Write a number so that it can be typed again: whole ones without a point, others in full.

    Examples
    --------
    >>> plain(2.0), plain(0.1), plain(1e-12)
    ('2', '0.1', '1e-12')
    """
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < _INTEGERS_TO else repr(value)


def listed(names: Sequence[str], most: int = _MOST_SHOWN) -> str:
    """List names for a person, the first ones of many.

    Examples
    --------
    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    text = ", ".join(shown(name) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most:,} more"
