"""From influence values to a standard error, and from that to an interval and a p-value."""

from __future__ import annotations

import math

import numpy as np

from copilot.estimation.problem import Floats, Integers, Problem


def cluster_sums(values: Floats, clusters: Integers | None) -> Floats:
    """Sum rows within clusters; without clusters each row stands for itself.

    Parameters
    ----------
    values
        Of shape (n,) or (n, q).
    clusters
        Codes of shape (n,).

    Returns
    -------
    ndarray
        Of shape (g,) or (g, q), without clusters that have no row.

    Examples
    --------
    >>> cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0])).tolist()
    [5.0, 2.0]
    """
    if clusters is None:
        return values
    _, codes = np.unique(clusters, return_inverse=True)
    groups = int(codes.max()) + 1
    if values.ndim == 1:
        return np.asarray(np.bincount(codes, weights=values, minlength=groups), dtype=np.float64)
    return np.column_stack([np.bincount(codes, weights=column, minlength=groups) for column in values.T])


def correction(problem: Problem, parameters: int) -> float:
    """Give the small-sample factor on a variance: n / (n - k), or G / (G - 1) · (n - 1) / (n - k) with clusters.

    The first is HC1 of MacKinnon & White 1985, equation 10; the second is the usual one for clusters (Cameron &
    Miller 2015, equation 12).
    """
    n = problem.n
    free = max(n - parameters, 1)
    if problem.clusters is None:
        return n / free
    groups = len(np.unique(problem.clusters))
    return groups / max(groups - 1, 1) * (n - 1) / free


def standard_error(influence: Floats, problem: Problem, parameters: int = 0) -> float:
    """Give the standard error of an estimate from its influence values of shape (n,), robust and by cluster."""
    sums = cluster_sums(influence, problem.clusters)
    return math.sqrt(float(sums @ sums) * correction(problem, parameters)) / problem.n


def freedom(problem: Problem, parameters: int) -> float:
    """Give degrees of freedom for Student's t: clusters - 1, or rows - parameters."""
    if problem.clusters is not None:
        return float(max(len(np.unique(problem.clusters)) - 1, 1))
    return float(max(problem.n - parameters, 1))


def large_sample_freedom(problem: Problem) -> float | None:
    """Give degrees of freedom for errors from influence values: clusters - 1, or ``None`` for independent rows.

    Independent rows are many, and the normal distribution serves; clusters are few as a rule, and then it gives
    intervals that are too short (Cameron & Miller 2015, section VI.D).
    """
    return None if problem.clusters is None else freedom(problem, 0)


def quantile(level: float, df: float | None) -> float:
    """Give the quantile for a two-sided interval by Student's t, or by the normal distribution without `df`.

    Examples
    --------
    >>> round(quantile(0.95, None), 3), round(quantile(0.95, 10), 3)
    (1.96, 2.228)
    """
    from scipy.special import ndtri, stdtrit

    upper = 0.5 + level / 2
    if df is None or not math.isfinite(df):
        return float(ndtri(upper))
    return float(stdtrit(df, upper))


def p_value(value: float, se: float, df: float | None) -> float:
    """Give the two-sided p-value of no effect.

    Examples
    --------
    >>> round(p_value(1.96, 1.0, None), 3), p_value(0.0, 1.0, 5)
    (0.05, 1.0)
    """
    from scipy.special import ndtr, stdtr

    ratio = abs(value / se)
    lower = ndtr(-ratio) if df is None or not math.isfinite(df) else stdtr(df, -ratio)
    return min(1.0, 2.0 * float(lower))


def ratio_interval(ratio: float, se_log: float, level: float, df: float | None = None) -> tuple[float, float]:
    """Give the interval of a ratio that is symmetric on the logarithm."""
    width = quantile(level, df) * se_log
    return ratio * math.exp(-width), ratio * math.exp(width)
