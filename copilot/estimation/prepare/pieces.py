"""One column of a table as numbers or as levels, with what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from copilot.domain.text import shown
from copilot.domain.variables import Kind
from copilot.errors import EstimationError
from copilot.estimation.prepare.notes import counted, plain
from copilot.estimation.problem import Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

Booleans = NDArray[np.bool_]

MOST_CODED_LEVELS = 8
"""Values of an ordinal column of numbers that get a column each; with more it enters as one line."""
ROWS_A_LEVEL = 20
"""Rows for each value that such columns need on average."""
FEWEST_OF_A_LEVEL = 10
"""Rows that even their rarest value needs: counts of things thin out towards their end, grades do not."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A column of numbers, or some of its rows.

    Parameters
    ----------
    name
        Of the variable.
    source
        The whole column, NaN where missing; never written to.
    label
        The column for people, where it is not the variable itself: "age is missing".
    rows
        Which rows are meant, of shape (n,); ``None`` for all. They are copied when they are needed and not before, so
        that a large table is not held twice.
    """

    name: str
    source: Floats
    label: str = ""
    rows: Integers | None = None

    @property
    def cells(self) -> Floats:
        """The numbers, of shape (n,), NaN where missing."""
        return self.source if self.rows is None else self.source[self.rows]

    def block(self, part: slice) -> Floats:
        """Give a few of the numbers."""
        return self.source[part] if self.rows is None else self.source[self.rows[part]]

    @property
    def missing(self) -> Booleans:
        """Where there is no value, of shape (n,)."""
        gaps: Booleans = np.isnan(self.cells)
        return gaps

    @property
    def constant(self) -> bool:
        """Whether there are fewer than two values."""
        cells = self.cells
        low, high = np.fmin.reduce(cells, initial=np.nan), np.fmax.reduce(cells, initial=np.nan)
        return not low < high

    def take(self, rows: Integers) -> Quantity:
        """Give some rows."""
        return replace(self, rows=rows if self.rows is None else self.rows[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A column of levels.

    Parameters
    ----------
    name
        Of the variable.
    codes
        Positions in `labels`, of shape (n,); -1 where missing.
    labels
        The levels as texts; some may have no row.
    """

    name: str
    codes: Integers
    labels: tuple[str, ...]

    @property
    def missing(self) -> Booleans:
        """Where there is no value, of shape (n,)."""
        gaps: Booleans = self.codes < 0
        return gaps

    @property
    def counts(self) -> Integers:
        """Rows of each level, of the shape of `labels`."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels)).astype(np.int64)

    @property
    def constant(self) -> bool:
        """Whether there are fewer than two levels."""
        return int(np.count_nonzero(self.counts)) <= 1

    def take(self, rows: Integers) -> Levels:
        """Give some rows."""
        return Levels(self.name, self.codes[rows], self.labels)


Piece: TypeAlias = Quantity | Levels


def read_piece(frame: pd.DataFrame, name: str) -> Piece:
    """Read one column of a frame: numbers stay numbers, dates become days since the earliest, texts become levels.

    Raises
    ------
    EstimationError
        If a number is infinite.
    """
    column = frame[name]
    if column.dtype.kind == "M":
        return Quantity(name, _days(column))
    if column.dtype.kind in "fiub":
        values = column.to_numpy(dtype=np.float64)
        return Quantity(name, _finite(name, values))
    return _levels(name, column)


def coded(piece: Piece, kind: Kind) -> Piece:
    """Give a column of numbers that are codes as levels, where there are rows enough for each.

    Categorical numbers always; ordinal ones with at most `MOST_CODED_LEVELS` values, more than `ROWS_A_LEVEL` rows for
    each on average and `FEWEST_OF_A_LEVEL` for the rarest, because steps between grades need not be equal.
    """
    if isinstance(piece, Levels) or kind not in {Kind.CATEGORICAL, Kind.ORDINAL}:
        return piece
    gaps = piece.missing
    counts = np.unique(piece.cells[~gaps], return_counts=True)[1]
    few = len(counts) <= MOST_CODED_LEVELS and counts.sum() > ROWS_A_LEVEL * len(counts)
    if kind is Kind.ORDINAL and not (few and counts.min() >= FEWEST_OF_A_LEVEL):
        return piece
    return levels_of(piece.name, piece.cells)


def levels_of(name: str, values: Floats) -> Levels:
    """Take the values of a column of numbers as levels, in ascending order."""
    gaps = np.isnan(values)
    distinct, inverse = np.unique(values[~gaps], return_inverse=True)
    codes = np.full(values.shape, -1, dtype=np.int64)
    codes[~gaps] = inverse
    return Levels(name, codes, tuple(map(plain, distinct.tolist())))


def _finite(name: str, values: Floats) -> Floats:
    infinite = np.isinf(values)
    if not infinite.any():
        return values
    raise EstimationError(
        f"{shown(name)} is infinite in {counted(int(infinite.sum()))}, first in row {int(infinite.argmax()) + 1}",
        reason="No mean and no effect can be computed from an infinite value.",
        advice="Empty the cell if the value is missing, or leave the column out.",
    )


def _days(column: pd.Series) -> Floats:
    """Count days since the earliest date."""
    days: Floats = (column - column.min()).dt.total_seconds().to_numpy(dtype=np.float64) / 86400.0
    return days


def _levels(name: str, column: pd.Series) -> Levels:
    """Give numbers to the levels of a column of texts in alphabetical order."""
    import pandas as pd

    codes, found = pd.factorize(column.to_numpy(dtype=object), use_na_sentinel=True)
    labels = [str(label) for label in found]
    order = sorted(range(len(labels)), key=labels.__getitem__)
    rank = np.empty(len(labels) + 1, dtype=np.int64)
    rank[order] = np.arange(len(labels))
    rank[-1] = -1
    return Levels(name, rank[codes], tuple(labels[i] for i in order))
