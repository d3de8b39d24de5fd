"""The formats there are: one module each, and one line here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from copilot.data.graph_files import dagitty, dot, gml, json_graph, mermaid
from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.source import Source
from copilot.domain.graph import CausalGraph, Edge
from copilot.errors import GraphFileError, UsageError

Writer = Callable[[CausalGraph, Mapping[Edge, EdgeLabel], Sequence[str], str | None, str | None], str]


@dataclass(frozen=True, slots=True)
class GraphFormat:
    """One way of writing a graph down.

    Parameters
    ----------
    name
        As in `write_graph`.
    extensions
        Of its files, in lower case, with the dot.
    begins
        Regular expression of how such a file begins and no other does, after white space and comments.
    parse
        ``None`` if the format is only written.
    write
        Graph, labels, header, treatment and outcome → text.
    """

    name: str
    extensions: tuple[str, ...]
    begins: str
    parse: Callable[[Source], GraphDocument] | None
    write: Writer


_TITLE = r'(?:\s*+(?:"[^"]*+"|[^\s{}"\[]++))?\s*+\{'

FORMATS: tuple[GraphFormat, ...] = (
    GraphFormat("dot", (".dot", ".gv"), rf"(?:strict\s++)?(?:di)?graph\b{_TITLE}", dot.parse, dot.write),
    GraphFormat("dagitty", (".dagitty",), rf"(?:dag|pdag|mag|pag)\b{_TITLE}", dagitty.parse, dagitty.write),
    GraphFormat("gml", (".gml",), r"(?:(?:Creator|Version|comment)\s[^\[]*?\s)?graph\s*+\[", gml.parse, gml.write),
    GraphFormat("json", (".json",), r'\{\s*+["}]', json_graph.parse, json_graph.write),
    GraphFormat("mermaid", (".mmd", ".mermaid"), r"flowchart\s|graph\s++(?:LR|RL|TB|TD|BT)\b", None, mermaid.write),
)
_PATTERNS = tuple((known, re.compile(known.begins, re.IGNORECASE)) for known in FORMATS)
_IGNORED = re.compile(r"(?:[\s;]++|//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/|\#[^\r\n]*+|%%[^\r\n]*+)*+")


def find_format(name: str) -> GraphFormat:
    """Look a format up by its name.

    Raises
    ------
    UsageError
        Naming those there are.
    """
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageError(
        f"there is no graph format {name!r}", advice=f"There are {', '.join(known.name for known in FORMATS)}."
    )


def format_of(path: str) -> str:
    """Tell the format of a file by its extension.

    Raises
    ------
    GraphFileError
        If the extension is none of the known ones.

    Examples
    --------
    >>> format_of("study/graph.GV")
    'dot'
    """
    known = by_extension(path)
    if known is None:
        extensions = ", ".join(extension for one in FORMATS for extension in one.extensions)
        raise GraphFileError(
            f"the name {path!r} does not say which graph format is meant",
            reason=f"Its extension is {PurePath(path).suffix!r}.",
            advice=f"Use one of {extensions}.",
        )
    return known.name


def by_extension(path: str) -> GraphFormat | None:
    """Find the format that a file's extension names."""
    suffix = PurePath(path).suffix.lower()
    return next((known for known in FORMATS if suffix in known.extensions), None)


def by_content(text: str) -> GraphFormat | None:
    """Find the format that the beginning of a file gives away."""
    start = _IGNORED.match(text)
    offset = start.end() if start else 0
    return next((known for known, pattern in _PATTERNS if pattern.match(text, offset)), None)
