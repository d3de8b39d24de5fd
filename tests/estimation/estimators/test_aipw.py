"""Augmented weighting: against statsmodels, and right with one of two wrong models."""

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
from copilot.estimation.estimators.aipw import AIPW
from copilot.estimation.estimators.g_computation import G_COMPUTATION
from copilot.estimation.estimators.ipw import IPW
from copilot.estimation.problem import Ask, Problem

World = Callable[..., Problem]
ATT = Ask(target=Target.ATT)


def test_as_statsmodels(world: World) -> None:
    problem = world(1, 800, moderated=1.0)
    x = np.column_stack([np.ones(800), problem.covariates])
    scores = sm.Logit(problem.t, x).fit(disp=0, tol=1e-14)
    other = TreatmentEffect(sm.OLS(problem.y, x), problem.t.astype(int), results_select=scores).aipw(
        return_results=True
    )
    fit = AIPW.fit(problem, Ask())
    assert_allclose(fit.value, other.effect[0], rtol=1e-8)
    # that error leaves the models' part out, which is small where both models are right
    assert_allclose(fit.se, other.results_gmm.bse[0], rtol=0.02)


@pytest.mark.parametrize("ask", [Ask(), ATT])
@pytest.mark.parametrize("binary_outcome", [False, True])
def test_the_error_is_that_of_the_bootstrap(world: World, ask: Ask, binary_outcome: bool) -> None:
    problem = world(2, 1500, binary_outcome=binary_outcome, weights=True, moderated=0.5)
    fit = AIPW.fit(problem, ask)
    refit = AIPW.refit(problem, ask)
    draw = np.random.default_rng(1)
    assert_allclose(fit.se, np.std([refit.rows(draw.integers(0, 1500, 1500)) for _ in range(200)]), rtol=0.2)
    assert fit.influence is not None
    assert abs(fit.influence.mean()) < 1e-10
    assert (fit.risk_ratio is not None) == binary_outcome
    assert_allclose(refit.outcome(problem.y), fit.value, rtol=1e-12)


@pytest.mark.parametrize("wrong", ["outcome", "scores"])
@pytest.mark.parametrize("ask", [Ask(), ATT])
def test_right_if_one_model_is(wrong: str, ask: Ask) -> None:
    draw = np.random.default_rng(3)
    n = 40_000
    x = draw.uniform(-1.5, 1.5, size=(n, 2))
    bent = x[:, 0] ** 2 - 0.75
    lean = x[:, 1] + (x[:, 0] if wrong == "outcome" else bent)
    t = (draw.random(n) < 1 / (1 + np.exp(-lean))) * 1.0
    y = 2 * t + x.sum(axis=1) + (3 * np.exp(x[:, 0]) if wrong == "outcome" else 3 * x[:, 0]) + draw.normal(size=n)
    problem = Problem(y=y, t=t, covariates=x, covariate_of=("a", "b"))
    fit = AIPW.fit(problem, ask)
    assert abs(fit.value - 2.0) < 3 * (fit.se or 0.0) < 0.15
    if wrong == "outcome":
        # the regression alone is off
        assert abs(G_COMPUTATION.fit(problem, Ask(target=Target.ATT)).value - 2.0) > 0.05


def test_trimmed_rows_are_said_and_no_overlap_refused(world: World) -> None:
    problem = world(4, 1000)
    rare = np.zeros(1000)
    rare[np.flatnonzero(problem.t > 0)[:30]] = 1.0
    fit = AIPW.fit(problem.with_covariate((rare - rare.mean()) / rare.std()), Ask())
    assert fit.diagnostics["trimmed"] == 30
    assert "30 of 1000 rows" in fit.notes[0]
    assert abs(fit.value - 2.0) < 4 * (fit.se or 0.0)
    leak = problem.with_covariate(2 * problem.t - 1)
    with pytest.raises(EstimationError, match="no overlap"):
        AIPW.fit(leak, Ask())
    assert np.isnan(AIPW.refit(leak, Ask()).outcome(problem.y))
    assert "two levels" in AIPW.refuses(world(4, binary=False), Ask())


@pytest.mark.parametrize("estimator", [AIPW, IPW, G_COMPUTATION])
@pytest.mark.parametrize("scale", [1e12, 1e-12])
def test_units_of_the_outcome_do_not_matter(world: World, estimator: object, scale: float) -> None:
    assert isinstance(estimator, type(AIPW) | type(IPW) | type(G_COMPUTATION))
    problem = world(5)
    one, other = (estimator.fit(p, Ask()) for p in (problem, problem.with_outcome(problem.y * scale)))
    assert_allclose((other.value, other.se), (one.value * scale, (one.se or 0.0) * scale), rtol=1e-9)


def test_clusters_are_summed(world: World) -> None:
    problem = world(6)
    rows = np.repeat(np.arange(500), 2)
    doubled = dataclasses.replace(problem.take(rows), clusters=rows)
    se = AIPW.fit(problem, Ask()).se or 0.0
    assert_allclose(AIPW.fit(doubled, Ask()).se, se * np.sqrt(500 / 499 * 999 / 1000), rtol=1e-7)


@pytest.mark.slow
def test_intervals_cover(world: World) -> None:
    fits = [AIPW.fit(world(seed, 500), Ask()) for seed in range(400)]
    assert 0.92 <= np.mean([abs(fit.value - 2.0) <= 1.96 * (fit.se or 0.0) for fit in fits]) <= 0.98
