"""Which columns say nothing that others do not say, judged from correlations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from copilot.estimation.prepare.encode import scale_of
from copilot.estimation.problem import Floats, Integers, Problem

TOLERANCE = 1e-12
"""Share of its variance that a column must have for itself: a residual of a millionth of its standard deviation.

Correlations carry rounding errors of about 1e-15, so that finer shares cannot be told from none.
"""


def correlations(matrix: Floats, other: Floats | None = None) -> Floats:
    """Give the correlations of columns that are centred and scaled: of shape (k, k), or (k, m) with `other`."""
    product: Floats = matrix.T @ (matrix if other is None else other)
    product /= matrix.shape[0]
    return product


def own_shares(correlation: Floats) -> Floats:
    """Give the share of each column's variance that the columns before it leave unexplained.

    Parameters
    ----------
    correlation
        Of shape (k, k).

    Returns
    -------
    ndarray
        Of shape (k,): the squared pivots of a Cholesky decomposition in the given order, in which columns below
        `TOLERANCE` are passed over. Golub & Van Loan 2013, *Matrix Computations*, section 4.2.

    Examples
    --------
    >>> own_shares(np.array([[1.0, 1.0, 0.6], [1.0, 1.0, 0.6], [0.6, 0.6, 1.0]])).round(2).tolist()
    [1.0, 0.0, 0.64]
    """
    try:  # nearly all matrices have full rank, and that is seen fastest so
        pivots = np.square(np.diagonal(np.linalg.cholesky(correlation)))
        if not len(pivots) or float(pivots.min()) > TOLERANCE:
            return pivots
    except np.linalg.LinAlgError:
        pass
    rest = np.array(correlation)
    shares = np.empty(len(rest))
    for j in range(len(rest)):
        shares[j] = max(float(rest[j, j]), 0.0)
        if shares[j] > TOLERANCE:
            row = rest[j, j + 1 :]
            rest[j + 1 :, j + 1 :] -= np.outer(row / shares[j], row)
    return shares


def independent(correlation: Floats) -> Integers:
    """Give the positions of columns that are no linear combination of those before them."""
    return np.flatnonzero(own_shares(correlation) > TOLERANCE).astype(np.int64)


def full_rank(problem: Problem) -> Problem:
    """Scale covariates, instruments and mediators anew and leave out the columns that have become redundant.

    For a part of a problem's rows, in which a column may be constant or a combination of others.
    """
    covariates, kept = _reduced(problem.covariates, np.empty((problem.n, 0)))
    instruments, kept_instruments = _reduced(problem.instruments, covariates)
    mediators, kept_mediators = _reduced(problem.mediators, covariates)
    return replace(
        problem,
        covariates=covariates,
        covariate_of=tuple(problem.covariate_of[i] for i in kept),
        instruments=instruments,
        instrument_of=tuple(problem.instrument_of[i] for i in kept_instruments),
        mediators=mediators,
        mediator_of=tuple(problem.mediator_of[i] for i in kept_mediators),
    )


def _reduced(matrix: Floats, given: Floats) -> tuple[Floats, list[int]]:
    """Scale columns and keep those that neither `given` nor the ones before determine."""
    if matrix.shape[1] == 0:
        return np.empty((given.shape[0], 0)), []
    scales = [scale_of(matrix[:, j]) for j in range(matrix.shape[1])]
    varying = [j for j, scale in enumerate(scales) if scale.spread > 0]
    scaled = np.column_stack([given, *(scales[j](matrix[:, j]) for j in varying)])
    width = given.shape[1]
    kept = [int(i) for i in independent(correlations(scaled)) if i >= width]
    return np.ascontiguousarray(scaled[:, kept]), [varying[i - width] for i in kept]
