"""Intervals that data and assumptions leave open."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from copilot.domain.bounds import Bound
from copilot.domain.numbers import interval
from copilot.report.pictures.labels import folded, shortened
from copilot.report.pictures.palette import ACCENT, INK, SOFT
from copilot.report.pictures.spans import draw_span, span_of
from copilot.report.pictures.style import SMALL, house_style, new_chart, number_axis, row_text, words_only, zero_line

_ROW, _LABEL = 0.72, 54


def bounds_chart(bounds: Sequence[Bound], *, unit: str = "") -> Figure:
    """Draw bounds as bars, and as lines what they may be with sampling error.

    A full bar tells the sign of the effect, a hatched one does not.
    """
    if not bounds:
        return words_only("There are no bounds to draw.")
    with house_style():
        figure, axes = new_chart(_ROW * len(bounds) + 1.3, bottom=1.15)
        axes.set_ylim(len(bounds) - 0.4, -0.85)
        axes.set_yticks([])
        ends: list[tuple[float | None, tuple[float, float] | None]] = []
        ends += [(None, (one.low, one.high)) for one in bounds]
        span = span_of([*ends, *((None, one.interval) for one in bounds)], ends)
        axes.set_xlim(span.low, span.high)
        zero_line(axes)
        for row, one in enumerate(bounds):
            if one.interval is not None:
                draw_span(axes, row, one.interval, span, color=INK, linewidth=1.3)
            face, hatch = (ACCENT, "") if one.tells_the_sign else ("none", "////")
            width = one.high - one.low
            bar = Rectangle((one.low, row - 0.14), width, 0.28, facecolor=face, edgecolor=ACCENT, hatch=hatch, zorder=2)
            axes.add_patch(bar)
            said = interval((one.low, one.high))
            title = folded(one.title, _LABEL - len(said), 2)
            row_text(axes, row - 0.33 - 0.07 * len(title), "\n".join(title), said)
        number_axis(axes, shortened(unit or "effect", 52))
        key = "Bar: bounds; hatched where the sign stays open.\nLine: with sampling error. Dotted line: no effect."
        figure.text(0.05, 0.06 / figure.get_figheight(), key, fontsize=SMALL, va="bottom", color=INK)
        figure.add_artist(_rule(0.52 / figure.get_figheight()))
        return figure


def _rule(height: float) -> Rectangle:
    return Rectangle((0.05, height), 0.9, 0.0, edgecolor=SOFT, linewidth=0.6)
