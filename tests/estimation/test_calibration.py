"""Calibration by negative controls, where maximum likelihood has a closed form."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from copilot.estimation.calibration import calibrate


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=12), st.floats(0.05, 2.0))
def test_with_equal_errors_mean_and_spread_are_those_of_the_controls(effects: list[float], se: float) -> None:
    found = calibrate([(effect, se) for effect in effects], 1.0, 0.1)
    assert found is not None
    b = np.array(effects)
    assert_allclose(found.mean, b.mean(), atol=1e-9)
    assert_allclose(found.sd, np.sqrt(max(0.0, b.var() - se**2)), atol=2e-2)
    assert found.interval[0] < found.value < found.interval[1]
    assert_allclose(found.value, 1.0 - found.mean)


def test_clean_controls_leave_the_estimate_and_two_are_too_few() -> None:
    found = calibrate([(0.01, 0.1), (-0.02, 0.1), (0.01, 0.1)], 2.0, 0.1)
    assert found is not None
    assert found.sd == 0.0
    assert abs(found.value - 2.0) < 0.01
    assert calibrate([(0.0, 0.1), (0.1, 0.1)], 2.0, 0.1) is None
    assert calibrate([(0.0, 0.1), (0.1, 0.0), (0.1, float("nan"))], 2.0, 0.1) is None
