"""The language of dagitty: DOT with more arrows and marks for exposure, outcome and latent variables.

A ``dag`` has arrows ``->``, ``<-`` and ``<->``; a ``pdag`` also ``--`` for an unknown direction. The types ``mag`` and
``pag`` speak of whole classes of graphs: an arrow in them is no claim of a direct cause, so they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot.data.graph_files.attributes import SHORT_WORDS
from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.dot import quoted
from copilot.data.graph_files.dot_lexer import DAGITTY, WORD
from copilot.data.graph_files.dot_statements import Grammar, Statements
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import one_line

_CIRCLES = ("@->", "<-@", "@-@", "@--", "--@")
_CIRCLE = (
    "an edge with a circle belongs to a PAG, a class of graphs",
    "Decide on one graph of the class; '--' in a 'pdag' says that the direction is unknown.",
)
_ARROWS = {"->": (False, True), "<-": (True, False), "<->": (True, True)}
_KEYWORDS = frozenset({"graph", "node", "subgraph"})
_DAG = Grammar(
    arrows=_ARROWS,
    refused={
        **dict.fromkeys(_CIRCLES, _CIRCLE),
        "--": ("'--' in a directed graph", "Begin with 'pdag' if the direction of this edge is not known."),
    },
    keywords=_KEYWORDS,
    synonyms=SHORT_WORDS,
)
_PDAG = Grammar(
    arrows={**_ARROWS, "--": (False, False)},
    refused=dict.fromkeys(_CIRCLES, _CIRCLE),
    keywords=_KEYWORDS,
    synonyms=SHORT_WORDS,
)
_GRAMMARS = {"dag": _DAG, "digraph": _DAG, "graph": _DAG, "pdag": _PDAG}


def parse(source: Source) -> GraphDocument:
    """Read dagitty's language.

    Raises
    ------
    GraphFileError
        With line and column.
    CycleError
        If the directed edges run in a circle.
    """
    reader = Statements(source, DAGITTY)
    kind = reader.token.text.lower() if reader.token.kind == WORD else ""
    if kind in {"mag", "pag"}:
        reader.fail(
            f"a {kind.upper()} is a class of graphs, not one graph",
            reason="Its arrows are no claims of direct causes.",
            advice="Choose one graph of the class and begin with 'dag {'.",
        )
    if kind not in _GRAMMARS:
        reader.fail("this does not begin as a graph does", advice="A dagitty file begins with 'dag {' or 'pdag {'.")
    reader.advance()
    if reader.token.kind != "{":
        reader.skip_name()
    return reader.read(_GRAMMARS[kind])


def write(
    graph: CausalGraph,
    labels: Mapping[Edge, EdgeLabel],  # noqa: ARG001 (dagitty takes a label of an edge for its name)
    header: Sequence[str],
    treatment: str | None,
    outcome: str | None,
) -> str:
    """Write dagitty's language; the header becomes attributes of the graph, as there are no comments."""
    kind = "pdag" if any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges) else "dag"
    lines = [f"{kind} {{"]
    lines += [f"comment={quoted(one_line(line, 1000))}" for line in header]
    for node in graph.nodes:
        marks = [] if node.observed else ["latent"]
        marks += ["exposure"] if node.name == treatment else []
        marks += ["outcome"] if node.name == outcome else []
        lines.append(quoted(node.name) + (f" [{','.join(marks)}]" if marks else ""))
    arrows = {EdgeKind.DIRECTED: "->", EdgeKind.BIDIRECTED: "<->", EdgeKind.UNDIRECTED: "--"}
    lines += [f"{quoted(edge.source)} {arrows[edge.kind]} {quoted(edge.target)}" for edge in graph.edges]
    return "\n".join([*lines, "}", ""])
