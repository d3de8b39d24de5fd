"""How often each simulating refuter passes right analyses and catches broken ones, over many data sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.effects import Status
from copilot.estimation.problem import Problem
from copilot.estimation.refuters.bootstrap import BOOTSTRAP
from copilot.estimation.refuters.data_subset import DATA_SUBSET
from copilot.estimation.refuters.dummy_outcome import DUMMY_OUTCOME
from copilot.estimation.refuters.placebo_treatment import PLACEBO_TREATMENT
from copilot.estimation.refuters.random_common_cause import RANDOM_COMMON_CAUSE
from copilot.estimation.refuters.registry import run_refuters
from copilot.estimation.trial import Refuter, Trial

SIMULATING = (PLACEBO_TREATMENT, RANDOM_COMMON_CAUSE, DATA_SUBSET, BOOTSTRAP, DUMMY_OUTCOME)
Made = Callable[..., Problem]


def plain(problem_of: Made, seed: int) -> Problem:
    return problem_of(seed)


def small(problem_of: Made, seed: int) -> Problem:
    return problem_of(seed, n=80)


def events(problem_of: Made, seed: int) -> Problem:
    return problem_of(seed, binary=True)


def by_villages(problem_of: Made, seed: int) -> Problem:
    problem, rng, villages = problem_of(seed), np.random.default_rng(10_000 + seed), np.arange(400) % 30
    t = (rng.random(30) < 0.5).astype(float)[villages]
    y = t + problem.covariates.sum(axis=1) + rng.standard_normal(400) + rng.standard_normal(30)[villages]
    return replace(problem, t=t, y=y, clusters=villages)


def doses(problem_of: Made, seed: int) -> Problem:
    problem, rng = problem_of(seed), np.random.default_rng(10_000 + seed)
    t = problem.covariates[:, 0] + rng.standard_normal(400)
    t = (t - t.mean()) / t.std()
    y = 2 * t + problem.covariates.sum(axis=1) + rng.standard_t(4, 400)
    return replace(problem, t=t, y=y, binary_treatment=False)


@pytest.mark.slow
@pytest.mark.parametrize("make", [plain, small, events, by_villages, doses])
def test_right_analyses_pass_at_the_rate_the_level_promises(
    problem_of: Made, trial_of: Callable[..., Trial], make: Callable[[Made, int], Problem]
) -> None:
    passed: Counter[str] = Counter()
    for seed in range(200):
        found, _ = run_refuters(trial_of(make(problem_of, seed), seed=SeedSequence(seed)), SIMULATING)
        passed.update(one.refuter for one in found if one.status is Status.PASSED)
    assert {refuter.name: passed[refuter.name] for refuter in SIMULATING if passed[refuter.name] < 186} == {}


def luckiest(problem: Problem, value: float) -> float:
    """Give the larger of two answers, as a search over specifications does."""
    half = problem.n // 2
    other = problem.y[half:][problem.t[half:] == 1].mean() - problem.y[half:][problem.t[half:] == 0].mean()
    return max(value, float(other))


def forgetful(problem: Problem, _value: float) -> float:
    return float(problem.y[problem.t == 1].mean() - problem.y[problem.t == 0].mean())


def honest(_problem: Problem, value: float) -> float:
    return value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("refuter", "change", "scale"),
    [
        (PLACEBO_TREATMENT, luckiest, 1.0),
        (DUMMY_OUTCOME, forgetful, 1.0),
        (BOOTSTRAP, honest, 0.5),
        (DATA_SUBSET, honest, 0.5),
    ],
)
def test_broken_computations_are_caught(
    problem_of: Made,
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    refuter: Refuter,
    change: Callable[[Problem, float], float],
    scale: float,
) -> None:
    caught = 0
    for seed in range(50):
        trial = trial_of(problem_of(seed), wrapped(change, scale), seed=SeedSequence(seed))
        (found,), _ = run_refuters(trial, [refuter])
        caught += found.status is Status.FAILED
    assert caught >= 45


@pytest.mark.slow
def test_a_result_that_one_row_carries_is_caught(problem_of: Made, trial_of: Callable[..., Trial]) -> None:
    caught = 0
    for seed in range(50):
        problem = problem_of(seed)
        y = problem.y.copy()
        y[int(np.argmax(problem.t))] += 300
        trial = trial_of(problem.with_outcome(y), seed=SeedSequence(seed))
        found, _ = run_refuters(trial, [DATA_SUBSET])
        caught += found[0].status is Status.FAILED
    assert caught >= 45


@pytest.mark.slow
def test_a_hidden_cause_is_not_seen_and_each_refuter_says_so(problem_of: Made, trial_of: Callable[..., Trial]) -> None:
    for seed in range(20):
        problem = problem_of(seed, n=2000, effect=0.0)
        hidden = problem.covariates[:, 0]
        trial = trial_of(problem.without("x0").with_outcome(problem.y + 2 * hidden), seed=SeedSequence(seed))
        assert trial.headline.fit.value > 2 * (trial.headline.fit.se or 0)
        found, _ = run_refuters(trial, SIMULATING)
        assert sum(one.status is Status.PASSED for one in found) >= 4
        assert all("hidden common causes" in one.blind_spot for one in found)
