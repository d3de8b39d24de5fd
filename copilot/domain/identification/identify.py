"""Identification: every way to an effect under one graph, in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from copilot.domain import adjustment
from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph, Node
from copilot.domain.identification.additions import paths_left_open, what_would_help
from copilot.domain.identification.adjustment_sets import minimal_sets
from copilot.domain.identification.bad_controls import explain_adjustment
from copilot.domain.identification.frontdoor import frontdoor_sets, frontdoor_with_covariates
from copilot.domain.identification.general import general_identification
from copilot.domain.identification.instruments import instruments
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question
from copilot.domain.identification.optimal import best_of_all, best_of_cheapest, best_of_minimal
from copilot.domain.identification.values import (
    AdjustmentSets,
    ConditionalFrontDoor,
    EffectKind,
    GeneralIdentification,
    Identification,
    Instrument,
    Names,
)
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.errors import GraphError, UnknownVariableError

_LARGE = 1_000
"""Edges above which front doors that need covariates are looked for only where nothing can be adjusted for."""
REVERSED = "reversed"
"""Code of the notice that the arrows run from the outcome to the treatment."""


def identify(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    *,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
    columns: Iterable[str] | None = None,
    limit: int = 100,
    costs: Mapping[str, float] | None = None,
) -> Identification:
    """Find every way to an effect, or what stands in the way.

    Parameters
    ----------
    graph
        With directed and bidirected edges only; see `identify_oriented` for undirected ones.
    treatment, outcome
        Names of observed nodes, or one name. Front doors and instruments are looked for with one of each.
    effect
        Total; or direct, for which adjustment alone is tried.
    must, never
        What each adjustment set holds, and what none may hold. Nothing in `never` is held fixed for an instrument
        either; as mediator, instrument or part of a general expression it may still serve.
    columns
        Names in the data; an observed node that is none of them counts as latent, and a notice says so.
    limit
        How many minimal adjustment sets to list at most.
    costs
        Node → what it costs to measure, for `cheapest`; 1 for each that is not named.

    Returns
    -------
    Identification
        The same for the same question, whatever the order of its parts.

    Raises
    ------
    GraphError
        If the graph has undirected edges; if a treatment or outcome is missing, latent, or both at once; if a name is
        in `must` and in `never`; if a cost is not a number above 0.
    UnknownVariableError
        If a name is no node, or a treatment or outcome no column.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> found = identify(graph, "t", "y")
    >>> found.identifiable, found.backdoor.minimal, [strategy.value for strategy in found.strategies]
    (True, (('w',),), ['backdoor', 'general'])
    """
    xs, ys = _side(graph, treatment, "treatment", columns), _side(graph, outcome, "outcome", columns)
    graph, notices = _as_in_data(graph, columns)
    question = adjustment_question(graph, xs, ys, effect=effect, must=must, never=never)
    total = effect is EffectKind.TOTAL
    null = _is_null(question)
    sets = _adjustment_sets(question, limit, costs or {})
    single = total and not null and len(xs) == len(ys) == 1
    doors, all_doors = frontdoor_sets(graph, xs[0], ys[0]) if single else ((), True)
    wanted = single and not doors and not (sets.minimal and len(graph.edges) > _LARGE)
    held_doors = _doors_within(graph, xs[0], ys[0], never) if wanted else ()
    movers = instruments(graph, xs[0], ys[0]) if single else ()
    general = _general(graph, xs, ys, sets) if total else GeneralIdentification()
    stuck = not sets.minimal and not null
    return Identification(
        treatment=xs,
        outcome=ys,
        effect=effect,
        null_effect=null,
        identifiable=bool(null or sets.minimal or doors or held_doors or general.identifiable),
        backdoor=sets,
        frontdoor=doors,
        conditional_frontdoor=held_doors,
        instruments=_without(movers, never),
        general=general,
        open_paths=paths_left_open(question) if stuck else (),
        additions=what_would_help(question) if stuck else (),
        notices=(*notices, *_notices(question, sets, all_doors=all_doors)),
    )


def _side(graph: CausalGraph, names: adjustment.Names, role: str, columns: Iterable[str] | None) -> Names:
    chosen = tuple(sorted({names} if isinstance(names, str) else set(names)))
    if not chosen:
        raise GraphError(f"no {role} is named", advice=f"Name the {role}.")
    known = None if columns is None else sorted(columns)
    for name in chosen:
        if name not in graph.names:
            raise UnknownVariableError(name, graph.names, role)
        if name in graph.latent:
            raise GraphError(
                f"the {role} {shown(name)} is not observed",
                reason="An effect can be computed only between variables that were measured.",
                advice="Name a measured variable, or mark the node as observed.",
            )
        if known is not None and name not in known:
            raise UnknownVariableError(name, known, f"column for the {role}")
    return chosen


def _as_in_data(graph: CausalGraph, columns: Iterable[str] | None) -> tuple[CausalGraph, tuple[Notice, ...]]:
    """Take observed nodes that are no columns for latent."""
    if columns is None:
        return graph, ()
    missing = frozenset(graph.names) - graph.latent - frozenset(columns)
    if not missing:
        return graph, ()
    notices = tuple(
        Notice(
            code="not_in_data",
            message=f"{shown(name)} is a node of the graph but no column of the data, so it counts as not observed.",
            subject=name,
        )
        for name in sorted(missing)
    )
    nodes = tuple(Node(name=node.name, observed=False) if node.name in missing else node for node in graph.nodes)
    return CausalGraph.model_construct(nodes=nodes, edges=graph.edges), notices


def _is_null(question: AdjustmentQuestion) -> bool:
    """Whether nothing leads from treatment to outcome; for the direct effect, whether no arrow does."""
    if question.effect is EffectKind.DIRECT:
        return not any(question.treatments & set(question.graph.parents_of[y]) for y in question.outcomes)
    return not mediating_nodes(question.graph, question.treatments, question.outcomes)


def _adjustment_sets(question: AdjustmentQuestion, limit: int, costs: Mapping[str, float]) -> AdjustmentSets:
    cheap = best_of_cheapest(question, costs)
    minimal, complete = minimal_sets(question, limit)
    best, least = best_of_all(question), best_of_minimal(question)
    extra = (names for names in (best, least, cheap) if names is not None)
    return AdjustmentSets(
        sets=tuple(dict.fromkeys((*minimal, *extra))),
        minimal=minimal,
        complete=complete,
        optimal=best,
        optimal_minimal=least,
        cheapest=cheap,
    )


def _general(graph: CausalGraph, xs: Names, ys: Names, sets: AdjustmentSets) -> GeneralIdentification:
    found = general_identification(graph, xs, ys)
    if sets.minimal and found.identifiable is None:
        return GeneralIdentification(identifiable=True, expression=found.expression)
    return found


def _doors_within(
    graph: CausalGraph, treatment: str, outcome: str, never: Iterable[str]
) -> tuple[ConditionalFrontDoor, ...]:
    """Find front doors within levels of covariates, none of which is ruled out."""
    ruled_out = frozenset(never)
    return tuple(
        ConditionalFrontDoor(mediators=mediators, given=given)
        for mediators, given in frontdoor_with_covariates(graph, treatment, outcome)
        if given and ruled_out.isdisjoint(given)
    )


def _without(movers: Iterable[Instrument], never: Iterable[str]) -> tuple[Instrument, ...]:
    ruled_out = frozenset(never)
    return tuple(mover for mover in movers if ruled_out.isdisjoint(mover.given))


def _notices(question: AdjustmentQuestion, sets: AdjustmentSets, *, all_doors: bool) -> tuple[Notice, ...]:
    found = [*_reversed(question), *_unusable(question)]
    if not sets.complete:
        text = f"There are more minimal adjustment sets than the {len(sets.minimal)} listed."
        found.append(Notice(code="sets_capped", message=text, count=len(sets.minimal), level=Level.INFO))
    if not all_doors:
        text = "There may be more front-door sets than those listed."
        found.append(Notice(code="frontdoor_capped", message=text, level=Level.INFO))
    return tuple(found)


def _reversed(question: AdjustmentQuestion) -> tuple[Notice, ...]:
    """Warn where the arrows run from the outcome to the treatment."""
    if not _is_null(question):
        return ()
    graph = question.graph
    pairs = [(x, y) for x in sorted(question.treatments) for y in sorted(question.outcomes)]
    return tuple(
        Notice(
            code=REVERSED,
            message=(
                f"In this graph {shown(y)} is a cause of {shown(x)}, not the other way round, so {shown(x)} has no "
                f"effect on {shown(y)}. Are treatment and outcome exchanged, or an arrow turned round?"
            ),
            subject=x,
        )
        for x, y in pairs
        if y in graph.ancestors((x,))
    )


def _unusable(question: AdjustmentQuestion) -> tuple[Notice, ...]:
    """Warn where a set was demanded that no valid set holds."""
    bad = question.held - question.allowed
    if not bad:
        return ()
    said = explain_adjustment(question.graph, question.treatments, question.outcomes, bad, question.effect)
    return tuple(
        Notice(
            code="must_not_valid",
            message=f"No valid set holds {shown(control.name)}. {control.message}",
            subject=control.name,
        )
        for control in said
        if control.name in bad
    )
