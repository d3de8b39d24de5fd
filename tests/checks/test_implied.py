from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.checks import implied
from copilot.checks.columns import Floats
from copilot.checks.implied import ImpliedResult, Independence
from copilot.domain.effects import Question, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.separation import separated

GRAPH = CausalGraph.build(directed=[("z", "t"), ("w", "t"), ("w", "y"), ("t", "y")])
COLUMNS = ("t", "w", "y", "z")


def draw(seed: int, hidden: float, n: int = 1000) -> Mapping[str, Floats]:
    rng = np.random.default_rng(seed)
    z, w, u, e, f = rng.standard_normal((5, n))
    t = z + np.tanh(w) + hidden * u + e
    y = t + w + hidden * u + f
    return {name: value[:, None] for name, value in (("z", z), ("w", w), ("t", t), ("y", y))}


def judge(columns: Mapping[str, Floats]) -> Status:
    independences, _ = implied.implied_independences(GRAPH, COLUMNS, first=("t", "y"))
    return implied.refutation_of(implied.test_implied(columns, independences), "t", "y").status


def test_a_hidden_cause_behind_an_instrument_is_found_and_a_right_graph_passes() -> None:
    assert sum(judge(draw(seed, 1.0)) is Status.FAILED for seed in range(40)) >= 36
    assert sum(judge(draw(seed, 0.0)) is Status.PASSED for seed in range(40)) >= 36


def test_the_message_names_the_worst_and_what_it_speaks_for() -> None:
    independences, complete = implied.implied_independences(GRAPH, COLUMNS, first=("t", "y"))
    assert complete
    assert [str(one) for one in independences] == ["y ⟂ z | t, w", "w ⟂ z"]
    found = implied.refutation_of(implied.test_implied(draw(0, 1.0), independences), "t", "y")
    assert (found.refuter, found.question) == ("implied_independence", Question.HIDDEN_CAUSE)
    assert "y ⟂ z | t, w" in found.message
    assert "a missing edge or a hidden common cause between y and z" in found.message
    assert "about the outcome itself" in found.message
    assert found.details["contradicted"] == 1
    assert found.details["tested"] == 2


def test_nothing_contradicted_speaks_for_no_missing_edge() -> None:
    independences, _ = implied.implied_independences(GRAPH, COLUMNS, first=("t", "y"))
    found = implied.refutation_of(implied.test_implied(draw(0, 0.0), independences), "t", "y")
    assert found.status is Status.PASSED
    assert found.message.endswith("none contradicted: nothing here speaks for an edge that the graph lacks.")


@st.composite
def graphs(draw_from: st.DrawFn) -> CausalGraph:
    names = [f"n{i}" for i in range(draw_from(st.integers(2, 6)))]
    pairs = list(itertools.combinations(names, 2))
    kinds = draw_from(
        st.lists(st.sampled_from(["none", "none", "->", "<->"]), min_size=len(pairs), max_size=len(pairs))
    )
    chosen = list(zip(pairs, kinds, strict=True))
    return CausalGraph.build(
        nodes=names,
        directed=[pair for pair, kind in chosen if kind == "->"],
        bidirected=[pair for pair, kind in chosen if kind == "<->"],
        latent=draw_from(st.sets(st.sampled_from(names), max_size=2)),
    )


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_each_separable_pair_is_listed_once_with_a_minimal_set(graph: CausalGraph) -> None:
    observed = [name for name in graph.names if name not in graph.latent]
    found, complete = implied.implied_independences(graph, tuple(observed))
    assert complete
    listed = {(one.a, one.b): one.given for one in found}
    assert len(listed) == len(found)
    joined = {edge.pair for edge in graph.edges}
    for a, b in itertools.combinations(observed, 2):
        rest = [name for name in observed if name not in (a, b)]
        sets = [held for k in range(len(rest) + 1) for held in itertools.combinations(rest, k)]
        separable = (a, b) not in joined and any(separated(graph, a, b, held) for held in sets)
        assert ((a, b) in listed) is separable
        if separable:
            held = set(listed[a, b])
            assert separated(graph, a, b, held)
            assert not any(
                separated(graph, a, b, fewer) for k in range(len(held)) for fewer in itertools.combinations(held, k)
            )


def test_a_capped_list_begins_with_treatment_and_outcome() -> None:
    graph = CausalGraph.build(nodes=["a", "b", "c", "t", "y"])
    found, complete = implied.implied_independences(graph, graph.names, first=("t", "y"), limit=2)
    assert [str(one) for one in found] == ["t ⟂ y", "a ⟂ t"]
    assert not complete


def test_only_columns_that_are_there_condition() -> None:
    found, _ = implied.implied_independences(GRAPH, ("t", "y", "z"))
    assert found == ()


def test_a_graph_without_directions_implies_nothing_testable() -> None:
    graph = CausalGraph.build(nodes=["c"], undirected=[("a", "b")])
    assert implied.implied_independences(graph, graph.names) == ((), True)
    nothing = implied.refutation_of((), "t", "y")
    assert nothing.status is Status.INCONCLUSIVE
    assert "implies nothing that these columns could contradict" in nothing.message


def test_what_cannot_be_tested_is_counted_and_not_passed_off() -> None:
    absent, there = Independence(a="gone", b="y"), Independence(a="w", b="z")
    results = implied.test_implied(draw(0, 0.0), (absent, there))
    assert results[0].adjusted_p is None
    found = implied.refutation_of(results, "t", "y")
    assert found.status is Status.PASSED
    assert found.details["not_tested"] == 1
    assert "1 more could not be tested" in found.message
    assert implied.refutation_of(results[:1], "t", "y").status is Status.INCONCLUSIVE


def test_p_values_are_adjusted_together() -> None:
    columns = draw(0, 1.0)
    pairs = tuple(Independence(a=a, b=b) for a, b in itertools.combinations(COLUMNS, 2))
    results = implied.test_implied(columns, pairs)
    for one in results:
        assert one.p_value is not None
        assert one.adjusted_p is not None
        assert one.p_value <= one.adjusted_p <= 1
    assert results[0].independence == pairs[0]


@pytest.mark.parametrize(
    ("pair", "words"), [(("t", "x"), "about the treatment"), (("x", "z"), "none that is contradicted")]
)
def test_whether_it_is_about_the_effect_is_told(pair: tuple[str, str], words: str) -> None:
    bad = ImpliedResult(independence=Independence(a=pair[0], b=pair[1]), p_value=0.0, adjusted_p=0.0, n=9)
    assert words in implied.refutation_of((bad,), "t", "y").message
