"""The analysis that would be made of the question, made ready for whoever wants to hold something against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from numpy.random import SeedSequence

from copilot.data.tables import Table
from copilot.domain.analysis import Chosen
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Notice
from copilot.domain.review import ACCEPTED_AS_FILE, Review
from copilot.domain.variables import Query
from copilot.errors import EstimationError
from copilot.estimation.design import Design, Prepared
from copilot.estimation.estimators.choice import Choice, choose
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask, Estimator, Fit
from copilot.estimation.run_estimators import estimate_all
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, both, design_of, find_route

_PREPARE, _ESTIMATE = 30, 31
"""Branches of the run's seed, fixed for ever."""


@dataclass(frozen=True, slots=True)
class Main:
    """What the real analysis came to.

    Parameters
    ----------
    chosen, design
        How the effect is computed, in names; without groups and negative controls.
    prepared, estimator, fit
        Its numbers, and the headline.
    """

    chosen: Chosen
    design: Design
    prepared: Prepared
    estimator: Estimator
    fit: Fit


class RealAnalysis:
    """Makes numbers by the rules of the run; the analysis itself is made once, when it is first wanted.

    Parameters
    ----------
    graph
        The accepted one, with the nodes that are no columns unobserved; ``None`` without one.
    query
        Treatment and outcome.
    table, wishes, seed, jobs
        As everywhere.
    """

    def __init__(
        self, graph: CausalGraph | None, query: Query, table: Table, wishes: Wishes, *, seed: int, jobs: int
    ) -> None:
        self.graph, self.query, self.table, self.wishes = graph, query, table, wishes
        self.seed, self._jobs = seed, jobs
        self.treatment, self.outcome = both(query)
        self.notices: tuple[Notice, ...] = ()

    @property
    def ask(self) -> Ask:
        """What is asked of every estimator."""
        return Ask(target=self.wishes.target, seed=SeedSequence(self.seed, spawn_key=(_ESTIMATE,)), jobs=self._jobs)

    @property
    def plain(self) -> Design:
        """A design that adjusts for nothing, with the run's weights, clusters and rule for missing cells."""
        wishes = self.wishes
        return Design(
            treatment=self.treatment,
            outcome=self.outcome,
            contrast=wishes.contrast,
            missing=wishes.missing,
            weights=wishes.weights,
            cluster=wishes.cluster,
        )

    def prepared(self, design: Design) -> Prepared:
        """Read and encode the columns of a design.

        Raises
        ------
        EstimationError, UnknownVariableError
            As `prepare`.
        """
        frame = self.table.frame(design.columns)
        return prepare(frame, self.table.profile, design, seed=SeedSequence(self.seed, spawn_key=(_PREPARE,)))

    def fitted(self, prepared: Prepared, design: Design, estimator: Estimator) -> Fit:
        """Estimate, pooled over imputations.

        Raises
        ------
        EstimationError
            If the numbers do not allow it.
        """
        return estimate_all(prepared, design, Choice(estimator), self.ask).fitted[0].fit

    @cached_property
    def main(self) -> Main:
        """Make the real analysis.

        Raises
        ------
        CopilotError
            If there is none, or the numbers do not allow it.
        """
        chosen = self._chosen()
        design = replace(design_of(self.query, chosen, self.wishes), by=None, negative_controls=())
        prepared = self.prepared(design)
        estimator = choose(prepared.problem, self.ask, self.wishes.estimators).headline
        return Main(chosen, design, prepared, estimator, self.fitted(prepared, design, estimator))

    def _chosen(self) -> Chosen:
        wishes = self.wishes
        if self.graph is None:
            if wishes.adjust is None:
                raise EstimationError(
                    "the real analysis is not known without a graph", reason="Give --graph FILE, or --adjust NAMES."
                )
            return Chosen(strategy=Strategy.BACKDOOR, adjustment_set=wishes.adjust, reason="the set that you named")
        review = Review(graph=self.graph, approved_by=ACCEPTED_AS_FILE)
        plan = EffectPlan(
            review=review,
            graph_source="the graph",
            query=self.query,
            wishes=replace(wishes, by=None, negative_controls=()),
            seed=self.seed,
        )
        route = find_route(plan, self.table)
        if route.chosen is None:
            raise EstimationError("the graph gives no estimate of the effect, so none that could be tried")
        return route.chosen
