"""What a graph file says, and what is written beside an edge."""

from __future__ import annotations

from typing import Literal

from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.value import Value


class GraphDocument(Value):
    """The content of a graph file.

    Parameters
    ----------
    graph
        Nodes and edges.
    treatment, outcome
        The nodes the file marks as exposure and outcome; ``None`` if it marks none, or more than one.
    notices
        What was merged, or has a meaning that is not used here.
    """

    graph: CausalGraph
    treatment: str | None = None
    outcome: str | None = None
    notices: tuple[Notice, ...] = ()


class EdgeLabel(Value):
    """What to write beside an edge, e.g. its votes.

    Parameters
    ----------
    label
        Short text such as ``"5/7"``.
    style
        How the line is drawn.
    tooltip
        A sentence; left out where the format knows no tooltips.
    """

    label: str = ""
    style: Literal["solid", "dashed"] = "solid"
    tooltip: str = ""
