"""Documents as they are put before a model: what bears on the variables first, within a budget, the rest counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot.domain.documents import Document
from copilot.domain.notice import Level, Notice
from copilot.domain.variables import Variable
from copilot.elicitation.prompts import load_prompt
from copilot.elicitation.setting import Evidence, Setting

PROMPT = "quote-evidence"
BUDGET = 60_000
"""Characters of documents in one request, all documents together: about 15,000 tokens."""

_PIECE = 2_000
"""Characters of a paragraph; a longer one, such as a page of a PDF, is cut into pieces."""
_LEFT_OUT = "[…]"
_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 4
"""Letters of a word of a name or a description by which a paragraph is chosen."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph, or a part of a long one, with its number in the document."""

    number: int
    text: str


def choose_evidence(
    documents: Sequence[Document], variables: Sequence[Variable], budget: int = BUDGET
) -> tuple[tuple[Evidence, ...], tuple[Notice, ...]]:
    """Choose what of the documents goes into a request.

    Parameters
    ----------
    documents
        Read already; they get the ids ``d1``, ``d2``, … in this order.
    variables
        Of the graph.
    budget
        Characters, shared out among the documents so that a long one does not push out a short one. Within a
        document, paragraphs that hold a word of a variable's name or description come first, in their order, then the
        others in theirs, as long as they fit.

    Returns
    -------
    tuple
        The texts, and one notice per document of which something was left out.
    """
    words = _words_of(variables)
    pieces = [_pieces(document) for document in documents]
    shares = _shares([sum(len(one.text) for one in each) for each in pieces], budget)
    found: list[Evidence] = []
    notices: list[Notice] = []
    for document, all_of_it, share in zip(documents, pieces, shares, strict=True):
        kept = _within(all_of_it, words, share)
        found.append(
            Evidence(id=f"d{len(found) + 1}", name=document.name, title=document.title, text=_joined(all_of_it, kept))
        )
        if len(kept) < len(all_of_it):
            notices.append(_notice(document, all_of_it, kept, budget))
    return tuple(found), tuple(notices)


def evidence_block(setting: Setting) -> str:
    """Write what goes before the task in a ballot's request."""
    shown = "\n\n".join(
        f"BEGIN DOCUMENT {one.id} ({_quotable(one.title)})\n{_quotable(one.text)}\nEND DOCUMENT {one.id}"
        for one in setting.evidence
    )
    (message,) = load_prompt(PROMPT, setting.prompts).messages({"documents": shown})
    return message.content


def _quotable(text: str) -> str:
    """Indent a line that looks like one of our own marks; its words stay as they are."""
    sendable = text.encode("utf-8", "replace").decode("utf-8")
    marks = ("BEGIN ", "END ")
    return "\n".join(f"  {line}" if line.lstrip().startswith(marks) else line for line in sendable.split("\n"))


def _words_of(variables: Iterable[Variable]) -> frozenset[str]:
    """List the words by which a paragraph is chosen; a short name counts whole."""
    found: set[str] = set()
    for variable in variables:
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", variable.name)
        named = [word.casefold() for word in _WORD.findall(spaced)]
        found.update(named if len(named) == 1 else (word for word in named if len(word) >= _SHORTEST))
        described = _WORD.findall(variable.description.casefold())
        found.update(word for word in described if len(word) >= _SHORTEST)
    return frozenset(found)


def _pieces(document: Document) -> tuple[_Piece, ...]:
    texts = (text for paragraph in document.paragraphs for text in _cut(paragraph))
    return tuple(_Piece(place, text) for place, text in enumerate(texts))


def _cut(paragraph: str) -> list[str]:
    """Cut a paragraph that is too long at the ends of lines, of words, or anywhere."""
    found = []
    rest = paragraph
    while len(rest) > _PIECE:
        end = rest.rfind("\n", 1, _PIECE)
        end = end if end > _PIECE // 2 else rest.rfind(" ", 1, _PIECE)
        end = end if end > _PIECE // 2 else _PIECE
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [text for text in (*found, rest) if text]


def _shares(sizes: Sequence[int], budget: int) -> list[int]:
    """Share out a budget: the short ones get all they need, and the long ones the rest in equal parts.

    Examples
    --------
    >>> _shares([10, 100, 60], 100)
    [10, 45, 45]
    """
    shares = [0] * len(sizes)
    left = budget
    for served, place in enumerate(sorted(range(len(sizes)), key=lambda one: sizes[one])):
        shares[place] = min(sizes[place], left // (len(sizes) - served))
        left -= shares[place]
    return shares


def _within(pieces: Sequence[_Piece], words: frozenset[str], budget: int) -> frozenset[int]:
    """Choose pieces, those that name a variable first, each in their order."""
    kept: set[int] = set()
    for piece in sorted(pieces, key=lambda one: words.isdisjoint(_WORD.findall(one.text.casefold()))):
        if len(piece.text) <= budget:
            kept.add(piece.number)
            budget -= len(piece.text)
    return frozenset(kept)


def _joined(pieces: Sequence[_Piece], kept: frozenset[int]) -> str:
    parts: list[str] = []
    for piece in pieces:
        if piece.number in kept:
            parts.append(piece.text)
        elif not parts or parts[-1] != _LEFT_OUT:
            parts.append(_LEFT_OUT)
    return "\n\n".join(parts)


def _notice(document: Document, pieces: Sequence[_Piece], kept: frozenset[int], budget: int) -> Notice:
    left = [piece for piece in pieces if piece.number not in kept]
    characters = sum(len(piece.text) for piece in left)
    return Notice(
        code="evidence_cut",
        subject=document.name,
        count=len(left),
        level=Level.INFO,
        message=(
            f"{len(left)} of {len(pieces)} passages of {document.name!r} ({characters:,} characters) are not put "
            f"before the models: all documents together have {budget:,} characters, and passages that name a variable "
            "come first"
        ),
    )
