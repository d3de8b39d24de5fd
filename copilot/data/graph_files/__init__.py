"""Graph files: DOT, dagitty, GML and JSON are read and written, Mermaid is written."""

from __future__ import annotations

from copilot.data.graph_files.columns import check_columns
from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.formats import FORMATS, GraphFormat, format_of
from copilot.data.graph_files.reading import parse_graph, read_graph, write_graph

__all__ = [
    "FORMATS",
    "EdgeLabel",
    "GraphDocument",
    "GraphFormat",
    "check_columns",
    "format_of",
    "parse_graph",
    "read_graph",
    "write_graph",
]
