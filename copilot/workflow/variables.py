"""Which columns of a table enter the graph, and in whose words they are described."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.domain.variables import ColumnProfile, Description, Kind, Query, TableProfile, Variable
from copilot.errors import InputDataError, UnknownVariableError, UsageError

MOST_VARIABLES = 200
"""Beyond this a graph can be neither voted on nor reviewed by a person."""


def check_query(query: Query, profile: TableProfile) -> None:
    """Hold treatment and outcome against the table.

    Raises
    ------
    UnknownVariableError
        If one of them is no column.
    UsageError
        If both are the same.
    InputDataError
        If one of them never varies.
    """
    for role, name in (("treatment", query.treatment), ("outcome", query.outcome)):
        if name is None:
            continue
        column = profile.column(name)
        if column is None:
            raise UnknownVariableError(name, profile.names, role)
        if column.kind is Kind.CONSTANT:
            values = "only one value" if column.distinct else "no value"
            raise InputDataError(
                f"the {role} {name!r} has {values} in {column.rows} rows",
                reason="Something that never varies has no measurable effect, and none can be measured on it.",
                advice="Name another column, or add rows in which it differs.",
            )
    if query.treatment is not None and query.treatment == query.outcome:
        raise UsageError(
            f"treatment and outcome are both {query.treatment!r}", advice="Name two different columns with -t and -o."
        )


def choose_variables(
    profile: TableProfile,
    *,
    columns: Sequence[str] = (),
    exclude: Sequence[str] = (),
    query: Query = Query(),
    descriptions: Sequence[Description] = (),
) -> tuple[tuple[Variable, ...], tuple[Notice, ...]]:
    """Choose the variables of the graph.

    Parameters
    ----------
    profile
        Of the table.
    columns
        Exact names; if given, these and no others, of whatever kind, enter.
    exclude
        Exact names that stay out.
    query
        Treatment and outcome always enter.
    descriptions
        The user's words, by name.

    Returns
    -------
    tuple
        Variables in file order, and a notice for each column left out for what it holds.

    Raises
    ------
    UsageError
        If fewer than two or more than 200 are left, or treatment or outcome is excluded.
    InputDataError
        If a column that enters holds numbers with a sign, such as ``$3`` or ``45%``.
    """
    wanted = {query.treatment, query.outcome} - {None}
    for name in exclude:
        if name in wanted:
            raise UsageError(f"{name!r} is treatment or outcome and cannot be excluded", advice="Drop one of the two.")
    said = {description.name: description for description in descriptions}
    variables, notices = [], []
    for column in profile.columns:
        if column.name in exclude or (columns and column.name not in columns and column.name not in wanted):
            continue
        if column.left_out and column.name not in columns and column.name not in wanted:
            notices.append(
                Notice(
                    code="column_left_out",
                    subject=column.name,
                    level=Level.INFO,
                    message=f"{shown(column.name)} stays out of the graph: {column.reason or column.kind.value}",
                )
            )
            continue
        _refuse_amounts(profile, column)
        words = said.get(column.name, Description(name=column.name))
        variables.append(
            Variable(
                name=column.name,
                kind=column.kind,
                description=words.description,
                unit=words.unit,
                measured=words.measured,
            )
        )
    if len(variables) < 2:  # noqa: PLR2004 (an edge has two ends)
        raise UsageError(
            f"only {len(variables)} column can enter the graph",
            reason="A graph needs at least two variables; identifiers, constants and dates stay out by default.",
            advice="Name columns with --columns, or check the file with `head`.",
        )
    if len(variables) > MOST_VARIABLES:
        raise UsageError(
            f"{len(variables)} columns are too many for one graph (at most {MOST_VARIABLES})",
            reason="Nobody could review it, and every ballot would take hundreds of requests.",
            advice="Choose those that matter with --columns.",
        )
    return tuple(variables), tuple(notices)


def _refuse_amounts(profile: TableProfile, column: ColumnProfile) -> None:
    """Refuse a column of numbers that are written with a sign: the profile calls it continuous and not numeric."""
    if column.kind is not Kind.CONTINUOUS or column.numeric:
        return
    said = next((one.message for one in profile.notices if one.code == "amounts" and one.subject == column.name), "")
    where = said[said.rfind("(first ") :] if "(first " in said else ""
    what = said.partition(";")[0] or f"{shown(column.name)} holds numbers with a sign, such as $ or %"
    raise InputDataError(
        f"{profile.source!r}: {what} {where}".rstrip(),
        reason="Whether the sign is a unit, a factor or both is not written in the file.",
        advice="Remove the sign in the file, or leave the column out with --exclude.",
    )
