"""Propensity scores by logistic regression, whom they leave without comparison, and what that does to the estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.algebra import Basis, basis_of, even, gram, solve
from copilot.estimation.estimators.logistic import Logistic, fit_logistic
from copilot.estimation.problem import Floats, Problem

TRIM = 0.01
"""Rows with a propensity score below this or above 1 - this are left out, where arms are not very unequal."""
RARE = 0.1
"""Share of an arm below which its bound is a tenth of that share: rare treatments have small scores everywhere."""
MOST_TRIMMED = 0.1
"""Share of rows that may be left out before we say that there is no overlap."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Propensity scores and the rows that they keep.

    Parameters
    ----------
    basis
        The covariates, orthogonal.
    logistic
        The regression of the treatment on them.
    weights
        Sampling weights with mean 1, of shape (n,).
    kept
        1.0 for rows with overlap, 0.0 for those left out; of shape (n,).
    bounds
        Scores outside are left out.
    """

    basis: Basis
    logistic: Logistic
    weights: Floats
    kept: Floats
    bounds: tuple[float, float]

    @property
    def e(self) -> Floats:
        """Scores of shape (n,)."""
        return self.logistic.predicted

    def influence(self, gradient: Floats, t: Floats) -> Floats:
        """Give what the estimation of the scores adds to influence values of shape (n,).

        Parameters
        ----------
        gradient
            Mean derivative of an estimating function by the coefficients of the scores, of shape (p,).
        t
            The treatment.
        """
        n = len(t)
        information = gram(self.basis.matrix, self.logistic.variance * self.weights)
        direction, _ = solve(information / n, gradient)
        added: Floats = (self.basis.matrix @ direction) * (t - self.e) * self.weights
        return added

    def gradient(self, terms: Floats) -> Floats:
        """Average rows of the design with factors of shape (n,)."""
        averaged: Floats = terms @ self.basis.matrix / len(terms)
        return averaged


def bounds_for(share: float, target: Target) -> tuple[float, float]:
    """Give the scores between which rows are kept.

    Crump, Hotz, Imbens & Mitnik 2009, *Biometrika* 96, show that rows with extreme scores cost more precision than
    they are worth; their rule of thumb, 0.1, changes the question more than ours. For the effect on the treated only
    scores near 1 lack comparison.

    Parameters
    ----------
    share
        Of rows treated.
    target
        Whose effect.

    Examples
    --------
    >>> bounds_for(0.3, Target.ATE), bounds_for(0.3, Target.ATT)
    ((0.01, 0.99), (0.0, 0.99))
    """
    low = TRIM * min(1.0, share / RARE)
    high = 1.0 - TRIM * min(1.0, (1.0 - share) / RARE)
    return (0.0 if target is Target.ATT else low, high)


def keep(e: Floats, t: Floats, weights: Floats | None, target: Target) -> tuple[NDArray[np.bool_], tuple[float, float]]:
    """Mark the rows between the bounds."""
    share = float(np.mean(t) if weights is None else t @ weights / weights.sum())
    low, high = bounds_for(share, target)
    return (e >= low) & (e <= high), (low, high)


def scores_of(problem: Problem, target: Target) -> Scores:
    """Fit propensity scores and mark the rows that have overlap.

    Raises
    ------
    EstimationError
        If more than a tenth of the rows (of the treated, for the effect on them) have none.
    """
    basis = basis_of(problem)
    w = even(problem)
    logistic = fit_logistic(basis.matrix, problem.t, w)
    kept, bounds = keep(logistic.predicted, problem.t, w, target)
    whom = problem.t > 0 if target is Target.ATT else np.ones(problem.n, dtype=np.bool_)
    lost, of = int((whom & ~kept).sum()), int(whom.sum())
    left = problem.t[kept]
    if lost > MOST_TRIMMED * of or not left.any() or left.all():
        people = "treated rows" if target is Target.ATT else "rows"
        raise EstimationError(
            f"there is no overlap: {lost} of {of} {people} have a propensity score outside "
            f"{bounds[0]:g} to {bounds[1]:g}",
            reason="Covariates all but determine the treatment there, so those rows have nobody to be compared with.",
            advice="Look for a covariate that is the treatment under another name, adjust for fewer variables, or "
            "restrict the rows to those who could have been in either arm.",
        )
    weights = np.ones(problem.n) if w is None else w
    return Scores(basis, logistic, weights, kept.astype(np.float64), bounds)


def weights_of(e: Floats, t: Floats, base: Floats, target: Target) -> tuple[Floats, Floats]:
    """Give the weights of both arms, of shape (n,) and zero in the other arm.

    Parameters
    ----------
    e, t
        Scores and treatment.
    base
        Sampling weights, zero for rows left out.
    target
        Whose effect.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if target is Target.ATT:
            active, control = base * t, base * (e / (1.0 - e))
        else:
            active, control = base / e, base / (1.0 - e)
    on = base > 0
    return np.where(on & (t > 0), active, 0.0), np.where(on & (t <= 0), control, 0.0)


def log_slope(e: Floats, arm: int, target: Target) -> Floats | None:
    """Give the derivative of the logarithm of an arm's weight by the linear predictor; ``None`` if it is 0."""
    if target is Target.ATT:
        return None if arm else np.ones_like(e)
    return e - 1.0 if arm else e


def score_notes(scores: Scores, target: Target) -> tuple[str, ...]:
    """Say what was left out, and where scores were not found."""
    notes = []
    n = len(scores.kept)
    trimmed = n - int(scores.kept.sum())
    if trimmed:
        low, high = scores.bounds
        outside = f"above {high:g}" if target is Target.ATT else f"outside {low:g} to {high:g}"
        notes.append(
            f"{trimmed} of {n} rows with a propensity score {outside} were left out; the effect is that on the others."
        )
    if scores.logistic.separated:
        notes.append(
            f"Covariates determine the treatment in {scores.logistic.separated} rows, where scores are 0 or 1."
        )
    if not scores.logistic.converged:
        notes.append("The regression for the propensity scores did not come to rest; doubt this estimate.")
    return tuple(notes)


def score_diagnostics(scores: Scores, treated: Floats, control: Floats) -> dict[str, float]:
    """Give the range of scores, the rows left out, and effective numbers of rows (Kish 1965) in both arms.

    Parameters
    ----------
    scores
        As fitted.
    treated, control
        Weights of shape (n,), zero in the other arm.
    """
    one, zero = effective(treated), effective(control)
    return {
        "score_min": float(scores.e.min()),
        "score_max": float(scores.e.max()),
        "trimmed": float(len(scores.kept) - scores.kept.sum()),
        "effective_n": one + zero,
        "effective_n_treated": one,
        "effective_n_control": zero,
    }


def effective(weights: Floats) -> float:
    """Give the number of equally weighted rows with the same variance.

    Examples
    --------
    >>> effective(np.array([1.0, 1.0, 0.0])), round(effective(np.array([3.0, 1.0])), 2)
    (2.0, 1.6)
    """
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
