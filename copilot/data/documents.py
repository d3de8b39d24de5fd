"""Documents that the user brings as evidence: text, Markdown and PDF, to lines with their places."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from copilot.data.decoding import decode_lines
from copilot.data.sources import find_source
from copilot.domain.documents import Document, Unit
from copilot.domain.text import clean, one_line
from copilot.errors import InputDataError

MOST_BYTES = 20_000_000
"""Of one document."""
MOST_CHARACTERS = 2_000_000
"""Of the text of one document: about a thousand pages."""
MOST_PAGES = 2_000
MOST_DOCUMENTS = 20

_PDF = b"%PDF-"
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive, as Word and LibreOffice write them"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"{\\rtf", "a rich text file"),
    (b"\x1f\x8b", "gzip-compressed"),
)

_BREAKS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, MemoryError),
    *(OSError, RuntimeError, TypeError, ValueError),
)
"""What pypdf lets through of a damaged PDF besides its own errors: it takes the file at its word, and trips over it.
Among the runtime errors are filters that it does not know, and objects that hold each other without end."""


def read_documents(paths: Sequence[str]) -> tuple[Document, ...]:
    """Read documents; two of the same file name are called by their paths.

    Parameters
    ----------
    paths
        Of files: ``.pdf`` by their first bytes, anything else is text in UTF-8 or with a byte-order mark.

    Raises
    ------
    InputDataError
        If one cannot be read, is no text, is encrypted, broken, without text or too long, or is given twice.
    """
    if len(paths) > MOST_DOCUMENTS:
        raise InputDataError(
            f"{len(paths)} documents are more than {MOST_DOCUMENTS}",
            reason="They go into every ballot's request.",
            advice="Bring those that bear on causes and effects.",
        )
    titles = [one_line(Path(path).name, 120) for path in paths]
    found: list[Document] = []
    for path, title in zip(paths, titles, strict=True):
        name = title if titles.count(title) == 1 else one_line(path, 300)
        document = read_document(path, name)
        twin = next((one for one in found if one.sha256 == document.sha256 or one.name == name), None)
        if twin is not None:
            raise InputDataError(
                f"the document {path!r} is given twice",
                reason=f"It is the same as {twin.name!r}." if twin.sha256 == document.sha256 else "So is its name.",
                advice="Name it once.",
            )
        found.append(document)
    return tuple(found)


def read_document(path: str, name: str = "") -> Document:
    """Read one document.

    Parameters
    ----------
    path
        Of the file; standard input is not read.
    name
        What it is called; its file name if empty.

    Raises
    ------
    InputDataError
        As `read_documents`.
    """
    if path == "-":
        raise InputDataError(
            "--evidence reads no standard input", reason="A run that stopped could not go on.", advice="Name a file."
        )
    source = find_source(path)
    with source.opened() as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _too_long(path, f"{MOST_BYTES:,} bytes")
    for magic, kind in _FOREIGN:
        if content.startswith(magic):
            raise InputDataError(
                f"the document {path!r} is {kind}",
                reason="Text, Markdown and PDF are read.",
                advice="Save it as PDF or as plain text.",
            )
    # Some programs write a few bytes before the mark; readers of PDF allow for a kilobyte of them.
    paged = _PDF in content[:1024] and (content.startswith(_PDF) or Path(path).suffix.lower() == ".pdf")
    lines = tuple(_pdf_lines(path, content) if paged else _text_lines(path, content))
    if not any(line.strip() for _, line in lines):
        why = "Its pages are pictures, as a scanner makes them." if paged else "It holds white space, if anything."
        raise InputDataError(
            f"there is no text in the document {path!r}",
            reason=why,
            advice="Run text recognition on it first, for example with ocrmypdf." if paged else "Leave it out.",
        )
    title = one_line(Path(path).name, 120)
    unit = Unit.PAGE if paged else Unit.LINE
    return Document(name=name or title, title=title, sha256=hashlib.sha256(content).hexdigest(), unit=unit, lines=lines)


def _text_lines(path: str, content: bytes) -> Iterator[tuple[int, str]]:
    if Path(path).suffix.lower() == ".pdf":
        raise InputDataError(
            f"the document {path!r} is named as a PDF, but its bytes are not those of one",
            advice="Download it again, or rename it if it is plain text.",
        )
    length = 0
    for number, line in enumerate(decode_lines(path, [content] if content else []), start=1):
        length += len(line)
        if length > MOST_CHARACTERS:
            raise _too_long(path, f"{MOST_CHARACTERS:,} characters")
        yield number, clean(line).rstrip()


def _pdf_lines(path: str, content: bytes) -> Iterator[tuple[int, str]]:
    """Take the text of a PDF page by page; what pypdf warns of, it has mended."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    length = 0
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted(path)
        if len(reader.pages) > MOST_PAGES:
            raise _too_long(path, f"{MOST_PAGES:,} pages")
        for number, page in enumerate(reader.pages, start=1):
            text = page.extract_text()
            length += len(text)
            if length > MOST_CHARACTERS:
                raise _too_long(path, f"{MOST_CHARACTERS:,} characters")
            yield from ((number, clean(line).rstrip()) for line in text.replace("\0", "").splitlines())
    except InputDataError:
        raise
    except (FileNotDecryptedError, DependencyError) as error:
        raise _encrypted(path) from error
    except (PyPdfError, *_BREAKS) as error:
        raise InputDataError(
            f"the document {path!r} is a PDF that cannot be read",
            reason=f"{one_line(str(error)).rstrip('.') or type(error).__name__}.",
            advice="Open it in a viewer and print it to a new PDF, or copy its text into a text file.",
        ) from error


def _encrypted(path: str) -> InputDataError:
    return InputDataError(
        f"the document {path!r} is encrypted",
        reason="Without its password its text cannot be read.",
        advice="Save a copy without a password.",
    )


def _too_long(path: str, limit: str) -> InputDataError:
    return InputDataError(
        f"the document {path!r} is longer than {limit}",
        reason="Models read a few pages, and every ballot reads them.",
        advice="Cut it to the chapters that bear on causes and effects.",
    )
