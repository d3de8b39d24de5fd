"""Lay the names in a graph beside the columns of a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from copilot.domain.graph import CausalGraph, Node
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.errors import GraphFileError

_FEW_ENOUGH_TO_COMPARE = 500


def check_columns(
    graph: CausalGraph, columns: Sequence[str], where: str = "the graph"
) -> tuple[CausalGraph, tuple[Notice, ...]]:
    """Find nodes that no column bears, and make them latent.

    Parameters
    ----------
    graph
        As read.
    columns
        The names in the header of the table.
    where
        What messages call the graph.

    Returns
    -------
    graph : CausalGraph
        The same graph, with the nodes that are not in the data unobserved.
    notices : tuple of Notice
        One for each of those, and one for each latent node that is a column.

    Raises
    ------
    GraphFileError
        If a name differs from a column's only by case, blanks or the way its characters are coded: whether the same
        variable is meant must not be guessed. A node that is marked latent is not asked about.

    Examples
    --------
    >>> graph, notices = check_columns(CausalGraph.build(directed=[("u", "t")]), ["t", "y"])
    >>> sorted(graph.latent), notices[0].code
    (['u'], 'node_not_in_data')
    """
    known = frozenset(columns)
    folded = {_folded(column): column for column in columns}
    notices = []
    for node in graph.nodes:
        if node.name in known:
            notices += [] if node.observed else [_measured_after_all(node.name)]
        elif node.observed:
            if _folded(node.name) in folded:
                raise _nearly(node.name, folded[_folded(node.name)], where)
            notices.append(_not_measured(node.name, columns))
    if not any(notice.code == "node_not_in_data" for notice in notices):
        return graph, tuple(notices)
    nodes = tuple(Node(name=node.name, observed=node.observed and node.name in known) for node in graph.nodes)
    return CausalGraph(nodes=nodes, edges=graph.edges), tuple(notices)


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _nearly(name: str, column: str, where: str) -> GraphFileError:
    return GraphFileError(
        f"{where}: the node {name!r} is no column of the table",
        reason="Names are matched exactly, with case and spaces.",
        advice=f"Did you mean {column!r}? If it is another variable, which nobody measured, mark it [observed=no].",
    )


def _not_measured(name: str, columns: Sequence[str]) -> Notice:
    near = get_close_matches(name, columns, n=1, cutoff=0.8) if len(columns) <= _FEW_ENOUGH_TO_COMPARE else []
    hint = f" (did you mean {shown(near[0])}?)" if near else ""
    return Notice(
        code="node_not_in_data",
        message=f"{shown(name)} is in the graph and not in the data{hint}; it is treated as unobserved.",
        subject=name,
        count=1,
    )


def _measured_after_all(name: str) -> Notice:
    return Notice(
        code="latent_column",
        message=f"{shown(name)} is a column of the data, and latent in the graph; it is not used.",
        subject=name,
        count=1,
    )
