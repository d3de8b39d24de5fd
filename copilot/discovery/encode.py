"""From a data frame of mixed columns to one numeric matrix in which dependence looks Gaussian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from copilot.discovery.dependence import FloatArray, IntArray
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind

MAX_LEVELS = 10
"""Levels of a categorical column that are kept apart; the rest become one level."""
MIN_LEVEL_ROWS = 10
"""Rows a level needs to be kept apart."""

_RANKED = frozenset({Kind.ORDINAL, Kind.COUNT, Kind.CONTINUOUS})


@dataclass(frozen=True, eq=False)
class Encoded:
    """Table columns as blocks of design columns.

    Parameters
    ----------
    names
        Table columns, shape (B,).
    dims
        Design columns per table column, shape (B,), each at least 1.
    design
        Shape (n, D); NaN where the cell is missing (in the whole block).
    """

    names: tuple[str, ...]
    dims: IntArray
    design: FloatArray

    @property
    def starts(self) -> IntArray:
        """First design column of each table column, shape (B,)."""
        starts: IntArray = np.cumsum(self.dims) - self.dims
        return starts

    def keep(self, wanted: list[int]) -> Encoded:
        """Only the table columns at these positions."""
        blocks = [np.arange(s, s + d) for s, d in zip(self.starts[wanted], self.dims[wanted], strict=True)]
        columns = np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)
        return Encoded(tuple(self.names[b] for b in wanted), self.dims[wanted], self.design[:, columns])

    def missing(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Missing cells, shape (n, B)."""
        gaps: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = np.isnan(self.design[:, self.starts])
        return gaps


def encode(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> tuple[Encoded, tuple[Notice, ...]]:
    """Encode every column by its kind.

    Numbers become normal scores of their ranks, so that only the order of values matters; two-level columns become
    0/1; columns with more levels become one indicator per level but the commonest.

    Parameters
    ----------
    frame
        Unique column names; any dtypes; NaN, None and infinities count as missing.
    kinds
        Kind per column; a column without one is judged by its dtype.

    Returns
    -------
    Encoded
        Columns that hold fewer than two values are left out.
    tuple of Notice
        What was recoded or left out.

    References
    ----------
    Harris & Drton (2013), "PC algorithm for nonparanormal graphical models", JMLR 14 (ranks). Andrews, Ramsey & Cooper
    (2019), PMLR 104 (indicator blocks).
    """
    names: list[str] = []
    blocks: list[FloatArray] = []
    notices: list[Notice] = []
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        kind = kinds.get(name, Kind.CONTINUOUS if pd.api.types.is_numeric_dtype(column) else Kind.CATEGORICAL)
        block = _encode_column(str(name), column, kind, notices)
        if block.shape[1] == 0:
            notices.append(
                Notice(
                    code="column_without_variation",
                    message=f"{shown(str(name))} has fewer than two values to compare, so the data cannot speak of it.",
                    subject=str(name),
                )
            )
            continue
        names.append(str(name))
        blocks.append(block)
    dims = np.array([block.shape[1] for block in blocks], dtype=np.int64)
    design = np.column_stack(blocks) if blocks else np.zeros((len(frame), 0))
    return Encoded(tuple(names), dims, design), tuple(notices)


def _encode_column(name: str, column: pd.Series, kind: Kind, notices: list[Notice]) -> FloatArray:
    if kind == Kind.DATE or pd.api.types.is_datetime64_any_dtype(column):
        moments = pd.to_datetime(column, errors="coerce", utc=True, format="mixed")
        stamps = moments.astype("int64").to_numpy(np.float64)
        return _normal_scores(np.where(moments.isna().to_numpy(), np.nan, stamps))
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        codes = column.cat.codes.to_numpy(np.float64)
        return _normal_scores(np.where(codes < 0, np.nan, codes))
    if kind in _RANKED or (kind == Kind.IDENTIFIER and pd.api.types.is_numeric_dtype(column)):
        numbers = _numbers(column)
        if kind != Kind.ORDINAL or np.isfinite(numbers).sum() >= 0.5 * column.notna().sum():
            _say_unreadable(name, column, numbers, notices)
            return _normal_scores(np.where(np.isfinite(numbers), numbers, np.nan))
    return _indicators(name, column, notices)


def _numbers(column: pd.Series) -> FloatArray:
    numbers: FloatArray = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return numbers


def _say_unreadable(name: str, column: pd.Series, numbers: FloatArray, notices: list[Notice]) -> None:
    lost = int((~np.isfinite(numbers) & column.notna().to_numpy()).sum())
    if lost:
        message = f"{lost:,} cells of {shown(name)} are infinite or no number; they count as missing here."
        notices.append(Notice(code="cells_not_numeric", message=message, subject=name, count=lost))


def _normal_scores(numbers: FloatArray) -> FloatArray:
    """Take normal quantiles of the mid-ranks ÷ (n + 1), shape (n, 1); shape (n, 0) if nothing varies."""
    from scipy.special import ndtri

    seen = ~np.isnan(numbers)
    values, inverse, counts = np.unique(numbers[seen], return_inverse=True, return_counts=True)
    if len(values) < 2:  # noqa: PLR2004 (two values make a difference)
        return np.zeros((len(numbers), 0))
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    scores = np.full((len(numbers), 1), np.nan)
    scores[seen, 0] = ndtri(middle / (counts.sum() + 1.0))[inverse]
    return scores


def _indicators(name: str, column: pd.Series, notices: list[Notice]) -> FloatArray:
    """One 0/1 column per kept level but the commonest, shape (n, levels - 1)."""
    codes, levels = pd.factorize(column.astype("string"), sort=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    if len(levels) > 2:  # noqa: PLR2004 (a binary column is kept, however rare one level)
        kept = [int(level) for level in order[:MAX_LEVELS] if counts[level] >= MIN_LEVEL_ROWS]
    else:
        kept = [int(level) for level in order]
    rest = len(levels) - len(kept)
    if rest > 1:
        message = (
            f"{shown(name)} has {len(levels):,} levels; the {rest:,} rarest "
            f"({int(counts.sum() - counts[kept].sum()):,} rows) count as one level here."
        )
        notices.append(Notice(code="levels_lumped", message=message, subject=name, count=rest, level=Level.INFO))
    others = [np.isin(codes, [*range(len(levels))]) & ~np.isin(codes, kept)] if rest and kept else []
    block = np.column_stack([*(codes == level for level in kept[1:]), *others]) if len(kept) + len(others) > 1 else None
    if block is None:
        return np.zeros((len(column), 0))
    numbers = block.astype(np.float64)
    numbers[codes < 0] = np.nan
    return numbers
