from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.adjustment_sets import minimal_adjustment_sets
from copilot.domain.identification.optimal import cheapest, optimal_adjustment_set, optimal_minimal
from copilot.errors import GraphError

FIG2 = "L>X X>M K>X B>K B>R Q>K Q>T R>Y T>Y M>Y U>Y U>F"


class Published(NamedTuple):
    """A graph, context variables that each set holds, and the best of all, of the minimal and of the cheapest sets."""

    arrows: str
    latent: str
    must: str
    costs: dict[str, float]
    best: str | None
    minimal: str
    cheap: str


PUBLISHED = {
    # Smucler, Sapienza & Rotnitzky (2022), figures 6, 4 and 3
    "ssr_fig6": Published("T>X X>Y U>Y U>F", "U", "T", {}, None, "T", "T"),
    "ssr_fig4": Published("X>Y T>W1 T>Y W1>X W2>W1 W2>Y W3>W1 W3>Y W4>Y", "", "T", {}, "T W2 W3 W4", "T W2 W3", "T W1"),
    "ssr_fig3": Published("T>X T>F F>X U>F U>Y X>M M>Y", "U", "T", {}, "F T", "F T", "F T"),
    # Smucler & Rotnitzky (2022), figure 2, with two prices
    "sr_fig2": Published(FIG2, "U", "L", {"L": 1, "B": 2, "K": 4, "Q": 1, "R": 1, "T": 1}, None, "L R T", "L R T"),
    "sr_fig2_prices": Published(
        FIG2, "U", "L", {"L": 1, "B": 1, "K": 4, "Q": 1, "R": 2, "T": 1}, None, "L R T", "B L T"
    ),
    # py-why/dowhy tests, all three differ
    "alldiff": Published(
        "K>X X>Y W1>K W2>K W3>K W1>W4 W2>W5 W3>W6 W4>W7 W5>W8 W6>W9 W7>Y W8>Y W9>Y O>Y",
        "",
        "",
        {"W1": 2, "W5": 2, "W9": 2, "K": 11},
        "O W7 W8 W9",
        "W7 W8 W9",
        "W6 W7 W8",
    ),
}


def pairs(text: str) -> list[tuple[str, str]]:
    return [(one, other) for one, other in (edge.split(">") for edge in text.split())]


@pytest.mark.parametrize("known", PUBLISHED.values(), ids=list(PUBLISHED))
def test_agrees_with_published_answers(known: Published) -> None:
    graph = CausalGraph.build(directed=pairs(known.arrows), latent=known.latent.split())
    must = known.must.split()
    best = optimal_adjustment_set(graph, "X", "Y", must)
    assert best == (None if known.best is None else tuple(known.best.split()))
    assert optimal_minimal(graph, "X", "Y", must) == tuple(known.minimal.split())
    assert cheapest(graph, "X", "Y", known.costs, must) == tuple(known.cheap.split())


@st.composite
def linear_models(draw: st.DrawFn) -> tuple[CausalGraph, str, str, int]:
    names = list("abcdefg"[: draw(st.integers(3, 7))])
    order = draw(st.permutations(names))
    couples = list(itertools.combinations(order, 2))
    x, y = draw(st.sampled_from(couples))
    directed = {*draw(st.lists(st.sampled_from(couples), unique=True, min_size=2)), (x, y)}
    latent = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    graph = CausalGraph.build(names, directed, latent=[name for name in latent if name not in {x, y}])
    return graph, x, y, draw(st.integers(0, 2**31))


def covariance(graph: CausalGraph, seed: int) -> np.ndarray:
    """Of a linear model with random coefficients and error variances; in the order of names."""
    rng = np.random.default_rng(seed)
    place = {name: i for i, name in enumerate(graph.names)}
    effects = np.zeros((len(place), len(place)))
    for edge in graph.edges:
        effects[place[edge.target], place[edge.source]] = rng.uniform(0.3, 2) * rng.choice([-1, 1])
    total = np.linalg.inv(np.eye(len(place)) - effects)
    return np.asarray(total @ np.diag(rng.uniform(0.2, 3, len(place))) @ total.T)


