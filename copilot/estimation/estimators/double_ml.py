"""Double machine learning by econml, with its own inference."""

from __future__ import annotations

from typing import Any

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.adjusted import anew
from copilot.estimation.estimators.algebra import even
from copilot.estimation.estimators.nuisances import independent_rows, inferred, settings, whole_seed
from copilot.estimation.problem import Ask, Fit, Floats, Problem, Refit


class DoubleML:
    """The partially linear model, residual on residual, with boosted trees (`econml.dml.LinearDML`).

    Chernozhukov et al. 2018, *Econometrics Journal* 21, section 4.1. One effect for all rows is assumed: where it
    varies, the number is an average that weighs rows by the variance of their treatment given covariates.
    """

    name = "double_ml"
    title = "double machine learning"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse clusters, the effect on the treated, and where there is nothing to learn."""
        if ask.target is Target.ATT:
            return "double machine learning with one effect for all rows has none of its own for the treated"
        return independent_rows(self.title, problem, ask)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate; errors are econml's, robust to heteroskedasticity.

        Raises
        ------
        EstimationError
            If econml fails or gives no finite number.
        """

        def infer(y: Floats) -> Any:
            from econml.dml import LinearDML

            model = LinearDML(**settings(problem, whole_seed(ask)))
            model.fit(y, problem.t, X=None, W=problem.covariates, sample_weight=even(problem))
            return model.const_marginal_ate_inference()

        value, se = inferred(self.title, problem, infer)
        return Fit(
            value=value,
            se=se,
            errors="econml, HC1",
            notes=("One effect for all rows is assumed, and no shape of the confounding.",),
            target=Target.ATE,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew."""
        return anew(self, problem, ask)


DOUBLE_ML = DoubleML()
