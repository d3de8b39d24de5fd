"""Rows that are not independent: a panel looks at the same units again, or a treatment was given to whole groups."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import ColumnProfile, Kind, Query
from copilot.errors import InputDataError

if TYPE_CHECKING:
    import pandas as pd

    from copilot.data.tables import Table

FEWEST_UNITS = 20
"""Fewer are levels of a factor rather than units or groups."""
LEAST_FULL = 0.6
"""Share of all pairs of a unit and an occasion that must be in the table."""
MOST_ROWS = 200_000
"""Rows up to which columns outside the analysis are read to find groups."""
FEWEST_MIXED = 10.0
"""Groups that would hold several levels if rows had been treated one by one; with fewer it may be chance."""
FEWEST_SWITCHES = 4
"""Changes of the treatment along the sorted groups; with fewer it follows a threshold, as a rule of eligibility."""
A_LOOK = 5_000
"""Rows that are read first: most columns show there that they are no groups."""
_MOST_TRIED = 12
"""Columns, or pairs of them, that are read and compared."""


def of_dependent(query: Query, table: Table, cluster: str | None) -> tuple[Notice, ...]:
    """Warn where rows seem to depend on each other and no clusters are named.

    Parameters
    ----------
    query
        The outcome names no row; the treatment is no unit.
    table
        The data.
    cluster
        The column of clusters, if any.
    """
    if cluster is not None or table.profile.sampled:
        return ()
    return _repeated(query, table) or _assigned(query, table)


def _repeated(query: Query, table: Table) -> tuple[Notice, ...]:
    """Warn of a panel: two columns name each row, and most of their pairs occur."""
    profile = table.profile
    whole = [column for column in profile.columns if not column.missing and column.name != query.outcome]
    pairs = _pairs(whole, profile.rows, query)[:_MOST_TRIED]
    if not pairs:
        return ()
    frame = _read(table, (column.name for pair in pairs for column in pair))
    for unit, occasion in pairs:
        both = [unit.name, occasion.name]
        if not set(both) <= set(frame) or frame.duplicated(both).any():
            continue
        what = (
            f"{shown(unit.name)} has {unit.distinct:,} values with {profile.rows / unit.distinct:.3g} rows each, one "
            f"for each {shown(occasion.name)}"
        )
        return (_notice("repeated_units", what, unit),)
    return ()


def _assigned(query: Query, table: Table) -> tuple[Notice, ...]:
    """Warn of a treatment that is the same in all rows of each group; the coarsest such groups are named."""
    profile, treatment = table.profile, query.treatment
    if treatment is None or profile.rows > MOST_ROWS:
        return ()
    groups = [column for column in _units(profile.columns, profile.rows, query) if column.kind is not Kind.CONTINUOUS]
    groups = sorted(groups, key=lambda column: (column.distinct, column.position))[:_MOST_TRIED]
    begun = _read(table, (treatment, *(group.name for group in groups)), A_LOOK)
    groups = [group for group in groups if _one_level_each(begun, group.name, treatment)]
    frame = _read(table, (treatment, *(group.name for group in groups)))
    for group in groups:
        if _constant_within(frame, group.name, treatment):
            what = (
                f"{shown(treatment)} is the same in all rows of each of the {group.distinct:,} values of "
                f"{shown(group.name)}, as if given to whole groups"
            )
            return (_notice("assigned_in_groups", what, group),)
    return ()


def _notice(code: str, what: str, of: ColumnProfile) -> Notice:
    name = shown(of.name)
    text = (
        f"{what}: rows with one {name} are taken as independent, which as a rule makes errors too small; "
        f"--cluster {shlex.quote(name)} takes them together"
    )
    return Notice(code=code, message=text, subject=of.name, count=of.distinct)


def _units(columns: tuple[ColumnProfile, ...] | list[ColumnProfile], rows: int, query: Query) -> list[ColumnProfile]:
    """List the columns with as many values as there may be units, at least two rows to each."""
    asked = (query.treatment, query.outcome)
    return [column for column in columns if FEWEST_UNITS <= column.distinct <= rows // 2 and column.name not in asked]


def _pairs(columns: list[ColumnProfile], rows: int, query: Query) -> list[tuple[ColumnProfile, ColumnProfile]]:
    """List what may be units and occasions by their numbers of values, those first of whose pairs the fewest lack."""
    found = [
        (unit, occasion)
        for unit in _units(columns, rows, query)
        for occasion in columns
        if 1 < occasion.distinct < unit.distinct and rows <= unit.distinct * occasion.distinct <= rows / LEAST_FULL
    ]
    return sorted(found, key=lambda pair: (pair[0].distinct * pair[1].distinct, pair[0].position, pair[1].position))


def _read(table: Table, names: Iterable[str], most: int | None = None) -> pd.DataFrame:
    """Read columns at once, since every reading passes through the whole file; where that fails, those that can be.

    What takes no part in an analysis does not stop it.
    """
    asked = list(dict.fromkeys(names))
    try:
        return table.frame(asked, most)
    except InputDataError:
        return table.frame([name for name in asked if _readable(table, name)], most)


def _readable(table: Table, name: str) -> bool:
    try:
        table.frame([name])
    except InputDataError:
        return False
    return True


def _one_level_each(frame: pd.DataFrame, group: str, treatment: str) -> bool:
    """Say whether both were read and no group among these rows holds two levels."""
    if group not in frame or treatment not in frame:
        return False
    known = frame[[group, treatment]].dropna().drop_duplicates()
    return not known[group].duplicated().any()


def _constant_within(frame: pd.DataFrame, group: str, treatment: str) -> bool:
    """Say whether groups hold one level each, more than by chance and not by a threshold."""
    if not _one_level_each(frame, group, treatment):
        return False
    frame = frame[[group, treatment]].dropna()
    levels = frame.groupby(group, sort=True)[treatment].agg(["first", "size"])
    shares = frame[treatment].value_counts(normalize=True).to_numpy()
    size, times = np.unique(levels["size"].to_numpy(), return_counts=True)
    mixed = float(times @ (1.0 - np.sum(shares[:, None] ** size, axis=0)))
    first = levels["first"].to_numpy()
    return mixed >= FEWEST_MIXED and int(np.sum(first[1:] != first[:-1])) >= FEWEST_SWITCHES
