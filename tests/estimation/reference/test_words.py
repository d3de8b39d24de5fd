"""What is asked and what is said, without DoWhy."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import SeedSequence

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Strategy
from copilot.estimation.problem import Floats, Problem
from copilot.estimation.reference.client import ReferenceQuestion
from copilot.estimation.reference.question import MOST_NODES, Packed, pack, sampled, zero_one
from copilot.estimation.reference.words import answer_of
from copilot.estimation.reference.worker import LENGTHS

N = 40


def problem(**changes: Any) -> Problem:
    t = np.tile([0.0, 1.0], N // 2)
    plain = Problem(y=2 * t + np.arange(N), t=t, covariates=np.linspace(-1, 1, N)[:, None], covariate_of=("w",))
    return dataclasses.replace(plain, **changes)


def question(**changes: Any) -> ReferenceQuestion:
    plain = ReferenceQuestion(
        graph=CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")]),
        treatment="t",
        outcome="y",
        problem=problem(),
        ours=lambda _problem: 2.0,
        estimator="linear_regression",
        adjustment=("w",),
    )
    return dataclasses.replace(plain, **changes)


def opened(packed: Packed) -> tuple[dict[str, Any], Floats]:
    head, body = LENGTHS.unpack(packed.request[: LENGTHS.size])
    rest = packed.request[LENGTHS.size :]
    assert len(rest) == head + body
    return json.loads(rest[:head]), np.load(io.BytesIO(rest[head:]), allow_pickle=False)


def found(packed: Packed, sets: list[tuple[str, ...]], *, accepted: bool = True, **more: Any) -> dict[str, Any]:
    code = {name: short for short, name in packed.names.items()}
    named = {key: [code[name] for name in more.get(key, ())] for key in ("instruments", "mediators")}
    return {"adjustment": [[code[name] for name in names] for names in sets], "accepted": accepted, **named}


def said(asked: ReferenceQuestion, ours: float | None = 2.0, **reply: Any) -> Any:
    packed = pack(asked)
    if "identification" not in reply:
        reply["identification"] = found(packed, [("w",)])
    return answer_of(asked, packed, {"version": "9.9", "estimate": {"value": 2.0}, **reply}, ours)


def test_the_request_holds_codes_instead_of_names() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), ("y", "after")], bidirected=[("t", "w")])
    header, matrix = opened(pack(question(graph=graph)))
    assert header["graph"] == {
        "nodes": ["n00", "n01", "n02", "n03"],
        "observed": ["n00", "n01", "n02"],
        "edges": [["n00", "n02"], ["n01", "n00"], ["n01", "n02"], ["n03", "n00"], ["n03", "n01"]],
        "treatment": "n00",
        "outcome": "n02",
        "adjustment": ["n01"],
    }
    assert header["columns"] == ["x0", "x1", "x2"]
    assert (header["treatment"], header["outcome"], header["covariates"]) == ("x0", "x1", ["x2"])
    assert matrix.shape == (N, 3)
    assert matrix[:, 1].mean() == pytest.approx(0)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (question(estimator="causal_forest"), "has no estimator that computes the same"),
        (question(problem=problem(weights=np.ones(N))), "takes no sampling weights"),
        (question(problem=problem(covariates=np.empty((N, 0))), estimator="ipw"), "without covariates"),
        (question(estimator="two_stage_least_squares"), "takes one instrument and no covariates"),
        (question(estimator="front_door"), "takes one mediator"),
        (
            question(
                problem=problem(covariates=np.empty((N, 0)), mediators=np.tile([[0.0], [0.0], [1.0], [1.0]], (10, 1))),
                estimator="front_door",
            ),
            "only linear models for what we count in cells",
        ),
    ],
)
def test_what_dowhy_cannot_compute_is_not_asked(asked: ReferenceQuestion, says: str) -> None:
    packed = pack(asked)
    assert says in packed.no_estimate
    assert opened(packed)[0]["estimator"] == ""
    answer = said(asked, None, estimate=None)
    assert (answer.ran, answer.agrees, answer.value, answer.rows) == (True, None, None, 0)
    assert says in answer.message


def wide(extra: int) -> CausalGraph:
    causes = [f"c{i}" for i in range(extra)]
    return CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), *((c, "y") for c in causes)])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (question(graph=wide(MOST_NODES)), "13 further variables"),
        (question(graph=CausalGraph.build(directed=[("t", "y")], undirected=[("w", "t")])), "undirected"),
        (question(graph=CausalGraph.build(directed=[("t", "y")])), "a column is not in the graph"),
        (question(problem=problem(strategy=Strategy.GENERAL)), "general algorithm"),
    ],
)
def test_where_dowhy_cannot_identify_it_is_not_asked(asked: ReferenceQuestion, says: str) -> None:
    packed = pack(asked)
    assert says in packed.no_identification
    assert opened(packed)[0]["graph"] is None
    answer = said(asked, identification=None)
    assert answer.agrees_on_identification is None
    assert says in answer.identification


def test_variables_without_a_say_do_not_count() -> None:
    effects = [("y", f"e{i}") for i in range(50)]
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), *effects])
    assert pack(question(graph=graph)).no_identification == ""


@pytest.mark.parametrize(
    ("sets", "accepted", "agrees", "says"),
    [
        ([("w",)], True, True, "also finds the set {w}"),
        ([("v",)], True, True, "finds the set {v}, and accepts {w} when asked"),
        ([("v",)], False, False, "finds the set {v}, and does not accept {w}"),
        ([], False, False, "finds no adjustment set"),
        ([], True, False, "finds no adjustment set, though it accepts {w} when asked"),
    ],
)
def test_what_dowhy_finds_is_laid_beside_the_set(
    sets: list[tuple[str, ...]], accepted: bool, agrees: bool, says: str
) -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "v"), ("v", "y"), ("t", "y")])
    asked = question(graph=graph)
    answer = said(asked, identification=found(pack(asked), sets, accepted=accepted))
    assert answer.agrees_on_identification is agrees
    assert says in answer.identification
    assert (", but finds" in answer.message) is not agrees


@pytest.mark.parametrize("reply", [{"late": True}, {"fault": "ValueError: no"}])
def test_an_identification_that_came_to_nothing_is_said(reply: dict[str, Any]) -> None:
    answer = said(question(), identification=reply)
    assert answer.agrees_on_identification is None
    assert "identify the effect" in answer.identification
    assert answer.agrees is True


@pytest.mark.parametrize(("edge", "agrees"), [(("y", "t"), True), (("t", "y"), False)])
def test_no_path_agrees_where_the_graph_has_none(edge: tuple[str, str], agrees: bool) -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), edge])
    answer = said(question(graph=graph), identification={"no_path": True})
    assert answer.agrees_on_identification is agrees
    assert "no directed path from t to y" in answer.message


@pytest.mark.parametrize(
    ("strategy", "key", "says"),
    [(Strategy.IV, "instruments", "instrument {w}"), (Strategy.FRONTDOOR, "mediators", "front-door variable {w}")],
)
def test_instruments_and_mediators_are_laid_side_by_side(strategy: Strategy, key: str, says: str) -> None:
    asked = question(problem=problem(strategy=strategy), adjustment=(), **{key: ("w",)})
    packed = pack(asked)
    same = said(asked, None, estimate=None, identification=found(packed, [], **{key: ("w",)}))
    assert same.agrees_on_identification is True
    assert f"also finds the {says}" in same.identification
    other = said(asked, None, estimate=None, identification=found(packed, []))
    assert other.agrees_on_identification is False
    assert "where we have {w}" in other.identification


@pytest.mark.parametrize(
    ("ours", "reply", "says"),
    [
        (math.nan, {"value": 2.0}, "where we have no estimate"),
        (2.0, {"fault": "it gives no finite number"}, "gives no estimate by backdoor.linear_regression"),
        (2.0, {"value": None, "clipped": 1234}, "change 1,234 propensity scores"),
    ],
)
def test_an_estimate_that_is_missing_on_one_side_is_said(ours: float, reply: dict[str, Any], says: str) -> None:
    answer = said(question(), ours, estimate=reply)
    assert (answer.ran, answer.agrees, answer.difference) == (True, None, None)
    assert says in answer.message


@given(st.floats(-1e6, 1e6), st.floats(-1e-9, 1e-9))
def test_noise_below_the_tolerance_leaves_no_trace(value: float, noise: float) -> None:
    answer = said(question(), value, estimate={"value": value * (1 + noise)})
    assert answer.agrees is True
    assert answer.difference == 0.0


@given(st.floats(1e-6, 10))
def test_a_difference_beyond_the_tolerance_is_kept_to_one_digit(relative: float) -> None:
    answer = said(question(), 50.0, estimate={"value": 50.0 * (1 + relative)})
    assert answer.agrees is False
    assert answer.difference == pytest.approx(relative, rel=0.35)
    assert "where we have 50 " in answer.message


def test_no_effect_is_compared_on_the_scale_of_its_error() -> None:
    assert said(question(), 0.0, estimate={"value": 1e-12}).agrees is True


def test_a_sample_depends_on_its_seed_alone() -> None:
    n = 30_000
    large = Problem(y=np.arange(n, dtype=float), t=np.zeros(n), covariates=np.empty((n, 0)))
    first, again, other = (sampled(large, SeedSequence(seed)).y for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(first) == len(np.unique(first)) == 20_000
    assert np.all(np.diff(first) > 0)


def test_two_values_become_zero_and_one() -> None:
    columns = np.array([[-0.5, 1.0], [2.0, 2.0], [-0.5, 3.0]])
    assert zero_one(columns).tolist() == [[0.0, 1.0], [1.0, 2.0], [0.0, 3.0]]
