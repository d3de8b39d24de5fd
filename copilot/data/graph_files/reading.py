"""From a path to a graph, and from a graph to text."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.formats import FORMATS, GraphFormat, by_content, by_extension, find_format
from copilot.data.graph_files.source import Rounds, Source
from copilot.domain.graph import CausalGraph, Edge
from copilot.domain.notice import Level, Notice
from copilot.errors import GraphFileError

MAX_BYTES = 50_000_000
_STDIN = "-"
_OTHER_ENCODINGS = ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


def read_graph(path: str) -> GraphDocument:
    """Read a graph file.

    Parameters
    ----------
    path
        A file of at most 50 MB in UTF-8, or ``"-"`` for standard input. The extension names the format, unless the
        content is clearly another one.

    Raises
    ------
    GraphFileError
        If the file cannot be read as a graph; the message names line and column where they are known.
    CycleError
        If the directed edges run in a circle.
    """
    return parse_file(*read_text(path), path)


def read_text(path: str) -> tuple[str, str]:
    """Read the text of a graph file, and tell what messages call it; raises `GraphFileError`."""
    where = "standard input" if path == _STDIN else path
    return _decode(_read_bytes(path, where), where), where


def parse_file(text: str, where: str, path: str, rounds: Rounds | None = None) -> GraphDocument:
    """Read a graph from the text of a file, whose name or content says the format.

    Parameters
    ----------
    text, where, path
        As `read_text` gives them, and the path that it was given.
    rounds
        Filled with self-loops, which are passed over then, and with all arrows.

    Raises
    ------
    GraphFileError, CycleError
        As `read_graph`.
    """
    named, found = by_extension(path), by_content(text)
    chosen = found or named
    if chosen is None:
        _require_text(text, where)
        readable = ", ".join(known.name for known in FORMATS if known.parse)
        raise GraphFileError(
            f"{where}:1:1: this is no graph in a format that can be read",
            reason=f"Neither name nor content is that of {readable}.",
            advice="A DOT file begins with 'digraph {'.",
        )
    document = parse_graph(text, chosen.name, where, rounds)
    if named is None or named is chosen:
        return document
    message = f"{where} is named like a file of the format {named.name}, and was read as what it holds: {chosen.name}."
    notice = Notice(code="format_by_content", message=message, subject=chosen.name, level=Level.INFO)
    return document.model_copy(update={"notices": (*document.notices, notice)})


def parse_graph(
    text: str,
    format: str,  # noqa: A002 (the word that fits)
    where: str,
    rounds: Rounds | None = None,
) -> GraphDocument:
    r"""Read a graph from text.

    Parameters
    ----------
    text
        Decoded; a byte order mark is ignored.
    format
        The name of a format: ``"dot"``, ``"dagitty"``, ``"gml"`` or ``"json"``.
    where
        What messages call the text.
    rounds
        As for `parse_file`.

    Raises
    ------
    GraphFileError
        If it is no such graph; the message names line and column where they are known.
    CycleError
        If the directed edges run in a circle.

    Examples
    --------
    >>> parse_graph("digraph { w -> {t y}; t -> y }", "dot", "example").graph.parents("y")
    ('t', 'w')
    """
    known = find_format(format)
    text = text.removeprefix("\ufeff")
    _require_text(text, where)
    source = Source(text, where)
    source.rounds = rounds
    return _parser(known, where)(source)


def write_graph(
    graph: CausalGraph,
    format: str,  # noqa: A002 (the word that fits)
    *,
    labels: Mapping[Edge, EdgeLabel] | None = None,
    header: Sequence[str] = (),
    treatment: str | None = None,
    outcome: str | None = None,
) -> str:
    r"""Write a graph as text, the same to the byte for the same input.

    Parameters
    ----------
    graph
        What to write; every name is read back as it is.
    format
        The name of a format: ``"dot"``, ``"dagitty"``, ``"gml"``, ``"json"`` or ``"mermaid"``.
    labels
        What to write beside edges; those of other edges are not looked at.
    header
        Comment lines at the head of the file, cleaned of control characters.
    treatment, outcome
        Nodes to mark as such; a name that is no node marks nothing.

    Raises
    ------
    UsageError
        If there is no such format.

    Examples
    --------
    >>> print(write_graph(CausalGraph.build(directed=[("t", "y")]), "dagitty", treatment="t"), end="")
    dag {
    "t" [exposure]
    "y"
    "t" -> "y"
    }
    """
    return find_format(format).write(graph, labels or {}, header, treatment, outcome)


def _parser(known: GraphFormat, where: str) -> Callable[[Source], GraphDocument]:
    if known.parse is None:
        raise GraphFileError(
            f"{where}: the format {known.name} is written and not read",
            reason="It does not hold all that a causal graph says.",
            advice="Read the DOT or JSON file instead.",
        )
    return known.parse


def _require_text(text: str, where: str) -> None:
    if not text.strip():
        raise GraphFileError(f"{where}:1:1: the file is empty", advice="A DOT file begins with 'digraph {'.")
    nul = text.find("\0")
    if nul >= 0:
        raise Source(text, where).error(
            nul, "a NUL character", reason="This is no text file, or a damaged one.", advice="Save the file anew."
        )


def _read_bytes(path: str, where: str) -> bytes:
    try:
        data = _read_stdin() if path == _STDIN else _read_file(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise GraphFileError(
            f"cannot read the graph file {where!r}", reason=f"{reason}.", advice="Check the name and the permissions."
        ) from error
    if len(data) > MAX_BYTES:
        raise GraphFileError(
            f"{where}: larger than {MAX_BYTES // 1_000_000} MB", advice="A graph that a person can judge is smaller."
        )
    return data


def _read_stdin() -> bytes:
    stream = sys.stdin
    if stream is None:
        raise OSError(errno.EBADF, "It is closed")
    return stream.buffer.read(MAX_BYTES + 1)


def _read_file(path: str) -> bytes:
    # Opening a pipe that nobody writes to would wait for ever; opened so, it is just empty.
    with open(path, "rb", opener=_open_at_once) as stream:
        return stream.read(MAX_BYTES + 1)


def _open_at_once(path: str, flags: int) -> int:
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(handle, True)
    return handle


def _decode(data: bytes, where: str) -> str:
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise GraphFileError(f"{where}: the text is in {encoding}", advice="Save the file as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise GraphFileError(
            f"{where}:{line}:{column}: byte {error.start} (0x{data[error.start]:02x}) is not UTF-8",
            reason="The file is in another encoding, perhaps latin-1.",
            advice="Save it as UTF-8.",
        ) from None
