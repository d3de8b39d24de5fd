"""What a graph has against a set that somebody wants to adjust for, whichever way its open edges point."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.identification.bad_controls import explain_adjustment
from copilot.domain.identification.values import OrientedIdentification
from copilot.domain.text import shown


def objections_to(graph: CausalGraph, found: OrientedIdentification, names: Sequence[str]) -> tuple[str, ...]:
    """List what the graph has against adjusting for a set, in any orientation; empty if the set is valid in all.

    Parameters
    ----------
    graph
        The one that `found` speaks of.
    found
        What it offers.
    names
        The set; a name that is no node is an objection.
    """
    known = tuple(name for name in names if name in graph.names)
    said = [f"{shown(name)} is not in the graph, which says nothing of it." for name in names if name not in known]
    for group in found.groups:
        directed = oriented(graph, group.edges[0] if group.edges else ())
        said += [
            control.message
            for control in explain_adjustment(directed, found.common.treatment, found.common.outcome, known)
            if control.harmful
        ]
    return tuple(dict.fromkeys(said))


def oriented(graph: CausalGraph, edges: Sequence[Edge]) -> CausalGraph:
    """Put directed edges in the place of the undirected ones."""
    kept = tuple(edge for edge in graph.edges if edge.kind is not EdgeKind.UNDIRECTED)
    return CausalGraph.model_validate({"nodes": graph.nodes, "edges": (*kept, *edges)})
