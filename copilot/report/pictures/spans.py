"""Intervals along an axis, cut where one of them would leave no room for the others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

Marked = tuple[float | None, tuple[float, float] | None]
"""A value and its interval, either of which may be missing."""

_MUCH_WIDER, _CUT_AFTER = 4.0, 0.35
"""An interval so many times as wide as all values together is cut, so much of their width beyond them."""


@dataclass(frozen=True, slots=True)
class Span:
    """The ends of an axis."""

    low: float
    high: float


def span_of(everything: Iterable[Marked], important: Sequence[Marked] = ()) -> Span:
    """Choose the ends of an axis that shows zero, all values, and all intervals unless some are far too wide.

    Parameters
    ----------
    everything
        What is to be drawn.
    important
        What is never cut.

    Examples
    --------
    >>> span_of([(1.0, (0.0, 2.0))])
    Span(low=-0.12, high=2.12)
    """
    drawn = list(everything)
    points = [0.0, *_numbers([(value, None) for value, _ in drawn]), *_numbers(important)]
    low, high = min(points), max(points)
    width = high - low
    fair = [ends for _, ends in drawn if ends is not None and (not width or ends[1] - ends[0] <= _MUCH_WIDER * width)]
    all_low = min([low, *_numbers([(None, ends) for ends in fair])])
    all_high = max([high, *_numbers([(None, ends) for ends in fair])])
    if len(fair) < sum(ends is not None for _, ends in drawn):
        all_low, all_high = min(all_low, low - _CUT_AFTER * width), max(all_high, high + _CUT_AFTER * width)
    room = 0.06 * (all_high - all_low) or 1.0
    return Span(all_low - room, all_high + room)


def draw_span(axes: Axes, row: float, ends: tuple[float, float], span: Span, *, color: str, linewidth: float) -> None:
    """Draw one interval; an end that lies outside is an arrow."""
    low, high = max(ends[0], span.low), min(ends[1], span.high)
    if not low <= high:  # all of it outside, or not a number
        return
    axes.plot([low, high], [row, row], color=color, linewidth=linewidth, zorder=3, solid_capstyle="butt")
    for end, there, cut in ((low, ends[0] >= span.low, "<"), (high, ends[1] <= span.high, ">")):
        axes.plot(
            [end],
            [row],
            marker="|" if there else cut,
            markersize=9,
            color=color,
            markeredgewidth=linewidth,
            zorder=3,
            clip_on=False,
        )


def _numbers(marked: Iterable[Marked]) -> list[float]:
    found = []
    for value, ends in marked:
        found += [number for number in (value, *(ends or ())) if number is not None and math.isfinite(number)]
    return found
