"""What is said where the graph does not identify the effect, and what negative controls of both kinds add."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from numpy.random import default_rng

from copilot.data.tables import read_table
from copilot.domain.analysis import Analysis, Standing
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.errors import UsageError
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, analyse

ROWS = 4000
HIDDEN = CausalGraph.build(directed=[("u", "t"), ("u", "y"), ("t", "y"), ("w", "t"), ("w", "y")], latent=["u"])


def looked_at(folder: Path, graph: CausalGraph, wishes: Wishes = Wishes(), treatment: str = "t") -> Analysis:
    rng = default_rng(12)
    u, w = rng.normal(size=ROWS), rng.normal(size=ROWS)
    a = (rng.random(ROWS) < 0.5).astype(int)
    t = (u + 0.5 * w + 1.5 * a + rng.normal(size=ROWS) > 0.5).astype(int)
    y = (0.6 * t + u + 0.4 * w + rng.normal(size=ROWS) > 0).astype(int)
    score = 2 * t + 2 * u + 0.4 * w + rng.normal(size=ROWS)
    ze, wo = u + rng.normal(size=ROWS), u + rng.normal(size=ROWS)
    path = folder / "data.csv"
    frame = pd.DataFrame({"t": t, "y": y, "w": w, "a": a, "score": score, "ze": ze, "wo": wo})
    frame.assign(word=["x" if one > 0 else "z" for one in u]).to_csv(path, index=False)
    outcome = "score" if "score" in graph.names and treatment != "score" else "y"
    plan = EffectPlan(
        review=Review(graph=graph, approved_by="ada"),
        graph_source="here",
        query=Query(treatment=treatment, outcome=outcome),
        wishes=wishes,
        seed=3,
    )
    return analyse(plan, read_table(str(path)))


def test_without_identification_there_are_bounds_and_the_verdict_says_so(tmp_path: Path) -> None:
    analysis = looked_at(tmp_path, HIDDEN)
    assert analysis.verdict is not None
    assert analysis.verdict.standing is Standing.NOT_IDENTIFIABLE
    first = analysis.bounds[0]
    assert (first.name, first.assumptions) == ("no_assumption", ())
    assert first.high - first.low == pytest.approx(1.0)
    assert first.low < 0 < first.high
    assert "lies between" in analysis.verdict.text
    # Nobody named a monotone instrument or has a binary one, so nothing is said of these.
    assert not [one.subject for one in analysis.notices if one.subject in {"balke_pearl", "monotone_instrument_up"}]


def test_a_binary_instrument_gives_narrower_bounds_that_hold_the_truth(tmp_path: Path) -> None:
    graph = CausalGraph(
        nodes=(*HIDDEN.nodes, *CausalGraph.build(nodes=["a"]).nodes),
        edges=(*HIDDEN.edges, *CausalGraph.build(directed=[("a", "t")]).edges),
    )
    analysis = looked_at(tmp_path, graph)
    assert analysis.headline is not None
    by_name = {bound.name: bound for bound in analysis.bounds}
    sharp, wide = by_name["balke_pearl"], by_name["no_assumption"]
    assert wide.low < sharp.low < 0.2 < sharp.high < wide.high


def test_bounds_are_given_where_they_are_asked_for(tmp_path: Path) -> None:
    graph = CausalGraph.build(directed=[("t", "score"), ("w", "t"), ("w", "score")])
    assert looked_at(tmp_path, graph).bounds == ()
    analysis = looked_at(tmp_path, graph, Wishes(outcome_range=(-50.0, 50.0), monotone_instrument="w"))
    first = analysis.bounds[0]
    assert first.high - first.low == pytest.approx(100.0)
    assert {"monotone_instrument_up", "monotone_instrument_down"} <= {
        *(bound.name for bound in analysis.bounds),
        *(notice.subject for notice in analysis.notices),
    }
    with pytest.raises(UsageError, match="holds words"):
        looked_at(tmp_path, graph, Wishes(monotone_instrument="word"))


def test_a_treatment_of_many_levels_has_no_bounds_and_one_word_says_so(tmp_path: Path) -> None:
    analysis = looked_at(tmp_path, CausalGraph.build(directed=[("score", "y")]), Wishes(bounds=True), treatment="score")
    assert analysis.bounds == ()
    assert [one.code for one in analysis.notices if one.code.startswith("bound")] == ["bounds_left_out"]


def test_negative_controls_of_both_kinds_correct_for_the_hidden_cause(tmp_path: Path) -> None:
    graph = CausalGraph.build(
        directed=[("u", "t"), ("u", "score"), ("t", "score"), ("w", "t"), ("w", "score"), ("u", "ze"), ("u", "wo")],
        latent=["u"],
    )
    wishes = Wishes(negative_controls=("wo",), negative_exposures=("ze",))
    found = looked_at(tmp_path, graph, wishes).proximal
    assert found is not None
    assert found.interval is not None
    assert found.interval[0] < 2 < found.interval[1]
    assert found.diagnostics["unadjusted_for_hidden"] > 3
    assert found.adjustment_set == ("w",)
    with pytest.raises(UsageError, match="need negative control outcomes"):
        looked_at(tmp_path, CausalGraph.build(directed=[("t", "score")]), Wishes(negative_exposures=("ze",)))
    acts = CausalGraph.build(directed=[("t", "score"), ("ze", "score")])
    with pytest.raises(UsageError, match="it affects the outcome"):
        looked_at(tmp_path, acts, wishes)
    around = CausalGraph.build(directed=[("t", "score"), ("ze", "w"), ("w", "score")])
    with pytest.raises(UsageError, match="not through the treatment alone"):
        looked_at(tmp_path, around, wishes)


def test_an_exposure_may_act_through_the_treatment(tmp_path: Path) -> None:
    graph = CausalGraph.build(
        directed=[("u", "t"), ("u", "score"), ("t", "score"), ("u", "wo"), ("ze", "t"), ("u", "ze")], latent=["u"]
    )
    assert looked_at(tmp_path, graph, Wishes(negative_controls=("wo",), negative_exposures=("ze",))).proximal


def test_a_range_that_rows_leave_stops_all_bounds_with_one_word(tmp_path: Path) -> None:
    analysis = looked_at(tmp_path, HIDDEN, Wishes(outcome_range=(0.2, 0.8)))
    assert not analysis.bounds
    (said,) = [one.message for one in analysis.notices if "bounds" in one.message]
    assert said.startswith("There are no bounds: ")
    assert "outside of the range 0.2 to 0.8" in said


@pytest.mark.parametrize("name", ["t", "y"])
def test_neither_end_of_the_question_is_a_monotone_instrument(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="it is the treatment or the outcome itself"):
        looked_at(tmp_path, HIDDEN, Wishes(monotone_instrument=name))
