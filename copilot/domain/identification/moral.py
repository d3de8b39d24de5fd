"""Adjustment as a question about an undirected graph, in which sets of nodes are bits of an integer.

Let I be the nodes that every set must hold. A set that separates X from Y and holds I, and from which nothing but I
can be left out, lies among the ancestors of X, Y and I. Over these, a set separates exactly if it cuts X from Y in the
moral graph: two nodes are neighbours there if they are joined by an edge or by a path on which every inner node is a
collider. What may not be adjusted for cannot cut anything, so walks pass through it freely.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from copilot.domain.adjustment import Names, forbidden_nodes, proper_backdoor_graph
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.values import EffectKind
from copilot.domain.separation import named, require_directions
from copilot.errors import GraphError


@dataclass(frozen=True)
class AdjustmentQuestion:
    """Which sets to adjust for, with what a user insists on.

    Parameters
    ----------
    graph, bare
        As it is, and without the arrows whose effect is asked for.
    treatments, outcomes
        The two sides.
    held
        What every set holds.
    allowed
        What sets may hold.
    effect
        Total or direct.
    """

    graph: CausalGraph
    bare: CausalGraph
    treatments: frozenset[str]
    outcomes: frozenset[str]
    held: frozenset[str]
    allowed: frozenset[str]
    effect: EffectKind

    @property
    def possible(self) -> bool:
        """Whether what every set must hold may be held at all."""
        return self.held <= self.allowed


def adjustment_question(
    graph: CausalGraph,
    treatment: Names,
    outcome: Names,
    *,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> AdjustmentQuestion:
    """Work out which arrows carry the effect, and what may be adjusted for.

    For the total effect this is the adjustment criterion. For the direct effect the arrows from treatment to outcome
    are taken away, and effects of the outcome may not be adjusted for (Pearl's single-door criterion).

    Raises
    ------
    GraphError
        If the graph has undirected edges, a node is treatment and outcome, or one is both demanded and ruled out.
    UnknownVariableError
        If a name is no node.
    """
    require_directions(graph)
    xs, ys = named(graph, treatment), named(graph, outcome)
    held, ruled_out = named(graph, must), named(graph, never)
    if held & ruled_out:
        raise GraphError(
            f"{min(held & ruled_out)!r} is to be adjusted for always and never",
            advice="Name it on one side only.",
        )
    forbidden = forbidden_nodes(graph, xs, ys)
    if effect is EffectKind.TOTAL:
        bare = proper_backdoor_graph(graph, xs, ys)
    else:
        forbidden = graph.descendants(ys)
        kept = (e for e in graph.edges if not (e.kind is EdgeKind.DIRECTED and e.source in xs and e.target in ys))
        bare = CausalGraph.model_construct(nodes=graph.nodes, edges=tuple(kept))
    allowed = frozenset(graph.names) - graph.latent - xs - ys - forbidden - ruled_out
    return AdjustmentQuestion(graph, bare, xs, ys, held, allowed, effect)


@dataclass(frozen=True)
class MoralGraph:
    """The moral graph of an adjustment question, without the nodes that every set holds.

    Parameters
    ----------
    names
        Sorted; a node's place is its bit.
    adjacent
        Node → its neighbours.
    near, far
        The outcomes, and the treatments.
    free
        What a set may hold.
    """

    names: tuple[str, ...]
    adjacent: tuple[int, ...]
    near: int
    far: int
    free: int

    @cached_property
    def everything(self) -> int:
        """All nodes."""
        return (1 << len(self.names)) - 1

    def named(self, mask: int) -> frozenset[str]:
        """Turn bits into names."""
        return frozenset(self.names[place] for place in bits(mask))

    def around(self, mask: int) -> int:
        """Find the neighbours of a set that lie outside it."""
        found = 0
        for place in bits(mask):
            found |= self.adjacent[place]
        return found & ~mask

    def component(self, start: int, within: int) -> int:
        """Find all that is joined to `start` by walks through `within`."""
        found = ahead = start
        while ahead:
            reached = 0
            for place in bits(ahead):
                reached |= self.adjacent[place]
            ahead = reached & within & ~found
            found |= ahead
        return found

    def absorbed(self, start: int) -> int:
        """Add what no set can cut off from `start`."""
        return self.component(start, self.everything & ~self.free)

    @cached_property
    def separable(self) -> bool:
        """Whether some set cuts the treatments from the outcomes."""
        return not self.absorbed(self.near) & self.far

    def cut(self, side: int) -> int:
        """Find the minimal separator that lies nearest to an absorbed set around the outcomes."""
        edge = self.around(side)
        return self.around(self.component(self.far, self.everything & ~(side | edge)))

    def separators(self) -> Iterator[int]:
        """List all minimal separators, those near the outcomes first, each once and with polynomial delay.

        The separators with a set A on the side of the outcomes have a nearest one, S. Any other leaves the part of S it
        shares up to some node v, and has v on the side of the outcomes. A branch is empty exactly if its own nearest
        separator lacks a node that was to be kept: what is farther away than that cannot hold it either.

        References
        ----------
        Takata (2010), Space-optimal, backtracking algorithms to list the minimal vertex separators of a graph, Discrete
        Appl. Math. 158. van der Zander, Liśkiewicz & Textor (2019), Separators and adjustment sets in causal graphs,
        Artif. Intell. 270, LISTMINSEP.
        """
        if not self.separable:
            return
        beside_far = self.around(self.absorbed(self.far))
        ahead = deque([(self.absorbed(self.near), 0)])
        while ahead:
            side, kept = ahead.popleft()
            separator = self.cut(side)
            if kept & ~separator:
                continue
            yield separator
            side = self.component(self.near, self.everything & ~separator)
            for place in bits(separator & ~kept & ~beside_far):
                ahead.append((self.absorbed(side | 1 << place), kept))
                kept |= 1 << place


def moral_graph(question: AdjustmentQuestion) -> MoralGraph:
    """Build the moral graph over the ancestors of treatments, outcomes and what every set holds."""
    bare = question.bare
    ancestral = bare.ancestors(question.treatments | question.outcomes | question.held)
    names = tuple(sorted(ancestral))
    bit = {name: 1 << place for place, name in enumerate(names)}
    adjacent = dict.fromkeys(names, 0)
    left = set(names)
    for name in names:
        if name not in left:
            continue
        district, ahead = {name}, [name]
        while ahead:
            for spouse in bare.spouses_of[ahead.pop()]:
                if spouse in ancestral and spouse not in district:
                    district.add(spouse)
                    ahead.append(spouse)
        left -= district
        clique = district.union(*(bare.parents_of[member] for member in district))
        mask = sum(bit[member] for member in clique)
        for member in clique:
            adjacent[member] |= mask
    live = sum(bit[name] for name in names if name not in question.held)
    return MoralGraph(
        names=names,
        adjacent=tuple(adjacent[name] & live & ~bit[name] for name in names),
        near=sum(bit[name] for name in question.outcomes),
        far=sum(bit[name] for name in question.treatments),
        free=sum(bit[name] for name in (question.allowed & ancestral) - question.held),
    )


def bits(mask: int) -> Iterator[int]:
    """List the places of the bits that are set, the lowest first.

    Examples
    --------
    >>> list(bits(0b1010))
    [1, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
