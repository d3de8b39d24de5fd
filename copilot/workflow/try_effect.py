"""Try an estimate: refuters on the numbers, implied independences on the columns, DoWhy on the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from numpy.random import SeedSequence

from copilot.checks.implied import NAME as IMPLIED
from copilot.checks.implied import encode_columns, implied_independences, refutation_of, test_implied
from copilot.domain.analysis import Chosen
from copilot.domain.effects import Question, Refutation, Status, Target
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Names
from copilot.domain.notice import Notice
from copilot.domain.sensitivity import Sensitivity
from copilot.domain.text import shown
from copilot.domain.variables import Query, TableProfile
from copilot.errors import UnknownVariableError, UsageError
from copilot.estimation.design import Design, Prepared
from copilot.estimation.estimators.choice import FLEXIBLE_NAMES
from copilot.estimation.problem import Ask, Estimator, Floats, Integers, Problem
from copilot.estimation.reference.client import Reference
from copilot.estimation.reference.question import ReferenceQuestion
from copilot.estimation.refuters.registry import REFUTERS, refuter_named, run_refuters
from copilot.estimation.refuters.unobserved_common_cause import sensitivity
from copilot.estimation.run_estimators import Estimated
from copilot.estimation.trial import Trial
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

MOST_NODES_TESTED = 60
"""Observed nodes up to which implied independences are tested."""
MOST_ROWS = 20_000
"""Rows on which they are tested."""
MANY, FEW = 100, 20
"""Simulations of each refuter unless told; few where each takes a second, because the estimator learns its shape."""


class Plan(Protocol):
    """The part of a plan that a trial needs."""

    @property
    def query(self) -> Query:
        """Treatment and outcome."""
        ...

    @property
    def simulations(self) -> int | None:
        """For each simulating refuter, if somebody said so."""
        ...

    @property
    def jobs(self) -> int:
        """Workers."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """What the refuters found."""

    refutations: tuple[Refutation, ...]
    sensitivity: Sensitivity | None
    notices: tuple[Notice, ...]


def check_controls(design: Design, graph: CausalGraph) -> None:
    """Hold negative controls against the graph.

    Raises
    ------
    UsageError
        If one is treatment, outcome or adjusted for, or the treatment affects it under the graph.
    """
    roles = {design.treatment: "the treatment", design.outcome: "the outcome"}
    roles |= dict.fromkeys((*design.adjustment, *design.instruments, *design.mediators), "part of the design")
    for name in design.negative_controls:
        if name in roles:
            raise UsageError(
                f"{shown(name)} cannot be a negative control: it is {roles[name]}",
                reason="A negative control is an outcome of its own that the treatment cannot affect.",
                advice="Name another column with --negative-control.",
            )
        if name in graph.names and name in graph.descendants([design.treatment]):
            raise UsageError(
                f"{shown(name)} cannot be a negative control: under the graph the treatment affects it",
                reason="An effect on it would say nothing of a hidden cause.",
                advice="Name a column that the treatment cannot affect.",
            )


def testable_columns(refuters: Sequence[str], graph: CausalGraph) -> Names:
    """List the columns that the test of implied independences reads; none if it was not asked for."""
    if refuters and IMPLIED not in refuters:
        return ()
    observed = tuple(name for name in graph.names if name not in graph.latent)
    return observed if len(observed) <= MOST_NODES_TESTED else ()


def check_refuters(names: Sequence[str]) -> None:
    """Refuse a refuter that there is not.

    Raises
    ------
    UnknownVariableError
        With near names.
    """
    known = (*(refuter.name for refuter in REFUTERS), IMPLIED)
    for name in names:
        if name not in known:
            raise UnknownVariableError(name, known, "refuter")


def trial_of(prepared: Prepared, results: Estimated, ask: Ask, plan: Plan, seed: SeedSequence) -> Trial:
    """Put an estimate on trial."""
    headline = results.fitted[0]
    return Trial(
        problem=prepared.problem,
        ask=ask,
        headline=headline,
        second_opinion=results.second_opinion,
        negative_controls=prepared.negative_controls,
        treatment=plan.query.treatment or "",
        outcome=plan.query.outcome or "",
        simulations=plan.simulations or (FEW if headline.estimator.name in FLEXIBLE_NAMES else MANY),
        seed=seed,
        jobs=plan.jobs,
    )


def try_effect(
    trial: Trial, names: Sequence[str], progress: Progress, implied: Callable[[], Refutation | None]
) -> Tried:
    """Run the refuters that were named, or all; the order is theirs.

    Parameters
    ----------
    trial
        What is tried.
    names
        Of refuters, each tried once; empty for all.
    progress
        Advanced once a simulation.
    implied
        Makes the test of implied independences.
    """
    check_refuters(names)
    names = tuple(dict.fromkeys(names))
    chosen = tuple(refuter_named(name) for name in names if name != IMPLIED) if names else REFUTERS
    progress.start("Trying to refute", max(1, sum(trial.simulations for one in chosen if one.simulates)))
    trial = replace(trial, on_step=progress.advance)
    refutations, notices = run_refuters(trial, chosen)
    strength = sensitivity(trial) if any(one.name == "unobserved_common_cause" for one in chosen) else None
    progress.done()
    more = implied() if not names or IMPLIED in names else None
    found = (*refutations, *((more,) if more is not None else ()))
    silent = [name for name in names if name not in {one.refuter for one in found}]
    return Tried((*found, *map(_silent, silent)), strength, notices)


def nothing_learnt(name: str, question: Question, why: str) -> Refutation:
    """Say of a refuter that it could not tell, and why."""
    return Refutation(
        refuter=name,
        question=question,
        status=Status.INCONCLUSIVE,
        observed=why,
        message=f"{name} was to be tried, but {why}: nothing can be concluded.",
        blind_spot="It saw nothing here.",
    )


def _silent(name: str) -> Refutation:
    """Say that a refuter that was named has nothing to speak to."""
    if name == IMPLIED:
        why = f"the graph has more than {MOST_NODES_TESTED} observed nodes"
        return nothing_learnt(name, Question.HIDDEN_CAUSE, why)
    whys = {
        "negative_control": "no negative control was named (--negative-control)",
        "over_identification": "there are not several instruments to compare",
    }
    why = whys.get(name, "an analysis of this kind gives it nothing to try")
    return nothing_learnt(name, refuter_named(name).question, why)


def columns_of(
    frame: pd.DataFrame, rows: Integers, profile: TableProfile, names: Names, seed: SeedSequence
) -> Mapping[str, Floats]:
    """Encode columns for the test of implied independences, on the rows that were used or a sample of them."""
    import numpy as np

    if not names:
        return {}
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    return encode_columns(frame.iloc[rows], profile, names, seed=seed)


def implied_refutation(
    graph: CausalGraph, columns: Mapping[str, Floats], prepared: Prepared, query: Query
) -> Refutation | None:
    """Test what the graph says of the columns beside the effect; ``None`` if there are no columns to try."""
    if not columns:
        return None
    if prepared.problem.clusters is not None or prepared.problem.weights is not None:
        why = "rows are weighted or depend on each other, and the test takes them for alike and independent"
        return nothing_learnt(IMPLIED, Question.HIDDEN_CAUSE, why)
    independences, _complete = implied_independences(graph, tuple(columns), first=(query.treatment, query.outcome))
    return refutation_of(test_implied(columns, independences), query.treatment or "", query.outcome or "")


def ask_reference(
    reference: Reference,
    graph: CausalGraph,
    query: Query,
    chosen: Chosen,
    prepared: Prepared,
    estimator: Estimator,
    target: Target,
    seed: SeedSequence,
) -> None:
    """Put the same question to DoWhy, which answers while our own work goes on."""

    def ours(problem: Problem) -> float:
        return estimator.fit(problem, Ask()).value

    # DoWhy is asked for the average over everybody; another target would be another number.
    name = estimator.name if target is Target.ATE else f"{estimator.name} of the {target}"

    reference.ask(
        ReferenceQuestion(
            graph=graph,
            treatment=query.treatment or "",
            outcome=query.outcome or "",
            problem=prepared.problem,
            ours=ours,
            estimator=name,
            adjustment=chosen.adjustment_set,
            instruments=chosen.instruments,
            mediators=chosen.mediators,
            seed=seed,
        )
    )
