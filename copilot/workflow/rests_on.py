"""What an analysis rests on beyond its one graph: the other graphs that were plausible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.random import SeedSequence

from copilot.data.tables import Table
from copilot.domain.analysis import Analysis
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.changes import single_changes
from copilot.domain.many_graphs import GraphDraws
from copilot.domain.notice import Level, Notice
from copilot.errors import EstimationError
from copilot.estimation.design import Design
from copilot.estimation.problem import Ask
from copilot.workflow.many_graphs import is_oriented, look_at_many
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    from copilot.workflow.effect import EffectPlan

_DRAW, _ESTIMATE = 20, 21
"""Branches of the run's seed, fixed for ever."""


def what_it_rests_on(
    plan: EffectPlan, analysis: Analysis, graph: CausalGraph, table: Table, design: Design, progress: Progress
) -> Analysis:
    """Add what can be said beyond the headline: bounds, negative controls of both kinds, other graphs.

    Parameters
    ----------
    plan
        What the user asked for.
    analysis
        As far as it is.
    graph
        The accepted one, with the nodes that are no columns latent.
    table
        The data.
    design
        Of the headline; without one, treatment, outcome and wishes.
    progress
        Told of the long steps.
    """
    from copilot.workflow.bounding import wants_bounds, with_bounds, with_proximal

    if wants_bounds(plan, analysis):
        analysis = with_bounds(plan, analysis, table, design)
    if plan.wishes.negative_exposures and plan.wishes.negative_controls:
        analysis = with_proximal(plan, analysis, graph, table, design)
    return _under_many_graphs(plan, analysis, graph, table, design, progress) if plan.draws else analysis


def _under_many_graphs(
    plan: EffectPlan, analysis: Analysis, graph: CausalGraph, table: Table, design: Design, progress: Progress
) -> Analysis:
    """Add what becomes of the answer under many graphs, or why nothing can be said of it."""
    draws = _draws(plan, graph, design)
    if draws is None:
        text = (
            "The effect was not looked at under other graphs: some edges of this one have no direction, and there are "
            "no votes to draw graphs from."
        )
        notice = Notice(code="many_graphs_left_out", message=text, level=Level.INFO)
        return analysis.model_copy(update={"notices": (*analysis.notices, notice)})
    ask = Ask(target=plan.wishes.target, jobs=plan.jobs)
    seed = SeedSequence(plan.seed, spawn_key=(_ESTIMATE,))
    try:
        many = look_at_many(draws, analysis, graph, table, design, plan.wishes, ask, seed, progress)
    except EstimationError as error:
        text = f"The effect was not estimated under other graphs: {error.message}."
        notice = Notice(code="many_graphs_left_out", message=text)
        return analysis.model_copy(update={"notices": (*analysis.notices, notice)})
    return analysis.model_copy(update={"many_graphs": many})


def _draws(plan: EffectPlan, graph: CausalGraph, design: Design) -> GraphDraws | None:
    if plan.drawing is not None:
        from copilot.voting.drawn_graphs import draw_graphs

        seed = SeedSequence(plan.seed, spawn_key=(_DRAW,))
        return draw_graphs(plan.drawing.on(graph), seed, plan.draws)
    if not is_oriented(graph):
        return None
    return single_changes(graph, design.treatment, design.outcome)
