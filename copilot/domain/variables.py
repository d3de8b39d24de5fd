"""Variables, the profile of a table, and the question asked of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from copilot.domain.notice import Notice
from copilot.domain.value import Value


class Kind(StrEnum):
    """What a column holds, as far as causal questions care."""

    BINARY = "binary"
    CATEGORICAL = "categorical"
    ORDINAL = "ordinal"
    COUNT = "count"
    CONTINUOUS = "continuous"
    DATE = "date"
    IDENTIFIER = "identifier"
    CONSTANT = "constant"


LEFT_OUT_KINDS = frozenset({Kind.DATE, Kind.IDENTIFIER, Kind.CONSTANT})
"""Kinds that are shown, and stay out of the graph unless asked for by name."""


class ColumnProfile(Value):
    """What is known of one column.

    Parameters
    ----------
    name
        The header, byte for byte; may be empty.
    position
        0 for the first column of the file.
    kind
        What the column holds.
    rows
        Cells looked at.
    missing
        How many of them are missing.
    distinct
        Distinct values among the others.
    levels
        The commonest values with their counts, at most 20; empty for continuous columns. These are data: they leave
        the machine only with ``--share summary``.
    minimum, maximum
        Range of a numeric column, ``None`` otherwise.
    numeric
        Whether cells are to be read as numbers (a binary or ordinal column may be text).
    missing_tokens
        Cell texts that stand for a missing value in this column.
    sentinels
        Numbers such as -999 that look like codes for "missing", with their counts.
    mixed
        Cells that are no numbers, in a column of texts of which most are numbers; 0 in any other.
    reason
        Why the column is left out of the graph by default; empty if it is not.
    """

    name: str
    position: int = Field(ge=0)
    kind: Kind
    rows: int = Field(ge=0)
    missing: int = Field(ge=0)
    distinct: int = Field(ge=0)
    levels: tuple[tuple[str, int], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    numeric: bool = False
    missing_tokens: tuple[str, ...] = ("",)
    sentinels: tuple[tuple[float, int], ...] = ()
    mixed: int = Field(default=0, ge=0)
    reason: str = ""

    @property
    def missing_share(self) -> float:
        """Share of missing cells, in [0, 1]."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def left_out(self) -> bool:
        """Whether the column stays out of the graph unless asked for."""
        return self.kind in LEFT_OUT_KINDS


class TableProfile(Value):
    """What is known of a table before anything is asked.

    Parameters
    ----------
    source
        File name as the user gave it, ``"-"`` for standard input.
    sha256
        Of the bytes read, as stored (before decompression).
    rows
        Data rows in the file, or rows looked at if `sampled`.
    columns
        In file order; never empty.
    sampled
        Whether only the beginning of a large file was looked at.
    notices
        What was repaired, recoded or doubted while reading.
    """

    source: str
    sha256: str
    rows: int = Field(ge=0)
    columns: tuple[ColumnProfile, ...] = Field(min_length=1)
    sampled: bool = False
    notices: tuple[Notice, ...] = ()

    def column(self, name: str) -> ColumnProfile | None:
        """Find a column by its exact name."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names in file order."""
        return tuple(column.name for column in self.columns)


class Description(Value):
    """What the user says of one variable: the content of ``--describe``."""

    name: str
    description: str = ""
    unit: str = ""
    measured: str = ""


class Variable(Value):
    """One variable as it is put before a voter: a name, a kind and the user's own words."""

    name: str
    kind: Kind
    description: str = ""
    unit: str = ""
    measured: str = ""


class Query(Value):
    """Whose effect on what; both may be unknown while the graph is being made."""

    treatment: str | None = None
    outcome: str | None = None
