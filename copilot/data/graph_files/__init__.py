"""Graph files: DOT, dagitty, GML and JSON are read and written, Mermaid is written."""

from __future__ import annotations

from copilot.data.graph_files.circles import Circles, circles_of, graph_or_circles
from copilot.data.graph_files.columns import check_columns
from copilot.data.graph_files.document import EdgeLabel, GraphDocument
from copilot.data.graph_files.formats import FORMATS, GraphFormat, format_of
from copilot.data.graph_files.reading import parse_graph, read_graph, write_graph

__all__ = [
    "FORMATS",
    "Circles",
    "EdgeLabel",
    "GraphDocument",
    "GraphFormat",
    "check_columns",
    "circles_of",
    "format_of",
    "graph_or_circles",
    "parse_graph",
    "read_graph",
    "write_graph",
]
