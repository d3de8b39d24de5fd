"""The accepted graph as DoWhy takes it: directed edges between short names, in DOT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from copilot.domain.analysis import Analysis
from copilot.domain.graph import CausalGraph, EdgeKind, reach
from copilot.report.notebook_text import short_names

MOST_NODES = 14
"""Nodes up to which DoWhy is asked to identify, treatment and outcome counted: its search grows exponentially."""


@dataclass(frozen=True, slots=True)
class DrawnGraph:
    """A graph made ready.

    Parameters
    ----------
    text
        In DOT; empty where DoWhy cannot be asked.
    short
        Name of a node or column to its short name.
    observed
        Columns among the nodes.
    why_not
        Why DoWhy is not asked; empty if it is.
    """

    text: str
    short: Mapping[str, str]
    observed: tuple[str, ...]
    why_not: str = ""


def relevant(analysis: Analysis) -> tuple[str, ...]:
    """Name the nodes that have a say: treatment, outcome, what the strategy names, and all their causes."""
    graph, chosen = analysis.review.graph, analysis.chosen
    named = () if chosen is None else (*chosen.adjustment_set, *chosen.instruments, *chosen.mediators)
    ends = (analysis.query.treatment or "", analysis.query.outcome or "")
    known = [name for name in (*ends, *named) if name in graph.names]
    return tuple(sorted(reach(known, graph.parents_of)))


def draw(analysis: Analysis, columns: Sequence[str]) -> DrawnGraph:
    """Draw what has a say.

    Parameters
    ----------
    analysis
        With the accepted graph.
    columns
        Names of all columns that the notebook reads.
    """
    graph, nodes = analysis.review.graph, relevant(analysis)
    short = short_names(dict.fromkeys((*nodes, *columns)))
    observed = tuple(name for name in nodes if name in columns and name not in graph.latent)
    edges, hidden = _edges(graph, nodes, short)
    why_not = ""
    if any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges):
        why_not = "DoWhy takes no edges without a direction, and the accepted graph has some"
    elif len(nodes) + hidden > MOST_NODES:
        why_not = f"its search may take hours on a graph of {len(nodes) + hidden} variables"
    text = "" if why_not else dot([short[name] for name in nodes], edges)
    return DrawnGraph(text, short, observed, why_not)


def dot(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> str:
    """Write a graph of short names in DOT."""
    lines = [f"  {node};" for node in nodes] + [f"  {a} -> {b};" for a, b in edges]
    return "\n".join(["digraph {", *lines, "}"])


def _edges(graph: CausalGraph, nodes: Sequence[str], short: Mapping[str, str]) -> tuple[list[tuple[str, str]], int]:
    """Give directed edges; a double-headed one becomes a hidden common cause."""
    kept = set(nodes)
    edges: list[tuple[str, str]] = []
    hidden = 0
    for edge in graph.edges:
        if not {edge.source, edge.target} <= kept:
            continue
        ends = (short[edge.source], short[edge.target])
        if edge.kind is EdgeKind.DIRECTED:
            edges.append(ends)
        elif edge.kind is EdgeKind.BIDIRECTED:
            hidden += 1
            edges += [(f"u{hidden}", end) for end in ends]
    return edges, hidden
