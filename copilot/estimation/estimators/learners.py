"""Learners of a conditional mean: ridge regressions, splines and boosted trees, blended by how well they predict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from copilot.estimation.problem import Floats

MAX_FEATURES = 80
"""Columns that squares and products may make; above, squares alone; above again, neither."""
FEW = 2000
"""Rows below which boosting takes fewer and longer steps: they are soon learnt by heart, and time counts."""
KNOTS = 8
"""Of the curve that each covariate gets, at quantiles."""
_PENALTIES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_NEWTON_STEPS = 25


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a learner learns from, and where it is to predict.

    Parameters
    ----------
    x, y, weights
        Of shape (n, k), (n,) and (n,); weights have mean about 1.
    at
        Of shape (m, k).
    binary
        Whether `y` holds zeros and ones and the prediction is a probability.
    seed
        For boosting.
    """

    x: Floats
    y: Floats
    weights: Floats
    at: Floats
    binary: bool
    seed: int


Learner = Callable[[Sample], Floats]
"""Gives predictions of shape (m,)."""


def linear(sample: Sample) -> Floats:
    """Predict by a ridge regression, or a logistic one."""
    return _ridge(sample, _scaled(sample.x, sample.at))


def quadratic(sample: Sample) -> Floats:
    """Predict by a ridge regression on squares and products, or a logistic one."""
    expanded = _expand(np.concatenate([sample.x, sample.at]))
    return _ridge(sample, _scaled(expanded[: len(sample.x)], expanded[len(sample.x) :]))


def splines(sample: Sample) -> Floats:
    """Predict by a sum of smooth curves, one a covariate: ridge regression on natural cubic splines, or a logistic one.

    Trees of this few rows are too coarse for a curve that goes up and down, and what they leave stays in the effect.
    """
    x = np.concatenate([sample.x, sample.at])
    parts = [x, *(_natural(x[:, j], sample.x[:, j]) for j in range(x.shape[1]))]
    expanded = np.column_stack(parts)
    return _ridge(sample, _scaled(expanded[: len(sample.x)], expanded[len(sample.x) :]))


