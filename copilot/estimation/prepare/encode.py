"""From columns to one matrix, each of its columns centred and scaled to standard deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.prepare.pieces import Levels, Piece, Quantity
from copilot.estimation.problem import Floats, Integers

_BLOCK = 8192
"""Rows that are encoded at once: few enough that they stay in the processor's cache."""
MOST_BYTES = 8 * 2**30


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A matrix and where its columns come from.

    Parameters
    ----------
    matrix
        Of shape (n, k), C-contiguous.
    of
        The variable of each column.
    labels
        Each column for people: "age", "village = Kornoy".
    """

    matrix: Floats
    of: tuple[str, ...]
    labels: tuple[str, ...]

    def keep(self, wanted: Integers) -> Encoded:
        """Give the columns at some ascending positions, in the same memory; this one must not be used afterwards."""
        if len(wanted) == self.matrix.shape[1]:
            return self
        of, labels = (tuple(names[i] for i in wanted) for names in (self.of, self.labels))
        return Encoded(_compact(self.matrix, wanted), of, labels)


@dataclass(frozen=True, slots=True)
class Scale:
    """What centres and scales numbers: ((x - shift) - rest) / spread.

    The mean of large numbers is itself rounded; `rest` is what the rounding left.
    """

    shift: float
    rest: float
    spread: float

    def __call__(self, values: Floats) -> Floats:
        """Centre and scale; a new array."""
        scaled = values - self.shift
        scaled -= self.rest
        scaled /= self.spread
        return scaled


def scale_of(values: Floats) -> Scale:
    """Measure mean and standard deviation in two passes, without overflow or cancellation.

    Parameters
    ----------
    values
        Of shape (n,), finite.

    Returns
    -------
    Scale
        With spread 0 for a constant column.

    References
    ----------
    Chan, Golub & LeVeque 1983, *Algorithms for computing the sample variance*, eq. 1.7 (corrected two-pass).

    Examples
    --------
    >>> import numpy as np
    >>> scale_of(np.array([1e17, 1e17 + 64])).spread
    32.0
    """
    with np.errstate(over="ignore"):
        shift = float(values.mean())
    if not np.isfinite(shift):
        shift = float((values / values.size).sum())
    centred = values - shift
    rest = float(centred.mean())
    centred -= rest
    largest = float(max(centred.max(), -centred.min()))
    if largest == 0 or values.min() == values.max():
        return Scale(shift, rest, 0.0)
    centred /= largest
    return Scale(shift, rest, largest * float(np.sqrt(np.dot(centred, centred) / centred.size)))


def encode(pieces: Sequence[Piece], rows: int) -> Encoded:
    """Encode complete columns that vary: numbers by one column, levels by one for each but the commonest.

    Parameters
    ----------
    pieces
        Without missing values, none constant; all of shape (rows,).
    rows
        Number of rows.

    Raises
    ------
    EstimationError
        If the matrix would take more than `MOST_BYTES`, or numbers are too far apart to be scaled.
    """
    parts = [_number(piece) if isinstance(piece, Quantity) else _indicators(piece) for piece in pieces]
    widths = [len(part.labels) for part in parts]
    _check_size(pieces, widths, rows)
    ends = np.cumsum(widths).tolist()
    matrix = np.empty((rows, sum(widths)))
    for low in range(0, rows, _BLOCK):
        block = slice(low, min(low + _BLOCK, rows))
        for part, width, end in zip(parts, widths, ends, strict=True):
            part.write(matrix[block, end - width : end], block)
    of = tuple(piece.name for piece, width in zip(pieces, widths, strict=True) for _ in range(width))
    return Encoded(matrix, of, tuple(label for part in parts for label in part.labels))


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    labels: tuple[str, ...]
    piece: Quantity
    scale: Scale

    def write(self, out: Floats, block: slice) -> None:
        out[:, 0] = self.scale(self.piece.block(block))


@dataclass(frozen=True, slots=True, eq=False)
class _Indicators:
    labels: tuple[str, ...]
    codes: Integers
    table: Floats
    """The encoded row of each level."""

    def write(self, out: Floats, block: slice) -> None:
        out[:] = self.table[self.codes[block]]


def _number(piece: Quantity) -> _Number:
    with np.errstate(over="ignore", invalid="ignore"):
        scale = scale_of(piece.cells)
    if not np.isfinite(scale.spread):
        raise EstimationError(
            f"the numbers of {shown(piece.name)} are too far apart to be scaled",
            reason="Their differences do not fit into a double.",
            advice="Measure the column in other units, or mark a code for missing as missing.",
        )
    return _Number((piece.label or piece.name,), piece, scale)


def _indicators(piece: Levels) -> _Indicators:
    """Make the table that encodes levels; only levels with rows get a column, and the commonest gets none."""
    counts = piece.counts
    present = np.flatnonzero(counts)
    base = int(present[np.argmax(counts[present])])
    coded = [int(level) for level in present if level != base]
    share = counts[coded] / counts.sum()
    table = np.tile(-share, (len(piece.labels), 1))
    table[coded, np.arange(len(coded))] += 1.0
    table /= np.sqrt(share * (1.0 - share))
    return _Indicators(tuple(f"{piece.name} = {piece.labels[level]}" for level in coded), piece.codes, table)


def _check_size(pieces: Sequence[Piece], widths: Sequence[int], rows: int) -> None:
    if rows * sum(widths) * 8 <= MOST_BYTES:
        return
    widest = int(np.argmax(widths))
    raise EstimationError(
        f"the covariates take {sum(widths):,} columns of {rows:,} rows, which does not fit into memory",
        reason=f"{shown(pieces[widest].name)} alone has {widths[widest] + 1:,} levels.",
        advice="Join its levels into fewer groups, or use fewer rows.",
    )


def _compact(matrix: Floats, wanted: Integers) -> Floats:
    """Move the wanted columns of a C-contiguous matrix to the front of its own memory."""
    rows, width = matrix.shape[0], len(wanted)
    flat = matrix.reshape(-1)
    for low in range(0, rows, _BLOCK):
        high = min(low + _BLOCK, rows)
        flat[low * width : high * width] = matrix[low:high][:, wanted].reshape(-1)
    compacted: Floats = flat[: rows * width].reshape(rows, width)
    return compacted
