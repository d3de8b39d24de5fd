"""Strength of instruments, beside published critical values and formulas that can be written down."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.instrument_strength import critical_f, instrument_strength
from copilot.estimation.problem import Floats, Problem


def problem(strength: float, columns: int = 1, n: int = 2_000, step: float = 1.0) -> Problem:
    rng = np.random.default_rng(4)
    z: Floats = rng.normal(size=(n, columns))
    w, u = rng.normal(size=n), rng.normal(size=n)
    t = strength * z.sum(axis=1) + w + u + rng.normal(size=n)
    y = 2.0 * t + w + 3 * u + rng.normal(size=n)
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    return Problem(
        y=y,
        t=t,
        covariates=((w - w.mean()) / w.std())[:, None],
        covariate_of=("w",),
        binary_treatment=False,
        high=step,
        strategy=Strategy.IV,
        instruments=z,
        instrument_of=("z",) * columns,
    )


def test_a_strong_instrument_finds_the_effect_within_both_intervals() -> None:
    found = instrument_strength(problem(0.5))
    assert found.strong is True
    assert found.interval is not None
    assert found.anderson_rubin is not None
    for low, high in (found.interval, found.anderson_rubin):
        assert low < 2.0 < high
    assert_allclose(found.effective_f, found.first_stage_f)
    assert found.over_identification_p is None
    assert_allclose(found.critical_f, 23.1, atol=0.05)


def test_a_weak_one_is_called_weak_and_its_right_interval_has_no_end() -> None:
    found = instrument_strength(problem(0.01))
    assert (found.strong, found.anderson_rubin, found.empty) == (False, None, False)


def test_between_the_two_thresholds_nobody_can_tell() -> None:
    found = instrument_strength(problem(0.1))
    assert 10 < found.effective_f < found.critical_f
    assert found.strong is None


def test_several_columns_have_a_critical_value_of_their_own_and_are_held_against_each_other() -> None:
    found = instrument_strength(problem(0.3, columns=3))
    assert 10 < found.critical_f < 20
    assert found.over_identification_p is not None
    assert found.over_identification_p > 0.01
    # Three equal directions: K is 3, and the value is a quantile of a noncentral chi-square over 3.
    from scipy.special import chndtrix

    assert_allclose(critical_f(np.eye(3)), float(chndtrix(0.95, 3, 30)) / 3)
    assert_allclose(critical_f(np.diag([1.0, 1e-12])), critical_f(np.eye(1)), rtol=1e-6)


def test_a_contrast_that_goes_down_turns_all_ends_round() -> None:
    up, down = instrument_strength(problem(0.5)), instrument_strength(problem(0.5, step=-2.0))
    assert up.anderson_rubin is not None
    assert down.anderson_rubin is not None
    assert_allclose(down.estimate, -2 * up.estimate)
    assert_allclose(down.anderson_rubin, [-2 * end for end in reversed(up.anderson_rubin)])


def test_without_an_instrument_or_rows_it_refuses() -> None:
    whole = problem(0.5)
    with pytest.raises(EstimationError):
        instrument_strength(whole.take(np.arange(3)))
    from dataclasses import replace

    with pytest.raises(EstimationError, match="instrument"):
        instrument_strength(replace(whole, strategy=Strategy.BACKDOOR))
