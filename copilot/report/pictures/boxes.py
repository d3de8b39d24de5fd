"""A graph drawn with characters: boxes in columns, arrows led between them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.report.pictures.canvas import Canvas
from copilot.report.pictures.labels import folded, padded
from copilot.report.pictures.layers import Layout, lay_out
from copilot.report.pictures.roles import Role
from copilot.report.pictures.routing import Net, channel_tracks

_LINES_OF_A_ROW = 4
"""So that a quarter of a row, the least distance of two lines of a layout, is one line of text."""
_FOLDS = (40, 24, 18, 14, 11)
"""Cells of a name in its box: the first at which the drawing is narrow enough."""
_LINES_OF_A_NAME = 3
_CROSSINGS_OF_AN_ARROW = 0.34
_FEW_PASSING, _PASSING_OF_AN_ARROW = 3, 0.45
"""So many times may arrows pass a column, or so many times for each arrow: with more they are hard to follow."""
_MOST_LINES = 48
_BORDERS = {
    Role.TREATMENT: "┏━┓┃┗┛",
    Role.OUTCOME: "╔═╗║╚╝",
    Role.LATENT: "┌┄┐┆└┘",
}
_BORDER, _ASCII_BORDER, _ASCII_LATENT = "┌─┐│└┘", "+-+|++", "+.+:++"


@dataclass(frozen=True, slots=True)
class _Box:
    """A node: its lines of text, and how many lines it takes without its border."""

    lines: tuple[str, ...]
    role: Role
    inner: int

    @property
    def width(self) -> int:
        return max(map(cell_len, self.lines)) + 4

    @property
    def height(self) -> int:
        return self.inner + 2


def draw_boxes(
    graph: CausalGraph, roles: Mapping[str, Role], *, width: int, ascii_only: bool = False
) -> list[str] | None:
    """Draw the directed edges of a graph.

    Lines that cross are drawn one over the other (``─│─``), lines that join have a joint (``├``, ``┬``, ``┼``).

    Returns
    -------
    list of str or None
        ``None`` if the drawing would be wider than `width`, too tangled or too high.
    """
    arrows = CausalGraph(nodes=graph.nodes, edges=tuple(edge for edge in graph.edges if edge.kind is EdgeKind.DIRECTED))
    for fold in _FOLDS:
        boxes = {name: _box(name, roles.get(name, Role.OTHER), len(arrows.parents(name)), fold) for name in graph.names}
        sizes = {name: math.ceil(box.height / _LINES_OF_A_ROW * 2) / 2 for name, box in boxes.items()}
        layout = lay_out(arrows, sizes)
        passing = sum(len(way) - 2 for way in layout.ways)
        most = max(_FEW_PASSING, _PASSING_OF_AN_ARROW * len(arrows.edges))
        if passing > most or layout.crossings > _CROSSINGS_OF_AN_ARROW * len(arrows.edges):
            return None
        canvas = _draw(arrows, layout, boxes, width, ascii_only=ascii_only)
        if canvas is not None:
            lines = canvas.lines()
            return lines if len(lines) <= _MOST_LINES else None
    return None


def _box(name: str, role: Role, arrows: int, fold: int) -> _Box:
    lines = folded(name, fold, _LINES_OF_A_NAME) + ((f"({role.value})",) if role.value else ())
    return _Box(lines, role, max(len(lines), arrows))


def _draw(
    graph: CausalGraph, layout: Layout, boxes: Mapping[str, _Box], width: int, *, ascii_only: bool
) -> Canvas | None:
    tops = {name: round(layout.positions[name][1] * _LINES_OF_A_ROW) - box.height // 2 for name, box in boxes.items()}
    outs = {name: tops[name] + 1 + (box.inner - 1) // 2 for name, box in boxes.items()}
    ins = _in_ports(graph, layout, boxes, tops)
    nets = _nets(graph, layout, outs, ins)
    canvas = Canvas(ascii_only=ascii_only)
    x = 0
    columns = len(layout.layers)
    passing = [
        [way[k][1] for way in layout.ways for k in range(1, len(way) - 1) if way[k][0] == n] for n in range(columns)
    ]
    for number, layer in enumerate(layout.layers):
        across = max((boxes[name].width for name in layer), default=1)
        for row in passing[number]:
            canvas.horizontal(("pass", number, row), round(row * _LINES_OF_A_ROW), x, x + across - 1)
        for name in layer:
            _draw_box(canvas, boxes[name], x, tops[name], across, ascii_only=ascii_only)
        x += across
        if number == columns - 1:
            break
        tracks = channel_tracks(nets[number])
        if tracks is None:
            return None
        room = max((track + 1 for track in tracks.values()), default=0) * 2 + 3
        heads = {ins[place] for place, way in enumerate(layout.ways) if way[-1][0] == number + 1}
        for net in nets[number]:
            canvas.net(net, x, x + 1 + 2 * tracks.get(net.key, 0), x + room, heads)
        x += room
        if x > width:
            return None
    return canvas if x <= width and not canvas.clash else None


def _in_ports(graph: CausalGraph, layout: Layout, boxes: Mapping[str, _Box], tops: Mapping[str, int]) -> dict[int, int]:
    """Give each arrow a line of its own to arrive in, in the order in which they come."""
    coming: dict[str, list[tuple[float, int]]] = {}
    for place, (edge, way) in enumerate(zip(graph.edges, layout.ways, strict=True)):
        coming.setdefault(edge.target, []).append((way[-2][1], place))
    found = {}
    for name, arrows in coming.items():
        first = tops[name] + 1 + (boxes[name].inner - len(arrows)) // 2
        found.update({place: first + order for order, (_, place) in enumerate(sorted(arrows))})
    return found


def _nets(graph: CausalGraph, layout: Layout, outs: Mapping[str, int], ins: Mapping[int, int]) -> list[list[Net]]:
    """Gather what goes between two columns: from each source, and from each line that passes, to where."""
    found: list[dict[tuple[str, int], tuple[int, list[int]]]] = [{} for _ in layout.layers]
    for place, (edge, way) in enumerate(zip(graph.edges, layout.ways, strict=True)):
        for step, ((column, row), (_, after)) in enumerate(itertools.pairwise(way)):
            key = (edge.source, -1) if step == 0 else (edge.source, place)
            start = outs[edge.source] if step == 0 else round(row * _LINES_OF_A_ROW)
            end = ins[place] if step == len(way) - 2 else round(after * _LINES_OF_A_ROW)
            found[int(column)].setdefault(key, (start, []))[1].append(end)
    return [[Net(key, start, tuple(sorted(ends))) for key, (start, ends) in nets.items()] for nets in found]


def _draw_box(canvas: Canvas, box: _Box, x: int, top: int, across: int, *, ascii_only: bool) -> None:
    if ascii_only:
        signs = _ASCII_LATENT if box.role is Role.LATENT else _ASCII_BORDER
    else:
        signs = _BORDERS.get(box.role, _BORDER)
    left_top, flat, right_top, wall, left_low, right_low = tuple(signs)
    canvas.text(top, x, left_top + flat * (across - 2) + right_top)
    above = (box.inner - len(box.lines)) // 2
    for line in range(box.inner):
        place = line - above
        words = box.lines[place] if 0 <= place < len(box.lines) else ""
        spare = across - 4 - cell_len(words)
        centred = " " * (spare // 2) + words
        canvas.text(top + 1 + line, x, f"{wall} {padded(centred, across - 4)} {wall}")
    canvas.text(top + box.height - 1, x, left_low + flat * (across - 2) + right_low)
