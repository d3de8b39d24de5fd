"""What is decided once, before the first resample: which rows, which columns, and what must be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from copilot.discovery.dependence import MIN_SHARED, RIDGE, Dependence
from copilot.discovery.encode import Encoded, encode
from copilot.discovery.moments import moments_of
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind
from copilot.errors import InputDataError

MAX_COLUMNS = 250
"""More columns than this would take minutes, and no person reviews such a graph."""
POOL_FACTOR = 10
"""A larger table is first sampled down to this many times the rows of one resample."""

_ENOUGH_COMPLETE = 0.5
_SUSPECT = 4.0
"""-log Λ per dimension from which two columns may be copies: a canonical correlation of 0.99."""
_COPY = 1e-9
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table ready for resampling.

    Parameters
    ----------
    encoded
        The columns that take part.
    gaps
        Whether cells are missing in it.
    notices
        What was left out, recoded or doubted.
    """

    encoded: Encoded
    gaps: bool
    notices: tuple[Notice, ...]


def prepare(frame: pd.DataFrame, kinds: Mapping[str, Kind], *, max_rows: int, draw: np.random.Generator) -> Prepared:
    """Choose rows and columns and encode them.

    Missing cells: if at least half of the rows are complete and no column loses its variation among them, only these
    are used; otherwise each correlation uses the rows that hold both columns.

    Parameters
    ----------
    frame
        The table.
    kinds
        Kind per column.
    max_rows
        Rows that one resample may draw.
    draw
        Chooses rows where the table is much larger than that.

    Raises
    ------
    InputDataError
        On repeated names, fewer than two usable columns, more than `MAX_COLUMNS`, or fewer than `MIN_SHARED` rows.
    """
    _check_shape(frame)
    notices: list[Notice] = []
    if len(frame) > POOL_FACTOR * max_rows:
        rows = np.sort(draw.choice(len(frame), POOL_FACTOR * max_rows, replace=False))
        message = f"Of {len(frame):,} rows, {len(rows):,} drawn at random are used to suggest the graph."
        notices.append(Notice(code="rows_sampled", message=message, count=len(rows), level=Level.INFO))
        frame = frame.iloc[rows]
    encoded, recoded = encode(frame, kinds)
    notices.extend(recoded)
    encoded, gaps = _choose_rows(encoded, notices)
    encoded = _set_aside_copies(encoded, notices, gaps=gaps)
    if len(encoded.names) < 2:  # noqa: PLR2004 (an edge has two ends)
        raise InputDataError(
            "fewer than two columns can be compared",
            reason="The others do not vary, or repeat another column.",
            advice="Choose other columns with --columns.",
        )
    return Prepared(encoded, gaps, tuple(notices))


def _check_shape(frame: pd.DataFrame) -> None:
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise InputDataError(f"the column name {shown(str(twice[0]))} stands twice", advice="Rename one of the two.")
    if len(frame.columns) > MAX_COLUMNS:
        raise InputDataError(
            f"the data cannot vote on {len(frame.columns):,} columns at once",
            reason=f"The search is bounded to {MAX_COLUMNS} columns.",
            advice="Choose the columns that matter with --columns or --exclude.",
        )
    if len(frame) < MIN_SHARED:
        raise _too_few(len(frame), "rows")


def _too_few(rows: int, what: str) -> InputDataError:
    return InputDataError(
        f"the data have {rows:,} {what}; at least {MIN_SHARED} are needed to suggest a graph from them",
        reason="With so few, dependence cannot be told from chance.",
        advice="Leave out columns with many gaps (--exclude), add rows, or configure a model (copilot doctor).",
    )


