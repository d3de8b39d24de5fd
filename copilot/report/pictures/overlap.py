"""Propensity scores of both arms, one upwards and one downwards."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from copilot.domain.numbers import number
from copilot.report.pictures.palette import ACCENT, INK, PAPER, SOFT
from copilot.report.pictures.style import SMALL, house_style, new_chart, number_axis, words_only


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where the propensity scores of two arms lie.

    Parameters
    ----------
    edges
        Of the bins, rising, one more than there are bins.
    treated, control
        Share of the rows of the arm in each bin.
    treated_name, control_name
        What the arms are called.
    bounds
        Scores beyond which rows have nobody to be compared with; ``None`` marks nothing.
    """

    edges: tuple[float, ...]
    treated: tuple[float, ...]
    control: tuple[float, ...]
    treated_name: str = "with the treatment"
    control_name: str = "without the treatment"
    bounds: tuple[float, float] | None = None


def overlap(scores: Overlap) -> Figure:
    """Draw the scores: with the treatment above the line, without it below, hatched."""
    tallest = max((*scores.treated, *scores.control), default=0.0)
    if tallest <= 0:
        return words_only("There are no propensity scores to draw.")
    with house_style():
        figure, axes = new_chart(3.3, left=0.75)
        left = scores.edges[:-1]
        widths = [high - low for low, high in itertools.pairwise(scores.edges)]
        axes.bar(left, scores.treated, widths, align="edge", facecolor=ACCENT, edgecolor=PAPER, linewidth=0.6)
        axes.bar(
            left,
            [-share for share in scores.control],
            widths,
            align="edge",
            facecolor=PAPER,
            edgecolor=SOFT,
            hatch="////",
            linewidth=0.6,
        )
        axes.axhline(0, color=INK, linewidth=1.0)
        axes.set_xlim(min(0.0, scores.edges[0]), max(1.0, scores.edges[-1]))
        axes.set_ylim(-1.25 * tallest, 1.25 * tallest)
        for height, name, side in ((1.2, scores.treated_name, "top"), (-1.2, scores.control_name, "bottom")):
            axes.text(0.5, height * tallest, name, ha="center", va=side, fontsize=SMALL + 1)
        for bound in scores.bounds or ():
            axes.axvline(bound, color=INK, linewidth=1.0, linestyle=(0, (5, 3)))
        axes.spines["left"].set_visible(True)
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{number(100 * abs(value), 2)} %"))
        axes.set_ylabel("share of the arm")
        number_axis(axes, "propensity score")
        return figure