def boosting(sample: Sample) -> Floats:
    """Predict by gradient-boosted trees (Friedman 2001), of a size that suits the number of rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    n = len(sample.y)
    # equal weights are left out: with any, scikit-learn bins columns by weighted quantiles, which takes longest of all
    weights = sample.weights if float(np.ptp(sample.weights)) > 0 else None
    few = n < FEW
    settings = {
        "learning_rate": 0.2 if few else 0.1,
        "max_iter": 30 if few else 100,
        "max_leaf_nodes": 15,
        "min_samples_leaf": min(20, max(5, n // 40)),
        "max_bins": 63,
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": sample.seed,
    }
    if sample.binary:
        model = HistGradientBoostingClassifier(**settings).fit(sample.x, sample.y, sample_weight=weights)
        return np.asarray(model.predict_proba(sample.at)[:, 1], dtype=np.float64)
    scale = float(sample.y.std())
    model = HistGradientBoostingRegressor(**settings)
    model.fit(sample.x, (sample.y - sample.y.mean()) / scale, sample_weight=weights)
    return np.asarray(model.predict(sample.at) * scale + sample.y.mean(), dtype=np.float64)


def learners_for(columns: int) -> tuple[tuple[str, Learner], ...]:
    """Name the learners that suit a number of covariates."""
    wide = 2 * columns > MAX_FEATURES
    curved: tuple[tuple[str, Learner], ...] = () if wide else (("quadratic", quadratic),)
    waved: tuple[tuple[str, Learner], ...] = (("splines", splines),) if columns * KNOTS <= MAX_FEATURES else ()
    return (("linear", linear), *curved, *waved, ("boosting", boosting))


def predictions(sample: Sample, learners: tuple[tuple[str, Learner], ...]) -> Floats:
    """Give the predictions of each learner, of shape (learners, m); a constant outcome is foretold as such."""
    if float(np.ptp(sample.y)) == 0:
        return np.full((len(learners), len(sample.at)), float(sample.y[0]))
    return np.stack([learner(sample) for _, learner in learners])


def blend(predicted: Floats, y: Floats, weights: Floats) -> Floats:
    """Give shares of learners, in tenths, that predict `y` best by squared error.

    Parameters
    ----------
    predicted
        For rows that were not learnt from, of shape (learners, n).
    y, weights
        Of shape (n,).

    Returns
    -------
    ndarray
        Of shape (learners,), positive with sum 1: stacking (Wolpert 1992; van der Laan, Polley & Hubbard 2007).
    """
    errors = predicted - y
    gram = (errors * weights) @ errors.T
    shares = np.array(list(_simplex(len(predicted), 10))) / 10.0
    return np.asarray(shares[int(np.argmin(((shares @ gram) * shares).sum(axis=1)))])


def _simplex(parts: int, total: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total, -1, -1):
        for rest in _simplex(parts - 1, total - first):
            yield (first, *rest)


def _expand(x: Floats) -> Floats:
    """Add squares, and products where they are not too many; columns of two values have no square of their own."""
    k = x.shape[1]
    curved = [j for j in range(k) if len(np.unique(x[:64, j])) > 2]  # noqa: PLR2004 (two values)
    parts = [x, np.square(x[:, curved])]
    if k + len(curved) + k * (k - 1) // 2 <= MAX_FEATURES:
        left, right = np.triu_indices(k, 1)
        parts.append(x[:, left] * x[:, right])
    return np.column_stack(parts)


def _natural(column: Floats, learnt: Floats) -> Floats:
    """Give the curved part of a natural cubic spline, which is straight beyond its outer knots.

    Hastie, Tibshirani & Friedman 2009, *The Elements of Statistical Learning*, equations 5.4 and 5.5.

    Parameters
    ----------
    column, learnt
        Values of shape (m,), and those of shape (n,) whose quantiles are the knots.

    Returns
    -------
    ndarray
        Of shape (m, knots - 2); no columns where there are fewer than three knots.
    """
    knots = np.unique(np.quantile(learnt, np.linspace(0.05, 0.95, KNOTS)))
    if len(knots) < 3:  # noqa: PLR2004 (below it there is nothing but a line)
        return np.empty((len(column), 0))
    above = np.maximum(column[:, None] - knots, 0.0) ** 3
    slopes = (above[:, :-1] - above[:, -1:]) / (knots[-1] - knots[:-1])
    return np.asarray(slopes[:, :-1] - slopes[:, -1:])


def _scaled(x: Floats, at: Floats) -> tuple[Floats, Floats]:
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)  # noqa: PLR2004 (rounding: the column is constant here)
    return (x - centre) / spread, (at - centre) / spread


def _ridge(sample: Sample, columns: tuple[Floats, Floats]) -> Floats:
    x, at = columns
    if sample.binary:
        return _logistic(x, sample.y, sample.weights, at)
    return _least_squares(x, sample.y, sample.weights, at)


def _least_squares(x: Floats, y: Floats, weights: Floats, at: Floats) -> Floats:
    """Ridge regression with the penalty of least generalised cross-validation (Golub, Heath & Wahba 1979)."""
    total = float(weights.sum())
    centre, mean = weights @ x / total, float(weights @ y) / total
    root = np.sqrt(weights)
    xw, yw = (x - centre) * root[:, None], (y - mean) * root
    values, vectors = np.linalg.eigh(xw.T @ xw)
    values = np.maximum(values, 0.0)
    along = vectors.T @ (xw.T @ yw)
    length = float(yw @ yw)
    best, slopes = math.inf, np.zeros(x.shape[1])
    for penalty in _PENALTIES:
        shrunk = along / (values + penalty)
        rest = length - 2 * float(shrunk @ along) + float(np.square(shrunk) @ values)
        free = max(1.0 - (1.0 + float((values / (values + penalty)).sum())) / len(y), 1e-6)
        if rest / free**2 < best:
            best, slopes = rest / free**2, vectors @ shrunk
    return np.asarray(mean + (at - centre) @ slopes)


def _logistic(x: Floats, y: Floats, weights: Floats, at: Floats) -> Floats:
    """Penalised logistic regression by Newton's method; the penalty keeps it finite under separation."""
    design = np.column_stack([np.ones(len(y)), x])
    penalty = np.full(design.shape[1], 1.0)
    penalty[0] = 1e-6
    slopes = np.zeros(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        p = _expit(design @ slopes)
        gradient = design.T @ (weights * (y - p)) - penalty * slopes
        curvature = (design * (weights * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        slopes = slopes + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:  # noqa: PLR2004 (far below what a prediction can show)
            break
    return _expit(np.column_stack([np.ones(len(at)), at]) @ slopes)


def _expit(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))
