"""What was to be adjusted for and cannot be: what the numbers do not allow, and identifiers."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.domain.analysis import Chosen, LeftOut
from copilot.domain.identification.values import Identification, Strategy
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind, TableProfile

IDENTIFIER_NEEDED = "identifier_needed"
"""Code of the notice that an identifier would have to be adjusted for."""
_WHY_LEFT_OUT = {
    "leak_outcome": "a copy of the outcome",
    "constant_left_out": "one value in all rows",
    "identifier_left_out": "an identifier",
    "date_left_out": "dates that are read as text",
    "collinear": "it can be computed from the others",
}
_HARMLESS = frozenset({"constant_left_out", "collinear"})
"""Reasons that change no estimate: what does not vary, or is told by others, is held fixed already."""


def with_left_out(chosen: Chosen, kept: Sequence[str], common: Identification, notices: Sequence[Notice]) -> Chosen:
    """Say which variables of the adjustment set the numbers did not allow to be adjusted for.

    Parameters
    ----------
    chosen
        The design in names.
    kept
        Names that were adjusted for.
    common
        What the graph offers.
    notices
        Of the preparation.
    """
    codes = {notice.subject: notice.code for notice in notices if notice.code in _WHY_LEFT_OUT}
    gone = [name for name in chosen.adjustment_set if name not in kept]
    harmless = {name for name in gone if codes.get(name, "collinear") in _HARMLESS}
    held = {name for name in chosen.adjustment_set if name in kept or name in harmless}
    offered = common.backdoor.minimal if chosen.strategy is Strategy.BACKDOOR else (chosen.adjustment_set,)
    enough = any(held >= set(names) for names in offered)
    left = tuple(
        LeftOut(
            name=name,
            reason=_WHY_LEFT_OUT[codes.get(name, "collinear")],
            needed=name not in harmless and not enough and not chosen.forced,
        )
        for name in gone
    )
    return chosen.model_copy(update={"left_out": left})


def identifiers_in_the_way(profile: TableProfile, without: Identification, free: Identification) -> tuple[Notice, ...]:
    """Say which identifiers the graph wants adjusted for, where nothing can be done without them.

    Parameters
    ----------
    profile
        Of the table.
    without, free
        What the graph offers if no identifier is adjusted for, and if any is.
    """
    usable = {Strategy.BACKDOOR, Strategy.FRONTDOOR, Strategy.IV}
    if without.null_effect or usable & set(without.strategies) or not free.backdoor.minimal:
        return ()
    wanted = min(free.backdoor.minimal, key=lambda names: len(identifiers_among(names, profile)))
    said = []
    for name in identifiers_among(wanted, profile):
        column = profile.column(name)
        distinct = 0 if column is None else column.distinct
        message = (
            f"{shown(name)} is an identifier ({distinct:,} distinct values in {profile.rows:,} rows): it cannot be "
            "adjusted for, and the graph has no other way to the effect. If it only numbers the rows, take its "
            "arrows out of the graph; if it stands for something that was measured, put that in its place; "
            "--adjust with the other columns and --force computes the association without it."
        )
        said.append(Notice(code=IDENTIFIER_NEEDED, message=message, subject=name))
    return tuple(said)


def identifiers_among(names: Sequence[str], profile: TableProfile) -> list[str]:
    """List the names of columns that identify single rows."""
    columns = ((name, profile.column(name)) for name in names)
    return [name for name, column in columns if column is not None and column.kind is Kind.IDENTIFIER]
