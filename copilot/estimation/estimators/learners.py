"""Learners of a conditional mean: ridge regressions, splines and boosted trees, blended by how well they predict."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.algebra import blocks
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
    return _ridge(sample, _scaled(sample.x.copy(), sample.at.copy()))


def quadratic(sample: Sample) -> Floats:
    """Predict by a ridge regression on squares and products, or a logistic one."""
    expanded = _expand(np.concatenate([sample.x, sample.at]))
    return _ridge(sample, _scaled(expanded[: len(sample.x)], expanded[len(sample.x) :]))


def splines(sample: Sample) -> Floats:
    """Predict by a sum of smooth curves, one a covariate: ridge regression on natural cubic splines, or a logistic one.

    Trees of this few rows are too coarse for a curve that goes up and down, and what they leave stays in the effect.
    """
    knots = [_knots(column) for column in sample.x.T]
    n, k = sample.x.shape
    ends = np.cumsum([k, *(max(len(places) - 2, 0) for places in knots)])
    expanded = np.empty((n + len(sample.at), int(ends[-1])))
    expanded[:n, :k], expanded[n:, :k] = sample.x, sample.at
    for j, places in enumerate(knots):
        if ends[j] < ends[j + 1]:
            expanded[:, ends[j] : ends[j + 1]] = _natural(expanded[:, j], places)
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
    pairs = [(j, j) for j in range(k) if len(np.unique(x[:64, j])) > 2]  # noqa: PLR2004 (two values)
    if k + len(pairs) + k * (k - 1) // 2 <= MAX_FEATURES:
        pairs += itertools.combinations(range(k), 2)
    expanded = np.empty((len(x), k + len(pairs)))
    expanded[:, :k] = x
    for place, (left, right) in enumerate(pairs, start=k):
        np.multiply(x[:, left], x[:, right], out=expanded[:, place])
    return expanded


def _knots(learnt: Floats) -> Floats:
    return np.unique(np.quantile(learnt, np.linspace(0.05, 0.95, KNOTS)))


def _natural(column: Floats, knots: Floats) -> Floats:
    """Give the curved part of a natural cubic spline, which is straight beyond its outer knots.

    Hastie, Tibshirani & Friedman 2009, *The Elements of Statistical Learning*, equations 5.4 and 5.5.

    Parameters
    ----------
    column, knots
        Values of shape (m,), and three knots at least in ascending order.

    Returns
    -------
    ndarray
        Of shape (m, knots - 2).
    """
    above = np.maximum(column[:, None] - knots, 0.0) ** 3
    slopes = (above[:, :-1] - above[:, -1:]) / (knots[-1] - knots[:-1])
    return np.asarray(slopes[:, :-1] - slopes[:, -1:])


def _scaled(x: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Centre and scale both by the columns of the first, in their place: they are many."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)  # noqa: PLR2004 (rounding: the column is constant here)
    x -= centre
    x /= spread
    at -= centre
    at /= spread
    return x, at


def _ridge(sample: Sample, columns: tuple[Floats, Floats]) -> Floats:
    """Predict from columns that may be written over."""
    x, at = columns
    if sample.binary:
        return _logistic(x, sample.y, sample.weights, at)
    return _least_squares(x, sample.y, sample.weights, at)


def _least_squares(x: Floats, y: Floats, weights: Floats, at: Floats) -> Floats:
    """Ridge regression with the penalty of least generalised cross-validation (Golub, Heath & Wahba 1979)."""
    total = float(weights.sum())
    centre, mean = weights @ x / total, float(weights @ y) / total
    root = np.sqrt(weights)
    at -= centre
    x -= centre
    x *= root[:, None]
    xw, yw = x, (y - mean) * root
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
    return np.asarray(mean + at @ slopes)


def _logistic(x: Floats, y: Floats, weights: Floats, at: Floats) -> Floats:
    """Penalised logistic regression by Newton's method; the penalty keeps it finite under separation."""
    k = x.shape[1]
    penalty = np.full(k + 1, 1.0)
    penalty[0] = 1e-6
    slopes = np.zeros(k + 1)
    for _ in range(_NEWTON_STEPS):
        p = _expit(slopes[0] + x @ slopes[1:])
        rest, doubt = weights * (y - p), weights * np.maximum(p * (1 - p), 1e-6)
        gradient = np.concatenate([[rest.sum()], rest @ x]) - penalty * slopes
        curvature = np.diag(penalty)
        for part in blocks(len(y), k):
            curvature[1:, 1:] += (x[part] * doubt[part, None]).T @ x[part]
        curvature[0, 0] += doubt.sum()
        curvature[0, 1:] = curvature[1:, 0] = doubt @ x
        step = np.linalg.solve(curvature, gradient)
        slopes = slopes + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:  # noqa: PLR2004 (far below what a prediction can show)
            break
    return _expit(slopes[0] + at @ slopes[1:])


def _expit(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30.0, 30.0))))
