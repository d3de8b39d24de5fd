"""Weighting for a continuous treatment: by the ratio of two normal densities of the dose, then balanced."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import (
    cluster_notes,
    dropped_notes,
    errors_word,
    positive,
    require,
    risk_ratio,
)
from copilot.estimation.estimators.algebra import DEPENDENT, Basis, basis_of, even, solve
from copilot.estimation.estimators.balance import PENALTY, Balanced, balance, by_moments, leverage, linear_form
from copilot.estimation.estimators.scores import effective
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Problem

TRUNCATED = 0.99
"""Quantile of the density ratios at which larger ones are cut (Cole & Hernán 2008)."""
MOST_BALANCED = 50
"""Columns of covariates up to which each is balanced; beyond, what they predict of the dose is, which is quicker."""
_UNSTABLE = 0.5
"""Share of the treatment's variance explained from which the ratio of densities has no variance."""
_UNBALANCED = 0.02
"""Correlation between dose and a covariate that is spoken of."""
_MOST_LEVERAGE = 0.9
"""A row with more than this decides its own fit, and tells of no error."""
_THIN = 0.1
"""Share of the rows below which the effective number of rows is called small."""


@dataclass(frozen=True, slots=True, eq=False)
class _Weighted:
    """A line through weighted rows, and what made the weights; `held` is what is balanced of the covariates."""

    basis: Basis
    held: Basis
    sampling: Floats
    balanced: Balanced
    whole: Floats
    dose: Floats
    rest: Floats
    spread: float
    left: float
    line: Floats
    cross: Floats


def fit_continuous(problem: Problem, ask: Ask) -> Fit:
    """Estimate the slope of a marginal structural line.

    Stabilised weights, the density of the dose over its density given the covariates, both normal (Robins, Hernán &
    Brumback 2000, *Epidemiology* 11, page 555; Hirano & Imbens 2004 for the generalised propensity score). Such ratios
    have heavy tails: where covariates explain a third of the dose, intervals that are built on them alone hold the
    truth 85 times in 100. So the largest are cut (Cole & Hernán 2008, *American Journal of Epidemiology* 168),
    and the weights are then calibrated to leave no correlation, see `balance`. Last comes weighted least
    squares. Errors by the influence function of all estimating equations together, those of densities and calibration
    included, each row's part divided by one less its leverage (HC3, MacKinnon & White 1985, *Journal of Econometrics*
    29): with some hundred rows they would be a tenth too small otherwise.

    Raises
    ------
    EstimationError
        If there are too few rows or the covariates determine the treatment.
    """
    require(problem, problem.covariates.shape[1] + 2)
    fitted = _weighted(problem)
    if fitted is None:
        raise EstimationError(
            "the covariates determine the treatment",
            reason="Given the covariates the dose does not vary, so its density does not exist.",
            advice="Look for a covariate that is the treatment under another name, or adjust for fewer.",
        )
    intercept, slope = _influence(problem, fitted)
    both = [(float(fitted.line[0] + fitted.line[1] * at), intercept + slope * at) for at in (problem.high, problem.low)]
    influence, df = slope * problem.step, large_sample_freedom(problem)
    explained, enough = 1.0 - fitted.left / fitted.spread, effective(fitted.balanced.weights)
    return Fit(
        value=float(fitted.line[1]) * problem.step,
        se=positive(standard_error(influence, problem)),
        errors=errors_word(problem),
        df=df,
        influence=influence,
        risk_ratio=risk_ratio(problem, both[0], both[1], ask.level, df),
        diagnostics={
            "effective_n": enough,
            "weight_max": float(fitted.balanced.weights.max()),
            "treatment_r2": explained,
            "truncated": float(problem.n - fitted.whole.sum()),
            "imbalance": fitted.balanced.left,
            "trimmed": 0.0,
        },
        notes=(
            "The dose is taken as normal given the covariates, and the outcome as linear in it; no row was left out.",
            _changes(problem, fitted),
            *_doubts(problem, explained, enough, fitted.balanced.left),
            *dropped_notes(fitted.basis.dropped),
            *cluster_notes(problem),
        ),
        target=ask.target,
    )


def point_continuous(problem: Problem) -> float:
    """Give the estimate alone, NaN where there is none."""
    if problem.n <= problem.covariates.shape[1] + 2:
        return math.nan
    fitted = _weighted(problem)
    return math.nan if fitted is None else float(fitted.line[1]) * problem.step


def _changes(problem: Problem, fitted: _Weighted) -> str:
    what = "no covariate" if fitted.held is fitted.basis else "nothing that the covariates predict of the dose"
    return (
        f"Of {problem.n} weights the largest {problem.n - int(fitted.whole.sum())} were cut to their "
        f"{100 * TRUNCATED:g} % quantile; then all were changed a little until {what} was correlated with the dose."
    )


