"""A graph as text: a drawing where that can be read, a listing by layers where it cannot."""

from __future__ import annotations

from collections.abc import Mapping

from copilot.domain.graph import CausalGraph
from copilot.report.pictures.boxes import draw_boxes
from copilot.report.pictures.listing import joined_lines, list_layers
from copilot.report.pictures.roles import Role, roles_of

MOST_NODES = 15
"""Nodes up to which boxes and arrows can be taken in at a glance."""


def terminal_lines(
    graph: CausalGraph, *, width: int = 80, roles: Mapping[str, Role] | None = None, ascii_only: bool = False
) -> list[str]:
    r"""Draw a graph with boxes and arrows, or list it if the drawing would be too wide or too tangled.

    Parameters
    ----------
    graph
        What to show.
    width
        Cells of the screen.
    roles
        What nodes are to the question, by name; latent nodes are known without.
    ascii_only
        For screens without box-drawing characters.

    Examples
    --------
    >>> print("\n".join(terminal_lines(CausalGraph.build(directed=[("t", "y")]), ascii_only=True)))
    +---+   +---+
    | t |-->| y |
    +---+   +---+
    """
    if not graph.nodes:
        return ["The graph has no nodes."]
    known = roles_of(graph) if roles is None else roles
    if len(graph.nodes) <= MOST_NODES:
        drawn = draw_boxes(graph, known, width=width, ascii_only=ascii_only)
        if drawn is not None:
            joined = joined_lines(graph, ascii_only=ascii_only)
            return [*drawn, *([""] if joined else []), *joined]
    return list_layers(graph, known, width=width, ascii_only=ascii_only)
