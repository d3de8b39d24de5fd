"""Data subset: four fifths of the rows must tell the same, and scatter as the standard error promises."""

from __future__ import annotations

import math

from numpy.random import Generator

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.numbers import interval, number
from copilot.estimation.problem import Refit
from copilot.estimation.refuters.measures import (
    LEAN,
    LEVEL,
    ROUGH,
    Centre,
    attempt,
    centre_of,
    departure,
    inconclusive,
    middle,
    result,
    skewness,
    spread_bounds,
    without_moments,
)
from copilot.estimation.refuters.resample import Resample
from copilot.estimation.refuters.simulate import Draws, claim_of
from copilot.estimation.trial import Trial

SHARE = 0.8
MARGIN, ROUGH_MARGIN = 0.1, 0.5
"""Shift of the centre that is let pass, in standard errors of the full sample; the second for estimators that sort
rows anew."""
WIDEST = 1.5
"""Spread that is let pass, in promised spreads."""
SKEWEST = 0.5
"""Skewness that is let pass. One row in whose absence the estimate is another gives 1.5."""
FEWEST_SUBSETS = 100
"""Different subsets below which simulations are the same few over again."""
_PLENTY = 30
"""Units from which on there are more subsets than anybody draws."""
_EXPECTED = "estimates that scatter round the headline as its standard error promises"
_BLIND = (
    "It says nothing of hidden common causes, which are in every subset alike, nor of an error that all rows share."
)


class DataSubset:
    """Estimate on random subsets of four fifths of the rows, clusters whole.

    A share f of the rows without replacement gives estimates about the full one with variance se² (1 - f) / f (the
    delete-d jackknife; Shao & Wu 1989, *Annals of Statistics* 17, section 2). Failing means that the centre lies
    elsewhere, that the scatter is more than 1.5 times what is promised, or that it is lopsided because a few rows
    carry the result or the estimate divides by something small; each beyond simulation error at the 5 % level. With
    one or two instruments that is *inconclusive*: see `without_moments`.
    """

    name = "data_subset"
    title = "data subset"
    question = Question.SOUNDNESS
    number = 3
    simulates = True

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Take subsets, estimate, and hold centre, scatter and shape against what the headline promises.

        Raises
        ------
        EstimationError
            If the estimator cannot be made ready.
        """
        sample = Resample(trial.problem)
        count = sample.kept(SHARE)

        def one(rng: Generator, refit: Refit) -> float:
            return refit.rows(sample.subset(rng, count))

        of = f"{count:,} of {sample.units:,} {sample.word}"
        reason = _too_few(sample, count)
        if reason:
            tried = f"The effect was to be estimated on random subsets of {of}"
            return (inconclusive(self, tried=tried, reason=reason, expected=_EXPECTED, blind_spot=_BLIND),)
        tried = f"The effect was estimated on {trial.simulations} random subsets of {of}"
        draws = attempt(self, trial, one, tried=tried, expected=_EXPECTED, blind_spot=_BLIND)
        if isinstance(draws, Refutation):
            return (draws,)
        return (self._verdict(trial, draws, tried, math.sqrt((sample.units - count) / count)),)

    def _centre(self, trial: Trial, draws: Draws) -> Centre:
        return centre_of(draws.values, quartiles=without_moments(trial.problem))

    def _verdict(self, trial: Trial, draws: Draws, tried: str, shrink: float) -> Refutation:
        claim, centre, skew = claim_of(trial), self._centre(trial, draws), skewness(draws.values)
        promised = None if claim.se is None else claim.se * shrink
        margin = (ROUGH_MARGIN if trial.headline.estimator.name in ROUGH else MARGIN) * (
            claim.se or centre.spread / shrink
        )
        p_value = departure(centre, claim.value, margin)
        faults = _faults(centre, skew, promised, p_value)
        meaning = (
            f"so the estimate is unstable: {'; '.join(faults)}" if faults else "so no small part carries the result"
        )
        status = Status.FAILED if faults else Status.PASSED
        if faults and without_moments(trial.problem):
            status, meaning = Status.INCONCLUSIVE, f"{'; '.join(faults)}: {LEAN}"
        scatter = f"with a spread of {number(centre.spread)}"
        if promised is not None:
            scatter += f" where the standard error promises {number(promised)}"
        return result(
            self,
            draws,
            status=status,
            expected=f"{_EXPECTED}: {number(claim.value)} ± {number(promised)}",
            observed=f"{centre.word} {number(centre.value)}, spread {number(centre.spread)}",
            value=centre.value,
            p_value=None,
            message=(
                f"{tried} and should scatter round the estimate of {number(claim.value)}; their {centre.word} came to "
                f"{number(centre.value)} {scatter}, the middle 95 % from {interval(middle(draws.values))}, {meaning}."
            ),
            blind_spot=_BLIND,
            details={
                "spread": centre.spread,
                "promised_spread": math.nan if promised is None else promised,
                "spread_ratio": math.nan if promised is None else centre.spread / promised,
                "skewness": skew,
                "shift_p": p_value,
                "simulation_error": centre.error,
            },
        )


def _faults(centre: Centre, skew: float, promised: float | None, p_value: float) -> list[str]:
    """Say in what subsets are not as they should be."""
    wide = promised is not None and spread_bounds(centre)[0] > WIDEST * promised
    lopsided = abs(skew) > SKEWEST + 1.96 * math.sqrt(6 / centre.count)
    found = (
        (p_value < LEVEL, "the subsets tell another effect than all rows together"),
        (wide, "they scatter more than the standard error allows"),
        (lopsided, "they lie lopsided, as when a few rows carry the result or it is divided by a small number"),
    )
    return [words for is_so, words in found if is_so]


def _too_few(sample: Resample, count: int) -> str:
    """Say why subsets of so few units tell nothing; empty if they do."""
    if few := sample.too_few("to leave some out"):
        return few
    ways = math.comb(sample.units, count) if sample.units < _PLENTY else FEWEST_SUBSETS
    if ways < FEWEST_SUBSETS:
        return f"only {ways} different subsets can be drawn, and at least {FEWEST_SUBSETS} are needed"
    return ""


DATA_SUBSET = DataSubset()
