from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.domain.identification.values import Strategy
from copilot.estimation.problem import Floats, Problem
from copilot.estimation.refuters.dummy_outcome import DUMMY_OUTCOME, Maker
from copilot.estimation.trial import Trial


def test_a_right_analysis_finds_what_was_put_in(trial: Trial) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial)
    assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)
    assert found.details["planted"] == pytest.approx(trial.headline.fit.value)
    assert found.details["came_back"] == pytest.approx(trial.headline.fit.value)
    assert "known effects are found" in found.message
    assert (found.simulations, len(found.draws)) == (100, 100)


def unadjusted(problem: Problem, value: float) -> float:
    del value
    return float(problem.y[problem.t == 1].mean() - problem.y[problem.t == 0].mean())


def test_an_estimator_that_forgets_the_covariates_fails(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial_of(problem_of(), wrapped(unadjusted)))
    assert found.status is Status.FAILED
    assert "does not take out what the covariates do" in found.message
    assert found.p_value is not None
    assert found.p_value < 0.05


def test_an_estimator_that_forgets_the_covariates_of_a_binary_outcome_fails(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial_of(problem_of(n=2000, binary=True), wrapped(unadjusted)))
    assert found.status is Status.FAILED
    assert "planted" not in found.details


def test_an_estimator_that_shrinks_effects_loses_the_planted_one(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial_of(problem_of(effect=3), wrapped(lambda _problem, value: value / 3)))
    assert found.status is Status.FAILED
    assert "does not find an effect that is there" in found.message


@pytest.mark.parametrize("clusters", [None, np.arange(4000) % 200])
@pytest.mark.parametrize("binary", [True, False])
def test_made_outcomes_have_the_kind_and_the_spread_of_the_real_one(
    problem_of: Callable[..., Problem], clusters: Floats | None, *, binary: bool
) -> None:
    problem = problem_of(n=4000, binary=binary, clusters=clusters)
    made = Maker(problem, np.random.default_rng(0))(np.random.default_rng(1))
    assert made.mean() == pytest.approx(problem.y.mean(), abs=0.35)
    assert made.std() == pytest.approx(problem.y.std(), rel=0.15)
    assert (set(made) == {0.0, 1.0}) is binary
    assert np.corrcoef(made, problem.t)[0, 1] > 0.02


def test_noise_is_shared_within_clusters(problem_of: Callable[..., Problem]) -> None:
    problem = problem_of(n=4000, k=0, clusters=np.arange(4000) % 200)
    made = Maker(problem, np.random.default_rng(0))(np.random.default_rng(1))
    means = np.bincount(problem.clusters, made) / 20 if problem.clusters is not None else made
    assert means.var() == pytest.approx(made.var() * (0.5 + 0.5 / 20), rel=0.25)


def test_each_covariate_pushes_the_way_it_goes_with_the_treatment(problem_of: Callable[..., Problem]) -> None:
    problem = problem_of(n=4000)
    flipped = replace(problem, covariates=-problem.covariates)
    for one in (problem, flipped):
        made = Maker(one, np.random.default_rng(0))(np.random.default_rng(1))
        ways = one.covariates.T @ (one.t - one.t.mean())
        assert np.all(np.sign(one.covariates.T @ made) == np.sign(ways))


def test_without_covariates_there_is_only_noise(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial_of(problem_of(k=0)))
    assert found.status is Status.PASSED


def test_nothing_is_planted_where_it_would_have_to_go_through_mediators(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    (found,) = DUMMY_OUTCOME.refute(trial_of(replace(problem_of(), strategy=Strategy.FRONTDOOR)))
    assert "planted" not in found.details


def test_an_outcome_that_never_varies_is_inconclusive(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    problem = problem_of()
    trial = replace(trial_of(problem), problem=problem.with_outcome(np.zeros(400), binary=True))
    (found,) = DUMMY_OUTCOME.refute(trial)
    assert found.status is Status.INCONCLUSIVE


def test_draws_too_small_to_be_squared_are_judged_without_a_spread(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    tiny = wrapped(lambda _problem, value: value * 1e-200)
    (found,) = DUMMY_OUTCOME.refute(trial_of(problem_of(), tiny))
    assert (found.p_value, found.status) == (0.0, Status.FAILED)
