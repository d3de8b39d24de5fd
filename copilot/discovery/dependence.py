"""How strongly two columns depend on each other, given others, from one correlation matrix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

RIDGE = 1e-6
"""Added to the diagonal of every correlation matrix, so that collinear columns stay computable. A column that is fixed
by the conditioning set then counts as independent of all others: nothing of it is left to depend."""

MIN_SHARED = 30
"""Rows that columns must share before a correlation or a test between them is believed."""

_ALMOST_ONE = 1.0 - 1e-12


@dataclass(frozen=True, eq=False)
class Moments:
    """What one resample says, in a form small enough to send to a worker; no row is in it.

    Parameters
    ----------
    correlation
        Between design columns, shape (D, D), unit diagonal, positive semi-definite.
    dims
        Design columns per table column, shape (B,), summing to D.
    shared
        Rows in which both table columns have a value, shape (B, B); all equal if no cell is missing.
    dead
        Table columns that do not vary in this resample, shape (B,).
    """

    correlation: FloatArray
    dims: IntArray
    shared: FloatArray
    dead: NDArray[np.bool_]

    def unseen(self) -> list[tuple[int, int]]:
        """Pairs (smaller, larger) that too few rows share, because of missing cells; none if no cell is missing."""
        if (self.shared == self.shared.flat[0]).all():
            return []
        few = np.argwhere(np.triu(self.shared < MIN_SHARED, 1))
        return [(int(a), int(b)) for a, b in few]


@dataclass(frozen=True, eq=False)
class _Swept:
    """What is reused for every row with the same conditioning set."""

    half: FloatArray | None
    scale: FloatArray
    roots: tuple[FloatArray, ...]


class Dependence:
    """Likelihood-ratio dependence between blocks of jointly Gaussian columns; rows are computed once and kept.

    The statistic between blocks x and y given S is ``-log Λ`` with
    ``Λ = |C_xy,xy| / (|C_xx| |C_yy|)``, C the covariance given S; it is zero under independence, and minus the sum of
    ``log(1 - r²)`` over the canonical correlations r otherwise.

    Parameters
    ----------
    moments
        Of one resample.

    References
    ----------
    Andrews, Ramsey & Cooper (2019), "Learning high-dimensional directed acyclic graphs with mixed data-types", PMLR
    104 (the degenerate Gaussian: one-hot blocks treated as jointly Gaussian). Bartlett (1938), "Further aspects of the
    theory of multiple regression", Proc. Camb. Phil. Soc. 34 (the factor before ``-log Λ``).
    """

    def __init__(self, moments: Moments) -> None:
        dims = moments.dims
        self.size = len(dims)
        self._dims = dims
        self._shared = moments.shared
        self._matrix = moments.correlation + RIDGE * np.eye(len(moments.correlation))
        ends = np.cumsum(dims)
        self._starts = ends - dims
        self._columns = [np.arange(a, b) for a, b in zip(self._starts, ends, strict=True)]
        self._wide: list[tuple[IntArray, IntArray]] = []
        self._seat: dict[int, tuple[int, int]] = {}
        for width in sorted({int(d) for d in dims if d > 1}):
            blocks = np.flatnonzero(dims == width)
            self._seat.update({int(block): (len(self._wide), place) for place, block in enumerate(blocks)})
            self._wide.append((blocks, np.stack([self._columns[block] for block in blocks])))
        self._uniform = bool((moments.shared == moments.shared.flat[0]).all())
        self._swept: dict[int, _Swept] = {}
        self._rows: dict[tuple[int, int], FloatArray] = {}

    @cached_property
    def freedom(self) -> FloatArray:
        """Degrees of freedom of each pair, shape (B, B): the product of the two blocks' dimensions."""
        return np.outer(self._dims, self._dims).astype(np.float64)

    def row(self, block: int, given: int) -> FloatArray:
        """Dependence of one column on every other.

        Parameters
        ----------
        block
            Position of the column.
        given
            Conditioning set as a bit mask of positions.

        Returns
        -------
        ndarray of shape (B,)
            ``-log Λ`` ≥ 0; zero for the column itself and those in the set.
        """
        key = (block, given)
        found = self._rows.get(key)
        if found is None:
            found = self._rows[key] = self._compute(block, given)
        return found

    def rows_behind(self, block: int, given: int) -> FloatArray | float:
        """Count the rows behind `row`: the fewest shared by any two columns of a test; shape (B,) or one number."""
        if self._uniform:
            return float(self._shared.flat[0])
        involved = [block, *bits(given)]
        fewest = self._shared[np.ix_(involved, involved)].min()
        least: FloatArray = np.minimum(self._shared[involved].min(axis=0), fewest)
        return least

    def too_few(self, block: int, given: int) -> NDArray[np.bool_] | bool:
        """Mark tests for which too few rows hold all columns, because of missing cells; shape (B,) or one answer."""
        return False if self._uniform else np.asarray(self.rows_behind(block, given) < MIN_SHARED)

    def chi_square(self, block: int, given: int) -> FloatArray:
        """Test statistics of independence, shape (B,), chi-square with `freedom` degrees each under independence.

        References
        ----------
        Bartlett (1938): ``(n - 1 - |S| - (p + q + 1) / 2) · (-log Λ)`` for blocks of p and q columns.
        """
        held = sum(int(self._dims[b]) for b in bits(given))
        factor = self.rows_behind(block, given) - 1.0 - held - (self._dims[block] + self._dims + 1.0) / 2.0
        statistics: FloatArray = np.maximum(factor, 1.0) * self.row(block, given)
        return statistics

    def _sweep(self, given: int) -> _Swept:
        found = self._swept.get(given)
        if found is not None:
            return found
        diagonal: FloatArray = self._matrix.diagonal()
        half: FloatArray | None = None
        if given:
            held = np.concatenate([self._columns[b] for b in bits(given)])
            lower = _cholesky(self._matrix[np.ix_(held, held)])
            half = np.asarray(np.linalg.solve(lower, self._matrix[held]), dtype=np.float64)
            diagonal = np.maximum(diagonal - np.einsum("ij,ij->j", half, half), RIDGE * RIDGE)
        roots = tuple(self._roots(columns, half) for _, columns in self._wide)
        swept = self._swept[given] = _Swept(half, 1.0 / np.sqrt(diagonal), roots)
        return swept

    def _roots(self, columns: IntArray, half: FloatArray | None) -> FloatArray:
        """Inverse Cholesky factors of equally wide blocks' covariances given the set, shape (blocks, d, d)."""
        own = self._matrix[columns[:, :, None], columns[:, None, :]]
        if half is not None:
            cross = half[:, columns]
            own = own - np.einsum("skd,ske->kde", cross, cross) + RIDGE * RIDGE * np.eye(columns.shape[1])
        return np.asarray(np.linalg.inv(_cholesky(own)), dtype=np.float64)

    def _compute(self, block: int, given: int) -> FloatArray:
        swept = self._sweep(given)
        here = self._columns[block]
        cross = self._matrix[here]
        if swept.half is not None:
            cross = cross - swept.half[:, here].T @ swept.half
        if len(here) == 1:
            cross = cross * swept.scale[here[0]] * swept.scale
        else:
            group, place = self._seat[block]
            cross = swept.roots[group][place] @ cross * swept.scale
        statistic = self._reduce(cross, swept)
        statistic[[block, *bits(given)]] = 0.0
        return statistic

    def _reduce(self, cross: FloatArray, swept: _Swept) -> FloatArray:
        """From whitened rows against scaled columns to one number per block."""
        statistic = _strength(np.einsum("ij,ij->j", cross, cross)[self._starts])
        for (blocks, columns), roots in zip(self._wide, swept.roots, strict=True):
            white = np.einsum("qkd,ked->kqe", cross[:, columns] / swept.scale[columns], roots)
            if len(cross) == 1:
                statistic[blocks] = _strength(np.einsum("kqe,kqe->k", white, white))
            else:
                correlations = np.asarray(np.linalg.svd(white, compute_uv=False), dtype=np.float64)
                statistic[blocks] = _strength(correlations * correlations).sum(axis=1)
        return statistic


def bits(mask: int) -> list[int]:
    """List the positions in a bit mask, in ascending order.

    Examples
    --------
    >>> bits(0b1010)
    [1, 3]
    """
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _strength(square: FloatArray) -> FloatArray:
    """``-log(1 - r²)``, finite."""
    strength: FloatArray = -np.log1p(-np.minimum(square, _ALMOST_ONE))
    return strength


def _cholesky(matrix: FloatArray) -> FloatArray:
    """Factor covariances, shape (…, d, d), that rounding may have left slightly indefinite."""
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        lifted = (vectors * np.maximum(values, RIDGE)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        lower = np.linalg.cholesky(lifted)
    return np.asarray(lower, dtype=np.float64)
