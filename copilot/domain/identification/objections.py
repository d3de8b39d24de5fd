"""What a graph has against a set that somebody wants to adjust for, whichever way its open edges point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.bad_controls import explain_adjustment
from copilot.domain.identification.orientations import turned
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
    common = found.common
    for directed in every_way(graph, found):
        controls = explain_adjustment(directed, common.treatment, common.outcome, known, common.effect)
        said += [control.message for control in controls if control.harmful]
    return tuple(dict.fromkeys(said))


def every_way(graph: CausalGraph, found: OrientedIdentification) -> Iterator[CausalGraph]:
    """Direct the open edges in each way that was looked at.

    Ways in one group have the same listed answer, but a set that is not listed may be valid in one and not in another.
    """
    for group in found.groups:
        for way in group.edges or ((),):
            yield turned(graph, way)
