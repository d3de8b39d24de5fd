"""DOT, the language of Graphviz, with the arrow ``<->`` for an unmeasured common cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.dot_lexer import DOT, WORD
from copilot.data.graph_files.dot_statements import Grammar, Statements
from copilot.data.graph_files.names import escape_name
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import one_line

_GRAMMAR = Grammar(
    arrows={"->": (False, True), "<->": (True, True)},
    refused={
        "--": (
            "'--' in a directed graph",
            "Write 'a -> b', or 'a -> b [dir=none]' if the direction is not known.",
        ),
        "<-": ("DOT has no arrow '<-'", "Write 'b -> a' for 'a <- b'."),
    },
    keywords=frozenset({"node", "edge", "graph", "digraph", "subgraph", "strict"}),
    synonyms={},
)


def parse(source: Source) -> GraphDocument:
    """Read DOT.

    Raises
    ------
    GraphFileError
        With line and column.
    CycleError
        If the directed edges run in a circle.
    """
    reader = Statements(source, DOT)
    if _is_word(reader, "strict"):
        reader.advance()
    if _is_word(reader, "graph"):
        reader.fail(
            "an undirected graph",
            reason="Its edges do not say what causes what.",
            advice="Begin with 'digraph', and write 'a -> b [dir=none]' where the direction is not known.",
        )
    if not _is_word(reader, "digraph"):
        reader.fail("this does not begin as a graph does", advice="A DOT file begins with 'digraph {'.")
    reader.advance()
    if reader.token.kind != "{":
        reader.skip_name()
    return reader.read(_GRAMMAR)


def _is_word(reader: Statements, word: str) -> bool:
    return reader.token.kind == WORD and reader.token.text.lower() == word


def write(
    graph: CausalGraph,
    labels: Mapping[Edge, EdgeLabel],
    header: Sequence[str],
    treatment: str | None,
    outcome: str | None,
) -> str:
    """Write DOT that any Graphviz draws and `parse` reads back name for name."""
    lines = [f"// {one_line(line, 1000)}" for line in header]
    lines.append("digraph {")
    for node in graph.nodes:
        attributes = [] if node.observed else ["observed=no", "style=dashed"]
        attributes += ["exposure=yes"] if node.name == treatment else []
        attributes += ["outcome=yes"] if node.name == outcome else []
        lines.append(f"  {quoted(node.name)}{_listed(attributes)};")
    lines += [_edge_line(edge, labels.get(edge)) for edge in graph.edges]
    return "\n".join([*lines, "}", ""])


_DIRECTIONS = {EdgeKind.DIRECTED: [], EdgeKind.BIDIRECTED: ["dir=both"], EdgeKind.UNDIRECTED: ["dir=none"]}


def _edge_line(edge: Edge, label: EdgeLabel | None) -> str:
    attributes = list(_DIRECTIONS[edge.kind])
    if label is not None and label.label:
        attributes.append(f"label={quoted(one_line(label.label))}")
    if label is not None and label.tooltip:
        attributes.append(f"tooltip={quoted(one_line(label.tooltip, 500))}")
    if (label is not None and label.style == "dashed") or edge.kind is EdgeKind.BIDIRECTED:
        attributes.append("style=dashed")
    return f"  {quoted(edge.source)} -> {quoted(edge.target)}{_listed(attributes)};"


def quoted(name: str) -> str:
    r"""Write a name as a quoted string.

    Examples
    --------
    >>> print(quoted('say "hi"\n'))
    "say \"hi\"&#10;"
    """
    return '"' + escape_name(name).replace('"', '\\"') + '"'


def _listed(attributes: Sequence[str]) -> str:
    return f" [{', '.join(attributes)}]" if attributes else ""
