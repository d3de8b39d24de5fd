"""Estimates one under the other, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from copilot.domain.effects import Estimate
from copilot.domain.numbers import interval, number
from copilot.report.pictures.labels import shortened
from copilot.report.pictures.palette import ACCENT, INK, PAPER
from copilot.report.pictures.spans import Span, draw_span, span_of
from copilot.report.pictures.style import (
    SMALL,
    TEXT,
    house_style,
    new_chart,
    number_axis,
    row_text,
    words_only,
    zero_line,
)

_ROW, _LABEL, _UNIT = 0.52, 58, 52
"""Inches of a row, and letters of its line and of a line under the axis."""


def forest(estimates: Sequence[Estimate], *, unit: str = "") -> Figure:
    """Draw estimates with their intervals.

    Parameters
    ----------
    estimates
        From top to bottom; groups are rows. The headline has a filled diamond, the others a circle. An interval that
        would leave no room for the others is cut, with an arrow; its numbers stand above it.
    unit
        What is written under the axis; the unit of the first estimate if empty.
    """
    if not estimates:
        return words_only("There is no estimate to draw.")
    with house_style():
        label = shortened(unit or estimates[0].unit or "effect", _UNIT)
        figure, axes = new_chart(_ROW * len(estimates) + 0.75, bottom=0.65)
        axes.set_ylim(len(estimates) - 0.35, -0.75)
        axes.set_yticks([])
        span = span_of(
            [(one.value, one.interval) for one in estimates],
            [(one.value, one.interval) for one in estimates if one.headline],
        )
        axes.set_xlim(span.low, span.high)
        zero_line(axes)
        for row, one in enumerate(estimates):
            _draw(axes, row, one, span)
        number_axis(axes, label)
        return figure


def _draw(axes: Axes, row: int, one: Estimate, span: Span) -> None:
    colour, wide = (ACCENT, 2.6) if one.headline else (INK, 1.4)
    if one.interval is not None:
        draw_span(axes, row, one.interval, span, color=colour, linewidth=wide)
    if span.low <= one.value <= span.high:
        marker = {"marker": "D", "markersize": 8} if one.headline else {"marker": "o", "markersize": 7}
        face = colour if one.headline else PAPER
        axes.plot([one.value], [row], color=colour, markerfacecolor=face, zorder=4, **marker)  # type: ignore[arg-type]
    said = number(one.value) + (f" ({interval(one.interval)})" if one.interval is not None else ", no interval")
    name = one.estimator + (f", {one.group}" if one.group else "") + (" — headline" if one.headline else "")
    size = TEXT if len(said) + len(name) < _LABEL - 6 else SMALL
    row_text(axes, row - 0.34, shortened(name, max(8, _LABEL - len(said))), said, size=size, bold=one.headline)
