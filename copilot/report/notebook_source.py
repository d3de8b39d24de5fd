"""How a table was read and made into numbers, told so that a notebook can do it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Cell: TypeAlias = str | float
"""A level as it stands in the table once it is read."""


@dataclass(frozen=True, slots=True)
class NotebookColumn:
    """One column of the file.

    Parameters
    ----------
    name, position
        Its header, and where it stands, from 0.
    form
        ``"number"``, ``"date"`` or ``"text"``; empty for a column of which only the name matters.
    decimal, group
        How its numbers are written.
    day_first
        Whether a date such as 3/4/2020 is one of April.
    missing
        Texts that stand for no value here, beside blanks and the words of the file; sorted.
    """

    name: str
    position: int
    form: str = ""
    decimal: str = "."
    group: str = ""
    day_first: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A covariate, instrument or mediator as it enters.

    Parameters
    ----------
    name
        Of the column.
    number
        Whether it enters as a number.
    levels
        Those that have a column of noughts and ones; rows of any other level have nought in all of them.
    gap
        Whether a column of noughts and ones marks its missing cells.
    filled
        Whether missing cells are filled: with the mean, or as a level of their own, which is the text `gap_level`.
    gap_level
        What stands for a missing level.
    """

    name: str
    number: bool = True
    levels: tuple[Cell, ...] = ()
    gap: bool = False
    filled: bool = False
    gap_level: str = ""


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """The file and how it is opened.

    Parameters
    ----------
    path
        As it was named.
    sha256
        Of its bytes.
    parquet, gzipped
        What it is; delimited text unless the first.
    encoding, delimiter
        Of delimited text.
    skipped
        Lines before the header.
    footer
        Whether the last row holds totals and is left out.
    missing_words
        Texts that stand for no value in every column of numbers or dates; sorted.
    columns
        Those that are read, in the order of the file.
    """

    path: str
    sha256: str
    parquet: bool = False
    gzipped: bool = False
    encoding: str = "utf-8"
    delimiter: str = ","
    skipped: int = 0
    footer: bool = False
    missing_words: tuple[str, ...] = ()
    columns: tuple[NotebookColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class NotebookNumbers:
    """How the numbers of the analysis were made from the columns.

    Parameters
    ----------
    needed
        Columns without which a row is not used.
    treatment_levels
        Control and active of a binary treatment; ``None`` for a quantity.
    step
        Control and active of a quantity, in its own units; ``None`` for one unit more.
    outcome_levels
        What counts as 0 and as 1; ``None`` for a quantity.
    covariates, instruments, mediators
        As they enter.
    weights
        Column of sampling weights.
    rows
        How many are used.
    two_valued_instrument
        Whether there is one instrument column, and it has two values.
    beside
        The linear regression with the same columns, for where the headline is by another estimator.
    imputed
        Whether the headline rests on imputed cells, and what is told here on complete rows.
    """

    needed: tuple[str, ...] = ()
    treatment_levels: tuple[Cell, Cell] | None = None
    step: tuple[float, float] | None = None
    outcome_levels: tuple[Cell, Cell] | None = None
    covariates: tuple[ModelColumn, ...] = ()
    instruments: tuple[ModelColumn, ...] = ()
    mediators: tuple[ModelColumn, ...] = ()
    weights: str | None = None
    rows: int = 0
    two_valued_instrument: bool = False
    beside: float | None = None
    imputed: bool = False


@dataclass(frozen=True, slots=True)
class NotebookSource:
    """All that a notebook needs beside the analysis.

    Parameters
    ----------
    file
        The table.
    numbers
        ``None`` where nothing was estimated.
    versions
        Package and version, of those the notebook uses.
    """

    file: NotebookFile
    numbers: NotebookNumbers | None = None
    versions: tuple[tuple[str, str], ...] = ()