def conditional(cov: np.ndarray, of: int, given_: list[int]) -> float:
    if not given_:
        return float(cov[of, of])
    weights = np.linalg.solve(cov[np.ix_(given_, given_)], cov[given_, of])
    return float(cov[of, of] - cov[of, given_] @ weights)


def variance(graph: CausalGraph, x: str, y: str, names: tuple[str, ...], cov: np.ndarray) -> float:
    """Asymptotic variance of the least-squares coefficient of x for y, given a set."""
    place = {name: i for i, name in enumerate(graph.names)}
    held = [place[name] for name in names]
    return conditional(cov, place[y], [*held, place[x]]) / conditional(cov, place[x], held)


@settings(max_examples=300, deadline=None)
@given(linear_models())
def test_no_valid_set_has_a_lower_variance(case: tuple[CausalGraph, str, str, int]) -> None:
    graph, x, y, seed = case
    rest = sorted(set(graph.names) - graph.latent - {x, y})
    subsets = [some for size in range(len(rest) + 1) for some in itertools.combinations(rest, size)]
    valid = [some for some in subsets if is_valid_adjustment(graph, x, y, some)]
    cov = covariance(graph, seed)
    loss = {some: variance(graph, x, y, some, cov) for some in valid}
    best, least = optimal_adjustment_set(graph, x, y), optimal_minimal(graph, x, y)
    minimal, _ = minimal_adjustment_sets(graph, x, y, limit=1000)
    fewest = cheapest(graph, x, y, {})
    if best is not None:
        assert loss[best] <= min(loss.values()) * (1 + 1e-9)
    if not graph.latent:
        assert (best is None) == (not valid)
    assert (least is None) == (fewest is None) == (not valid)
    if least is not None and fewest is not None:
        assert least in minimal
        assert loss[least] <= min(loss[some] for some in minimal) * (1 + 1e-9)
        cheap = [some for some in valid if len(some) == min(map(len, valid))]
        assert fewest in cheap
        assert loss[fewest] <= min(loss[some] for some in cheap) * (1 + 1e-9)


@settings(max_examples=150, deadline=None)
@given(linear_models(), st.lists(st.floats(0.1, 10), min_size=7, max_size=7))
def test_no_valid_set_is_cheaper(case: tuple[CausalGraph, str, str, int], prices: list[float]) -> None:
    graph, x, y, _ = case
    costs = dict(zip(graph.names, prices, strict=False))
    minimal, _ = minimal_adjustment_sets(graph, x, y, limit=1000)
    found = cheapest(graph, x, y, costs)
    assert (found is None) == (not minimal)
    if found is not None:
        assert found in minimal
        assert sum(costs[n] for n in found) <= min(sum(costs[n] for n in some) for some in minimal) + 1e-9


def test_without_an_effect_or_a_valid_set_there_is_no_best_one() -> None:
    null = CausalGraph.build(directed=[("w", "t"), ("w", "y")])
    bow = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    for graph in (null, bow):
        assert optimal_adjustment_set(graph, "t", "y") is None
        assert optimal_minimal(graph, "t", "y") is None
    assert cheapest(bow, "t", "y", {}) is None


def test_several_treatments_have_a_best_set_where_the_causes_of_what_carries_the_effect_are_observed() -> None:
    arrows = [("a", "y"), ("b", "y"), ("w", "a"), ("w", "y"), ("p", "y"), ("v", "b")]
    assert optimal_adjustment_set(CausalGraph.build(directed=arrows), ["a", "b"], "y") == ("p", "w")
    assert optimal_adjustment_set(CausalGraph.build(directed=arrows, latent=["p"]), ["a", "b"], "y") is None
    assert optimal_adjustment_set(CausalGraph.build((), arrows, [("y", "q")]), ["a", "b"], "y") is None
    assert optimal_minimal(CausalGraph.build(directed=arrows), ["a", "b"], "y") is None


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cost_is_a_number_above_zero(cost: float) -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    with pytest.raises(GraphError, match="cost of w"):
        cheapest(graph, "t", "y", {"w": cost})
