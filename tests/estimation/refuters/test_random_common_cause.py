from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.estimation.problem import Fit, Problem
from copilot.estimation.refuters.random_common_cause import RANDOM_COMMON_CAUSE
from copilot.estimation.trial import Fitted, Trial


def test_a_right_analysis_stays_where_it_is(trial: Trial) -> None:
    (found,) = RANDOM_COMMON_CAUSE.refute(trial)
    assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)
    assert found.value == pytest.approx(trial.headline.fit.value, abs=0.01)
    assert "bears one more covariate" in found.message
    assert "hidden common causes" in found.blind_spot


@pytest.mark.parametrize("n", [100, 400, 1600])
def test_least_squares_shifts_by_se_over_root_n(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], n: int
) -> None:
    (found,) = RANDOM_COMMON_CAUSE.refute(trial_of(problem_of(1, n=n)))
    assert found.details["typical_shift"] == pytest.approx(found.details["shift_by_chance"], rel=0.35)


def by_noise(problem: Problem, value: float) -> float:
    """Add what the last covariate happens to be in the first row, as a computation that hangs on a detail would."""
    return value + (float(problem.covariates[0, -1]) if problem.covariates.shape[1] > 3 else 0.0)


@pytest.mark.parametrize(
    "change", [by_noise, lambda problem, value: value + 0.1 * max(0, problem.covariates.shape[1] - 3)]
)
def test_an_estimate_that_noise_moves_fails(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    change: Callable[[Problem, float], float],
) -> None:
    (found,) = RANDOM_COMMON_CAUSE.refute(trial_of(problem_of(), wrapped(change)))
    assert found.status is Status.FAILED
    assert "unstable" in found.message


@pytest.mark.parametrize(("shift", "status"), [(0.6, Status.PASSED), (2.0, Status.FAILED)])
def test_an_estimator_that_sorts_rows_anew_may_move_by_its_error(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    shift: float,
    status: Status,
) -> None:
    estimator = wrapped(lambda problem, value: value + 0.14 * shift * max(0, problem.covariates.shape[1] - 3))
    assert RANDOM_COMMON_CAUSE.refute(trial_of(problem_of(), estimator))[0].status is Status.FAILED
    estimator.name = "matching"  # type: ignore[attr-defined]
    assert RANDOM_COMMON_CAUSE.refute(trial_of(problem_of(), estimator))[0].status is status


def test_nearly_as_many_covariates_as_rows_fail(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    trial = trial_of(problem_of(2, n=40, k=34), wrapped(lambda _problem, value: value, 0.3))
    (found,) = RANDOM_COMMON_CAUSE.refute(trial)
    assert found.status is Status.FAILED


def test_without_an_error_there_is_nothing_to_measure_by(trial: Trial) -> None:
    blunt = replace(trial, headline=Fitted(trial.headline.estimator, Fit(value=trial.headline.fit.value)))
    (found,) = RANDOM_COMMON_CAUSE.refute(blunt)
    assert found.status is Status.INCONCLUSIVE
    assert "no standard error" in found.message
    assert len(found.draws) == 100


def test_the_noise_is_another_each_time(trial: Trial) -> None:
    (found,) = RANDOM_COMMON_CAUSE.refute(trial)
    assert len(np.unique(found.draws)) == 100
