"""How far a guessed graph is from the true one, in edges and in the effects that would be estimated from it."""

from __future__ import annotations

from copilot.domain.adjustment import is_valid_adjustment, some_adjustment_set
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.value import Value
from copilot.errors import GraphError


class EdgeComparison(Value):
    """A guess laid beside the truth, edge by edge.

    Parameters
    ----------
    right
        Edges of both, with kind and direction.
    reversed
        Directed edges of the guess that the truth draws the other way.
    missing
        Other edges of the truth that the guess has not.
    extra
        Other edges of the guess that the truth has not; an undirected edge where the truth has an arrow is extra, and
        the arrow missing.
    """

    right: tuple[Edge, ...] = ()
    reversed: tuple[Edge, ...] = ()
    missing: tuple[Edge, ...] = ()
    extra: tuple[Edge, ...] = ()

    @property
    def precision(self) -> float:
        """Share of the guessed edges that are right, in [0, 1]; 1 if there are none."""
        guessed = len(self.right) + len(self.reversed) + len(self.extra)
        return len(self.right) / guessed if guessed else 1.0

    @property
    def recall(self) -> float:
        """Share of the true edges that were guessed, in [0, 1]; 1 if there are none."""
        true = len(self.right) + len(self.reversed) + len(self.missing)
        return len(self.right) / true if true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]; a reversed edge is one wrong and one missed."""
        wrong = 2 * len(self.reversed) + len(self.missing) + len(self.extra)
        return 2 * len(self.right) / (2 * len(self.right) + wrong) if self.right or wrong else 1.0


def compare_edges(guess: CausalGraph, truth: CausalGraph) -> EdgeComparison:
    """Sort the edges of both graphs into right, reversed, missing and extra; the nodes need not agree.

    Examples
    --------
    >>> guess = CausalGraph.build(directed=[("a", "b"), ("c", "b")])
    >>> truth = CausalGraph.build(directed=[("a", "b"), ("b", "c"), ("a", "c")])
    >>> compared = compare_edges(guess, truth)
    >>> [str(edge) for edge in (*compared.right, *compared.reversed, *compared.missing)], compared.f1
    (['a -> b', 'c -> b', 'a -> c'], 0.4)
    """
    guessed, true = frozenset(guess.edges), frozenset(truth.edges)
    turned = {
        edge: Edge(source=edge.target, target=edge.source)
        for edge in guess.edges
        if edge.kind is EdgeKind.DIRECTED and edge not in true
    }
    flipped = {edge for edge, other in turned.items() if other in true}
    known = guessed | {turned[edge] for edge in flipped}
    return EdgeComparison(
        right=tuple(edge for edge in guess.edges if edge in true),
        reversed=tuple(edge for edge in guess.edges if edge in flipped),
        missing=tuple(edge for edge in truth.edges if edge not in known),
        extra=tuple(edge for edge in guess.edges if edge not in true and edge not in flipped),
    )


def structural_hamming_distance(guess: CausalGraph, truth: CausalGraph) -> int:
    """Count the changes that turn one graph into the other.

    For every pair of nodes the arrow (none, one way, the other way, undirected) and the bidirected edge (there or not)
    count one each if they differ; so a reversed arrow is one change.

    Raises
    ------
    GraphError
        If the graphs have different nodes.

    References
    ----------
    Tsamardinos, Brown & Aliferis (2006), The max-min hill-climbing Bayesian network structure learning algorithm,
    Machine Learning 65, section 9.1.3; extended to bidirected edges as described.

    Examples
    --------
    >>> guess = CausalGraph.build(directed=[("a", "b"), ("c", "b")])
    >>> truth = CausalGraph.build(directed=[("a", "b"), ("b", "c"), ("a", "c")])
    >>> structural_hamming_distance(guess, truth)
    2
    """
    _require_same_nodes(guess, truth)

    def by_place(graph: CausalGraph) -> dict[tuple[tuple[str, str], bool], Edge]:
        return {(edge.pair, edge.kind is EdgeKind.BIDIRECTED): edge for edge in graph.edges}

    ours, theirs = by_place(guess), by_place(truth)
    return sum(ours.get(place) != theirs.get(place) for place in ours.keys() | theirs.keys())


def structural_intervention_distance(guess: CausalGraph, truth: CausalGraph) -> int:
    """Count the effects that would be estimated wrongly from the guess.

    For every ordered pair (i, j) the guess says: adjust for the parents of i; or, if j is among these, there is no
    effect. The pair counts if that is wrong in the truth.

    Parameters
    ----------
    guess, truth
        Directed graphs over the same n nodes, all of which are taken as observed.

    Returns
    -------
    int
        Between 0 and n (n - 1); 0 if every arrow of the truth is in the guess. Not symmetric.

    Raises
    ------
    GraphError
        If the nodes differ, or a graph has an edge that is not directed.

    References
    ----------
    Peters & Bühlmann (2015), Structural intervention distance for evaluating causal graphs, Neural Computation 27(3),
    definition 4 and proposition 6.

    Examples
    --------
    >>> truth = CausalGraph.build(directed=[("a", "b")])
    >>> structural_intervention_distance(CausalGraph.build(directed=[("b", "a")]), truth)
    2
    """
    _require_same_nodes(guess, truth)
    _require_directed(guess, truth)
    wrong = 0
    truth = CausalGraph.build(truth.names, directed=[(edge.source, edge.target) for edge in truth.edges])
    for cause in truth.names:
        parents = frozenset(guess.parents(cause))
        affected = truth.descendants([cause])
        for effect in truth.names:
            if effect in parents:
                wrong += effect in affected
            elif effect != cause:
                wrong += not is_valid_adjustment(truth, cause, effect, parents)
    return wrong


def valid_adjustment_share(guess: CausalGraph, truth: CausalGraph) -> float:
    """Tell how often the adjustment set read off the guess is valid in the truth.

    Asked of every ordered pair of observed variables of which the first has an effect on the second in the truth. A
    guess that sees no effect there, or no valid set, is wrong.

    Returns
    -------
    float
        In [0, 1]; 1 if the truth holds no effect at all.

    Raises
    ------
    GraphError
        If the nodes differ, or a graph has undirected edges.

    Examples
    --------
    >>> truth = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> valid_adjustment_share(CausalGraph.build(["w"], directed=[("t", "y")]), truth)
    0.0
    """
    _require_same_nodes(guess, truth)
    asked = right = 0
    for treatment in truth.names:
        if treatment in truth.latent:
            continue
        believed = guess.descendants([treatment])
        for outcome in sorted(truth.descendants([treatment]) - {treatment} - truth.latent):
            asked += 1
            chosen = some_adjustment_set(guess, treatment, outcome) if outcome in believed else None
            right += chosen is not None and is_valid_adjustment(truth, treatment, outcome, chosen)
    return right / asked if asked else 1.0


def _require_directed(*graphs: CausalGraph) -> None:
    for graph in graphs:
        for edge in graph.edges:
            if edge.kind is not EdgeKind.DIRECTED:
                raise GraphError(
                    f"the structural intervention distance does not know what to make of {edge}",
                    reason="It is defined for graphs of directed edges alone.",
                    advice="Use compare_edges or valid_adjustment_share.",
                )


def _require_same_nodes(guess: CausalGraph, truth: CausalGraph) -> None:
    apart = sorted(frozenset(guess.names) ^ frozenset(truth.names))
    if apart:
        raise GraphError(
            f"the two graphs do not have the same nodes: {apart[0]!r} is in one of them only",
            reason=f"{len(apart)} of the names are not shared.",
            advice="Compare graphs over the same variables.",
        )
