"""Double machine learning by econml, with its own inference."""

from __future__ import annotations

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.nuisances import checked, failed, independent_rows, settings, whole_seed
from copilot.estimation.estimators.quiet import quiet
from copilot.estimation.problem import Ask, Fit, PlainRefit, Problem, Refit


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
        from threadpoolctl import threadpool_limits

        with quiet():
            from econml.dml import LinearDML

            try:
                with threadpool_limits(1):
                    model = LinearDML(**settings(problem, whole_seed(ask)))
                    model.fit(problem.y, problem.t, X=None, W=problem.covariates, sample_weight=problem.weights)
                    found = model.const_marginal_ate_inference()
            except (ValueError, ArithmeticError) as error:
                raise failed(self.title, error) from error
            value, se = float(found.mean_point.ravel()[0]), float(found.stderr_mean.ravel()[0])
        value, se = checked(self.title, value, se)
        return Fit(
            value=value * problem.step,
            se=se * abs(problem.step),
            errors="econml, HC1",
            notes=("One effect for all rows is assumed, and no shape of the confounding.",),
            target=Target.ATE,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew."""

        def point(changed: Problem) -> float:
            try:
                return float("nan") if self.refuses(changed, ask) else self.fit(changed, ask).value
            except EstimationError:
                return float("nan")

        return PlainRefit(point, problem)


DOUBLE_ML = DoubleML()
