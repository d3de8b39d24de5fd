"""Tables of any kind: what is known of their columns at once, their cells when they are asked for.

Reading a text table takes the standard library alone, so that a question about its columns can be on its way before
pandas is loaded; `Table.frame` loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from copilot.data.options import ReadOptions
from copilot.data.sources import Storage, find_source, storage_of
from copilot.data.text_table import profile_text
from copilot.domain.variables import TableProfile
from copilot.errors import UnknownVariableError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["ReadOptions", "Table", "read_table"]

Loader: TypeAlias = "Callable[[Sequence[str], int | None, np.random.Generator | None], pd.DataFrame]"


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was looked at, and can be read.

    Parameters
    ----------
    profile
        What is known of its columns.
    load
        Reads columns that are known to exist.
    """

    profile: TableProfile
    load: Loader = field(repr=False)

    def frame(
        self, columns: Sequence[str], max_rows: int | None = None, rng: np.random.Generator | None = None
    ) -> pd.DataFrame:
        """Read some columns, by the same rules that made their profile.

        Parameters
        ----------
        columns
            Exact names; the frame has them in this order.
        max_rows
            At most so many rows: the first ones, or a simple random sample in file order if `rng` is given.
        rng
            Source of that sample.

        Returns
        -------
        pandas.DataFrame
            Of shape (rows, columns), numbered from 0: float64 with NaN for columns of numbers, datetime64 for dates
            that can be told apart, objects of `str` with ``None`` for all others.

        Raises
        ------
        UnknownVariableError
            If a name is no column.
        InputDataError
            If a cell is infinite or not what the profile promised, naming its line; if a column holds amounts such
            as ``$3``; or if the file was changed since it was profiled.
        """
        known = set(self.profile.names)
        for name in columns:
            if name not in known:
                raise UnknownVariableError(name, self.profile.names, "column")
        return self.load(columns, max_rows, rng)


def read_table(source: str, options: ReadOptions = ReadOptions()) -> Table:  # noqa: B008 (frozen)
    """Look at a table: CSV, TSV or other delimited text, plain or gzip-compressed, or Parquet.

    Parameters
    ----------
    source
        A path, or ``-`` for standard input.
    options
        Encoding, delimiter and decimal sign, where they are known.

    Returns
    -------
    Table
        With the profile of its first rows; nothing else of it is kept in memory.

    Raises
    ------
    InputDataError
        If it is missing, no file, empty, too short, damaged, ragged, ambiguous, or not what its name says.
    """
    found = find_source(source)
    storage = storage_of(found)
    if storage is Storage.PARQUET:
        from copilot.data.parquet import profile_parquet, read_parquet_frame

        parquet = profile_parquet(found, options)
        found.check_unchanged()
        return Table(parquet.profile, partial(read_parquet_frame, found, parquet))
    text = profile_text(found, storage, options)
    found.check_unchanged()

    def load(columns: Sequence[str], max_rows: int | None, rng: np.random.Generator | None) -> pd.DataFrame:
        from copilot.data.frames import read_text_frame

        return read_text_frame(found, storage, options, text, columns, max_rows, rng)

    return Table(text.profile, load)
