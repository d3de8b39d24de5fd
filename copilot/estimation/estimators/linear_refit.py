"""Linear regression made ready for many changed problems, each answered by a product or two."""

from __future__ import annotations

import math

import numpy as np

from copilot.estimation.estimators.algebra import basis_of, even, gram, solve
from copilot.estimation.problem import Floats, Integers, Problem

_CANCELLED = 1e-4
"""Share of a squared length below which a difference of two squares has lost too many digits."""
_NOTHING = 1e-18
"""Share of a squared length below which what is left of a column is rounding: the square of `DEPENDENT`."""


class LinearRefit:
    """Intercept and covariates partialled out (Frisch & Waugh 1933; Lovell 1963), once.

    Parameters
    ----------
    problem
        The one that is changed.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        w = even(problem)
        self._root = None if w is None else np.sqrt(w)
        # one array: orthonormal columns, then treatment and outcome without them
        self._stack = stack = basis_of(problem, spare=2).matrix
        self._p = p = stack.shape[1] - 2
        stack[:, :p] /= math.sqrt(problem.n)
        if self._root is not None:
            stack[:, :p] *= self._root[:, None]
        stack[:, p] = self._rest(self._weigh(problem.t - problem.t.mean()))
        stack[:, p + 1] = self._rest(self._weigh(problem.y - problem.y.mean()))
        self._t = np.ascontiguousarray(stack[:, p])
        self._tt = float(self._t @ self._t)
        self._ty = float(self._t @ stack[:, p + 1])
        self._t_length = float(np.sum(np.square(self._weigh(problem.t))))

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        t = self._weigh(t)
        products = t @ self._stack
        length, left = self._left(t, products[: self._p])
        return self._slope(float(products[-1]), left, length)

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        return self._slope(float(self._t @ self._weigh(y)), self._tt, self._t_length)

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        column = self._weigh(column)
        products = column @ self._stack
        length, left = self._left(column, products[: self._p])
        if not left > _NOTHING * length:
            return self._slope(self._ty, self._tt, self._t_length)
        with_t, with_y = float(products[-2]), float(products[-1])
        return self._slope(self._ty - with_t * with_y / left, self._tt - with_t * with_t / left, self._t_length)

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows, from their cross-products."""
        if not len(rows):
            return math.nan
        counts = np.bincount(rows, minlength=self._problem.n).astype(np.float64)
        cross = gram(self._stack, counts)
        p = self._p
        projected, _ = solve(cross[:p, :p], cross[:p, p])
        tt = float(cross[p, p] - projected @ cross[:p, p])
        ty = float(cross[p, p + 1] - projected @ cross[:p, p + 1])
        return self._slope(ty, tt, float(cross[p, p]) * 1e6)

    def _slope(self, with_y: float, left: float, length: float) -> float:
        return with_y / left * self._problem.step if left > _NOTHING * length else math.nan

    def _left(self, column: Floats, shared: Floats) -> tuple[float, float]:
        """Give the squared length of a column, and of what the covariates leave of it."""
        length = float(column @ column)
        left = length - float(shared @ shared)
        if left < _CANCELLED * length:
            rest = self._rest(column)
            left = float(rest @ rest)
        return length, left

    def _weigh(self, column: Floats) -> Floats:
        return column if self._root is None else column * self._root

    def _rest(self, column: Floats) -> Floats:
        q = self._stack[:, : self._p]
        rest: Floats = column - q @ (column @ q)
        return rest - q @ (rest @ q)
