"""Missing cells that are marked or filled, and how this is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from copilot.domain.text import shown
from copilot.estimation.prepare.notes import Notes, counted
from copilot.estimation.prepare.pieces import Levels, Piece, Quantity


def mark_gaps(pieces: Sequence[Piece], notes: Notes) -> list[Piece]:
    """Fill numbers with their mean beside a column that marks the gap; make missing a level of its own.

    Parameters
    ----------
    pieces
        Columns with gaps or without.
    notes
        Told of each column that had gaps.
    """
    marked: list[Piece] = []
    for piece in pieces:
        gaps = piece.missing
        count = int(np.count_nonzero(gaps))
        if not count:
            marked.append(piece)
            continue
        name = shown(piece.name)
        if isinstance(piece, Levels):
            codes = np.where(gaps, len(piece.labels), piece.codes).astype(np.int64)
            marked.append(Levels(piece.name, codes, (*piece.labels, "is missing")))
            how = "form a level of their own"
        else:
            mean = 0.0 if bool(gaps.all()) else float(piece.cells[~gaps].mean())
            marked.append(Quantity(piece.name, np.where(gaps, mean, piece.cells)))
            marked.append(Quantity(piece.name, gaps.astype(np.float64), f"{piece.name} is missing"))
            how = "are filled with the mean and marked by a column of their own"
        cells = counted(count, "missing cell")
        notes.warn(
            "gaps_marked",
            f"{cells} of {name} {how}; this removes bias only where being missing is unrelated to the outcome once "
            "treatment and covariates are known",
            piece.name,
            count,
        )
    return marked


def say_imputed(pieces: Sequence[Piece], imputations: int, notes: Notes) -> None:
    """Say which cells are imputed and how."""
    for piece in pieces:
        count = int(np.count_nonzero(piece.missing))
        if count:
            notes.info(
                "imputed",
                f"{counted(count, 'missing cell')} of {shown(piece.name)} are imputed {imputations} times by chained "
                "equations with predictive mean matching, from all other columns, treatment and outcome",
                piece.name,
                count,
            )
