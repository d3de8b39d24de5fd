"""Linear regression of the outcome on treatment and covariates, with errors that hold under unequal variances."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import (
    cluster_notes,
    dropped_notes,
    positive,
    refusal,
    require,
    risk_ratio,
)
from copilot.estimation.estimators.algebra import DEPENDENT, blocks, even, independent, triangle, upper_of
from copilot.estimation.estimators.linear_refit import LinearRefit
from copilot.estimation.estimators.spread import freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Integers, Problem, Refit

FULL_LEVERAGE = 1.0 - 1e-8
"""Leverage from which a row is fitted exactly, so that its residual says nothing."""
_EXACT = 1e-12
"""Share of the outcome's spread below which residuals are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """Least squares by rows: residuals, leverages and influence values of the treatment's coefficient."""

    slope: float
    residuals: Floats
    leverages: Floats
    influence: Floats
    left: float
    parameters: int
    dropped: int


class LinearRegression:
    """Ordinary, or weighted, least squares; the effect is the treatment's coefficient times the step.

    Errors are HC3 (MacKinnon & White 1985, equation 13, in the form of Davidson & MacKinnon 1993, page 554), or robust
    to clusters with the small-sample factor of Cameron & Miller 2015, equation 12; intervals by Student's t.
    """

    name = "linear_regression"
    title = "linear regression"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse the effect on the treated, unless nothing is adjusted for, when the two effects are one."""
        if ask.target is Target.ATT and problem.binary_treatment and problem.covariates.shape[1]:
            return (
                "its one coefficient is an average over rows that need not be the treated; g_computation gives the "
                "effect on the treated by regression"
            )
        return refusal(self.title, problem, ask.target)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with robust errors.

        Raises
        ------
        EstimationError
            If there are too few rows, or the covariates determine the treatment.
        """
        require(problem, 2)
        solved = _solve(problem)
        se, errors, notes = _errors(problem, solved)
        df = float(problem.n - solved.parameters) if problem.clusters is None else freedom(problem, 0)
        w = even(problem)
        weighted = solved.residuals if w is None else solved.residuals * np.sqrt(w)
        squares = float(weighted @ weighted)
        classical = math.sqrt(squares / (problem.n - solved.parameters) / solved.left) * abs(problem.step)
        spread = _spread(problem, w)
        exact = squares <= (_EXACT * spread) ** 2 * problem.n
        if exact:
            notes += ("Treatment and covariates give the outcome without remainder, so there is no error to speak of.",)
        explained = solved.slope**2 * solved.left
        return Fit(
            value=solved.slope * problem.step,
            se=None if exact else positive(se),
            errors=errors,
            df=df,
            influence=solved.influence * problem.step,
            risk_ratio=_ratio(problem, solved, ask.level, df),
            diagnostics={
                "residual_df": float(problem.n - solved.parameters),
                "se_classical": classical,
                "r2": 1.0 - squares / (spread**2 * problem.n) if spread > 0 else 0.0,
                "partial_r2": explained / (explained + squares) if explained + squares > 0 else 0.0,
                "leverage_max": float(solved.leverages.max()),
            },
            notes=(*notes, *dropped_notes(solved.dropped), *cluster_notes(problem)),
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Partial the covariates out once; each changed problem is then a product or two."""
        del ask
        return LinearRefit(problem)


def _spread(problem: Problem, w: Floats | None) -> float:
    centred = problem.y - np.average(problem.y, weights=w)
    return math.sqrt(float(np.average(np.square(centred), weights=w)))


def _pieces(problem: Problem, root: Floats | None, y_mean: float) -> Iterator[tuple[slice, Floats]]:
    """Give blocks of [1, covariates, t, y], rows weighted; y is centred, so that a far-off mean costs no digits."""
    k = problem.covariates.shape[1]
    for part in blocks(problem.n, k + 3):
        block = np.empty((part.stop - part.start, k + 3))
        block[:, 0] = 1.0
        block[:, 1 : k + 1] = problem.covariates[part]
        block[:, k + 1] = problem.t[part]
        block[:, k + 2] = problem.y[part] - y_mean
        if root is not None:
            block *= root[part, None]
        yield part, block


def _solve(problem: Problem) -> _Solved:
    w = even(problem)
    root = None if w is None else np.sqrt(w)
    y_mean = float(np.average(problem.y, weights=w))
    k = problem.covariates.shape[1]
    upper = triangle(block for _, block in _pieces(problem, root, y_mean))
    kept = independent(upper[: k + 1, : k + 1])
    columns = np.append(kept, [k + 1, k + 2])
    small = upper_of(upper[:, columns])
    p = len(kept) + 1
    require(problem, p)
    if abs(small[p - 1, p - 1]) <= DEPENDENT * math.sqrt(float(np.sum(np.square(small[:, p - 1])))):
        raise EstimationError(
            "the covariates determine the treatment",
            reason="No two rows with equal covariates differ in treatment, in these rows and in a linear model.",
            advice="Look for a covariate that is the treatment under another name, or adjust for fewer.",
        )
    return _by_rows(problem, root, y_mean, small[:p, :], columns[:-1])


def _by_rows(problem: Problem, root: Floats | None, y_mean: float, small: Floats, columns: Integers) -> _Solved:
    p = len(columns)
    inverse = np.linalg.inv(small[:, :p])
    beta = inverse @ small[:, p]
    residuals, leverages = np.empty(problem.n), np.empty(problem.n)
    influence = np.empty(problem.n)
    whole = p == problem.covariates.shape[1] + 2
    for part, block in _pieces(problem, root, y_mean):
        design = block[:, :p] if whole else block[:, columns]
        turned = design @ inverse
        rest = block[:, -1] - design @ beta
        leverages[part] = np.einsum("ij,ij->i", turned, turned)
        influence[part] = turned[:, -1] * rest * (problem.n * inverse[-1, -1])
        residuals[part] = rest if root is None else rest / root[part]
    left = 1.0 / float(inverse[-1, -1]) ** 2
    return _Solved(float(beta[-1]), residuals, leverages, influence, left, p, problem.covariates.shape[1] + 2 - p)


def _errors(problem: Problem, solved: _Solved) -> tuple[float, str, tuple[str, ...]]:
    scores = solved.influence * abs(problem.step)
    if problem.clusters is not None:
        return standard_error(scores, problem, solved.parameters), "cluster-robust", ()
    full = int((solved.leverages >= FULL_LEVERAGE).sum())
    if full:
        what = "1 row is" if full == 1 else f"{full} rows are"
        note = (
            f"{what} fitted exactly by a column of their own, so that HC3 does not exist; the errors are HC1, which "
            "are shorter in small samples."
        )
        return standard_error(scores, problem, solved.parameters), "HC1", (note,)
    return float(np.linalg.norm(scores / (1.0 - solved.leverages))) / problem.n, "HC3", ()


def _ratio(
    problem: Problem, solved: _Solved, level: float, df: float
) -> tuple[float, tuple[float, float] | None] | None:
    """Compare the mean predicted outcomes at both levels."""
    if not problem.binary_outcome:
        return None
    w = even(problem)
    y_mean, t_mean = float(np.average(problem.y, weights=w)), float(np.average(problem.t, weights=w))
    own = (problem.y - y_mean) - solved.slope * (problem.t - t_mean)
    own = own if w is None else own * w
    both = [
        (y_mean + solved.slope * (at - t_mean), own + solved.influence * (at - t_mean))
        for at in (problem.high, problem.low)
    ]
    return risk_ratio(problem, both[0], both[1], level, df)


LINEAR_REGRESSION = LinearRegression()
