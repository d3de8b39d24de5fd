"""The numbers of an effect: prepared, estimated, tried, and laid beside DoWhy's, each stage told as it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.random import SeedSequence

from copilot.data.memory import give_back, return_large_arrays
from copilot.data.tables import Table
from copilot.domain.analysis import Analysis, Chosen
from copilot.domain.effects import Target
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Level, Notice
from copilot.estimation.design import Design, Prepared
from copilot.estimation.estimators.choice import Choice, choose
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask, Floats
from copilot.estimation.run_estimators import Estimated, estimate_all
from copilot.workflow.left_out import with_left_out
from copilot.workflow.progress import Progress
from copilot.workflow.try_effect import (
    MOST_NODES_TESTED,
    ask_reference,
    columns_of,
    implied_refutation,
    testable_columns,
    trial_of,
    try_effect,
)

if TYPE_CHECKING:
    from copilot.estimation.reference.client import Reference
    from copilot.workflow.effect import EffectPlan

_PREPARE, _ESTIMATE, _REFUTE, _REFERENCE, _IMPLIED = range(10, 15)
"""Branches of the run's seed, fixed for ever."""
_REFERENCE_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be computed, and with what.

    Parameters
    ----------
    plan
        What the user asked for.
    design, chosen
        How the effect is computed.
    graph
        The accepted one, with the nodes that are no columns latent.
    progress
        Told of the long steps.
    reference
        DoWhy, started; ``None`` leaves it out.
    """

    plan: EffectPlan
    design: Design
    chosen: Chosen
    graph: CausalGraph
    progress: Progress
    reference: Reference | None = None

    def seed(self, branch: int) -> SeedSequence:
        """Give a branch of the run's seed."""
        return SeedSequence(self.plan.seed, spawn_key=(branch,))


def compute(work: Work, table: Table, analysis: Analysis, told: Callable[[Analysis], None]) -> Analysis:
    """Compute an effect, and try it.

    Parameters
    ----------
    work
        What to compute.
    table
        The data.
    analysis
        As far as it is.
    told
        Given the analysis after each stage.

    Raises
    ------
    EstimationError
        If the numbers do not allow the headline estimate.
    """
    prepared, columns = _prepared(work, table)
    plan, progress, reference = work.plan, work.progress, work.reference
    ask = Ask(target=plan.wishes.target, seed=work.seed(_ESTIMATE), jobs=plan.jobs, on_step=progress.advance)
    choice = choose(prepared.problem, ask, plan.wishes.estimators)
    if reference is not None:
        seed = work.seed(_REFERENCE)
        ask_reference(reference, work.graph, plan.query, work.chosen, prepared, choice.headline, ask.target, seed)
    progress.start("Estimating")
    results = estimate_all(prepared, work.design, choice, ask)
    progress.done()
    analysis = analysis.model_copy(update=_estimated(work, analysis, prepared, choice, results))
    told(analysis)
    if plan.refute:
        analysis = analysis.model_copy(update=_tried(work, analysis, prepared, columns, results, ask))
        told(analysis)
    if reference is not None:
        progress.start("Waiting for DoWhy")
        answer = reference.answer(_REFERENCE_WAIT_S)
        progress.done()
        analysis = analysis.model_copy(update={"reference": answer})
    return analysis


def _prepared(work: Work, table: Table) -> tuple[Prepared, Mapping[str, Floats]]:
    """Give the numbers of the analysis, and of the columns on which implied independences are tested."""
    plan, design = work.plan, work.design
    testable = testable_columns(plan.wishes.refuters, work.graph) if plan.refute else ()
    return_large_arrays()
    give_back()  # what describing the columns took
    frame = table.frame((*design.columns, *(name for name in testable if name not in design.columns)))
    prepared = prepare(frame, table.profile, design, seed=work.seed(_PREPARE))
    columns = columns_of(frame, prepared.row_numbers, table.profile, testable, work.seed(_IMPLIED))
    del frame  # from here on the numbers alone are held
    give_back()
    return prepared, columns


def _estimated(
    work: Work, analysis: Analysis, prepared: Prepared, choice: Choice, results: Estimated
) -> dict[str, Any]:
    """Put what was estimated into the words of an analysis."""
    kept, common = prepared.problem.covariate_names, analysis.identification.common
    return {
        "chosen": with_left_out(work.chosen, kept, common, prepared.notices),
        "contrast": prepared.contrast.text,
        "contrast_reason": prepared.contrast.reason,
        "unit": prepared.unit,
        "rows_read": prepared.rows_read,
        "rows_used": prepared.rows_used,
        "choice_reason": choice.reason,
        "estimates": results.estimates,
        "notices": (
            *analysis.notices,
            *prepared.notices,
            *passed_over(choice),
            *results.notices,
            *_limits(work),
        ),
    }


def _tried(
    work: Work,
    analysis: Analysis,
    prepared: Prepared,
    columns: Mapping[str, Floats],
    results: Estimated,
    ask: Ask,
) -> dict[str, Any]:
    """Try the headline."""
    plan = work.plan
    tried = try_effect(
        trial_of(prepared, results, ask, plan, work.seed(_REFUTE)),
        plan.wishes.refuters,
        work.progress,
        lambda: implied_refutation(work.graph, columns, prepared, plan.query),
    )
    return {
        "refutations": tried.refutations,
        "sensitivity": tried.sensitivity,
        "notices": (*analysis.notices, *tried.notices),
    }


def passed_over(choice: Choice) -> tuple[Notice, ...]:
    """Say which estimators would have run but for the problem, and why they did not."""
    return tuple(
        Notice(
            code="estimator_passed_over",
            message=f"{name} was passed over: {reason.rstrip('.')}.",
            subject=name,
            level=Level.INFO,
        )
        for name, reason in choice.refused
    )


def _limits(work: Work) -> tuple[Notice, ...]:
    """Say what was asked for and is not given."""
    plan, told = work.plan, []
    if plan.wishes.target is Target.ATT and work.chosen.strategy is Strategy.IV:
        text = "The effect on the treated was asked for; instruments give the effect on those whom they move instead."
        told.append(Notice(code="target_not_given", message=text))
    observed = len(work.graph.names) - len(work.graph.latent)
    if plan.refute and not plan.wishes.refuters and observed > MOST_NODES_TESTED:
        text = f"Implied independences are not tested: the graph has {observed} observed nodes."
        told.append(Notice(code="implied_not_tested", message=text, count=observed, level=Level.INFO))
    return tuple(told)
