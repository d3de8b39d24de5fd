"""Mermaid, which many web pages draw; it is written and not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot.data.graph_files.document import EdgeLabel
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import one_line, shown

_PLAIN = frozenset(" .,:-+/%()_=")
_LINES = {
    (EdgeKind.DIRECTED, False): "-->",
    (EdgeKind.DIRECTED, True): "-.->",
    (EdgeKind.BIDIRECTED, False): "<-.->",
    (EdgeKind.BIDIRECTED, True): "<-.->",
    (EdgeKind.UNDIRECTED, False): "---",
    (EdgeKind.UNDIRECTED, True): "-.-",
}


def write(
    graph: CausalGraph,
    labels: Mapping[Edge, EdgeLabel],
    header: Sequence[str],
    treatment: str | None,
    outcome: str | None,
) -> str:
    """Write a flow chart; nodes have ids of their own, so that no name can be taken for syntax."""
    lines = [f"%% {one_line(line, 1000)}" for line in header]
    lines.append("flowchart LR")
    ids = {name: f"n{number}" for number, name in enumerate(graph.names, start=1)}
    for node in graph.nodes:
        left, right = ('["', '"]') if node.observed else ('(["', '"])')
        lines.append(f"  {ids[node.name]}{left}{escaped(shown(node.name))}{right}")
    for edge in graph.edges:
        label = labels.get(edge, EdgeLabel())
        line = _LINES[edge.kind, label.style == "dashed"]
        text = f'|"{escaped(one_line(label.label))}"|' if label.label else ""
        lines.append(f"  {ids[edge.source]} {line}{text} {ids[edge.target]}")
    classes = {
        "latent": ([name for name in graph.names if name in graph.latent], "stroke-dasharray:4 4"),
        "exposure": ([name for name in graph.names if name == treatment], "stroke-width:3px"),
        "outcome": ([name for name in graph.names if name == outcome], "stroke-width:3px"),
    }
    for word, (members, style) in classes.items():
        if members:
            lines.append(f"  classDef {word} {style}")
            lines.append(f"  class {','.join(ids[name] for name in members)} {word}")
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Replace everything but letters, digits and harmless marks by Mermaid's entities.

    Examples
    --------
    >>> escaped('a "b" <i>')
    'a #34;b#34; #60;i#62;'
    """
    return "".join(ch if ch.isalnum() or ch in _PLAIN else f"#{ord(ch)};" for ch in text)
