"""Lay the names in a graph beside the columns of a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from copilot.domain.graph import CausalGraph, Node
from copilot.domain.notice import Notice
from copilot.domain.text import folded, shown
from copilot.errors import GraphFileError

_FEW_ENOUGH_TO_COMPARE = 500
_MOST_TOLD_APART = 12
_NAMED = 5


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
        One for each of those, or one for all if they are many; and one for each latent node that is a column.

    Raises
    ------
    GraphFileError
        If a name differs from a column's only by case, blanks, invisible characters or the way its characters are
        coded: whether the same variable is meant must not be guessed. A node that is marked latent is not asked about.

    Examples
    --------
    >>> graph, notices = check_columns(CausalGraph.build(directed=[("u", "t")]), ["t", "y"])
    >>> sorted(graph.latent), notices[0].code
    (['u'], 'node_not_in_data')
    """
    known = frozenset(columns)
    alike = {folded(column): column for column in columns}
    notices = []
    gone = []
    for node in graph.nodes:
        if node.name in known:
            notices += [] if node.observed else [_measured_after_all(node.name)]
        elif node.observed:
            if folded(node.name) in alike:
                raise _nearly(node.name, alike[folded(node.name)], where)
            gone.append(node.name)
    if not gone:
        return graph, tuple(notices)
    if len(gone) > _MOST_TOLD_APART:
        notices.append(_many_not_measured(gone))
    else:
        notices += [_not_measured(name, columns) for name in gone]
    nodes = tuple(Node(name=node.name, observed=node.observed and node.name in known) for node in graph.nodes)
    return CausalGraph(nodes=nodes, edges=graph.edges), tuple(notices)


def _nearly(name: str, column: str, where: str) -> GraphFileError:
    same = unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", column)  # they look alike to the dot
    spelt = ascii if same else repr
    return GraphFileError(
        f"{where}: the node {spelt(name)} is no column of the table",
        reason="Names are matched exactly, with case and spaces.",
        advice=f"Did you mean {spelt(column)}? If it is another variable, which nobody measured, "
        "mark it [observed=no].",
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


def _many_not_measured(names: Sequence[str]) -> Notice:
    listed = ", ".join(map(shown, names[:_NAMED]))
    return Notice(
        code="node_not_in_data",
        message=f"{len(names):,} nodes are in the graph and not in the data, "
        f"{listed} and {len(names) - _NAMED:,} more; they are treated as unobserved.",
        subject=names[0],
        count=len(names),
    )


def _measured_after_all(name: str) -> Notice:
    return Notice(
        code="latent_column",
        message=f"{shown(name)} is a column of the data, and latent in the graph; it is not used.",
        subject=name,
        count=1,
    )
