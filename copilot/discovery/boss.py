"""BOSS: a search over orders of the columns for the graph with the best BIC score."""

from __future__ import annotations

import numpy as np

from copilot.discovery.dependence import Dependence, bits
from copilot.discovery.knowledge import Knowledge
from copilot.discovery.learned import Effort, Learned
from copilot.discovery.orient import open_circles, pattern_of


class _Score:
    """BIC gains of one more parent, read off whole rows at a time.

    References
    ----------
    Schwarz (1978), "Estimating the dimension of a model", Annals of Statistics 6; the gain of parent z for y given P is
    ``n · (-log Λ) - penalty · df · log n`` (twice the log-likelihood ratio less the price).
    """

    def __init__(self, dependence: Dependence, penalty: float) -> None:
        self._dependence = dependence
        self._price = penalty * dependence.freedom
        self._better: dict[tuple[int, int], list[tuple[int, float]]] = {}

    def gains(self, block: int, parents: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Gain of each further parent, shape (B,)."""
        n = np.maximum(self._dependence.rows_behind(block, parents), 2.0)
        gains: np.ndarray[tuple[int], np.dtype[np.float64]] = n * self._dependence.row(block, parents) - self._price[
            block
        ] * np.log(n)
        return gains

    def better(self, block: int, parents: int) -> list[tuple[int, float]]:
        """(position, gain) of the parents that would raise the score, best first."""
        key = (block, parents)
        found = self._better.get(key)
        if found is None:
            gains = self.gains(block, parents)
            good = np.flatnonzero((gains > 0.0) & np.logical_not(self._dependence.too_few(block, parents)))
            order = good[np.argsort(-gains[good], kind="stable")]
            found = self._better[key] = list(zip(order.tolist(), gains[order].tolist(), strict=True))
        return found


class _Grower:
    """Best parents of a column among those before it: grow-shrink, remembered as a tree.

    References
    ----------
    Andrews, Ramsey, Sanchez-Romero, Camchong & Kummerfeld (2023), "Fast scalable and accurate discovery of DAGs using
    the best order score search and grow-shrink trees", NeurIPS 36. Margaritis & Thrun (1999), NeurIPS 12 (grow-shrink).
    """

    def __init__(self, score: _Score, knowledge: Knowledge) -> None:
        self._score = score
        self._knowledge = knowledge
        self._leaves: dict[tuple[int, int], tuple[float, int]] = {}
        self._shrunk: dict[tuple[int, int], tuple[float, int]] = {}

    def best(self, block: int, prefix: int) -> tuple[float, int]:
        """Score, relative to having only the required parents, and the parents as a mask."""
        pool = prefix & self._knowledge.may_cause[block]
        key = (block, pool)
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = self._grow(block, pool)
        return found

    def _grow(self, block: int, pool: int) -> tuple[float, int]:
        parents, score = self._knowledge.must_cause[block], 0.0
        while True:
            step = next(((z, gain) for z, gain in self._score.better(block, parents) if pool >> z & 1), None)
            if step is None:
                break
            parents |= 1 << step[0]
            score += step[1]
        loss, kept = self._shrink(block, parents)
        return score - loss, kept

    def _shrink(self, block: int, parents: int) -> tuple[float, int]:
        """Drop parents that do not pay for themselves; the change of score is negative or zero."""
        key = (block, parents)
        found = self._shrunk.get(key)
        if found is not None:
            return found
        lost, kept = 0.0, parents
        while True:
            idle = bits(kept & ~self._knowledge.must_cause[block])
            worth = [(float(self._score.gains(block, kept & ~(1 << z))[z]), z) for z in idle]
            if not worth or min(worth)[0] >= 0.0:
                break
            gain, z = min(worth)
            lost += gain
            kept &= ~(1 << z)
        self._shrunk[key] = (lost, kept)
        return lost, kept


def learn_boss(dependence: Dependence, knowledge: Knowledge, effort: Effort, order: np.random.Generator) -> Learned:
    """Learn the graph with the best score found by moving one column at a time to its best place.

    Parameters
    ----------
    dependence
        Of one resample.
    knowledge
        Orders against it are never visited; forbidden causes are no candidates; required causes always stay.
    effort
        Penalty of the score and limits of the search.
    order
        Draws the first order.

    References
    ----------
    Andrews et al. (2023), algorithm 1 (without its final backward search).
    """
    score = _Score(dependence, effort.penalty)
    grower = _Grower(score, knowledge)
    places = _first_order(knowledge, order)
    for _ in range(effort.sweeps):
        moved = [_move_to_best(grower, knowledge, places, block) for block in list(places)]
        if not any(moved):
            break
    else:
        moved = [True]
    parents, prefix = [0] * knowledge.size, 0
    for block in places:
        parents[block] = grower.best(block, prefix)[1]
        prefix |= 1 << block
    graph = pattern_of(parents, knowledge)
    open_circles(graph, knowledge)

    def reason(a: int, b: int) -> str:
        effect, cause = (b, a) if parents[b] >> a & 1 else (a, b)
        return f"BIC gain {score.gains(effect, parents[effect] & ~(1 << cause))[cause]:.0f}"

    return Learned.of(graph, reason, truncated=any(moved))


def _first_order(knowledge: Knowledge, order: np.random.Generator) -> list[int]:
    """Draw an order that the knowledge allows."""
    waiting = order.permutation(knowledge.size).tolist()
    places: list[int] = []
    placed = 0
    while waiting:
        block = next(b for b in waiting if not knowledge.before[b] & ~placed)
        waiting.remove(block)
        places.append(block)
        placed |= 1 << block
    return places


def _move_to_best(grower: _Grower, knowledge: Knowledge, places: list[int], block: int) -> bool:
    """Put one column where the order scores best, in place; whether that raised the score."""
    here = places.index(block)
    rest = places[:here] + places[here + 1 :]
    own, bit, size = [], 1 << block, len(rest)
    ahead = [0.0] * (size + 1)
    behind = [0.0] * (size + 1)
    prefix = 0
    for place, other in enumerate(rest):
        own.append(grower.best(block, prefix)[0])
        ahead[place + 1] = ahead[place] + grower.best(other, prefix)[0]
        behind[place] = grower.best(other, prefix | bit)[0]
        prefix |= 1 << other
    own.append(grower.best(block, prefix)[0])
    for place in range(size - 1, -1, -1):
        behind[place] += behind[place + 1]
    first = max((p + 1 for p, other in enumerate(rest) if knowledge.before[block] >> other & 1), default=0)
    last = min((p for p, other in enumerate(rest) if knowledge.before[other] >> block & 1), default=size)
    totals = {place: ahead[place] + own[place] + behind[place] for place in range(first, last + 1)}
    best = max(totals, key=lambda place: totals[place])
    if totals[best] <= totals[here] + 1e-6:
        return False
    rest.insert(best, block)
    places[:] = rest
    return True
