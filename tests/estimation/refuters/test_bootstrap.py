from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.estimation.problem import Fit, Problem
from copilot.estimation.refuters.bootstrap import BOOTSTRAP, INVALID
from copilot.estimation.trial import Fitted, Trial


def test_a_right_analysis_scatters_by_its_error(trial: Trial) -> None:
    (found,) = BOOTSTRAP.refute(trial)
    assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)
    assert found.details["spread_ratio"] == pytest.approx(1, abs=0.25)
    assert found.details["percentile_low"] < trial.headline.fit.value < found.details["percentile_high"]
    assert found.interval == (found.details["percentile_low"], found.details["percentile_high"])
    assert "can be relied on" in found.message


@pytest.mark.parametrize(("scale", "words"), [(0.5, "too small"), (2.0, "larger than")])
def test_a_wrong_error_fails(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    scale: float,
    words: str,
) -> None:
    (found,) = BOOTSTRAP.refute(trial_of(problem_of(), wrapped(lambda _problem, value: value, scale)))
    assert found.status is Status.FAILED
    assert words in found.message


def test_an_error_that_overlooks_clusters_fails(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    rng, clusters = np.random.default_rng(3), np.arange(400) % 40
    t = (rng.random(40) < 0.5).astype(float)[clusters]
    problem = replace(problem_of(), t=t, clusters=clusters)
    problem = problem.with_outcome(t + rng.standard_normal(400) + 2 * rng.standard_normal(40)[clusters])
    right = trial_of(problem)
    naive = replace(right, headline=trial_of(replace(problem, clusters=None)).headline)
    assert BOOTSTRAP.refute(right)[0].status is Status.PASSED
    assert BOOTSTRAP.refute(naive)[0].status is Status.FAILED


def test_an_error_that_takes_all_rows_to_scatter_alike_fails(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    rng = np.random.default_rng(4)
    t = (np.arange(400) < 40).astype(float)
    problem = replace(problem_of(), t=t).with_outcome(rng.standard_normal(400) * (1 + 4 * t))
    robust = trial_of(problem)
    design = np.column_stack([t, np.ones(400), problem.covariates])
    residual = problem.y - design @ np.linalg.lstsq(design, problem.y, rcond=None)[0]
    classical = float(residual @ residual / 395 * np.linalg.inv(design.T @ design)[0, 0]) ** 0.5
    fit = Fit(value=robust.headline.fit.value, se=classical)
    assert BOOTSTRAP.refute(robust)[0].status is Status.PASSED
    assert BOOTSTRAP.refute(replace(robust, headline=Fitted(robust.headline.estimator, fit)))[0].status is Status.FAILED


def test_an_estimate_that_is_biased_when_rows_repeat_fails(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    def shifted(problem: Problem, value: float) -> float:
        return value + (0.2 if len(np.unique(problem.y)) < problem.n else 0.0)

    (found,) = BOOTSTRAP.refute(trial_of(problem_of(), wrapped(shifted)))
    assert found.status is Status.FAILED
    assert "biased" in found.message


@pytest.mark.parametrize("name", sorted(INVALID))
def test_where_the_bootstrap_is_invalid_it_is_not_tried(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    name: str,
) -> None:
    estimator = wrapped(lambda _problem, value: value)
    estimator.name = name  # type: ignore[attr-defined]
    (found,) = BOOTSTRAP.refute(trial_of(problem_of(), estimator))
    assert found.status is Status.INCONCLUSIVE
    assert (found.simulations, found.draws) == (0, ())
    assert INVALID[name] in found.message


@pytest.mark.parametrize(("clusters", "tried"), [(2, False), (9, False), (10, True)])
def test_few_clusters_drawn_again_vouch_for_no_error(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], clusters: int, *, tried: bool
) -> None:
    (found,) = BOOTSTRAP.refute(trial_of(problem_of(clusters=np.arange(400) % clusters)))
    assert (found.simulations > 0) is tried
    if not tried:
        assert found.status is Status.INCONCLUSIVE
        assert f"{clusters} clusters are too few to draw again; at least 10 are needed" in found.message


@pytest.mark.parametrize(("scale", "status"), [(0.5, Status.FAILED), (2.0, Status.INCONCLUSIVE)])
def test_an_error_that_is_cautious_by_design_is_no_fault_when_large(
    problem_of: Callable[..., Problem],
    trial_of: Callable[..., Trial],
    wrapped: Callable[..., object],
    scale: float,
    status: Status,
) -> None:
    estimator = wrapped(lambda _problem, value: value, scale)
    estimator.name = "stratification"  # type: ignore[attr-defined]
    (found,) = BOOTSTRAP.refute(trial_of(problem_of(), estimator))
    assert found.status is status
    assert ("interval too long" in found.message) is (status is Status.INCONCLUSIVE)


def test_many_columns_for_few_rows_are_not_tried(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial]
) -> None:
    (found,) = BOOTSTRAP.refute(trial_of(problem_of(n=60, k=30)))
    assert found.status is Status.INCONCLUSIVE
    assert "32 columns for 60 rows" in found.message


def test_without_an_error_there_is_nothing_to_check(trial: Trial) -> None:
    blunt = replace(trial, headline=Fitted(trial.headline.estimator, Fit(value=trial.headline.fit.value)))
    (found,) = BOOTSTRAP.refute(blunt)
    assert found.status is Status.INCONCLUSIVE
    assert "no standard error" in found.message
