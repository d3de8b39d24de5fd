"""Inverse-probability weighting, normalised in each arm, with errors that know that the scores were estimated."""

from __future__ import annotations

import math

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.adjusted import (
    cluster_notes,
    dropped_notes,
    errors_word,
    positive,
    refusal,
    require,
    risk_ratio,
)
from copilot.estimation.estimators.algebra import Basis, basis_of, even, gram, solve
from copilot.estimation.estimators.ipw_continuous import fit_continuous, point_continuous
from copilot.estimation.estimators.logistic import Logistic, fit_logistic
from copilot.estimation.estimators.scores import (
    MOST_TRIMMED,
    Scores,
    keep,
    log_slope,
    score_diagnostics,
    score_notes,
    scores_of,
    weights_of,
)
from copilot.estimation.estimators.spread import standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Integers, PlainRefit, Problem, Refit


class Ipw:
    """Difference of two weighted means.

    Binary treatment: weights from logistic regression, normalised in each arm (Hájek 1971), errors by the influence
    function with the estimated scores' part (Lunceford & Davidian 2004, *Statistics in Medicine* 23, section 3).
    Continuous treatment: see `ipw_continuous`.
    """

    name = "ipw"
    title = "inverse-probability weighting"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse the effect of a continuous treatment on the treated."""
        return refusal(self.title, problem, ask.target)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors from the influence function.

        Raises
        ------
        EstimationError
            If there is no overlap.
        """
        if not problem.binary_treatment:
            return fit_continuous(problem, ask)
        require(problem, problem.covariates.shape[1] + 1)
        scores = scores_of(problem, ask.target)
        active, control = weights_of(scores.e, problem.t, scores.weights * scores.kept, ask.target)
        one = _mean(problem, scores, active, log_slope(scores.e, 1, ask.target))
        zero = _mean(problem, scores, control, log_slope(scores.e, 0, ask.target))
        influence = one[1] - zero[1]
        return Fit(
            value=one[0] - zero[0],
            se=positive(standard_error(influence, problem)),
            errors=errors_word(problem),
            influence=influence,
            risk_ratio=risk_ratio(problem, one, zero, ask.level),
            diagnostics=score_diagnostics(scores, active, control),
            notes=(
                *score_notes(scores, ask.target),
                *dropped_notes(scores.basis.dropped),
                *cluster_notes(problem),
            ),
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Keep the covariates orthogonal, and start Newton's method where the answer is near."""
        if problem.binary_treatment:
            return _Refit(problem, ask.target)
        return PlainRefit(point_continuous, problem)


def _mean(problem: Problem, scores: Scores, weights: Floats, slope: Floats | None) -> tuple[float, Floats]:
    """Give a weighted mean and its influence values."""
    total = float(weights.sum())
    mean = float(weights @ problem.y) / total
    own = weights * (problem.y - mean)
    if slope is not None:
        own = own + scores.influence(scores.gradient(own * slope), problem.t)
    return mean, own * (problem.n / total)


def _times(values: Floats, weights: Floats | None) -> Floats:
    return values if weights is None else values * weights


_FAR = 2.0
"""Move of a coefficient beyond which a single step is no good start."""
_DRAWN = 1e-6
"""Change of a linear predictor after which a simulation stops: its draws need fewer digits than an estimate."""


class _Refit:
    """Newton's method from the full fit; see `Refit`."""

    def __init__(self, problem: Problem, target: Target) -> None:
        self._problem, self._target = problem, target
        self._w = even(problem)
        self._basis: Basis = basis_of(problem)
        self._full: Logistic = fit_logistic(self._basis.matrix, problem.t, self._w)
        # One Newton step from here is a start so near that two more are enough.
        self._left = problem.t - self._full.predicted
        self._information = gram(self._basis.matrix, _times(self._full.variance, self._w))

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        if not _two_arms(t, self._w):
            return math.nan
        logistic = fit_logistic(self._basis.matrix, t, self._w, self._near_no_effect(t), small=_DRAWN)
        return self._contrast(logistic, t, self._problem.y)

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        return self._contrast(self._full, self._problem.t, y)

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        p = self._basis.matrix.shape[1]
        design = np.empty((self._problem.n, p + 1))
        design[:, :p] = self._basis.matrix
        weighted = column if self._w is None else column * self._w
        design[:, p] = column - self._basis.matrix @ (weighted @ self._basis.matrix / len(column))
        size = math.sqrt(float(np.mean(np.square(design[:, p]))))
        if not size > 1e-9 * math.sqrt(float(np.mean(np.square(column)))):
            return self.outcome(self._problem.y)
        design[:, p] /= size
        new = design[:, p]
        steep = float(np.square(new) @ _times(self._full.variance, self._w))
        slope = float(new @ _times(self._left, self._w)) / steep if steep > 0 else 0.0
        start = np.append(self._full.coefficients, slope)
        logistic = fit_logistic(design, self._problem.t, self._w, start, small=_DRAWN)
        return self._contrast(logistic, self._problem.t, self._problem.y)

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows: each counts as often as it is named."""
        if not len(rows):
            return math.nan
        counts = np.bincount(rows, minlength=self._problem.n).astype(np.float64)
        base = counts if self._w is None else counts * self._w
        t = self._problem.t
        if not _two_arms(t, base):
            return math.nan
        moved, _ = solve(self._information * (float(base.sum()) / len(t)), (self._left * base) @ self._basis.matrix)
        start = self._full.coefficients + (moved if np.abs(moved).max() < _FAR else 0.0)
        logistic = fit_logistic(self._basis.matrix, t, base, start, small=_DRAWN)
        return _contrast(logistic.predicted, t, self._problem.y, base, self._target, counts)

    def _near_no_effect(self, t: Floats) -> Floats:
        """Give coefficients near those of a treatment that the covariates say little of."""
        base = np.ones(len(t)) if self._w is None else self._w
        share = float(base @ t) / float(base.sum())
        matrix = self._basis.matrix
        start: Floats = ((t - share) * base) @ matrix / (len(t) * share * (1 - share))
        start[0] = math.log(share / (1 - share))
        return start

    def _contrast(self, logistic: Logistic, t: Floats, y: Floats) -> float:
        return _contrast(logistic.predicted, t, y, self._w, self._target)


def _two_arms(t: Floats, base: Floats | None) -> bool:
    if base is None:
        return bool(t.any() and not t.all())
    return float(base @ t) > 0.0 and float(base @ (1.0 - t)) > 0.0


def _contrast(
    e: Floats, t: Floats, y: Floats, base: Floats | None, target: Target, counts: Floats | None = None
) -> float:
    """Give the difference of weighted means; NaN where `scores_of` would say that there is no overlap."""
    kept, _ = keep(e, t, base, target)
    if not kept.all():
        counts = np.ones(len(t)) if counts is None else counts
        whom = counts * t if target is Target.ATT else counts
        if float(whom @ ~kept) > MOST_TRIMMED * float(whom.sum()) or not _two_arms(t, kept * counts):
            return math.nan
        base = kept.astype(np.float64) if base is None else kept * base
        e = np.where(kept, e, 0.5)
    active = t if target is Target.ATT else t / e
    control = (1.0 - t) / (1.0 - e)
    if target is Target.ATT:
        control *= e
    if base is not None:
        active, control = active * base, control * base
    one, zero = float(active.sum()), float(control.sum())
    return float(active @ y) / one - float(control @ y) / zero if one > 0 and zero > 0 else math.nan


IPW = Ipw()