def _choose_rows(encoded: Encoded, notices: list[Notice]) -> tuple[Encoded, bool]:
    """Complete rows if they will do, otherwise all rows with their gaps."""
    missing = encoded.missing()
    full: NDArray[np.bool_] = np.logical_not(np.any(missing, axis=1))
    if full.all():
        return encoded, False
    lost = missing.sum(axis=0)
    worst = [int(b) for b in np.argsort(-lost, kind="stable") if lost[b]]
    each = ", ".join(f"{shown(encoded.names[b])} {lost[b]:,}" for b in worst[:_NAMED])
    each += f" and {len(worst) - _NAMED} more" if len(worst) > _NAMED else ""
    total, complete = len(full), int(full.sum())
    if complete >= max(_ENOUGH_COMPLETE * total, MIN_SHARED) and _all_vary(encoded, full):
        message = (
            f"{complete:,} of {total:,} rows have a value in every column and are used; {total - complete:,} are not "
            f"(missing: {each})."
        )
        notices.append(Notice(code="rows_dropped", message=message, count=total - complete))
        return Encoded(encoded.names, encoded.dims, encoded.design[full]), False
    seen = (~missing).sum(axis=0)
    if seen.max() < MIN_SHARED:
        raise _too_few(int(seen.max()), "values in the fullest column")
    message = (
        f"Only {complete:,} of {total:,} rows have a value in every column, or a column does not vary among them, so "
        f"each pair of columns is compared on the rows that hold both (missing: {each}). If cells are missing for a "
        "reason that depends on their value, edges may be wrong."
    )
    notices.append(Notice(code="rows_pairwise", message=message, count=total - complete))
    keep = []
    for block, name in enumerate(encoded.names):
        if seen[block] >= MIN_SHARED:
            keep.append(block)
            continue
        few = f"{shown(name)} has {seen[block]:,} values, too few to compare, so the data cannot speak of it."
        notices.append(Notice(code="column_too_empty", message=few, subject=name, count=int(lost[block])))
    return encoded.keep(keep), True


def _all_vary(encoded: Encoded, rows: NDArray[np.bool_]) -> bool:
    chosen = encoded.design[rows]
    spread = chosen.max(axis=0) - chosen.min(axis=0)
    return bool((np.maximum.reduceat(spread, encoded.starts) > 0.0).all())


def _set_aside_copies(encoded: Encoded, notices: list[Notice], *, gaps: bool) -> Encoded:
    """Leave out columns that say the same as an earlier one, and name those that others determine together."""
    if len(encoded.names) < 2:  # noqa: PLR2004 (a copy needs an original)
        return encoded
    moments = moments_of(encoded, np.arange(len(encoded.design)), gaps=gaps)
    dependence = Dependence(moments)
    kept: list[int] = []
    for block, name in enumerate(encoded.names):
        row = dependence.row(block, 0)
        suspects = [o for o in kept if encoded.dims[o] == encoded.dims[block] and row[o] > _SUSPECT * encoded.dims[o]]
        alike = [o for o in suspects if _is_copy(encoded, o, block)]
        if not alike:
            kept.append(block)
            continue
        first = encoded.names[alike[0]]
        message = f"{shown(name)} and {shown(first)} hold the same information, so only {shown(first)} is voted on."
        notices.append(Notice(code="column_repeats", message=message, subject=name))
    slim = encoded.keep(kept)
    if not gaps:
        _name_collinear(slim, notices)
    return slim


def _is_copy(encoded: Encoded, first: int, second: int) -> bool:
    """Whether the first column fixes the second on the rows that hold both, and vice versa: both are equally wide."""
    both = encoded.keep([first, second]).design
    both = both[~np.isnan(both).any(axis=1)]
    one, two = np.hsplit(both - both.mean(axis=0), [int(encoded.dims[first])])
    rest = two - one @ (np.linalg.pinv(one) @ two)
    return bool(((rest * rest).sum(axis=0) <= _COPY * (two * two).sum(axis=0)).all())


def _name_collinear(encoded: Encoded, notices: list[Notice]) -> None:
    moments = moments_of(encoded, np.arange(len(encoded.design)), gaps=False)
    size = len(moments.correlation)
    unexplained = 1.0 / np.diagonal(np.linalg.inv(moments.correlation + RIDGE * np.eye(size)))
    fixed = np.minimum.reduceat(unexplained, encoded.starts) < 100.0 * RIDGE
    if fixed.any():
        names = [shown(name) for name, is_fixed in zip(encoded.names, fixed, strict=True) if is_fixed]
        listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
        message = f"These columns are fixed by others together: {listed}. Edges among them are not to be trusted."
        notices.append(Notice(code="columns_collinear", message=message, count=len(names)))
