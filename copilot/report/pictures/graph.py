"""The causal graph as a picture, causes to the left of their effects."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.report.pictures.group import Group
from copilot.report.pictures.layers import Layout, Point, lay_out
from copilot.report.pictures.palette import INK
from copilot.report.pictures.roles import Role, roles_of
from copilot.report.pictures.shapes import SIDE, Box, box_of, draw_box
from copilot.report.pictures.style import SMALL, house_style, new_figure

_MARGIN, _LEAST_GAP, _MOST_GAP = 0.12, 0.55, 1.5
_BETWEEN = 0.2
"""Inches between two nodes, one above the other."""
_HEAD, _HALF_HEAD = 0.13, 0.05
"""Length and half the width of an arrowhead."""
_THIN, _PLAIN, _THICK = 0.8, 1.2, 3.0
_DASHES, _DOTS = (0, (6, 3)), (0, (2, 2))
_LEGEND_LINE = 0.19


def draw_graph(
    graph: CausalGraph,
    *,
    treatment: str | None = None,
    outcome: str | None = None,
    adjusted: Iterable[str] = (),
    instruments: Iterable[str] = (),
    mediators: Iterable[str] = (),
    supports: Mapping[Edge, float] | None = None,
    contested: Collection[Edge] = (),
) -> Figure:
    """Draw a graph.

    Parameters
    ----------
    graph
        Its nodes have the ids ``node-0``, ``node-1``, …, its edges ``edge-0``, …, in order.
    treatment, outcome, adjusted, instruments, mediators
        Told apart by shape and by a word under the name.
    supports
        Share of the votes for an edge, from 0 to 1: the width of its line. Edges without one are drawn as usual.
    contested
        Edges with dashes.

    Raises
    ------
    UnknownVariableError
        If a name is no node.
    """
    chosen = {"adjusted": adjusted, "instruments": instruments, "mediators": mediators}
    roles = roles_of(graph, treatment=treatment, outcome=outcome, **chosen)
    heads = _heads(graph)
    boxes = {name: box_of(name, role, heads[name]) for name, role in roles.items()}
    row = min((box.height for box in boxes.values()), default=0.3) + _BETWEEN
    layout = lay_out(
        graph, {name: math.ceil((box.height + _BETWEEN) / row * 2 - 0.05) / 2 for name, box in boxes.items()}
    )
    legend = _legend(graph, supports, contested)
    with house_style():
        sheet = _measure(layout, boxes, row, len(legend))
        figure = new_figure(sheet.width, sheet.height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, sheet.width)
        axes.set_ylim(0, sheet.height)
        ports = _ports(graph, layout, boxes)
        for place, edge in enumerate(graph.edges):
            support = None if supports is None else supports.get(edge)
            parts = _edge(sheet, layout, place, ports, edge, width=_line_width(support), dashed=edge in contested)
            Group(f"edge-{place}", parts, zorder=2).add_to(axes)
        for place, name in enumerate(graph.names):
            Group(f"node-{place}", draw_box(boxes[name], *sheet.at(layout.positions[name])), zorder=3).add_to(axes)
        for place, line in enumerate(legend):
            low = _MARGIN + (len(legend) - 1 - place) * _LEGEND_LINE
            axes.text(_MARGIN, low, line, fontsize=SMALL, va="bottom", color=INK)
        return figure


def graph_tips(
    graph: CausalGraph, roles: Mapping[str, Role] | None = None, supports: Mapping[Edge, float] | None = None
) -> dict[str, str]:
    """Say in words what each node and edge of the picture is, its name in full.

    Examples
    --------
    >>> graph_tips(CausalGraph.build(directed=[("t", "y")]))
    {'node-0': 't', 'node-1': 'y', 'edge-0': 't causes y'}
    """
    tips = {}
    for place, name in enumerate(graph.names):
        role = (roles or {}).get(name, Role.OTHER if name not in graph.latent else Role.LATENT)
        tips[f"node-{place}"] = f"{shown(name)} ({role.value})" if role.value else shown(name)
    for place, edge in enumerate(graph.edges):
        ends = (shown(edge.source), shown(edge.target))
        said = {
            EdgeKind.DIRECTED: "{} causes {}",
            EdgeKind.BIDIRECTED: "{} and {} share an unmeasured cause",
            EdgeKind.UNDIRECTED: "{} and {}: one causes the other, the direction is open",
        }[edge.kind].format(*ends)
        support = (supports or {}).get(edge)
        tips[f"edge-{place}"] = said if support is None else f"{said}; support {number(100 * support, 3)} %"
    return tips


@dataclass(frozen=True, slots=True)
class _Sheet:
    """From layers and rows to inches."""

    width: float
    height: float
    columns: tuple[float, ...]
    halves: tuple[float, ...]
    row: float
    top: float

    def at(self, point: Point) -> Point:
        return self.columns[int(point[0])], self.top - point[1] * self.row


def _measure(layout: Layout, boxes: Mapping[str, Box], row: float, legend: int) -> _Sheet:
    reach = [(layout.positions[name][1] * row, box.height / 2) for name, box in boxes.items()]
    top = max((half - middle for middle, half in reach), default=0.15)
    bottom = max([layout.rows * row, *(middle + half for middle, half in reach)])
    halves = tuple(max((boxes[name].width for name in layer), default=0.3) / 2 for layer in layout.layers)
    steepest = [0.0] * max(1, len(halves))
    for way in layout.ways:
        for (left, one), (_, other) in itertools.pairwise(way):
            steepest[int(left)] = max(steepest[int(left)], abs(one - other) * row)
    columns, edge = [], _MARGIN
    for number_, half in enumerate(halves):
        columns.append(edge + half)
        edge += 2 * half + min(_MOST_GAP, max(_LEAST_GAP, 0.3 * steepest[number_] + 0.25))
    flat = any(len(way) == 2 and way[0][0] == way[1][0] for way in layout.ways)  # noqa: PLR2004 (both its ends)
    right = (columns[-1] + halves[-1] if columns else 1.0) + _MARGIN + (0.4 if flat else 0.0)
    below = legend * _LEGEND_LINE + (_MARGIN if legend else 0.0)
    height = max(0.0, top) + bottom + 2 * _MARGIN + below
    width = max(right, 4.6 if legend else 0.0)
    return _Sheet(width, height, tuple(columns), halves, row, height - _MARGIN - max(0.0, top))


def _heads(graph: CausalGraph) -> dict[str, int]:
    """Count the arrowheads that may come together at one side of a node."""
    return {name: len(graph.parents(name)) + len(graph.spouses_of[name]) for name in graph.names}


Ports = dict[tuple[int, bool], Point]
"""Edge and whether it is its left end → offset from the middle of the node."""


def _ports(graph: CausalGraph, layout: Layout, boxes: Mapping[str, Box]) -> Ports:
    """Spread the ends of edges along the sides of their nodes, in the order in which they come."""
    sides: dict[tuple[str, bool], list[tuple[float, int, bool]]] = {}
    for place, edge in enumerate(graph.edges):
        way = layout.ways[place]
        left, right = (edge.target, edge.source) if layout.reversed[place] else (edge.source, edge.target)
        within = way[0][0] == way[-1][0]
        sides.setdefault((left, True), []).append((way[1][1], place, True))
        sides.setdefault((right, within), []).append((way[-2][1], place, False))
    found: Ports = {}
    for (name, rightward), ends in sides.items():
        box = boxes[name]
        reach = SIDE * box.height
        step = min(0.17, reach / max(1, len(ends) - 1))
        for order, (_, place, first) in enumerate(sorted(ends)):
            offset = step * ((len(ends) - 1) / 2 - order)
            found[place, first] = ((1 if rightward else -1) * box.edge_at(offset), offset)
    return found


def _edge(
    sheet: _Sheet, layout: Layout, place: int, ports: Ports, edge: Edge, *, width: float, dashed: bool
) -> list[Artist]:
    way, turned = layout.ways[place], layout.reversed[place]
    inner = [sheet.at(point) for point in way]
    start, end = (
        (x + dx, y + dy)
        for (x, y), (dx, dy) in zip((inner[0], inner[-1]), (ports[place, True], ports[place, False]), strict=True)
    )
    within = way[0][0] == way[-1][0]
    both = edge.kind is EdgeKind.BIDIRECTED
    head_left = both or (edge.kind is EdgeKind.DIRECTED and turned)
    head_right = both or (edge.kind is EdgeKind.DIRECTED and not turned)
    from_, to = (start[0] + (_HEAD if head_left else 0), start[1]), (end[0] - (_HEAD if head_right else 0), end[1])
    if within:
        to = (end[0] + (_HEAD if head_right else 0), end[1])
        bulge = max(start[0], end[0]) + 0.35 + _HEAD
        curve = Path([from_, (bulge, from_[1]), (bulge, to[1]), to], [Path.MOVETO, *[Path.CURVE4] * 3])
    else:
        halves = [sheet.halves[int(column)] for column, _ in way[1:-1]]
        curve = _smooth(from_, to, list(zip(inner[1:-1], halves, strict=True)))
    line = _DOTS if both else _DASHES if dashed else "solid"
    parts: list[Artist] = [
        PathPatch(curve, facecolor="none", edgecolor=INK, linewidth=width, linestyle=line, capstyle="butt")
    ]
    half = _HALF_HEAD + width / 72 / 2
    if head_left:
        parts.append(_head(start, half, 1))
    if head_right:
        parts.append(_head(end, half, 1 if within else -1))
    return parts


def _smooth(start: Point, end: Point, between: Sequence[tuple[Point, float]]) -> Path:
    """Lead a curve from left to right, level at both ends and wherever it passes a layer."""
    stops = [(start, start), *(((x - half, y), (x + half, y)) for (x, y), half in between), (end, end)]
    points, codes = [start], [Path.MOVETO]
    for (_, (x, y)), (enter, leave) in itertools.pairwise(stops):
        bend = (enter[0] - x) * 0.5
        points += [(x + bend, y), (enter[0] - bend, enter[1]), enter]
        codes += [Path.CURVE4] * 3
        if leave != enter:
            points.append(leave)
            codes.append(Path.LINETO)
    return Path(points, codes)


def _head(tip: Point, half: float, side: int) -> Polygon:
    back = tip[0] + side * _HEAD
    shape = [tip, (back, tip[1] + half), (back, tip[1] - half)]
    return Polygon(shape, closed=True, facecolor=INK, edgecolor=INK, linewidth=0.4)


def _line_width(support: float | None) -> float:
    return _PLAIN if support is None else _THIN + (_THICK - _THIN) * min(1.0, max(0.0, support))


def _legend(graph: CausalGraph, supports: Mapping[Edge, float] | None, contested: Collection[Edge]) -> tuple[str, ...]:
    """Say what lines mean that are no plain arrows, if there are any."""
    kinds = {edge.kind for edge in graph.edges}
    said = (
        (EdgeKind.BIDIRECTED in kinds, "Dotted, two heads: an unmeasured common cause."),
        (EdgeKind.UNDIRECTED in kinds, "No head: the direction is open."),
        (any(edge in contested for edge in graph.edges), "Long dashes: contested."),
        (bool(supports), "The wider the line, the more support."),
    )
    return tuple(text for there, text in said if there)
