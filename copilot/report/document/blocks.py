"""What a section of the report is made of; renderers know these and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `label` stands before it in bold, `quiet` is for what only some will read."""

    text: str
    label: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list; numbered where the order says something."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Parameters
    ----------
    caption
        What it shows, in a sentence.
    head
        Of the columns; the first one names the rows.
    rows
        As many cells as `head` each.
    numbers
        Places of columns that hold numbers.
    strong
        Places of rows that stand out.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, drawn when it is needed.

    Parameters
    ----------
    name
        Unique within the report: a word of letters and hyphens.
    title, description
        The text alternative: what it is, and what can be seen.
    draw
        Gives the figure.
    tips
        Group of the figure → what is told of it.
    wide
        Whether it needs more room than a phone has, so that it is scrolled there.
    """

    name: str
    title: str
    description: str
    draw: Callable[[], Figure]
    tips: Mapping[str, str] = field(default_factory=dict)
    wide: bool = False


Block = Paragraph | Items | Grid | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading; `more` is folded away on the page, under the words of `fold`."""

    name: str
    title: str
    blocks: Sequence[Block]
    more: Sequence[Block] = ()
    fold: str = "More on this"


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report.

    Parameters
    ----------
    title
        The question.
    standing
        A word for the verdict: `Standing`.
    lead
        What was found, in a line.
    sections
        In order.
    """

    title: str
    standing: str
    lead: str
    sections: tuple[Section, ...]
