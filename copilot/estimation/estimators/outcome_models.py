"""Regressions of the outcome in one arm: straight, or logistic for a binary outcome, with what their error adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.errors import EstimationError
from copilot.estimation.estimators.algebra import Basis, gram, outside, solve
from copilot.estimation.estimators.logistic import fit_logistic, probability
from copilot.estimation.estimators.scores import MOST_TRIMMED
from copilot.estimation.problem import Floats, Problem


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeModel:
    """An outcome regression fitted to some rows, and its predictions for all.

    Parameters
    ----------
    design
        Of shape (n, p).
    coefficients
        Of shape (p,).
    predicted
        Of shape (n,).
    slope
        Derivative of the predictions by the linear predictor, of shape (n,); ``None`` where it is 1.
    information
        Of shape (p, p).
    scores
        Weight times residual of shape (n,), 0 for rows that were not fitted.
    outside
        Rows, of shape (n,), about which the rows fitted say nothing.
    separated
        Rows whose probability is 0 or 1 up to rounding.
    converged
        Whether the fit came to rest.
    """

    design: Floats
    coefficients: Floats
    predicted: Floats
    slope: Floats | None
    information: Floats
    scores: Floats
    outside: NDArray[np.bool_]
    separated: int
    converged: bool

    def influence(self, factors: Floats) -> Floats:
        """Give what the estimated coefficients add to the influence values of a mean of factor · prediction.

        Parameters
        ----------
        factors
            Of shape (n,).
        """
        n = len(factors)
        sloped = factors if self.slope is None else factors * self.slope
        return self.along(sloped @ self.design / n)

    def along(self, gradient: Floats) -> Floats:
        """Give influence values of the coefficients' product with a gradient of shape (p,)."""
        direction, _ = solve(self.information / len(self.scores), gradient)
        added: Floats = (self.design @ direction) * self.scores
        return added


def regress(design: Floats, y: Floats, weights: Floats, *, binary: bool) -> OutcomeModel:
    """Regress the outcome on columns, rows weighted.

    Parameters
    ----------
    design
        Of shape (n, p); the first column is 1.
    y
        Outcome of shape (n,).
    weights
        Of shape (n,), zero for rows that are not fitted.
    binary
        Whether by logistic regression.
    """
    information = gram(design, weights)
    off = outside(design, information)
    if binary:
        found = fit_logistic(design, y, weights)
        p = found.predicted
        return OutcomeModel(
            design,
            found.coefficients,
            p,
            p * (1.0 - p),
            gram(design, weights * found.variance),
            weights * (y - p),
            off,
            found.separated,
            found.converged,
        )
    centre = float(weights @ y / weights.sum())
    rest = y - centre
    coefficients, _ = solve(information, (weights * rest) @ design)
    # one step of refinement gives back the digits that cross-products cost
    rest = rest - design @ coefficients
    more, _ = solve(information, (weights * rest) @ design)
    coefficients, rest = coefficients + more, rest - design @ more
    coefficients[0] += centre
    return OutcomeModel(design, coefficients, y - rest, None, information, weights * rest, off, 0, converged=True)


def arm_models(problem: Problem, basis: Basis, weights: Floats) -> tuple[OutcomeModel, OutcomeModel]:
    """Regress the outcome on the covariates among the treated, and among the others."""
    treated = problem.t > 0
    one, zero = (
        regress(basis.matrix, problem.y, np.where(arm, weights, 0.0), binary=problem.binary_outcome)
        for arm in (treated, ~treated)
    )
    return one, zero


def supported(problem: Problem, models: tuple[OutcomeModel, ...], weights: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Leave out rows with covariates that do not occur in one arm.

    Parameters
    ----------
    problem
        What is estimated.
    models
        Of both arms.
    weights
        Of the rows over which predictions are averaged, of shape (n,).

    Returns
    -------
    weights, notes
        0 for rows left out, and what was left out.

    Raises
    ------
    EstimationError
        If that is more than a tenth of the rows in question.
    """
    off = np.logical_or.reduce([model.outside for model in models]) & (weights > 0)
    lost, of = int(off.sum()), int((weights > 0).sum())
    if not lost:
        return weights, ()
    what = f"{lost} of {of} rows have covariates that do not occur in one arm"
    if lost > MOST_TRIMMED * of:
        raise EstimationError(
            f"there is no overlap: {what}",
            reason=f"What {problem.n} rows say of the outcome in one arm says nothing of these.",
            advice="Adjust for fewer variables, or join rare values of a variable into one.",
        )
    return np.where(off, 0.0, weights), (f"{what} and were left out; the effect is that on the others.",)


def predict(design: Floats, coefficients: Floats, *, binary: bool) -> Floats:
    """Predict for rows of shape (n, p)."""
    linear: Floats = design @ coefficients
    return probability(linear) if binary else linear


def model_notes(*models: OutcomeModel) -> tuple[str, ...]:
    """Say where a regression of the outcome is thin."""
    notes = []
    separated = sum(model.separated for model in models)
    if separated:
        notes.append(
            f"In {separated} rows of an arm the covariates determine the outcome, so predictions of 0 or 1 are used "
            "there, and errors may be too small."
        )
    if not all(model.converged for model in models):
        notes.append("A regression of the outcome did not come to rest; doubt this estimate.")
    return tuple(notes)
