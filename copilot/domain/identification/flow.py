"""The cheapest separator, by maximum flow through nodes of limited capacity."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from copilot.domain.identification.moral import MoralGraph, bits

_Gate = tuple[int, bool]
"""A node, and whether it is its way out; flow passes from the way in to the way out."""


def cheapest_separator(moral: MoralGraph, costs: Mapping[int, int]) -> int | None:
    """Find the separator of least cost, and of several the one nearest to the outcomes.

    Parameters
    ----------
    moral
        The graph.
    costs
        Place of a free node → its cost, a whole number from 0 up.

    Returns
    -------
    int or None
        The separator as bits; ``None`` if there is none.

    References
    ----------
    Ford & Fulkerson (1956), Maximal flow through a network (the least cut). Smucler & Rotnitzky (2022), A note on
    efficient minimum cost adjustment sets in causal graphical models, J. Causal Inference 10(1) (the one nearest to the
    outcome has the lowest variance).
    """
    if not moral.separable:
        return None
    flow = _Flow(moral, costs)
    while flow.augment():
        pass
    return flow.last_cut()


@dataclass
class _Flow:
    """What flows between neighbours without limit, and through free nodes up to their cost."""

    moral: MoralGraph
    costs: Mapping[int, int]
    through: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    sent: defaultdict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """Node → where its inflow comes from, and how much."""

    def room(self, place: int) -> int | None:
        """How much more may pass a node; ``None`` for any amount."""
        return self.costs[place] - self.through[place] if self.moral.free >> place & 1 else None

    def augment(self) -> bool:
        """Send more along a shortest way from the treatments to the outcomes; false if there is none."""
        seen = {True: self.moral.far, False: self.moral.far}
        came: dict[_Gate, _Gate | None] = dict.fromkeys((place, True) for place in bits(self.moral.far))
        ahead: list[_Gate] = list(came)
        for gate in ahead:  # the list grows while it is read
            for step in self._onward(gate, seen):
                came[step] = gate
                ahead.append(step)
                seen[step[1]] |= 1 << step[0]
                if self.moral.near >> step[0] & 1:
                    self._send(step, came)
                    return True
        return False

    def _onward(self, gate: _Gate, seen: Mapping[bool, int]) -> list[_Gate]:
        place, out = gate
        if out:
            steps = [(other, False) for other in bits(self.moral.adjacent[place] & ~seen[False])]
            back = self.through[place] > 0 and not seen[False] >> place & 1 and (place, False) not in steps
            return [*steps, (place, False)] if back else steps
        sources = self.sent[place]
        steps = [(other, True) for other in sorted(sources) if sources[other] and not seen[True] >> other & 1]
        if self.room(place) != 0 and not seen[True] >> place & 1:
            steps.append((place, True))
        return steps

    def _send(self, end: _Gate, came: Mapping[_Gate, _Gate | None]) -> None:
        way = [end]
        while (before := came[way[-1]]) is not None:
            way.append(before)
        way.reverse()
        steps = list(itertools.pairwise(way))
        limits = []
        for (one, out), (other, _) in steps:
            if one == other:
                limits.append(self.through[one] if out else self.room(one))
            elif not out:
                limits.append(self.sent[one][other])
        amount = min(limit for limit in limits if limit is not None)
        for (one, out), (other, _) in steps:
            if one == other:
                self.through[one] += -amount if out else amount
            elif out:
                self.sent[other][one] = self.sent[other].get(one, 0) + amount
            else:
                self.sent[one][other] -= amount

    def last_cut(self) -> int:
        """Find the full nodes that are met last, once nothing more can be sent."""
        gives: defaultdict[int, list[int]] = defaultdict(list)
        for other, sources in self.sent.items():
            for one, amount in sources.items():
                if amount:
                    gives[one].append(other)
        reach = {True: 0, False: self.moral.near}
        ahead: list[_Gate] = [(place, False) for place in bits(self.moral.near)]
        while ahead:
            place, out = ahead.pop()
            if out:
                found = [(other, False) for other in gives[place]]
                if self.room(place) != 0:
                    found.append((place, False))
            else:
                found = [(other, True) for other in bits(self.moral.adjacent[place])]
                if self.through[place] > 0:
                    found.append((place, True))
            for step in found:
                if not reach[step[1]] >> step[0] & 1:
                    reach[step[1]] |= 1 << step[0]
                    ahead.append(step)
        return reach[True] & ~reach[False] & self.moral.free
