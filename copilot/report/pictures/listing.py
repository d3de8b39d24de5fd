"""A graph in lines: each node with what it causes, causes above their effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.text import shown
from copilot.report.pictures.layers import assign_layers
from copilot.report.pictures.roles import Role

_SIGNS = {EdgeKind.DIRECTED: ("──►", "-->"), EdgeKind.BIDIRECTED: ("◄─►", "<->"), EdgeKind.UNDIRECTED: ("───", "---")}
_MEANING = {EdgeKind.BIDIRECTED: "unmeasured common cause", EdgeKind.UNDIRECTED: "direction open"}
_LEAST_ROOM = 28
"""Cells that effects need beside the names; with fewer they stand below."""


def list_layers(graph: CausalGraph, roles: Mapping[str, Role], *, width: int, ascii_only: bool = False) -> list[str]:
    r"""List nodes with their arrows out; a blank line is between two layers.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> print("\n".join(list_layers(graph, {}, width=60, ascii_only=True)))
    3 nodes, 3 arrows; causes stand above their effects.
    <BLANKLINE>
      w --> t, y
    <BLANKLINE>
      t --> y
    <BLANKLINE>
      y
    """
    layer_of = assign_layers(graph)
    heads = {name: _head(name, roles.get(name, Role.OTHER)) for name in graph.names}
    # one very long name does not push all arrows to the right
    widest = max(
        (cell_len(head) for head in heads.values() if cell_len(head) <= max(width - _LEAST_ROOM, width // 3)), default=0
    )
    lines = [f"{graph_sentence(graph).removesuffix('.')}; causes stand above their effects."]
    arrow = _SIGNS[EdgeKind.DIRECTED][ascii_only]
    for layer in sorted(set(layer_of.values())):
        lines.append("")
        for name in (one for one in graph.names if layer_of[one] == layer):
            lines += _node(heads[name], [shown(child) for child in graph.children(name)], arrow, widest, width)
    joined = joined_lines(graph, ascii_only=ascii_only)
    return [*lines, *([""] if joined else []), *(f"  {line}" for line in joined)]


def graph_sentence(graph: CausalGraph) -> str:
    """Count nodes and edges in a sentence.

    Examples
    --------
    >>> graph_sentence(CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")], latent=["u"]))
    '3 nodes (1 not measured), 1 arrow, 1 unmeasured common cause.'
    """
    kinds = [edge.kind for edge in graph.edges]
    hidden = f" ({len(graph.latent)} not measured)" if graph.latent else ""
    said = [f"{_count(len(graph.nodes), 'node')}{hidden}", _count(kinds.count(EdgeKind.DIRECTED), "arrow")]
    if both := kinds.count(EdgeKind.BIDIRECTED):
        said.append(_count(both, "unmeasured common cause"))
    if open_ := kinds.count(EdgeKind.UNDIRECTED):
        said.append(f"{_count(open_, 'edge')} without a direction")
    return ", ".join(said) + "."


def joined_lines(graph: CausalGraph, *, ascii_only: bool = False) -> list[str]:
    """Say which nodes are joined otherwise than by an arrow.

    Examples
    --------
    >>> joined_lines(CausalGraph.build(bidirected=[("a", "b")], undirected=[("b", "c")]))
    ['a ◄─► b (unmeasured common cause)', 'b ─── c (direction open)']
    """
    return [
        f"{shown(edge.source)} {_SIGNS[kind][ascii_only]} {shown(edge.target)} ({_MEANING[kind]})"
        for kind in (EdgeKind.BIDIRECTED, EdgeKind.UNDIRECTED)
        for edge in graph.edges
        if edge.kind is kind
    ]


def _head(name: str, role: Role) -> str:
    return f"{shown(name)} ({role.value})" if role.value else shown(name)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _node(head: str, effects: Sequence[str], arrow: str, widest: int, width: int) -> list[str]:
    if not effects:
        return [f"  {head}"]
    if cell_len(head) > widest:
        first, indent = f"  {head}\n      {arrow} ", 7 + len(arrow)
    else:
        first, indent = f"  {head}{' ' * (widest - cell_len(head))} {arrow} ", widest + 4 + len(arrow)
    found, line = [], ""
    for place, effect in enumerate(effects):
        word = effect + ("," if place < len(effects) - 1 else "")
        if line and indent + cell_len(line) + 1 + cell_len(word) > width:
            found.append(line)
            line = ""
        line += f"{' ' if line else ''}{word}"
    told = [*found, line]
    return [*(first + told[0]).split("\n"), *(" " * indent + rest for rest in told[1:])]
