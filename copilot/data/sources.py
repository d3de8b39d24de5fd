"""Where bytes come from: a file or standard input, plain or compressed, refused in words where they cannot be had."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import re
import stat
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from copilot.errors import InputDataError

STDIN_LIMIT = 1 << 30
"""Bytes of standard input that are kept in memory, where they leave no trace on a disk."""

_STDIN_NAMES = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_BLOCK = 1 << 20
_HEAD = 512


class Storage(StrEnum):
    """In what a table is stored."""

    TEXT = "text"
    GZIP = "gzip"
    PARQUET = "parquet"


_SUFFIXES = {
    ".gz": Storage.GZIP,
    ".gzip": Storage.GZIP,
    ".parquet": Storage.PARQUET,
    ".pq": Storage.PARQUET,
}
_SAID = {Storage.TEXT: "a text table", Storage.GZIP: "gzip-compressed", Storage.PARQUET: "a Parquet file"}
_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"SQLite f", "an SQLite database"),
    (b"ARROW1", "an Arrow or Feather file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"$FL2", "an SPSS file"),
    (b"<stata_d", "a Stata file"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
)
_FOREIGN_TEXT = (
    (re.compile(rb'\[?\s*\{\s*"[^"]*"\s*:[^,]*,\s*"'), "JSON"),
    (re.compile(rb"<(!doctype\s+)?html\b", re.IGNORECASE), "a web page"),
    (re.compile(rb"<\?xml\b", re.IGNORECASE), "XML"),
)
"""What no table begins with; a header called `{"a":1}` is one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that can be read more than once.

    Parameters
    ----------
    name
        As the user gave it; ``"-"`` for standard input.
    content
        All bytes of standard input; ``None`` for a file.
    fingerprint
        Device, inode, size and time of change of a file when it was first seen.
    """

    name: str
    content: bytes | None = field(default=None, repr=False)
    fingerprint: tuple[int, ...] = ()

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the stored bytes from their beginning; what fails while they are read is said in words."""
        if self.content is not None:
            yield BytesIO(self.content)
            return
        try:
            with Path(self.name).open("rb") as stream:
                yield stream
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def sha256(self) -> str:
        """Hash the bytes as stored."""
        digest = hashlib.sha256()
        with self.opened() as stream:
            for block in iter(lambda: stream.read(_BLOCK), b""):
                digest.update(block)
        return digest.hexdigest()

    def head(self) -> bytes:
        """Read the first few bytes as stored."""
        with self.opened() as stream:
            return stream.read(_HEAD)

    def blocks(self, storage: Storage) -> Generator[bytes, None, None]:
        """Yield the bytes of a table in blocks, decompressed.

        Raises
        ------
        InputDataError
            If the file cannot be read, or its compression is broken or cut off.
        """
        with self.opened() as stored:
            if storage is not Storage.GZIP:
                yield from iter(lambda: stored.read(_BLOCK), b"")
                return
            try:
                with gzip.open(stored) as plain:
                    yield from iter(lambda: plain.read(_BLOCK), b"")
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                cut = isinstance(error, EOFError)
                raise InputDataError(
                    f"{self.name!r} is {'cut off' if cut else 'damaged'}: its gzip data cannot be unpacked",
                    reason=f"{str(error).rstrip('.')}.",
                    advice="Copy or download the file again; `gzip -t` tests it.",
                ) from error

    def check_unchanged(self) -> None:
        """Hold a file against what it was when first seen.

        Raises
        ------
        InputDataError
            If it was changed or replaced since.
        """
        if self.content is None and _fingerprint(_status(self.name)) != self.fingerprint:
            raise InputDataError(
                f"{self.name!r} was changed while it was being read",
                reason="Its profile and its cells would no longer belong together.",
                advice="Wait until the file is complete and run the command again.",
            )


