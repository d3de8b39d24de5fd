"""How far one column is settled by another: linearly, by rank, by class, or by a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.checks.columns import Floats

Ints = NDArray[np.int64]

_EXACT = 1e-9
"""1 - R² below which two columns are a linear map of each other."""
_FEWEST = 12
"""Rows that both columns need."""
_ROWS_A_CLASS = 10
"""Rows for each class of the source, and outside the commonest class of the target: with fewer chance settles much."""
_CLASSES = 13
"""Different values up to which a column counts as classes."""


@dataclass(frozen=True, slots=True)
class Determination:
    """That `source` settles `target`.

    Parameters
    ----------
    source, target
        Names.
    share
        Of the target that is settled: R², or the share of rows whose class is told beyond the commonest (Goodman &
        Kruskal 1954, JASA 49, lambda).
    how
        ``linear``, ``rank``, ``classes`` or ``threshold``.
    exact
        Whether either gives the other without remainder.
    """

    source: str
    target: str
    share: float
    how: str
    exact: bool = False


def determinations(columns: Mapping[str, Floats], least: float) -> tuple[Determination, ...]:
    """Find every ordered pair of columns of which one settles the other to a share of at least `least`.

    Parameters
    ----------
    columns
        Name → matrix of shape (n, p), as `encode_columns` gives them; at least 12 rows.
    least
        In (0, 1).

    Returns
    -------
    tuple of Determination
        Sorted by target and source; for a pair the largest share.

    Examples
    --------
    >>> x = np.arange(50.0)[:, None]
    >>> [(one.source, one.target, one.how) for one in determinations({"a": x, "b": 3 - x, "c": x > 20}, 0.999)]
    [('b', 'a', 'linear'), ('a', 'b', 'linear'), ('a', 'c', 'threshold'), ('b', 'c', 'threshold')]
    """
    names = sorted(columns)
    matrices = {name: np.asarray(columns[name], dtype=np.float64) for name in names}
    numeric = [name for name in names if matrices[name].shape[1] == 1]
    classes = {name: codes for name in names if (codes := _codes(matrices[name])) is not None}
    found = [*_between_numbers(numeric, matrices, least), *_between_classes(classes, least)]
    found += _classes_to_numbers(classes, [name for name in numeric if name not in classes], matrices, least)
    found += _by_threshold([name for name in numeric if name not in classes], classes, matrices, least)
    best: dict[tuple[str, str], Determination] = {}
    for one in found:
        before = best.get((one.target, one.source))
        if before is None or (one.exact, one.share) > (before.exact, before.share):
            best[one.target, one.source] = one
    return tuple(best[key] for key in sorted(best))


def _codes(matrix: Floats) -> Ints | None:
    """Give each different row a number, -1 where missing; ``None`` if there are too many."""
    known = ~np.isnan(matrix).any(axis=1)
    if not known.any() or len(np.unique(matrix[known][:200], axis=0)) > _CLASSES:
        return None
    rows, inverse = np.unique(matrix[known], axis=0, return_inverse=True)
    if len(rows) > _CLASSES:
        return None
    codes = np.full(len(matrix), -1, dtype=np.int64)
    codes[known] = inverse.ravel()
    return codes


def _between_numbers(names: list[str], matrices: Mapping[str, Floats], least: float) -> list[Determination]:
    if not names:
        return []
    values = np.column_stack([matrices[name][:, 0] for name in names])
    found = []
    for how, matrix in (("linear", values), ("rank", np.column_stack([_ranks(column) for column in values.T]))):
        squares = _squared_correlations(matrix)
        for i, j in np.argwhere(squares >= least):
            if i != j:
                share = float(squares[i, j])
                exact = how == "linear" and share > 1 - _EXACT
                found.append(Determination(names[i], names[j], min(1.0, share), how, exact))
    return found


def _squared_correlations(matrix: Floats) -> Floats:
    """Correlate columns over the rows that both have; 0 where too few."""
    known = ~np.isnan(matrix)
    mask = known.astype(np.float64)
    centred = np.where(known, matrix, 0.0)
    centred = np.where(known, centred - centred.sum(axis=0) / np.maximum(1.0, mask.sum(axis=0)), 0.0)
    count = mask.T @ mask
    safe = np.maximum(count, 1.0)
    sums = centred.T @ mask
    squares = (centred**2).T @ mask - sums**2 / safe
    cross = centred.T @ centred - sums * sums.T / safe
    scale = squares * squares.T
    usable = (count >= _FEWEST) & (scale > 0)
    found: Floats = np.divide(cross**2, scale, out=np.zeros_like(cross), where=usable)
    return found


def _ranks(column: Floats) -> Floats:
    """Rank the values that are there, ties by their mean."""
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True, equal_nan=True)
    ends = np.cumsum(counts)
    ranks: Floats = np.where(np.isnan(column), np.nan, (ends - (counts - 1) / 2)[inverse.ravel()])
    return ranks


def _between_classes(classes: Mapping[str, Ints], least: float) -> list[Determination]:
    found = []
    for source, one in classes.items():
        for target, other in classes.items():
            if source == target:
                continue
            table = _table(one, other)
            share = _told(table)
            if share >= least:
                exact = bool(((table > 0).sum(axis=0) <= 1).all() and ((table > 0).sum(axis=1) <= 1).all())
                found.append(Determination(source, target, share, "classes", exact))
    return found


def _table(one: Ints, other: Ints) -> Ints:
    """Count pairs of classes."""
    known = (one >= 0) & (other >= 0)
    cells = np.bincount(one[known] * _CLASSES + other[known], minlength=_CLASSES * _CLASSES)
    return cells.reshape(_CLASSES, _CLASSES)


def _told(table: Ints) -> float:
    """Share of rows outside the commonest column whose column the row tells."""
    total, common = int(table.sum()), int(table.sum(axis=0).max())
    if total < _ROWS_A_CLASS * int(table.any(axis=1).sum()) or total - common < _ROWS_A_CLASS:
        return 0.0
    return float((table.max(axis=1).sum() - common) / (total - common))


def _classes_to_numbers(
    classes: Mapping[str, Ints], numbers: list[str], matrices: Mapping[str, Floats], least: float
) -> list[Determination]:
    """Compare the variance within classes with the whole."""
    found = []
    for source, codes in classes.items():
        for target in numbers:
            values = matrices[target][:, 0]
            known = (codes >= 0) & ~np.isnan(values)
            if known.sum() < _ROWS_A_CLASS * (codes.max() + 1):
                continue
            own, inside = codes[known], values[known] - values[known].mean()
            size = np.maximum(1, np.bincount(own, minlength=_CLASSES))
            between = float((np.bincount(own, weights=inside, minlength=_CLASSES) ** 2 / size).sum())
            total = float(inside @ inside)
            if total > 0 and between / total >= least:
                found.append(Determination(source, target, min(1.0, between / total), "classes"))
    return found


def _by_threshold(
    numbers: list[str], classes: Mapping[str, Ints], matrices: Mapping[str, Floats], least: float
) -> list[Determination]:
    """Find numbers of which a threshold separates two classes."""
    pairs = {name: codes for name, codes in classes.items() if codes.max() == 1}
    if not pairs:
        return []
    table = np.column_stack([np.where(codes < 0, np.nan, codes) for codes in pairs.values()])
    found = []
    for source in numbers:
        values = matrices[source][:, 0]
        order = np.argsort(values, kind="stable")[: int((~np.isnan(values)).sum())]
        last = np.append(np.diff(values[order]) > 0, True)  # a threshold lies between different values
        known = ~np.isnan(table[order])
        on = np.cumsum(np.where(known, table[order], 0.0), axis=0)
        off = np.cumsum(known, axis=0) - on
        if len(on) < _FEWEST:
            continue
        right = np.maximum(off + (on[-1] - on), on + (off[-1] - off))[last].max(axis=0)
        common = np.maximum(on[-1], off[-1])
        rest = on[-1] + off[-1] - common
        shares = np.divide(right - common, rest, out=np.zeros_like(rest), where=rest >= _ROWS_A_CLASS)
        for target, share in zip(pairs, shares.tolist(), strict=True):
            if share >= least:
                found.append(Determination(source, target, share, "threshold"))
    return found
