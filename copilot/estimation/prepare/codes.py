"""Whole numbers that behave like codes: what they stand for jumps from one to the next, and they enter as a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from copilot.domain.text import shown
from copilot.estimation.prepare.encode import scale_of
from copilot.estimation.prepare.model import Ends
from copilot.estimation.prepare.notes import Notes
from copilot.estimation.prepare.pieces import Piece, Quantity
from copilot.estimation.problem import Floats, Integers, Problem

ALARM = 1e-6
"""p-value below which jumps are no chance."""
SHARE = 0.02
"""Share of what is left of treatment and of outcome that jumps must explain."""
MOST_ROWS, MOST_COLUMNS = 20_000, 100
"""Rows that are looked at, and columns up to which it takes no time."""
_FEWEST_VALUES, _ROWS_A_VALUE = 6, 3
_SMOOTH = 4
"""Parameters of a cubic."""


def say_codes(problem: Problem, pieces: Sequence[Piece], ends: Ends, notes: Notes) -> None:
    """Warn of covariates of whole numbers that treatment and outcome both depend on by jumps.

    Both are regressed on all covariates and a cubic in the one in question, the outcome on the treatment as well; an
    F-test asks whether means at single values differ beyond that. A smooth curve passes, codes of villages do not.

    Parameters
    ----------
    problem
        What is estimated.
    pieces
        Covariates as read, complete.
    ends
        Names.
    notes
        Told of each.
    """
    if problem.covariates.shape[1] > MOST_COLUMNS:
        return
    rows = np.arange(0, problem.n, max(1, -(-problem.n // MOST_ROWS)))
    given: Floats | None = None
    for piece in pieces:
        if not isinstance(piece, Quantity) or piece.name not in problem.covariate_of:
            continue
        cells = piece.cells[rows]
        if not bool((cells == np.round(cells)).all()):
            continue
        values, codes = np.unique(cells, return_inverse=True)
        if not _FEWEST_VALUES <= len(values) <= len(rows) / _ROWS_A_VALUE:
            continue
        if given is None:
            given = np.linalg.qr(np.column_stack([np.ones(len(rows)), problem.covariates[rows]]))[0]
        scaled = scale_of(cells)(cells)
        t, y, bends = problem.t[rows], problem.y[rows], (np.square(scaled), scaled**3)
        whole = codes.astype(np.int64)
        if _jumps(t, given, bends, whole) and _jumps(y, given, (*bends, t), whole):
            notes.warn(
                "codes_as_line",
                f"the whole numbers of {shown(piece.name)} enter as a line, but {shown(ends.treatment)} and "
                f"{shown(ends.outcome)} jump from one to the next as with codes; if they are codes, write them as "
                "texts such as c1, so that each is a level of its own",
                piece.name,
                len(values),
            )


def _jumps(column: Floats, given: Floats, more: Sequence[Floats], codes: Integers) -> bool:
    """Tell whether means of a column at single values differ, beyond what orthonormal columns and some more explain."""
    from scipy.special import fdtrc

    own = np.column_stack([column - column.mean(), *more])
    own -= given @ (given.T @ own)
    basis = np.linalg.qr(own[:, 1:])[0]
    rest = own[:, 0] - basis @ (basis.T @ own[:, 0])
    fitted = given.shape[1] + basis.shape[1]
    counts = np.bincount(codes)
    sums = np.bincount(codes, weights=rest)
    whole, between = float(rest @ rest), float(np.sum(np.square(sums) / counts))
    steps, free = len(counts) - _SMOOTH, len(column) - fitted - len(counts) + _SMOOTH
    if free <= 0 or not whole > between:
        return False
    left = (whole - between) / free
    share = 1.0 - left * (len(column) - fitted) / whole
    return share > SHARE and float(fdtrc(steps, free, between / steps / left)) < ALARM
