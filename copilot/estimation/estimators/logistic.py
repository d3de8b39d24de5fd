"""Logistic regression by Newton's method, safe where covariates separate the two outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import blocks, solve
from copilot.estimation.problem import Floats

_MOST_STEPS = 100
_SMALL = 1e-9
"""Change of a linear predictor after which the next one is rounding."""
_SETTLED = 1e-11
"""Change of a probability below which it is settled, though its linear predictor may go on for ever."""
_SAFE = 0.5
"""Change of a linear predictor up to which a step needs no check that it went uphill."""
_NEAR = 0.03
"""Change of a linear predictor after which the information matrix changes too little to be made anew."""
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
    variance
        Probability · (1 - probability), of shape (n,).
    separated
        Rows that count in the fit with a probability of 0 or 1 up to rounding.
    converged
        Whether Newton's method came to rest.
    """

    coefficients: Floats
    predicted: Floats
    variance: Floats
    separated: int
    converged: bool


def fit_logistic(
    design: Floats,
    outcome: Floats,
    weights: Floats | None = None,
    start: Floats | None = None,
    *,
    small: float = _SMALL,
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
    small
        Change of a linear predictor after which to stop; what is left then is smaller by far.
    """
    newton = _Newton(design, outcome, weights)
    beta = _intercept(design, outcome, weights) if start is None else start
    newton.visit(beta, anew=True)
    beta = beta + newton.step()
    anew = True
    for _ in range(_MOST_STEPS):
        before = newton.beta
        newton.visit(beta, anew=anew)
        if newton.furthest > _SAFE and not newton.uphill(before):
            return newton.result(converged=newton.settled < _SMALL)
        if newton.furthest < small or newton.settled < _SETTLED:
            return newton.result(converged=True)
        # near the end the last matrix does: each step then errs by the square of the distance all the same
        anew = newton.furthest > _NEAR
        beta = newton.beta + newton.step()
        if not np.isfinite(beta).all():
            break
    return newton.result(converged=False)


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


class _Newton:
    """Where Newton's method is: rows are passed through in blocks, each while it is in the processor's cache."""

    def __init__(self, design: Floats, outcome: Floats, weights: Floats | None) -> None:
        self.design, self.outcome, self.weights = design, outcome, weights
        n, p = design.shape
        self.beta, self.gradient, self.information = np.zeros(p), np.zeros(p), np.zeros((p, p))
        self.eta, self.mean = np.zeros(n), np.zeros(n)
        self.furthest = self.settled = np.inf

    def step(self) -> Floats:
        """Give the step from here."""
        return solve(self.information, self.gradient)[0]

    def visit(self, beta: Floats, *, anew: bool) -> None:
        """Go to coefficients; the information matrix is made anew or kept."""
        self.last = self.eta.copy()
        self.beta, self.gradient = beta, np.zeros_like(beta)
        information = np.zeros_like(self.information)
        furthest = settled = 0.0
        for part in blocks(*self.design.shape):
            block = self.design[part]
            eta = block @ beta
            mean = _probability(eta)
            residual, variance = self.outcome[part] - mean, mean * (1.0 - mean)
            move = np.abs(eta - self.last[part])
            furthest, settled = max(furthest, float(move.max())), max(settled, float((move * variance).max()))
            if self.weights is not None:
                residual *= self.weights[part]
                variance *= self.weights[part]
            self.gradient += residual @ block
            if anew:
                information += block.T @ (block * variance[:, None])
            self.eta[part], self.mean[part] = eta, mean
        self.furthest, self.settled = furthest, settled
        if anew:
            self.information = information

    def uphill(self, before: Floats) -> bool:
        """Go back half of the way until the likelihood is above that at `before`; say whether it is."""
        low, start = _likelihood(self.last, self.outcome, self.weights), self.last
        for _ in range(40):
            if _likelihood(self.eta, self.outcome, self.weights) > low:
                return True
            self.eta = start.copy()
            self.visit((before + self.beta) / 2, anew=True)
        return False

    def result(self, *, converged: bool) -> Logistic:
        """Give the fit, with the information where it came to rest."""
        variance = self.mean * (1.0 - self.mean)
        certain = np.minimum(self.mean, 1.0 - self.mean) < _CERTAIN
        if self.weights is not None:
            certain &= self.weights > 0
        return Logistic(self.beta, self.mean, variance, int(certain.sum()), converged)