def _doubts(problem: Problem, explained: float, enough: float, left: float) -> tuple[str, ...]:
    notes = []
    if explained > _UNSTABLE:
        notes.append(
            f"The covariates explain {explained:.0%} of the treatment's variance; above half of it, weights by the "
            "density have no variance, and the estimate lives by the lines that balance them. Prefer "
            "linear_regression or g_computation."
        )
    if left > _UNBALANCED:
        notes.append(
            f"No weights balance every covariate: a correlation of {left:.2g} is left, as with levels of few rows."
        )
    if enough < _THIN * problem.n:
        notes.append(f"The weights leave as much information as {enough:.0f} of {problem.n} rows would give.")
    return tuple(notes)


def _weighted(problem: Problem) -> _Weighted | None:
    w = even(problem)
    sampling = np.ones(problem.n) if w is None else w
    basis = basis_of(problem)
    dose = problem.t - np.average(problem.t, weights=w)
    rest = dose - basis.matrix @ ((sampling * dose) @ basis.matrix / problem.n)
    spread = float(np.mean(sampling * np.square(dose)))
    left = float(np.mean(sampling * np.square(rest)))
    if not left > DEPENDENT * DEPENDENT * spread:
        return None
    log = 0.5 * (np.square(rest) / left - np.square(dose) / spread)
    most = float(np.quantile(log, TRUNCATED))
    whole = (log <= most).astype(np.float64)
    held = basis
    if basis.matrix.shape[1] > MOST_BALANCED:
        held = Basis(np.column_stack([np.ones(problem.n), (dose - rest) / math.sqrt(max(spread - left, DEPENDENT))]), 0)
    balanced = balance(held, dose, sampling * np.exp(np.minimum(log, most) - most))
    weights = balanced.weights
    design = np.column_stack([np.ones(problem.n), problem.t])
    cross = design.T @ (design * weights[:, None]) / problem.n
    total = cross[0, 0]
    t_mean, y_mean = cross[0, 1] / total, float(np.average(problem.y, weights=weights))
    centred = weights * (problem.t - t_mean)
    moved = float(centred @ (problem.t - t_mean))
    if not moved > DEPENDENT * DEPENDENT * float(weights.sum()):
        return None
    slope = float(centred @ (problem.y - y_mean)) / moved
    line = np.array([y_mean - slope * t_mean, slope])
    return _Weighted(basis, held, sampling, balanced, whole, dose, rest, spread, left, line, cross)


def _influence(problem: Problem, f: _Weighted) -> tuple[Floats, Floats]:
    """Give influence values of intercept and slope, each of shape (n,)."""
    n, p = problem.n, f.held.matrix.shape[1]
    weights = f.balanced.weights
    scores = weights * (problem.y - f.line[0] - f.line[1] * problem.t)
    # derivatives of the logarithm of the base by the mean and variance of the dose, plain and given covariates
    by_mean, by_spread = f.dose / f.spread, -0.5 / f.spread + np.square(f.dose) / (2 * f.spread**2)
    by_fit, by_left = -f.rest / f.left, 0.5 / f.left - np.square(f.rest) / (2 * f.left**2)
    # few rows carry much of the weight and draw the fit towards them, so each is judged as if it had been left out
    kept_free = 1.0 - np.minimum(leverage(f.held, f.dose, f.balanced), _MOST_LEVERAGE)
    parts = []
    for score in (scores, scores * problem.t):
        # what the calibration takes away: the part of the score that its moments explain
        explained, _ = solve(f.balanced.curvature, by_moments(f.held, f.dose, score) / n)
        offset = PENALTY * float(explained @ f.balanced.multipliers)
        value = (score - weights * (linear_form(f.held, f.dose, explained) + offset)) / kept_free
        own = value * f.whole
        # and what it adds: the means at which covariates and dose are held come from the sample
        means = f.held.matrix[:, 1:] @ explained[: p - 1] + explained[p - 1] * f.dose
        value = value + f.sampling * means
        value += (own @ by_mean / n) * f.sampling * f.dose
        value += (own @ by_spread / n) * f.sampling * (np.square(f.dose) - f.spread)
        value += (own @ by_left / n) * f.sampling * (np.square(f.rest) - f.left)
        value += f.basis.matrix @ ((own * by_fit) @ f.basis.matrix / n) * f.sampling * f.rest
        parts.append(value - float(value.mean()))
    bread = np.linalg.inv(f.cross)
    return bread[0, 0] * parts[0] + bread[0, 1] * parts[1], bread[1, 0] * parts[0] + bread[1, 1] * parts[1]
