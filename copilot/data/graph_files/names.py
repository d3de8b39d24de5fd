"""Names in quoted strings: any text comes back byte for byte, and nothing that a terminal obeys stands in the file."""

from __future__ import annotations

import re
import unicodedata
from html.entities import html5

_ENTITY = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};)")
_ENTITY_START = re.compile(r"&(?=#?\w+;)")
_LAST_CODE_POINT = 0x10FFFF
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def escape_name(name: str) -> str:
    r"""Replace what must not stand raw in a file by numeric entities; quotes are left to the format.

    Control, format (bidi, zero width), surrogate and private characters, line ends and backslashes become ``&#N;``. An
    ampersand that a reader could take for the start of an entity becomes ``&#38;``.

    Examples
    --------
    >>> escape_name("a\nb & c\\d &amp; e")
    'a&#10;b & c&#92;d &#38;amp; e'
    """
    return "".join(
        f"&#{ord(ch)};" if ch == "\\" or unicodedata.category(ch) in _ESCAPED else ch
        for ch in _ENTITY_START.sub("&#38;", name)
    )


def unescape_name(text: str) -> str:
    r"""Undo `escape_name`, and nothing else: an entity of an ordinary letter stays as it is written.

    Examples
    --------
    >>> unescape_name("a&#10;b &#65; &#38;amp; &lt;")
    'a\nb &#65; &amp; &lt;'
    """
    return _ENTITY.sub(_decode_special, text) if "&#" in text else text


def unescape_all(text: str) -> str:
    """Replace every numeric and every known named entity, as GML asks for.

    Examples
    --------
    >>> unescape_all("&#228; &quot; &unknown;")
    'ä " &unknown;'
    """
    if "&" not in text:
        return text
    # One pass: what an entity stands for must not be taken for the start of another.
    return re.sub(f"{_ENTITY.pattern}|{_NAMED_ENTITY.pattern}", _decode_any, text)


def _character(match: re.Match[str]) -> str | None:
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if code <= _LAST_CODE_POINT else None


def _decode_special(match: re.Match[str]) -> str:
    ch = _character(match)
    special = ch is not None and (ch in "\\&" or unicodedata.category(ch)[0] == "C" or ch in "\u2028\u2029")
    return ch if ch is not None and special else match[0]


def _decode_any(match: re.Match[str]) -> str:
    if match[3]:
        return html5.get(match[3], match[0])
    return _character(match) or match[0]
