"""Inverse-probability weighting, normalised in each arm, with errors that know that the scores were estimated."""

from __future__ import annotations

import math
import threading
from functools import cached_property

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
from copilot.estimation.estimators.algebra import Basis, across, basis_of, even, gram, solve
from copilot.estimation.estimators.ipw_continuous import fit_continuous, point_continuous
from copilot.estimation.estimators.logistic import Logistic, Room, fit_logistic, near_probabilities
from copilot.estimation.estimators.scores import (
    MOST_TRIMMED,
    Scores,
    bounds_for,
    log_slope,
    score_diagnostics,
    score_notes,
    scores_of,
    weights_of,
)
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
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
        influence, df = one[1] - zero[1], large_sample_freedom(problem)
        return Fit(
            value=one[0] - zero[0],
            se=positive(standard_error(influence, problem)),
            errors=errors_word(problem),
            df=df,
            influence=influence,
            risk_ratio=risk_ratio(problem, one, zero, ask.level, df),
            diagnostics=score_diagnostics(scores, active, control),
            notes=(
                *score_notes(scores, ask.target),
                *dropped_notes(scores.basis.dropped),
                *cluster_notes(problem),
            ),
            target=ask.target,
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


class _Place:
    """Memory of one thread of simulations.

    Parameters
    ----------
    matrix
        The covariates, orthogonal, of shape (n, p).
    """

    def __init__(self, matrix: Floats) -> None:
        n, p = matrix.shape
        self._matrix = matrix
        self.room = Room(n, p)

    @cached_property
    def wider(self) -> Floats:
        """The covariates and room for one more, of shape (n, p + 1)."""
        n, p = self._matrix.shape
        design = np.empty((n, p + 1), order="F")
        design[:, :p] = self._matrix
        return design

    @cached_property
    def wider_room(self) -> Room:
        """Room for fits with one more."""
        return Room(*self.wider.shape)


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
        self._untreated = 1.0 - problem.t
        self._own = threading.local()

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        if not _two_arms(t, self._w):
            return math.nan
        room = self._place().room
        scores = near_probabilities(self._basis.matrix, t, self._w, self._near_no_effect(t), room)
        return _contrast(scores, t, self._problem.y, self._w, self._target, (room.eta, room.spare))

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        room = self._place().room
        return _contrast(self._full.predicted, self._problem.t, y, self._w, self._target, (room.eta, room.spare))

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        matrix, t = self._basis.matrix, self._problem.t
        place = self._place()
        new = place.wider[:, -1]
        np.subtract(column, matrix @ (across(_times(column, self._w), matrix) / len(column)), out=new)
        size = math.sqrt(float(new @ new) / len(new))
        if not size > 1e-9 * math.sqrt(float(column @ column) / len(column)):
            return self.outcome(self._problem.y)
        new /= size
        weighted = _times(new, self._w)
        steep = float((weighted * self._full.variance) @ new)
        slope = float(weighted @ self._left) / steep if steep > 0 else 0.0
        start, room = np.append(self._full.coefficients, slope), place.wider_room
        scores = near_probabilities(place.wider, t, self._w, start, room)
        return _contrast(scores, t, self._problem.y, self._w, self._target, (room.eta, room.spare))

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows: each counts as often as it is named."""
        if not len(rows):
            return math.nan
        counts = np.bincount(rows, minlength=self._problem.n).astype(np.float64)
        base = counts if self._w is None else counts * self._w
        t, room = self._problem.t, self._place().room
        total = float(base.sum())
        if not (float(base @ t) > 0.0 and float(base @ self._untreated) > 0.0):
            return math.nan
        score = across(np.multiply(self._left, base, out=room.spare), self._basis.matrix)
        moved, _ = solve(self._information * (total / len(t)), score)
        start = self._full.coefficients + (moved if np.abs(moved).max() < _FAR else 0.0)
        scores = near_probabilities(self._basis.matrix, t, base, start, room)
        return _contrast(scores, t, self._problem.y, base, self._target, (room.eta, room.spare), counts)

    def _place(self) -> _Place:
        """Give each thread its own memory."""
        place: _Place | None = getattr(self._own, "place", None)
        if place is None:
            place = self._own.place = _Place(self._basis.matrix)
        return place

    def _near_no_effect(self, t: Floats) -> Floats:
        """Give coefficients near those of a treatment that the covariates say little of."""
        share = float(np.mean(t) if self._w is None else self._w @ t / self._w.sum())
        start = across(_times(t - share, self._w), self._basis.matrix) / (len(t) * share * (1 - share))
        start[0] = math.log(share / (1 - share))
        return start


def _two_arms(t: Floats, base: Floats | None) -> bool:
    if base is None:
        return bool(t.any() and not t.all())
    return float(base @ t) > 0.0 and float(base @ (1.0 - t)) > 0.0


def _contrast(
    e: Floats,
    t: Floats,
    y: Floats,
    base: Floats | None,
    target: Target,
    spare: tuple[Floats, Floats],
    counts: Floats | None = None,
) -> float:
    """Give the difference of weighted means; NaN where `scores_of` would say that there is no overlap.

    Parameters
    ----------
    e, t, y
        Scores, treatment and outcome, of shape (n,).
    base
        Sampling weights, times how often each row counts.
    target
        Whose effect.
    spare
        Two arrays of shape (n,) to be written over.
    counts
        How often each row counts, if not once.
    """
    low, high = bounds_for(float(np.mean(t) if base is None else t @ base / base.sum()), target)
    if not (float(e.min()) >= low and float(e.max()) <= high):
        kept = (e >= low) & (e <= high)
        counts = np.ones(len(t)) if counts is None else counts
        whom = counts * t if target is Target.ATT else counts
        if float(whom @ ~kept) > MOST_TRIMMED * float(whom.sum()) or not _two_arms(t, kept * counts):
            return math.nan
        base = kept.astype(np.float64) if base is None else kept * base
        e = np.where(kept, e, 0.5)
    active, control = spare
    if target is Target.ATT:
        np.subtract(1.0, e, out=control)
        np.divide(e, control, out=control)
        control *= np.subtract(1.0, t, out=active)
        active[:] = t
        if base is not None:
            active *= base
            control *= base
    else:
        # the chance of being in the arm that the row is in: e if t is 1, 1 - e if it is 0
        np.subtract(1.0, t, out=control)
        control -= e
        np.abs(control, out=control)
        np.divide(1.0 if base is None else base, control, out=control)
        np.multiply(control, t, out=active)
        control -= active
    one, zero = float(active.sum()), float(control.sum())
    return float(active @ y) / one - float(control @ y) / zero if one > 0 and zero > 0 else math.nan


IPW = Ipw()
