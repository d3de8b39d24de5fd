"""Overlap: whether comparable rows exist with and without the treatment."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from copilot.domain.effects import OverlapShares, Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.estimation.estimators.logistic import fit_logistic
from copilot.estimation.estimators.scores import bounds_for
from copilot.estimation.moments import Moments
from copilot.estimation.prepare.rank import full_rank
from copilot.estimation.problem import Floats, Problem
from copilot.estimation.refuters.interaction import two_together
from copilot.estimation.refuters.thin import whereabouts
from copilot.estimation.trial import Refuter, Trial, seed_for

OUTSIDE, FAR_OUTSIDE = 0.1, 0.01
"""Scores within so little of 0 or 1 are thin, and are nothing (Crump, Hotz, Imbens & Mitnik 2009, Biometrika 96)."""
_WIDER = OUTSIDE / FAR_OUTSIDE
MOST_FAR, SOME_FAR = 0.10, 0.01
"""Share of rows far outside from which there is no overlap, and from which it is in doubt."""
LEAST_EFFECTIVE = 0.1
"""Effective sample size of an arm, as a share of its rows, below which few rows carry the comparison."""
LITTLE_SAY = 0.05
"""Weight of rows in a linear regression that is too little to extrapolate with."""
EXPLAINED, NEARLY = 0.95, 0.8
"""R² of a treatment that is a quantity with the covariates, from which nothing is left, and from which little is."""
MOST_ROWS = 100_000
"""Rows that the score is fitted on; from more, so many are drawn."""
_BLIND = "It sees the measured covariates alone, as a logistic or linear model sees them."
_EXPECTED = "rows with and without the treatment wherever the covariates are"


_BINS = 25
_ROUNDING = 1e-9
"""Difference of weighted means, in standard deviations, below which it is the rounding of scores that balance."""


class Overlap:
    """Fit propensity scores, and say where one arm is all but empty."""

    name = "overlap"
    title = "overlap"
    question = Question.SOUNDNESS
    number = 9
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Look; instruments and mediators have no such condition here."""
        if trial.problem.strategy is not Strategy.BACKDOOR:
            return ()
        problem = _sampled(trial, self)
        if not problem.covariates.shape[1]:
            text = "Nothing is adjusted for, so there is nothing to overlap in."
            return (self._made(Status.PASSED, "nothing to overlap in", text, {}),)
        if not problem.binary_treatment:
            found = self._quantity(trial, problem)
        else:
            design = np.column_stack([np.ones(problem.n), problem.covariates])
            scores = fit_logistic(design, problem.t, problem.weights).predicted
            # as the estimators do: a rare treatment has small scores everywhere, the treated need no score above 0
            bounds = bounds_for(float(np.average(problem.t, weights=problem.weights)), trial.ask.target)
            found = self._two_arms(trial, problem, design, scores, bounds)
            found = found.model_copy(update={"overlap": _shares(problem, scores, bounds)})
        where = "" if found.status is Status.PASSED else whereabouts(problem)
        if trial.problem.n > MOST_ROWS:
            where += f" It was looked at on {MOST_ROWS:,} of {trial.problem.n:,} rows drawn at random."
        return (found.model_copy(update={"message": found.message + where}),)

    def _two_arms(
        self, trial: Trial, problem: Problem, design: Floats, scores: Floats, bounds: tuple[float, float]
    ) -> Refutation:
        low, high = bounds
        beyond = (scores < low) | (scores > high)
        far, thin = float(np.mean(beyond)), float(np.mean((scores < _WIDER * low) | (1 - scores < _WIDER * (1 - high))))
        treated = problem.t > 0.5  # noqa: PLR2004 (0 and 1)
        bounded = np.clip(scores, 1e-12, 1 - 1e-12)
        shares = {
            "effective_treated": _effective(1 / bounded[treated]),
            "effective_control": _effective(1 / (1 - bounded[~treated])),
        }
        name, apart, after = _most_apart(problem, bounded)
        details = {"share_far_outside": far, "share_outside": thin, "largest_difference": apart, **shares}
        details["largest_difference_weighted"] = after
        observed = (
            f"{number(100 * far, 3)} % of scores outside {number(low, 2)} to {number(high)}, "
            f"{number(100 * thin, 3)} % outside {number(_WIDER * low, 2)} to {number(1 - _WIDER * (1 - high))}"
        )
        tried = (
            f"Propensity scores of {trial.treatment} were fitted: {observed}; the arms differ most in {shown(name)}, "
            f"by {number(apart, 3)} standard deviations, once weighted by {number(after, 3)}"
        )
        least = min(shares.values())
        linear = trial.headline.estimator.name == "linear_regression"
        both = two_together(problem) if far > MOST_FAR and linear else None
        if both is not None:
            one, other = map(shown, both)
            text = (
                f"{shown(trial.treatment)} is {one} and {other} together, as in a difference in differences: the "
                f"estimate rests on parallel trends, which nothing here can see, and not on rows that overlap. {tried}."
            )
            return self._made(Status.INCONCLUSIVE, f"{one} and {other} together make the treatment", text, details)
        if far > MOST_FAR and linear:
            say = _say_of(problem, design, beyond)
            details["weight_far_outside"] = say
            if say < LITTLE_SAY:
                meaning = (
                    f"{number(100 * far, 3)} % of rows have nobody to be compared with, and the regression gives them "
                    f"{number(100 * say, 3)} % of the say: the estimate speaks for the others"
                )
                return self._made(Status.INCONCLUSIVE, observed, f"{tried}; {meaning}.", details)
        if far > MOST_FAR:
            meaning = f"there is no overlap for {number(100 * far, 3)} % of rows, where the effect is an extrapolation"
            return self._made(Status.FAILED, observed, f"{tried}; {meaning}.", details)
        if far > SOME_FAR or least < LEAST_EFFECTIVE:
            meaning = (
                f"overlap is thin: weighted to look alike, one arm is worth {number(100 * least, 3)} % of its rows"
            )
            return self._made(Status.INCONCLUSIVE, observed, f"{tried}; {meaning}.", details)
        return self._made(Status.PASSED, observed, f"{tried}; comparable rows exist in both arms.", details)

    def _quantity(self, trial: Trial, problem: Problem) -> Refutation:
        moments = Moments(problem)
        explained = moments.partial_r2(moments.t, moments.covariates, [])
        observed = f"the covariates explain {number(100 * explained)} % of {shown(trial.treatment)}"
        tried = f"{observed[0].upper()}{observed[1:]}"
        details = {"r2_treatment": explained}
        if explained > EXPLAINED:
            text = f"{tried}, so hardly anything is left to compare: the effect is an extrapolation."
            return self._made(Status.FAILED, observed, text, details)
        if explained > NEARLY:
            return self._made(Status.INCONCLUSIVE, observed, f"{tried}, so little is left to compare.", details)
        return self._made(Status.PASSED, observed, f"{tried}, which leaves enough to compare.", details)

    def _made(self, status: Status, observed: str, message: str, details: dict[str, float]) -> Refutation:
        return Refutation(
            refuter=self.name,
            question=self.question,
            status=status,
            expected=_EXPECTED,
            observed=observed,
            message=message,
            blind_spot=_BLIND,
            details={name: value for name, value in details.items() if math.isfinite(value)},
        )


