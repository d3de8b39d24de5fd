"""How the user says a table is to be read, where guessing is not wanted."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from copilot.errors import ConfigurationError

_DELIMITER_WORDS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    r"""What is known of a table before it is opened.

    Parameters
    ----------
    encoding
        Of a text table; ``None``: UTF-8, or what a byte-order mark says.
    delimiter
        One character, or a word such as ``"tab"``; ``None``: found from the first lines.
    decimal
        ``"."`` or ``","``; ``None``: found column by column.
    max_profile_rows
        Rows looked at for the profile; a larger table is profiled by its beginning.
    missing
        Cell texts that stand for a missing value in every column, beside those that always do.

    Raises
    ------
    ConfigurationError
        If an option cannot be what it is meant for.

    Examples
    --------
    >>> ReadOptions(delimiter="tab").separator
    '\t'
    """

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    max_profile_rows: int = 200_000
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.encoding is not None:
            _check_encoding(self.encoding)
        separator = self.separator
        if separator is not None and (len(separator) != 1 or separator in '\r\n"\0'):
            raise ConfigurationError(
                f"--delimiter {self.delimiter!r} is not one character",
                advice=f"Give one character, or one of {', '.join(sorted(_DELIMITER_WORDS))}.",
            )
        if self.decimal not in (None, ".", ","):
            raise ConfigurationError(
                f"--decimal {self.decimal!r} is neither a point nor a comma", advice="Give '.' or ','."
            )
        if self.max_profile_rows < 3:  # noqa: PLR2004 (fewer rows are no table)
            raise ConfigurationError("at least 3 rows must be looked at", advice="Raise max_profile_rows.")

    @property
    def separator(self) -> str | None:
        """The delimiter as a character."""
        return None if self.delimiter is None else _DELIMITER_WORDS.get(self.delimiter.lower(), self.delimiter)


def _check_encoding(name: str) -> None:
    advice = "Common names are utf-8, latin-1, cp1252, utf-16 and shift_jis."
    try:
        codecs.lookup(name)
        b"a".decode(name)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            return  # one byte is no whole character of a wide encoding
        raise ConfigurationError(
            f"there is no text encoding named {name!r}", reason=f"{error}.", advice=advice
        ) from error
