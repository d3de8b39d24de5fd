from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.problem import Ask, Fit, PlainRefit, Problem, Refit
from copilot.estimation.trial import Fitted, Trial


class LeastSquares:
    """Ordinary least squares with HC3 or cluster-robust errors, written down as in a textbook."""

    name = "least_squares"
    title = "least squares"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        del problem, ask
        return ""

    def point(self, problem: Problem) -> float:
        design = np.column_stack([problem.t, np.ones(problem.n), problem.covariates])
        if problem.weights is not None:
            root = np.sqrt(problem.weights)
            return float(np.linalg.lstsq(design * root[:, None], problem.y * root, rcond=None)[0][0]) * problem.step
        gram = design.T @ design
        if np.linalg.cond(gram) > 1e14:
            return float("nan")
        return float(np.linalg.solve(gram, design.T @ problem.y)[0]) * problem.step

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        del ask
        design = np.column_stack([problem.t, np.ones(problem.n), problem.covariates])
        if problem.n <= design.shape[1]:
            raise EstimationError("too few rows", reason="Every coefficient needs a row.")
        root = np.ones(problem.n) if problem.weights is None else np.sqrt(problem.weights)
        x, y = design * root[:, None], problem.y * root
        bread = np.linalg.inv(x.T @ x)
        beta = bread @ (x.T @ y)
        scores = x @ bread[0] * (y - x @ beta)
        if problem.clusters is None:
            scores = scores / (1 - np.einsum("ij,jk,ik->i", x, bread, x))
            variance = float(scores @ scores)
        else:
            summed = np.bincount(problem.clusters, scores)
            variance = float(summed @ summed) * len(summed) / (len(summed) - 1)
        return Fit(value=float(beta[0]) * problem.step, se=self.claimed(variance**0.5) * problem.step, errors="HC3")

    def claimed(self, se: float) -> float:
        return se

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        del ask
        return PlainRefit(self.point, problem)


LEAST_SQUARES = LeastSquares()


def make_problem(
    seed: int = 0, n: int = 400, k: int = 3, effect: float = 1.0, *, binary: bool = False, **changes: Any
) -> Problem:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, k))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    t = (rng.random(n) < 1 / (1 + np.exp(-x.sum(axis=1) / 2))).astype(float)
    if binary:
        y = (rng.random(n) < 0.3 + 0.2 * t + 0.3 * (x[:, 0] > 0)).astype(float)
    else:
        y = effect * t + x.sum(axis=1) + rng.standard_normal(n) * (1 + 0.5 * t)
    given: dict[str, Any] = {"covariate_of": tuple(f"x{j}" for j in range(k)), "binary_outcome": binary} | changes
    return Problem(y=y, t=t, covariates=x, **given)


def make_trial(problem: Problem, estimator: LeastSquares = LEAST_SQUARES, **changes: Any) -> Trial:
    ask = Ask()
    return Trial(
        problem=problem,
        ask=ask,
        headline=Fitted(estimator, estimator.fit(problem, ask)),
        treatment="drug",
        outcome="pain",
        **({"seed": SeedSequence(7)} | changes),
    )


class Wrapped(LeastSquares):
    """Least squares whose point estimate is changed by a function of the problem."""

    def __init__(self, change: Callable[[Problem, float], float], scale: float = 1.0) -> None:
        self._change, self._scale = change, scale

    def point(self, problem: Problem) -> float:
        return self._change(problem, super().point(problem))

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        honest = super().fit(problem, ask)
        return Fit(value=self._change(problem, honest.value), se=honest.se, errors=honest.errors)

    def claimed(self, se: float) -> float:
        return se * self._scale


@pytest.fixture
def problem_of() -> Callable[..., Problem]:
    return make_problem


@pytest.fixture
def trial_of() -> Callable[..., Trial]:
    return make_trial


@pytest.fixture
def wrapped() -> type[Wrapped]:
    return Wrapped


@pytest.fixture
def trial() -> Trial:
    return make_trial(make_problem())
