"""Adjustment: which sets of variables, when adjusted for, turn an association into the total effect.

Let X be the treatments and Y the outcomes. A proper causal path runs along arrows from X to Y and meets X only at its
start. A set Z is valid by the adjustment criterion when it holds no treatment, no outcome, no latent node and no
*forbidden* node (a descendant of a node behind X on such a path), and when it separates X from Y in the *proper
back-door graph*, the graph without the first arrow of every such path. The criterion is sound and complete for directed
graphs with latent nodes; a bidirected edge stands for a latent common cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from copilot.domain.graph import CausalGraph, Edge, EdgeKind, reach
from copilot.domain.separation import named, require_directions, separated
from copilot.errors import GraphError

Names = str | Iterable[str]
"""One name or several."""


def mediating_nodes(graph: CausalGraph, treatment: Names, outcome: Names) -> frozenset[str]:
    """Find the nodes on proper causal paths, the outcomes included and the treatments not.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or a node is both treatment and outcome.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2019), Separators and adjustment sets in causal graphs, Artif. Intell. 270,
    definition of PCP(X, Y).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("t", "side")])
    >>> sorted(mediating_nodes(graph, "t", "y"))
    ['m', 'y']
    """
    xs, ys = _two_sides(graph, treatment, outcome)
    # A path that stays clear of X after its start: walk on from the children of X, never through X.
    onward = {node: () if node in xs else children for node, children in graph.children_of.items()}
    below = reach((child for x in xs for child in graph.children_of[x] if child not in xs), onward)
    back = {node: () if node in xs else parents for node, parents in graph.parents_of.items()}
    return (below & reach(ys, back)) - xs


def forbidden_nodes(graph: CausalGraph, treatment: Names, outcome: Names) -> frozenset[str]:
    """Find the nodes that no valid adjustment set may hold: descendants of nodes on proper causal paths.

    Returns
    -------
    frozenset of str
        Empty if the treatment has no effect on the outcome. Treatments and outcomes, which may never be adjusted for
        either, are listed only where they are such descendants.

    Raises
    ------
    GraphError, UnknownVariableError
        As `mediating_nodes`.

    References
    ----------
    Perković, Textor, Kalisch & Maathuis (2018), Complete graphical characterization and construction of adjustment
    sets in Markov equivalence classes of ancestral graphs, JMLR 18(220), definition of Forb(X, Y).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("m", "sign")])
    >>> sorted(forbidden_nodes(graph, "t", "y"))
    ['m', 'sign', 'y']
    """
    return graph.descendants(mediating_nodes(graph, treatment, outcome))


def proper_backdoor_graph(graph: CausalGraph, treatment: Names, outcome: Names) -> CausalGraph:
    """Take away the first arrow of every proper causal path, so that what still joins the two is bias.

    Raises
    ------
    GraphError, UnknownVariableError
        As `mediating_nodes`.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2019), definition of the proper back-door graph.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> [str(edge) for edge in proper_backdoor_graph(graph, "t", "y").edges]
    ['w -> t', 'w -> y']
    """
    xs, _ = _two_sides(graph, treatment, outcome)
    between = mediating_nodes(graph, treatment, outcome)

    def kept(edge: Edge) -> bool:
        return not (edge.kind is EdgeKind.DIRECTED and edge.source in xs and edge.target in between)

    return _with_edges(graph, kept)


def is_valid_adjustment(graph: CausalGraph, treatment: Names, outcome: Names, given: Names) -> bool:
    """Whether adjusting for a set gives the total effect of the treatment on the outcome.

    Parameters
    ----------
    graph
        With directed and bidirected edges only; latent nodes are never valid members of a set.
    treatment, outcome, given
        Names of nodes, or one name.

    Returns
    -------
    bool
        Where the treatment has no effect on the outcome, a set is valid if it makes the two independent.

    Raises
    ------
    GraphError, UnknownVariableError
        As `mediating_nodes`.

    References
    ----------
    Shpitser, VanderWeele & Robins (2010), On the validity of covariate adjustment for estimating causal effects, UAI,
    theorem 3. Perković et al. (2018), definition 5. van der Zander, Liśkiewicz & Textor (2019), the constructive form.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "m"), ("m", "y")])
    >>> [is_valid_adjustment(graph, "t", "y", given) for given in ("w", (), ("w", "m"))]
    [True, False, False]
    """
    xs, ys = _two_sides(graph, treatment, outcome)
    held = named(graph, given)
    if held & (xs | ys | graph.latent | forbidden_nodes(graph, xs, ys)):
        return False
    return separated(proper_backdoor_graph(graph, xs, ys), xs, ys, held)


def some_adjustment_set(graph: CausalGraph, treatment: Names, outcome: Names) -> frozenset[str] | None:
    """Find a valid adjustment set from which nothing can be left out.

    If any set is valid, the admissible ancestors of treatment and outcome are. Of them those are kept that are met
    first on the way from the treatment, and of these those met first on the way from the outcome: what is left is
    minimal, and does not depend on any order.

    Returns
    -------
    frozenset of str or None
        ``None`` if no set of observed variables is valid. The empty set says that nothing need be adjusted for.

    Raises
    ------
    GraphError, UnknownVariableError
        As `mediating_nodes`.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2019), the closed form Adjust(X, Y) and the algorithm FINDMINSEP.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("v", "w"), ("w", "t"), ("v", "y"), ("t", "y")])
    >>> sorted(some_adjustment_set(graph, "t", "y"))
    ['w']
    """
    xs, ys = _two_sides(graph, treatment, outcome)
    ancestral = graph.ancestors(xs | ys)
    candidates = ancestral - xs - ys - graph.latent - forbidden_nodes(graph, xs, ys)
    bare = proper_backdoor_graph(graph, xs, ys)
    if not separated(bare, xs, ys, candidates):
        return None
    from_treatment = candidates & _met_first(bare, xs, candidates, ancestral)
    return from_treatment & _met_first(bare, ys, from_treatment, ancestral)


def _two_sides(graph: CausalGraph, treatment: Names, outcome: Names) -> tuple[frozenset[str], frozenset[str]]:
    require_directions(graph)
    xs, ys = named(graph, treatment), named(graph, outcome)
    if xs & ys:
        raise GraphError(
            f"{min(xs & ys)!r} is both treatment and outcome",
            reason="A variable has no effect on itself.",
            advice="Name two different variables.",
        )
    return xs, ys


def _with_edges(graph: CausalGraph, kept: Callable[[Edge], bool]) -> CausalGraph:
    # Part of a valid graph is a valid graph: checking again would take most of the time of the many small questions.
    return CausalGraph.model_construct(nodes=graph.nodes, edges=tuple(edge for edge in graph.edges if kept(edge)))


def _met_first(
    graph: CausalGraph, start: frozenset[str], held: frozenset[str], ancestral: frozenset[str]
) -> frozenset[str]:
    """Find the nodes met on walks from `start` through `ancestral` that go through no node of `held`.

    These are walks in the moral graph of the ancestral part: whatever collides there has a descendant among treatments,
    outcomes or the set, and lets the walk pass.
    """
    found = {(node, False) for node in start}
    ahead = list(found)
    while ahead:
        node, into = ahead.pop()
        for others, head_here, head_there in (
            (graph.children_of[node], False, True),
            (graph.parents_of[node], True, False),
            (graph.spouses_of[node], True, True),
        ):
            if (into and head_here) or node not in held:
                for other in others:
                    step = (other, head_there)
                    if other in ancestral and step not in found:
                        found.add(step)
                        ahead.append(step)
    return frozenset(node for node, _ in found)
