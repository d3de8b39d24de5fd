"""Edges that run against the order in time: by the user's tiers, or by the question itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.errors import GraphError


def earlier_of(one: str, other: str, tiers: Sequence[Sequence[str]]) -> str | None:
    """Tell which of two names comes first in time; ``None`` if the tiers do not say.

    Examples
    --------
    >>> earlier_of("a", "b", [["b"], ["a", "c"]]), earlier_of("a", "c", [["b"], ["a", "c"]])
    ('b', None)
    """
    rank = {name: place for place, tier in enumerate(tiers) for name in tier}
    here, there = rank.get(one), rank.get(other)
    if here is None or there is None or here == there:
        return None
    return one if here < there else other


def against_time(
    graph: CausalGraph, query: Query, tiers: Sequence[Sequence[str]], measured: Mapping[str, str]
) -> Iterator[Finding]:
    """Find directed edges from later to earlier.

    A treatment comes before its outcome, and its causes before that: an edge from the outcome to the treatment or one
    of its causes is against the order that the question assumes, tiers or none.

    Parameters
    ----------
    graph, query, tiers, measured
        As for `graph_findings`.

    Yields
    ------
    Finding
        With the patch that reverses the edge, or removes it where the reverse would make a circle.
    """
    before = graph.ancestors((query.treatment,)) if query.treatment in graph.names and query.treatment else frozenset()
    for edge in graph.edges:
        if edge.kind is not EdgeKind.DIRECTED:
            continue
        if earlier_of(edge.source, edge.target, tiers) == edge.target:
            order, why = "tiers", f"{shown(edge.source)} comes after {shown(edge.target)} by the order in time"
        elif edge.source == query.outcome and edge.target in before:
            order = "question"
            what = "is the treatment" if edge.target == query.treatment else "leads to the treatment"
            why = f"{shown(edge.target)} {what}, so it comes before the outcome {shown(edge.source)}"
        else:
            continue
        yield _finding(graph, edge, order, why, measured)


def _finding(graph: CausalGraph, edge: Edge, order: str, why: str, measured: Mapping[str, str]) -> Finding:
    patch = mended(graph, edge)
    way = "reverse it" if patch.add else "remove it, as the reverse would make a circle or stands there already"
    said = {name: measured[name] for name in (edge.source, edge.target) if measured.get(name)}
    told = "".join(f" {shown(name)} was measured: {shown(words)}." for name, words in said.items())
    return Finding(
        kind=FindingKind.AGAINST_TIME,
        severity=Severity.HIGH,
        origin=Origin.GRAPH,
        edge=edge,
        message=f"{shown(str(edge))} runs against time: {why}.{told} If the order is right, {way}.",
        evidence={"order": order, "measured": said},
        patch=patch,
    )


def mended(graph: CausalGraph, edge: Edge) -> Patch:
    """Reverse an edge, or remove it where the reverse would make a circle.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("a", "b"), ("b", "c"), ("a", "c")])
    >>> str(mended(graph, directed("a", "b"))), str(mended(graph, directed("a", "c")))
    ('reverse a -> b', 'remove a -> c')
    """
    patch = Patch(remove=(edge,), add=(directed(edge.target, edge.source),))
    try:
        patch.apply(graph)
    except GraphError:
        return Patch(remove=(edge,))
    return patch
