"""Logistic regression by Newton's method, safe where covariates separate the two outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import BLOCK, across, blocks, solve
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
_NUMBERS = 1 << 20
"""Numbers in a block of rows. Larger than what is quickest for one thread: where several fit at the same time, each
call on few numbers ends in waiting for the interpreter."""
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
    design: Floats, outcome: Floats, weights: Floats | None = None, start: Floats | None = None
) -> Logistic:
    """Fit by maximum likelihood: Newton's method, steps halved until the likelihood rises; no penalty.

    Parameters
    ----------
    design
        Of shape (n, p); the first column is 1. Quickest where columns lie together in memory.
    outcome
        0.0 and 1.0 of shape (n,).
    weights
        Of shape (n,), zero for rows that do not count; ``None`` for equal ones.
    start
        Coefficients to start from; without it the intercept alone is fitted first.
    """
    newton = _Newton(design, outcome, weights)
    converged = newton.run(_intercept(design, outcome, weights) if start is None else start)
    variance = newton.mean * (1.0 - newton.mean)
    certain = np.minimum(newton.mean, 1.0 - newton.mean) < _CERTAIN
    if weights is not None:
        certain &= weights > 0
    return Logistic(newton.beta, newton.mean, variance, int(certain.sum()), converged)


class Room:
    """Memory for one fit at a time, to be used again: fresh memory for every fit takes a quarter of the time.

    Parameters
    ----------
    rows, columns
        Of the designs.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.parts = tuple(blocks(rows, columns, _NUMBERS))
        self.eta, self.last, self.mean, self.spare = (np.empty(rows) for _ in range(4))
        self.small_parts = tuple(blocks(rows, columns, BLOCK // 2))
        longest = max((part.stop - part.start for part in self.small_parts), default=0)
        self.wide = np.empty((longest, columns), order="F")


def near_probabilities(design: Floats, outcome: Floats, weights: Floats | None, start: Floats, room: Room) -> Floats:
    """Fit from a start that is near, as often as there are simulations, and give the probabilities alone.

    It stops one visit earlier than `fit_logistic`: as soon as what the next step would change is below 1e-9.

    Parameters
    ----------
    design, outcome, weights, start
        As for `fit_logistic`.
    room
        For such a design.

    Returns
    -------
    ndarray
        Of shape (n,), in the room's memory: gone with the next fit there.
    """
    newton = _Newton(design, outcome, weights, room)
    newton.run(start, early=True)
    return newton.mean


def _intercept(design: Floats, outcome: Floats, weights: Floats | None) -> Floats:
    beta = np.zeros(design.shape[1])
    total = float(len(outcome)) if weights is None else float(weights.sum())
    share = float(outcome.sum() if weights is None else outcome @ weights) / max(total, 1e-300)
    share = min(max(share, 1e-6), 1 - 1e-6)
    beta[0] = np.log(share / (1.0 - share))
    return beta


def probability(eta: Floats) -> Floats:
    """Give the logistic function of linear predictors of any shape."""
    with np.errstate(over="ignore"):
        return _probability(eta, np.empty_like(eta))


def _probability(eta: Floats, out: Floats) -> Floats:
    """Fill an array with the logistic function; where its exponential overflows it is 0, as it should be."""
    np.negative(eta, out=out)
    np.exp(out, out=out)
    out += 1.0
    return np.reciprocal(out, out=out)


def _likelihood(eta: Floats, outcome: Floats, weights: Floats | None) -> float:
    terms = outcome * eta - np.logaddexp(0.0, eta)
    return float(terms.sum() if weights is None else terms @ weights)


class _Newton:
    """Where Newton's method is: rows are passed through in blocks, each while it is in the processor's cache."""

    def __init__(self, design: Floats, outcome: Floats, weights: Floats | None, room: Room | None = None) -> None:
        self.design, self.outcome, self.weights = design, outcome, weights
        p = design.shape[1]
        self.room = room = Room(*design.shape) if room is None else room
        self.beta, self.gradient, self.information = np.zeros(p), np.zeros(p), np.zeros((p, p))
        self.eta, self.last, self.mean = room.eta, room.last, room.mean
        self.eta[:] = 0.0
        self.furthest = self.away = np.inf

    def run(self, start: Floats, *, early: bool = False) -> bool:
        """Go from the start to where the score is zero, and say whether it was reached.

        With `early` the last step is the one after which the next could change no linear predictor by `_SMALL`: its
        error is the step times the relative change of the information matrix since it was made, which is no more
        than the way come since then, for the logarithm of p(1 - p) changes no faster than the linear predictor.
        """
        with np.errstate(over="ignore"):
            return self._run(start, early=early)

    def _run(self, start: Floats, *, early: bool) -> bool:
        self.go(start)
        self.look(anew=True)
        for _ in range(_MOST_STEPS):
            before = self.beta
            beta = before + self.step()
            if not np.isfinite(beta).all():
                break
            self.go(beta)
            if self.furthest > _SAFE and not self.uphill(before):
                return self.settled() < _SMALL
            left = self.furthest * min(self.away, 1.0) if early else self.furthest
            if left < _SMALL or (self.liveliest < _SETTLED and self.settled() < _SETTLED):
                return True
            # near the end the last matrix does: each step then errs by the square of the distance all the same
            self.look(anew=self.away > _NEAR)
        return False

    def step(self) -> Floats:
        """Give the step from here."""
        return solve(self.information, self.gradient)[0]

    def go(self, beta: Floats) -> None:
        """Go to coefficients; find the probabilities there, and how far away the rows' linear predictors are."""
        self.beta = beta
        self.last, self.eta = self.eta, self.last
        self.furthest = self.liveliest = 0.0
        for part in self.room.parts:
            eta = np.matmul(self.design[part], beta, out=self.eta[part])
            mean = _probability(eta, self.mean[part])
            move = np.subtract(eta, self.last[part], out=self.room.spare[part])
            for most in (int(move.argmax()), int(move.argmin())):
                far = abs(float(move[most]))
                self.furthest = max(self.furthest, far)
                self.liveliest = max(self.liveliest, far * float(mean[most] * (1.0 - mean[most])))
        self.away += self.furthest

    def settled(self) -> float:
        """Give the largest change of a probability, of which `liveliest` is a part, in the last step."""
        return float((np.abs(self.eta - self.last) * (self.mean * (1.0 - self.mean))).max())

    def look(self, *, anew: bool) -> None:
        """Find the slope of the likelihood here; the information matrix is made anew or kept."""
        self.gradient = np.zeros_like(self.beta)
        for part in self.room.parts:
            residual = np.subtract(self.outcome[part], self.mean[part], out=self.room.spare[part])
            if self.weights is not None:
                residual *= self.weights[part]
            self.gradient += across(residual, self.design[part])
        if anew:
            self.information, self.away = self.curvature(), 0.0

    def curvature(self) -> Floats:
        """Make the information matrix."""
        information = np.zeros_like(self.information)
        for part in self.room.small_parts:
            block, mean = self.design[part], self.mean[part]
            variance = np.subtract(1.0, mean, out=self.room.spare[part])
            variance *= mean
            if self.weights is not None:
                variance *= self.weights[part]
            wide = np.multiply(block, variance[:, None], out=self.room.wide[: len(block)])
            information += across(block.T, wide)
        return information

    def uphill(self, before: Floats) -> bool:
        """Go back half of the way until the likelihood is above that at `before`; say whether it is."""
        low, start = _likelihood(self.last, self.outcome, self.weights), self.last.copy()
        for _ in range(40):
            if _likelihood(self.eta, self.outcome, self.weights) > low:
                return True
            self.eta[:] = start
            self.go((before + self.beta) / 2)
            self.away = np.inf
        return False
