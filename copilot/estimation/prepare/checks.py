"""What can be refused from names and the profile alone, before a cell is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from copilot.domain.identification.values import Strategy
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import ColumnProfile, Kind, TableProfile
from copilot.errors import EstimationError, UnknownVariableError
from copilot.estimation.design import Design
from copilot.estimation.prepare.companions import MOST_GROUPS
from copilot.estimation.prepare.notes import Notes, counted, plain
from copilot.estimation.prepare.treatment import (
    ask_contrast,
    check_numbers,
    constant,
    moved_levels,
    same_level,
    unknown_level,
)

_MODEL = ("adjustment set", "instrument", "mediator")
_SHARED = frozenset({"adjustment set", "weights", "cluster", "by"})
"""Roles that one column may have together: a village may be adjusted for and be the cluster."""


def check_design(profile: TableProfile, design: Design) -> tuple[Notice, ...]:
    """Refuse what needs no cell to be refused, and warn of what will be left out.

    `prepare` does this itself; call it where the answer is wanted before the table is read.

    Parameters
    ----------
    profile
        Of the table.
    design
        What is to be prepared.

    Returns
    -------
    tuple of Notice
        Identifiers among the covariates, and numbers that look like codes for "missing".

    Raises
    ------
    UnknownVariableError
        If a name is no column.
    EstimationError
        If a column has two roles, cannot have its role, or the contrast names no level.
    """
    roles = _roles(profile, design)
    _refuse_two_roles(roles)
    notes = Notes()
    for name in design.columns:
        _refuse_amounts(profile, name)
        if name != design.cluster:
            _refuse_mixed(profile, name)
    for role, name in (("treatment", design.treatment), ("outcome", design.outcome)):
        _refuse_kind(profile, name, role)
    for name in design.negative_controls:
        _refuse_kind(profile, name, "negative control")
    _check_levels(profile, design)
    _check_companions(profile, design)
    for name in dict.fromkeys((*design.adjustment, *design.instruments, *design.mediators)):
        _say_left_out(_column(profile, name, "column"), name in design.adjustment, notes)
    for name in design.columns:
        _say_sentinels(_column(profile, name, "column"), notes)
    return notes.all


def _column(profile: TableProfile, name: str, role: str) -> ColumnProfile:
    column = profile.column(name)
    if column is None:
        raise UnknownVariableError(name, profile.names, role)
    return column


def _roles(profile: TableProfile, design: Design) -> dict[str, list[str]]:
    """Collect the roles of each column."""
    named = (
        ("treatment", (design.treatment,)),
        ("outcome", (design.outcome,)),
        ("adjustment set", design.adjustment),
        ("instrument", design.instruments),
        ("mediator", design.mediators),
        ("weights", () if design.weights is None else (design.weights,)),
        ("cluster", () if design.cluster is None else (design.cluster,)),
        ("by", () if design.by is None else (design.by,)),
        ("negative control", design.negative_controls),
    )
    roles: dict[str, list[str]] = defaultdict(list)
    for role, names in named:
        for name in dict.fromkeys(names):
            _column(profile, name, "column for the adjustment set" if role == "adjustment set" else role)
            roles[name].append(role)
    return roles


def _refuse_two_roles(roles: dict[str, list[str]]) -> None:
    for name, having in roles.items():
        if len(having) > 1 and not set(having) <= _SHARED and not _is_grouped_model(having):
            raise EstimationError(
                f"{shown(name)} is named as {having[0]} and as {having[1]}",
                reason="One column cannot be both.",
                advice="Name another column for one of the two.",
            )


def _is_grouped_model(having: list[str]) -> bool:
    """Tell whether a column of the model is also the cluster or weights, which is unusual and harmless."""
    return having[0] in _MODEL and set(having[1:]) <= {"cluster", "weights"}


def _refuse_amounts(profile: TableProfile, name: str) -> None:
    if any(notice.code == "amounts" and notice.subject == name for notice in profile.notices):
        raise EstimationError(
            f"{shown(name)} holds numbers with a sign, such as $ or %",
            reason="Whether the sign is a unit, a factor or both is not written in the file.",
            advice="Remove the sign in the file, or choose another column.",
        )


def _refuse_mixed(profile: TableProfile, name: str) -> None:
    """Refuse numbers that a few words made text: each number would be a level of its own."""
    column = _column(profile, name, "column")
    if not column.mixed or column.distinct <= len(column.levels):  # few levels, such as 0, 1, 2 and "3 or more"
        return
    said = next((one.message for one in profile.notices if one.code == "mixed_column" and one.subject == name), "")
    raise EstimationError(
        said or f"{shown(name)} is read as text: most of its cells are numbers, but {column.mixed:,} are not",
        reason=f"As text, each of its {column.distinct:,} values would be a level of its own.",
        advice="Correct these cells in the file; if they mean “missing”, name what stands in them with --na TEXT.",
    )


def _refuse_kind(profile: TableProfile, name: str, role: str) -> None:
    column = _column(profile, name, role)
    if column.kind is Kind.CONSTANT and not profile.sampled:
        raise constant(column.name, role)
    if column.kind in {Kind.IDENTIFIER, Kind.DATE}:
        what = "an identifier" if column.kind is Kind.IDENTIFIER else "a date"
        raise EstimationError(
            f"the {role} {shown(column.name)} is {what}",
            reason=f"As far as can be seen, {column.reason}." if column.reason else "It has no meaning as a quantity.",
            advice=f"Choose another {role}.",
        )


def _check_levels(profile: TableProfile, design: Design) -> None:
    """Check the treatment against the contrast."""
    column = _column(profile, design.treatment, "treatment")
    if column.numeric:
        if design.contrast is not None:
            check_numbers(column.name, design.contrast, _two_numbers(column, profile))
        return
    if design.strategy is Strategy.IV and column.distinct > 2 and not profile.sampled:  # noqa: PLR2004 (two ends)
        raise moved_levels(column.name, column.distinct)
    if design.contrast is None:
        require_contrast(profile, column.name)
        return
    known = [level for level, _ in column.levels]
    if design.contrast[0] == design.contrast[1]:
        raise same_level(column.name, design.contrast[0])
    for level in design.contrast:
        if level not in known and len(known) == column.distinct and not profile.sampled:
            raise unknown_level(column.name, level, known)


def levels_to_choose(profile: TableProfile, treatment: str) -> Sequence[tuple[str, int]]:
    """Give the levels of a treatment, each with its rows, if an effect must name two of them; else nothing."""
    column = profile.column(treatment)
    if column is None or column.left_out or column.numeric or column.distinct <= 2:  # noqa: PLR2004 (a contrast has two ends)
        return ()
    return column.levels if len(column.levels) > 1 else ()


def require_contrast(profile: TableProfile, treatment: str) -> None:
    """Refuse a treatment of more than two levels of which none are named.

    Raises
    ------
    EstimationError
        Naming the levels.
    """
    levels = levels_to_choose(profile, treatment)
    if levels:
        column = profile.column(treatment)
        raise ask_contrast(treatment, levels, len(levels) if column is None else column.distinct)


def _two_numbers(column: ColumnProfile, profile: TableProfile) -> tuple[float, ...]:
    """Give the values of a treatment that surely has but two."""
    if profile.sampled or column.distinct != len(column.levels) or column.distinct != 2:  # noqa: PLR2004 (two)
        return ()
    return tuple(float(level) for level, _ in column.levels)


def _check_companions(profile: TableProfile, design: Design) -> None:
    if design.weights is not None:
        column = _column(profile, design.weights, "weights")
        if not column.numeric:
            raise EstimationError(
                f"the weights {shown(column.name)} are no numbers",
                reason="A weight says for how many units a row stands.",
                advice="Name a column of positive numbers, or leave out --weights.",
            )
    if design.by is None:
        return
    column = _column(profile, design.by, "by")
    if column.distinct > MOST_GROUPS or column.kind in {Kind.IDENTIFIER, Kind.DATE}:
        raise EstimationError(
            f"--by {shown(column.name)} would make {column.distinct:,} groups, more than {MOST_GROUPS}"
            if column.distinct > MOST_GROUPS
            else f"--by {shown(column.name)} is {column.kind.value}, not a class",
            reason="So many groups have few rows each, and some would stand out by chance alone.",
            advice="Join its values into a few bands or classes in a new column, and name that.",
        )


def _say_left_out(column: ColumnProfile, adjusted: bool, notes: Notes) -> None:
    if column.kind is Kind.IDENTIFIER:
        why = f" ({column.reason})" if column.reason else ""
        notes.warn(
            "identifier_left_out",
            f"{shown(column.name)} is an identifier{why} and is not {'adjusted for' if adjusted else 'used'}",
            column.name,
        )


def _say_sentinels(column: ColumnProfile, notes: Notes) -> None:
    for code, count in column.sentinels:
        notes.warn(
            "sentinel_used",
            f"{counted(count)} of {shown(column.name)} = {plain(code)} are treated as numbers; if that means "
            f"“missing”, name it with --na {plain(code)}",
            column.name,
            count,
        )
