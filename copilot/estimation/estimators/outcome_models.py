"""Regressions of the outcome in one arm: straight, or logistic for a binary outcome, with what their error adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import Basis, gram, solve
from copilot.estimation.estimators.logistic import fit_logistic, probability
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
    lacking
        Directions of the covariates that do not vary among the rows fitted.
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
    lacking: int
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
    if binary:
        found = fit_logistic(design, y, weights)
        p = found.predicted
        return OutcomeModel(
            design,
            found.coefficients,
            p,
            p * (1.0 - p),
            found.information,
            weights * (y - p),
            0,
            found.separated,
            found.converged,
        )
    information = gram(design, weights)
    centre = float(weights @ y / weights.sum())
    rest = y - centre
    coefficients, lacking = solve(information, (weights * rest) @ design)
    # one step of refinement gives back the digits that cross-products cost
    rest = rest - design @ coefficients
    more, _ = solve(information, (weights * rest) @ design)
    coefficients, rest = coefficients + more, rest - design @ more
    coefficients[0] += centre
    return OutcomeModel(design, coefficients, y - rest, None, information, weights * rest, lacking, 0, converged=True)


def arm_models(problem: Problem, basis: Basis, weights: Floats) -> tuple[OutcomeModel, OutcomeModel]:
    """Regress the outcome on the covariates among the treated, and among the others."""
    treated = problem.t > 0
    one, zero = (
        regress(basis.matrix, problem.y, np.where(arm, weights, 0.0), binary=problem.binary_outcome)
        for arm in (treated, ~treated)
    )
    return one, zero


def predict(design: Floats, coefficients: Floats, *, binary: bool) -> Floats:
    """Predict for rows of shape (n, p)."""
    linear: Floats = design @ coefficients
    return probability(linear) if binary else linear


def model_notes(*models: OutcomeModel) -> tuple[str, ...]:
    """Say where a regression of the outcome is thin."""
    notes = []
    lacking = max(model.lacking for model in models)
    if lacking:
        what = "1 direction" if lacking == 1 else f"{lacking} directions"
        notes.append(f"{what} of the covariates do not vary in one arm, so nothing is known of their part there.")
    separated = sum(model.separated for model in models)
    if separated:
        notes.append(
            f"In {separated} rows of an arm the covariates determine the outcome, so predictions of 0 or 1 are used "
            "there, and errors may be too small."
        )
    if not all(model.converged for model in models):
        notes.append("A regression of the outcome did not come to rest; doubt this estimate.")
    return tuple(notes)
