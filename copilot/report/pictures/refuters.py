"""What simulations gave, beside what they should give and beside the estimate."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from copilot.domain.effects import Refutation, Status
from copilot.domain.numbers import number
from copilot.report.pictures.labels import shortened
from copilot.report.pictures.palette import ACCENT, INK, PAPER, SOFT, WARN
from copilot.report.pictures.style import SMALL, house_style, new_chart, number_axis, words_only

_MOST_BINS = 30
_OUTCOMES = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.INCONCLUSIVE: "inconclusive, which is not passed",
}


def refutation_draws(
    refutation: Refutation, *, estimate: float | None = None, expected: float | None = None, unit: str = ""
) -> Figure:
    """Draw the simulated values of a refuter.

    Parameters
    ----------
    refutation
        One with `draws`.
    estimate
        The estimate that was tried, marked with a line; ``None`` if it has no place beside the draws.
    expected
        Where the draws should be if the estimate is right, marked with a dashed line.
    unit
        What is written under the axis.
    """
    values = np.array([value for value in refutation.draws if math.isfinite(value)])
    if not values.size:
        return words_only("This refuter made no simulations to draw.")
    with house_style():
        figure, axes = new_chart(2.6, bottom=0.65, top=0.75)
        marks = [mark for mark in (estimate, expected) if mark is not None and math.isfinite(mark)]
        edges = _edges(values, marks)
        counts, _ = np.histogram(values, edges)
        axes.bar(
            edges[:-1],
            counts,
            width=np.diff(edges),
            align="edge",
            facecolor=SOFT,
            edgecolor=PAPER,
            linewidth=0.8,
        )
        axes.set_ylim(0, counts.max() * 1.05)
        axes.set_yticks([])
        low, high = (
            min(float(values.min()), *marks, float(values.max())),
            max(float(values.max()), *marks, float(values.min())),
        )
        room = 0.08 * (high - low) or 0.5 * abs(high) or 1.0
        axes.set_xlim(low - room, high + room)
        _mark(axes, expected, "expected", 1.16, INK, (0, (5, 3)))
        _mark(axes, estimate, "estimate", 1.04, ACCENT if refutation.status is not Status.FAILED else WARN, "solid")
        count = f"{len(values):,} simulated values; {_OUTCOMES[refutation.status]}"
        figure.text(0.05, 0.97, count, fontsize=SMALL, va="top")
        number_axis(axes, shortened(unit or "simulated estimate", 52))
        return figure


def _edges(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], marks: list[float]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Choose bins by the rule of Freedman & Diaconis (1981); draws that are all the same have one of some width."""
    low, high = float(values.min()), float(values.max())
    quarter, three = np.quantile(values, (0.25, 0.75))
    step = 2 * float(three - quarter) / len(values) ** (1 / 3)
    if high - low <= 1e-12 * max(1.0, abs(high)):
        half = 0.02 * max([abs(mark - low) for mark in marks] + [0.0]) or 0.05 * abs(low) or 0.5
        return np.array([low - half, low + half])
    bins = _MOST_BINS if step <= 0 else min(_MOST_BINS, max(5, math.ceil((high - low) / step)))
    return np.linspace(low, high, bins + 1)


def _mark(
    axes: Axes, value: float | None, word: str, height: float, color: str, line: str | tuple[int, tuple[int, int]]
) -> None:
    if value is None or not math.isfinite(value):
        return
    axes.axvline(value, color=color, linewidth=2.0, linestyle=line, ymax=height, clip_on=False, zorder=4)
    low, high = axes.get_xlim()
    place = (value - low) / (high - low)
    side = "left" if place < 0.5 else "right"  # noqa: PLR2004 (the middle)
    text = f" {word} {number(value)} "
    axes.text(value, height, text, transform=axes.get_xaxis_transform(), ha=side, va="top", fontsize=SMALL, color=color)
