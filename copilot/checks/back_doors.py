"""What lies on the back doors between treatment and outcome: who confounds, who collides, what stays open.

A `<->` counts as a hidden cause of both its ends.
"""

from __future__ import annotations

from copilot.domain.adjustment import (
    is_valid_adjustment,
    proper_backdoor_graph,
)
from copilot.domain.analysis import Chosen
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node
from copilot.domain.identification.adjustment_sets import minimal_adjustment_sets
from copilot.domain.identification.instruments import path_text
from copilot.domain.identification.paths import directed_path, shortest_open_path, without_nodes
from copilot.domain.identification.values import Strategy
from copilot.domain.separation import connecting_path, separated

_SETS = 50
"""Minimal sets that are looked at for one variable."""


def back_door_through(graph: CausalGraph, treatment: str, outcome: str, name: str) -> str:
    """Find a path that biases, that is open with nothing held fixed, and that holding one variable fixed would block.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome, name
        Three nodes.

    Returns
    -------
    str
        The path from treatment to outcome as people write it; empty if there is none. A cause of both whose every way
        leads through one and the same other variable is on no such path: that other one is.

    Notes
    -----
    A path that is open with nothing held fixed has no collider, so `name` has an arrow out of it on one side at least.
    It is looked for along a shortest way out on that side; in graphs where only a longer one leaves the other side
    free, none may be found.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("u", "t"), ("u", "w"), ("w", "y"), ("t", "y")], latent=["u"])
    >>> back_door_through(graph, "t", "y", "w")
    't <- u -> w -> y'
    """
    bare = proper_backdoor_graph(graph, treatment, outcome)
    for near, far in ((treatment, outcome), (outcome, treatment)):
        out = directed_path(bare, name, near, frozenset({far}))
        if out is None:
            continue
        back = connecting_path(without_nodes(bare, frozenset(out.nodes) - {name}), name, far)
        if back is not None:
            whole = (*reversed(out.edges), *back) if near == treatment else (*reversed(back), *out.edges)
            return path_text(treatment, whole)
    return ""


def confounds(graph: CausalGraph, treatment: str, outcome: str, name: str) -> bool:
    """Whether a variable is a confounder, could everything be measured.

    It is if some set that makes treatment and outcome comparable needs it: with it the set is valid, without it the
    rest is not (VanderWeele & Shpitser 2013, On the definition of a confounder, Ann. Statist. 41(1), definition 1). So
    the proxy through which a hidden cause acts is one; what only moves such a cause, or is behind it, is none.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome, name
        Three nodes.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("a", "w"), ("w", "t"), ("w", "y"), ("t", "y")], bidirected=[("t", "y")])
    >>> [confounds(graph, "t", "y", name) for name in ("w", "a")]
    [True, False]
    """
    drawn = with_hidden_nodes(graph)
    bare = proper_backdoor_graph(drawn, treatment, outcome)
    # Effects of the treatment are in no valid set or in no minimal one, and neither is what causes neither end; where
    # the outcome is a direct cause of the treatment no set is valid.
    if name in drawn.descendants((treatment,)) or name not in bare.ancestors((treatment, outcome)):
        return False
    if drawn.has(outcome, treatment):
        return False
    if bare.has(name, treatment) and bare.has(name, outcome):
        return True
    open_book = CausalGraph(nodes=tuple(Node(name=node.name) for node in drawn.nodes), edges=drawn.edges)
    sets, _ = minimal_adjustment_sets(open_book, treatment, outcome, must=(name,), limit=_SETS)
    rest = ([one for one in names if one != name] for names in sets)
    return any(not is_valid_adjustment(open_book, treatment, outcome, names) for names in rest)


def opened_by(graph: CausalGraph, treatment: str, outcome: str, name: str) -> str:
    """Find a path that is closed as it stands and that holding one variable fixed would open (M-bias, a collider).

    Returns
    -------
    str
        The path as people write it; empty if there is none.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("a", "t"), ("a", "m"), ("b", "m"), ("b", "y"), ("t", "y")])
    >>> opened_by(graph, "t", "y", "m")
    't <- a -> m <- b -> y'
    """
    bare = proper_backdoor_graph(graph, treatment, outcome)
    if not separated(bare, treatment, outcome) or separated(bare, treatment, outcome, name):
        return ""
    path = shortest_open_path(bare, {treatment}, {outcome}, {name})
    return "" if path is None else path.text


def with_hidden_nodes(graph: CausalGraph) -> CausalGraph:
    """Put a latent node, named as the edge is written, in place of every bidirected edge.

    Examples
    --------
    >>> [str(edge) for edge in with_hidden_nodes(CausalGraph.build(bidirected=[("a", "b")])).edges]
    ['a <-> b -> a', 'a <-> b -> b']
    """
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.BIDIRECTED]
    nodes = [*graph.nodes, *(Node(name=str(edge), observed=False) for edge in loose)]
    edges = [edge for edge in graph.edges if edge.kind is not EdgeKind.BIDIRECTED]
    edges += [Edge(source=str(edge), target=end) for edge in loose for end in edge.pair]
    return CausalGraph(nodes=tuple(nodes), edges=tuple(edges))


def left_open(graph: CausalGraph, chosen: Chosen, treatment: str, control: str) -> str:
    """Find what keeps the real analysis from finding zero on a control that the treatment does not affect.

    Adjustment gives zero if the set separates control and treatment; a front door if treatment and set separate
    control and mediators; instruments if what is held fixed separates control and instruments.

    Parameters
    ----------
    graph
        With directed and bidirected edges only; it has no directed path from treatment to control.
    chosen
        How the effect is computed.
    treatment, control
        Two nodes; the control is no part of the design.

    Returns
    -------
    str
        An open path as people write it; empty if the analysis must find zero under the graph.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), ("v", "t"), ("v", "n"), ("w", "n")])
    >>> sets = [("w",), ("v", "w")]
    >>> [left_open(graph, Chosen(strategy="backdoor", adjustment_set=one), "t", "n") for one in sets]
    ['t <- v -> n', '']
    """
    held = frozenset(chosen.adjustment_set)
    starts = frozenset({treatment})
    if chosen.strategy is Strategy.FRONTDOOR:
        starts, held = frozenset(chosen.mediators), held | {treatment}
    elif chosen.strategy is Strategy.IV:
        starts = frozenset(chosen.instruments)
    path = shortest_open_path(graph, starts - held, {control}, held)
    return "" if path is None else path.text
