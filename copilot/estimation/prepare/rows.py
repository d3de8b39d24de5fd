"""Which rows can be used, and how many are lost to what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.prepare.notes import Notes, counted
from copilot.estimation.prepare.pieces import Booleans
from copilot.estimation.problem import Integers

MUCH = 0.10
"""Share of rows lost to missing cells from which on it is a warning."""
_MOST_COLUMNS = 8


def complete_rows(gaps: Sequence[tuple[str, Booleans]], apart: Booleans, notes: Notes) -> Integers:
    """Find the rows in which no needed cell is missing.

    Parameters
    ----------
    gaps
        Column and where it is missing, of shape (n,).
    apart
        Rows that are left out for another reason, which was said already.
    notes
        Told how many rows are lost, and to which columns.

    Returns
    -------
    ndarray of int
        Row numbers in ascending order.

    Raises
    ------
    EstimationError
        If no row is left.
    """
    lost = np.zeros(apart.shape, dtype=bool)
    counts: list[tuple[str, int]] = []
    for name, missing in gaps:
        here = int(np.count_nonzero(missing & ~apart))
        if here:
            counts.append((name, here))
            lost |= missing
    lost &= ~apart
    candidates = int(np.count_nonzero(~apart))
    dropped = int(np.count_nonzero(lost))
    if dropped == candidates:
        raise _nothing_left(counts, candidates)
    if dropped:
        _say_dropped(counts, dropped, candidates, notes)
    return np.flatnonzero(~(lost | apart)).astype(np.int64)


def _say_dropped(counts: Sequence[tuple[str, int]], dropped: int, candidates: int, notes: Notes) -> None:
    by_column = _by_column(counts)
    verb = "is" if dropped == 1 else "are"
    text = f"{dropped:,} of {counted(candidates)} {verb} left out because a cell is missing: {by_column}"
    if dropped <= MUCH * candidates:
        notes.info("rows_dropped", text, count=dropped)
        return
    notes.warn(
        "rows_dropped",
        f"{text}; an analysis of complete cases may be biased unless cells are missing at random given the covariates",
        count=dropped,
    )


def _by_column(counts: Sequence[tuple[str, int]]) -> str:
    ranked = sorted(counts, key=lambda pair: -pair[1])
    text = ", ".join(f"{shown(name)} {count:,}" for name, count in ranked[:_MOST_COLUMNS])
    more = len(ranked) - _MOST_COLUMNS
    return text if more <= 0 else f"{text} and {counted(more, 'other column')}"


def _nothing_left(counts: Sequence[tuple[str, int]], candidates: int) -> EstimationError:
    if not candidates:
        return EstimationError(
            "0 rows are left, need at least 12",
            reason="The table has no rows, none of the levels that are compared, or all rows have weight 0.",
            advice="Give a table with rows, or another contrast.",
        )
    return EstimationError(
        f"no row is complete: of {counted(candidates)}, cells are missing in {_by_column(counts)}",
        reason="An estimate uses the rows in which treatment, outcome and all covariates are known.",
        advice="Leave out the column with most missing cells, or use --missing indicator or --missing multiple.",
    )
