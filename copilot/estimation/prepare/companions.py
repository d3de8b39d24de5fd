"""Columns beside the model: weights, clusters, groups and negative controls."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.prepare.notes import Notes, counted, listed
from copilot.estimation.prepare.outcome import read_outcome
from copilot.estimation.prepare.pieces import Booleans, Levels, Piece, Quantity, levels_of
from copilot.estimation.prepare.treatment import check_size
from copilot.estimation.problem import Floats, Integers

FEWEST_CLUSTERS = 2
FEW_CLUSTERS = 30
MOST_GROUPS = 20
FEWEST_IN_GROUP = 20
SPARE_ROWS = 10
"""Rows beyond the number of parameters that an estimate needs."""


def zero_weights(piece: Piece, notes: Notes) -> Booleans:
    """Find rows of weight 0, which count for nothing, after refusing weights that are none.

    Returns
    -------
    ndarray of bool
        Of shape (n,).

    Raises
    ------
    EstimationError
        If the column is text or holds negative numbers.
    """
    name = piece.name
    if isinstance(piece, Levels):
        raise EstimationError(
            f"the weights {shown(name)} are text",
            reason="A weight says for how many units a row stands.",
            advice="Name a column of positive numbers, or leave out --weights.",
        )
    negative = piece.cells < 0
    if negative.any():
        raise EstimationError(
            f"the weights {shown(name)} are negative in {counted(int(negative.sum()))}, "
            f"first in row {int(negative.argmax()) + 1}",
            reason="A weight says for how many units a row stands.",
            advice="Name a column of positive numbers, or leave out --weights.",
        )
    zero: Booleans = piece.cells == 0
    if zero.any():
        count = int(zero.sum())
        notes.info("zero_weights", f"{counted(count)} of weight 0 in {shown(name)} are left out", name, count)
    return zero


def weights_of(piece: Quantity) -> Floats:
    """Scale positive weights to mean 1."""
    scaled = piece.cells / piece.cells.max()
    normalised: Floats = scaled / scaled.mean()
    return normalised


def clusters_of(piece: Piece, notes: Notes) -> Integers:
    """Give the clusters the numbers 0 … g-1.

    Raises
    ------
    EstimationError
        If there are fewer than two.
    """
    raw = piece.codes if isinstance(piece, Levels) else piece.cells
    found, codes = np.unique(raw, return_inverse=True)
    if len(found) < FEWEST_CLUSTERS:
        raise EstimationError(
            f"the clusters {shown(piece.name)} are one cluster",
            reason="Errors by cluster compare clusters, and need two at the very least.",
            advice="Name another column, or leave out --cluster.",
        )
    if len(found) < FEW_CLUSTERS:
        notes.warn(
            "few_clusters",
            f"{shown(piece.name)} has {len(found)} clusters; with fewer than {FEW_CLUSTERS}, standard errors by "
            "cluster tend to be too small",
            piece.name,
            len(found),
        )
    return codes.astype(np.int64)


def check_groups(piece: Piece) -> Levels:
    """Read the column that splits rows into groups.

    Raises
    ------
    EstimationError
        If it has more than `MOST_GROUPS` values.
    """
    levels = piece if isinstance(piece, Levels) else levels_of(piece.name, piece.cells)
    number = int(np.count_nonzero(levels.counts))
    if number <= MOST_GROUPS:
        return levels
    raise EstimationError(
        f"--by {shown(piece.name)} would make {number:,} groups, more than {MOST_GROUPS}",
        reason="So many groups have few rows each, and some would stand out by chance alone.",
        advice="Join its values into a few bands or classes in a new column, and name that.",
    )


def groups_of(levels: Levels, arms: Floats | None, columns: int, notes: Notes) -> dict[str, Integers]:
    """Give the rows of each group that can be estimated within.

    Parameters
    ----------
    levels
        Of the rows used.
    arms
        The treatment if it is binary: a group needs two rows of each arm.
    columns
        Encoded covariates.
    """
    fewest = max(FEWEST_IN_GROUP, columns + SPARE_ROWS)
    groups: dict[str, Integers] = {}
    small: dict[str, int] = {}
    onesided: dict[str, int] = {}
    for code in np.flatnonzero(levels.counts):
        rows = np.flatnonzero(levels.codes == code).astype(np.int64)
        label = levels.labels[int(code)]
        if rows.size < fewest:
            small[label] = rows.size
        elif arms is not None and min(int(arms[rows].sum()), int(rows.size - arms[rows].sum())) < 2:  # noqa: PLR2004 (one row has no spread)
            onesided[label] = rows.size
        else:
            groups[label] = rows
    _say_left_out(levels.name, small, f"they have fewer than {fewest} rows", notes)
    _say_left_out(levels.name, onesided, "they have fewer than two rows of one arm", notes)
    return groups


def _say_left_out(name: str, left_out: Mapping[str, int], why: str, notes: Notes) -> None:
    if left_out:
        notes.warn(
            "groups_left_out",
            f"{counted(len(left_out), 'group')} of {shown(name)} with {counted(sum(left_out.values()))} are not "
            f"estimated within, because {why}: {listed(list(left_out))}",
            name,
            len(left_out),
        )


def control_values(piece: Piece, rows: Integers, notes: Notes) -> Floats | None:
    """Read a negative control outcome on the rows used, NaN where missing.

    Returns
    -------
    ndarray or None
        ``None``, with a warning, if it does not vary on these rows.

    Raises
    ------
    EstimationError
        If it is text of more than two levels, constant in the table, or its numbers are too large or too small.
    """
    values = read_outcome(piece, notes, "negative control").cells[rows]
    present = values[~np.isnan(values)]
    if present.size and present.min() < present.max():
        check_size(piece.name, "negative control", present)
        return values
    notes.warn(
        "control_left_out",
        f"the negative control {shown(piece.name)} does not vary on the rows that are used and is left out",
        piece.name,
    )
    return None
