"""Tables of counts: one row for each combination, and a column that says how many units have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind

if TYPE_CHECKING:
    from copilot.data.tables import Table
    from copilot.domain.graph import CausalGraph

MOST_ROWS = 10_000
"""Rows up to which a table is taken for one of counts."""
_WORDS = frozenset(
    {"freq", "frequency", "count", "counts", "n", "num", "number", "cases", "people", "persons", "total"}
)
_LEVELS = frozenset({Kind.BINARY, Kind.CATEGORICAL, Kind.ORDINAL})
_NUMBERS = frozenset({Kind.COUNT, Kind.ORDINAL, Kind.CONTINUOUS})


def of_counts(graph: CausalGraph, table: Table, weights: str | None) -> tuple[Notice, ...]:
    """Warn of a table in which each row seems to stand for as many units as one of its columns says.

    That is so where all columns of the graph are levels, no combination of them occurs twice, and a column of numbers
    outside the graph is called like a count.

    Parameters
    ----------
    graph
        The one that was accepted.
    table
        The data.
    weights
        The column of weights, if any.
    """
    profile = table.profile
    inside = [column for column in profile.columns if column.name in graph.names]
    if not 0 < profile.rows <= MOST_ROWS or any(column.kind not in _LEVELS for column in inside):
        return ()
    counts = [
        column.name
        for column in profile.columns
        if column.name not in graph.names and column.kind in _NUMBERS and column.numeric and _called_count(column.name)
    ]
    if not counts or bool(table.frame([column.name for column in inside]).duplicated().any()):
        return ()
    name = shown(counts[0])
    what = (
        f"its numbers are taken as weights, and errors are those of {profile.rows:,} units"
        if weights == counts[0]
        else "each row is taken as one unit"
    )
    text = (
        f"no two rows are alike in the columns of the graph, and {name} seems to count the units that each stands for; "
        f"{what}: repeat each row as often as {name} says"
    )
    return (Notice(code="table_of_counts", message=text, subject=counts[0], count=profile.rows),)


def _called_count(name: str) -> bool:
    return any(word in _WORDS for word in re.split(r"[^a-z]+", name.casefold()))
