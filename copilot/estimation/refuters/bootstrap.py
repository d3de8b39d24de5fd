"""Bootstrap: rows drawn again must scatter as the standard error says."""

from __future__ import annotations

from types import MappingProxyType

from numpy.random import Generator

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.numbers import interval, number
from copilot.estimation.problem import Problem, Refit
from copilot.estimation.refuters.measures import (
    LEAN,
    LEVEL,
    attempt,
    centre_of,
    departure,
    inconclusive,
    middle,
    result,
    spread_bounds,
    without_moments,
)
from copilot.estimation.refuters.resample import Resample
from copilot.estimation.refuters.simulate import Claim, Draws, claim_of
from copilot.estimation.trial import Trial

MARGIN = 0.25
"""Shift of the centre that is let pass, in standard errors: the bootstrap itself is biased by about as much."""
NARROWEST, WIDEST = 0.75, 1.33
"""Ratios of the bootstrap's spread to the claimed standard error that are let pass."""
CROWDED = 0.4
"""Columns per row from which on drawing rows again, which leaves 63 % of them different, widens estimates by itself."""
_FOLDS = (
    "the bootstrap is not valid with cross-fitting: a row drawn twice stands in two folds, and is predicted by a model "
    "that has seen it"
)
INVALID = MappingProxyType(
    {
        "matching": "the bootstrap is not valid for matching (Abadie & Imbens 2008)",
        "causal_forest": "the bootstrap is not valid for a forest whose trees keep apart the rows that choose splits "
        "and the rows that estimate: a row drawn twice stands on both sides",
        "double_ml": _FOLDS,
        "flexible": _FOLDS,
    }
)
"""Estimators that are not tried, and why."""
CAUTIOUS = frozenset({"stratification"})
"""Estimators whose errors take the fitted score as known and so are too large rather than too small, as what the fit
takes out of the outcome is not credited (Lunceford & Davidian 2004, *Statistics in Medicine* 23)."""
_LONG = " and the interval too long: it counts as chance what strata of a fitted score take out"
_EXPECTED = "estimates that centre on the headline and scatter by its standard error"
_BLIND = (
    "It says nothing of hidden common causes nor of a wrong model: drawing rows again repeats every bias. It only "
    "shows whether the standard error can be trusted."
)


class Bootstrap:
    """Draw rows, or clusters, with replacement; nothing is added to them.

    The spread of the estimates is compared with the claimed standard error (Efron 1979, *Annals of Statistics* 7).
    Failing means that their ratio lies outside 0.75 to 1.33 by more than simulation error at the 5 % level, so that
    interval and p-value of the headline cannot be trusted, or that the centre is shifted by more than a quarter of a
    standard error. With one or two instruments that is *inconclusive*: see `without_moments`.
    """

    name = "bootstrap"
    title = "bootstrap"
    question = Question.SOUNDNESS
    number = 4
    simulates = True

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Draw rows again, estimate, and hold the scatter against the claimed error.

        Raises
        ------
        EstimationError
            If the estimator cannot be made ready.
        """
        sample = Resample(trial.problem)
        name = trial.headline.estimator.name
        reason = INVALID.get(name, "") or sample.too_few("to draw again") or _crowded(trial.problem)
        if reason:
            tried = f"The {sample.word} were to be drawn again"
            return (inconclusive(self, tried=tried, reason=reason, expected=_EXPECTED, blind_spot=_BLIND),)

        def one(rng: Generator, refit: Refit) -> float:
            return refit.rows(sample.again(rng))

        claim = claim_of(trial)
        tried = f"The {sample.units:,} {sample.word} were drawn again with replacement {trial.simulations} times"
        none = f"{trial.headline.estimator.title} claims no standard error that could be checked"
        lacking = none if claim.se is None else ""
        draws = attempt(self, trial, one, tried=tried, expected=_EXPECTED, blind_spot=_BLIND, lacking=lacking)
        if isinstance(draws, Refutation):
            return (draws,)
        return (self._verdict(trial, draws, claim, tried),)

    def _verdict(self, trial: Trial, draws: Draws, claim: Claim, tried: str) -> Refutation:
        ratio, cautious = without_moments(trial.problem), trial.headline.estimator.name in CAUTIOUS
        centre, se = centre_of(draws.values, quartiles=ratio), claim.error
        times, (least, most) = centre.spread / se, spread_bounds(centre)
        p_value = departure(centre, claim.value, MARGIN * se)
        if least > WIDEST * se:
            meaning = "so the standard error is too small and the interval too short"
        elif most < NARROWEST * se:
            meaning = "so the standard error is larger than the data call for" + (_LONG if cautious else "")
        elif p_value < LEVEL:
            meaning = "so the estimate is biased in samples of this size"
        else:
            meaning = ""
        status = Status.FAILED if meaning else Status.PASSED
        if meaning and ratio:
            status, meaning = Status.INCONCLUSIVE, LEAN
        elif cautious and meaning.endswith(_LONG):
            status = Status.INCONCLUSIVE
        low, high = middle(draws.values)
        return result(
            self,
            draws,
            status=status,
            expected=f"{_EXPECTED}: {number(claim.value)} ± {number(se)}",
            observed=f"{centre.word} {number(centre.value)}, spread {number(centre.spread)}",
            value=centre.value,
            p_value=None,
            message=(
                f"{tried}, so that estimates should centre on {number(claim.value)} and scatter by the standard error "
                f"of {number(se)}; their {centre.word} came to {number(centre.value)} and their spread to "
                f"{number(centre.spread)}, {number(times, 3)} times the error, the middle 95 % from "
                f"{interval((low, high))}, {meaning or 'so the standard error can be relied on'}."
            ),
            blind_spot=_BLIND,
            details={
                "spread": centre.spread,
                "claimed_se": se,
                "spread_ratio": times,
                "ratio_at_least": least / se,
                "ratio_at_most": most / se,
                "percentile_low": low,
                "percentile_high": high,
                "shift_p": p_value,
                "simulation_error": centre.error,
            },
        )


def _crowded(problem: Problem) -> str:
    columns = 2 + sum(part.shape[1] for part in (problem.covariates, problem.instruments, problem.mediators))
    if columns <= CROWDED * problem.n:
        return ""
    return (
        f"the bootstrap is not reliable with {columns} columns for {problem.n} rows (El Karoui & Purdom 2018), as "
        "repeated rows leave too few different ones"
    )


BOOTSTRAP = Bootstrap()
