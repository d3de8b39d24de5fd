"""The yardstick of a hidden cause: what may not be read as passed, and numbers at the edge of the representable."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Status
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.moments import Moments
from copilot.estimation.problem import Ask, Fit, Floats, Problem
from copilot.estimation.refuters.over_identification import OVER_IDENTIFICATION
from copilot.estimation.refuters.unobserved_common_cause import UNOBSERVED_COMMON_CAUSE, sensitivity
from copilot.estimation.trial import Fitted, Trial


def standard(columns: Floats) -> Floats:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def world(effect: float, strong: float, n: int = 3000) -> Problem:
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=(2, n))
    t = (rng.random(n) < 1 / (1 + np.exp(-w))).astype(float)
    y = effect * t + strong * w + 0.05 * v + rng.normal(size=n)
    return Problem(y, t, standard(np.column_stack([w, v])), ("w", "v"))


def tried(problem: Problem, fit: Fit | None = None) -> Trial:
    return Trial(problem, Ask(), Fitted(LINEAR_REGRESSION, fit or LINEAR_REGRESSION.fit(problem, Ask())))


def test_a_weak_yardstick_does_not_pass_for_the_strong_one_that_cannot_be_bounded() -> None:
    trial = tried(world(0.4, 3.0))
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(trial)
    assert one.status is Status.INCONCLUSIVE
    assert "as strong as w would do cannot be bounded" in one.message
    found = sensitivity(trial)
    assert found is not None
    assert {benchmark.variable for benchmark in found.benchmarks} == {"v"}
    assert any("No cause as strong as w" in note for note in found.notes)


@pytest.mark.parametrize(("effect", "status"), [(0.9, Status.INCONCLUSIVE), (6.0, Status.PASSED)])
def test_where_three_times_is_out_of_reach_the_worst_case_decides(effect: float, status: Status) -> None:
    rng = np.random.default_rng(4)
    w = rng.normal(size=4000)
    t = (rng.random(4000) < 1 / (1 + np.exp(-0.6 * w))).astype(float)
    y = effect * t + 0.6 * w + rng.normal(size=4000)
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(Problem(y, t, standard(w[:, None]), ("w",))))
    assert one.status is status
    assert "none can be stronger" not in one.message


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_contrast_of_thousands_of_standard_deviations_has_finite_e_values(sign: int) -> None:
    rng = np.random.default_rng(2)
    t, w = standard(rng.normal(size=(500, 2))).T
    y = sign * t + rng.normal(size=500)
    problem = Problem(y, t, w[:, None], ("w",), binary_treatment=False, low=0.0, high=2000.0)
    found = sensitivity(tried(problem))
    assert found is not None
    assert found.e_value is not None
    assert found.e_value > 1
    assert math.isfinite(found.e_value)


def test_the_headline_s_own_interval_says_whether_there_is_anything_to_explain_away() -> None:
    problem = world(1.0, 0.3)
    own = LINEAR_REGRESSION.fit(problem, Ask())
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(problem, replace(own, interval=(-0.1, 2.0))))
    assert one.status is Status.INCONCLUSIVE
    assert "nothing to explain away" in one.message
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(world(0.0, 0.3), Fit(1.0, 0.1)))
    assert one.status is Status.INCONCLUSIVE
    assert "of that regression holds zero already" in one.message


def test_clusters_are_said_not_to_be_in_the_errors() -> None:
    problem = replace(world(1.0, 0.3), clusters=np.arange(3000) // 10)
    found, alone = sensitivity(tried(problem)), sensitivity(tried(world(1.0, 0.3)))
    assert found is not None
    assert alone is not None
    assert any("not cluster-robust" in note for note in found.notes)
    assert (found.robustness_value, found.partial_r2) == (alone.robustness_value, alone.partial_r2)


@pytest.mark.parametrize(
    ("effect", "free", "clustered"),
    [(8.0, Status.PASSED, Status.INCONCLUSIVE), (0.2, Status.FAILED, Status.FAILED)],
)
def test_intervals_that_overlook_clusters_can_fail_and_not_pass(effect: float, free: Status, clustered: Status) -> None:
    problem = world(effect, 0.3)
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(problem))
    assert one.status is free
    (one,) = UNOBSERVED_COMMON_CAUSE.refute(tried(replace(problem, clusters=np.arange(3000) // 10)))
    assert one.status is clustered
    assert "not cluster-robust" in one.message


@pytest.mark.parametrize("weighted", [False, True])
def test_one_inverse_gives_the_partial_r2_that_leaving_out_gives(weighted: bool) -> None:
    rng = np.random.default_rng(6)
    w = standard(rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)))
    t = w[:, 0] + rng.normal(size=400)
    y = t + w.sum(axis=1) + rng.normal(size=400)
    weights = rng.uniform(0.5, 1.5, 400) if weighted else None
    moments = Moments(Problem(y, t, w, ("a", "b", "b", "c", "d"), binary_treatment=False, weights=weights))
    groups = [moments.columns_of(name) for name in "abcd"]
    places = [moments.t, *moments.covariates]
    slow = [moments.partial_r2(moments.y, own, [one for one in places if one not in own]) for own in groups]
    assert moments.partial_r2_each(moments.y, groups, places) == pytest.approx(slow, rel=1e-9)


def test_an_over_identification_test_without_a_number_is_no_verdict() -> None:
    problem = replace(world(1.0, 0.3), strategy=Strategy.IV, instruments=np.ones((3000, 2)), instrument_of=("a", "b"))
    nan = {"hansen_p": math.nan}
    assert OVER_IDENTIFICATION.refute(tried(problem, Fit(1.0, 0.1, diagnostics=nan))) == ()
    (one,) = OVER_IDENTIFICATION.refute(tried(problem, Fit(1.0, 0.1, diagnostics={**nan, "sargan_p": 0.01})))
    assert one.status is Status.FAILED
    assert "Sargan" in one.message
