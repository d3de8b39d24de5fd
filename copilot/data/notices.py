"""What must be said about a table as a whole, and how many times."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from copilot.data.profiling import Column
from copilot.data.reading import Remark
from copilot.domain.notice import Level, Notice
from copilot.domain.text import folded, one_line, shown
from copilot.domain.variables import Kind

_MOST_ALIKE = 12
_NAMED = 5


def to_notices(remarks: Iterable[Remark], unit: str = "line") -> tuple[Notice, ...]:
    """Turn remarks into notices; many of one code become one that names the first few columns.

    Parameters
    ----------
    remarks
        In the order in which they are to be read.
    unit
        What their places are counted by: ``"line"`` or ``"row"``.
    """
    grouped: dict[str, list[Remark]] = {}
    for remark in remarks:
        grouped.setdefault(remark.code, []).append(remark)
    notices: list[Notice] = []
    for group in grouped.values():
        if len(group) <= _MOST_ALIKE:
            notices.extend(_notice(remark, unit) for remark in group)
        else:
            notices.append(_merged(group, unit))
    return tuple(notices)


def remarks_on_names(names: Sequence[str]) -> list[Remark]:
    """Find headers that differ only in what a reader overlooks, and a header that looks like data."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(folded(name), []).append(name)
    remarks = [
        Remark(
            "name_twins",
            f"the columns {' and '.join(map(_spelt, twins))} differ only in case, blanks, invisible characters or "
            "Unicode form; "
            "they are different variables, and must be named exactly",
            subject=twins[0],
            count=len(twins),
        )
        for twins in alike.values()
        if len(twins) > 1
    ]
    if names and all(_is_number(name) for name in names):
        remarks.append(
            Remark("header_is_data", "every header is a number: if the first line holds data, give the file a header")
        )
    return remarks


def remarks_on_duplicates(columns: Sequence[Column], prints: Mapping[str, Hashable]) -> list[Remark]:
    """Find columns whose cells are equal from the first row to the last.

    Parameters
    ----------
    columns
        Those that vary are compared.
    prints
        Name to something that is equal for equal cells.
    """
    first: dict[Hashable, str] = {}
    remarks = []
    for column in columns:
        name = column.profile.name
        if column.profile.kind is Kind.CONSTANT:
            continue
        twin = first.setdefault(prints[name], name)
        if twin != name:
            message = f"{shown(name)} equals {shown(twin)} in every row looked at: one of them says nothing new"
            remarks.append(Remark("duplicate_column", message, name, column.profile.rows))
    return remarks


def _notice(remark: Remark, unit: str) -> Notice:
    where = "" if remark.line is None else f" (first in {unit} {remark.line})"
    return Notice(
        code=remark.code,
        message=remark.message + where,
        subject=remark.subject,
        count=remark.count,
        level=Level.WARNING if remark.warning else Level.INFO,
    )


def _merged(group: Sequence[Remark], unit: str) -> Notice:
    first = _notice(group[0], unit)
    others = ", ".join(shown(remark.subject) for remark in group[1 : 1 + _NAMED])
    message = f"{first.message}; the same goes for {len(group) - 1:,} more columns: {others}, …"
    return first.model_copy(update={"message": message, "count": sum(remark.count for remark in group)})


def _spelt(name: str) -> str:
    """Write a name so that its twins look different."""
    if not (name.isascii() and name.isprintable()):
        return ascii(name[:60])
    return shown(one_line(name, 60) if name == " ".join(name.split()) else name)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
