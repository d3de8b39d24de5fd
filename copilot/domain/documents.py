"""Documents that the user brings as evidence, and what ballots quote from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from copilot.domain.value import Value


class Unit(StrEnum):
    """By what a place in a document is counted."""

    LINE = "line"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Document:
    """One document, read and cleaned.

    Parameters
    ----------
    name
        What it is called before a person; no two documents of a run have the same.
    title
        Its file name, without folders: what a model is told.
    sha256
        Of its bytes.
    unit
        What places are counted by.
    lines
        Its text line by line with the number of the line, or of the page it is on; 1-based, ascending.
    """

    name: str
    title: str
    sha256: str
    unit: Unit
    lines: tuple[tuple[int, str], ...]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What stands between blank lines, and between pages."""
        found: list[list[str]] = [[]]
        page = None
        for number, line in self.lines:
            if not line.strip() or (self.unit is Unit.PAGE and number != page):
                found.append([])
            if line.strip():
                found[-1].append(line)
            page = number
        return tuple("\n".join(lines) for lines in found if lines)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands."""

    document: str
    unit: Unit
    number: int

    def __str__(self) -> str:
        """Say it in words, such as ``"line 12"``; without the document."""
        return f"{self.unit.value} {self.number}"


class Quotation(Value):
    """What ballots quote for an edge, looked up in the documents.

    Parameters
    ----------
    document
        The document it stands in; if it stands in none, the one that was named, or empty.
    text
        As quoted, one line.
    place
        Such as ``"line 12"`` or ``"page 3"``; empty if it was not found.
    found
        Whether it stands there, word for word.
    votes
        Ballots that give it.
    """

    document: str = ""
    text: str
    place: str = ""
    found: bool = False
    votes: int = Field(default=1, ge=1)
