"""General identification: the effect as an expression in observed probabilities, or the hedge that rules one out.

Let V be the observed ancestors of the outcomes Y, X the treatments among them, and Q[S] = P(s | do(v without s)). V
falls into c-components, the sets joined by bidirected edges, and P(v) is the product of their Q[S_i]. Likewise
P(y | do(x)) = sum over D without Y of the product of Q[D_i], where D are the ancestors of Y in the graph without X and
D_i its c-components. Each D_i lies in one S_j and is worked out of Q[S_j] by two moves: summing out what is no ancestor
of D_i, and passing to the c-component that holds D_i. Where neither is possible any more, what is left and D_i form a
hedge, and no expression exists: the procedure is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from copilot.domain.graph import CausalGraph, reach
from copilot.domain.identification.expression import Expression, Probability, product, ratio, sum_over, to_text
from copilot.domain.identification.projection import latent_projection, topological_order
from copilot.domain.identification.values import GeneralIdentification
from copilot.domain.identification.walks import open_from
from copilot.domain.separation import named
from copilot.errors import GraphError

_SIZE_LIMIT = 20_000
"""Names in an expression above which it is not built further: it may grow exponentially, the decision does not."""
_SMALL = 60
"""Nodes up to which independences are looked up to shorten the expression."""

_TOO_LONG = "… (too long to show)"


class _TooLongError(Exception):
    """The expression has outgrown its limit."""


def general_identification(
    graph: CausalGraph, treatments: str | Iterable[str], outcomes: str | Iterable[str]
) -> GeneralIdentification:
    """Decide whether the graph alone identifies P(outcomes | do(treatments)), and by which expression.

    Parameters
    ----------
    graph
        With directed and bidirected edges, and latent nodes.
    treatments, outcomes
        Names of observed nodes.

    Returns
    -------
    GeneralIdentification
        `expression` is cut where it is too long to show. A name in it that is neither summed over nor treatment or
        outcome may take any value: the whole does not depend on it.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or a node is latent or on both sides.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    Tian & Pearl (2002), A general identification condition for causal effects, AAAI. Shpitser & Pearl (2006),
    Identification of joint interventional distributions in recursive semi-Markovian causal models, AAAI (algorithm ID,
    hedges). Huang & Valtorta (2006), Pearl's calculus of intervention is complete, UAI.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("x", "z"), ("z", "y")], bidirected=[("x", "y")])
    >>> general_identification(graph, "x", "y").expression
    "sum_{z} P(z | x) sum_{x'} P(y | x', z) P(x')"
    """
    problem = _problem(graph, treatments, outcomes)
    hedge = problem.hedge()
    if hedge:
        larger, smaller = (tuple(sorted(some)) for some in hedge)
        return GeneralIdentification(identifiable=False, hedge=(larger, smaller))
    try:
        return GeneralIdentification(identifiable=True, expression=to_text(problem.expression()))
    except _TooLongError:
        return GeneralIdentification(identifiable=True, expression=_TOO_LONG)


def identifying_expression(
    graph: CausalGraph, treatments: str | Iterable[str], outcomes: str | Iterable[str]
) -> Expression | None:
    """Build the expression for P(outcomes | do(treatments)), to be evaluated.

    Returns
    -------
    Expression or None
        ``None`` if there is none, or if it is too long to be of use.

    Raises
    ------
    GraphError, UnknownVariableError
        As `general_identification`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("z", "x"), ("z", "y"), ("x", "y")])
    >>> to_text(identifying_expression(graph, "x", "y"))
    'sum_{z} P(y | x, z) P(z)'
    """
    problem = _problem(graph, treatments, outcomes)
    if problem.hedge():
        return None
    try:
        return problem.expression()
    except _TooLongError:
        return None


@dataclass(frozen=True)
class _Problem:
    """A graph over observed ancestors of the outcomes, and treatments among them."""

    graph: CausalGraph
    treatments: frozenset[str]
    outcomes: frozenset[str]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Causes first."""
        return topological_order(self.graph)

    @cached_property
    def place(self) -> dict[str, int]:
        """Name → its place in the order."""
        return {name: place for place, name in enumerate(self.order)}

    @cached_property
    def joined(self) -> dict[tuple[frozenset[str], frozenset[str]], frozenset[str]]:
        """Nodes, and what is given → all that open paths lead to from there; filled as it is asked for."""
        return {}

    @cached_property
    def targets(self) -> tuple[frozenset[str], ...]:
        """The c-components D_i, the latest first."""
        rest = frozenset(self.order) - self.treatments
        return self.components(self.ancestors(self.outcomes, rest))

    def ancestors(self, names: frozenset[str], within: frozenset[str]) -> frozenset[str]:
        """Find the ancestors of some nodes in the graph over `within`."""
        found, ahead = set(names), list(names)
        while ahead:
            for parent in self.graph.parents_of[ahead.pop()]:
                if parent in within and parent not in found:
                    found.add(parent)
                    ahead.append(parent)
        return frozenset(found)

    def component(self, name: str, within: frozenset[str]) -> frozenset[str]:
        """Find the c-component of a node in the graph over `within`."""
        found, ahead = {name}, [name]
        while ahead:
            for spouse in self.graph.spouses_of[ahead.pop()]:
                if spouse in within and spouse not in found:
                    found.add(spouse)
                    ahead.append(spouse)
        return frozenset(found)

    def components(self, within: frozenset[str]) -> tuple[frozenset[str], ...]:
        """Split into c-components, the one with the latest member first."""
        found: list[frozenset[str]] = []
        left = set(within)
        for name in reversed(self.order):
            if name in left:
                found.append(self.component(name, within))
                left -= found[-1]
        return tuple(found)

    def steps(self, target: frozenset[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Walk from the c-component of all down to the target: (what is held, its part that is ancestral to it).

        The walk ends at the target, or stands still at a set equal to its ancestral part.
        """
        member = min(target)
        held = self.component(member, frozenset(self.order))
        while True:
            ancestral = self.ancestors(target, held)
            yield held, ancestral
            if ancestral in {target, held}:
                return
            held = self.component(member, ancestral)

    def hedge(self) -> tuple[frozenset[str], frozenset[str]] | None:
        """Find a target that cannot be reached, with what it is stuck in; the smallest."""
        ends = [(*list(self.steps(target))[-1], target) for target in self.targets]
        stuck = [(held, target) for held, ancestral, target in ends if ancestral != target]
        return min(stuck, key=lambda pair: (len(pair[0]), sorted(pair[0]), sorted(pair[1])), default=None)

    def expression(self) -> Expression:
        """Put the parts together; every target can be reached."""
        parts = [self._reduced(target) for target in self.targets]
        names = frozenset[str]().union(*self.targets) - self.outcomes
        return _checked(self._summed(names, product(parts)))

    def _reduced(self, target: frozenset[str]) -> Expression:
        steps = list(self.steps(target))
        q = self._observed(steps[0][0])
        for place, (held, ancestral) in enumerate(steps):
            q = _checked(self._summed(held - ancestral, q))
            if place + 1 < len(steps):
                q = self._part(q, ancestral, steps[place + 1][0])
        return q

    def _observed(self, component: frozenset[str]) -> Expression:
        """Q of a c-component of all: its members given what comes before, as far as that matters.

        Tian & Pearl (2002), On the testable implications, corollary 1.
        """
        factors = []
        for name in sorted(component, key=self.place.__getitem__, reverse=True):
            before = frozenset(self.order[: self.place[name] + 1])
            joined = self.component(name, before)
            given = joined.union(*(self.graph.parents_of[some] for some in joined)) - {name}
            factors.append(Probability(frozenset((name,)), given))
        return product(factors)

    def _part(self, q: Expression, whole: frozenset[str], part: frozenset[str]) -> Expression:
        """Q of a c-component out of Q of an ancestral set (Tian & Pearl 2002, lemma 4)."""
        ordered = sorted(whole, key=self.place.__getitem__)
        factors = []
        for place, name in reversed(list(enumerate(ordered))):
            if name in part:
                upto = self._summed(frozenset(ordered[place + 1 :]), q)
                below = self._summed(frozenset((name,)), upto)
                factors.append(_checked(ratio(upto, below)))
        return _checked(product(factors))

    def _summed(self, names: frozenset[str], body: Expression) -> Expression:
        return sum_over(names, body, self._independent if len(self.order) <= _SMALL else None)

    def _independent(self, ones: frozenset[str], others: frozenset[str], given: frozenset[str]) -> bool:
        # The same nodes are held against many others: a sum is tried with each of its factors in turn.
        if (ones, given) not in self.joined:
            self.joined[ones, given] = open_from(self.graph, ones, given)
        return others.isdisjoint(self.joined[ones, given])


def _problem(graph: CausalGraph, treatments: str | Iterable[str], outcomes: str | Iterable[str]) -> _Problem:
    xs, ys = named(graph, treatments), named(graph, outcomes)
    for names, trouble in ((xs & ys, "both treatment and outcome"), ((xs | ys) & graph.latent, "not observed")):
        if names:
            raise GraphError(
                f"{min(names)!r} is {trouble}",
                reason="An effect is asked for between different, observed variables.",
                advice="Name other variables.",
            )
    whole = latent_projection(graph)
    kept = reach(ys, whole.parents_of)
    small = CausalGraph.model_construct(
        nodes=tuple(node for node in whole.nodes if node.name in kept),
        edges=tuple(edge for edge in whole.edges if edge.source in kept and edge.target in kept),
    )
    return _Problem(small, xs & kept, ys)


def _checked(expression: Expression) -> Expression:
    if expression.size > _SIZE_LIMIT:
        raise _TooLongError
    return expression
