"""PC-stable with max-p colliders: edges fall to independence tests, directions come from colliders."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np

from copilot.discovery.dependence import Dependence, FloatArray, bits
from copilot.discovery.knowledge import Knowledge
from copilot.discovery.learned import Effort, Learned
from copilot.discovery.orient import PartlyDirected, close_under_meek, open_circles, orient_by_knowledge


class _Tests:
    """Independence tests against one level, read off whole rows at a time."""

    def __init__(self, dependence: Dependence, alpha: float) -> None:
        from scipy.special import chdtrc, chdtri

        self._dependence = dependence
        self._tail = chdtrc
        self._limits: FloatArray = chdtri(dependence.freedom, alpha)

    def ratios(self, block: int, given: int) -> FloatArray:
        """Divide statistics by their critical values, shape (B,).

        At most 1 where independence stands; infinite where missing cells leave too few rows to tell.
        """
        ratio: FloatArray = self._dependence.chi_square(block, given) / self._limits[block]
        return np.where(self._dependence.too_few(block, given), np.inf, ratio)

    def p_value(self, block: int, given: int, other: int) -> float:
        """Probability of a larger statistic under independence."""
        statistic = self._dependence.chi_square(block, given)[other]
        return float(self._tail(self._dependence.freedom[block, other], statistic))


def learn_pc(dependence: Dependence, knowledge: Knowledge, effort: Effort, _order: np.random.Generator) -> Learned:
    """Learn a partly directed graph by the PC algorithm.

    Parameters
    ----------
    dependence
        Of one resample.
    knowledge
        Pairs that may have no edge are never tested; a conditioning set holds possible causes only.
    effort
        Level of the tests and limits of the search.
    _order
        Unused: the result does not depend on the order of the columns.

    References
    ----------
    Spirtes, Glymour & Scheines (2000), "Causation, prediction, and search", 2nd ed. Colombo & Maathuis (2014),
    "Order-independent constraint-based causal structure learning", JMLR 15 (PC-stable). Ramsey (2016), "Improving
    accuracy and scalability of the PC algorithm by maximizing p-value", arXiv:1610.00378.
    """
    tests = _Tests(dependence, effort.alpha)
    adjacent, deepest, weakest = _skeleton(tests, knowledge, effort)
    graph = PartlyDirected.of_skeleton(adjacent)
    orient_by_knowledge(graph, knowledge)
    _orient_colliders(graph, _colliders(tests, adjacent, knowledge, deepest), knowledge)
    close_under_meek(graph)
    open_circles(graph, knowledge)
    return Learned.of(graph, lambda a, b: _reason(weakest[a, b]), truncated=deepest < _needed(adjacent, knowledge))


def _reason(ratio: float) -> str:
    return f"weakest test at {ratio:.1f} times its critical value" if np.isfinite(ratio) else ""


def _sets_to_test(adjacent: list[int], knowledge: Knowledge, depth: int) -> int:
    return sum(comb((adjacent[x] & knowledge.may_cause[x]).bit_count(), depth) for x in range(len(adjacent)))


def _needed(adjacent: list[int], knowledge: Knowledge) -> int:
    """Size the largest conditioning set that the final skeleton would still ask for."""
    pairs = ((x, y) for x in range(len(adjacent)) for y in bits(adjacent[x]))
    sizes = ((adjacent[x] & knowledge.may_cause[x] & ~(1 << y)).bit_count() for x, y in pairs)
    return max(sizes, default=0)


def _skeleton(tests: _Tests, knowledge: Knowledge, effort: Effort) -> tuple[list[int], int, FloatArray]:
    """Remove edges by ever larger conditioning sets; also the last set size and each pair's smallest ratio."""
    size = knowledge.size
    everything = (1 << size) - 1
    adjacent = [sum(1 << y for y in bits(everything & ~(1 << x)) if not knowledge.apart(x, y)) for x in range(size)]
    required = [knowledge.must_cause[x] for x in range(size)]
    for effect, causes in enumerate(list(required)):
        for cause in bits(causes):
            required[cause] |= 1 << effect
    weakest = np.full((size, size), np.inf)
    deepest = -1
    for depth in range(effort.depth + 1):
        if depth and _sets_to_test(adjacent, knowledge, depth) > effort.tests:
            break
        if depth > _needed(adjacent, knowledge):
            break
        deepest = depth
        snapshot = list(adjacent)
        for x in range(size):
            for members in itertools.combinations(bits(snapshot[x] & knowledge.may_cause[x]), depth):
                given = sum(1 << member for member in members)
                ratios = tests.ratios(x, given)
                others = bits(snapshot[x] & ~given)
                weakest[x, others] = np.minimum(weakest[x, others], ratios[others])
        weakest = np.minimum(weakest, weakest.T)
        for x in range(size):
            adjacent[x] = sum(1 << y for y in bits(adjacent[x]) if weakest[x, y] > 1.0 or required[x] >> y & 1)
    return adjacent, deepest, weakest


def _colliders(
    tests: _Tests, adjacent: list[int], knowledge: Knowledge, deepest: int
) -> list[tuple[float, int, int, int]]:
    """Unshielded triples x - z - y whose best separating set leaves z out: (p-value, x, z, y), largest p first."""
    found = []
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for z in range(len(adjacent)):
        for x, y in itertools.combinations(bits(adjacent[z]), 2):
            if adjacent[x] >> y & 1 or knowledge.apart(x, y):
                continue
            if (x, y) not in best:
                best[x, y] = _best_separation(tests, adjacent, knowledge, deepest, (x, y))
            p_value, given = best[x, y]
            if not given >> z & 1:
                found.append((p_value, x, z, y))
    return sorted(found, key=lambda item: (-item[0], *item[1:]))


def _best_separation(
    tests: _Tests, adjacent: list[int], knowledge: Knowledge, deepest: int, pair: tuple[int, int]
) -> tuple[float, int]:
    """Find the conditioning set among either end's neighbours that leaves least dependence."""
    least, best = np.inf, (pair[0], 0, pair[1])
    for x, y in (pair, pair[::-1]):
        pool = bits(adjacent[x] & knowledge.may_cause[x] & ~(1 << y))
        for depth in range(min(deepest, len(pool)) + 1):
            for members in itertools.combinations(pool, depth):
                given = sum(1 << member for member in members)
                ratio = tests.ratios(x, given)[y]
                if ratio < least:
                    least, best = ratio, (x, given, y)
    return tests.p_value(*best), best[1]


def _orient_colliders(
    graph: PartlyDirected,
    colliders: list[tuple[float, int, int, int]],
    knowledge: Knowledge,
) -> None:
    """Direct both arms of each collider, surest first, unless an arm already points away or may not point there."""
    for _, x, z, y in colliders:
        arms = [arm for arm in (x, y) if not graph.parents[z] >> arm & 1]
        if all(graph.free[z] >> arm & 1 and knowledge.may_cause[z] >> arm & 1 for arm in arms):
            for arm in arms:
                graph.direct(arm, z)
