"""What the user says of columns: descriptions, a context, and the order in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from copilot.data.small_text import is_record_file, read_mapping_file, read_record_file, read_text_option
from copilot.domain.variables import Description
from copilot.errors import InputDataError, UnknownVariableError

__all__ = ["read_descriptions", "read_text_option", "read_tiers"]

_FIELDS = ("description", "unit", "measured")


def read_descriptions(path: str, names: Sequence[str]) -> tuple[Description, ...]:
    """Read what each column means.

    Parameters
    ----------
    path
        YAML, JSON or TOML that maps a column to a text, or to ``description``, ``unit`` and ``measured``; or a CSV
        file with the header ``name`` and any of these.
    names
        All columns of the table.

    Returns
    -------
    tuple of Description
        In the order of the table, for the columns that are described.

    Raises
    ------
    UnknownVariableError
        If a name is no column; near ones are offered.
    InputDataError
        If the file cannot be read, or holds an unknown key or a name twice.
    """
    read = _described_rows if is_record_file(path) else _described_keys
    found: dict[str, Description] = {}
    for where, name, fields in read(path):
        _check_known(name, names, path)
        if name in found:
            raise _twice(where, name)
        found[name] = Description(name=name, **{key: value.strip() for key, value in fields.items()})
    return tuple(found[name] for name in names if name in found)


def read_tiers(path: str, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Read the order in time: no variable of a later tier causes one of an earlier tier.

    Parameters
    ----------
    path
        YAML, JSON or TOML: a list of lists of names, the earliest first, or a mapping from tier to names, in the order
        of the file, or of their numbers if all tiers are numbers; or a CSV file with the header ``name,tier``, with
        tiers in order of appearance, or of their numbers.
    names
        All columns of the table; a tier need not hold all of them.

    Returns
    -------
    tuple of tuple of str
        The names, earliest tier first.

    Raises
    ------
    UnknownVariableError
        If a name is no column.
    InputDataError
        If the file cannot be read, or a name stands in two tiers.
    """
    tiers = _tiers_from_rows(path) if is_record_file(path) else _tiers_from_lists(path)
    seen: set[str] = set()
    for tier in tiers:
        for name in tier:
            _check_known(name, names, path)
            if name in seen:
                raise _twice(repr(path), name)
            seen.add(name)
    return tuple(tuple(tier) for tier in tiers)


def _described_keys(path: str) -> Iterable[tuple[str, str, dict[str, str]]]:
    data = read_mapping_file(path, "--describe")
    if not isinstance(data, dict):
        raise InputDataError(
            f"{path!r} maps no names to descriptions",
            reason="It holds a list or a single text.",
            advice="Write one line `name: what it means` for each column.",
        )
    for name, said in data.items():
        fields = said if isinstance(said, dict) else {"description": said}
        for key, value in fields.items():
            _check_field(key, repr(path))
            if not isinstance(value, str):
                raise InputDataError(
                    f"{path!r}: {key} of {name!r} is no text",
                    reason="It holds a list or a mapping.",
                    advice="Write one text.",
                )
        yield repr(path), name, fields


def _described_rows(path: str) -> Iterable[tuple[str, str, dict[str, str]]]:
    header, rows = read_record_file(path, "--describe")
    _check_header(path, header, "name")
    for column in header:
        if column != "name":
            _check_field(column, f"{path!r}, line 1")
    for line, row in rows:
        fields = dict(zip(header, row, strict=True))
        yield f"{path!r}, line {line}", fields.pop("name"), fields


def _tiers_from_lists(path: str) -> list[list[str]]:
    data = read_mapping_file(path, "--tiers")
    if isinstance(data, dict):
        data = [data[key] for key in _in_order(list(data))]
    tiers = [[tier] if isinstance(tier, str) else tier for tier in data] if isinstance(data, list) else None
    if tiers is None or not all(isinstance(tier, list) and all(isinstance(one, str) for one in tier) for tier in tiers):
        raise InputDataError(
            f"{path!r} holds no tiers",
            reason="It should be a list of lists of names, or map each tier to a list of names.",
            advice="Write one line `- [name, name]` for each tier, the earliest first.",
        )
    return tiers


def _tiers_from_rows(path: str) -> list[list[str]]:
    header, rows = read_record_file(path, "--tiers")
    _check_header(path, header, "name", "tier")
    tiers: dict[str, list[str]] = {}
    for line, row in rows:
        fields = dict(zip(header, row, strict=True))
        tier = fields["tier"].strip()
        if not tier:
            raise InputDataError(
                f"{path!r}, line {line}: {fields['name']!r} has no tier", advice="Give it one, or drop the line."
            )
        tiers.setdefault(tier, []).append(fields["name"])
    return [tiers[key] for key in _in_order(list(tiers))]


def _in_order(keys: list[str]) -> list[str]:
    """Sort numbers as numbers; keep anything else as it stands.

    Examples
    --------
    >>> _in_order(["10", "9"]), _in_order(["birth", "age 7"])
    (['9', '10'], ['birth', 'age 7'])
    """
    try:
        return sorted(keys, key=float)
    except ValueError:
        return keys


def _check_header(path: str, header: Sequence[str], *needed: str) -> None:
    missing = [name for name in needed if name not in header]
    if missing or len(set(header)) < len(header):
        what = f"there is no column {missing[0]!r}" if missing else "a header stands twice"
        raise InputDataError(
            f"{path!r}, line 1: {what}",
            reason=f"The header is {', '.join(map(repr, header))}.",
            advice=f"Write the header {','.join(needed)}{',' + ','.join(_FIELDS) if needed == ('name',) else ''}.",
        )


def _check_field(key: Any, where: str) -> None:
    if key not in _FIELDS:
        near = get_close_matches(str(key).lower(), _FIELDS, n=1, cutoff=0.5)
        raise InputDataError(
            f"{where}: there is no key {key!r}",
            reason=f"Keys are {', '.join(_FIELDS)}.",
            advice=f"Did you mean {near[0]!r}?" if near else "Use one of these.",
        )


def _check_known(name: str, names: Sequence[str], path: str) -> None:
    if name not in names:
        raise UnknownVariableError(name, names, f"column (asked for in {path!r})")


def _twice(where: str, name: str) -> InputDataError:
    return InputDataError(
        f"{where}: {name!r} stands twice", reason="Which of them holds is unclear.", advice="Keep one of the two."
    )
