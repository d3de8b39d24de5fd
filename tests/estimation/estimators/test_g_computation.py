"""G-computation: against statsmodels and Lin's regression, a dose, binary outcomes, support."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from statsmodels.treatment.treatment_effects import TreatmentEffect

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.g_computation import G_COMPUTATION
from copilot.estimation.problem import Ask, Problem

World = Callable[..., Problem]
ATT = Ask(target=Target.ATT)


@pytest.mark.parametrize(("ask", "group"), [(Ask(), "all"), (ATT, 1)])
def test_as_statsmodels(world: World, ask: Ask, group: str | int) -> None:
    problem = world(1, 800, moderated=1.0)
    x = np.column_stack([np.ones(800), problem.covariates])
    scores = sm.Logit(problem.t, x).fit(disp=0)
    other = TreatmentEffect(sm.OLS(problem.y, x), problem.t.astype(int), results_select=scores).ra(
        effect_group=group, return_results=True
    )
    fit = G_COMPUTATION.fit(problem, ask)
    assert_allclose((fit.value, fit.se), (other.effect[0], other.results_gmm.bse[0]), rtol=1e-8)


def test_as_the_interacted_regression_by_weights(world: World) -> None:
    problem = world(2, weights=True, moderated=1.0)
    w = problem.weights
    assert w is not None
    centred = problem.covariates - np.average(problem.covariates, axis=0, weights=w)
    full = np.column_stack([np.ones(500), problem.t, centred, centred * problem.t[:, None]])
    assert_allclose(G_COMPUTATION.fit(problem, Ask()).value, sm.WLS(problem.y, full, weights=w).fit().params[1])


@pytest.mark.parametrize("ask", [Ask(), ATT])
def test_a_binary_outcome_by_two_logistic_regressions(world: World, ask: Ask) -> None:
    problem = world(3, 1500, binary_outcome=True)
    x = np.column_stack([np.ones(1500), problem.covariates])
    whom = problem.t > 0 if ask is ATT else np.ones(1500, dtype=bool)
    means = [
        sm.Logit(problem.y[arm], x[arm]).fit(disp=0, tol=1e-14).predict(x[whom]).mean()
        for arm in (problem.t > 0, problem.t == 0)
    ]
    fit = G_COMPUTATION.fit(problem, ask)
    assert_allclose(fit.value, means[0] - means[1], rtol=1e-9)
    assert fit.risk_ratio is not None
    assert_allclose(fit.risk_ratio[0], means[0] / means[1], rtol=1e-9)
    draw = np.random.default_rng(1)
    refit = G_COMPUTATION.refit(problem, ask)
    assert_allclose(fit.se, np.std([refit.rows(draw.integers(0, 1500, 1500)) for _ in range(200)]), rtol=0.2)


def test_a_dose_by_a_bent_regression(world: World) -> None:
    problem = world(4, 1000, binary=False)
    x, t = problem.covariates, problem.t
    full = np.column_stack([np.ones(1000), x, t, t * t, x * t[:, None]])
    beta = sm.OLS(problem.y, full).fit().params
    expected = beta[4] * problem.step + beta[5] * (problem.high**2 - problem.low**2)
    fit = G_COMPUTATION.fit(problem, Ask())
    assert_allclose(fit.value, expected, rtol=1e-9)
    draw = np.random.default_rng(1)
    refit = G_COMPUTATION.refit(problem, Ask())
    assert_allclose(fit.se, np.std([refit.rows(draw.integers(0, 1000, 1000)) for _ in range(200)]), rtol=0.2)
    bent = problem.with_outcome(problem.y + t * t)
    moved = G_COMPUTATION.fit(bent, Ask()).value - fit.value
    assert_allclose(moved, problem.high**2 - problem.low**2, rtol=1e-9)


def test_a_dose_and_a_binary_outcome(world: World) -> None:
    problem = world(5, 1500, binary=False, binary_outcome=True)
    fit = G_COMPUTATION.fit(problem, Ask())
    draw = np.random.default_rng(1)
    refit = G_COMPUTATION.refit(problem, Ask())
    assert_allclose(fit.se, np.std([refit.rows(draw.integers(0, 1500, 1500)) for _ in range(200)]), rtol=0.2)
    assert fit.risk_ratio is not None
    assert 0 < fit.value < 1


@pytest.mark.parametrize("scale", [1e12, 1e-12])
def test_units_of_the_outcome_do_not_matter(world: World, scale: float) -> None:
    problem = world(6)
    one, other = (G_COMPUTATION.fit(p, Ask()) for p in (problem, problem.with_outcome(problem.y * scale)))
    assert_allclose((other.value, other.se), (one.value * scale, (one.se or 0.0) * scale), rtol=1e-9)


def test_rows_with_covariates_that_one_arm_lacks_are_left_out_and_said(world: World) -> None:
    problem = world(7)
    rare = np.zeros(500)
    rare[np.flatnonzero(problem.t == 0)[:20]] = 1.0
    fit = G_COMPUTATION.fit(problem.with_covariate((rare - rare.mean()) / rare.std()), Ask())
    assert fit.notes[0].startswith("20 of 500 rows have covariates that do not occur in one arm")
    x = np.column_stack([np.ones(500), problem.covariates, rare])
    one, zero = (np.linalg.lstsq(x[arm], problem.y[arm], rcond=None)[0] for arm in (problem.t > 0, problem.t == 0))
    assert_allclose(fit.value, np.mean((x @ (one - zero))[rare == 0]), rtol=1e-9)
    often = (problem.t == 0) * (problem.covariates[:, 0] > 0) * 1.0
    with pytest.raises(EstimationError, match="do not occur in one arm"):
        G_COMPUTATION.fit(problem.with_covariate((often - often.mean()) / often.std()), Ask())


def test_what_cannot_be_estimated_is_refused(world: World) -> None:
    problem = world(8)
    assert "two levels" in G_COMPUTATION.refuses(world(8, binary=False), ATT)
    few = problem.take(np.concatenate([np.flatnonzero(problem.t == 0), np.flatnonzero(problem.t > 0)[:4]]))
    with pytest.raises(EstimationError, match="4 in one arm for 4 coefficients"):
        G_COMPUTATION.fit(few, Ask())
    assert np.isnan(G_COMPUTATION.refit(problem, Ask()).treatment(np.ones(500)))
    dose = world(8, binary=False)
    with pytest.raises(EstimationError, match="determine the treatment"):
        G_COMPUTATION.fit(dose.with_treatment(dose.covariates[:, 0]), Ask())


def test_clusters_are_summed(world: World) -> None:
    problem = world(9)
    rows = np.repeat(np.arange(500), 2)
    plain, doubled = G_COMPUTATION.fit(problem, Ask()), dataclasses.replace(problem.take(rows), clusters=rows)
    assert_allclose(
        G_COMPUTATION.fit(doubled, Ask()).se, (plain.se or 0.0) * np.sqrt(500 / 499 * 999 / 1000), rtol=1e-8
    )


@pytest.mark.slow
def test_intervals_cover(world: World) -> None:
    fits = [G_COMPUTATION.fit(world(seed, 500), Ask()) for seed in range(400)]
    assert 0.92 <= np.mean([abs(fit.value - 2.0) <= 1.96 * (fit.se or 0.0) for fit in fits]) <= 0.98
