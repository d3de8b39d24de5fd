"""Negative controls: outcomes that the treatment cannot affect, put through the same analysis."""

from __future__ import annotations

import numpy as np

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.numbers import interval, number
from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.estimators.spread import p_value, quantile
from copilot.estimation.prepare.rank import full_rank
from copilot.estimation.problem import Fit, Floats, Problem
from copilot.estimation.refuters.measures import chance
from copilot.estimation.trial import Trial

_BLIND = (
    "It sees a hidden cause only if that cause also moves the negative control; what it does to the outcome alone "
    "stays unseen."
)
_EXPECTED = "no effect, since the treatment cannot affect it"
_TWO = 2
_POWER = 0.8416
"""Standard errors beyond the limit of the interval at which an effect is found in four samples of five."""


class NegativeControl:
    """Estimate the effect on each negative control, with the same estimator and the same covariates.

    An effect speaks for a hidden cause, or a wrong adjustment set (Lipsitch, Tchetgen Tchetgen & Cohen 2010,
    Epidemiology 21). No effect passes only if one of the headline's size, in standard deviations, could have been
    seen; otherwise it is *inconclusive*. Where there are several, the level of the interval is divided among them and
    the p-value is multiplied by their number (Bonferroni).
    """

    name = "negative_control"
    title = "negative control"
    question = Question.HIDDEN_CAUSE
    number = 6
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Try each control; none if none was named."""
        level = 1 - (1 - trial.ask.level) / max(1, len(trial.negative_controls))
        return tuple(self._try(trial, name, values, level) for name, values in trial.negative_controls.items())

    def _try(self, trial: Trial, name: str, values: Floats, level: float) -> Refutation:
        here = np.isfinite(values)
        problem, gone = trial.problem, int(np.sum(~here))
        tried = f"The same analysis was made with {shown(name)} as the outcome, which {trial.treatment} cannot affect"
        if not here.any() or float(np.ptp(values[here])) == 0.0:
            return self._unclear(name, tried, "it never varies in these rows", gone)
        if gone:
            problem = full_rank(problem.take(np.flatnonzero(here)))
            values = values[here]
        levels = np.unique(values[:1000]) if len(values) else values
        binary = len(levels) <= _TWO and bool(np.all(np.isin(values, (0.0, 1.0))))
        try:
            fit = trial.headline.estimator.fit(problem.with_outcome(values, binary=binary), trial.ask)
        except EstimationError as error:
            return self._unclear(name, tried, str(error.message), gone)
        if fit.se is None or not fit.se > 0:
            return self._unclear(name, tried, "no standard error came", gone)
        return self._judge(trial, name, tried, problem, values, fit, level, gone)

    def _judge(
        self,
        trial: Trial,
        name: str,
        tried: str,
        problem: Problem,
        values: Floats,
        fit: Fit,
        level: float,
        gone: int,
    ) -> Refutation:
        half = quantile(level, fit.df) * (fit.se or 0.0)
        limits = (fit.value - half, fit.value + half)
        own_sd, sd = float(np.std(values)), float(np.std(trial.problem.y))
        bias = fit.value / own_sd * sd if own_sd > 0 else 0.0
        seen = half / own_sd * sd if own_sd > 0 else float("inf")
        many = len(trial.negative_controls)
        p = min(1.0, many * p_value(fit.value, fit.se or 0.0, fit.df))
        observed = f"{number(fit.value)} ({interval(limits)}), {chance(p)}"
        found = f"{number(fit.value)} ({number(100 * level)} % interval {interval(limits)})"
        likely = seen * (half + _POWER * (fit.se or 0.0)) / half
        status, meaning = _weigh(trial, limits, bias, (seen, likely))
        return Refutation(
            refuter=self.name,
            question=self.question,
            subject=name,
            status=status,
            expected=_EXPECTED,
            observed=observed,
            value=fit.value,
            interval=limits,
            p_value=p,
            message=f"{tried}: {found}, {meaning}.",
            blind_spot=_BLIND,
            details={
                "rows": float(problem.n),
                "rows_missing": float(gone),
                "bias_in_outcome": bias,
                **({"p_value_multiplied_by": float(many)} if many > 1 else {}),
            },
        )

    def _unclear(self, name: str, tried: str, reason: str, gone: int) -> Refutation:
        return Refutation(
            refuter=self.name,
            question=self.question,
            subject=name,
            status=Status.INCONCLUSIVE,
            expected=_EXPECTED,
            observed=reason,
            message=f"{tried}, but {reason}: nothing can be concluded.",
            blind_spot=_BLIND,
            details={"rows_missing": float(gone)},
        )


def _weigh(trial: Trial, limits: tuple[float, float], bias: float, seen: tuple[float, float]) -> tuple[Status, str]:
    """Say what an interval of the effect on a control means for an outcome in its own units.

    `seen` holds the bias that just fits into the interval, and the one that would be found in four samples of five.
    """
    headline = trial.headline.fit.value
    if not limits[0] <= 0 <= limits[1]:
        return Status.FAILED, (
            "which speaks for something that moves both and is not adjusted for; in standard deviations a bias of "
            f"{number(bias)} in {trial.outcome}, beside an estimate of {number(headline)}"
        )
    if seen[0] > abs(headline):
        return Status.INCONCLUSIVE, (
            f"which holds zero, but is too wide to tell: a bias of the estimate's own size, {number(headline)}, "
            "would fit into it"
        )
    return Status.PASSED, (
        f"which holds zero; a bias of {number(seen[1])} in {trial.outcome} would have been seen in four samples of five"
    )


NEGATIVE_CONTROL = NegativeControl()
