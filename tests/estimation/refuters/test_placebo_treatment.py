from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.domain.identification.values import Strategy
from copilot.estimation.problem import Problem
from copilot.estimation.refuters.placebo_treatment import PLACEBO_TREATMENT, Shuffler
from copilot.estimation.trial import Trial


def test_a_right_analysis_passes_and_says_what_it_did(trial: Trial) -> None:
    (found,) = PLACEBO_TREATMENT.refute(trial)
    assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)
    assert (found.simulations, found.failures, len(found.draws)) == (100, 0, 100)
    assert found.value == pytest.approx(np.mean(found.draws))
    assert found.interval is not None
    assert found.interval[0] < 0 < found.interval[1]
    assert "drug was shuffled 100 times" in found.message
    assert "no effect out of nothing" in found.message
    assert "hidden common causes" in found.blind_spot
    assert found.details["share_as_far_as_headline"] == pytest.approx(1 / 101)


@pytest.mark.parametrize("change", [lambda _problem, value: abs(value), lambda _problem, value: value + 1])
def test_an_estimator_that_finds_effects_in_noise_fails(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    change: Callable[[Problem, float], float],
) -> None:
    (found,) = PLACEBO_TREATMENT.refute(trial_of(problem_of(), wrapped(change)))
    assert found.status is Status.FAILED
    assert found.p_value is not None
    assert found.p_value < 0.05
    assert "cannot be trusted" in found.message


def test_an_answer_that_does_not_move_is_inconclusive(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = PLACEBO_TREATMENT.refute(trial_of(problem_of(), wrapped(lambda _problem, _value: 0.0)))
    assert found.status is Status.INCONCLUSIVE
    assert "same number" in found.message
    assert found.p_value is None


def test_a_treatment_of_whole_clusters_is_shuffled_among_clusters() -> None:
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(20), 5)
    whole = rng.integers(0, 2, 20).astype(float)[clusters]
    mixed = Shuffler(whole, clusters)(rng)
    assert all(len(set(mixed[clusters == code])) == 1 for code in range(20))
    assert mixed.sum() == whole.sum()
    loose = rng.standard_normal(100)
    assert sorted(Shuffler(loose, clusters)(rng)) == sorted(loose)


def test_with_an_instrument_the_outcome_is_shuffled(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    problem = problem_of()
    trial = trial_of(replace(problem, strategy=Strategy.IV, instruments=problem.t[:, None]))
    (found,) = PLACEBO_TREATMENT.refute(trial)
    assert "pain was shuffled" in found.message
    assert found.status is Status.PASSED


def test_heavy_tails_are_judged_by_the_median(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    (found,) = PLACEBO_TREATMENT.refute(trial_of(problem_of(), wrapped(lambda _problem, value: value**7 * 1e6)))
    assert "median" in found.observed
    assert found.status is Status.PASSED


def test_tiny_units_are_told_in_full(problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]) -> None:
    problem = problem_of()
    (found,) = PLACEBO_TREATMENT.refute(trial_of(problem.with_outcome(problem.y * 1e-12)))
    (usual,) = PLACEBO_TREATMENT.refute(trial_of(problem))
    assert found.status is usual.status
    assert "e-1" in found.observed
    assert found.p_value == pytest.approx(usual.p_value)


def test_two_values_are_shuffled_evenly() -> None:
    column = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    shuffle, rng = Shuffler(column, None), np.random.default_rng(0)
    mixed = np.array([shuffle(rng) for _ in range(3000)])
    assert set(mixed.sum(axis=1)) == {2.0}
    assert np.abs(mixed.mean(axis=0) - 1 / 3).max() < 5 * (2 / 9 / 3000) ** 0.5
    many = np.arange(6.0)
    assert sorted(Shuffler(many, None)(rng)) == many.tolist()
    assert many.tolist() == [0, 1, 2, 3, 4, 5]
