"""Circles among accepted edges are broken at the least cost in votes: a minimum-weight feedback arc set."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from copilot.errors import CopilotError
from copilot.voting.covering import covering_cut

Arrow = tuple[str, str]

WORK = 1_500_000
"""Edges looked at in one knot of circles before it is handed to an integer program: about a fifth of a second. A count
and not a time, so that the result is the same on every machine."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Edges to take out.

    Parameters
    ----------
    arrows
        Sorted; what is left has no directed circle.
    minimal
        Whether no other choice takes out less weight; false if the search met its limit.
    """

    arrows: tuple[Arrow, ...]
    minimal: bool


def break_cycles(weights: Mapping[Arrow, Fraction], kept: Iterable[Arrow] = (), *, work: int = WORK) -> Cuts:
    """Find the edges of least total weight whose removal leaves no circle.

    Among several choices of the same weight the one that comes first in alphabetical order is taken, so the result does
    not depend on the order of the input. Exact by branch and bound within each strongly connected component: branch on
    the edges of a short circle, bound below by a packing of circles (the dual of the covering problem), and above by
    the edges that the packing uses up. Beyond `work` in one component an integer program takes over; if that meets its
    limits as well, the best cut known is taken, of which no edge could go back alone.

    Parameters
    ----------
    weights
        Weight of each edge that may go, above 0; exact, because ties are common among votes.
    kept
        Edges that never go; together they have no circle.
    work
        Edges that may be looked at per component.

    Raises
    ------
    CopilotError
        If the kept edges run in a circle; `check_constraints` has refused that before.

    References
    ----------
    Karp (1972), "Reducibility among combinatorial problems" (the problem is NP-hard). Grötschel, Jünger & Reinelt
    (1985), "On the acyclic subgraph polytope", Mathematical Programming 33 (circles as covering constraints). Baharev,
    Schichl, Neumaier & Achterberg (2021), "An exact method for the minimum feedback arc set problem", ACM J. Exp.
    Algorithmics 26 (circles made only as they are needed).

    Examples
    --------
    >>> third = Fraction(1, 3)
    >>> break_cycles({("a", "b"): 3 * third, ("b", "c"): 2 * third, ("c", "a"): third})
    Cuts(arrows=(('c', 'a'),), minimal=True)
    """
    fixed = sorted(set(kept))
    free = sorted(weights.keys() - set(fixed))
    arrows = [*free, *fixed]
    scale = lcm(*(weights[arrow].denominator for arrow in free))
    # Each edge costs its weight, less a bonus that is worth more than all bonuses of later edges together and less than
    # any difference of weights: one optimum is left, and it is the first in alphabetical order.
    size = len(free)
    costs = [(int(weights[arrow] * scale) << size) - (1 << (size - 1 - i)) for i, arrow in enumerate(free)]
    cut: list[int] = []
    minimal = True
    for knot in _knots(arrows, range(len(arrows))):
        found, exact = _Search(arrows, costs, work).best(knot, frozenset(range(size, len(arrows))))
        if not exact:
            whole = {i: int(weights[arrows[i]] * scale) for i in knot if i < size}
            covering = covering_cut({i: arrows[i] for i in knot}, whole)
            found, exact = (found, False) if covering is None else (covering, True)
        cut.extend(found)
        minimal = minimal and exact
    return Cuts(arrows=tuple(sorted(arrows[i] for i in cut)), minimal=minimal)


def path_between(children: Mapping[str, Iterable[str]], start: str, end: str) -> tuple[str, ...] | None:
    """Find a shortest directed path, the first in alphabetical order among those found by breadth.

    Returns
    -------
    tuple of str or None
        From `start` to `end`; ``None`` if there is none.
    """
    before: dict[str, str] = {start: start}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        if here == end:
            path = [here]
            while here != start:
                here = before[here]
                path.append(here)
            return tuple(reversed(path))
        for child in sorted(children.get(here, ())):
            if child not in before:
                before[child] = here
                ahead.append(child)
    return None


class _LimitMetError(Exception):
    """The search has used up its work; caught in this module."""


class _Search:
    """Branch and bound within one strongly connected component; edges are positions in one list."""

    def __init__(self, arrows: list[Arrow], costs: list[int], work: int) -> None:
        self._arrows = arrows
        self._costs = costs
        self._work = work

    def best(self, knot: tuple[int, ...], held: frozenset[int]) -> tuple[tuple[int, ...], bool]:
        packed = self._pack(knot, held)
        if packed is None:
            raise CopilotError("edges that must stay run in a circle")
        bound, known = packed
        if self._cost(known) == bound:
            return known, True
        try:
            return self._branch(knot, held, self._cost(known)) or known, True
        except _LimitMetError:
            return known, False

    def _solve(self, edges: tuple[int, ...], held: frozenset[int], budget: int) -> tuple[int, ...] | None:
        """Find the best cut that costs less than `budget`, or ``None``."""
        knots = _knots(self._arrows, edges)
        packs = []
        for knot in knots:
            packed = self._pack(knot, held)
            if packed is None:
                return None
            packs.append((knot, *packed))
        rest = sum(bound for _, bound, _ in packs)
        spent = 0
        cut: list[int] = []
        for knot, bound, known in packs:
            if spent + rest >= budget:
                return None
            rest -= bound
            cost = self._cost(known)
            allowed = budget - spent - rest
            best: tuple[int, ...] | None = known if cost < allowed else None
            if cost != bound:
                best = self._branch(knot, held, min(cost, allowed)) or best
            if best is None:
                return None
            spent += self._cost(best)
            cut.extend(best)
        return tuple(cut) if spent < budget else None

    def _branch(self, knot: tuple[int, ...], held: frozenset[int], budget: int) -> tuple[int, ...] | None:
        if self._work < 0:
            raise _LimitMetError
        best: tuple[int, ...] | None = None
        for edge in self._short_cycle(knot, held):
            rest = tuple(other for other in knot if other != edge)
            if self._costs[edge] < budget:
                found = self._solve(rest, held, budget - self._costs[edge])
                if found is not None:
                    best = (edge, *found)
                    budget = self._cost(best)
            held |= {edge}
        return best

    def _short_cycle(self, knot: tuple[int, ...], held: frozenset[int]) -> list[int]:
        """List the edges of a circle that may go, of the circle that has fewest such edges."""
        out = _out(self._arrows, knot)
        best: list[int] | None = None
        for edge in knot:
            cycle = self._cycle(out, edge, None)
            free = None if cycle is None else [i for i in cycle if i not in held]
            if free is not None and (best is None or len(free) < len(best)):
                best = free
        return sorted(best or (), key=self._costs.__getitem__)

    def _pack(self, knot: tuple[int, ...], held: frozenset[int]) -> tuple[int, tuple[int, ...]] | None:
        """Pack circles until none is left: a lower bound, and a cut made of the edges that were used up.

        Returns ``None`` if a circle consists of held edges alone.
        """
        out = _out(self._arrows, knot)
        left: dict[int, int | None] = {edge: None if edge in held else self._costs[edge] for edge in knot}
        bound = 0
        for edge in sorted(knot, key=lambda i: (left[i] is None, left[i] or 0)):
            while left[edge] != 0:
                cycle = self._cycle(out, edge, left)
                if cycle is None:
                    break
                free = [i for i in cycle if left[i] is not None]
                if not free:
                    return None
                least = min(left[i] or 0 for i in free)
                bound += least
                for i in free:
                    left[i] = (left[i] or 0) - least
        return bound, self._put_back(knot, [i for i in knot if left[i] == 0])

    def _put_back(self, knot: tuple[int, ...], used: list[int]) -> tuple[int, ...]:
        """Put edges back, dearest first, as long as they close no circle."""
        left: dict[int, int | None] = dict.fromkeys(knot)
        left.update(dict.fromkeys(used, 0))
        out = _out(self._arrows, knot)
        cut = []
        for edge in sorted(used, key=self._costs.__getitem__, reverse=True):
            left[edge] = None
            if self._cycle(out, edge, left) is not None:
                left[edge] = 0
                cut.append(edge)
        return tuple(cut)

    def _cycle(self, out: dict[str, list[int]], edge: int, left: Mapping[int, int | None] | None) -> list[int] | None:
        """Find a shortest circle through an edge; edges with 0 left are gone."""
        goal, start = self._arrows[edge]
        came: dict[str, int] = {}
        ahead = deque([start])
        while ahead:
            here = ahead.popleft()
            steps = out.get(here, ())
            self._work -= len(steps)
            for step in steps:
                there = self._arrows[step][1]
                if there in came or there == start or (left is not None and left[step] == 0):
                    continue
                came[there] = step
                if there == goal:
                    return [edge, *self._back(came, there, start)]
                ahead.append(there)
        return None

    def _back(self, came: Mapping[str, int], there: str, start: str) -> list[int]:
        steps = []
        while there != start:
            steps.append(came[there])
            there = self._arrows[came[there]][0]
        return steps

    def _cost(self, cut: Iterable[int]) -> int:
        return sum(self._costs[i] for i in cut)


def _out(arrows: list[Arrow], edges: Iterable[int]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for edge in edges:
        out.setdefault(arrows[edge][0], []).append(edge)
    return out


def _knots(arrows: list[Arrow], edges: Iterable[int]) -> list[tuple[int, ...]]:
    """Sort edges into strongly connected components; edges between components are on no circle and left out."""
    edges = tuple(edges)
    out: dict[str, list[str]] = {}
    into: dict[str, list[str]] = {}
    for edge in edges:
        source, target = arrows[edge]
        out.setdefault(source, []).append(target)
        into.setdefault(target, []).append(source)
    component: dict[str, str] = {}
    for root in reversed(_finished(out)):  # Kosaraju: backwards from the last finished
        ahead = [root] if root not in component else []
        while ahead:
            node = ahead.pop()
            if node not in component:
                component[node] = root
                ahead.extend(into.get(node, ()))
    knots: dict[str, list[int]] = {}
    for edge in edges:
        source, target = arrows[edge]
        if component[source] == component[target]:
            knots.setdefault(component[source], []).append(edge)
    return [tuple(knots[root]) for root in sorted(knots)]


def _finished(out: Mapping[str, list[str]]) -> list[str]:
    """List nodes in the order in which a depth-first walk leaves them."""
    seen: set[str] = set()
    order: list[str] = []
    for root in out:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(out[root]))]
        while stack:
            node, children = stack[-1]
            child = next((c for c in children if c not in seen), None)
            if child is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(child)
                stack.append((child, iter(out.get(child, ()))))
    return order
