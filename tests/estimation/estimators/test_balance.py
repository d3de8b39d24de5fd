"""Calibrated weights for a dose: what they balance, and that the errors know how they came about."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from copilot.estimation.estimators import ipw_continuous
from copilot.estimation.estimators.algebra import basis_of
from copilot.estimation.estimators.balance import PENALTY, balance
from copilot.estimation.estimators.ipw import Ipw
from copilot.estimation.problem import Ask, Floats, Problem

IPW = Ipw()


def dosed(seed: int, n: int = 500, wide: int = 2) -> Problem:
    """Give data in which a step of 1 of the dose has an effect of 1, and covariates explain a third of the dose."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, wide))
    t = 0.6 * x[:, 0] - 0.4 * x[:, 1] + draw.normal(size=n)
    y = t + x[:, 0] + 0.5 * x[:, 1] + draw.normal(size=n)
    return Problem(
        y=y,
        t=(t - t.mean()) / t.std(),
        covariates=x,
        covariate_of=("w",) * wide,
        binary_treatment=False,
        high=1 / t.std(),
    )


def left_over(weights: Floats, problem: Problem) -> Floats:
    """Give weighted means of covariates, dose and products, all centred at plain means."""
    x = problem.covariates - problem.covariates.mean(axis=0)
    moments = np.column_stack([x, problem.t, x * problem.t[:, None]])
    return weights @ moments / weights.sum()


def test_covariates_and_dose_keep_their_means_and_are_not_correlated() -> None:
    problem = dosed(0)
    found = balance(basis_of(problem), problem.t, np.ones(500))
    assert np.abs(left_over(np.ones(500), problem)).max() > 0.3
    assert np.abs(left_over(found.weights, problem)).max() < 2e-3
    assert_allclose(found.weights.sum(), 500)
    assert (found.weights > 0).all()
    assert found.left < 2e-3


def test_the_minimum_is_that_of_a_general_optimiser() -> None:
    problem, base = dosed(1, 200), np.random.default_rng(1).uniform(0.1, 2.0, 200)
    basis = basis_of(problem)
    g = np.column_stack([basis.matrix[:, 1:], basis.matrix * problem.t[:, None]])

    def price(multipliers: Floats) -> float:
        return float(np.log(base @ np.exp(g @ multipliers)) + 0.5 * PENALTY * multipliers @ multipliers)

    best = minimize(price, np.zeros(g.shape[1]), method="BFGS", options={"gtol": 1e-8}).x
    assert_allclose(balance(basis, problem.t, base).multipliers, best, atol=1e-5)


def test_what_no_weights_balance_is_left_and_said() -> None:
    problem = dosed(2)
    rare = np.zeros(500)
    rare[7] = 1.0  # no weights make the dose of one row uncorrelated with being that row
    found = balance(basis_of(problem.with_covariate(rare)), problem.t, np.ones(500))
    assert found.left > 0.02
    assert np.abs(left_over(found.weights, problem)).max() < 5e-3
    fit = IPW.fit(problem.with_covariate(rare), Ask())
    assert any("No weights balance every covariate" in note for note in fit.notes)
    assert fit.diagnostics["imbalance"] > 0.02
    assert abs(fit.value - 1.0) < 0.3


def test_of_many_covariates_what_they_predict_is_balanced() -> None:
    problem = dosed(3, 1000, ipw_continuous.MOST_BALANCED + 1)
    fit = IPW.fit(problem, Ask())
    assert "nothing that the covariates predict of the dose was correlated" in fit.notes[1]
    assert fit.diagnostics["imbalance"] < 2e-3
    assert abs(fit.value - 1.0) < 4 * (fit.se or 0.0)
    few = dosed(3, 1000, ipw_continuous.MOST_BALANCED - 1)
    assert "until no covariate was correlated" in IPW.fit(few, Ask()).notes[1]


@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_those_of_moving_each_row_a_little(monkeypatch: pytest.MonkeyPatch, weighted: bool) -> None:
    problem = dosed(4, 400)
    weights = np.random.default_rng(4).uniform(0.5, 1.5, 400) if weighted else np.ones(400)
    monkeypatch.setattr(ipw_continuous, "TRUNCATED", 1.0)  # a quantile moves in jumps
    monkeypatch.setattr(ipw_continuous, "leverage", lambda *_: np.zeros(400))
    influence = IPW.fit(dataclasses.replace(problem, weights=weights / weights.mean()), Ask()).influence
    assert influence is not None
    moved = np.empty(400)
    for row in range(400):
        up, down = weights.copy(), weights.copy()
        up[row] += 1e-3
        down[row] -= 1e-3
        values = [IPW.fit(dataclasses.replace(problem, weights=w / w.mean()), Ask()).value for w in (up, down)]
        moved[row] = (values[0] - values[1]) / 2e-3 * weights[row] * 400
    assert np.corrcoef(influence, moved)[0, 1] > 0.999
    assert_allclose(np.linalg.norm(influence), np.linalg.norm(moved), rtol=0.02)


@pytest.mark.slow
def test_intervals_cover() -> None:
    fits = [IPW.fit(dosed(seed), Ask()) for seed in range(400)]
    assert 0.92 <= np.mean([abs(fit.value - 1.0) <= 1.96 * (fit.se or 0.0) for fit in fits]) <= 0.98
    assert abs(np.mean([fit.value for fit in fits]) - 1.0) < 0.02
