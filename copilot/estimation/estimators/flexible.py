"""The flexible second opinion: cross-fitted learners that find the shape of the confounding themselves."""

from __future__ import annotations

import numpy as np
from numpy.random import default_rng

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import anew, errors_word, positive, risk_ratio
from copilot.estimation.estimators.adjusted import refusal as by_adjustment
from copilot.estimation.estimators.algebra import even_or_ones
from copilot.estimation.estimators.crossfit import MAX_LEARNT, Crossfitted, crossfit, folds_of, in_common
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Problem, Refit

TRIM = 0.01
"""Propensity scores are kept between this and 1 - this."""
MIN_ROWS = 50
MIN_ARM = 10
"""Rows, or clusters where there are any, in each arm."""


class Flexible:
    """Cross-fitted double machine learning with boosted trees and ridge regressions, blended.

    Binary treatment: the interactive regression model of Chernozhukov et al. 2018, *Econometrics Journal* 21,
    equations 5.3 (ATE) and 5.4 (ATT), inverse-probability weights with mean 1 in each arm. Otherwise: the partially
    linear model, equation 4.4.
    """

    name = "flexible"
    title = "cross-fitted gradient boosting"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse where there is nothing to adjust for, or too little to learn from."""
        return refusal(self.title, problem, ask)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors from the influence function.

        Raises
        ------
        EstimationError
            If covariates predict the treatment without remainder.
        """
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: F401 (its threads are limited only if it is there)
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return _interactive(problem, ask) if problem.binary_treatment else _partially_linear(problem, ask)

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew, with the same folds."""
        return anew(self, problem, ask)


def refusal(title: str, problem: Problem, ask: Ask) -> str:
    """Say why a learner of confounding cannot take a problem; empty if it can."""
    why = by_adjustment(title, problem, ask.target)
    if why:
        return why
    if problem.covariates.shape[1] == 0:
        return f"nothing is adjusted for, so that there is nothing for {title} to learn"
    if problem.n < MIN_ROWS:
        return f"{title} needs {MIN_ROWS} rows, and there are {problem.n}"
    rarer = rarer_arm(problem)
    if rarer < MIN_ARM:
        units = "rows" if problem.clusters is None else "clusters"
        return f"{title} needs {MIN_ARM} {units} in each arm, and there are {rarer}"
    return ""


def rarer_arm(problem: Problem) -> int:
    """Count the rows, or the clusters, of the rarer arm; of all where the treatment is continuous."""
    arms = [problem.t > 0, problem.t <= 0] if problem.binary_treatment else [np.ones(problem.n, dtype=np.bool_)]
    if problem.clusters is None:
        return min(int(arm.sum()) for arm in arms)
    return min(len(np.unique(problem.clusters[arm])) for arm in arms)


def _interactive(problem: Problem, ask: Ask) -> Fit:
    draw = default_rng(ask.seed)
    folds = folds_of(problem, draw, rarer_arm(problem))
    treated = problem.t > 0
    score = crossfit(problem, problem.t, folds, draw, binary=True)
    common = in_common(problem, folds, draw)
    binary = problem.binary_outcome
    control = crossfit(problem, problem.y, folds, draw, binary=binary, among=~treated, besides=common[0])
    att = ask.target is Target.ATT
    e = np.clip(score.predicted, TRIM, 1 - TRIM)
    trimmed = int((e != score.predicted).sum())
    w = even_or_ones(problem)
    diagnostics = {"folds": float(folds.max() + 1), "trimmed_scores": float(trimmed), "score_min": float(e.min())}
    diagnostics |= {"score_max": float(e.max()), **_shares("treatment", score), **_shares("outcome", control)}
    notes = _notes(problem, trimmed, folds)
    errors, df = errors_word(problem), large_sample_freedom(problem)
    if att:
        value, influence = _on_treated(problem, w, treated, e, control.predicted)
        se = positive(standard_error(influence, problem))
        return Fit(value, se, errors, df, influence=influence, diagnostics=diagnostics, notes=notes, target=Target.ATT)
    active = crossfit(problem, problem.y, folds, draw, binary=binary, among=treated, besides=common[1])
    one = _mean_outcome(problem.y, w, treated / e, active.predicted)
    zero = _mean_outcome(problem.y, w, ~treated / (1 - e), control.predicted)
    influence = one[1] - zero[1]
    return Fit(
        one[0] - zero[0],
        positive(standard_error(influence, problem)),
        errors,
        df,
        influence=influence,
        risk_ratio=risk_ratio(problem, one, zero, ask.level, df),
        diagnostics=diagnostics,
        notes=notes,
        target=Target.ATE,
    )


def _mean_outcome(y: Floats, w: Floats, inverse: Floats, predicted: Floats) -> tuple[float, Floats]:
    """Give the mean outcome of one arm for everybody, and its influence values of shape (n,)."""
    scores = predicted + inverse / float(np.mean(w * inverse)) * (y - predicted)
    mean = float(np.mean(w * scores))
    return mean, w * (scores - mean)


def _on_treated(
    problem: Problem, w: Floats, treated: np.ndarray[tuple[int], np.dtype[np.bool_]], e: Floats, predicted: Floats
) -> tuple[float, Floats]:
    odds = np.where(treated, 0.0, e / (1 - e))
    share = float(np.mean(w * treated))
    odds = odds * (share / float(np.mean(w * odds)))
    scores = (treated - odds) * (problem.y - predicted) / share
    value = float(np.mean(w * scores))
    return value, w * (scores - treated * value / share)


def _partially_linear(problem: Problem, ask: Ask) -> Fit:
    draw = default_rng(ask.seed)
    folds = folds_of(problem, draw, rarer_arm(problem))
    dose = crossfit(problem, problem.t, folds, draw, binary=False)
    outcome = crossfit(problem, problem.y, folds, draw, binary=problem.binary_outcome)
    v, u = problem.t - dose.predicted, problem.y - outcome.predicted
    w = even_or_ones(problem)
    left = float(np.mean(w * v * v))
    if left <= 1e-12:  # noqa: PLR2004 (rounding: the treatment has standard deviation 1)
        raise EstimationError(
            "the covariates predict the treatment without remainder",
            reason="No two rows with equal covariates differ in treatment.",
            advice="Look for a covariate that is the treatment under another name.",
        )
    slope = float(np.mean(w * v * u)) / left
    influence = w * v * (u - slope * v) / left * problem.step
    return Fit(
        slope * problem.step,
        positive(standard_error(influence, problem)),
        errors_word(problem),
        large_sample_freedom(problem),
        influence=influence,
        diagnostics={
            "folds": float(folds.max() + 1),
            "treatment_variance_left": left
            / float(np.mean(w * np.square(problem.t - np.average(problem.t, weights=w)))),
            **_shares("treatment", dose),
            **_shares("outcome", outcome),
        },
        notes=("One slope for all rows is assumed, and no shape of the confounding.", *_notes(problem, 0, folds)),
        target=Target.ATE,
    )


def _shares(what: str, fitted: Crossfitted) -> dict[str, float]:
    return {f"{what}_{name}_share": share for name, share in fitted.shares.items()}


def _notes(problem: Problem, trimmed: int, folds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[str, ...]:
    notes = []
    if trimmed:
        notes.append(f"{trimmed} of {problem.n} propensity scores were set to the bounds {TRIM:g} and {1 - TRIM:g}.")
    if problem.n - int(np.bincount(folds).max()) > MAX_LEARNT:
        notes.append(f"Each fold's learners were given {MAX_LEARNT:,} rows at most; all rows enter the estimate.")
    return tuple(notes)


FLEXIBLE = Flexible()