def _shares(problem: Problem, scores: Floats, bounds: tuple[float, float]) -> OverlapShares:
    """Give the shares of both arms by propensity score."""
    treated = problem.t > 0.5  # noqa: PLR2004 (0 and 1)
    shares = []
    for arm in (treated, ~treated):
        weights = None if problem.weights is None else problem.weights[arm]
        counts, edges = np.histogram(scores[arm], _BINS, (0.0, 1.0), weights=weights)
        shares.append(tuple(float(count) for count in counts / counts.sum()))
    return OverlapShares(
        edges=tuple(float(edge) for edge in edges), treated=shares[0], control=shares[1], bounds=bounds
    )


def _sampled(trial: Trial, refuter: Refuter) -> Problem:
    problem = trial.problem
    if problem.n <= MOST_ROWS:
        return problem
    rng = np.random.default_rng(seed_for(trial, refuter))
    few = problem.take(np.sort(rng.choice(problem.n, MOST_ROWS, replace=False)))
    return replace(full_rank(few), clusters=None)


def _say_of(problem: Problem, design: Floats, rows: NDArray[np.bool_]) -> float:
    """Give the weight of rows in the coefficient of the treatment: their share of its residual sum of squares.

    References
    ----------
    Aronow & Samii (2016), Does regression produce representative estimates of causal effects?, AJPS 60.
    """
    weights = np.ones(problem.n) if problem.weights is None else problem.weights
    cross = design.T @ (design * weights[:, None])
    slopes = np.linalg.lstsq(cross, design.T @ (problem.t * weights), rcond=1e-12)[0]
    squares = weights * (problem.t - design @ slopes) ** 2
    total = float(squares.sum())
    return float(squares[rows].sum()) / total if total > 0 else 1.0


def _effective(weights: Floats) -> float:
    """Give Kish's effective sample size as a share of the rows."""
    total, squares = float(weights.sum()), float(weights @ weights)
    return total * total / squares / len(weights) if squares > 0 else 0.0


def _most_apart(problem: Problem, scores: Floats) -> tuple[str, float, float]:
    """Find the covariate in which the arms differ most, in standard deviations, and by how much once weighted."""
    treated = problem.t > 0.5  # noqa: PLR2004 (0 and 1)
    one, other = problem.covariates[treated], problem.covariates[~treated]
    spread = np.sqrt((one.var(axis=0) + other.var(axis=0)) / 2)
    gaps = np.abs(one.mean(axis=0) - other.mean(axis=0))
    apart = np.divide(gaps, spread, out=np.full_like(gaps, 1e6), where=spread > 0)
    worst = int(np.argmax(apart))
    weighted = (
        np.average(one[:, worst], weights=1 / scores[treated]),
        np.average(other[:, worst], weights=1 / (1 - scores[~treated])),
    )
    after = abs(float(weighted[0] - weighted[1])) / float(spread[worst]) if spread[worst] > 0 else math.inf
    after = after if after > _ROUNDING else 0.0
    return problem.covariate_of[worst], float(apart[worst]), after


OVERLAP = Overlap()
