"""The second opinion: the headline against an estimator that learns the shape of the confounding."""

from __future__ import annotations

import math

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.estimation.estimators.choice import FLEXIBLE_NAMES
from copilot.estimation.estimators.spread import quantile, standard_error
from copilot.estimation.problem import Fit
from copilot.estimation.refuters.measures import inconclusive
from copilot.estimation.trial import Fitted, Trial

MOST_ERRORS = 2.0
"""Standard errors between the two that are an alarm."""
AGREED = 1.0
"""Standard errors up to which two estimates say the same."""
_IMPRECISE = 3.0
"""Standard errors of the headline, from which that of the second opinion is too large to disagree."""
_BLIND = "Both adjust for the same columns: a hidden common cause moves both alike, and they agree on a wrong number."
_EXPECTED = (
    f"two estimates of one sign within {AGREED:g} standard error of each other; beyond {MOST_ERRORS:g} is an alarm"
)


class SecondOpinion:
    """Hold the headline against the flexible estimator beside it.

    The yardstick is the largest of the two standard errors and that of the difference, which influence functions
    give where both estimators have them (Hausman 1978, Econometrica 46, in spirit): a difference beyond two of it
    speaks for a wrong functional form, effects that differ between groups, or thin overlap. Estimates that differ by
    more than one, in their sign, or in whether their interval holds zero, do not support each other: *inconclusive*.
    """

    name = "second_opinion"
    title = "second opinion"
    question = Question.SOUNDNESS
    number = 10
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Compare; nothing to say where nothing is adjusted for or the headline is flexible itself."""
        problem, headline = trial.problem, trial.headline
        if problem.strategy is not Strategy.BACKDOOR or not problem.covariates.shape[1]:
            return ()
        if headline.estimator.name in FLEXIBLE_NAMES:
            return ()
        tried = f"{headline.estimator.title} was held against a flexible estimator of the same effect"
        second = trial.second_opinion
        if second is None:
            reason = "none was run or none takes this problem"
            return (inconclusive(self, tried=tried, reason=reason, expected=_EXPECTED, blind_spot=_BLIND),)
        whose = [str(one.fit.target or trial.ask.target) for one in (headline, second)]
        if whose[0] != whose[1]:
            reason = f"the first is the {whose[0]} and the second the {whose[1]}, which are effects on different people"
            return (inconclusive(self, tried=tried, reason=reason, expected=_EXPECTED, blind_spot=_BLIND),)
        own, other = headline.fit.se, second.fit.se
        if own is None or other is None or not (math.isfinite(own) and math.isfinite(other)):
            reason = "one of them has no standard error"
            return (inconclusive(self, tried=tried, reason=reason, expected=_EXPECTED, blind_spot=_BLIND),)
        return (self._judge(trial, headline, second, max(own, other, _error_of_difference(trial, second))),)

    def _judge(self, trial: Trial, headline: Fitted, second: Fitted, yardstick: float) -> Refutation:
        apart = second.fit.value - headline.fit.value
        errors = abs(apart) / yardstick if yardstick > 0 else 0.0
        own, other = headline.fit.se or 0.0, second.fit.se or 0.0
        if errors > MOST_ERRORS:
            status = Status.FAILED
            meaning = (
                "too far apart for chance: straight lines do not fit the confounding, the effect differs between "
                "groups, or the two arms hardly overlap"
            )
        elif reason := _apart(trial, headline.fit, second.fit, errors):
            status = Status.INCONCLUSIVE
            meaning = f"too close for chance to tell them apart, but {reason}"
        elif other > _IMPRECISE * own:
            status = Status.INCONCLUSIVE
            meaning = "but the second is too imprecise to disagree"
        else:
            status = Status.PASSED
            meaning = "so the shape of the regression is not what makes the estimate"
        first, then = number(headline.fit.value), number(second.fit.value)
        return Refutation(
            refuter=self.name,
            question=self.question,
            status=status,
            expected=_EXPECTED,
            observed=f"{first} beside {then}, {number(errors, 2)} standard errors apart",
            value=apart,
            message=(
                f"{headline.estimator.title} gives {first} and {second.estimator.title} {then} for the effect on "
                f"{trial.outcome}, {number(errors, 2)} standard errors apart, {meaning}."
            ),
            blind_spot=_BLIND,
            details={"standard_errors_apart": errors, "yardstick": yardstick},
        )


def _apart(trial: Trial, one: Fit, other: Fit, errors: float) -> str:
    """Say in what two estimates differ that a reader would act on; empty if in nothing."""
    if one.value * other.value < 0:
        return "of opposite sign"
    holds = [low <= 0 <= high for low, high in (_interval(trial, fit) for fit in (one, other))]
    if holds[0] != holds[1]:
        return f"the interval of the {'first' if holds[0] else 'second'} alone holds zero"
    if errors > AGREED:
        return "too far apart to say that they agree"
    return ""


def _interval(trial: Trial, fit: Fit) -> tuple[float, float]:
    half = quantile(trial.ask.level, fit.df) * (fit.se or 0.0)
    return fit.interval or (fit.value - half, fit.value + half)


def _error_of_difference(trial: Trial, second: Fitted) -> float:
    """Give the standard error of the difference by influence functions; 0 where one has none."""
    one, other = trial.headline.fit.influence, second.fit.influence
    if one is None or other is None or one.shape != other.shape or len(one) != trial.problem.n:
        return 0.0
    error = standard_error(one - other, trial.problem)
    return error if math.isfinite(error) else 0.0


SECOND_OPINION = SecondOpinion()
