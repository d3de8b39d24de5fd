"""Logistic regression by Newton's method, safe where covariates separate the two outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import gram, solve
from copilot.estimation.problem import Floats

_MOST_STEPS = 100
_SMALL = 1e-7
"""Change of a linear predictor after which the next step, being its square, is rounding."""
_SETTLED = 1e-11
"""Change of a probability below which it is settled, though its linear predictor may go on for ever."""
_SAFE = 0.5
"""Change of a linear predictor up to which a step needs no check that it went uphill."""
_FURTHEST = 500.0
_CERTAIN = 1e-8
"""Distance from 0 or 1 below which a probability says that its row is separated from the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """A fitted logistic regression.

    Parameters
    ----------
    coefficients
        Of shape (p,).
    predicted
        Probabilities of shape (n,).
    information
        Sum over rows of weight · probability · (1 - probability) · x xᵀ, of shape (p, p).
    separated
        Rows that count in the fit with a probability of 0 or 1 up to rounding.
    converged
        Whether Newton's method came to rest.
    """

    coefficients: Floats
    predicted: Floats
    information: Floats
    separated: int
    converged: bool


def fit_logistic(
    design: Floats, outcome: Floats, weights: Floats | None = None, start: Floats | None = None
) -> Logistic:
    """Fit by maximum likelihood: Newton's method, steps halved until the likelihood rises; no penalty.

    Parameters
    ----------
    design
        Of shape (n, p); the first column is 1.
    outcome
        0.0 and 1.0 of shape (n,).
    weights
        Of shape (n,), zero for rows that do not count; ``None`` for equal ones.
    start
        Coefficients to start from; without it the intercept alone is fitted first.
    """
    beta = _intercept(design, outcome, weights) if start is None else start.copy()
    eta = design @ beta
    mean = _probability(eta)
    for _ in range(_MOST_STEPS):
        variance = mean * (1.0 - mean)
        residual = outcome - mean
        if weights is not None:
            variance *= weights
            residual *= weights
        step, _ = solve(gram(design, variance), residual @ design)
        move = design @ step
        if not np.isfinite(step).all():
            break
        furthest = float(np.max(np.abs(move), initial=0.0))
        if furthest <= _SAFE:
            beta = beta + step
            eta = eta + move
        else:
            beta, eta, rose = _uphill(beta, eta, step, move, outcome, weights)
            if not rose:
                return _finish(design, beta, mean, weights, converged=furthest * float(variance.max()) < _SMALL)
        mean = _probability(eta)
        if furthest < _SMALL or float(np.max(variance * np.abs(move))) < _SETTLED:
            return _finish(design, beta, mean, weights, converged=True)
    return _finish(design, beta, mean, weights, converged=False)


def _intercept(design: Floats, outcome: Floats, weights: Floats | None) -> Floats:
    beta = np.zeros(design.shape[1])
    total = float(len(outcome)) if weights is None else float(weights.sum())
    share = float(outcome.sum() if weights is None else outcome @ weights) / max(total, 1e-300)
    share = min(max(share, 1e-6), 1 - 1e-6)
    beta[0] = np.log(share / (1.0 - share))
    return beta


def _probability(eta: Floats) -> Floats:
    mean = np.clip(eta, -_FURTHEST, _FURTHEST)
    np.negative(mean, out=mean)
    np.exp(mean, out=mean)
    mean += 1.0
    np.reciprocal(mean, out=mean)
    return mean


def probability(eta: Floats) -> Floats:
    """Give the logistic function of linear predictors of any shape."""
    return _probability(eta)


def _likelihood(eta: Floats, outcome: Floats, weights: Floats | None) -> float:
    terms = outcome * eta - np.logaddexp(0.0, eta)
    return float(terms.sum() if weights is None else terms @ weights)


def _uphill(
    beta: Floats, eta: Floats, step: Floats, move: Floats, outcome: Floats, weights: Floats | None
) -> tuple[Floats, Floats, bool]:
    """Take the step, halved until the likelihood rises."""
    before = _likelihood(eta, outcome, weights)
    size = 1.0
    for _ in range(40):
        ahead = eta + size * move
        if _likelihood(ahead, outcome, weights) > before:
            return beta + size * step, ahead, True
        size /= 2
    return beta, eta, False


def _finish(design: Floats, beta: Floats, mean: Floats, weights: Floats | None, *, converged: bool) -> Logistic:
    variance = mean * (1.0 - mean)
    certain = np.minimum(mean, 1.0 - mean) < _CERTAIN
    if weights is not None:
        variance *= weights
        certain &= weights > 0
    return Logistic(beta, mean, gram(design, variance), int(certain.sum()), converged)
