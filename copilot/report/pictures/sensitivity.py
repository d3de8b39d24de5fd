"""How strong a hidden common cause would have to be, on the map of Cinelli & Hazlett.

References
----------
Cinelli & Hazlett (2020), Making sense of sensitivity: extending omitted variable bias, JRSS B 82, equation 7 and
section 5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from copilot.domain.numbers import number
from copilot.domain.sensitivity import Sensitivity
from copilot.report.pictures.labels import shortened
from copilot.report.pictures.palette import ACCENT, INK, PAPER, SOFT, WARN
from copilot.report.pictures.style import SMALL, house_style, new_chart, number_axis, words_only

Pairs = Sequence[tuple[float, float]]
_MOST_NAMED = 4
_KEY = (
    "Thick line: a hidden cause there makes the estimate 0;\ndashed: the interval touches 0. Diamonds: measured causes."
)
_FEWEST, _POINTS = 0.05, 200


def sensitivity_map(sensitivity: Sensitivity) -> Figure:
    """Draw which hidden causes would bring the estimate to zero, and the interval to touch zero.

    Measured covariates stand as diamonds where a hidden cause as strong as they (or 2 or 3 times as strong) would be:
    below the dashed line such a cause changes no conclusion. Lines of the same remaining estimate are thin.
    """
    zero, touch = _curves(sensitivity)
    if not zero and not sensitivity.benchmarks:
        return words_only("There is no sensitivity analysis to draw.")
    with house_style():
        figure, axes = new_chart(4.4, left=0.75, bottom=1.05)
        most_x, most_y = _limits(sensitivity)
        axes.set_xlim(0, most_x)
        axes.set_ylim(0, most_y)
        axes.spines["left"].set_visible(True)
        _contours(axes, sensitivity)
        _curve(axes, zero, "estimate 0", "solid", 2.2)
        _curve(axes, touch, "interval touches 0", (0, (5, 3)), 1.6)
        _benchmarks(axes, sensitivity)
        number_axis(axes, "partial R² with the treatment")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.set_ylabel("partial R² with the outcome")
        key = _KEY
        figure.text(0.05, 0.06 / 4.4, key, fontsize=SMALL, va="bottom", color=INK)
        return figure


def _curves(one: Sensitivity) -> tuple[Pairs, Pairs]:
    """Take the curves that are there, or compute the one of a zero estimate in closed form.

    The bias is ``se * sqrt(dof * r2_outcome * r2_treatment / (1 - r2_treatment))`` (equation 7).
    """
    if one.curve or one.estimate is None or not one.se or not one.dof:
        return one.curve, one.curve_interval
    return _level(one.estimate**2, one.se, one.dof), one.curve_interval


def _level(bias_squared: float, se: float, dof: float) -> Pairs:
    shares = np.linspace(0.002, 0.998, _POINTS)
    needed = bias_squared / (se * se * dof) * (1 - shares) / shares
    return [(float(x), float(y)) for x, y in zip(shares, needed, strict=True) if y <= 1]


def _limits(one: Sensitivity) -> tuple[float, float]:
    wide = max([one.robustness_value, *(each.r2_treatment for each in one.benchmarks), _FEWEST])
    tall = max([one.robustness_value, *(each.r2_outcome for each in one.benchmarks), _FEWEST])
    return min(1.0, 1.35 * wide), min(1.0, 1.35 * tall)


def _contours(axes: Axes, one: Sensitivity) -> None:
    """Draw thin lines where a quarter, half and three quarters of the estimate are left."""
    if one.estimate is None or not one.se or not one.dof:
        return
    for left in (0.75, 0.5, 0.25):
        pairs = _level(((1 - left) * one.estimate) ** 2, one.se, one.dof)
        _curve(axes, pairs, number(left * one.estimate, 3), "solid", 0.9, color=SOFT)


def _curve(
    axes: Axes, pairs: Pairs, label: str, line: str | tuple[int, tuple[int, int]], width: float, *, color: str = WARN
) -> None:
    if not pairs:
        return
    axes.plot([x for x, _ in pairs], [y for _, y in pairs], color=color, linewidth=width, linestyle=line, zorder=2)
    (_, most_x), (_, most_y) = axes.get_xlim(), axes.get_ylim()
    inside = [(x, y) for x, y in pairs if x <= most_x and y <= most_y]
    if color == SOFT and inside:
        x, y = inside[-1]
        box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}
        axes.text(
            x if x < 0.95 * most_x else most_x,
            y,
            label,
            fontsize=SMALL - 1,
            ha="right",
            va="center",
            color=INK,
            bbox=box,
        )


def _benchmarks(axes: Axes, one: Sensitivity) -> None:
    """Mark measured covariates: each once, and the strongest also 2 and 3 times."""
    named = list(dict.fromkeys(each.variable for each in one.benchmarks))[:_MOST_NAMED]
    shown = [
        each for each in one.benchmarks if each.variable in named and (each.k == 1 or each.variable == one.strongest)
    ]
    taken: list[tuple[float, float]] = []
    behind = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.5, "alpha": 0.8}
    (_, most_x), (_, most_y) = axes.get_xlim(), axes.get_ylim()
    for each in shown:
        axes.plot([each.r2_treatment], [each.r2_outcome], marker="D", markersize=6, color=ACCENT, zorder=4)
        x, y = each.r2_treatment / most_x, each.r2_outcome / most_y
        while any(math.hypot((x - a) / 6, y - b) < 0.055 for a, b in taken):  # noqa: PLR2004 (a line of text)
            y += 0.01
        taken.append((x, y))
        if y * most_y > each.r2_outcome:  # moved away from another name: a line leads back to the diamond
            axes.plot([each.r2_treatment] * 2, [each.r2_outcome, y * most_y], color=INK, linewidth=0.7, zorder=3)
        right = x < 0.55  # noqa: PLR2004 (room for the name)
        text = f"{shortened(each.variable, 22)} {number(each.k)}\N{MULTIPLICATION SIGN}"
        axes.text(
            (x + (0.02 if right else -0.02)) * most_x,
            y * most_y,
            text,
            fontsize=SMALL,
            ha="left" if right else "right",
            va="center",
            color=INK,
            zorder=5,
            bbox=behind,
        )
