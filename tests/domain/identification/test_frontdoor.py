from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph
from copilot.domain.identification import frontdoor
from copilot.domain.identification.frontdoor import frontdoor_sets, frontdoor_with_covariates, is_valid_frontdoor
from copilot.domain.identification.general import general_identification
from copilot.domain.identification.walks import open_from
from copilot.domain.separation import separated
from copilot.errors import GraphError

Pairs = list[tuple[str, str]]


@st.composite
def questions(draw: st.DrawFn) -> tuple[CausalGraph, str, str]:
    names = list("abcdef"[: draw(st.integers(3, 6))])
    order = draw(st.permutations(names))
    pairs = list(itertools.combinations(order, 2))
    graph = CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(pairs), unique=True, min_size=2)),
        bidirected=draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from(order[1:-1]), unique=True, max_size=1)),
    )
    x, y = draw(st.sampled_from([pair for pair in pairs if graph.latent.isdisjoint(pair)]))
    return graph, x, y


def subsets(names: set[str]) -> list[frozenset[str]]:
    ordered = sorted(names)
    return [frozenset(some) for size in range(len(ordered) + 1) for some in itertools.combinations(ordered, size)]


def without(graph: CausalGraph, *, out_of: frozenset[str]) -> CausalGraph:
    edges = tuple(edge for edge in graph.edges if edge.kind == "bidirected" or edge.source not in out_of)
    return CausalGraph(nodes=graph.nodes, edges=edges)


def satisfies(graph: CausalGraph, x: str, y: str, z: frozenset[str], w: frozenset[str] = frozenset()) -> bool:
    """The criterion, read off its definition."""
    if not z:
        return False
    carried = without(graph, out_of=z).descendants([x])
    first = separated(without(graph, out_of=frozenset(x)), x, z, w)
    return y not in carried and first and separated(without(graph, out_of=z), z, y, w | {x})


@settings(max_examples=200, deadline=None)
@given(questions())
def test_the_listing_is_what_the_definition_gives(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    sets, complete = frontdoor_sets(graph, x, y, limit=100)
    candidates = set(graph.names) - graph.latent - {x, y}
    valid = [z for z in subsets(candidates) if y in graph.descendants([x]) and satisfies(graph, x, y, z)]
    minimal = [z for z in valid if not any(other < z for other in valid)]
    assert complete
    assert sorted(sets) == sorted(tuple(sorted(z)) for z in minimal)
    for z in subsets(candidates):
        assert is_valid_frontdoor(graph, x, y, z) == (z in valid)


@settings(max_examples=200, deadline=None)
@given(questions())
def test_front_doors_with_covariates_hold_and_are_identified(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    found = frontdoor_with_covariates(graph, x, y)
    for mediators, covariates in found:
        z, w = frozenset(mediators), frozenset(covariates)
        assert satisfies(graph, x, y, z, w)
        assert is_valid_frontdoor(graph, x, y, z, w)
        assert w.isdisjoint(graph.descendants([x]))
        assert not any(satisfies(graph, x, y, z, w - {name}) for name in w)
    if found:
        assert general_identification(graph, x, y).identifiable is True


@pytest.mark.parametrize(
    ("directed", "bidirected", "sets"),
    [
        (["xm", "my"], ["xy"], [("m",)]),
        (["xm", "xn", "my", "ny"], ["xy"], [("m", "n")]),
        (["xm", "mn", "ny"], ["xy"], [("m",), ("n",)]),
        (["xm", "my", "xy"], ["xy"], []),
        (["xm", "my"], ["xm", "xy"], []),
        (["xm", "my"], ["my", "xy"], []),
        (["mx", "my"], [], []),
        (["xm", "my", "bm", "by"], ["xy"], [("b", "m")]),
    ],
)
def test_known_sets(directed: list[str], bidirected: list[str], sets: list[tuple[str, ...]]) -> None:
    graph = CausalGraph.build("xy", [(a, b) for a, b in directed], [(a, b) for a, b in bidirected])
    assert frontdoor_sets(graph, "x", "y") == (tuple(sets), True)


def test_a_listing_stops_at_its_limit_and_says_so() -> None:
    names = ["x", *(f"m{place:02}" for place in range(30)), "y"]
    graph = CausalGraph.build(names, itertools.pairwise(names), [("x", "y")])
    sets, complete = frontdoor_sets(graph, "x", "y", limit=7)
    assert (len(sets), complete) == (7, False)
    assert frontdoor_sets(graph, "x", "y", limit=30) == (tuple((name,) for name in names[1:-1]), True)


def test_covariates_that_confound_the_mediator_are_held_fixed() -> None:
    graph = CausalGraph.build(directed=["xm", "my", "ax", "am", "by"], bidirected=["xy", "bm"])
    assert frontdoor_sets(graph, "x", "y") == ((), True)
    assert frontdoor_with_covariates(graph, "x", "y") == ((("m",), ("a", "b")),)


def test_latent_nodes_and_effects_of_the_treatment_are_no_covariates() -> None:
    graph = CausalGraph.build(directed=["xm", "my", "um", "uy"], bidirected=["xy"], latent="u")
    assert frontdoor_with_covariates(graph, "x", "y") == ()
    assert not is_valid_frontdoor(graph, "x", "y", "m", "u")
    after = CausalGraph.build(directed=["xm", "my", "xw", "wm", "wy"], bidirected=["xy"])
    assert not is_valid_frontdoor(after, "x", "y", "m", "w")
    assert frontdoor_sets(after, "x", "y") == ((("m", "w"),), True)


def test_a_dense_graph_is_searched_within_a_budget_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)  # noqa: S311 (a fixed example)
    names = [f"n{place:02}" for place in range(100)]
    graph = CausalGraph.build(names, [pair for pair in itertools.combinations(names, 2) if rng.random() < 0.3])
    walks: list[frozenset[str]] = []

    def counted(*args: Any, **more: Any) -> frozenset[str]:
        walks.append(open_from(*args, **more))
        return walks[-1]

    monkeypatch.setattr(frontdoor, "open_from", counted)
    ((mediators, covariates),) = frontdoor_with_covariates(graph, "n33", "n99")
    assert is_valid_frontdoor(graph, "n33", "n99", mediators, covariates)
    assert len(walks) < 2_500  # without a budget, 7,669


def test_the_same_variable_twice_is_refused() -> None:
    with pytest.raises(GraphError):
        frontdoor_sets(CausalGraph.build(directed=["xy"]), "x", "x")
