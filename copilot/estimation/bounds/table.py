"""Rows counted into cells, and the same for bootstrapped rows: all that bounds are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from copilot.estimation.problem import Floats, Integers

LEVELS = 3
"""Of an instrument: 0, 1 and missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows sorted by cell.

    A table has the shape (2, 3, groups, 2): treatment, instrument (0, 1, missing), group of the monotone instrument
    (the last for missing ones, which may be empty), and the sum of weights beside the sum of weights · outcome.

    Parameters
    ----------
    cell
        Number of each row's cell, rising, of shape (n,).
    starts
        Where each cell that has rows begins.
    y, weights
        Of shape (n,), in the same order.
    units
        What is drawn: code of each row's cluster of shape (n,); ``None`` for rows themselves.
    groups
        Third dimension of the table.
    equal
        Whether all weights are 1.
    """

    cell: Integers
    starts: Integers
    y: Floats
    weights: Floats
    units: Integers | None
    groups: int
    equal: bool

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of a table."""
        return (2, LEVELS, self.groups, 2)


def cells(
    y: Floats, t: Floats, z: Floats, groups: tuple[Integers, int], weights: Floats | None, clusters: Integers | None
) -> Cells:
    """Sort rows into cells.

    Parameters
    ----------
    y, t, z, weights, clusters
        Each of shape (n,); `z` is neither 0 nor 1 where it is missing.
    groups
        Of each row, and how many there are, the one for missing values counted.
    """
    level = np.where(z == 0, 0, np.where(z == 1, 1, 2))
    group, many = groups
    cell = (t.astype(np.int64) * LEVELS + level) * many + group
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    units = None if clusters is None else np.unique(clusters, return_inverse=True)[1][order]
    w = np.ones(len(y)) if weights is None else weights[order] / weights.mean()
    return Cells(cell, starts, y[order], w, units, many, weights is None)


def observed(found: Cells) -> Floats:
    """Sum weights and weights · outcome in each cell; see `Cells` for the shape."""
    return _summed(found, found.weights, found.weights * found.y).reshape(found.shape)


def resampled(found: Cells, resamples: int, rng: Generator, *, few_values: bool) -> Floats:
    """Give tables of rows drawn with replacement, clusters as wholes (Efron & Tibshirani 1993, section 8.3).

    Parameters
    ----------
    found
        The rows.
    resamples
        How many.
    rng
        Draws.
    few_values
        Whether outcomes are 0 and 1, so that, weights being equal, cells can be drawn in place of rows.

    Returns
    -------
    ndarray
        Of shape (resamples, 2, 3, groups, 2).
    """
    if few_values and found.equal and found.units is None:
        return _multinomial(found, resamples, rng)
    tables = np.empty((resamples, 2 * LEVELS * found.groups, 2))
    n = len(found.y)
    drawn = n if found.units is None else int(found.units.max()) + 1
    times_y = found.weights * found.y
    for table in tables:
        times = np.bincount(rng.integers(0, drawn, drawn), minlength=drawn).astype(np.float64)
        if found.units is not None:
            times = times[found.units]
        table[:] = _summed(found, times * found.weights, times * times_y)
    return tables.reshape(resamples, *found.shape)


def _multinomial(found: Cells, resamples: int, rng: Generator) -> Floats:
    """Draw how many rows fall into each cell with outcome 0 and with outcome 1: the same law as drawing rows."""
    many = 2 * LEVELS * found.groups
    counts = np.bincount(2 * found.cell + (found.y == 1), minlength=2 * many)
    drawn = rng.multinomial(len(found.y), counts / counts.sum(), size=resamples).reshape(resamples, many, 2)
    tables = np.stack([drawn.sum(axis=2), drawn[:, :, 1]], axis=2).astype(np.float64)
    return tables.reshape(resamples, *found.shape)


def _summed(found: Cells, mass: Floats, times_y: Floats) -> Floats:
    table = np.zeros((2 * LEVELS * found.groups, 2))
    at = found.cell[found.starts]
    table[at, 0] = np.add.reduceat(mass, found.starts)
    table[at, 1] = np.add.reduceat(times_y, found.starts)
    return table
