"""Least squares in blocks of rows: safe where columns are nearly dependent, and without a copy of the table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.estimation.problem import Floats, Integers, Problem

BLOCK = 1 << 17
"""Numbers in a block of rows, so that a block with its copy stays in the processor's cache."""
_LARGE, _LONG = 512, 100
"""Numbers in a result from which numpy lets other threads run; rows of a product below which it is not parted."""
DEPENDENT = 1e-9
"""Share of its length below which what a column adds to those before it is rounding."""
_NEARLY = 1e3
"""Condition number from which columns are made orthogonal a second time."""
_APART = 30.0
"""Condition number up to which products with columns can be turned afterwards and keep their digits."""
_MOVED = 1e-5
"""Standard deviations that a row must lie off a plane to count as off it."""
_PIVOT = 1e-10
"""Share of a squared length, as `DEPENDENT`, in a matrix of cross-products, which holds half as many digits."""


def blocks(rows: int, columns: int, numbers: int = BLOCK) -> Iterator[slice]:
    """Part rows into blocks of about so many numbers.

    Examples
    --------
    >>> [(part.start, part.stop) for part in blocks(300_000, 1)]
    [(0, 131072), (131072, 262144), (262144, 300000)]
    """
    size = max(numbers // max(columns, 1), 4 * columns, 1)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def across(left: Floats, right: Floats) -> Floats:
    """Multiply along many rows into few numbers, and let other threads run meanwhile.

    The operator ``@`` holds the interpreter's lock while its result is small. So vectors are left to ``numpy.dot``,
    which does not, but copies what does not lie in one piece; and matrices are multiplied in pieces, whose results
    together are not small.

    Parameters
    ----------
    left
        Of shape (n,) or (p, n).
    right
        Of shape (n, q).
    """
    if left.ndim == 1:
        return np.asarray(np.dot(left, right) if right.flags.forc else left @ right)
    p, q = left.shape[0], right.shape[1]
    pieces = -(-_LARGE // max(p * q, 1))
    long = len(right) // pieces
    if long < _LONG:
        return left @ right
    some = pieces * long
    one = left[:, :some].reshape(p, pieces, long).transpose(1, 0, 2)
    other = right[:some].T.reshape(q, pieces, long).transpose(1, 2, 0)
    return np.asarray(np.matmul(one, other).sum(axis=0) + left[:, some:] @ right[some:])


def upper_of(matrix: Floats) -> Floats:
    """Give the triangle of a QR factorization."""
    return np.asarray(np.linalg.qr(matrix, mode="r"))


def triangle(pieces: Iterator[Floats]) -> Floats:
    """Give the triangle of the QR factorization of a matrix that comes in blocks of rows.

    Each block is factorized beneath the triangle of those before it (Demmel, Grigori, Hoemmen & Langou 2012, *SIAM
    Journal on Scientific Computing* 34, section 3), so the condition number is not squared as by cross-products.

    Parameters
    ----------
    pieces
        Blocks of shape (m, k).

    Returns
    -------
    ndarray
        Upper triangular of shape (k, k), the diagonal not negative.
    """
    upper: Floats | None = None
    for piece in pieces:
        upper = upper_of(piece if upper is None else np.vstack([upper, piece]))
    if upper is None:
        return np.empty((0, 0))
    if upper.shape[0] < upper.shape[1]:
        upper = np.vstack([upper, np.zeros((upper.shape[1] - upper.shape[0], upper.shape[1]))])
    signed: Floats = upper * np.where(np.diagonal(upper) < 0, -1.0, 1.0)[:, None]
    return signed


def independent(upper: Floats, *, needed: int = 1) -> Integers:
    """Find the columns that are no linear combination of those before them.

    Parameters
    ----------
    upper
        A triangle of shape (k, k), see `triangle`.
    needed
        The first so many columns always count as independent.
    """
    kept = np.arange(upper.shape[1])
    while True:
        part = upper_of(upper[:, kept])
        lengths = np.sqrt(np.sum(np.square(part), axis=0))
        good = np.abs(np.diagonal(part)) > DEPENDENT * lengths
        good[:needed] = True
        if good.all():
            return kept
        kept = kept[good]


def gram(matrix: Floats, weights: Floats | None = None) -> Floats:
    """Give the cross-products of columns, rows weighted, in blocks of rows.

    Parameters
    ----------
    matrix
        Of shape (n, k).
    weights
        Of shape (n,).

    Returns
    -------
    ndarray
        Of shape (k, k).
    """
    total = np.zeros((matrix.shape[1], matrix.shape[1]))
    for part in blocks(*matrix.shape):
        block = matrix[part]
        total += block.T @ (block if weights is None else block * weights[part, None])
    return total


def solve(cross: Floats, right: Floats) -> tuple[Floats, int]:
    """Solve with a positive semi-definite matrix; directions that it lacks are left out.

    Parameters
    ----------
    cross
        Of shape (k, k).
    right
        Of shape (k,) or (k, q).

    Returns
    -------
    solution, lacking
        Of the shape of `right`, and how many directions were left out.
    """
    lengths = np.sqrt(np.maximum(np.diagonal(cross), 0.0))
    scale = 1.0 / np.where(lengths > 0, lengths, 1.0)
    scaled = cross * np.outer(scale, scale)
    wide = right * (scale if right.ndim == 1 else scale[:, None])
    lacking = 0
    try:
        pivots = np.diagonal(np.linalg.cholesky(scaled))
        regular = pivots.size == 0 or float(pivots.min()) ** 2 > _PIVOT
    except np.linalg.LinAlgError:
        regular = False
    if regular:
        found = np.linalg.solve(scaled, wide)
    else:
        if not np.isfinite(scaled).all():
            return np.full(right.shape, math.nan), len(scaled)
        values, vectors = np.linalg.eigh(scaled)
        kept = values > _PIVOT * max(float(values[-1]), 0.0)
        lacking = int((~kept).sum())
        basis = vectors[:, kept]
        turned = basis.T @ wide
        found = basis @ (turned / (values[kept] if right.ndim == 1 else values[kept, None]))
    answer: Floats = found * (scale if right.ndim == 1 else scale[:, None])
    return answer, lacking


def outside(matrix: Floats, cross: Floats) -> NDArray[np.bool_]:
    """Mark the rows about which a regression on other rows says nothing: they move where those do not.

    Parameters
    ----------
    matrix
        Of shape (n, k).
    cross
        Cross-products of the rows that the regression is fitted to, of shape (k, k).

    Returns
    -------
    ndarray
        Of shape (n,).
    """
    none = np.zeros(len(matrix), dtype=np.bool_)
    if solve(cross, np.zeros(len(cross)))[1] == 0:
        return none
    lengths = np.sqrt(np.maximum(np.diagonal(cross), 0.0))
    scale = 1.0 / np.where(lengths > 0, lengths, 1.0)
    values, vectors = np.linalg.eigh(cross * np.outer(scale, scale))
    lacking = vectors[:, values <= _PIVOT * max(float(values[-1]), 0.0)] * scale[:, None]
    lacking /= np.sqrt(np.sum(np.square(lacking), axis=0))
    for part in blocks(*matrix.shape):
        none[part] = np.abs(matrix[part] @ lacking).max(axis=1) > _MOVED
    return none


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Intercept and covariates in coordinates in which they are orthogonal.

    Parameters
    ----------
    matrix
        Of shape (n, p): the first column is 1, the others have weighted mean 0, weighted mean square 1 and no
        correlation. They span intercept and covariates.
    dropped
        How many covariates are linear combinations of others in these rows.
    """

    matrix: Floats
    dropped: int


def even(problem: Problem) -> Floats | None:
    """Give sampling weights with mean 1 on the rows at hand, or ``None``."""
    return None if problem.weights is None else problem.weights / float(problem.weights.mean())


def even_or_ones(problem: Problem) -> Floats:
    """Give sampling weights with mean 1 on the rows at hand, ones where there are none."""
    w = even(problem)
    return np.ones(problem.n) if w is None else w


def basis_of(problem: Problem) -> Basis:
    """Make the covariates of a problem orthogonal, in one copy."""
    w, x = even(problem), problem.covariates
    n, k = x.shape
    root = None if w is None else np.sqrt(w)
    upper = _upper_with_one(x, root)
    kept = independent(upper)
    turn = _turn(upper[:, kept], n)
    matrix = np.empty((n, len(kept)), order="F")  # products with few columns are half as quick again this way
    whole = len(kept) == k + 1
    parts = list(blocks(n, k + 1))
    for part in parts:
        block = _with_one(x[part])
        matrix[part] = (block if whole else block[:, kept]) @ turn
    if np.linalg.cond(turn) > _NEARLY:
        again = _turn(triangle(matrix[p] if root is None else matrix[p] * root[p, None] for p in parts), n)
        for part in parts:
            matrix[part] = matrix[part] @ again
    matrix[:, 0] = 1.0
    return Basis(matrix, k + 1 - len(kept))


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Columns that span the covariates, and what makes them orthonormal.

    Parameters
    ----------
    matrix
        Of shape (n, p - 1), to be read only.
    turn
        Of shape (p, p): a column of ones beside `matrix`, times `turn`, has orthonormal columns, rows weighted.
    """

    matrix: Floats
    turn: Floats


def span_of(problem: Problem) -> Span:
    """Make ready for products with orthonormal covariates, without a copy unless they are nearly dependent."""
    w, x = even(problem), problem.covariates
    root = None if w is None else np.sqrt(w)
    upper = _upper_with_one(x, root)
    if len(independent(upper)) < len(upper) or np.linalg.cond(upper) > _APART:
        x = basis_of(problem).matrix[:, 1:]
        upper = _upper_with_one(x, root)
    return Span(x, np.asarray(np.linalg.inv(upper), dtype=np.float64))


def _upper_with_one(x: Floats, root: Floats | None) -> Floats:
    parts = blocks(x.shape[0], x.shape[1] + 1)
    return triangle(_with_one(x[p]) if root is None else _with_one(x[p]) * root[p, None] for p in parts)


def _with_one(x: Floats) -> Floats:
    block = np.empty((x.shape[0], x.shape[1] + 1))
    block[:, 0] = 1.0
    block[:, 1:] = x
    return block


def _turn(upper: Floats, rows: int) -> Floats:
    """Invert the triangle of some columns, scaled so that columns get mean square 1."""
    part = upper_of(upper)
    part = part * np.where(np.diagonal(part) < 0, -1.0, 1.0)[:, None]
    return np.asarray(np.linalg.inv(part) * math.sqrt(rows), dtype=np.float64)
