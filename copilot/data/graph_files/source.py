"""The text of a graph file, with places in it that a person can find."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from copilot.errors import GraphFileError

_LINE_END = re.compile(r"\r\n|\r|\n")


class Rounds:
    """What makes a file no acyclic graph, as far as it was read."""

    def __init__(self) -> None:
        self.loops: list[str] = []
        self.arrows: list[tuple[str, str]] = []


class Source:
    """Text that knows its name and its lines.

    Parameters
    ----------
    text
        Decoded, without byte order mark.
    where
        What messages call it: a file name or ``"standard input"``.
    """

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.rounds: Rounds | None = None
        """Set by a reader who wants to know of every circle, not to be stopped by the first."""

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def place(self, offset: int) -> str:
        """Write an offset as ``line:column``, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return f"{line}:{offset - self._starts[line - 1] + 1}"

    def error(self, offset: int, message: str, *, reason: str = "", advice: str = "") -> GraphFileError:
        """Build the error that points at a place."""
        return GraphFileError(f"{self.where}:{self.place(offset)}: {message}", reason=reason, advice=advice)
