"""Sensitivity: the published numbers of Darfur, and formulas held against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from copilot.estimation.moments import Moments
from copilot.estimation.problem import Problem
from copilot.estimation.sensitivity import (
    LinearFit,
    adjusted,
    bound,
    contour,
    curve,
    e_value,
    e_value_of_interval,
    needed_of_outcome,
    partial_r2,
    ratio_of_difference,
    robustness_value,
)

DARFUR = LinearFit(0.09731582, 0.02325654, 783)
"""Cinelli & Hazlett (2020), table 1: .097 (.023), RV 13.9 %, RV at .05 7.6 %, partial R² 2.2 %."""


def test_the_published_robustness_values_come_out() -> None:
    assert robustness_value(DARFUR) == pytest.approx(0.13878, abs=1e-5)
    assert robustness_value(DARFUR, 0.95) == pytest.approx(0.07626, abs=1e-5)
    assert partial_r2(DARFUR) == pytest.approx(0.02187, abs=1e-5)


def test_the_published_bounds_by_the_covariate_female_come_out() -> None:
    found = bound(1, 0.0090811, 0.1101)
    assert found is not None
    assert found == pytest.approx((0.00916, 0.1246), abs=2e-3)
    value, (low, high) = adjusted(DARFUR, 0.00916429, 0.12464092, 0.95)
    assert value == pytest.approx(0.0752, abs=1e-4)
    assert (low, high) == pytest.approx((0.0323, 0.1182), abs=1e-4)


def test_the_robustness_value_is_the_strength_that_brings_the_estimate_to_zero() -> None:
    strength = robustness_value(DARFUR)
    assert adjusted(DARFUR, strength, strength, 0.95)[0] == pytest.approx(0.0, abs=1e-12)
    strength = robustness_value(DARFUR, 0.95)
    assert adjusted(DARFUR, strength, strength, 0.95)[1][0] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("level", [None, 0.95])
@pytest.mark.parametrize("fit", [DARFUR, LinearFit(-2.0, 0.1, 60)])
def test_the_curve_is_where_nothing_is_left_and_passes_through_the_robustness_value(
    fit: LinearFit, level: float | None
) -> None:
    strength = robustness_value(fit, level)
    assert needed_of_outcome(fit, strength, level) == pytest.approx(strength)
    points = curve(fit, level)
    assert (strength, pytest.approx(strength)) in points
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    for x, y in points:
        assert 0 < x < 1
        assert 0 <= y <= 1
        value, limits = adjusted(fit, x, y, level or 0.95)
        left = value if level is None else min(limits, key=abs)
        # with a strength of 0 for the outcome, the wider error alone takes the interval across zero
        assert left == pytest.approx(0.0, abs=2e-3 * abs(fit.value)) or (y == 0 and limits[0] <= 0 <= limits[1])
        if y > 0.01:
            weaker = adjusted(fit, x, y - 0.01, level or 0.95)
            assert (weaker[0] if level is None else min(weaker[1], key=abs)) * fit.value > 0


def test_a_very_strong_estimate_has_a_curve_that_begins_at_its_robustness_value() -> None:
    """The interval can first be brought to zero by a cause that explains less of the outcome than of the treatment."""
    fit = LinearFit(1.0, 0.05, 8)
    strength = robustness_value(fit, 0.95)
    needed = needed_of_outcome(fit, strength, 0.95)
    assert needed is not None
    assert needed < strength
    assert curve(fit, 0.95)[0] == (strength, needed)
    assert needed_of_outcome(fit, strength - 1e-6, 0.95) is None


def test_nothing_to_explain_away_has_no_curve() -> None:
    assert curve(LinearFit(0.1, 0.1, 50), 0.95) == ()
    assert len(curve(LinearFit(0.1, 0.1, 50))) > 20


def test_an_interval_that_holds_zero_has_nothing_to_lose() -> None:
    assert robustness_value(LinearFit(0.1, 0.1, 50), 0.95) == 0.0


def test_no_bound_where_no_cause_can_be_so_strong() -> None:
    assert bound(3, 0.4, 0.1) is None
    assert bound(1, 1.0, 0.1) is None


def test_the_contour_agrees_with_single_adjustments_and_pulls_towards_zero() -> None:
    r2 = np.array([0.0, 0.1, 0.3])
    grid = contour(LinearFit(-2.0, 0.2, 100), r2, r2)
    assert grid.shape == (3, 3)
    assert grid[0].tolist() == [-2.0, -2.0, -2.0]
    assert grid[2, 1] == pytest.approx(adjusted(LinearFit(-2.0, 0.2, 100), 0.1, 0.3, 0.95)[0])
    assert grid[2, 2] > grid[1, 1] > -2.0


def test_e_values_of_the_published_example() -> None:
    """Smoking and lung cancer in VanderWeele & Ding (2017): RR 10.73 (8.02, 14.36) gives 20.9 and 15.5."""
    assert e_value(10.73) == pytest.approx(20.9, abs=0.05)
    assert e_value_of_interval(10.73, (8.02, 14.36)) == pytest.approx(15.5, abs=0.05)
    assert e_value_of_interval(0.8, (0.6, 1.1)) == 1.0
    ratio, (low, high) = ratio_of_difference(0.5, 0.1, 1.0)
    assert ratio == pytest.approx(math.exp(0.455))
    assert low < ratio < high


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_answer_as_a_regression_on_the_rows_does(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    n = 300
    w = rng.normal(size=(n, 3))
    w = (w - w.mean(0)) / w.std(0)
    t = w[:, 0] + rng.normal(size=n)
    y = 5 + 2 * t + w @ [1.0, 0.5, 0.0] + rng.normal(size=n)
    weights = rng.uniform(0.5, 1.5, n) if weighted else None
    if weights is not None:
        weights /= weights.mean()
    moments = Moments(Problem(y, t, w, ("a", "b", "b"), binary_treatment=False, low=0.0, high=2.0, weights=weights))
    root = np.ones(n) if weights is None else np.sqrt(weights)

    def rss(target: np.ndarray, columns: np.ndarray) -> float:
        design = np.column_stack([np.ones(n), columns]) * root[:, None]
        left = target * root - design @ np.linalg.lstsq(design, target * root, rcond=None)[0]
        return float(left @ left)

    design = np.column_stack([np.ones(n), t, w]) * root[:, None]
    slope = np.linalg.lstsq(design, y * root, rcond=None)[0][1]
    assert moments.slope(moments.covariates) == pytest.approx(2 * slope)
    full, without = rss(y, np.column_stack([t, w])), rss(y, np.column_stack([t, w[:, :1]]))
    group = moments.columns_of("b")
    assert group == [2, 3]
    assert moments.partial_r2(moments.y, group, [moments.t, 1]) == pytest.approx(1 - full / without)
    se, dof = moments.standard_error(moments.covariates)
    assert dof == n - 5
    assert se == pytest.approx(2 * math.sqrt(full / dof / rss(t, w)))
