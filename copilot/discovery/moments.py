"""Correlations of one resample of an encoded table, gaps included."""

from __future__ import annotations

import numpy as np

from copilot.discovery.dependence import MIN_SHARED, FloatArray, IntArray, Moments
from copilot.discovery.encode import Encoded

_FLOOR = 1e-12
_SMALLEST_EIGENVALUE = 1e-4


def moments_of(encoded: Encoded, rows: IntArray, *, gaps: bool) -> Moments:
    """Correlate the design columns over some rows.

    Parameters
    ----------
    encoded
        The table.
    rows
        Positions of the rows of this resample, ascending or not.
    gaps
        Whether cells may be missing; then each correlation uses the rows that both columns have, and the matrix is
        made positive semi-definite by lifting its small eigenvalues.

    References
    ----------
    Higham (2002), "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22 (of which this is one step).
    """
    design = encoded.design[rows]
    if not gaps:
        centred = design - design.mean(axis=0)
        correlation, spread = _scaled(centred.T @ centred, len(rows))
        shared = np.full((len(encoded.dims), len(encoded.dims)), float(len(rows)))
    else:
        correlation, spread, shared = _pairwise(encoded, design)
    varies = np.maximum.reduceat(spread, encoded.starts) > _FLOOR
    return Moments(correlation, encoded.dims, shared, ~varies)


def _scaled(scatter: FloatArray, rows: int) -> tuple[FloatArray, FloatArray]:
    spread = np.diagonal(scatter) / rows
    scale = np.where(spread > _FLOOR, 1.0 / np.sqrt(np.maximum(spread, _FLOOR) * rows), 0.0)
    correlation = scatter * scale[:, None] * scale
    np.fill_diagonal(correlation, 1.0)
    return correlation, spread


def _pairwise(encoded: Encoded, design: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    present = (~np.isnan(design)).astype(np.float64)
    filled = np.where(present > 0.0, design, 0.0)
    count = present.T @ present
    safe = np.maximum(count, 1.0)
    total = filled.T @ present
    within = (filled * filled).T @ present / safe - (total / safe) ** 2
    covariance = filled.T @ filled / safe - total * total.T / safe**2
    variance = within * within.T
    usable = (count >= MIN_SHARED) & (within > _FLOOR) & (within.T > _FLOOR)
    correlation = np.where(usable, covariance / np.sqrt(np.maximum(variance, _FLOOR * _FLOOR)), 0.0)
    np.fill_diagonal(correlation, 1.0)
    spread = np.diagonal(within).copy()
    believed = np.where(usable, count, 0.0)
    for axis in (0, 1):
        believed = np.maximum.reduceat(believed, encoded.starts, axis=axis)
    return _positive(np.clip(correlation, -1.0, 1.0)), spread, believed


def _positive(correlation: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(correlation)
    if values[0] >= _SMALLEST_EIGENVALUE:
        return correlation
    lifted = (vectors * np.maximum(values, _SMALLEST_EIGENVALUE)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diagonal(lifted))
    repaired: FloatArray = lifted * scale[:, None] * scale
    np.fill_diagonal(repaired, 1.0)
    return repaired
