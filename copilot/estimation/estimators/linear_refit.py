"""Linear regression made ready for many changed problems, each answered by a product or two."""

from __future__ import annotations

import math

import numpy as np

from copilot.estimation.estimators.algebra import blocks, even, solve, span_of
from copilot.estimation.problem import Floats, Integers, Problem

_CANCELLED = 1e-3
"""Share of a squared length below which a difference of two squares has lost too many digits."""
_NOTHING = 1e-18
"""Share of a squared length below which what is left of a column is rounding: the square of `DEPENDENT`."""


class LinearRefit:
    """Intercept and covariates partialled out (Frisch & Waugh 1933; Lovell 1963), once.

    The table is not copied: products with its columns, turned by a small triangle, are those with orthonormal ones.

    Parameters
    ----------
    problem
        The one that is changed.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._w = even(problem)
        span = span_of(problem)
        self._x, self._turn = span.matrix, span.turn
        self._p = len(self._turn)
        # treatment and outcome without the covariates, and the same with rows weighted
        self._ends = np.empty((2, problem.n))
        for end, column in zip(self._ends, (problem.t, problem.y), strict=True):
            np.subtract(column, column.mean(), out=end)
            self._take_out(end)
            self._take_out(end)
        self._with_t, self._with_y = (self._weigh(end) for end in self._ends)
        self._tt = float(self._with_t @ self._ends[0])
        self._ty = float(self._with_t @ self._ends[1])
        self._t_length = float(self._weigh(problem.t) @ problem.t)

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        length, left = self._left(t)
        return self._slope(float(self._with_y @ t), left, length)

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        return self._slope(float(self._with_t @ y), self._tt, self._t_length)

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        length, left = self._left(column)
        if not left > _NOTHING * length:
            return self._slope(self._ty, self._tt, self._t_length)
        with_t, with_y = float(self._with_t @ column), float(self._with_y @ column)
        return self._slope(self._ty - with_t * with_y / left, self._tt - with_t * with_t / left, self._t_length)

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows, from their cross-products."""
        if not len(rows):
            return math.nan
        p = self._p
        cross = self._cross(np.bincount(rows, minlength=self._problem.n))
        projected, _ = solve(cross[:p, :p], cross[:p, p])
        tt = float(cross[p, p] - projected @ cross[:p, p])
        ty = float(cross[p, p + 1] - projected @ cross[:p, p + 1])
        return self._slope(ty, tt, float(cross[p, p]) * 1e6)

    def _cross(self, counts: Integers) -> Floats:
        """Give the cross-products of orthonormal columns, treatment and outcome on rows that count so many times."""
        p, n = self._p, self._problem.n
        inner, sides, ends = np.zeros((p - 1, p - 1)), np.zeros((3, p - 1)), np.zeros((3, 3))
        for part in blocks(n, p + 2):
            x = self._x[part]
            weighted = np.empty((3, len(x)))  # the intercept, treatment and outcome
            weighted[0] = counts[part] if self._w is None else counts[part] * self._w[part]
            np.multiply(self._ends[:, part], weighted[0], out=weighted[1:])
            inner += x.T @ (x * weighted[0][:, None])
            sides += weighted @ x
            ends[:, 0] += weighted.sum(axis=1)
            ends[:, 1:] += weighted @ self._ends[:, part].T
        cross = np.empty((p + 2, p + 2))
        cross[1:p, 1:p], cross[0, 1:p], cross[p:, 1:p] = inner, sides[0], sides[1:]
        cross[1:p, 0], cross[1:p, p:] = sides[0], sides[1:].T
        cross[np.ix_([0, p, p + 1], [0, p, p + 1])] = ends
        turn = np.eye(p + 2)
        turn[:p, :p] = self._turn
        turned: Floats = turn.T @ cross @ turn
        return turned

    def _slope(self, with_y: float, left: float, length: float) -> float:
        return with_y / left * self._problem.step if left > _NOTHING * length else math.nan

    def _left(self, column: Floats) -> tuple[float, float]:
        """Give the squared length of a column, and of what the covariates leave of it."""
        weighted = self._weigh(column)
        length = float(weighted @ column)
        shared = self._products(weighted)
        left = length - float(shared @ shared)
        if left < _CANCELLED * length:
            rest = column.copy()
            self._take_out(rest)
            self._take_out(rest)
            left = float(self._weigh(rest) @ rest)
        return length, left

    def _weigh(self, column: Floats) -> Floats:
        return column if self._w is None else column * self._w

    def _products(self, weighted: Floats) -> Floats:
        """Give the products of a weighted column with the orthonormal ones."""
        raw = np.empty(self._p)
        raw[0] = weighted.sum()
        raw[1:] = weighted @ self._x
        products: Floats = raw @ self._turn
        return products

    def _take_out(self, column: Floats) -> None:
        """Take intercept and covariates out of a column, in its place."""
        share = self._turn @ self._products(self._weigh(column))
        for part in blocks(len(column), self._p):
            column[part] -= self._x[part] @ share[1:]
        column -= share[0]
