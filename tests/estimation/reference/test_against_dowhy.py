"""DoWhy itself, in its process: the same numbers as closed forms written here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator, SeedSequence, default_rng

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Strategy
from copilot.domain.reference import ReferenceAnswer
from copilot.estimation.estimators.front_door import FRONT_DOOR
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES
from copilot.estimation.problem import Ask, Estimator, Floats, Problem
from copilot.estimation.reference.client import Reference, ReferenceQuestion

CONFOUNDED = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("v", "t"), ("v", "y"), ("t", "y")])


def scaled(columns: Floats) -> Floats:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def slope(y: Floats, *columns: Floats) -> Floats:
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *columns]), y, rcond=None)[0][1]


def linear(problem: Problem) -> float:
    return float(slope(problem.y, problem.t, problem.covariates)) * problem.step


def hajek(problem: Problem) -> float:
    x, t, y = np.column_stack([np.ones(problem.n), problem.covariates]), problem.t, problem.y
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        beta = beta + np.linalg.solve((x.T * (p * (1 - p))) @ x, x.T @ (t - p))
    treated, control = t / p, (1 - t) / (1 - p)
    return float(treated @ y / treated.sum() - control @ y / control.sum())


def wald(problem: Problem) -> float:
    z = problem.instruments[:, 0]
    return float(np.cov(problem.y, z)[0, 1] / np.cov(problem.t, z)[0, 1]) * problem.step


def through_mediator(problem: Problem) -> float:
    m = problem.mediators[:, 0]
    return float(slope(m, problem.t) * slope(problem.y, m, problem.t)) * problem.step


def confounders(rng: Generator, n: int) -> tuple[Floats, Floats]:
    """One numeric confounder and one of three categories, encoded; and their sum, that acts."""
    w, v = rng.normal(size=n), rng.integers(0, 3, size=n)
    return scaled(np.column_stack([w, v == 1, v == 2])), 0.5 * w + 0.4 * v


def binary_treatment(n: int = 1000, seed: int = 1) -> Problem:
    rng = default_rng(seed)
    covariates, push = confounders(rng, n)
    t = (rng.random(n) < 1 / (1 + np.exp(0.4 - push))).astype(float)
    return Problem(y=1e6 + 2 * t + push + rng.normal(size=n), t=t, covariates=covariates, covariate_of=("w", "v", "v"))


def continuous_treatment() -> Problem:
    rng = default_rng(2)
    covariates, push = confounders(rng, 800)
    t = scaled(push + rng.normal(size=800))
    y = 3 * t + push + rng.normal(size=800)
    return Problem(
        y=y, t=t, covariates=covariates, covariate_of=("w", "v", "v"), binary_treatment=False, low=-0.25, high=0.5
    )


def instrumented(*, binary: bool) -> Problem:
    rng = default_rng(3)
    u, z = rng.normal(size=900), rng.normal(size=900)
    z = (z > 0.3).astype(float) if binary else z
    t = scaled(z + u + rng.normal(size=900))
    return Problem(
        y=2 * t + u + rng.normal(size=900),
        t=t,
        covariates=np.empty((900, 0)),
        binary_treatment=False,
        low=0.0,
        high=3.0,
        strategy=Strategy.IV,
        instruments=scaled(z[:, None]),
        instrument_of=("z",),
    )


def mediated() -> Problem:
    rng = default_rng(4)
    u = rng.normal(size=900)
    t = scaled(u + rng.normal(size=900))
    m = 1.5 * t + rng.normal(size=900)
    return Problem(
        y=2 * m + u + rng.normal(size=900),
        t=t,
        covariates=np.empty((900, 0)),
        binary_treatment=False,
        low=1.0,
        high=-1.0,
        strategy=Strategy.FRONTDOOR,
        mediators=scaled(m[:, None]),
        mediator_of=("m",),
    )


def backdoor(problem: Problem, estimator: str, ours: Callable[[Problem], float]) -> ReferenceQuestion:
    return ReferenceQuestion(CONFOUNDED, "t", "y", problem, ours, estimator, adjustment=("v", "w"))


def instrument(problem: Problem) -> ReferenceQuestion:
    graph = CausalGraph.build(directed=[("z", "t"), ("t", "y")], bidirected=[("t", "y")])
    return ReferenceQuestion(graph, "t", "y", problem, wald, "two_stage_least_squares", instruments=("z",))


def front_door(problem: Problem) -> ReferenceQuestion:
    graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("u", "t"), ("u", "y")], latent=["u"])
    return ReferenceQuestion(graph, "t", "y", problem, through_mediator, "front_door", mediators=("m",))


def put(question: ReferenceQuestion) -> ReferenceAnswer:
    with Reference.start() as reference:
        reference.ask(question)
        return reference.answer(60)


@pytest.mark.parametrize(
    ("question", "name", "finds"),
    [
        (backdoor(binary_treatment(), "linear_regression", linear), "backdoor.linear_regression", "the set {v, w}"),
        (backdoor(continuous_treatment(), "linear_regression", linear), "backdoor.linear_regression", "the set {v, w}"),
        (backdoor(binary_treatment(), "ipw", hajek), "backdoor.propensity_score_weighting", "the set {v, w}"),
        (instrument(instrumented(binary=True)), "iv.instrumental_variable", "the instrument {z}"),
        (instrument(instrumented(binary=False)), "iv.instrumental_variable", "the instrument {z}"),
        (front_door(mediated()), "frontdoor.two_stage_regression", "the front-door variable {m}"),
    ],
    ids=["linear", "linear, continuous treatment", "hajek", "wald", "instrument", "front door"],
)
def test_both_compute_and_find_the_same(question: ReferenceQuestion, name: str, finds: str) -> None:
    answer = put(question)
    assert (answer.ran, answer.agrees, answer.difference, answer.estimator) == (True, True, 0.0, name)
    assert answer.value == pytest.approx(question.ours(question.problem), rel=1e-8)
    assert answer.agrees_on_identification is True
    assert answer.identification == f"DoWhy also finds {finds}."
    assert "the same estimate" in answer.message
    assert answer.rows == question.problem.n


@pytest.mark.parametrize(
    ("question", "estimator"),
    [(instrument(instrumented(binary=True)), TWO_STAGE_LEAST_SQUARES), (front_door(mediated()), FRONT_DOOR)],
    ids=["two-stage least squares", "front door"],
)
def test_our_estimators_agree(question: ReferenceQuestion, estimator: Estimator) -> None:
    answer = put(dataclasses.replace(question, ours=lambda problem: estimator.fit(problem, Ask()).value))
    assert (answer.agrees, answer.agrees_on_identification) == (True, True)


def test_a_wrong_estimate_is_reported_and_the_same_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(problem: Problem) -> float:
        return linear(problem) + 0.05

    answers = []
    for hash_seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        answers.append(put(backdoor(binary_treatment(), "linear_regression", wrong)).model_dump_json())
    answer = ReferenceAnswer.model_validate_json(answers[0])
    assert answers[0] == answers[1]
    assert answer.agrees is False
    assert answer.difference == pytest.approx(0.025, rel=0.3)
    assert "where we have" in answer.message


def test_of_many_rows_a_sample_is_compared_by_both() -> None:
    question = dataclasses.replace(
        backdoor(binary_treatment(25_000), "linear_regression", linear), seed=SeedSequence(7)
    )
    answer = put(question)
    assert answer.agrees is True
    assert answer.rows == 20_000
    assert answer.ours != pytest.approx(linear(question.problem), rel=1e-9)
    assert "on 20,000 rows drawn at random from 25,000 both give" in answer.message


def test_where_dowhy_would_change_scores_nothing_is_compared() -> None:
    problem = binary_treatment()
    steep = (problem.covariates[:, 0] + 0.2 * default_rng(5).normal(size=problem.n) > 0).astype(float)
    answer = put(backdoor(problem.with_treatment(steep), "ipw", lambda _problem: 1.0))
    assert answer.agrees is None
    assert answer.value is None
    assert "propensity scores" in answer.message


def test_names_that_dowhy_keeps_for_itself_are_fine() -> None:
    odd = {"w": "propensity_score", "v": "a -> b.dot", "t": "w_random", "y": "placebo"}
    edges = [(odd[edge.source], odd[edge.target]) for edge in CONFOUNDED.edges]
    question = dataclasses.replace(
        backdoor(binary_treatment(), "ipw", hajek),
        graph=CausalGraph.build(directed=edges),
        treatment="w_random",
        outcome="placebo",
        adjustment=("a -> b.dot", "propensity_score"),
    )
    answer = put(question)
    assert (answer.agrees, answer.agrees_on_identification) == (True, True)


def test_a_set_that_leaves_a_path_open_is_not_accepted() -> None:
    problem = binary_treatment().without("v")
    answer = put(dataclasses.replace(backdoor(problem, "linear_regression", linear), adjustment=("w",)))
    assert (answer.agrees, answer.agrees_on_identification) == (True, False)
    assert answer.identification == ("DoWhy finds the set {v, w}, and does not accept {w} by the back-door criterion.")


def test_an_instrument_that_needs_covariates_is_beyond_dowhy() -> None:
    graph = CausalGraph.build(directed=[("z", "t"), ("t", "y"), ("w", "z"), ("w", "y")], bidirected=[("t", "y")])
    question = dataclasses.replace(instrument(instrumented(binary=True)), graph=graph, adjustment=("w",))
    answer = put(question)
    assert answer.agrees_on_identification is False
    assert "looks for none that need covariates" in answer.message
