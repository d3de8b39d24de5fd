"""Nearest neighbours among rows that may be equal: each profile of covariates is looked up once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.estimation.problem import Floats, Integers

TREE = 8
"""Covariates up to which a k-d tree beats comparing all pairs."""
_ASKED = 8
"""Neighbours that are looked at for ties."""
_TIE = 1e-9
"""Distances closer than this, in standard deviations, are equal."""
_PAIRS = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """Rows of one arm, equal ones together.

    Parameters
    ----------
    points
        Of shape (m, p), in whitened coordinates, in the order of the covariates, whatever the order of rows.
    code
        For each row its profile, of shape (n,).
    counts
        Rows of each profile, of shape (m,).
    """

    points: Floats
    code: Integers
    counts: Floats

    def sums(self, values: Floats) -> Floats:
        """Sum values of rows within profiles."""
        found: Floats = np.bincount(self.code, weights=values, minlength=len(self.counts)).astype(np.float64)
        return found


def profiles_of(points: Floats) -> Profiles:
    """Put equal rows together; what differs by rounding is equal."""
    _, first, code, counts = np.unique(
        np.round(points, 9) + 0.0, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return Profiles(points[first], code.reshape(-1), counts.astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """For each profile asked for, the profiles nearest to it.

    Parameters
    ----------
    index
        Of shape (m, j): profiles, nearest first.
    used
        Of shape (m, j): whether it is among the nearest, all of which are equally near.
    distance
        To the nearest, of shape (m,).
    """

    index: Integers
    used: NDArray[np.bool_]
    distance: Floats


def matches(asked: Floats, among: Floats, *, itself: bool = False) -> Matches:
    """Find the nearest of some points for each of others, with ties.

    Parameters
    ----------
    asked, among
        Of shapes (m, p) and (q, p).
    itself
        Whether both are the same points, of which none is its own neighbour.
    """
    most = min(_ASKED + itself, len(among))
    distance, index = (_tree if asked.shape[1] <= TREE else _all_pairs)(asked, among, most)
    if itself:
        own = index == np.arange(len(asked))[:, None]
        distance = np.where(own, np.inf, distance)
        order = np.argsort(distance, axis=1, kind="stable")
        distance, index = np.take_along_axis(distance, order, 1), np.take_along_axis(index, order, 1)
    used = distance <= distance[:, :1] + _TIE
    used &= np.isfinite(distance)
    return Matches(index, used, distance[:, 0])


def _tree(asked: Floats, among: Floats, most: int) -> tuple[Floats, Integers]:
    from scipy.spatial import cKDTree

    distance, index = cKDTree(among).query(asked, k=np.arange(1, most + 1))
    return np.asarray(distance), np.asarray(index, dtype=np.int64)


def _all_pairs(asked: Floats, among: Floats, most: int) -> tuple[Floats, Integers]:
    half = 0.5 * np.sum(np.square(among), axis=1)
    distance, index = np.empty((len(asked), most)), np.empty((len(asked), most), dtype=np.int64)
    size = max(1, _PAIRS // len(among))
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        far = half - part @ among.T
        near = np.argpartition(far, most - 1, axis=1)[:, :most] if most < len(among) else _everyone(len(part), most)
        exact = np.sqrt(np.sum(np.square(part[:, None, :] - among[near]), axis=2))
        order = np.lexsort((near, exact), axis=1)
        distance[start : start + size] = np.take_along_axis(exact, order, 1)
        index[start : start + size] = np.take_along_axis(near, order, 1)
    return distance, index


def _everyone(rows: int, most: int) -> Integers:
    return np.tile(np.arange(most), (rows, 1))
