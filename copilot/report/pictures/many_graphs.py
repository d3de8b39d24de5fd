"""The effect over many graphs, and the edges it hangs on."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from copilot.domain.many_graphs import DesignEffect, EdgeState, ManyGraphs, PivotalEdge, StateEffect
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.report.pictures.labels import shortened
from copilot.report.pictures.palette import ACCENT, INK, PAPER, SOFT
from copilot.report.pictures.spans import draw_span, span_of
from copilot.report.pictures.style import (
    BEHIND,
    SMALL,
    house_style,
    new_chart,
    number_axis,
    row_text,
    words_only,
    zero_line,
)

_MOST_DESIGNS, _MOST_EDGES = 8, 8
_ROW, _LABEL = 0.56, 50
_BIGGEST = 15.0
"""Points of the mark that stands for all graphs; the area goes with the share."""


def spread(many: ManyGraphs, *, unit: str = "") -> Figure:
    """Draw the estimates of the designs that the graphs call for.

    Parameters
    ----------
    many
        Its most frequent designs with an estimate are rows; the bar is the share of the graphs, the mark the
        estimate with its interval, filled for the design of the accepted graph.
    unit
        What is written under the axis.
    """
    rows = [one for one in many.designs if one.value is not None]
    if not rows:
        return words_only("No graph gives an estimate to draw.")
    left = sum(one.graphs for one in rows[_MOST_DESIGNS:])
    own = next((one for one in rows if one.accepted), None)
    with house_style():
        said = _shares(many, left)
        height = _ROW * len(rows[:_MOST_DESIGNS]) + 0.8 + 0.19 * len(said)
        figure, axes = new_chart(height, bottom=0.65 + 0.19 * len(said))
        axes.set_ylim(len(rows[:_MOST_DESIGNS]) - 0.35, -0.75)
        axes.set_yticks([])
        span = span_of(
            [(one.value, one.interval) for one in rows], [(one.value, one.interval) for one in rows if one.accepted]
        )
        axes.set_xlim(span.low, span.high)
        zero_line(axes)
        for row, one in enumerate(rows[:_MOST_DESIGNS]):
            if one.interval is not None:
                draw_span(axes, row, one.interval, span, color=ACCENT if one.accepted else INK, linewidth=1.4)
            _mark(axes, row, one.value, one.graphs / max(1, many.graphs), filled=one.accepted)
            said_of = f"{number(one.value)} in {_percent(one.graphs / max(1, many.graphs))}"
            name = shortened(_design(one, own), _LABEL - len(said_of))
            row_text(axes, row - 0.37, name, said_of, size=SMALL + 0.5, bold=one.accepted)
        number_axis(axes, shortened(unit or "effect", 52))
        figure.text(0.045, 0.06 / height, "\n".join(said), fontsize=SMALL, va="bottom", color=INK)
        return figure


def pivotal_edges(many: ManyGraphs, *, unit: str = "") -> Figure:
    """Draw, for the gravest edges, the mean estimate of the graphs with each state of the edge.

    The area of a mark goes with the number of graphs; the mark of the accepted graph's state is filled.
    """
    edges = many.edges[:_MOST_EDGES]
    if not edges:
        return words_only("The answer hangs on no single edge.")
    with house_style():
        lines = sum(len(edge.states) + 1 for edge in edges)
        height = 0.3 * lines + 1.5
        figure, axes = new_chart(height, left=2.05, bottom=1.15)
        axes.set_ylim(lines - 0.3, -0.6)
        axes.set_yticks([])
        span = span_of([(state.value, None) for edge in edges for state in edge.states])
        room = 0.08 * (span.high - span.low)
        axes.set_xlim(span.low - room, span.high + room)
        zero_line(axes)
        row = 0
        for edge in edges:
            _edge(axes, row, edge)
            row += len(edge.states) + 1
        number_axis(axes, shortened(unit or "mean effect", 44))
        key = "Filled: as in the accepted graph. The larger a mark, the more graphs.\nDotted line: no effect."
        figure.text(0.045, 0.06 / height, key, fontsize=SMALL, va="bottom", color=INK)
        return figure


def _edge(axes: Axes, row: int, edge: PivotalEdge) -> None:
    title = f"{shortened(edge.source, 24)} — {shortened(edge.target, 24)}"
    if edge.hidden:
        title = f"hidden cause{f': {edge.name}' if edge.name else f' of {edge.source} and {edge.target}'}"
        title = shortened(title, 58)
    there = axes.get_yaxis_transform()
    left = -1.78 / 3.35
    axes.text(
        left, row, title, transform=there, weight="bold", fontsize=SMALL + 0.5, va="center", clip_on=False, bbox=BEHIND
    )
    total = max(1, sum(state.graphs for state in edge.states))
    for place, state in enumerate(edge.states, start=1):
        if row + place > 0:
            axes.axhline(row + place, color=SOFT, linewidth=0.4, zorder=0)
        text = f"{_state(edge, state)} ({state.graphs:,})"
        axes.text(left + 0.03, row + place, text, transform=there, fontsize=SMALL, va="center", clip_on=False)
        if state.value is None:
            why = "zero by assumption" if state.null > 0.5 else "not identifiable"  # noqa: PLR2004 (most of them)
            axes.text(
                1.0,
                row + place,
                why,
                transform=there,
                fontsize=SMALL,
                va="center",
                ha="right",
                style="italic",
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0},
            )
            continue
        _mark(axes, row + place, state.value, state.graphs / total, filled=state.state is edge.accepted)


def _state(edge: PivotalEdge, state: StateEffect) -> str:
    if edge.hidden:
        return "absent" if state.state is EdgeState.ABSENT else "present"
    if state.state is EdgeState.CONFOUNDED:
        return "hidden cause"
    if state.state is EdgeState.ABSENT:
        return "absent"
    # the pair is written as the accepted graph draws it
    return "present" if state.state is EdgeState.FORWARD else "reversed"


def _mark(axes: Axes, row: float, value: float | None, share: float, *, filled: bool) -> None:
    if value is None:
        return
    size = max(4.0, _BIGGEST * share**0.5)
    face = ACCENT if filled else PAPER
    edge = ACCENT if filled else INK
    axes.plot(
        [value], [row], marker="o", markersize=size, color=edge, markerfacecolor=face, markeredgewidth=1.3, zorder=4
    )


def _design(one: DesignEffect, own: DesignEffect | None) -> str:
    """Name a design; a set that is nearly that of the accepted graph by what tells them apart."""
    if own is not None and one is not own and _adjusts(one) and _adjusts(own):
        mine, other = set(own.adjustment_set), set(one.adjustment_set)
        changes = [f"without {shown(name)}" for name in sorted(mine - other)]
        changes += [f"also {shown(name)}" for name in sorted(other - mine)]
        if other and 0 < len(changes) < len(other):
            return f"adjust {', '.join(changes)}"
    names = one.instruments or one.mediators or one.adjustment_set
    text = ", ".join(map(shown, names)) or "nothing"
    word = "instrument " if one.instruments else "front door " if one.mediators else "adjust for "
    return word + text


def _adjusts(one: DesignEffect) -> bool:
    return not (one.instruments or one.mediators)


def _shares(many: ManyGraphs, left: int) -> list[str]:
    """Say in words what has no place on the axis."""
    said = [f"Of {many.graphs:,} graphs; the larger a mark, the more graphs. Filled: the accepted one."]
    shares = (
        (many.not_identifiable, "not identifiable"),
        (many.null, "zero by assumption"),
        (many.not_estimated, "not estimated"),
        (left / max(1, many.graphs), "in designs not drawn"),
    )
    told = [f"{_percent(share)} {word}" for share, word in shares if share > 0]
    return [*said, *([", ".join(told) + "."] if told else [])]


def _percent(share: float) -> str:
    return f"{number(100 * share, 3)} %"
