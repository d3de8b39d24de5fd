"""Which of the strategies that the graph offers is taken, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copilot.domain.analysis import Chosen
from copilot.domain.effects import Target
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.instruments import instrument_sets
from copilot.domain.identification.objections import objections_to
from copilot.domain.identification.values import Identification, Names, OrientedIdentification, Strategy
from copilot.domain.text import shown
from copilot.domain.variables import TableProfile
from copilot.errors import UnknownVariableError, UsageError
from copilot.estimation.design import MissingPolicy
from copilot.estimation.estimators.registry import estimator_named
from copilot.workflow.left_out import identifiers_among
from copilot.workflow.open_directions import conditions

_ROWS_A_COVARIATE = 10
"""With fewer rows for each variable of the lowest-variance set, a minimal set is taken."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for beyond treatment and outcome; names are exact.

    Parameters
    ----------
    adjust
        The set to adjust for, ``None`` to let the graph decide.
    force
        Take `adjust` although the graph speaks against it.
    strategy
        ``None`` for the most trusted one that is open.
    instruments
        Use these and no others.
    estimators, refuters
        By name, in order; empty for the usual ones.
    target, by, contrast, missing, weights, cluster, negative_controls
        As in `Design` and `Ask`.
    negative_exposures
        Columns that share the hidden causes with the treatment and do not act on the outcome.
    bounds, outcome_range, monotone_instrument
        Whether bounds are wanted although the effect is identified; what no outcome lies beyond; a column with which
        mean potential outcomes rise or fall.
    """

    adjust: Names | None = None
    force: bool = False
    strategy: Strategy | None = None
    instruments: Names = ()
    estimators: tuple[str, ...] = ()
    refuters: tuple[str, ...] = ()
    target: Target = Target.ATE
    by: str | None = None
    contrast: tuple[str, str] | None = None
    missing: MissingPolicy = MissingPolicy.DROP
    weights: str | None = None
    cluster: str | None = None
    negative_controls: Names = ()
    negative_exposures: Names = ()
    bounds: bool = False
    outcome_range: tuple[float, float] | None = None
    monotone_instrument: str | None = None


def choose_design(
    graph: CausalGraph, found: OrientedIdentification, profile: TableProfile, wishes: Wishes
) -> Chosen | None:
    """Choose how the effect is computed.

    Parameters
    ----------
    graph
        The accepted one, with the nodes that are no columns latent.
    found
        What it offers.
    profile
        Of the table.
    wishes
        What the user asked for.

    Returns
    -------
    Chosen or None
        ``None`` if no strategy is open.

    Raises
    ------
    UsageError
        If the user insists on something that the graph refuses, without ``--force``.
    UnknownVariableError
        If a name is no column.
    """
    common = found.common
    wanted = _wanted_strategy(wishes)
    if wishes.adjust is not None:
        if wanted not in {None, Strategy.BACKDOOR}:
            raise UsageError(
                f"--adjust goes with adjustment, not with the strategy {wanted}",
                advice="Drop --adjust, or the estimator or strategy that does not adjust.",
            )
        return _insisted(graph, found, profile, wishes)
    takers = {
        Strategy.BACKDOOR: _adjustment,
        Strategy.FRONTDOOR: _front_door,
        Strategy.IV: _instruments,
    }
    loose = any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges)
    for strategy in (wanted,) if wanted is not None else tuple(takers):
        chosen = takers[strategy](None if loose else graph, common, profile, wishes)
        if chosen is not None:
            return chosen
    if wanted is not None and set(takers) & set(common.strategies):
        needed = f", which {wishes.estimators[0]} needs," if wishes.strategy is None and wishes.estimators else ""
        raise UsageError(
            f"the strategy {wanted}{needed} is not open under this graph",
            reason=f"The graph offers: {', '.join(common.strategies)}.",
            advice="Leave the choice to the graph, or change the graph if it is wrong.",
        )
    return None


def _wanted_strategy(wishes: Wishes) -> Strategy | None:
    named = {estimator_named(name).strategy: name for name in reversed(wishes.estimators)}
    if len(named) > 1:
        raise UsageError(
            f"the estimators {', '.join(sorted(named.values()))} belong to different strategies",
            reason="One analysis identifies the effect in one way.",
            advice="Run them one after the other, each with its own --run-dir.",
        )
    from_estimators = next(iter(named), None)
    if wishes.strategy is not None and from_estimators not in {None, wishes.strategy}:
        raise UsageError(
            f"the estimator {wishes.estimators[0]} does not belong to the strategy {wishes.strategy}",
            advice="Drop --strategy, or name another estimator.",
        )
    if wishes.instruments and (wishes.strategy or from_estimators) is None:
        return Strategy.IV
    return wishes.strategy or from_estimators


def _insisted(graph: CausalGraph, found: OrientedIdentification, profile: TableProfile, wishes: Wishes) -> Chosen:
    names = wishes.adjust or ()
    for name in names:
        if profile.column(name) is None:
            raise UnknownVariableError(name, profile.names, "column")
    common = found.common
    objections = objections_to(graph, found, names)
    valid = _valid_groups(graph, found, names) if objections and len(found.groups) > 1 else ()
    if valid:
        condition = conditions(graph, found, valid)
        reason = f"the set that you named; it is valid if {condition}, which the graph leaves open"
        return Chosen(strategy=Strategy.BACKDOOR, adjustment_set=tuple(names), reason=reason, condition=condition)
    if objections and not wishes.force:
        best = common.backdoor.optimal or next(iter(common.backdoor.minimal), None)
        offer = f" The graph offers {_set(best)}." if best is not None else ""
        raise UsageError(
            f"adjusting for {_set(names)} does not give the effect under this graph",
            reason=" ".join(f"{one.rstrip('.')}." for one in objections),
            advice=f"Leave --adjust out, or insist with --force; the report then says so.{offer}",
        )
    reason = "the set that you named; under the graph it is valid"
    if objections:
        reason = "the set that you insisted on with --force, against the graph"
    return Chosen(
        strategy=Strategy.BACKDOOR,
        adjustment_set=tuple(names),
        reason=reason,
        forced=bool(objections),
        objections=objections,
    )


def _valid_groups(graph: CausalGraph, found: OrientedIdentification, names: Names) -> tuple[int, ...]:
    """Find the answers under which a set is valid; none if it is valid for no direction of the open edges."""
    return tuple(
        index
        for index, group in enumerate(found.groups)
        if not group.identification.null_effect
        and not objections_to(graph, OrientedIdentification(common=found.common, groups=(group,)), names)
    )


def _adjustment(
    _graph: CausalGraph | None, common: Identification, profile: TableProfile, _wishes: Wishes
) -> Chosen | None:
    sets = common.backdoor
    if not sets.minimal:
        return None
    usable = [names for names in sets.sets if not identifiers_among(names, profile)] or list(sets.sets)
    enough = max(1, profile.rows // _ROWS_A_COVARIATE)
    more = "" if sets.complete else " or more"
    many = f"{len(sets.minimal)}{more} minimal sets" if len(sets.minimal) > 1 else "1 minimal set"
    if sets.minimal == ((),) and sets.optimal in {(), None}:
        return Chosen(strategy=Strategy.BACKDOOR, reason="nothing need be adjusted for: no back-door path is open")
    if sets.optimal is not None and sets.optimal in usable and len(sets.optimal) <= enough:
        only = "the only minimal set, and the one with the lowest variance" if sets.minimal == (sets.optimal,) else ""
        reason = only or f"of all valid sets the one with the lowest variance ({many})"
        return Chosen(strategy=Strategy.BACKDOOR, adjustment_set=sets.optimal, reason=reason)
    best = sets.optimal_minimal if sets.optimal_minimal in usable else None
    chosen = best if best is not None else min(usable, key=lambda names: (len(names), names))
    how = "the one with the lowest variance" if best is not None else "a smallest one"
    return Chosen(strategy=Strategy.BACKDOOR, adjustment_set=chosen, reason=f"of {many} {how}")


def _front_door(
    _graph: CausalGraph | None, common: Identification, _profile: TableProfile, _wishes: Wishes
) -> Chosen | None:
    why = "you asked for it" if common.backdoor.minimal else "no set closes every back door"
    if common.frontdoor:
        reason = f"{why}, and the whole effect goes through it"
        return Chosen(strategy=Strategy.FRONTDOOR, mediators=common.frontdoor[0], reason=reason)
    for door in common.conditional_frontdoor:
        reason = f"{why}, and within these levels the whole effect goes through it"
        return Chosen(strategy=Strategy.FRONTDOOR, mediators=door.mediators, adjustment_set=door.given, reason=reason)
    return None


def _instruments(
    graph: CausalGraph | None, common: Identification, _profile: TableProfile, wishes: Wishes
) -> Chosen | None:
    if not common.instruments:
        return None
    offered = {instrument.name: instrument.given for instrument in common.instruments}
    for name in wishes.instruments:
        if name not in offered:
            raise UsageError(
                f"{shown(name)} is no instrument under this graph",
                reason=f"The graph offers: {', '.join(map(shown, sorted(offered)))}.",
                advice="Leave --instrument out, or change the graph if it is wrong.",
            )
    # With edges whose direction is open, only what holds in every orientation can be used.
    groups: list[tuple[Names, Names]] = [((one.name,), one.given) for one in common.instruments]
    if graph is not None:
        groups = [*instrument_sets(graph, common.treatment[0], common.outcome[0]), *groups]
    wanted = set(wishes.instruments)
    fitting = next((group for group in groups if wanted <= set(group[0])), None)
    if fitting is None:
        raise UsageError(
            f"{', '.join(map(shown, sorted(wanted)))} cannot serve as instruments together under this graph",
            reason="No one set closes the other paths of all of them.",
            advice=f"Name one of them, or some of these together: {'; '.join(_set(names) for names, _ in groups)}.",
        )
    names, given = fitting
    taken = tuple(name for name in names if not wanted or name in wanted)
    return Chosen(
        strategy=Strategy.IV,
        adjustment_set=given,
        instruments=taken,
        reason="no adjustment set is valid, and under the graph its only way to the outcome is through the treatment",
    )


def _set(names: Sequence[str]) -> str:
    return "{" + ", ".join(map(shown, names)) + "}"
