"""G-computation: regressions of the outcome, their predictions at both levels averaged over the rows in question."""

from __future__ import annotations

import math

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import (
    cluster_notes,
    dropped_notes,
    errors_word,
    positive,
    refusal,
    require,
    risk_ratio,
)
from copilot.estimation.estimators.algebra import Basis, basis_of, blocks, even_or_ones, independent, triangle
from copilot.estimation.estimators.outcome_models import (
    OutcomeModel,
    arm_models,
    model_notes,
    predict,
    regress,
    supported,
)
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, PlainRefit, Problem, Refit


class GComputation:
    """Standardisation of regressions (Robins 1986) with errors from all estimating equations together.

    Binary treatment: a regression in each arm, straight (the fully interacted one of Lin 2013, *Annals of Applied
    Statistics* 7, equation 3), or logistic for a binary outcome. Continuous treatment: one regression on covariates,
    treatment, its square, and its products with the covariates. Errors as in Stefanski & Boos 2002, *The American
    Statistician* 56, section 2.
    """

    name = "g_computation"
    title = "g-computation"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse the effect of a continuous treatment on the treated."""
        return refusal(self.title, problem, ask.target)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors from the influence function.

        Raises
        ------
        EstimationError
            If an arm has no more rows than coefficients.
        """
        require(problem, 1)
        basis = basis_of(problem)
        if problem.binary_treatment:
            require(problem, basis.matrix.shape[1], per_arm=True)
            one, zero, notes = _arms(problem, basis, ask.target)
            effect = one[0] - zero[0], one[1] - zero[1]
        else:
            one, zero, effect, notes = _curve(problem, basis)
        (value, influence), df = effect, large_sample_freedom(problem)
        return Fit(
            value=value,
            se=positive(standard_error(influence, problem)),
            errors=errors_word(problem),
            df=df,
            influence=influence,
            risk_ratio=risk_ratio(problem, one, zero, ask.level, df),
            diagnostics={"mean_outcome_high": one[0], "mean_outcome_low": zero[0]},
            notes=(*notes, *dropped_notes(basis.dropped), *cluster_notes(problem)),
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew, without errors."""

        def point(changed: Problem) -> float:
            return _point(changed, ask.target)

        return PlainRefit(point, problem)


def _point(problem: Problem, target: Target) -> float:
    try:
        require(problem, 1)
        basis = basis_of(problem)
        if problem.binary_treatment:
            require(problem, basis.matrix.shape[1], per_arm=True)
            one, zero, _ = _arms(problem, basis, target, influence=False)
            return one[0] - zero[0]
        return _curve(problem, basis, influence=False)[2][0]
    except EstimationError:
        return math.nan


_Mean = tuple[float, Floats]


def _arms(
    problem: Problem, basis: Basis, target: Target, *, influence: bool = True
) -> tuple[_Mean, _Mean, tuple[str, ...]]:
    weights = even_or_ones(problem)
    models = arm_models(problem, basis, weights)
    whom = weights * problem.t if target is Target.ATT else weights
    whom, notes = supported(problem, models, whom)
    one, zero = (
        _average(model.predicted, whom, model.influence(whom) if influence else model.scores) for model in models
    )
    return one, zero, (*notes, *model_notes(*models))


def _average(predicted: Floats, whom: Floats, added: Floats) -> _Mean:
    """Average predictions over rows with weights; influence values with the part of the coefficients."""
    share = float(np.mean(whom))
    mean = float(whom @ predicted) / float(whom.sum())
    return mean, (whom * (predicted - mean) + added) / share


def _curve(problem: Problem, basis: Basis, *, influence: bool = True) -> tuple[_Mean, _Mean, _Mean, tuple[str, ...]]:
    """Give the means at both levels, and their difference by itself, which keeps its digits however small the step."""
    weights = even_or_ones(problem)
    design = _bent(basis.matrix, problem.t)
    root = np.sqrt(weights)
    kept = independent(triangle(design[part] * root[part, None] for part in blocks(*design.shape)))
    z = basis.matrix.shape[1]
    if z not in kept:
        raise EstimationError(
            "the covariates determine the treatment",
            reason="No two rows with equal covariates differ in treatment, in these rows and in a linear model.",
            advice="Look for a covariate that is the treatment under another name, or adjust for fewer.",
        )
    if len(kept) < design.shape[1]:
        design = design[:, kept]
    require(problem, design.shape[1])
    model = regress(design, problem.y, weights, binary=problem.binary_outcome)
    x = basis.matrix
    high, low = (_turn(z, at, at * at)[:, kept] for at in (problem.high, problem.low))
    further = _turn(z, problem.step, problem.step * (problem.high + problem.low), own=0.0)[:, kept]
    predicted = [predict(x, turn @ model.coefficients, binary=problem.binary_outcome) for turn in (high, low)]
    one, zero = (
        _average(p, weights, _along(model, (weights * _slope(p, problem)) @ x @ turn, influence=influence))
        for turn, p in zip((high, low), predicted, strict=True)
    )
    apart, steeper = _apart(x @ (further @ model.coefficients), predicted, problem)
    gradient = (weights * steeper) @ x @ high + (weights * _slope(predicted[1], problem)) @ x @ further
    effect = _average(apart, weights, _along(model, gradient, influence=influence))
    return one, zero, effect, model_notes(model)


def _along(model: OutcomeModel, gradient: Floats, *, influence: bool) -> Floats:
    """Give the coefficients' part of influence values, or zeros where nobody asks for them."""
    return model.along(gradient / len(model.scores)) if influence else np.zeros(len(model.scores))


def _slope(predicted: Floats, problem: Problem) -> Floats:
    """Give the derivative of a prediction by its linear predictor."""
    return predicted * (1.0 - predicted) if problem.binary_outcome else np.ones_like(predicted)


def _apart(delta: Floats, predicted: list[Floats], problem: Problem) -> tuple[Floats, Floats]:
    """Give the differences of predictions, and of their slopes, whose linear predictors differ by `delta`."""
    if not problem.binary_outcome:
        return delta, np.zeros_like(delta)
    one, zero = predicted
    # one - zero without cancellation: the odds differ by the factor exp(delta)
    shrink = -np.expm1(-np.abs(delta))
    difference = np.where(delta > 0, one * (1.0 - zero), -zero * (1.0 - one)) * shrink
    return difference, difference * (1.0 - one - zero)


def _bent(z: Floats, t: Floats) -> Floats:
    """Give covariates, treatment, its square, and its products with the covariates, of shape (n, 2p + 1)."""
    p = z.shape[1]
    design = np.empty((len(t), 2 * p + 1))
    design[:, :p] = z
    design[:, p] = t
    design[:, p + 1] = t * t
    np.multiply(z[:, 1:], t[:, None], out=design[:, p + 2 :])
    return design


def _turn(p: int, by: float, by_square: float, own: float = 1.0) -> Floats:
    """Give the matrix of shape (p, 2p + 1) that makes `_bent` at one dose of p covariates, or a difference of two."""
    turn = np.zeros((p, 2 * p + 1))
    turn[:, :p] = own * np.eye(p)
    turn[0, p], turn[0, p + 1] = by, by_square
    turn[1:, p + 2 :] = by * np.eye(p - 1)
    return turn


G_COMPUTATION = GComputation()
