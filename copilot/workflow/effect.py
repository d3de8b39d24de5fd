"""From an accepted graph to an effect that was tried: identify, prepare, estimate, refute, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copilot.data.graph_files import check_columns
from copilot.data.tables import Table
from copilot.domain.analysis import Analysis, Chosen
from copilot.domain.findings import Finding
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import OrientedIdentification, Strategy
from copilot.domain.notice import Level, Notice
from copilot.domain.review import Approval, Review
from copilot.domain.text import shown
from copilot.domain.variables import Kind, Query
from copilot.errors import UnknownVariableError, UsageError
from copilot.estimation.design import Design
from copilot.workflow.choose_design import Wishes, choose_design
from copilot.workflow.counted_rows import of_counts
from copilot.workflow.dependent_rows import of_dependent
from copilot.workflow.left_out import identifiers_in_the_way
from copilot.workflow.progress import Progress, Silent
from copilot.workflow.verdict import judge

if TYPE_CHECKING:
    from copilot.estimation.reference.client import Reference
    from copilot.voting.voices import Drawing

_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class EffectPlan:
    """What is to be computed from one accepted graph.

    Parameters
    ----------
    review, graph_source
        The graph, who accepted it, and where it came from.
    query
        Treatment and outcome; both are known.
    wishes
        What the user asked for beyond that.
    seed
        Of the run.
    simulations
        For each simulating refuter; ``None`` for what suits the estimator.
    jobs
        Workers.
    refute
        Whether the estimate is tried.
    suspected, findings
        As in `Analysis`.
    drawing
        Votes from which other graphs are drawn; without them the accepted graph is changed one edge at a time.
    draws
        How many graphs are drawn; 0 leaves other graphs out.
    """

    review: Review
    graph_source: str
    query: Query
    wishes: Wishes = Wishes()
    seed: int = 0
    simulations: int | None = None
    jobs: int = 1
    refute: bool = True
    suspected: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    drawing: Drawing | None = None
    draws: int = 0


def find_strategies(
    graph: CausalGraph, query: Query, table: Table, graph_source: str
) -> tuple[CausalGraph, OrientedIdentification, tuple[Notice, ...]]:
    """Lay the graph beside the table and find every strategy it offers.

    Returns
    -------
    tuple
        The graph with the nodes that are no columns latent; what it offers; and what a reader must know.

    Raises
    ------
    UnknownVariableError
        If treatment or outcome is no node.
    GraphFileError
        If a node differs from a column by case or blanks alone.
    """
    profile = table.profile
    treatment, outcome = both(query)
    for role, name in (("treatment", treatment), ("outcome", outcome)):
        if name not in graph.names:
            raise UnknownVariableError(name, graph.names, f"{role} in the graph")
    laid, notices = check_columns(graph, profile.names, graph_source)
    never = [
        column.name
        for column in profile.columns
        if column.kind is Kind.IDENTIFIER and column.name in laid.names and column.name not in {treatment, outcome}
    ]
    found = identify_oriented(laid, treatment, outcome, never=never)
    if never:
        free = identify_oriented(laid, treatment, outcome)
        notices = (*notices, *identifiers_in_the_way(profile, found.common, free.common))
    return laid, found, notices


@dataclass(frozen=True, slots=True)
class Route:
    """How the effect is to be computed, found out before anything is.

    Parameters
    ----------
    graph
        The accepted one, with the nodes that are no columns latent.
    found
        What it offers.
    chosen
        What is taken; ``None`` if nothing can be, or the effect is zero by assumption.
    notices
        What a reader must know.
    """

    graph: CausalGraph
    found: OrientedIdentification
    chosen: Chosen | None
    notices: tuple[Notice, ...] = ()


def find_route(plan: EffectPlan, table: Table) -> Route:
    """Identify, choose, and hold every wish against graph and table; no data are read.

    Raises
    ------
    UsageError
        If a wish cannot be carried out.
    EstimationError
        If the columns do not allow it.
    """
    laid, found, notices = find_strategies(plan.review.graph, plan.query, table, plan.graph_source)
    chosen = None if found.common.null_effect else choose_design(laid, found, table.profile, plan.wishes)
    if plan.wishes.monotone_instrument is not None:
        from copilot.workflow.bounding import check_monotone

        check_monotone(plan.wishes.monotone_instrument, both(plan.query), table.profile)
    if plan.wishes.negative_exposures:
        from copilot.workflow.bounding import check_exposures

        check_exposures(plan.wishes.negative_exposures, plan.wishes.negative_controls, both(plan.query), laid)
    if chosen is not None:
        from copilot.estimation.prepare.checks import check_design
        from copilot.workflow.try_effect import check_controls

        design = design_of(plan.query, chosen, plan.wishes)
        check_controls(design, laid)
        check_design(table.profile, design)
        if plan.wishes.by is not None:
            from copilot.workflow.groups_by import check_groups

            notices = (*notices, *check_groups(plan.wishes.by, chosen, laid, found, force=plan.wishes.force))
    return Route(laid, found, chosen, notices)


def _require_accepted(review: Review) -> None:
    if review.approval is Approval.NOBODY:
        raise UsageError(
            "nobody has accepted this graph yet",
            reason="No effect is computed from a graph that nobody stands for.",
            advice="Review it with `copilot review`, or accept it as it stands with --yes.",
        )


def analyse(
    plan: EffectPlan,
    table: Table,
    *,
    route: Route | None = None,
    reference: Reference | None = None,
    progress: Progress | None = None,
    told: Callable[[Analysis], None] = lambda _: None,
) -> Analysis:
    """Compute an effect from an accepted graph, and try it.

    Parameters
    ----------
    plan
        What to compute.
    table
        The data.
    route
        What `find_route` gave, if it was asked before.
    reference
        DoWhy, started; ``None`` leaves it out.
    progress
        Told of the long steps.
    told
        Given the analysis as far as it is, after each stage.

    Returns
    -------
    Analysis
        Without estimates where no strategy is open or the effect is zero by assumption.

    Raises
    ------
    UsageError
        If nobody has accepted the graph, or the user insists on what it refuses.
    EstimationError
        If the numbers do not allow the headline estimate.
    """
    _require_accepted(plan.review)
    route = route or find_route(plan, table)
    laid, found, notices, chosen = route.graph, route.found, route.notices, route.chosen
    analysis = Analysis(
        query=plan.query,
        review=plan.review,
        graph_source=plan.graph_source,
        identification=found,
        chosen=chosen,
        rows_read=table.profile.rows,
        suspected=plan.suspected,
        findings=plan.findings,
        notices=(
            *of_reading(plan, laid, table),
            *notices,
            *_not_drawn(laid, table),
            *of_counts(laid, table, plan.wishes.weights),
            *of_dependent(plan.query, table, plan.wishes.cluster),
            *found.common.notices,
        ),
    )
    told(analysis)
    progress = progress or Silent()
    design = design_of(plan.query, chosen or Chosen(strategy=Strategy.BACKDOOR), plan.wishes)
    if chosen is not None:
        from copilot.workflow.effect_numbers import Work, compute

        analysis = compute(Work(plan, design, chosen, laid, progress, reference), table, analysis, told)
    if plan.refute or plan.draws:
        from copilot.workflow.rests_on import what_it_rests_on

        analysis = what_it_rests_on(plan, analysis, laid, table, design, progress)
        told(analysis)
    return analysis.model_copy(update={"verdict": judge(analysis)})


def of_reading(plan: EffectPlan, graph: CausalGraph, table: Table) -> Iterator[Notice]:
    """Give what was said while the table was read; what is said of a column that takes no part changes nothing."""
    wishes = plan.wishes
    named = {wishes.by, wishes.weights, wishes.cluster, wishes.monotone_instrument}
    part = {*graph.names, *named, *(wishes.adjust or ()), *wishes.negative_controls, *wishes.negative_exposures}
    columns = {column.name for column in table.profile.columns}
    for notice in table.profile.notices:
        idle = notice.subject in columns - part
        yield notice.model_copy(update={"level": Level.INFO}) if idle else notice


def _not_drawn(graph: CausalGraph, table: Table) -> tuple[Notice, ...]:
    """Say which columns the graph leaves out; a forgotten confounder would be among them."""
    names = [column.name for column in table.profile.columns if column.name not in graph.names]
    if not names:
        return ()
    listed = ", ".join(map(shown, names[:_MOST_LISTED])) + (" …" if len(names) > _MOST_LISTED else "")
    many = f"{len(names)} columns are" if len(names) > 1 else "1 column is"
    message = f"{many} not in the graph, which so says nothing of them: {listed}"
    return (Notice(code="columns_not_in_graph", message=message, count=len(names), level=Level.INFO),)


def both(query: Query) -> tuple[str, str]:
    """Give treatment and outcome.

    Raises
    ------
    UsageError
        If one is missing.
    """
    if query.treatment is None or query.outcome is None:
        missing = "treatment" if query.treatment is None else "outcome"
        raise UsageError(f"no {missing} was named", advice=f"Name a column with {'-t' if missing[0] == 't' else '-o'}.")
    return query.treatment, query.outcome


def design_of(query: Query, chosen: Chosen, wishes: Wishes) -> Design:
    """Write down the design of an analysis in names."""
    treatment, outcome = both(query)
    return Design(
        treatment=treatment,
        outcome=outcome,
        strategy=chosen.strategy,
        adjustment=chosen.adjustment_set,
        instruments=chosen.instruments,
        mediators=chosen.mediators,
        contrast=wishes.contrast,
        missing=wishes.missing,
        weights=wishes.weights,
        cluster=wishes.cluster,
        by=wishes.by,
        negative_controls=wishes.negative_controls,
    )
