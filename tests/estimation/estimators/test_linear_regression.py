"""Linear regression: against statsmodels to the last digits, its refits against itself, and what it refuses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.algebra import span_of
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.problem import Ask, Problem, nothing_wide

World = Callable[..., Problem]


def design(problem: Problem) -> np.ndarray:
    return np.column_stack([np.ones(problem.n), problem.t, problem.covariates])


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e12, 1e-12])
def test_hc3_as_statsmodels_whatever_the_units(world: World, binary: bool, scale: float) -> None:
    problem = world(1, binary=binary)
    problem = problem.with_outcome(problem.y * scale)
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    other = sm.OLS(problem.y, design(problem)).fit(cov_type="HC3", use_t=True)
    assert_allclose(fit.value, other.params[1] * problem.step, rtol=1e-9)
    assert_allclose(fit.se, other.bse[1] * problem.step, rtol=1e-8)
    assert fit.df == other.df_resid
    assert fit.errors == "HC3"
    assert_allclose(fit.diagnostics["se_classical"], sm.OLS(problem.y, design(problem)).fit().bse[1] * problem.step)
    assert_allclose(fit.diagnostics["r2"], other.rsquared)


def test_weights_as_statsmodels(world: World) -> None:
    problem = world(2, weights=True)
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    other = sm.WLS(problem.y, design(problem), weights=problem.weights).fit(cov_type="HC3")
    assert_allclose((fit.value, fit.se), (other.params[1], other.bse[1]), rtol=1e-8)
    classical = sm.WLS(problem.y, design(problem), weights=problem.weights).fit()
    assert_allclose(fit.diagnostics["r2"], classical.rsquared)


@pytest.mark.parametrize("weights", [True, False])
def test_clusters_as_statsmodels(world: World, weights: bool) -> None:
    problem = world(3, clusters=25, weights=weights)
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    w = np.ones(problem.n) if problem.weights is None else problem.weights
    other = sm.WLS(problem.y, design(problem), weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": problem.clusters, "use_correction": True}
    )
    assert_allclose((fit.value, fit.se), (other.params[1], other.bse[1]), rtol=1e-8)
    assert (fit.errors, fit.df) == ("cluster-robust", 24.0)
    assert "With 25 clusters" in fit.notes[0]


def test_influence_values_give_the_error(world: World) -> None:
    fit = LINEAR_REGRESSION.fit(world(4, 2000), Ask())
    assert fit.influence is not None
    assert abs(fit.influence.mean()) < 1e-10
    assert_allclose(fit.se, np.sqrt(np.mean(np.square(fit.influence)) / 2000), rtol=0.02)


def test_a_row_with_a_column_of_its_own_is_said_and_hc1_used(world: World) -> None:
    problem = world(5, 200)
    own = np.zeros(200)
    own[7] = 1.0
    problem = problem.with_covariate((own - own.mean()) / own.std(), "village")
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    assert fit.errors == "HC1"
    assert "1 row is fitted exactly" in fit.notes[0]
    assert_allclose(fit.se, sm.OLS(problem.y, design(problem)).fit(cov_type="HC1").bse[1], rtol=1e-8)


def test_redundant_columns_change_nothing_and_are_said(world: World) -> None:
    problem = world(6)
    more = problem.with_covariate(problem.covariates @ np.array([1.0, 2.0, 0.5])).with_covariate(np.zeros(500))
    one, two = LINEAR_REGRESSION.fit(problem, Ask()), LINEAR_REGRESSION.fit(more, Ask())
    assert_allclose((two.value, two.se, two.df), (one.value, one.se, one.df), rtol=1e-9)
    assert two.notes[0].startswith("2 covariate columns are constant, or determined by other columns")


def test_nearly_dependent_columns_keep_their_digits(world: World) -> None:
    problem = world(7)
    near = problem.covariates[:, 0] + 1e-6 * np.random.default_rng(1).normal(size=500)
    near = problem.with_covariate((near - near.mean()) / near.std())
    expected = np.linalg.lstsq(design(near), near.y, rcond=None)[0][1]
    assert_allclose(LINEAR_REGRESSION.fit(near, Ask()).value, expected, rtol=1e-8)
    assert_allclose(LINEAR_REGRESSION.refit(near, Ask()).outcome(near.y), expected, rtol=1e-8)


def test_risk_ratio_of_a_binary_outcome(world: World) -> None:
    problem = world(8, 3000, binary_outcome=True)
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    assert fit.risk_ratio is not None
    ratio, interval = fit.risk_ratio
    base = problem.y.mean() - fit.value * problem.t.mean()
    assert_allclose(ratio, (base + fit.value) / base)
    draw = np.random.default_rng(2)
    logs = []
    for _ in range(300):
        part = problem.take(draw.integers(0, 3000, 3000))
        slope = np.linalg.lstsq(design(part), part.y, rcond=None)[0][1]
        zero = part.y.mean() - slope * part.t.mean()
        logs.append(np.log((zero + slope) / zero))
    assert interval is not None
    assert_allclose(np.log(interval[1] / interval[0]) / 2 / 1.96, np.std(logs), rtol=0.15)
    assert LINEAR_REGRESSION.fit(world(8), Ask()).risk_ratio is None


@pytest.mark.parametrize("options", [{}, {"weights": True}, {"binary": False}, {"k": 12}])
def test_refits_equal_fits(world: World, options: dict[str, bool]) -> None:
    problem = world(9, **options)
    problem = problem.with_outcome(problem.y + 1e3)
    draw = np.random.default_rng(3)
    rows, column, t = draw.integers(0, 500, 400), draw.normal(size=500) + problem.t, draw.permutation(problem.t)
    refit = LINEAR_REGRESSION.refit(problem, Ask())
    found = refit.rows(rows), refit.covariate(column), refit.treatment(t), refit.outcome(column)
    changed = (
        problem.take(rows),
        problem.with_covariate(column),
        problem.with_treatment(t),
        problem.with_outcome(column),
    )
    assert_allclose(found, [LINEAR_REGRESSION.fit(one, Ask()).value for one in changed], rtol=1e-10, atol=1e-10)


def test_refits_without_an_answer_are_not_numbers(world: World) -> None:
    problem = world(10)
    refit = LINEAR_REGRESSION.refit(problem, Ask())
    assert np.isnan(refit.treatment(np.ones(500)))
    assert np.isnan(refit.treatment(problem.covariates[:, 0]))
    assert np.isnan(refit.rows(np.flatnonzero(problem.t > 0)))
    assert np.isnan(refit.rows(np.empty(0, dtype=np.int64)))
    assert np.isnan(refit.covariate(problem.t))
    full = LINEAR_REGRESSION.fit(problem, Ask()).value
    assert_allclose(refit.covariate(problem.covariates[:, 1]), full, rtol=1e-12)


def test_rows_without_some_levels_are_answered_as_by_a_fit(world: World) -> None:
    problem = world(11, 120)
    dummies = np.eye(20)[np.arange(120) % 20][:, 1:]
    problem = dataclasses.replace(problem, covariates=np.column_stack([problem.covariates, dummies]))
    rows = np.flatnonzero(np.arange(120) % 20 < 13)
    expected = LINEAR_REGRESSION.fit(problem.take(rows), Ask())
    assert "covariate columns are constant" in expected.notes[0]
    assert_allclose(LINEAR_REGRESSION.refit(problem, Ask()).rows(rows), expected.value, rtol=1e-10)


def test_what_cannot_be_estimated_is_refused(world: World) -> None:
    problem = world(12)
    assert LINEAR_REGRESSION.refuses(problem, Ask()) == ""
    assert "g_computation" in LINEAR_REGRESSION.refuses(problem, Ask(target=Target.ATT))
    bare = dataclasses.replace(problem, covariates=nothing_wide(500), covariate_of=())
    assert LINEAR_REGRESSION.refuses(bare, Ask(target=Target.ATT)) == ""
    continuous = world(12, binary=False)
    assert "two levels" in LINEAR_REGRESSION.refuses(continuous, Ask(target=Target.ATT))
    assert "instrument" in LINEAR_REGRESSION.refuses(problem, Ask(target=Target.LATE))
    assert "works by adjustment" in LINEAR_REGRESSION.refuses(dataclasses.replace(problem, strategy=Strategy.IV), Ask())
    cases = {
        "one arm": problem.with_treatment(np.ones(500)),
        "determine the treatment": problem.with_covariate(problem.t),
        "too few rows: 4 for": problem.take(
            np.concatenate([np.flatnonzero(problem.t > 0)[:2], np.flatnonzero(problem.t == 0)[:2]])
        ),
        "one cluster": dataclasses.replace(problem, clusters=np.zeros(500, dtype=np.int64)),
    }
    for words, case in cases.items():
        with pytest.raises(EstimationError, match=words):
            LINEAR_REGRESSION.fit(case, Ask())


def test_an_outcome_without_remainder_is_said(world: World) -> None:
    problem = world(13)
    exact = problem.with_outcome(3.0 * problem.t + problem.covariates[:, 0])
    fit = LINEAR_REGRESSION.fit(exact, Ask())
    assert_allclose(fit.value, 3.0)
    assert "without remainder" in fit.notes[0]


@pytest.mark.slow
def test_intervals_cover_under_unequal_variances(world: World) -> None:
    fits = [LINEAR_REGRESSION.fit(world(seed, 200), Ask()) for seed in range(400)]
    covered = np.mean([abs(fit.value - 2.0) <= quantile(0.95, fit.df) * (fit.se or 0.0) for fit in fits])
    assert 0.92 <= covered <= 0.98


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("apart", [0.5, 1e-2, 1e-5])
def test_refits_keep_their_digits_however_close_covariates_are(world: World, weights: bool, apart: float) -> None:
    problem = world(7, weights=weights)
    rng = np.random.default_rng(7)
    close = problem.covariates[:, 0] + apart * rng.normal(size=problem.n)
    problem = problem.with_covariate((close - close.mean()) / close.std(), "close")
    refit, noise = LINEAR_REGRESSION.refit(problem, Ask()), rng.normal(size=problem.n)
    rows = rng.integers(0, problem.n, problem.n)
    changed = problem.with_outcome(noise), problem.with_covariate(noise), problem.take(rows)
    found = refit.outcome(noise), refit.covariate(noise), refit.rows(rows)
    wanted = [LINEAR_REGRESSION.fit(one, Ask()).value for one in changed]
    assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_a_refit_holds_no_copy_of_the_covariates(world: World) -> None:
    problem = world(8)
    assert span_of(problem).matrix is problem.covariates
    doubled = problem.with_covariate(problem.covariates[:, 0].copy(), "again")
    found = LINEAR_REGRESSION.refit(doubled, Ask()).outcome(problem.y)
    assert_allclose(found, LINEAR_REGRESSION.fit(problem, Ask()).value, rtol=1e-10)
