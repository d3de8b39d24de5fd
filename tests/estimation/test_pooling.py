"""Rubin's rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.instrument_tests import AR_LIMITS
from copilot.estimation.estimators.spread import quantile, ratio_interval
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES
from copilot.estimation.pooling import pooled_fit, rubin
from copilot.estimation.problem import Ask, Fit, Problem, nothing_wide

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


def test_the_ratio_is_pooled_with_the_quantiles_of_its_own_fits_and_freedom() -> None:
    """Four clusters: the errors that made the intervals come back, and Student's t is wider yet after pooling."""
    level, df, se = 0.95, 3.0, 0.1
    fits = [
        Fit(value=0.1, se=0.05, df=df, risk_ratio=(ratio, ratio_interval(ratio, se, level, df)))
        for ratio in (1.8, 2.0, 2.2)
    ]
    expected = rubin(np.log([1.8, 2.0, 2.2]).tolist(), [se] * 3, df)
    pooled = pooled_fit(fits, level).risk_ratio
    assert pooled is not None
    assert pooled[1] is not None
    assert_allclose(pooled[0], np.exp(expected.value))
    half = quantile(level, expected.df) * expected.se
    assert_allclose(np.log(pooled[1]), (expected.value - half, expected.value + half))
    assert quantile(level, expected.df) > quantile(level, df)


def test_p_values_and_limits_are_not_averaged_and_this_is_said_once() -> None:
    numbers = {"first_stage_F": 8.0, "ar_p": 0.01, "hansen_p": 0.2, "sargan_p": 0.3, "ar_low": -1.0, "ar_high": 2.0}
    note = "The Anderson-Rubin interval, right however weak the instruments, is -1 to 2."
    pooled = pooled_fit([Fit(value=1.0, se=1.0, diagnostics=numbers, notes=(note,))] * 3, 0.95)
    assert set(pooled.diagnostics) == {"first_stage_F", "imputations", "missing_information"}
    assert len(pooled.notes) == 1
    assert "left out" in pooled.notes[0]
    assert pooled_fit([Fit(value=1.0, se=1.0, diagnostics={"f": 1.0})] * 2, 0.95).notes == ()


def test_the_note_on_weak_instruments_is_the_one_that_pooling_knows() -> None:
    draw = np.random.default_rng(0)
    z = draw.normal(size=(300, 1))
    t = 0.12 * z[:, 0] + draw.normal(size=300)
    problem = Problem(
        y=t + draw.normal(size=300),
        t=t,
        covariates=nothing_wide(300),
        binary_treatment=False,
        strategy=Strategy.IV,
        instruments=z,
        instrument_of=("z",),
    )
    fits = [TWO_STAGE_LEAST_SQUARES.fit(problem.take(np.arange(part, 290 + part)), Ask()) for part in range(3)]
    assert any(note.startswith(AR_LIMITS) for note in fits[0].notes)
    notes = pooled_fit(fits, 0.95).notes
    assert not any(note.startswith(AR_LIMITS) for note in notes)
    assert sum("are weak" in note for note in notes) == 1
    assert sum("of one imputation" in note for note in notes) == 1


def test_each_note_is_said_once_whatever_its_numbers() -> None:
    fits = [Fit(value=1.0, se=1.0, notes=(f"{k} of 1,000 rows were left out.", "Same.")) for k in (3, 4, 3, 12)]
    notes = pooled_fit(fits, 0.95).notes
    assert notes[:2] == ("3 of 1,000 rows were left out.", "Same.")
    assert len(notes) == 3
    assert "one imputation of 4" in notes[2]
