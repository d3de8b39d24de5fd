"""The outcome in numbers, and other columns that are read as outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.prepare.notes import Notes, listed, plain
from copilot.estimation.prepare.pieces import Booleans, Piece, Quantity
from copilot.estimation.prepare.treatment import check_size, constant
from copilot.estimation.prepare.words import ordered, quoted
from copilot.estimation.problem import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An outcome.

    Parameters
    ----------
    name
        Of the column.
    cells
        In its own units, or 0 and 1 if binary; NaN where missing.
    binary
        Whether there are two values.
    event
        The value that counts as 1, as it stands in the table; empty unless binary.
    """

    name: str
    cells: Floats
    binary: bool
    event: str = ""

    @property
    def missing(self) -> Booleans:
        """Where there is no value, of shape (n,)."""
        gaps: Booleans = np.isnan(self.cells)
        return gaps

    def take(self, rows: Integers) -> Outcome:
        """Give some rows."""
        return replace(self, cells=self.cells[rows])


def read_outcome(piece: Piece, notes: Notes, role: str = "outcome") -> Outcome:
    """Read an outcome.

    Raises
    ------
    EstimationError
        If it has fewer than two values, or more than two texts.
    """
    name = piece.name
    if piece.constant:
        raise constant(name, role)
    if isinstance(piece, Quantity):
        return _of_numbers(piece, role, notes)
    labels = [piece.labels[i] for i in np.flatnonzero(piece.counts)]
    if len(labels) > 2:  # noqa: PLR2004 (an event happens or not)
        raise EstimationError(
            f"the {role} {shown(name)} is text with {len(labels):,} levels: {listed(labels)}",
            reason="An effect is a difference of means, and texts have none unless there are only two.",
            advice=f"Choose another {role}, or write it as a number or as yes and no.",
        )
    against, event, reason = ordered(labels[0], labels[1])
    values = np.full(piece.codes.shape, np.nan)
    values[piece.codes == piece.labels.index(against)] = 0.0
    values[piece.codes == piece.labels.index(event)] = 1.0
    why = reason or "it is the later in the alphabet, and neither word is known"
    _say_event((role, name), event, why, not reason, notes)
    return Outcome(name, values, binary=True, event=event)


def check_varies(outcome: Outcome) -> None:
    """Refuse an outcome that has become constant on the rows used, or whose numbers are too large or too small."""
    if outcome.cells.min() == outcome.cells.max():
        raise constant(outcome.name, "outcome", "among the rows that are used")
    check_size(outcome.name, "outcome", outcome.cells)


def _of_numbers(piece: Quantity, role: str, notes: Notes) -> Outcome:
    present = piece.cells[~piece.missing]
    low, high = float(present.min()), float(present.max())
    if not bool(((present == low) | (present == high)).all()):
        return Outcome(piece.name, piece.cells, binary=False)
    if (low, high) == (0.0, 1.0):
        return Outcome(piece.name, piece.cells, binary=True, event="1")
    values = np.full(piece.cells.shape, np.nan)
    values[piece.cells == low] = 0.0
    values[piece.cells == high] = 1.0
    _say_event((role, piece.name), plain(high), "it is the larger number", False, notes)
    return Outcome(piece.name, values, binary=True, event=plain(high))


def _say_event(whose: tuple[str, str], event: str, reason: str, doubtful: bool, notes: Notes) -> None:
    text = f"the {whose[0]} {shown(whose[1])} counts {quoted(event)} as 1: {reason}"
    (notes.warn if doubtful else notes.info)("outcome_event", text, whose[1])
