"""How all pictures look, whatever the user's own settings of matplotlib are, which stay as they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from copilot.domain.numbers import number
from copilot.report.pictures.palette import INK, PAPER, SOFT

WIDTH = 5.6
"""Inches of a chart: so that its text can still be read where the page is 360 pixels wide."""
TEXT, SMALL = 11.0, 9.5
"""Sizes of text in points."""

_SETTINGS = {
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "text.parse_math": False,  # a name is a name, whatever signs of dollars are in it
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": PAPER,
    "axes.labelsize": TEXT,
    "axes.unicode_minus": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": 100.0,
    "savefig.dpi": 200.0,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "copilot",
    "hatch.linewidth": 0.8,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the house; the settings of the process are the old ones afterwards.

    Signs that the font has not are no reason to warn: in an SVG the reader's own fonts show them.
    """
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)  # type: ignore[arg-type,unused-ignore]
        yield


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of so many inches, with a canvas of its own."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def new_chart(height: float, *, left: float = 0.25, bottom: float = 0.65, top: float = 0.15) -> tuple[Figure, Axes]:
    """Make a chart of the usual width; the margins are in inches, the right one is always small."""
    figure = new_figure(WIDTH, height)
    box = (left / WIDTH, bottom / height, (WIDTH - left - 0.2) / WIDTH, max(0.2, height - bottom - top) / height)
    axes = figure.add_axes(box)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure, axes


def number_axis(axes: Axes, label: str, *, most: int = 5) -> None:
    """Write plain numbers along the horizontal axis, and under it what they are."""
    axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_xlabel(label)


BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
"""For text that stands on lines."""


def row_text(axes: Axes, row: float, left: str, right: str, *, size: float = TEXT, bold: bool = False) -> None:
    """Write at both ends of a row, over whatever lines are there."""
    there, weight = axes.get_yaxis_transform(), "bold" if bold else "normal"
    for place, text, side in ((0.0, left, "left"), (1.0, right, "right")):
        axes.text(
            *(place, row, text),
            transform=there,
            fontsize=size,
            weight=weight,
            ha=side,
            va="center",
            color=INK,
            bbox=BEHIND,
            zorder=2.5,
        )


def zero_line(axes: Axes) -> None:
    """Draw the line of no effect."""
    axes.axvline(0.0, color=INK, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)


def words_only(text: str) -> Figure:
    """Say in a picture why there is none."""
    with house_style():
        figure = new_figure(WIDTH, 0.8)
        figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, wrap=True)
        figure.add_artist(mpl.lines.Line2D([0.05, 0.95], [0.08, 0.08], color=SOFT, linewidth=0.8))
        return figure
