"""Tables that look at the same units again and again, whose rows are not independent."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import ColumnProfile, Query

if TYPE_CHECKING:
    from copilot.data.tables import Table

FEWEST_UNITS = 20
"""Fewer are levels of a factor rather than units."""
LEAST_FULL = 0.6
"""Share of all pairs of a unit and an occasion that must be in the table."""
_MOST_TRIED = 12
"""Pairs of columns that are read and compared."""


def of_repeated(query: Query, table: Table, cluster: str | None) -> tuple[Notice, ...]:
    """Warn of a panel: two columns that name each row, most of whose pairs occur, and no clusters.

    Parameters
    ----------
    query
        The outcome names no row, and the treatment no unit.
    table
        The data.
    cluster
        The column of clusters, if any.
    """
    profile = table.profile
    if cluster is not None or profile.sampled:
        return ()
    whole = [column for column in profile.columns if not column.missing and column.name != query.outcome]
    for unit, occasion in _pairs(whole, profile.rows, query)[:_MOST_TRIED]:
        if table.frame([unit.name, occasion.name]).duplicated().any():
            continue
        name, times = shown(unit.name), shown(occasion.name)
        text = (
            f"{name} has {unit.distinct:,} values with {profile.rows / unit.distinct:.3g} rows each, one for each "
            f"{times}: rows with one {name} are taken as independent, which as a rule makes errors too small; "
            f"--cluster {shlex.quote(name)} takes them together"
        )
        return (Notice(code="repeated_units", message=text, subject=unit.name, count=unit.distinct),)
    return ()


def _pairs(columns: list[ColumnProfile], rows: int, query: Query) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """List what may be units and occasions by their numbers of values, those first of whose pairs the fewest lack."""
    units = [
        column for column in columns if FEWEST_UNITS <= column.distinct <= rows // 2 and column.name != query.treatment
    ]
    found = [
        (unit, occasion)
        for unit in units
        for occasion in columns
        if 1 < occasion.distinct < unit.distinct and rows <= unit.distinct * occasion.distinct <= rows / LEAST_FULL
    ]
    return sorted(found, key=lambda pair: (pair[0].distinct * pair[1].distinct, pair[0].position, pair[1].position))
