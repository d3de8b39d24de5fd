from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.distance import (
    compare_edges,
    structural_hamming_distance,
    structural_intervention_distance,
    valid_adjustment_share,
)
from copilot.domain.graph import CausalGraph
from copilot.errors import GraphError

OUTCOMES = ("Y1", "Y2", "Y3")
PAPER = CausalGraph.build(directed=[("X1", "X2"), *itertools.product(("X1", "X2"), OUTCOMES)])


@st.composite
def dags(draw: st.DrawFn, names: str = "abcdef") -> CausalGraph:
    pairs = list(itertools.combinations(draw(st.permutations(list(names))), 2))
    return CausalGraph.build(names, directed=draw(st.lists(st.sampled_from(pairs), unique=True)))


def test_the_example_of_peters_and_buehlmann() -> None:
    """An arrow too many costs no effect; one turned round costs eight. The Hamming distance cannot tell them apart."""
    arrows = [(edge.source, edge.target) for edge in PAPER.edges]
    more = CausalGraph.build(directed=[*arrows, ("Y1", "Y2")])
    turned = CausalGraph.build(directed=[("X2", "X1"), *(arrow for arrow in arrows if arrow != ("X1", "X2"))])
    assert structural_hamming_distance(more, PAPER) == structural_hamming_distance(turned, PAPER) == 1
    assert structural_intervention_distance(more, PAPER) == 0
    assert structural_intervention_distance(turned, PAPER) == 8


@given(dags(), dags())
def test_properties_of_the_intervention_distance(guess: CausalGraph, truth: CausalGraph) -> None:
    distance = structural_intervention_distance(guess, truth)
    assert 0 <= distance <= 30
    assert structural_intervention_distance(truth, truth) == 0
    # Proposition: no effect is wrong exactly if every arrow of the truth is in the guess.
    assert (distance == 0) is set(truth.edges).issubset(guess.edges)


@given(dags(), dags())
def test_the_hamming_distance_counts_what_the_comparison_lists(guess: CausalGraph, truth: CausalGraph) -> None:
    compared = compare_edges(guess, truth)
    listed = len(compared.reversed) + len(compared.missing) + len(compared.extra)
    assert structural_hamming_distance(guess, truth) == structural_hamming_distance(truth, guess) == listed
    assert len(compared.right) + len(compared.reversed) + len(compared.extra) == len(guess.edges)
    assert len(compared.right) + len(compared.reversed) + len(compared.missing) == len(truth.edges)
    assert 0 <= compared.f1 <= 1


@given(dags())
def test_the_truth_itself_is_perfect(truth: CausalGraph) -> None:
    assert compare_edges(truth, truth).f1 == 1
    assert valid_adjustment_share(truth, truth) == 1


def test_other_kinds_of_edges_are_compared_by_kind() -> None:
    guess = CausalGraph.build(undirected=[("a", "b")], bidirected=[("b", "c")])
    truth = CausalGraph.build(directed=[("a", "b")], bidirected=[("b", "c")])
    compared = compare_edges(guess, truth)
    assert [str(edge) for edge in compared.right] == ["b <-> c"]
    assert [str(edge) for edge in compared.extra] == ["a -- b"]
    assert [str(edge) for edge in compared.missing] == ["a -> b"]
    assert (compared.precision, compared.recall, compared.f1) == (0.5, 0.5, 0.5)
    assert structural_hamming_distance(guess, truth) == 1


def test_the_share_of_valid_adjustment_sets() -> None:
    truth = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    assert valid_adjustment_share(CausalGraph.build(truth.names), truth) == 0
    no_confounding = CausalGraph.build(directed=[("w", "t"), ("t", "y")])
    # w has its effects on t and y; only t -> y is judged without w, and wrongly.
    assert valid_adjustment_share(no_confounding, truth) == pytest.approx(2 / 3)
    assert valid_adjustment_share(truth, CausalGraph.build(truth.names)) == 1


def test_graphs_over_other_nodes_are_refused() -> None:
    for measure in (structural_hamming_distance, structural_intervention_distance, valid_adjustment_share):
        with pytest.raises(GraphError, match="'z'"):
            measure(CausalGraph.build("abz"), CausalGraph.build("ab"))
    with pytest.raises(GraphError, match="a <-> b"):
        structural_intervention_distance(CausalGraph.build(bidirected=[("a", "b")]), CausalGraph.build("ab"))


def test_thirty_seven_nodes_take_less_than_two_seconds(within: Callable[[float], AbstractContextManager[None]]) -> None:
    names = [f"v{i:02}" for i in range(37)]
    truth = CausalGraph.build(names, directed=[(names[i], names[j]) for i in range(37) for j in range(i + 1, 37, 7)])
    guess = CausalGraph.build(names, directed=[(names[i], names[j]) for i in range(37) for j in range(i + 2, 37, 6)])
    with within(2):
        assert structural_intervention_distance(guess, truth) > 0
        assert valid_adjustment_share(guess, truth) < 1
