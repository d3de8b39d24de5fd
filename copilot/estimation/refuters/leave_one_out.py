"""Leave one out: what the estimate would have been had one covariate not been measured."""

from __future__ import annotations

import math

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.estimators.choice import FLEXIBLE_NAMES
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.moments import Moments
from copilot.estimation.refuters.simulate import claim_of
from copilot.estimation.trial import Trial

MOST = 50
"""Covariates for which the estimator is fitted anew; beyond, and where that is slow, linear regression answers."""
_SLOW = frozenset({*FLEXIBLE_NAMES, "matching"})
_BLIND = "It shows what measured covariates do; a hidden cause may be weaker or stronger than any of them."
_EXPECTED = "an estimate that no single covariate makes or breaks"


class LeaveOneOut:
    """Leave out each covariate in turn.

    *Failed* if the interval leaves no doubt of the sign and without one of them the effect would have the other, at
    least two standard errors from zero; *passed* if the estimate stays within the headline's interval whichever is left
    out; *inconclusive* between. Where the interval holds zero there is no sign to lose: that a confounder alone makes
    an association is what adjusting for it is for.
    """

    name = "leave_one_out"
    title = "leave one covariate out"
    question = Question.HIDDEN_CAUSE
    number = 8
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Leave out; nothing to say where nothing is adjusted for."""
        problem, fit = trial.problem, trial.headline.fit
        names = problem.covariate_names
        if problem.strategy is not Strategy.BACKDOOR or not names or fit.se is None or not fit.se > 0:
            return ()
        linear = trial.headline.estimator.name in {"linear_regression", *_SLOW} or len(names) > MOST
        found = _by_regression(trial) if linear else _by_fitting(trial)
        if not found:
            return ()
        start = Moments(problem)
        # an estimate that was pooled over imputations is not the one that these rows give
        own = start.slope(start.covariates) if linear else claim_of(trial).value
        half = quantile(trial.ask.level, fit.df) * fit.se
        name = max(found, key=lambda one: (abs(found[one] - own), one))
        value = found[name]
        errors = abs(value - own) / fit.se
        low, high = fit.interval or (fit.value - half, fit.value + half)
        if value * own < 0 and abs(value) > 2 * fit.se and not low <= 0 <= high:
            status, meaning = Status.FAILED, f"the sign of the effect hangs on {shown(name)} alone"
        elif abs(value - own) <= half:
            status, meaning = Status.PASSED, "no single covariate moves it beyond its interval"
        else:
            status = Status.INCONCLUSIVE
            meaning = f"the estimate leans on {shown(name)}: a hidden cause like it would matter"
        by = "" if not linear or trial.headline.estimator.name == "linear_regression" else ", by linear regression"
        return (
            Refutation(
                refuter=self.name,
                question=self.question,
                status=status,
                expected=_EXPECTED,
                observed=f"{number(value)} without {shown(name)}, {number(errors, 2)} standard errors away",
                value=value,
                message=(
                    f"{_tried(len(found))}{by}; the estimate of {number(own)} moves{' most' if len(found) > 1 else ''} "
                    f"without {shown(name)}, to {number(value)}, {number(errors, 2)} standard errors away: {meaning}."
                ),
                blind_spot=_BLIND,
                details={f"without {one}": left for one, left in found.items()},
            ),
        )


def _tried(many: int) -> str:
    return f"Each of {many} covariates was left out in turn" if many > 1 else "The one covariate was left out"


def _by_regression(trial: Trial) -> dict[str, float]:
    moments = Moments(trial.problem)
    values = {}
    for name in trial.problem.covariate_names:
        own = set(moments.columns_of(name))
        values[name] = moments.slope([place for place in moments.covariates if place not in own])
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _by_fitting(trial: Trial) -> dict[str, float]:
    values = {}
    for name in trial.problem.covariate_names:
        try:
            value = trial.headline.estimator.fit(trial.problem.without(name), trial.ask).value
        except EstimationError:
            continue
        if math.isfinite(value):
            values[name] = value
    return values


LEAVE_ONE_OUT = LeaveOneOut()
