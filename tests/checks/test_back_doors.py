"""What lies on back doors, in graphs small enough to be checked on paper and against every set."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.checks.back_doors import back_door_through, confounds, left_open, opened_by
from copilot.checks.candidates import check_by_graph
from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.analysis import Chosen
from copilot.domain.candidates import Candidate, Role
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Strategy
from copilot.domain.variables import Query

QUERY = Query(treatment="t", outcome="y")
Pairs = list[tuple[str, str]]


def drawn(*arrows: str, latent: tuple[str, ...] = ()) -> CausalGraph:
    pairs = [(word[0], word[1]) for word in arrows]
    return CausalGraph.build(directed=[("t", "y"), *pairs], nodes=("n",), latent=latent)


@pytest.mark.parametrize(
    ("graph", "is_one"),
    [
        (drawn("nt", "ny"), True),
        (drawn("ut", "un", "ny", latent=("u",)), True),
        (drawn("uy", "un", "nt", latent=("u",)), True),
        (drawn("nw", "wt", "wy"), False),
        (drawn("ut", "uy", "un", latent=("u",)), False),
        (drawn("nt"), False),
        (drawn("ny"), False),
        (drawn("at", "an", "bn", "by"), False),
        (drawn(), False),
    ],
)
def test_a_confounder_is_what_a_sufficient_set_needs(graph: CausalGraph, is_one: bool) -> None:
    assert confounds(graph, "t", "y", "n") is is_one
    check = check_by_graph(graph, QUERY, Candidate(name="n", role=Role.CONFOUNDER))
    assert check.passed is is_one


def test_nothing_confounds_where_the_outcome_causes_the_treatment() -> None:
    graph = CausalGraph.build(directed=[("n", "t"), ("n", "y"), ("y", "t")])
    assert not confounds(graph, "t", "y", "n")


@st.composite
def _graphs(draw: st.DrawFn) -> CausalGraph:
    names = ["a", "b", "t", "n", "c", "y"]
    order = draw(st.permutations(names))
    pairs: Pairs = [pair for pair in itertools.combinations(order, 2) if draw(st.booleans())]
    return CausalGraph.build(directed=pairs, nodes=names)


@settings(max_examples=150, deadline=None)
@given(_graphs())
def test_confounders_agree_with_trying_every_set(graph: CausalGraph) -> None:
    others = [name for name in graph.names if name not in {"t", "y", "n"}]
    sets = [rest for size in range(len(others) + 1) for rest in itertools.combinations(others, size)]
    needed = [
        rest
        for rest in sets
        if is_valid_adjustment(graph, "t", "y", (*rest, "n")) and not is_valid_adjustment(graph, "t", "y", rest)
    ]
    minimal = any(
        not any(is_valid_adjustment(graph, "t", "y", (*less, "n")) for less in sets if set(less) < set(rest))
        for rest in needed
    )
    assert confounds(graph, "t", "y", "n") is minimal
    path = back_door_through(graph, "t", "y", "n")
    if path:
        assert path.startswith("t <- ")
        assert path.endswith(" y")
        assert " n " in path
        assert "-> n <-" not in path


def test_the_reason_names_the_path() -> None:
    proxy = drawn("ut", "un", "ny", latent=("u",))
    told = check_by_graph(proxy, QUERY, Candidate(name="n", role=Role.CONFOUNDER))
    assert "t <- u -> n -> y" in told.reason
    assert told.details == {"identifiable_with": True, "identifiable_without": False}
    bow = drawn("at", "an", "bn", "by")
    assert opened_by(bow, "t", "y", "n") == "t <- a -> n <- b -> y"
    assert "opens the path" in check_by_graph(bow, QUERY, Candidate(name="n", role=Role.CONFOUNDER)).reason


def test_each_strategy_must_find_nothing_on_a_control_or_says_by_which_path_it_may() -> None:
    graph = CausalGraph.build(
        directed=[("t", "m"), ("m", "y"), ("u", "t"), ("u", "y"), ("u", "n"), ("z", "t"), ("w", "z"), ("w", "n")],
        latent=["u"],
    )
    backdoor = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("w",))
    assert left_open(graph, backdoor, "t", "n") == "t <- u -> n"
    assert left_open(graph, Chosen(strategy=Strategy.FRONTDOOR, mediators=("m",)), "t", "n") == ""
    instrument = Chosen(strategy=Strategy.IV, instruments=("z",))
    assert left_open(graph, instrument, "t", "n") == "z <- w -> n"
    assert left_open(graph, instrument.model_copy(update={"adjustment_set": ("w",)}), "t", "n") == ""
