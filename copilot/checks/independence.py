"""One test of conditional independence: what correlation is left once other variables are taken out of both."""

from __future__ import annotations

import itertools

import numpy as np
from pydantic import Field

from copilot.checks.columns import Floats
from copilot.domain.value import Value

MOST_WIDE = 6
"""Columns of a conditioning set up to which bends and products of two enter its basis."""
SPARE_ROWS = 20
"""Rows beyond the size of the basis without which nothing is tested."""
_ROWS_A_PAIR = 10
"""Rows for each pair of columns that their covariance matrix needs; with fewer the largest pair decides."""
_LACKING = 1e-10
"""Share of the largest eigenvalue below which a direction is rounding."""
_NOTHING = 1e-8
"""Standard deviation of a residual, in that of its column, below which nothing is left of it."""


class IndependenceTest(Value):
    """Whether two variables are independent given others.

    Parameters
    ----------
    p_value
        ``None`` where there are too few rows, or nothing of a variable is left.
    statistic
        Chi-square like: of one pair of columns, the square of the studentised covariance.
    strength
        Largest absolute partial correlation of a pair of columns.
    signed
        The partial correlation with its sign; ``None`` where several pairs of columns stand for the two variables, as
        those of a category do.
    n
        Complete rows.
    """

    p_value: float | None
    statistic: float = 0.0
    strength: float = 0.0
    signed: float | None = None
    n: int = Field(ge=0)


def test_independence(x: Floats, y: Floats, given: Floats) -> IndependenceTest:
    """Test whether the columns of x and of y are uncorrelated once a smooth function of `given` is taken out.

    The generalised covariance measure (Shah & Peters 2020, *Annals of Statistics* 48, theorem 6): products of the two
    residuals have mean zero under conditional independence, whatever their distributions, if the regressions on
    `given` fit well enough. These are least squares on a basis of lines, squares, bends at the quartiles and products
    of two. For several pairs of columns the products are held against their own covariance matrix (Hotelling 1931),
    or the largest is taken with Bonferroni's factor where rows are few. Dependence without any covariance is missed.

    Parameters
    ----------
    x, y
        Of shape (n, p) and (n, q); NaN where missing.
    given
        Of shape (n, k); k may be 0.

    Returns
    -------
    IndependenceTest
        On complete rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.standard_normal((500, 1))
    >>> x, y = z + rng.standard_normal((500, 1)), z + rng.standard_normal((500, 1))
    >>> test_independence(x, y, z[:, :0]).p_value < 0.001, test_independence(x, y, z).p_value > 0.05
    (True, True)
    """
    whole = ~(np.isnan(x).any(axis=1) | np.isnan(y).any(axis=1) | np.isnan(given).any(axis=1))
    if not whole.all():
        x, y, given = x[whole], y[whole], given[whole]
    n = len(x)
    if n < SPARE_ROWS + 1 + given.shape[1]:
        return IndependenceTest(p_value=None, n=n)
    basis = _basis(given)
    if n < basis.shape[1] + SPARE_ROWS:
        return IndependenceTest(p_value=None, n=n)
    residuals, rank = _without(np.column_stack([x, y]), basis)
    apart = residuals[:, : x.shape[1]], residuals[:, x.shape[1] :]
    left, right = (_varying(part) for part in apart)
    if not left.shape[1] or not right.shape[1]:
        return IndependenceTest(p_value=None, n=n)
    correlations = left.T @ right / n
    strength = float(np.abs(correlations).max())
    signed = float(np.clip(correlations[0, 0], -1.0, 1.0)) if x.shape[1] == y.shape[1] == 1 else None
    products = (left[:, :, None] * right[:, None, :]).reshape(n, -1)
    statistic, p_value = _judged(products, rank)
    strength = min(1.0, strength)
    return IndependenceTest(p_value=p_value, statistic=statistic, strength=strength, signed=signed, n=n)


def _basis(given: Floats) -> Floats:
    """Give the intercept and functions of the columns, each standardised, constant ones left out."""
    given = _standard(given)
    columns = [given, given**2]
    k = given.shape[1]
    if 0 < k <= MOST_WIDE:
        knots = np.quantile(given, (0.25, 0.5, 0.75), axis=0)
        columns += [np.maximum(given - knot, 0.0) for knot in knots]
        columns += [given[:, [i]] * given[:, [j]] for i, j in itertools.combinations(range(k), 2)]
    return np.column_stack([np.ones(len(given)), _standard(np.column_stack(columns))])


def _standard(matrix: Floats) -> Floats:
    centred = matrix - matrix.mean(axis=0)
    spread = centred.std(axis=0)
    varies = spread > _NOTHING * np.maximum(1.0, np.abs(matrix).max(axis=0, initial=0.0))
    scaled: Floats = centred[:, varies] / spread[varies]
    return scaled


def _without(columns: Floats, basis: Floats) -> tuple[Floats, int]:
    """Regress columns on a basis of any rank; give residuals and the rank."""
    values, vectors = np.linalg.eigh(basis.T @ basis)
    kept = values > _LACKING * values[-1]
    turned = basis @ (vectors[:, kept] / np.sqrt(values[kept]))
    residuals = columns - turned @ (turned.T @ columns)
    residuals -= turned @ (turned.T @ residuals)
    return residuals, int(kept.sum())


def _varying(residuals: Floats) -> Floats:
    spread = np.sqrt(np.mean(np.square(residuals), axis=0))
    varies = spread > _NOTHING
    scaled: Floats = residuals[:, varies] / spread[varies]
    return scaled


def _judged(products: Floats, rank: int) -> tuple[float, float]:
    """Hold the means of products of shape (n, m) against zero.

    Residuals of n rows on a basis of rank r are shorter than the errors, so that a statistic comes out too large by
    n / (n - r); it is scaled back.
    """
    from scipy.special import fdtrc, stdtr

    n, m = products.shape
    freedom, shrink = n - rank - 1, (n - rank) / n
    mean = products.mean(axis=0)
    centred = products - mean
    if m * _ROWS_A_PAIR <= freedom:
        values, vectors = np.linalg.eigh(centred.T @ centred / (n - 1))
        kept = values > _LACKING * max(float(values[-1]), 0.0)
        m = int(kept.sum())
        if m == 0:
            return 0.0, 1.0
        statistic = shrink * n * float(np.sum((vectors[:, kept].T @ mean) ** 2 / values[kept]))
        scaled = statistic * (freedom - m + 1) / (freedom * m)
        return statistic, float(fdtrc(m, freedom - m + 1, scaled))
    error = np.sqrt(np.sum(centred**2, axis=0) / (n - 1) / n)
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = float(np.nan_to_num(np.abs(mean) / error, posinf=0.0).max()) * np.sqrt(shrink)
    return largest**2, float(min(1.0, 2 * m * stdtr(freedom, -largest)))
