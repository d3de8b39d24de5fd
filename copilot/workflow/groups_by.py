"""Whether effects within groups of a column are effects at all: choosing rows by it is adjusting for it."""

from __future__ import annotations

from copilot.domain.analysis import Chosen
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.bad_controls import explain_adjustment
from copilot.domain.identification.objections import every_way
from copilot.domain.identification.paths import without_edges
from copilot.domain.identification.values import OrientedIdentification, Strategy
from copilot.domain.notice import Level, Notice
from copilot.domain.separation import separated
from copilot.domain.text import shown
from copilot.errors import UsageError


def check_groups(
    by: str, chosen: Chosen, graph: CausalGraph, found: OrientedIdentification, *, force: bool
) -> tuple[Notice, ...]:
    """Hold the column that makes groups against the graph.

    Parameters
    ----------
    by
        The column.
    chosen
        How the effect is computed.
    graph, found
        The graph, and what it offers.
    force
        Whether the user insists.

    Returns
    -------
    tuple of Notice
        What a reader must know: the graph says nothing of the column, or speaks against it.

    Raises
    ------
    UsageError
        If the graph speaks against it, whichever way its open edges point, and nobody insists.
    """
    if by not in graph.names:
        text = (
            f"{shown(by)} is not in the graph: effects within its groups suppose that the treatment does not act on "
            "it, and that it opens no other path"
        )
        return (Notice(code="groups_not_in_graph", message=text, subject=by, level=Level.INFO),)
    said = [_objections(by, chosen, way, found) for way in every_way(graph, found)]
    every = tuple(dict.fromkeys(message for messages in said for message in messages))
    if not every:
        return ()
    if all(said) and not force:
        raise UsageError(
            f"the numbers within groups of {shown(by)} are no effects under this graph",
            reason=" ".join(every),
            advice="Leave --by out or name another column, or insist with --force; the report then says so.",
        )
    where = "the graph speaks against them" if all(said) else "for some directions of its open edges the graph does"
    text = f"effects within groups of {shown(by)} are not to be trusted, {where}: {' '.join(every)}"
    return (Notice(code="groups_against_graph", message=text, subject=by),)


def _objections(by: str, chosen: Chosen, way: CausalGraph, found: OrientedIdentification) -> tuple[str, ...]:
    """Give what a graph without open edges has against the groups."""
    common = found.common
    treatment, outcome = common.treatment, common.outcome
    if chosen.strategy is Strategy.BACKDOOR:
        both = [
            {control.message for control in explain_adjustment(way, treatment, outcome, given) if control.harmful}
            for given in (chosen.adjustment_set, tuple({*chosen.adjustment_set, by}))
        ]
        return tuple(sorted(both[1] - both[0]))
    if by in way.descendants(treatment):
        return (f"{shown(by)} is an effect of the treatment.",)
    bare = without_edges(
        way, {edge for edge in way.edges if edge.kind is EdgeKind.DIRECTED and edge.source in treatment}
    )
    given = {*chosen.adjustment_set, by}
    spoilt = [name for name in chosen.instruments if name not in given and not separated(bare, name, outcome, given)]
    return tuple(f"Given {shown(by)}, {shown(name)} is no instrument any more." for name in spoilt)
