"""Inverse-probability weighting, normalised in each arm, with errors that know that the scores were estimated."""

from __future__ import annotations

import math
import threading

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
from copilot.estimation.estimators.logistic import Logistic, fit_logistic, near_probabilities
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
        self._own = threading.local()

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        if not _two_arms(t, self._w):
            return math.nan
        scores = near_probabilities(self._basis.matrix, t, self._w, self._near_no_effect(t))
        return _contrast(scores, t, self._problem.y, self._w, self._target)

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        return _contrast(self._full.predicted, self._problem.t, y, self._w, self._target)

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        matrix, t = self._basis.matrix, self._problem.t
        design = self._wider()
        new = design[:, -1]
        np.subtract(column, matrix @ (_times(column, self._w) @ matrix / len(column)), out=new)
        size = math.sqrt(float(new @ new) / len(new))
        if not size > 1e-9 * math.sqrt(float(column @ column) / len(column)):
            return self.outcome(self._problem.y)
        new /= size
        weighted = _times(new, self._w)
        steep = float((weighted * self._full.variance) @ new)
        slope = float(weighted @ self._left) / steep if steep > 0 else 0.0
        scores = near_probabilities(design, t, self._w, np.append(self._full.coefficients, slope))
        return _contrast(scores, t, self._problem.y, self._w, self._target)

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
        scores = near_probabilities(self._basis.matrix, t, base, start)
        return _contrast(scores, t, self._problem.y, base, self._target, counts)

    def _wider(self) -> Floats:
        """Give the covariates with room for one more; each thread has its own, and fills it anew each time."""
        design: Floats | None = getattr(self._own, "design", None)
        if design is None:
            n, p = self._basis.matrix.shape
            design = np.empty((n, p + 1), order="F")
            design[:, :p] = self._basis.matrix
            self._own.design = design
        return design

    def _near_no_effect(self, t: Floats) -> Floats:
        """Give coefficients near those of a treatment that the covariates say little of."""
        base = np.ones(len(t)) if self._w is None else self._w
        share = float(base @ t) / float(base.sum())
        matrix = self._basis.matrix
        start: Floats = ((t - share) * base) @ matrix / (len(t) * share * (1 - share))
        start[0] = math.log(share / (1 - share))
        return start


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
