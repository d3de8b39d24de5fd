"""Weights changed as little as possible until a dose and the covariates are no longer correlated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import Basis, blocks, solve
from copilot.estimation.problem import Floats

PENALTY = 1e-3
"""Price of the multipliers: where no weights balance everything, what cannot be balanced is left as it is."""
_MOST_STEPS = 60
_AT_REST = 1e-10
"""Imbalance in standard deviations at which Newton's method ends."""
_SOON = 0.3
"""Where a step leaves more of the imbalance than this, the curvature is worked out anew; it is what takes time."""
_SHORTEST = 1e-6
"""Share of a step below which nothing is gained but rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Balanced:
    """Weights that balance, and what influence values need to know of how they came about.

    Parameters
    ----------
    weights
        Of shape (n,), their sum is n.
    multipliers
        One for each moment, of shape (2p - 1,): those of the covariates, of the dose, of their products.
    curvature
        Second derivative by the multipliers, of shape (2p - 1, 2p - 1).
    left
        The largest imbalance that is left, as a correlation.
    """

    weights: Floats
    multipliers: Floats
    curvature: Floats
    left: float


def balance(basis: Basis, dose: Floats, base: Floats) -> Balanced:
    """Calibrate weights: covariates and dose keep their means, and the dose is correlated with no covariate.

    Weights are the base times the exponential of a linear form in these moments, which is the smallest change of the
    base in relative entropy (Deville & Särndal 1992, *Journal of the American Statistical Association* 87, for survey
    weights; Tübbicke 2022, *Journal of Econometric Methods* 11, and Vegetabile et al. 2021 for a dose). An estimate
    with them is right if the base is, or if the outcome is linear in dose and covariates.

    Parameters
    ----------
    basis
        The covariates, orthogonal, with p columns.
    dose
        The treatment less its mean, of shape (n,), with standard deviation about 1.
    base
        Of shape (n,), not negative.
    """
    n, p = basis.matrix.shape
    now = _Place(basis, dose, base, np.zeros(2 * p - 1))
    gradient, curvature = now.gradient(), now.curvature()
    for _ in range(_MOST_STEPS):
        size = float(np.abs(gradient).max())
        if size < _AT_REST:
            break
        step, share = solve(curvature, gradient)[0], 1.0
        gain = float(gradient @ step)
        then = _Place(basis, dose, base, now.multipliers - step)
        while not then.price <= now.price - 1e-4 * share * gain and share > _SHORTEST:
            share /= 2
            then = _Place(basis, dose, base, now.multipliers - share * step)
        if not then.price < now.price:
            break
        now, gradient = then, then.gradient()
        if float(np.abs(gradient).max()) > _SOON * size:
            curvature = now.curvature()
    left = float(np.abs(PENALTY * now.multipliers).max())
    return Balanced(now.weights * n, now.multipliers, now.curvature(), left)


def moments(basis: Basis, dose: Floats, part: slice) -> Floats:
    """Give what is balanced for some rows, of shape (m, 2p - 1)."""
    rows = basis.matrix[part]
    return np.hstack([rows[:, 1:], rows * dose[part, None]])


def by_moments(basis: Basis, dose: Floats, factors: Floats) -> Floats:
    """Sum the moments of all rows, each times its factor, in blocks of rows."""
    wide = 2 * basis.matrix.shape[1] - 1
    total = np.zeros(wide)
    for part in blocks(len(dose), wide):
        total += factors[part] @ moments(basis, dose, part)
    return total


def linear_form(basis: Basis, dose: Floats, coefficients: Floats) -> Floats:
    """Multiply the moments of every row with coefficients, giving shape (n,)."""
    p = basis.matrix.shape[1]
    form: Floats = basis.matrix[:, 1:] @ coefficients[: p - 1] + dose * (basis.matrix @ coefficients[p - 1 :])
    return form


def leverage(basis: Basis, dose: Floats, balanced: Balanced) -> Floats:
    """Give the share that each row has in its own fit by moments and intercept, of shape (n,)."""
    n = len(dose)
    turn = np.linalg.cholesky(np.linalg.inv(balanced.curvature))
    shares = np.empty(n)
    for part in blocks(n, len(turn)):
        shares[part] = 1.0 + np.square(moments(basis, dose, part) @ turn).sum(axis=1)
    found: Floats = shares * balanced.weights / n
    return found


class _Place:
    """Weights at some multipliers, with sum 1, and what they cost."""

    def __init__(self, basis: Basis, dose: Floats, base: Floats, multipliers: Floats) -> None:
        self._basis, self._dose, self.multipliers = basis, dose, multipliers
        form = linear_form(basis, dose, multipliers)
        top = float(form.max())
        self.weights: Floats = base * np.exp(form - top)
        total = float(self.weights.sum())
        self.weights /= total
        self.price = top + float(np.log(total)) + 0.5 * PENALTY * float(multipliers @ multipliers)

    def gradient(self) -> Floats:
        """Give the derivative of the price by the multipliers."""
        return by_moments(self._basis, self._dose, self.weights) + PENALTY * self.multipliers

    def curvature(self) -> Floats:
        """Give its second derivative."""
        wide = len(self.multipliers)
        mean = by_moments(self._basis, self._dose, self.weights)
        cross = PENALTY * np.eye(wide) - np.outer(mean, mean)
        for part in blocks(len(self._dose), wide):
            rows = moments(self._basis, self._dose, part)
            cross += (rows * self.weights[part, None]).T @ rows
        return cross
