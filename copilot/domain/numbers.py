"""Numbers as people read them: few digits, never a false zero."""

from __future__ import annotations

import math

_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e7


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with so many significant digits, in full where that is short.

    Examples
    --------
    >>> [number(value) for value in (2e-12, -9.01234, 0.0, 1794.3421, 123456.7, 1e17, 0.5)]
    ['2e-12', '-9.012', '0', '1,794', '123,457', '1e+17', '0.5']
    >>> number(None)
    'unknown'
    """
    if value is None or math.isnan(value):
        return "unknown"
    if value == 0 or math.isinf(value):
        return "0" if value == 0 else ("∞" if value > 0 else "-∞")
    if not _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        return f"{value:.{digits}g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def interval(bounds: tuple[float, float] | None, digits: int = 4) -> str:
    """Write an interval as ``low to high``.

    Examples
    --------
    >>> interval((-1.25, 3.0)), interval(None)
    ('-1.25 to 3', 'unknown')
    """
    return "unknown" if bounds is None else f"{number(bounds[0], digits)} to {number(bounds[1], digits)}"
