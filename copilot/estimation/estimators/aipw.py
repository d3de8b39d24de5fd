"""Augmented inverse-probability weighting: right if either the scores or the outcome regressions are."""

from __future__ import annotations

import math
from dataclasses import replace

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
from copilot.estimation.estimators.outcome_models import OutcomeModel, arm_models, model_notes, supported
from copilot.estimation.estimators.scores import (
    Scores,
    log_slope,
    score_diagnostics,
    score_notes,
    scores_of,
    weights_of,
)
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, PlainRefit, Problem, Refit


class Aipw:
    """Doubly robust estimator of Robins, Rotnitzky & Zhao 1994, with regressions in each arm and logistic scores.

    The augmented means are those of Lunceford & Davidian 2004, *Statistics in Medicine* 23, equation 9; for the
    treated, Mercatanti & Li 2014, *Annals of Applied Statistics* 8, section 3. Errors by the influence function with
    the parts of scores and regressions (Stefanski & Boos 2002), so they hold if only one of the two is right.
    """

    name = "aipw"
    title = "augmented inverse-probability weighting"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse a treatment that is not binary."""
        return refusal(self.title, problem, ask.target, binary=True)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors from the influence function.

        Raises
        ------
        EstimationError
            If there is no overlap, or an arm has no more rows than coefficients.
        """
        scores, models, notes = _nuisances(problem, ask.target)
        active, control = weights_of(scores.e, problem.t, scores.weights * scores.kept, ask.target)
        one = _augmented(problem, scores, models[0], active, 1, ask.target)
        zero = _augmented(problem, scores, models[1], control, 0, ask.target)
        influence, df = one[1] - zero[1], large_sample_freedom(problem)
        return Fit(
            value=one[0] - zero[0],
            se=positive(standard_error(influence, problem)),
            errors=errors_word(problem),
            df=df,
            influence=influence,
            risk_ratio=risk_ratio(problem, one, zero, ask.level, df),
            diagnostics=score_diagnostics(scores, active, control),
            notes=(
                *score_notes(scores, ask.target),
                *notes,
                *model_notes(*models),
                *dropped_notes(scores.basis.dropped),
                *cluster_notes(problem),
            ),
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew, without errors."""

        def point(changed: Problem) -> float:
            return _point(changed, ask.target)

        return PlainRefit(point, problem)


def _nuisances(problem: Problem, target: Target) -> tuple[Scores, tuple[OutcomeModel, OutcomeModel], tuple[str, ...]]:
    require(problem, 1)
    scores = scores_of(problem, target)
    require(problem, scores.basis.matrix.shape[1], per_arm=True)
    models = arm_models(problem, scores.basis, scores.weights)
    kept, notes = supported(problem, models, scores.kept)
    return replace(scores, kept=kept), models, notes


def _point(problem: Problem, target: Target) -> float:
    try:
        scores, models, _ = _nuisances(problem, target)
    except EstimationError:
        return math.nan
    base = scores.weights * scores.kept
    whom = base * problem.t if target is Target.ATT else base
    arms = weights_of(scores.e, problem.t, base, target)
    one, zero = (
        float(whom @ model.predicted + arm @ (problem.y - model.predicted)) / float(whom.sum())
        for model, arm in zip(models, arms, strict=True)
    )
    return one - zero


def _augmented(
    problem: Problem, scores: Scores, model: OutcomeModel, weights: Floats, arm: int, target: Target
) -> tuple[float, Floats]:
    """Give one arm's mean outcome and its influence values.

    Parameters
    ----------
    weights
        Of the arm, of shape (n,).
    """
    base = scores.weights * scores.kept
    whom = base * problem.t if target is Target.ATT else base
    total = float(whom.sum())
    rest = problem.y - model.predicted
    mean = float(whom @ model.predicted + weights @ rest) / total
    own = whom * (model.predicted - mean) + weights * rest
    own = own + model.influence(whom - weights)
    slope = log_slope(scores.e, arm, target)
    if slope is not None:
        own = own + scores.influence(scores.gradient(weights * rest * slope), problem.t)
    return mean, own * (problem.n / total)


AIPW = Aipw()
