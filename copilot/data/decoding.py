"""Bytes to lines of text, with the byte and the line named where they are not what they claim to be."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain

from copilot.errors import InputDataError

LONGEST_LINE = 1 << 26
"""Characters; a longer line is taken for a file that is no table."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SHOWN = {"utf-8": "UTF-8"}


def decode_lines(name: str, blocks: Iterable[bytes], encoding: str | None = None) -> Iterator[str]:
    r"""Decode blocks of bytes into lines that keep their line ends.

    Parameters
    ----------
    name
        Of the file, for messages.
    blocks
        Its bytes, decompressed.
    encoding
        ``None``: UTF-8, or what a byte-order mark says; the mark itself never reaches a line.

    Yields
    ------
    str
        One line with its ``\n``, ``\r\n`` or ``\r``; a line end within quotes ends a line here too.

    Raises
    ------
    InputDataError
        If bytes cannot be decoded, there is a NUL, or a line has no end.

    Examples
    --------
    >>> list(decode_lines("x.csv", [b"\xef\xbb\xbfa\r", b"\nb\rc"]))
    ['a\r\n', 'b\r', 'c']
    """
    return chain.from_iterable(_pieces(name, iter(blocks), encoding))


def count_breaks(text: str) -> int:
    r"""Count line ends of any kind.

    Examples
    --------
    >>> count_breaks("a\r\nb\rc\n")
    3
    """
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _pieces(name: str, blocks: Iterator[bytes], encoding: str | None) -> Iterator[StringIO]:
    """Yield runs of whole lines; `StringIO` splits them at the speed of C, and at the three line ends only."""
    first = next(blocks, b"")
    chosen = encoding or next((found for mark, found in _MARKS if first.startswith(mark)), "utf-8")
    decoder = codecs.getincrementaldecoder(chosen)()
    pending, lines, offset, begun = "", 0, 0, False
    for block in chain([first], blocks, [b""]):
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start]).decode(chosen, "replace")
            line = lines + count_breaks(pending + before) + 1
            raise _undecodable(name, chosen, error, offset - held + error.start, line) from error
        offset += len(block)
        pending += text if begun else text.removeprefix("\ufeff")
        begun = begun or bool(text)
        cut = len(pending) if not block else _cut(pending)
        ready, pending = pending[:cut], pending[cut:]
        if "\0" in ready:
            raise _nul(name, lines + count_breaks(ready[: ready.index("\0")]) + 1)
        if len(pending) > LONGEST_LINE:
            raise InputDataError(
                f"{name!r}, line {lines + count_breaks(ready) + 1}: longer than {LONGEST_LINE:,} characters",
                reason="This is not a table with one row a line.",
                advice="Check the file with `head -c 500`.",
            )
        lines += count_breaks(ready)
        yield StringIO(ready, newline="")


def _cut(text: str) -> int:
    """Find the end of the last whole line; a final carriage return may be half of a line end."""
    return text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1


def _undecodable(name: str, encoding: str, error: UnicodeDecodeError, offset: int, line: int) -> InputDataError:
    other = "latin-1" if encoding == "utf-8" else "utf-8"
    byte = error.object[error.start : error.start + 1]
    return InputDataError(
        f"{name!r} is not {_SHOWN.get(encoding, encoding)} text: byte {offset} (0x{byte.hex()}), line {line}",
        reason=f"{error.reason[:1].upper()}{error.reason[1:]}.",
        advice=f"If you know its encoding, say so, for example --encoding {other}; or save the file as UTF-8.",
    )


def _nul(name: str, line: int) -> InputDataError:
    return InputDataError(
        f"{name!r}, line {line}: there is a NUL byte",
        reason="Text has none: the file is damaged, binary, or UTF-16 without a byte-order mark.",
        advice="Export it again, or try --encoding utf-16-le.",
    )
