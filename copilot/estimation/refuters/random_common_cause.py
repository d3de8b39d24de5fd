"""Random common cause: one more covariate that is pure noise must leave the estimate where it is."""

from __future__ import annotations

import math

from numpy.random import Generator

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.numbers import number
from copilot.estimation.problem import Refit
from copilot.estimation.refuters.measures import LEVEL, ROUGH, attempt, centre_of, departure, result
from copilot.estimation.refuters.simulate import Claim, Draws, claim_of
from copilot.estimation.trial import Trial

MARGIN, TYPICAL = 0.1, 0.5
"""Shift of the centre, and typical shift of one simulation, that are let pass, in standard errors."""
ROUGH_MARGIN, ROUGH_TYPICAL = 1.0, 1.25
"""The same for estimators that sort rows anew."""
_EXPECTED = "an estimate that stays where it is"
_BLIND = (
    "It says nothing of real hidden common causes: noise that is independent of everything stands for none of them. "
    "It only shows whether the computation bears one more covariate."
)


class RandomCommonCause:
    """Add a covariate of independent standard normal noise.

    In least squares such a covariate shifts the estimate by the product of two independent errors, its own
    coefficient and its slope on the treatment: nothing on average, and about se / sqrt(n) in one simulation. Failing
    means that noise alone moves the centre by more than a tenth of the standard error, beyond simulation error at the
    5 % level, or one estimate typically by more than half of it: the computation is unstable, as with nearly
    collinear or too many covariates, or with an estimator that picks up noise. Matching and stratification sort all
    rows anew and may move by as much as a standard error.
    """

    name = "random_common_cause"
    title = "random common cause"
    question = Question.SOUNDNESS
    number = 2
    simulates = True

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Add noise, estimate, and hold the estimates against the one without it.

        Raises
        ------
        EstimationError
            If the estimator cannot be made ready.
        """
        n = trial.problem.n

        def one(rng: Generator, refit: Refit) -> float:
            return refit.covariate(rng.standard_normal(n))

        claim = claim_of(trial)
        tried = f"A covariate of pure noise was added {trial.simulations} times"
        none = f"{trial.headline.estimator.title} claims no standard error to measure a shift by"
        lacking = none if claim.se is None else ""
        draws = attempt(self, trial, one, tried=tried, expected=_EXPECTED, blind_spot=_BLIND, lacking=lacking)
        if isinstance(draws, Refutation):
            return (draws,)
        return (self._verdict(trial, draws, claim, tried),)

    def _verdict(self, trial: Trial, draws: Draws, claim: Claim, tried: str) -> Refutation:
        centre, se = centre_of(draws.values), claim.error
        shift = centre.value - claim.value
        rough = trial.headline.estimator.name in ROUGH
        p_value = departure(centre, claim.value, (ROUGH_MARGIN if rough else MARGIN) * se)
        typical = math.hypot(shift, centre.spread)
        moved, restless = p_value < LEVEL, typical > (ROUGH_TYPICAL if rough else TYPICAL) * se
        if moved or restless:
            meaning = "so noise alone moves the estimate, and the computation is unstable"
        else:
            meaning = "so the estimate bears one more covariate"
        return result(
            self,
            draws,
            status=Status.FAILED if moved or restless else Status.PASSED,
            expected=f"{_EXPECTED}, {number(claim.value)}",
            observed=f"{centre.word} {number(centre.value)}, typical shift {number(typical / se, 2)} standard errors",
            value=centre.value,
            p_value=None,
            message=(
                f"{tried}, which should leave the estimate of {number(claim.value)} where it is; it came to "
                f"{number(centre.value)} on average and typically moved by {number(typical)}, "
                f"{number(typical / se, 2)} of its standard error of {number(se)}, {meaning}."
            ),
            blind_spot=_BLIND,
            details={
                "shift": shift,
                "shift_p": p_value,
                "typical_shift": typical,
                "shift_by_chance": se / math.sqrt(trial.problem.n),
                "simulation_error": centre.error,
            },
        )


RANDOM_COMMON_CAUSE = RandomCommonCause()
