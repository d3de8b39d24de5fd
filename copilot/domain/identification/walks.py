"""Walks along open paths, in the two forms that the search for front-door sets and instruments asks for many times."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from copilot.domain.graph import CausalGraph, reach

_Names = AbstractSet[str]


def open_from(graph: CausalGraph, start: _Names, held: _Names, cut: _Names = frozenset()) -> frozenset[str]:
    """Find every node that open paths lead to, in the graph without the arrows out of some nodes.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    start, held
        Where paths begin, and what is conditioned on.
    cut
        Nodes whose arrows to their children count as taken away.

    Returns
    -------
    frozenset of str
        With `start`, and with those of `held` at which an open path ends. In time linear in nodes and edges.

    References
    ----------
    Shachter (1998), Bayes-Ball, UAI. Pearl (2009), Causality, section 3.4 (the graph with arrows out of Z removed).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> sorted(open_from(graph, {"t"}, {"w"})), sorted(open_from(graph, {"t"}, {"w"}, cut={"t"}))
    (['t', 'w', 'y'], ['t', 'w'])
    """
    opened = _ancestors_without(graph, held, cut)
    return _walk(graph, start, held, cut, opened, None)


def first_met(graph: CausalGraph, start: _Names, held: _Names, within: _Names) -> frozenset[str]:
    """Find the nodes met on ways from `start` in the moral graph of `within` that go through no node of `held`.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    start, held
        Where ways begin, and where they end.
    within
        A set that holds its own ancestors.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2019), Separators and adjustment sets in causal graphs, Artif. Intell. 270.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("a", "b"), ("b", "y")])
    >>> sorted(first_met(graph, {"y"}, {"a", "b"}, {"a", "b", "y"}))
    ['b', 'y']
    """
    return _walk(graph, start, held, frozenset(), within, within)


def _ancestors_without(graph: CausalGraph, names: _Names, cut: _Names) -> frozenset[str]:
    if not cut:
        return reach(names, graph.parents_of)
    found = set(names)
    ahead = list(found)
    while ahead:
        for parent in graph.parents_of[ahead.pop()]:
            if parent not in found and parent not in cut:
                found.add(parent)
                ahead.append(parent)
    return frozenset(found)


def _walk(
    graph: CausalGraph, start: _Names, held: _Names, cut: _Names, opened: _Names, within: _Names | None
) -> frozenset[str]:
    found = {(node, False) for node in start}
    ahead = list(found)
    while ahead:
        node, into = ahead.pop()
        through, collides = node not in held, node in opened
        steps: list[tuple[str, bool]] = []
        if through and node not in cut:
            steps += [(child, True) for child in graph.children_of[node]]
        if collides if into else through:
            steps += [(parent, False) for parent in graph.parents_of[node] if parent not in cut]
            steps += [(spouse, True) for spouse in graph.spouses_of[node]]
        for step in steps:
            if step not in found and (within is None or step[0] in within):
                found.add(step)
                ahead.append(step)
    return frozenset(node for node, _ in found)
