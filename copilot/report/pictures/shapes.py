"""The shapes of nodes: each role has one of its own, so that no colour is needed to tell them apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.patches import Ellipse, FancyBboxPatch, Patch, Polygon, Rectangle
from matplotlib.text import Text
from rich.cells import cell_len

from copilot.report.pictures.labels import folded
from copilot.report.pictures.palette import ACCENT, INK, PAPER, SOFT
from copilot.report.pictures.roles import Role

NAME_SIZE, ROLE_SIZE = 10.0, 8.5
_CELL, _ROLE_CELL = 0.088, 0.073
"""Inches that a letter takes at these sizes, with a little to spare."""
_LINE, _ROLE_LINE = 0.165, 0.15
FOLD, MOST_LINES = 13, 3
SIDE, END_GAP = 0.64, 0.11
"""Share of a side on which edges end, and the least inches between two ends."""
_ROUND = frozenset({Role.OTHER, Role.LATENT})


@dataclass(frozen=True, slots=True)
class Box:
    """The outline of a node, in inches.

    Parameters
    ----------
    lines, role
        What stands in it.
    width, height
        Of the whole, with its border.
    """

    lines: tuple[str, ...]
    role: Role
    width: float
    height: float

    def edge_at(self, offset: float) -> float:
        """Tell how far from the middle the border is, so far above or below the middle."""
        if self.role not in _ROUND:
            inset = 0.12 * abs(offset) / (self.height / 2) if self.role is Role.INSTRUMENT else 0.0
            return self.width / 2 - inset
        return self.width / 2 * math.sqrt(max(0.0, 1 - (2 * offset / self.height) ** 2))


def box_of(name: str, role: Role, heads: int = 0) -> Box:
    """Measure the box for a name, high enough for so many arrowheads at one side."""
    lines = folded(name, FOLD, MOST_LINES)
    text = max(max(map(cell_len, lines)) * _CELL, cell_len(role.value) * _ROLE_CELL)
    tall = len(lines) * _LINE + (_ROLE_LINE if role.value else 0.0)
    high = heads * END_GAP / SIDE
    if role in _ROUND:  # the corners of the text lie within the ellipse
        return Box(lines, role, max(0.7, text * 1.22 + 0.16), max(tall * 1.35 + 0.14, high))
    return Box(lines, role, max(0.8, text + 0.3), max(tall + 0.2, high))


def draw_box(box: Box, x: float, y: float) -> list[Artist]:
    """Draw a node around a point."""
    return [*_outline(box, x, y), *_text(box, x, y)]


def _outline(box: Box, x: float, y: float) -> list[Patch]:
    left, low = x - box.width / 2, y - box.height / 2
    if box.role is Role.TREATMENT:
        return [_rounded(box, x, y, 0.05, linewidth=2.8, edgecolor=ACCENT)]
    if box.role is Role.OUTCOME:
        inner = Box(box.lines, box.role, box.width - 0.09, box.height - 0.09)
        return [
            _rounded(box, x, y, 0.05, linewidth=1.2, edgecolor=ACCENT),
            _rounded(inner, x, y, 0.03, linewidth=1.2, edgecolor=ACCENT),
        ]
    if box.role is Role.ADJUSTED:
        corner = [(left, low + box.height), (left + 0.16, low + box.height), (left, low + box.height - 0.16)]
        frame = Rectangle((left, low), box.width, box.height, facecolor=PAPER, edgecolor=INK, linewidth=1.2)
        return [frame, Polygon(corner, closed=True, facecolor=INK, edgecolor=INK, linewidth=0.8)]
    if box.role is Role.INSTRUMENT:
        across, half = box.width / 2, box.height / 2
        points = [(-across, 0), (-across + 0.12, half), (across - 0.12, half), (across, 0), (across - 0.12, -half)]
        shape = [(x + dx, y + dy) for dx, dy in (*points, (-across + 0.12, -half))]
        return [Polygon(shape, closed=True, facecolor=PAPER, edgecolor=INK, linewidth=1.2)]
    if box.role is Role.MEDIATOR:
        return [_rounded(box, x, y, 0.2, linewidth=1.2, edgecolor=INK)]
    hidden = box.role is Role.LATENT
    line = (0, (4, 2.5)) if hidden else "solid"
    return [
        Ellipse(
            (x, y), box.width, box.height, facecolor=PAPER, edgecolor=INK if hidden else SOFT, linewidth=1.2, ls=line
        )
    ]


def _rounded(box: Box, x: float, y: float, radius: float, *, linewidth: float, edgecolor: str) -> FancyBboxPatch:
    style = f"round,pad=0,rounding_size={radius}"
    corner = (x - box.width / 2, y - box.height / 2)
    return FancyBboxPatch(
        corner, box.width, box.height, boxstyle=style, facecolor=PAPER, edgecolor=edgecolor, linewidth=linewidth
    )


def _text(box: Box, x: float, y: float) -> list[Text]:
    tall = len(box.lines) * _LINE + (_ROLE_LINE if box.role.value else 0.0)
    top = y + tall / 2
    bold = "bold" if box.role in (Role.TREATMENT, Role.OUTCOME) else "normal"
    found = [
        _line(x, top - (number + 0.5) * _LINE, text, NAME_SIZE, INK, bold) for number, text in enumerate(box.lines)
    ]
    if box.role.value:
        low = top - len(box.lines) * _LINE - 0.5 * _ROLE_LINE
        found.append(_line(x, low, box.role.value, ROLE_SIZE, INK, "normal", style="italic"))
    return found


def _line(x: float, y: float, text: str, size: float, color: str, weight: str, style: str = "normal") -> Text:
    return Text(
        *(x, y, text),
        fontsize=size,
        color=color,
        weight=weight,
        style=style,
        ha="center",
        va="center_baseline",
        parse_math=False,
    )
