"""All estimators by adjustment on small and degenerate tables: a number, or a refusal in words; refits never raise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.aipw import AIPW
from copilot.estimation.estimators.g_computation import G_COMPUTATION
from copilot.estimation.estimators.ipw import IPW
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.estimators.matching import MATCHING
from copilot.estimation.estimators.stratification import STRATIFICATION
from copilot.estimation.problem import Ask, Estimator, Fit, Problem

ALL = (LINEAR_REGRESSION, G_COMPUTATION, IPW, AIPW, STRATIFICATION, MATCHING)


def small(seed: int) -> Problem:
    """Draw a table of up to 40 rows, often with an empty arm, a leak, no events, or too many columns."""
    draw = np.random.default_rng(seed)
    n, k = int(draw.integers(1, 40)), int(draw.integers(0, 6))
    x = draw.normal(size=(n, k)) if draw.random() < 0.7 else draw.integers(0, 2, (n, k)) * 1.0
    binary, binary_outcome = draw.random(2) < 0.6
    t = (draw.random(n) < draw.choice([0.1, 0.5, 0.9])) * 1.0 if binary else draw.normal(size=n)
    if k and draw.random() < 0.2:
        t = (x[:, 0] > 0) * 1.0 if binary else x[:, 0].copy()
    y = draw.normal(size=n) * draw.choice([0.0, 1e-12, 1.0, 1e12])
    return Problem(
        y=(draw.random(n) < draw.choice([0.0, 0.1, 0.5, 1.0])) * 1.0 if binary_outcome else y,
        t=t,
        covariates=x,
        covariate_of=tuple("abcdef"[:k]),
        binary_treatment=bool(binary),
        binary_outcome=bool(binary_outcome),
        weights=draw.uniform(0.1, 2.0, n) if draw.random() < 0.3 else None,
        clusters=draw.integers(0, 5, n) if draw.random() < 0.3 else None,
    )


def answer(estimator: Estimator, problem: Problem, ask: Ask) -> Fit | EstimationError:
    try:
        return estimator.fit(problem, ask)
    except EstimationError as error:
        return error


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: one.name)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100_000), target=st.sampled_from([Target.ATE, Target.ATT]))
def test_a_number_or_a_refusal_in_words(estimator: Estimator, seed: int, target: Target) -> None:
    problem, ask = small(seed), Ask(target=target)
    if estimator.refuses(problem, ask):
        return
    draw = np.random.default_rng(seed)
    refit = estimator.refit(problem, ask)
    with np.errstate(all="ignore"):
        again = refit.outcome(problem.y)
        more = (
            refit.rows(draw.integers(0, problem.n, problem.n)),
            refit.treatment(draw.permutation(problem.t)),
            refit.covariate(draw.normal(size=problem.n)),
        )
    assert all(isinstance(one, float) for one in more)
    fit = answer(estimator, problem, ask)
    if isinstance(fit, EstimationError):
        assert fit.reason
        assert fit.advice
        return
    assert np.isfinite(fit.value)
    assert fit.se is None or fit.se > 0
    assert_allclose(again, fit.value, rtol=1e-6, atol=1e-9 * np.abs(problem.y).max())


@pytest.mark.parametrize("estimator", ALL, ids=lambda one: one.name)
def test_many_blocks_of_rows_give_what_one_gives(estimator: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(400, 3))
    t = (draw.random(400) < 1 / (1 + np.exp(-x[:, 0]))) * 1.0
    problem = Problem(y=2 * t + x.sum(axis=1) + draw.normal(size=400), t=t, covariates=x, covariate_of=("a", "b", "c"))
    whole = estimator.fit(problem, Ask())
    monkeypatch.setattr("copilot.estimation.estimators.algebra.BLOCK", 100)
    parts = estimator.fit(problem, Ask())
    assert_allclose((parts.value, parts.se), (whole.value, whole.se), rtol=1e-9)
