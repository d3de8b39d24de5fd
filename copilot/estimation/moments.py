"""Cross-products of treatment, covariates and outcome: linear questions are answered without the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from copilot.estimation.estimators.algebra import blocks
from copilot.estimation.problem import Problem

_NOTHING = 1e-12
"""Share of a column's sum of squares below which nothing is left of it."""


class Moments:
    """Centred cross-products of [treatment, covariates, outcome].

    Parameters
    ----------
    problem
        Weights are honoured; the rows are passed over once, in blocks.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        k = int(problem.covariates.shape[1])
        weights = problem.weights
        total = float(problem.n)
        centres = np.zeros(k + 2)
        scale = np.ones(k + 2)
        for which, column in ((0, problem.t), (k + 1, problem.y)):
            centres[which] = float(np.average(column, weights=weights))
            scale[which] = float(np.sqrt(np.average((column - centres[which]) ** 2, weights=weights))) or 1.0
        if k:
            means = problem.covariates.mean(axis=0) if weights is None else weights @ problem.covariates / total
            centres[1 : k + 1] = means
        cross = np.zeros((k + 2, k + 2))
        for part in blocks(problem.n, k + 2):
            rows = np.column_stack([problem.t[part], problem.covariates[part], problem.y[part]])
            rows = (rows - centres) / scale
            cross += rows.T @ (rows if weights is None else rows * weights[part, None])
        self._cross, self._scale, self._k = cross, scale, k

    def columns_of(self, variable: str) -> list[int]:
        """Give the places of the columns that encode a covariate."""
        return [i + 1 for i, name in enumerate(self.problem.covariate_of) if name == variable]

    @property
    def t(self) -> int:
        """Place of the treatment."""
        return 0

    @property
    def y(self) -> int:
        """Place of the outcome."""
        return self._k + 1

    @property
    def outcome_sd(self) -> float:
        """Standard deviation of the outcome."""
        return float(self._scale[self.y])

    @property
    def covariates(self) -> list[int]:
        """Places of all covariates."""
        return list(range(1, self._k + 1))

    def rest(self, target: int, given: Sequence[int]) -> float:
        """Give the residual sum of squares of a column, given others, as a share of its own; 0 if nothing is left."""
        own = float(self._cross[target, target])
        if own <= 0:
            return 0.0
        if not given:
            return 1.0
        inner = self._cross[np.ix_(given, given)]
        shared = self._cross[given, target]
        weights = np.linalg.lstsq(inner, shared, rcond=1e-12)[0]
        left = (own - float(shared @ weights)) / own
        return left if left > _NOTHING else 0.0

    def partial_r2(self, target: int, of: Sequence[int], given: Sequence[int]) -> float:
        """Give the partial R² of columns with a target, given others, in [0, 1]."""
        without = self.rest(target, list(given))
        if without == 0.0:
            return 0.0
        return min(1.0, max(0.0, 1.0 - self.rest(target, [*given, *of]) / without))

    def partial_r2_each(self, target: int, groups: Sequence[Sequence[int]], given: Sequence[int]) -> list[float]:
        """Give the partial R² of each group of columns with a target, given all other columns of `given`.

        One inverse serves all groups: dropping a group adds b' V⁻¹ b to the residual sum of squares, b its
        coefficients and V its block of the inverse cross-products (the Wald form of the F-test).
        """
        places = list(given)
        inner, shared = self._cross[np.ix_(places, places)], self._cross[places, target]
        try:
            inverse = np.linalg.inv(inner)
        except np.linalg.LinAlgError:
            return [self.partial_r2(target, of, [one for one in places if one not in set(of)]) for of in groups]
        weights = inverse @ shared
        own = float(self._cross[target, target])
        left = max(0.0, own - float(shared @ weights))
        found = []
        for of in groups:
            at = [places.index(one) for one in of]
            gain = max(0.0, float(weights[at] @ np.linalg.solve(inverse[np.ix_(at, at)], weights[at])))
            found.append(gain / (gain + left) if gain > _NOTHING * own else 0.0)
        return found

    def slope(self, given: Sequence[int]) -> float:
        """Give the coefficient of the treatment times the contrast, given some covariates, in units of the outcome."""
        places = [self.t, *given]
        inner = self._cross[np.ix_(places, places)]
        found = np.linalg.lstsq(inner, self._cross[places, self.y], rcond=1e-12)[0]
        return float(found[0]) * float(self._scale[self.y] / self._scale[self.t]) * self.problem.step

    def standard_error(self, given: Sequence[int]) -> tuple[float, float]:
        """Give the classical standard error of `slope`, and the residual degrees of freedom."""
        dof = self.problem.n - len(given) - 2
        left_t = self.rest(self.t, given) * float(self._cross[self.t, self.t])
        left_y = self.rest(self.y, [self.t, *given]) * float(self._cross[self.y, self.y])
        if dof <= 0 or left_t <= 0:
            return math.nan, float(dof)
        se = math.sqrt(left_y / dof / left_t) * float(self._scale[self.y] / self._scale[self.t])
        return se * abs(self.problem.step), float(dof)
