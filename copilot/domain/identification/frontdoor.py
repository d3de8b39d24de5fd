"""Front-door adjustment: effects read off the variables that carry them, though treatment and outcome are confounded.

A set Z of observed nodes satisfies the front-door criterion for X and Y when (1) every directed path from X to Y meets
Z, (2) no back-door path from X to Z is open, and (3) every back-door path from Z to Y is blocked by X. Which nodes (2)
lets in is a question about each node alone. Among these a largest set holds (3): a node from which a back-door path to
Y is open while all arrows out of the set are cut stays joined to Y in every smaller set, which cuts fewer arrows; so
such nodes are dropped until none is left. A front-door set within given nodes exists if this largest set meets (1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph, reach
from copilot.domain.identification.values import Names
from copilot.domain.identification.walks import open_from
from copilot.domain.separation import named

_PROBES = 500
"""How many questions one listing may ask before it says that it is not complete."""
_WORK = 2_000_000
"""Edges that the walks of one listing may look at, over and above what its first set takes."""


@dataclass
class _Meter:
    """What the walks of one listing have cost: a count of steps, so that it stops alike on every machine."""

    edges: int = 0

    def run(self, graph: CausalGraph) -> None:
        """Note a walk through a graph."""
        self.edges += len(graph.edges)

    @property
    def spent(self) -> bool:
        """Whether nothing further should be begun."""
        return self.edges > _WORK


@dataclass(frozen=True)
class _Criterion:
    """The criterion for one treatment and one outcome, within levels of `given`."""

    graph: CausalGraph
    treatment: str
    outcome: str
    given: frozenset[str] = frozenset()
    meter: _Meter = field(default_factory=_Meter)

    def unconfounded(self, names: frozenset[str]) -> frozenset[str]:
        """Keep the nodes to which no back-door path leads from the treatment (2)."""
        start = frozenset((self.treatment,))
        self.meter.run(self.graph)
        return names - open_from(self.graph, start, self.given, cut=start) - self.given - start

    def largest(self, names: frozenset[str]) -> frozenset[str]:
        """Find the largest subset from which no back-door path to the outcome is open (3)."""
        kept, held = names, self.given | {self.treatment}
        while bad := kept & open_from(self.graph, frozenset((self.outcome,)), held, cut=kept):
            self.meter.run(self.graph)
            kept -= bad
        self.meter.run(self.graph)
        return kept

    def intercepts(self, names: frozenset[str]) -> bool:
        """Whether every directed path from the treatment to the outcome meets the set (1)."""
        onward = {node: () if node in names else children for node, children in self.graph.children_of.items()}
        return self.outcome not in reach((self.treatment,), onward)

    def within(self, names: frozenset[str]) -> frozenset[str] | None:
        """Find the largest set within unconfounded nodes that satisfies the criterion."""
        kept = self.largest(names)
        return kept if self.intercepts(kept) else None


def frontdoor_sets(graph: CausalGraph, treatment: str, outcome: str, limit: int = 20) -> tuple[tuple[Names, ...], bool]:
    """List the front-door sets of observed nodes from which nothing can be left out.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome
        Names of two nodes.
    limit
        How many sets to list at most.

    Returns
    -------
    sets : tuple of tuple of str
        Smallest first, then by name; none if there is none, or if the treatment has no effect to carry.
    complete : bool
        Whether these are all.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or treatment and outcome are the same.
    UnknownVariableError
        If a name is no node.

    Notes
    -----
    Whether a set exists, and one minimal set, take polynomial time. The next sets are found by leaving out, in turn,
    the members of those found (Reiter's tree of hitting sets), within a fixed number of steps.

    References
    ----------
    Pearl (1995), Causal diagrams for empirical research, Biometrika 82(4), definition 3 and theorem 2. Jeong, Tian &
    Bareinboim (2022), Finding and listing front-door adjustment sets, NeurIPS. Wienöbst, van der Zander & Liśkiewicz
    (2024), Linear-time algorithms for front-door adjustment in causal graphs, AAAI.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y")], bidirected=[("t", "y")])
    >>> frontdoor_sets(graph, "t", "y")
    ((('m',),), True)
    """
    if not mediating_nodes(graph, treatment, outcome):
        return (), True
    criterion = _Criterion(_ancestral(graph, outcome), treatment, outcome)
    observed = frozenset(criterion.graph.names) - graph.latent - {treatment, outcome}
    found, complete = _minimal_sets(criterion, criterion.unconfounded(observed), limit)
    return tuple(sorted((tuple(sorted(some)) for some in found), key=lambda some: (len(some), some))), complete


def is_valid_frontdoor(
    graph: CausalGraph, treatment: str, outcome: str, mediators: str | Iterable[str], given: str | Iterable[str] = ()
) -> bool:
    """Whether a set satisfies the front-door criterion, within levels of covariates if some are given.

    With covariates W the three conditions are asked given W, and W may hold no descendant of the treatment or of a
    mediator; see `frontdoor_with_covariates`.

    Raises
    ------
    GraphError, UnknownVariableError
        As `frontdoor_sets`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("w", "m"), ("w", "y")], bidirected=[("t", "y")])
    >>> is_valid_frontdoor(graph, "t", "y", "m"), is_valid_frontdoor(graph, "t", "y", "m", "w")
    (False, True)
    """
    mediating = mediating_nodes(graph, treatment, outcome)
    chosen, held = named(graph, mediators), named(graph, given)
    sides = {treatment, outcome}
    if not mediating or (chosen | held) & (graph.latent | sides) or held & graph.descendants(chosen | {treatment}):
        return False
    criterion = _Criterion(graph, treatment, outcome, held)
    return criterion.unconfounded(chosen) == chosen and criterion.within(chosen) == chosen


def frontdoor_with_covariates(
    graph: CausalGraph, treatment: str, outcome: str, limit: int = 5
) -> tuple[tuple[Names, Names], ...]:
    """Find front-door sets that hold within levels of covariates.

    The mediators M and covariates W are observed; W holds no descendant of the treatment X; M lies between X and Y; and
    given W, (1) M meets every directed path from X to Y, (2) no back-door path from X to M is open, (3) every back-door
    path from M to Y is blocked by X. Then, with sums over all values,

        P(y | do(x)) = sum_w P(w) sum_m P(m | x, w) sum_x' P(y | m, x', w) P(x' | w).

    By the rules of do-calculus: W is no effect of X, so P(w | do(x)) = P(w). P(m | do(x), w) = P(m | x, w) by rule 2
    and (2). P(y | do(x), m, w) = P(y | do(x), do(m), w) by rule 2 and (3), = P(y | do(m), w) by rule 3 and (1). In this
    last, P(x' | do(m), w) = P(x' | w) by rule 3, as M has no effect on X or W, and P(y | do(m), x', w) =
    P(y | m, x', w) by rule 2 and (3).

    Returns
    -------
    tuple of (mediators, covariates)
        At most `limit`, the fewest names first. No covariate can be left out alone, so none where none is needed. The
        search tries few large sets of covariates and is sound, but not complete.

    Raises
    ------
    GraphError, UnknownVariableError
        As `frontdoor_sets`.

    References
    ----------
    Pearl (2009), Causality, theorem 3.4.1 (the rules). Fulcher, Shpitser, Marealle & Tchetgen Tchetgen (2020), Robust
    inference on population indirect causal effects: the generalized front-door criterion, JRSS B 82(1).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("w", "m"), ("w", "y")], bidirected=[("t", "y")])
    >>> frontdoor_with_covariates(graph, "t", "y")
    ((('m',), ('w',)),)
    """
    mediating = mediating_nodes(graph, treatment, outcome) - {outcome} - graph.latent
    small = _ancestral(graph, outcome)
    before = frozenset(small.names) - graph.descendants((treatment,)) - graph.latent
    found: set[tuple[Names, Names]] = set()
    if not mediating:
        return ()
    early = small.ancestors((treatment, *(child for child in small.children_of[treatment])))
    meter = _Meter()
    for covariates in dict.fromkeys((before, before & early, before & small.ancestors((treatment,)), frozenset[str]())):
        criterion = _Criterion(small, treatment, outcome, covariates, meter)
        sets, _ = _minimal_sets(criterion, criterion.unconfounded(mediating), limit)
        for mediators in sets:
            if found and meter.spent:
                break
            needed = _needed_covariates(criterion, mediators)
            found.add((tuple(sorted(mediators)), tuple(sorted(needed))))
    ordered = sorted(found, key=lambda pair: (len(pair[0]) + len(pair[1]), pair))
    return tuple(ordered[:limit])


def _ancestral(graph: CausalGraph, outcome: str) -> CausalGraph:
    # Of a front-door set the ancestors of the outcome are one, and no path that leaves these ancestors is open:
    # beyond them it meets a collider that is no ancestor of the treatment.
    kept = graph.ancestors((outcome,))
    return CausalGraph.model_construct(
        nodes=tuple(node for node in graph.nodes if node.name in kept),
        edges=tuple(edge for edge in graph.edges if edge.source in kept and edge.target in kept),
    )


def _minimal_sets(criterion: _Criterion, names: frozenset[str], limit: int) -> tuple[list[frozenset[str]], bool]:
    """List minimal sets that satisfy the criterion, within unconfounded nodes; and whether they are all."""
    found: list[frozenset[str]] = []
    ahead, seen = [frozenset[str]()], {frozenset[str]()}
    for steps, excluded in enumerate(ahead):  # the list grows while it is read
        if steps and (steps > _PROBES or criterion.meter.spent):
            return found, False
        known = next((some for some in found if not some & excluded), None)
        some = known if known is not None else _shrink(criterion.within, names - excluded)
        if some is None:
            continue
        if known is None:
            if len(found) == limit:
                return found, False
            found.append(some)
        for name in sorted(some):
            if (more := excluded | {name}) not in seen:
                seen.add(more)
                ahead.append(more)
    return found, True


def _shrink(within: Callable[[frozenset[str]], frozenset[str] | None], names: frozenset[str]) -> frozenset[str] | None:
    """Leave out what can be left out, many at a time; what is needed once stays needed in every smaller set."""
    kept = within(names)
    blocks = [sorted(kept)] if kept else []
    while kept and blocks:
        block = [name for name in blocks.pop() if name in kept]
        smaller = within(kept.difference(block)) if block else None
        if smaller is not None:
            kept = smaller
        elif len(block) > 1:
            half = len(block) // 2
            blocks += [block[:half], block[half:]]
    return kept


def _needed_covariates(criterion: _Criterion, mediators: frozenset[str]) -> frozenset[str]:
    def still_holds(covariates: frozenset[str]) -> bool:
        other = replace(criterion, given=covariates)
        return other.unconfounded(mediators) == mediators and other.within(mediators) == mediators

    kept, changed = criterion.given, True
    while changed:  # leaving one out may let another go, as with colliders
        changed = False
        blocks = [sorted(kept)]
        while blocks:
            block = blocks.pop()
            if block and still_holds(kept.difference(block)):
                kept, changed = kept.difference(block), True
            elif len(block) > 1:
                half = len(block) // 2
                blocks += [block[:half], block[half:]]
    return kept
