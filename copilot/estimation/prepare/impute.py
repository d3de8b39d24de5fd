"""Multiple imputation by chained equations with predictive mean matching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from copilot.estimation.prepare.encode import encode
from copilot.estimation.prepare.pieces import Booleans, Levels, Piece, Quantity
from copilot.estimation.problem import Floats, Integers

CYCLES = 5
DONORS = 5
_RIDGE = 1e-5


def impute(pieces: Sequence[Piece], complete: Floats, rng: Generator) -> list[Piece]:
    """Fill the missing cells of columns once.

    Each incomplete column in turn, the one with fewest gaps first, is regressed on all others and on `complete`; a
    draw from the posterior of that Bayesian regression predicts the missing cells, and each takes the value of one of
    the five complete rows whose own prediction is nearest. A column of levels is regressed as its indicators and
    matched on all of them at once. So only values that occur are filled in, whatever their distribution.

    Parameters
    ----------
    pieces
        Columns of shape (n,), each with at least one value.
    complete
        Of shape (n, p) without gaps, scaled: treatment and outcome, which must be among the predictors.
    rng
        Of this imputation.

    Returns
    -------
    list
        The columns, complete.

    References
    ----------
    Little 1988, *Missing-data adjustments in large surveys*; Rubin 1987, *Multiple Imputation for Nonresponse in
    Surveys*, p. 167 (the draws); van Buuren 2018, *Flexible Imputation of Missing Data*, algorithms 3.3 (type 1
    matching) and 4.3 (chained equations).
    """
    gaps = [piece.missing for piece in pieces]
    filled = [_start(piece, missing, rng) for piece, missing in zip(pieces, gaps, strict=True)]
    open_ones = sorted(
        (i for i, missing in enumerate(gaps) if missing.any()), key=lambda i: int(np.count_nonzero(gaps[i]))
    )
    designs = [_design(piece) for piece in filled]
    for _ in range(CYCLES if len(open_ones) > 1 else 1):
        for i in open_ones:
            others = [design for j, design in enumerate(designs) if j != i]
            predictors = np.column_stack([np.ones(complete.shape[0]), complete, *others])
            donors = _match(predictors, designs[i], gaps[i], rng)
            filled[i] = _filled(filled[i], gaps[i], donors)
            designs[i] = _design(filled[i])
    return filled


def _start(piece: Piece, missing: Booleans, rng: Generator) -> Piece:
    """Fill gaps with values drawn from the column."""
    count = int(np.count_nonzero(missing))
    return _filled(piece, missing, rng.choice(np.flatnonzero(~missing), count)) if count else piece


def _filled(piece: Piece, missing: Booleans, donors: Integers) -> Piece:
    if isinstance(piece, Levels):
        codes = piece.codes.copy()
        codes[missing] = codes[donors]
        return replace(piece, codes=codes)
    cells = piece.cells.copy()
    cells[missing] = cells[donors]
    return Quantity(piece.name, cells, piece.label)


def _design(piece: Piece) -> Floats:
    """Encode a complete column."""
    rows = piece.missing.size
    return np.empty((rows, 0)) if piece.constant else encode([piece], rows).matrix


def _match(predictors: Floats, target: Floats, missing: Booleans, rng: Generator) -> Integers:
    """Choose a complete row for each gap.

    Returns
    -------
    ndarray of int
        Row numbers, one for each missing cell in order.
    """
    from scipy.spatial import cKDTree

    known = np.flatnonzero(~missing)
    if target.shape[1] == 0:
        return rng.choice(known, int(np.count_nonzero(missing)))
    x, y = predictors[known], target[known]
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] *= 1.0 + _RIDGE
    gram[np.diag_indices_from(gram)] += _RIDGE
    half = np.linalg.cholesky(gram)
    fitted = np.linalg.solve(gram, x.T @ y)
    expected = x @ fitted
    freedom = max(len(known) - x.shape[1], 1)
    spread = np.sqrt(np.square(y - expected).sum(axis=0) / rng.chisquare(freedom, y.shape[1]))
    drawn = fitted + np.linalg.solve(half.T, rng.standard_normal(fitted.shape)) * spread
    jitter = 1e-7 * rng.standard_normal(expected.shape)  # so that no order of rows decides between equal predictions
    count = min(DONORS, len(known))
    _, nearest = cKDTree(expected + jitter).query(predictors[missing] @ drawn, k=list(range(1, count + 1)))
    picked = nearest[np.arange(len(nearest)), rng.integers(count, size=len(nearest))]
    chosen: Integers = known[picked].astype(np.int64)
    return chosen