def find_source(name: str, limit: int = STDIN_LIMIT) -> Source:
    """Find the bytes behind a name, without reading a file yet.

    Parameters
    ----------
    name
        A path, or ``-`` or ``/dev/stdin`` for standard input, which is read to its end.
    limit
        Bytes of standard input that are accepted.

    Raises
    ------
    InputDataError
        If there is no such file, or it is a folder, a pipe, a device, unreadable or a web address.
    """
    if name in _STDIN_NAMES:
        return Source(name="-", content=_read_stdin(limit))
    if _URL.match(name):
        raise InputDataError(
            f"{name!r} is a web address, not a file",
            reason="Nothing is downloaded on your behalf.",
            advice="Download it first, for example with `curl -LO`, and name the file.",
        )
    status = _status(name)
    _check_regular(name, status.st_mode)
    source = Source(name=name, fingerprint=_fingerprint(status))
    source.head()
    return source


def storage_of(source: Source) -> Storage:
    """Tell by its first bytes and by its name in what a table is stored.

    Raises
    ------
    InputDataError
        If the two disagree, or the bytes are of a kind that is not read.
    """
    head = source.head()
    foreign = [kind for magic, kind in _FOREIGN if head.startswith(magic)]
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    foreign += [kind for pattern, kind in _FOREIGN_TEXT if pattern.match(text)]
    if foreign:
        raise InputDataError(
            f"{source.name!r} is {foreign[0]}, not a table that can be read",
            reason="CSV, TSV and other delimited text are read, plain or gzip-compressed, and Parquet.",
            advice="Export or unpack it to CSV first.",
        )
    found = Storage.TEXT
    if head.startswith(b"\x1f\x8b"):
        found = Storage.GZIP
    elif head.startswith(b"PAR1"):
        found = Storage.PARQUET
    if source.content is not None:
        return found
    named = _SUFFIXES.get(Path(source.name).suffix.lower(), Storage.TEXT)
    if named is not found and head:
        raise InputDataError(
            f"{source.name!r} is named as {_SAID[named]}, but its bytes are those of {_SAID[found]}",
            reason="The name or the content is wrong, and reading it as either would be a guess.",
            advice="Rename the file to what it is, or export it again.",
        )
    return found


def _read_stdin(limit: int) -> bytes:
    stream = sys.stdin
    if stream is None or stream.closed:
        raise InputDataError("standard input is closed", advice="Name a file, or pipe a table in.")
    if stream.isatty():
        raise InputDataError(
            "standard input is a terminal",
            reason="With '-' the table is read from a pipe.",
            advice="Pipe a table in, as in `copilot … - < data.csv`, or name a file.",
        )
    content = cast("BinaryIO", stream.buffer).read(limit + 1)
    if len(content) > limit:
        raise InputDataError(
            f"standard input holds more than {limit:,} bytes",
            reason="It is kept in memory, because it can be read only once.",
            advice="Save it to a file and name the file.",
        )
    return content


def _status(name: str) -> os.stat_result:
    try:
        return Path(name).stat()
    except FileNotFoundError as error:
        raise InputDataError(
            f"there is no file {name!r}", reason="Paths are relative to the current folder.", advice=_near(name)
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _near(name: str) -> str:
    folder = Path(name).parent
    try:
        there = [entry.name for entry in os.scandir(folder)][:10_000]
    except (OSError, ValueError):
        return f"The folder {str(folder)!r} does not exist either."
    near = get_close_matches(Path(name).name, there, n=3)
    return f"Did you mean {', '.join(repr(str(folder / one)) for one in near)}?" if near else "Check the path."


def _unreadable(name: str, error: OSError | ValueError) -> InputDataError:
    text = getattr(error, "strerror", None) or str(error)
    return InputDataError(f"cannot read {name!r}", reason=f"{text}.", advice="Check the path and its permissions.")


def _check_regular(name: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = (
        (stat.S_ISDIR, "a folder", "Name a file in it."),
        (stat.S_ISFIFO, "a named pipe", "Pipe it in instead, as in `cat PIPE | copilot … -`."),
        (stat.S_ISSOCK, "a socket", "Name a file."),
    )
    kind, advice = next(((said, what) for test, said, what in kinds if test(mode)), ("a device", "Name a file."))
    raise InputDataError(
        f"{name!r} is {kind}, not a file", reason="A table is read more than once, and must end.", advice=advice
    )


def _fingerprint(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
