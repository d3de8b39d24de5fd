"""A quotation is looked up in documents, word for word: what was changed in it is not found."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from copilot.domain.documents import Document, Place
from copilot.domain.text import clean

FEWEST_WORDS, FEWEST_CHARACTERS = 4, 20
"""A shorter quotation is not looked up: it would be found by chance."""
FEWEST_IN_A_PART = 3
"""Words between two ellipses; with fewer, sentences could be put together that nobody wrote."""
WIDEST = 1_500
"""Characters within which all parts of a quotation with ellipses must stand."""

_MOST_STARTS = 10_000
_ELLIPSIS = re.compile(r"[\[(]\s*(?:\.{3,}|…)\s*[\])]|\.{3,}|…|\. \. \.")
_LETTER = r"[^\W\d_]"
_INNER_HYPHEN = re.compile(rf"(?<={_LETTER})-(?={_LETTER})")
_LAST_HYPHEN = re.compile(rf"(?<={_LETTER})-$")
_FIRST_LETTER = re.compile(_LETTER)
_EMPHASIS = re.compile(r"(?<!\w)[*_`]+|[*_`]+(?!\w)")
_WORD = re.compile(r"\w+")
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
    }
)
_ENDS = " \"'.,;:"


@dataclass(frozen=True, slots=True)
class _Searchable:
    """The text of a document in the form in which it is compared."""

    document: Document
    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def place(self, offset: int) -> Place:
        return Place(self.document.name, self.document.unit, self.numbers[bisect_right(self.starts, offset) - 1])


class Library:
    """Documents made ready for many look-ups.

    Parameters
    ----------
    documents
        Read already.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._texts = tuple(_searchable(document) for document in documents)

    def find(self, quote: str, named: str = "") -> Place | None:
        """Look up a quotation, in the document that was named first.

        Parameters
        ----------
        quote
            As a voter gives it.
        named
            Name of a document; the others are looked through after it.

        Returns
        -------
        Place or None
            Where it begins. White space, upper case, kinds of quotation marks and dashes, marks of emphasis, and a
            hyphen between two letters (a line's end may have put it there) are not compared; every word and every
            number is. An ellipsis stands for anything, as long as the parts follow each other within `WIDEST`.
            ``None`` if it stands nowhere, or is too short to say.
        """
        parts = _parts(quote)
        if parts is None:
            return None
        for one in sorted(self._texts, key=lambda text: text.document.name != named):
            offset = _find_parts(one.text, parts)
            if offset is not None:
                return one.place(offset)
        return None


def find_quote(documents: Sequence[Document], quote: str, named: str = "") -> Place | None:
    """Look up one quotation; see `Library.find`.

    Examples
    --------
    >>> from copilot.domain.documents import Unit
    >>> text = ((1, "Crews were told that the coat-"), (2, "ing saves fuel on 12 of 30 ferries."))
    >>> log = Document(name="log.md", title="log.md", sha256="0", unit=Unit.LINE, lines=text)
    >>> str(find_quote([log], "the coating saves fuel on 12 of 30"))
    'line 1'
    >>> find_quote([log], "the coating saves fuel on 12 of 31")
    """
    return Library(documents).find(quote, named)


def _searchable(document: Document) -> _Searchable:
    pieces: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    length, glued = 0, True
    for number, line in document.lines:
        folded = _folded(line)
        if not folded:
            continue
        if not glued:
            pieces.append(" ")
            length += 1
        elif pieces and not _FIRST_LETTER.match(folded):
            # The hyphen at the end of the line before was one, as in "COVID-19": what follows it is no letter.
            hyphen = "-" if folded[0].isdigit() else "- "
            pieces.append(hyphen)
            length += len(hyphen)
        glued = bool(_LAST_HYPHEN.search(folded))
        folded = folded[:-1] if glued else folded
        starts.append(length)
        numbers.append(number)
        pieces.append(folded)
        length += len(folded)
    return _Searchable(document, "".join(pieces), tuple(starts), tuple(numbers))


def _folded(text: str) -> str:
    """Bring a line, or a quotation on one line, into the form in which it is compared."""
    same = unicodedata.normalize("NFC", clean(text)).translate(_SAME).casefold()
    return _INNER_HYPHEN.sub("", " ".join(_EMPHASIS.sub("", same).split()))


def _parts(quote: str) -> tuple[str, ...] | None:
    """Cut a quotation at its ellipses; nothing if it is too short to be looked up."""
    parts = tuple(part for part in (_folded(piece).strip(_ENDS) for piece in _ELLIPSIS.split(quote)) if part)
    words = [len(_WORD.findall(part)) for part in parts]
    if sum(words) < FEWEST_WORDS or sum(map(len, parts)) < FEWEST_CHARACTERS:
        return None
    return None if len(parts) > 1 and min(words) < FEWEST_IN_A_PART else parts


def _find_parts(text: str, parts: Sequence[str]) -> int | None:
    first, rest = parts[0], parts[1:]
    for tried, start in enumerate(_whole(text, first, 0, len(text))):
        end: int | None = start + len(first)
        for part in rest:
            end = _end_of(_whole(text, part, end or 0, start + WIDEST), part)
            if end is None:
                break
        if end is not None:
            return start
        if tried >= _MOST_STARTS:
            break
    return None


def _end_of(found: Iterable[int], part: str) -> int | None:
    return next((start + len(part) for start in found), None)


def _whole(text: str, part: str, start: int, end: int) -> Iterator[int]:
    """Yield where a part stands that is not cut out of a word or a number."""
    at = text.find(part, start, end)
    while at >= 0:
        if not (_cuts_before(text, at) or _cuts_after(text, at + len(part))):
            yield at
        at = text.find(part, at + 1, end)


def _cuts_before(text: str, at: int) -> bool:
    """Tell whether what begins here goes on from before: a word, ``1.5`` from its 5, ``-5`` from its 5."""
    before, first = text[max(0, at - 2) : at], text[at]
    if not before or not (first.isalnum() or first == "_"):
        return False
    if before[-1].isalnum() or before[-1] == "_":
        return True
    if not first.isdigit():
        return False
    return (before[-1] in ".," and before[0].isdigit() and len(before) > 1) or (
        before[-1] in "-+" and not before[:-1].strip().isalnum()
    )


def _cuts_after(text: str, end: int) -> bool:
    last, after = text[end - 1], text[end : end + 2]
    if not after or not (last.isalnum() or last == "_"):
        return False
    if after[0].isalnum() or after[0] == "_":
        return True
    return last.isdigit() and after[0] in ".," and after[1:].isdigit()
