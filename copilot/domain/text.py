"""Text from outside, made harmless before it meets a terminal, a DOT file, HTML or Markdown."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")


def clean(text: str) -> str:
    r"""Remove control, format (bidi, zero width), surrogate and private characters.

    Newline and tab stay. Unicode categories ``C*`` are what terminals obey and readers do not see.

    Examples
    --------
    >>> clean("\x1b[31mred\u202e")
    '[31mred'
    """
    if text.isprintable():  # by definition free of categories C*, and much faster
        return text
    return "".join(ch for ch in text if ch in _KEPT or not unicodedata.category(ch).startswith("C"))


def one_line(text: str, limit: int = 200) -> str:
    r"""Clean text, fold white space into single blanks and cut it at `limit` characters.

    Examples
    --------
    >>> one_line("a\n  b", 10)
    'a b'
    >>> one_line("abcdef", 4)
    'abc…'
    """
    folded = " ".join(clean(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def folded(name: str) -> str:
    r"""Reduce a name to what a reader sees: without case, white space, invisible characters and Unicode forms.

    Examples
    --------
    >>> folded(" Blood\u200b Pressure") == folded("bloodpressure")
    True
    """
    return "".join(clean(unicodedata.normalize("NFKC", name)).casefold().split())


def shown(name: str) -> str:
    """Write a variable's name for a person: cleaned, on one line, and never blank.

    Examples
    --------
    >>> shown("")
    "''"
    >>> shown(" t")
    "' t'"
    """
    line = clean(name).replace("\n", "⏎").replace("\t", "⇥")
    return line if line and line == line.strip() else f"'{line}'"
