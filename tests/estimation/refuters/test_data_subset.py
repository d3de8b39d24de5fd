from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.effects import Question, Status
from copilot.estimation.problem import Fit, Problem
from copilot.estimation.refuters.data_subset import DATA_SUBSET
from copilot.estimation.refuters.resample import Resample
from copilot.estimation.trial import Fitted, Trial


def test_a_right_analysis_scatters_as_promised(trial: Trial) -> None:
    (found,) = DATA_SUBSET.refute(trial)
    assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)
    assert found.details["promised_spread"] == pytest.approx((trial.headline.fit.se or 0) / 2)
    assert found.details["spread_ratio"] == pytest.approx(1, abs=0.3)
    assert "320 of 400 rows" in found.message


def test_one_row_that_carries_the_result_is_found(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    problem = problem_of()
    y = problem.y.copy()
    y[int(np.argmax(problem.t))] += 500
    (found,) = DATA_SUBSET.refute(trial_of(problem.with_outcome(y)))
    assert found.status is Status.FAILED
    assert abs(found.details["skewness"]) > 1
    assert "a few rows carry the result" in found.message


def test_an_error_that_is_far_too_small_is_found(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = DATA_SUBSET.refute(trial_of(problem_of(), wrapped(lambda _problem, value: value, 0.4)))
    assert found.status is Status.FAILED
    assert "more than the standard error allows" in found.message


def test_an_estimate_that_depends_on_the_number_of_rows_is_found(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = DATA_SUBSET.refute(trial_of(problem_of(), wrapped(lambda problem, value: value * problem.n / 400)))
    assert found.status is Status.FAILED
    assert "another effect" in found.message


def test_without_an_error_the_centre_is_still_judged(trial: Trial) -> None:
    blunt = replace(trial, headline=Fitted(trial.headline.estimator, Fit(value=trial.headline.fit.value)))
    (found,) = DATA_SUBSET.refute(blunt)
    assert found.status is Status.PASSED
    assert "spread_ratio" not in found.details


@pytest.mark.parametrize(
    ("clusters", "reason"),
    [
        (2, "2 clusters are too few to leave some out; at least 10 are needed"),
        (9, "9 clusters are too few"),
        (10, "only 45 different subsets can be drawn, and at least 100 are needed"),
        (12, "only 66 different subsets"),
        (13, ""),
    ],
)
def test_few_clusters_leave_too_few_subsets(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], clusters: int, reason: str
) -> None:
    (found,) = DATA_SUBSET.refute(trial_of(problem_of(clusters=np.arange(400) % clusters)))
    assert reason in found.observed
    assert bool(found.simulations) is not bool(reason)
    if reason:
        assert found.status is Status.INCONCLUSIVE
        assert found.message.startswith("The effect was to be estimated on random subsets of")


def test_few_rows_leave_too_few_subsets(problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]) -> None:
    (found,) = DATA_SUBSET.refute(trial_of(problem_of(n=12, k=1)))
    assert found.status is Status.INCONCLUSIVE
    assert "only 66 different subsets" in found.observed


@given(seed=st.integers(0, 1000), n=st.integers(2, 60), per=st.integers(1, 6))
def test_clusters_are_drawn_whole(seed: int, n: int, per: int) -> None:
    clusters = np.random.default_rng(seed).permutation(np.repeat(np.arange(n), per))
    rows = len(clusters)
    sample = Resample(Problem(y=np.zeros(rows), t=np.zeros(rows), covariates=np.empty((rows, 0)), clusters=clusters))
    count = sample.kept(0.8)
    kept = sample.subset(np.random.default_rng(seed), count)
    assert len(np.unique(kept)) == len(kept) == count * per
    assert len(set(clusters[kept])) == count
    again = sample.again(np.random.default_rng(seed))
    times = np.bincount(again, minlength=rows)
    assert sum(times) == rows
    assert all(len(set(times[clusters == code])) == 1 for code in range(n))


def test_rows_are_drawn_evenly() -> None:
    sample = Resample(Problem(y=np.zeros(10), t=np.zeros(10), covariates=np.empty((10, 0))))
    rng = np.random.default_rng(0)
    kept = np.bincount(np.concatenate([sample.subset(rng, 8) for _ in range(2000)]))
    assert np.abs(kept - 1600).max() < 5 * (2000 * 0.8 * 0.2) ** 0.5
    again = np.bincount(np.concatenate([sample.again(rng) for _ in range(2000)]))
    assert np.abs(again - 2000).max() < 5 * (2000 * 0.9) ** 0.5
