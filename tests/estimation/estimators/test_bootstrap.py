"""Errors by resampling: right for a mean, whole clusters, repeatable, and honest about failures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import SeedSequence
from numpy.testing import assert_allclose

from copilot.errors import EstimationError
from copilot.estimation.estimators.bootstrap import bootstrap_errors, members_of
from copilot.estimation.problem import Ask, PlainRefit, Problem, nothing_wide


def mean_of(problem: Problem) -> float:
    return float(problem.y.mean())


def sample(n: int = 300, *, clusters: bool = False) -> Problem:
    draw = np.random.default_rng(0)
    codes = np.repeat(np.arange(n // 5), 5) if clusters else None
    y = draw.normal(size=n // 5).repeat(5) if clusters else draw.normal(size=n)
    return Problem(y=y, t=np.ones(n), covariates=nothing_wide(n), clusters=codes)


def test_the_error_of_a_mean() -> None:
    problem = sample()
    se, (low, high), failures = bootstrap_errors(PlainRefit(mean_of, problem), problem, Ask(resamples=2000))
    exact = problem.y.std() / np.sqrt(problem.n)
    assert_allclose(se, exact, rtol=0.06)
    assert_allclose((low, high), problem.y.mean() + 1.96 * exact * np.array([-1, 1]), atol=0.2 * exact)
    assert failures == 0


def test_clusters_are_drawn_whole() -> None:
    problem = sample(clusters=True)
    se, _, _ = bootstrap_errors(PlainRefit(mean_of, problem), problem, Ask(resamples=1000))
    assert_allclose(se, problem.y[::5].std() / np.sqrt(60), rtol=0.1)
    assert [part.tolist() for part in members_of(np.array([2, 0, 2]))] == [[1], [0, 2]]


def test_the_seed_decides_and_the_first_resamples_do_not_depend_on_how_many_follow() -> None:
    problem, seen = sample(), [[], []]  # type: tuple[Problem, list[list[float]]]
    for kept, many in zip(seen, (3, 5), strict=True):

        def point(changed: Problem, kept: list[float] = kept) -> float:
            kept.append(mean_of(changed))
            return kept[-1]

        bootstrap_errors(PlainRefit(point, problem), problem, Ask(resamples=many, seed=SeedSequence(4)))
    assert seen[0] == seen[1][:3]


def test_progress_is_told_of_each_resample() -> None:
    steps: list[int] = []
    bootstrap_errors(PlainRefit(mean_of, sample()), sample(), Ask(resamples=7, on_step=steps.append))
    assert steps == [1] * 7


def test_few_failures_are_counted_and_many_are_an_error() -> None:
    problem = sample()

    def failing(share: float) -> PlainRefit:
        draw = np.random.default_rng(1)
        return PlainRefit(lambda p: float("nan") if draw.uniform() < share else mean_of(p), problem)

    _, _, failures = bootstrap_errors(failing(0.1), problem, Ask())
    assert 5 <= failures <= 40
    with pytest.raises(EstimationError, match="resamples gave no estimate"):
        bootstrap_errors(failing(0.5), problem, Ask())
    with pytest.raises(EstimationError, match="all resamples gave the same"):
        bootstrap_errors(PlainRefit(lambda _: 1.0, problem), problem, Ask())
