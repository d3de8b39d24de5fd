"""A causal forest by econml, with its own inference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import default_rng

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.adjusted import anew
from copilot.estimation.estimators.nuisances import independent_rows, inferred, settings, whole_seed
from copilot.estimation.problem import Ask, Fit, Floats, Problem, Refit

MAX_ROWS = 10_000
"""Rows that the forest is grown on at most."""
TREES = 400
UPPER_BOUND = "The error is an upper bound: rows' own errors are averaged as if they moved together."


class CausalForest:
    """A forest of effects, averaged (`econml.dml.CausalForestDML`).

    Wager & Athey 2018, *Journal of the American Statistical Association* 113; Athey, Tibshirani & Wager 2019,
    section 6. The error of the average is econml's: the mean of the rows' own variances, which is an upper bound.
    """

    name = "causal_forest"
    title = "causal forest"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse clusters, weights, and where there is nothing to learn."""
        if problem.weights is not None:
            return "the errors of a causal forest take rows as equally weighted, and these have weights"
        return independent_rows(self.title, problem, ask)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate over all rows, or over the treated.

        Raises
        ------
        EstimationError
            If econml fails or gives no finite number.
        """
        used = problem
        notes: tuple[str, ...] = (UPPER_BOUND,)
        if problem.n > MAX_ROWS:
            used = problem.take(np.sort(default_rng(ask.seed).choice(problem.n, MAX_ROWS, replace=False)))
            notes = (*notes, f"Grown on {MAX_ROWS:,} rows drawn at random from {problem.n:,}.")
        about = used.covariates[used.t > 0] if ask.target is Target.ATT else used.covariates

        def infer(y: Floats) -> Any:
            from econml.dml import CausalForestDML

            shared = settings(used, whole_seed(ask))
            model = CausalForestDML(**shared, n_estimators=TREES, n_jobs=1, drate=False)
            model.fit(y, used.t, X=used.covariates)
            return model.const_marginal_ate_inference(about)

        value, se = inferred(self.title, used, infer)
        return Fit(
            value=value,
            se=se,
            errors="econml, upper bound",
            diagnostics={"rows_grown_on": float(used.n), "trees": float(TREES)},
            notes=notes,
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew."""
        return anew(self, problem, ask)


CAUSAL_FOREST = CausalForest()
