"""Rubin's rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from copilot.estimation.pooling import pooled_fit, rubin
from copilot.estimation.problem import Fit

numbers = st.floats(-10, 10)


@given(st.lists(numbers, min_size=2, max_size=8), st.floats(0.1, 5))
def test_equal_estimates_pool_to_themselves_and_spread_only_widens(values: list[float], se: float) -> None:
    same = rubin([values[0]] * len(values), [se] * len(values), 50)
    assert_allclose((same.value, same.se, same.missing), (values[0], se, 0.0), atol=1e-9)
    assert_allclose(same.df, 51 / 53 * 50)
    pooled = rubin(values, [se] * len(values), 50)
    assert pooled.se >= se * (1 - 1e-9)
    assert pooled.df <= same.df * (1 + 1e-9)


def test_by_hand() -> None:
    pooled = rubin([2.0, 4.0], [1.0, 1.0], df=10)
    assert_allclose((pooled.value, pooled.se), (3.0, 2.0))  # 1 + (1 + 1/2) · 2 = 4
    missing, observed = 3 / 4, 11 / 13 * 10 / 4
    assert_allclose(pooled.df, 1 / (missing**2 + 1 / observed))


def test_coverage_with_imputed_means() -> None:
    draw, covered = np.random.default_rng(0), 0
    for _ in range(400):
        y = draw.normal(size=40)
        seen = y[:25]
        values, errors = [], []
        for _ in range(5):
            spread = seen.std(ddof=1) * np.sqrt(24 / draw.chisquare(24))
            centre = draw.normal(seen.mean(), spread / 5)
            full = np.concatenate([seen, draw.normal(centre, spread, 15)])
            values.append(float(full.mean()))
            errors.append(float(full.std(ddof=1) / np.sqrt(40)))
        pooled = rubin(values, errors, 39)
        covered += abs(pooled.value) <= 2.1 * pooled.se
    assert 0.93 <= covered / 400 <= 0.99


def test_fits_are_pooled_with_all_they_carry() -> None:
    fits = [
        Fit(
            value=value,
            se=1.0,
            errors="HC3",
            influence=np.full(3, value),
            risk_ratio=(ratio, (ratio / 2, ratio * 2)),
            diagnostics={"f": value} | ({"odd": 1.0} if value == 2 else {}),
            notes=("n",),
        )
        for value, ratio in ((2.0, 1.0), (4.0, 4.0))
    ]
    pooled = pooled_fit(fits, 0.95)
    assert (pooled.value, pooled.se, pooled.errors, pooled.notes) == (
        3.0,
        2.0,
        "HC3, pooled over 2 imputations",
        ("n",),
    )
    assert pooled.influence is not None
    assert pooled.influence.tolist() == [3.0] * 3
    assert pooled.diagnostics == {"f": 3.0, "imputations": 2.0, "missing_information": 0.75}
    assert pooled.risk_ratio is not None
    assert pooled.risk_ratio[0] == pytest.approx(2.0)
    assert pooled.risk_ratio[1] is not None
    assert pooled.risk_ratio[1][0] < 0.5


def test_a_single_fit_is_itself_and_fits_without_errors_have_a_mean() -> None:
    one = Fit(value=1.0)
    assert pooled_fit([one], 0.95) is one
    both = pooled_fit([one, Fit(value=2.0, risk_ratio=(2.0, None))], 0.95)
    assert (both.value, both.se, both.risk_ratio) == (1.5, None, None)
    assert "cannot be pooled" in both.notes[0]
    assert pooled_fit([Fit(value=1.0, se=1.0, risk_ratio=(2.0, None))] * 2, 0.95).risk_ratio == (
        pytest.approx(2.0),
        None,
    )
