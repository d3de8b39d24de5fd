"""Cut DOT text, and dagitty's dialect of it, into tokens.

The published DOT grammar: a name is a word of letters, digits and underscores (any character beyond ASCII counts as a
letter), a numeral, a quoted string in which only the quote can be escaped, or an HTML string in balanced brackets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from copilot.data.graph_files.names import unescape_name
from copilot.data.graph_files.source import Source

WORD, STRING, HTML, EDGE, END = "word", "string", "html", "edge", "end"


class Token(NamedTuple):
    """A piece of the text: `kind` is one of the words above, or the punctuation mark itself."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which words and which edge operators there are.

    Parameters
    ----------
    word
        Regular expression of an unquoted name.
    edges
        Regular expression of an edge operator.
    """

    word: str
    edges: str


DOT = Dialect(
    word=r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*+|-?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)",
    edges=r"<->|->|<-|--",
)
DAGITTY = Dialect(
    word=r"-?[A-Za-z0-9_.\x80-\U0010ffff]++",
    edges=r"@->|<-@|@-@|@--|--@|<->|->|<-|--",
)

_COMMON = r"""
    (?P<space>[ \t\r\n\f\v]++)
  | (?P<comment>//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)
  | (?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")
  | (?P<edge>EDGES)
  | (?P<word>WORD)
  | (?P<mark>[{}\[\];,:=+])
"""
_PATTERNS = {
    dialect: re.compile(_COMMON.replace("EDGES", dialect.edges).replace("WORD", dialect.word), re.VERBOSE | re.DOTALL)
    for dialect in (DOT, DAGITTY)
}
_BRACKET = re.compile(r"[<>]")
_CONTINUED = re.compile(r"\\(?:(\")|(\r\n|\r|\n)|(.))", re.DOTALL)
_ARROWS = ((0x2190, 0x21FF), (0x27F0, 0x27FF), (0x2900, 0x297F))
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"})
_JOINERS = frozenset("\u200c\u200d")


def tokens(source: Source, dialect: Dialect) -> Iterator[Token]:
    """Cut the text into tokens, white space and comments left out; the last one is of kind `END`.

    Raises
    ------
    GraphFileError
        At the first character that begins no token, and at names that would be read otherwise than they look.
    """
    text, pattern = source.text, _PATTERNS[dialect]
    offset, after_equals, word_end = 0, False, -1
    while offset < len(text):
        if text[offset] == "<" and (after_equals or not text.startswith(("<->", "<-"), offset)):
            end = _html_end(source, offset)
            yield Token(HTML, text[offset + 1 : end - 1], offset)
            offset, after_equals = end, False
            continue
        match = pattern.match(text, offset)
        if match is None:
            offset = _skip_directive(source, offset)
            continue
        kind, end = match.lastgroup or "", match.end()
        if kind == "word":
            _check_word(source, offset, match[0], adjoining=word_end == offset)
            word_end = end
            yield Token(WORD, match[0], offset)
        elif kind == "string":
            yield Token(STRING, _unquoted(match[0]), offset)
        elif kind == "edge":
            yield Token(EDGE, match[0], offset)
        elif kind == "mark":
            yield Token(match[0], match[0], offset)
        if kind not in {"space", "comment"}:
            after_equals = match[0] == "="
        offset = end
    yield Token(END, "", len(text))


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    # \" is a quote, a backslash before a line end joins the lines, and every other backslash is itself.
    return _CONTINUED.sub(lambda found: '"' if found[1] else "" if found[2] else found[0], inner)


def name_of(text: str) -> str:
    """Turn the text of a quoted string into the name it stands for."""
    return unescape_name(text)


def _html_end(source: Source, offset: int) -> int:
    depth = 0
    for match in _BRACKET.finditer(source.text, offset):
        depth += 1 if match[0] == "<" else -1
        if depth == 0:
            return match.end()
    raise source.error(offset, "an HTML string begins here and does not end", advice="Close it with '>'.")


def _skip_directive(source: Source, offset: int) -> int:
    """Skip a line of a preprocessor, which begins with ``#``, or say what is wrong here."""
    text = source.text
    line = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    if text[offset] == "#" and not text[line:offset].strip(" \t\ufeff"):
        ends = [end for end in (text.find("\n", offset), text.find("\r", offset)) if end >= 0]
        return min(ends, default=len(text))
    if text[offset] == '"':
        raise source.error(offset, "a quoted string begins here and does not end", advice="Close it with '\"'.")
    if text.startswith("/*", offset):
        raise source.error(offset, "a comment begins here and does not end", advice="Close it with '*/'.")
    raise source.error(
        offset,
        f"{text[offset]!r} has no meaning here",
        advice="Put names with other characters than letters, digits and '_' in double quotes.",
    )


def _check_word(source: Source, offset: int, word: str, *, adjoining: bool) -> None:
    if adjoining:
        raise source.error(
            offset,
            f"{word!r} follows another name without a space",
            reason="It would be read as a name of its own.",
            advice="Put the whole name in double quotes.",
        )
    if word.isascii():
        return
    for position, ch in enumerate(word):
        category = unicodedata.category(ch)
        invisible = category in _INVISIBLE and ch not in _JOINERS
        looks_like_syntax = category in {"Pd", "Pi", "Pf"} or any(low <= ord(ch) <= high for low, high in _ARROWS)
        if invisible or looks_like_syntax:
            raise source.error(
                offset + position,
                f"the character U+{ord(ch):04X} in a name without quotes",
                reason="It cannot be seen." if invisible else "It looks like an arrow, a dash or a quote, and is none.",
                advice="Write -> for an arrow, or put the name in double quotes.",
            )
