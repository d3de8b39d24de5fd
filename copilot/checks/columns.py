"""Columns of a table as matrices, for tests of what a graph says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from copilot.domain.variables import Kind, TableProfile

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

MOST_LEVELS = 12
"""Levels of a column that get an indicator each; the others stand together as the base."""
ROWS_A_LEVEL = 10
"""Rows below which a level gets none: a mean over so few is far from normal."""
_UNUSABLE = frozenset({Kind.IDENTIFIER, Kind.CONSTANT})


def encode_columns(
    frame: pd.DataFrame, profile: TableProfile, names: Sequence[str], *, seed: SeedSequence, most_rows: int = 20_000
) -> Mapping[str, Floats]:
    """Turn columns into matrices whose columns have mean 0 and standard deviation 1.

    Numbers and dates (in days) give one column; categories and texts give an indicator for each level but the
    commonest and the rare ones.

    Parameters
    ----------
    frame
        Float64, texts or datetimes, as read by the rules of `profile`.
    profile
        Says what each column holds.
    names
        Which columns; those that the frame lacks, identifiers and constants are left out.
    seed
        Of the sample.
    most_rows
        A longer frame is cut down to a simple random sample of so many rows, in their order.

    Returns
    -------
    Mapping
        Name → matrix of shape (n, p) with p ≥ 1; a row is NaN throughout where the value is missing.
    """
    if len(frame) > most_rows:
        chosen = np.sort(np.random.default_rng(seed).choice(len(frame), most_rows, replace=False, shuffle=False))
        frame = frame.iloc[chosen]
    present = set(frame.columns)
    found: dict[str, Floats] = {}
    for name in dict.fromkeys(names):
        column = profile.column(name)
        if name not in present or (column is not None and column.kind in _UNUSABLE):
            continue
        matrix = _encoded(frame[name], categorical=column is not None and column.kind is Kind.CATEGORICAL)
        if matrix.shape[1]:
            found[name] = matrix
    return found


def _encoded(column: pd.Series, *, categorical: bool) -> Floats:
    import pandas as pd

    if column.dtype.kind == "M":
        days = (column - column.min()).dt.total_seconds().to_numpy(dtype=np.float64) / 86400.0
        return _standardised(days[:, None])
    if column.dtype.kind in "fiub":
        values = column.to_numpy(dtype=np.float64)
        values = np.where(np.isfinite(values), values, np.nan)
        if not categorical:
            return _standardised(values[:, None])
        codes, _ = pd.factorize(values, sort=True, use_na_sentinel=True)
    else:
        codes, _ = pd.factorize(column.astype(object).to_numpy(), use_na_sentinel=True)
    return _indicators(np.asarray(codes, dtype=np.int64))


def _indicators(codes: NDArray[np.int64]) -> Floats:
    """Give an indicator for each level that is neither the commonest nor rare; -1 is missing."""
    counts = np.bincount(codes[codes >= 0], minlength=1)
    by_size = np.argsort(-counts, kind="stable")
    levels = [level for level in by_size[1 : MOST_LEVELS + 1].tolist() if counts[level] >= ROWS_A_LEVEL]
    if not levels and len(by_size) > 1 and counts[by_size[1]] > 0:
        levels = [int(by_size[1])]
    matrix = (codes[:, None] == np.array(levels, dtype=np.int64)[None, :]).astype(np.float64)
    matrix[codes < 0] = np.nan
    return _standardised(matrix)


def _standardised(matrix: Floats) -> Floats:
    """Centre and scale each column over the rows that have a value; columns that do not vary are left out."""
    known = ~np.isnan(matrix[:, 0]) if matrix.shape[1] else np.zeros(len(matrix), dtype=np.bool_)
    if not known.any():
        return np.empty((len(matrix), 0))
    inside = matrix[known]
    varies = inside.max(axis=0) > inside.min(axis=0)
    largest = np.maximum(np.abs(inside).max(axis=0), 1e-300)
    scaled: Floats = matrix[:, varies] / largest[varies]
    centre, spread = scaled[known].mean(axis=0), scaled[known].std(axis=0)
    usable = spread > 0
    standard: Floats = (scaled[:, usable] - centre[usable]) / spread[usable]
    return standard
