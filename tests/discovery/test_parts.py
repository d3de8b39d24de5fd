"""The parts of the discovery, each against a plain computation of the same thing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.discovery.dependence import Dependence, Moments, bits
from copilot.discovery.encode import Encoded
from copilot.discovery.knowledge import Knowledge
from copilot.discovery.learned import Effort
from copilot.discovery.moments import moments_of
from copilot.discovery.orient import PartlyDirected, open_circles, pattern_of
from copilot.discovery.pc import learn_pc
from copilot.discovery.translate import knowledge_of
from copilot.domain.consensus import Constraints

EFFORT = Effort(alpha=0.01, penalty=1.0, depth=3, tests=10_000, sweeps=10)


def free(size: int) -> Knowledge:
    return knowledge_of(Constraints(), [str(n) for n in range(size)])[0]


def moments(dims: list[int], rows: int = 400, seed: int = 0) -> Moments:
    draw = np.random.default_rng(seed)
    width = sum(dims)
    design = draw.normal(size=(rows, width)) @ (np.eye(width) + 0.4 * draw.normal(size=(width, width)))
    encoded = Encoded(tuple(str(n) for n in range(len(dims))), np.array(dims), design)
    return moments_of(encoded, np.arange(rows), gaps=False)


@pytest.mark.parametrize("dims", [[1, 1, 1, 1], [1, 3, 1, 2], [2, 3, 3, 2], [4, 1, 2, 2]])
@pytest.mark.parametrize("held", [0b0000, 0b0100, 0b1100])
def test_dependence_is_the_ratio_of_determinants(dims: list[int], held: int) -> None:
    small = moments(dims)
    ends = np.cumsum(dims)
    columns = [list(range(end - dim, end)) for end, dim in zip(ends, dims, strict=True)]

    def log_det(*blocks: int) -> float:
        chosen = [column for block in blocks for column in columns[block]]
        return float(np.linalg.slogdet(small.correlation[np.ix_(chosen, chosen)])[1]) if chosen else 0.0

    given_set = bits(held)
    expected = log_det(0, *given_set) + log_det(1, *given_set) - log_det(0, 1, *given_set) - log_det(*given_set)
    dependence = Dependence(small)

    assert dependence.row(0, held)[1] == pytest.approx(expected, rel=1e-3)
    assert dependence.row(1, held)[0] == pytest.approx(expected, rel=1e-3)
    assert not dependence.row(0, held)[[0, *given_set]].any()


def test_the_test_holds_its_level() -> None:
    from scipy.special import chdtrc

    dims = [1, 3, 2]
    small = []
    for seed in range(300):
        design = np.random.default_rng(seed).normal(size=(60, 6))
        encoded = Encoded(("a", "b", "c"), np.array(dims), design)
        dependence = Dependence(moments_of(encoded, np.arange(60), gaps=False))
        small.append(chdtrc(6, dependence.chi_square(1, 0b001)[2]))

    assert 0.02 <= np.mean(np.array(small) < 0.05) <= 0.09


def test_pairwise_correlations_of_a_full_table_are_the_plain_ones() -> None:
    design = np.random.default_rng(1).normal(size=(200, 4))
    encoded = Encoded(("a", "b", "c"), np.array([1, 2, 1]), design)
    rows = np.arange(200)
    plain, pairwise = (moments_of(encoded, rows, gaps=gaps) for gaps in (False, True))

    np.testing.assert_allclose(plain.correlation, pairwise.correlation, atol=1e-12)
    np.testing.assert_array_equal(plain.shared, pairwise.shared)


@st.composite
def dags(draw: st.DrawFn) -> list[int]:
    size = draw(st.integers(2, 6))
    order = draw(st.permutations(range(size)))
    parents = [0] * size
    for later, earlier in itertools.combinations(range(size), 2):
        if draw(st.booleans()):
            parents[order[later]] |= 1 << order[earlier]
    return parents


def features(parents: list[int]) -> tuple[frozenset[frozenset[int]], frozenset[tuple[int, int, int]]]:
    skeleton = frozenset(frozenset((a, b)) for b in range(len(parents)) for a in bits(parents[b]))
    colliders = frozenset(
        (x, z, y)
        for z in range(len(parents))
        for x, y in itertools.combinations(bits(parents[z]), 2)
        if frozenset((x, y)) not in skeleton
    )
    return skeleton, colliders


def equivalent(parents: list[int]) -> list[list[int]]:
    skeleton, colliders = features(parents)
    edges = sorted(tuple(sorted(edge)) for edge in skeleton)
    found = []
    for flips in itertools.product([False, True], repeat=len(edges)):
        candidate = [0] * len(parents)
        for (a, b), flip in zip(edges, flips, strict=True):
            cause, effect = (b, a) if flip else (a, b)
            candidate[effect] |= 1 << cause
        graph = PartlyDirected(list(candidate), [0] * len(parents))
        open_circles(graph, free(len(parents)))
        if not graph.undirected_edges() and features(candidate)[1] == colliders:
            found.append(candidate)
    return found


@settings(max_examples=40, deadline=None)
@given(dags().filter(lambda parents: sum(p.bit_count() for p in parents) <= 9))
def test_a_pattern_keeps_exactly_the_directions_that_all_equivalent_graphs_share(parents: list[int]) -> None:
    pattern = pattern_of(parents, free(len(parents)))
    members = equivalent(parents)
    shared = sorted(
        (a, b) for b in range(len(parents)) for a in bits(parents[b]) if all(m[b] >> a & 1 for m in members)
    )

    assert pattern.directed_edges() == shared


@settings(max_examples=40, deadline=None)
@given(dags(), st.integers(0, 10_000))
def test_no_direction_is_kept_inside_a_circle(parents: list[int], seed: int) -> None:
    draw = np.random.default_rng(seed)
    tangled = list(parents)
    for node in range(len(parents)):
        tangled[node] |= int(draw.integers(0, 1 << len(parents))) & ~(1 << node)
    for a, b in itertools.combinations(range(len(parents)), 2):
        if tangled[a] >> b & 1 and tangled[b] >> a & 1:
            tangled[a] &= ~(1 << b)
    graph = PartlyDirected(list(tangled), [0] * len(parents))
    open_circles(graph, free(len(parents)))
    placed = 0
    for _ in parents:
        placed = sum(1 << n for n in range(len(parents)) if not graph.parents[n] & ~placed)

    assert placed == (1 << len(parents)) - 1
    assert graph.unsure == []


def test_a_limit_on_tests_is_reported() -> None:
    dense = moments([1] * 8, rows=2_000)
    few = Effort(alpha=0.01, penalty=1.0, depth=3, tests=1, sweeps=10)

    assert learn_pc(Dependence(dense), free(8), few, np.random.default_rng(0)).truncated


def test_knowledge_is_closed_over_paths() -> None:
    names = ["a", "b", "c", "d"]
    wishes = Constraints(require=(("a", "b"), ("b", "c")), tiers=(("c",), ("d",)))
    knowledge, outside = knowledge_of(wishes, names)

    assert outside == 0
    assert not knowledge.may_cause[0] >> 2 & 1
    assert knowledge.before[3] == 0b0111
    assert knowledge.fixed(0, 3)
