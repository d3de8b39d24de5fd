"""Small texts that the user hands over: a context, descriptions, tiers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from copilot.data.sources import find_source
from copilot.domain.text import one_line
from copilot.errors import InputDataError

MOST_CHARACTERS = 200_000
"""Of a context, or of a file of descriptions or tiers: far more than a person writes, far less than a table."""

_MOST_BYTES = 4 * MOST_CHARACTERS


def read_text_option(value: str, what: str) -> str:
    """Read an option that holds a text, or the name of a file of text after an ``@``.

    Parameters
    ----------
    value
        ``TEXT``, ``@FILE`` (UTF-8) or ``@-`` for standard input.
    what
        The option, for messages, such as ``"--context"``.

    Raises
    ------
    InputDataError
        If the file cannot be read, is empty, is not UTF-8, or the text is too long.

    Examples
    --------
    >>> read_text_option("Two ferries, one coated.", "--context")
    'Two ferries, one coated.'
    """
    if not value.startswith("@"):
        _check_length(value, what)
        return value
    if value == "@":
        raise InputDataError(
            f"{what} '@' names no file", reason="After the @ stands a file name.", advice=f"Give {what} @FILE."
        )
    text = read_small_file(value[1:], what)
    if not text.strip():
        raise InputDataError(
            f"{value[1:]!r}, given with {what}, is empty", advice="Write into it, or leave the option out."
        )
    return text


def read_small_file(path: str, what: str) -> str:
    """Read a whole file of UTF-8 text, without a byte-order mark.

    Raises
    ------
    InputDataError
        If it cannot be read, is not text, or is too long.
    """
    source = find_source(path, limit=_MOST_BYTES)
    with source.opened() as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise _too_long(what)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputDataError(
            f"{path!r} is not UTF-8 text: byte {error.start}, line {line}",
            reason=f"{error.reason.capitalize()}.",
            advice="Save the file as UTF-8.",
        ) from error
    if "\0" in text:
        raise InputDataError(f"{path!r} holds a NUL byte, so it is no text", advice="Name a text file, saved as UTF-8.")
    _check_length(text, what)
    return text.replace("\r\n", "\n")


def read_mapping_file(path: str, what: str) -> Any:
    """Read YAML, JSON or TOML in which every scalar is a text, as written.

    Returns
    -------
    Any
        Nested dicts and lists of strings.

    Raises
    ------
    InputDataError
        If it cannot be parsed, with the line, or a key stands twice.
    """
    text = read_small_file(path, what)
    try:
        data = _parse_toml(text) if Path(path).suffix.lower() == ".toml" else _parse_yaml(text)
    except RecursionError as error:
        raise InputDataError(
            f"{path!r} is nested too deeply", reason="Names and texts are all it should hold.", advice="Flatten it."
        ) from error
    except ValueError as error:
        raise InputDataError(
            f"{path!r} cannot be read", reason=f"{one_line(str(error)).rstrip('.')}.", advice="Correct the file."
        ) from error
    if data in (None, "", {}, []):
        raise InputDataError(f"{path!r} is empty", advice=f"Write into it, or leave {what} out.")
    return data


def read_record_file(path: str, what: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a small CSV file.

    Returns
    -------
    tuple
        The header, stripped, and every row that is not blank with the line on which it ends.

    Raises
    ------
    InputDataError
        If a quote is not closed or a row is not as wide as the header, with the line.
    """
    text = read_small_file(path, what)
    first = text.lstrip().splitlines()[:1]
    delimiter = "\t" if first and "\t" in first[0] else ";" if first and ";" in first[0] else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise InputDataError(
            f"{path!r}, line {reader.line_num}: a quote is not closed, or text follows it",
            reason=f"{one_line(str(error)).capitalize()}.",
            advice="Correct this line.",
        ) from error
    if len(rows) < 2:  # noqa: PLR2004 (a header and something below it)
        raise InputDataError(f"{path!r} is empty", advice=f"Write into it, or leave {what} out.")
    header = [cell.strip().lower() for cell in rows[0][1]]
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise InputDataError(
                f"{path!r}, line {line}: {len(row)} cells, but the header has {len(header)}",
                reason="A cell that contains the separator must stand in double quotes.",
                advice="Correct this line.",
            )
    return header, rows[1:]


def is_record_file(path: str) -> bool:
    """Tell by its name whether a file is CSV or TSV rather than YAML, JSON or TOML."""
    return Path(path).suffix.lower() in {".csv", ".tsv", ".txt"}


def _parse_toml(text: str) -> Any:
    import tomllib

    return _as_texts(tomllib.loads(text))


def _as_texts(data: Any) -> Any:
    """Turn what TOML has typed back into text."""
    if isinstance(data, Mapping):
        return {key: _as_texts(value) for key, value in data.items()}
    return [_as_texts(value) for value in data] if isinstance(data, list) else str(data)


def _parse_yaml(text: str) -> Any:
    """Parse YAML without types, so that a column named ``no`` or ``1`` keeps its name; a ValueError if it is none."""
    import yaml

    class Loader(yaml.BaseLoader):
        """Refuses a key that stands twice."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
                if key is None or key in seen:
                    problem = "a key that is no text" if key is None else f"the key {key!r} stands twice"
                    raise ValueError(f"line {key_node.start_mark.line + 1}: {problem}")
                seen.add(key)
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 (a BaseLoader makes nothing but texts, lists and dicts)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise ValueError(f"{where}{getattr(error, 'problem', None) or 'not YAML'}") from error


def _check_length(text: str, what: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise _too_long(what)


def _too_long(what: str) -> InputDataError:
    return InputDataError(
        f"the text of {what} is longer than {MOST_CHARACTERS:,} characters",
        reason="It goes into every request.",
        advice="Keep what bears on causes and effects.",
    )
