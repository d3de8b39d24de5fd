"""Weighting: against statsmodels, overlap told and trimmed, a dose, and fast refits against plain ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from statsmodels.treatment.treatment_effects import TreatmentEffect
from threadpoolctl import threadpool_limits

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.ipw import IPW
from copilot.estimation.estimators.logistic import Room, fit_logistic, near_probabilities
from copilot.estimation.estimators.spread import cluster_sums
from copilot.estimation.problem import Ask, Problem, nothing_wide

World = Callable[..., Problem]
ATT = Ask(target=Target.ATT)


def design(problem: Problem) -> np.ndarray:
    return np.column_stack([np.ones(problem.n), problem.covariates])


@pytest.mark.parametrize(("ask", "group"), [(Ask(), "all"), (ATT, 1)])
def test_as_statsmodels(world: World, ask: Ask, group: str | int) -> None:
    problem = world(1, 800)
    x = design(problem)
    scores = sm.Logit(problem.t, x).fit(disp=0, tol=1e-14)
    other = TreatmentEffect(sm.OLS(problem.y, x), problem.t.astype(int), results_select=scores).ipw(
        effect_group=group, return_results=True
    )
    fit = IPW.fit(problem, ask)
    assert_allclose(fit.value, other.effect[0], rtol=1e-9)
    assert_allclose(fit.se, other.results_gmm.bse[0], rtol=1e-6)
    assert fit.influence is not None
    assert abs(fit.influence.mean()) < 1e-10


def test_the_logistic_regression_is_that_of_statsmodels(world: World) -> None:
    problem = world(2, 600, k=5, weights=True)
    found = fit_logistic(design(problem), problem.t, problem.weights)
    other = sm.GLM(problem.t, design(problem), family=sm.families.Binomial(), freq_weights=problem.weights).fit(
        tol=1e-14
    )
    assert found.converged
    assert_allclose(found.coefficients, other.params, rtol=1e-9, atol=1e-11)


def test_a_far_off_start_is_brought_uphill(world: World) -> None:
    problem = world(3)
    far = fit_logistic(design(problem), problem.t, start=np.array([30.0, -40.0, 20.0, 5.0]))
    assert far.converged
    assert_allclose(far.coefficients, fit_logistic(design(problem), problem.t).coefficients, rtol=1e-8)


def test_without_covariates_it_is_a_difference_of_means(world: World) -> None:
    problem = dataclasses.replace(world(4), covariates=nothing_wide(500), covariate_of=())
    fit = IPW.fit(problem, Ask())
    one, zero = problem.y[problem.t > 0], problem.y[problem.t == 0]
    assert_allclose(fit.value, one.mean() - zero.mean())
    assert_allclose(fit.se, np.sqrt(one.var() / len(one) + zero.var() / len(zero)))


def test_clusters_of_copies_give_the_error_of_the_originals(world: World) -> None:
    problem = world(5)
    plain = IPW.fit(problem, Ask())
    rows = np.repeat(np.arange(500), 3)
    copied = dataclasses.replace(problem.take(rows), clusters=rows)
    fit = IPW.fit(copied, Ask())
    assert_allclose(fit.value, plain.value, rtol=1e-9)
    assert_allclose(fit.se, (plain.se or 0.0) * np.sqrt(500 / 499 * 1499 / 1500), rtol=1e-8)
    assert fit.errors == "influence function, cluster-robust"


def test_whole_weights_are_copies(world: World) -> None:
    problem = world(6)
    times = np.random.default_rng(1).integers(1, 4, 500)
    weighted = IPW.fit(dataclasses.replace(problem, weights=times / times.mean()), Ask())
    copies = IPW.fit(problem.take(np.repeat(np.arange(500), times)), Ask())
    assert_allclose(weighted.value, copies.value, rtol=1e-9)
    assert copies.influence is not None
    sums = cluster_sums(copies.influence, np.repeat(np.arange(500), times)) / times.sum()
    assert_allclose(weighted.se, np.sqrt(np.sum(np.square(sums))), rtol=1e-8)


def test_few_rows_without_overlap_are_left_out_and_said(world: World) -> None:
    problem = world(7, 1000)
    rare = np.zeros(1000)
    rare[np.flatnonzero(problem.t > 0)[:30]] = 1.0
    fit = IPW.fit(problem.with_covariate((rare - rare.mean()) / rare.std()), Ask())
    assert fit.diagnostics["trimmed"] == 30
    assert fit.diagnostics["score_max"] > 0.999
    said = (
        "30 of 1000 rows with a propensity score outside 0.01 to 0.99 were left out; the effect is that on the others."
    )
    assert fit.notes[0] == said
    rest = rare == 0
    same = IPW.fit(problem.take(np.flatnonzero(rest)), Ask())
    assert_allclose(fit.value, same.value, rtol=1e-6)
    assert_allclose(fit.se, same.se, rtol=1e-5)


def test_no_overlap_is_refused(world: World) -> None:
    problem = world(8)
    leak = problem.with_covariate(2 * problem.t - 1)
    with pytest.raises(EstimationError, match="no overlap: 500 of 500 rows"):
        IPW.fit(leak, Ask())
    with pytest.raises(EstimationError, match="treated rows"):
        IPW.fit(leak, ATT)
    refit = IPW.refit(leak, Ask())
    assert np.isnan(refit.outcome(problem.y))
    with pytest.raises(EstimationError, match="one arm"):
        IPW.fit(problem.with_treatment(np.zeros(500)), Ask())


def test_a_rare_treatment_at_random_has_overlap() -> None:
    draw = np.random.default_rng(9)
    t = (np.arange(20_000) % 125 == 0) * 1.0
    x = draw.normal(size=(20_000, 1))
    fit = IPW.fit(Problem(y=2 * t + draw.normal(size=20_000), t=t, covariates=x, covariate_of=("x",)), Ask())
    assert fit.diagnostics["trimmed"] == 0
    assert abs(fit.value - 2.0) < 4 * (fit.se or 0.0)


def test_effect_on_the_treated_and_risk_ratio(world: World) -> None:
    problem = world(10, 20_000, moderated=1.0)
    treated = problem.t > 0
    truth = 2.0 + problem.covariates[treated, 0].mean()
    fit = IPW.fit(problem, ATT)
    assert abs(fit.value - truth) < 4 * (fit.se or 0.0)
    binary = IPW.fit(world(10, 4000, binary_outcome=True), Ask())
    assert binary.risk_ratio is not None
    assert binary.risk_ratio[1] is not None
    assert binary.risk_ratio[1][0] < binary.risk_ratio[0] < binary.risk_ratio[1][1]
    assert binary.risk_ratio[1][0] > 1


@pytest.mark.parametrize("ask", [Ask(), ATT])
@pytest.mark.parametrize("weights", [False, True])
def test_refits_equal_fits(world: World, ask: Ask, weights: bool) -> None:
    problem = world(11, weights=weights)
    draw = np.random.default_rng(3)
    rows, column, t = draw.integers(0, 500, 400), draw.normal(size=500) + problem.t, draw.permutation(problem.t)
    refit = IPW.refit(problem, ask)
    found = refit.rows(rows), refit.covariate(column), refit.treatment(t), refit.outcome(column)
    changed = (
        problem.take(rows),
        problem.with_covariate(column),
        problem.with_treatment(t),
        problem.with_outcome(column),
    )
    assert_allclose(found, [IPW.fit(one, ask).value for one in changed], rtol=1e-9, atol=1e-9)
    assert np.isnan(refit.treatment(np.ones(500)))
    assert np.isnan(refit.rows(np.flatnonzero(problem.t > 0)))
    assert_allclose(refit.covariate(problem.covariates[:, 0]), IPW.fit(problem, ask).value, rtol=1e-9)


@pytest.mark.parametrize("ask", [Ask(), ATT])
def test_refits_leave_out_the_rows_that_fits_leave_out(world: World, ask: Ask) -> None:
    problem = world(7, 1000)
    rare = np.zeros(1000)
    rare[np.flatnonzero(problem.t > 0)[:30]] = 1.0
    thin = problem.with_covariate((rare - rare.mean()) / rare.std())
    refit = IPW.refit(thin, ask)
    draw = np.random.default_rng(4)
    column, rows = draw.normal(size=1000), np.sort(draw.integers(0, 1000, 1000))
    assert_allclose(refit.outcome(problem.y), IPW.fit(thin, ask).value, rtol=1e-9)
    assert_allclose(refit.covariate(column), IPW.fit(thin.with_covariate(column), ask).value, rtol=1e-9)
    assert_allclose(refit.rows(rows), IPW.fit(thin.take(rows), ask).value, rtol=1e-9)


def test_the_quick_fit_from_a_start_ends_where_the_other_does(world: World) -> None:
    for seed in range(20):
        problem = world(seed, 300, weights=bool(seed % 2))
        exact = fit_logistic(design(problem), problem.t, problem.weights)
        start = exact.coefficients + np.random.default_rng(seed).normal(scale=0.3, size=len(exact.coefficients))
        room = Room(*design(problem).shape)
        near = near_probabilities(design(problem), problem.t, problem.weights, start, room)
        assert_allclose(near, exact.predicted, atol=1e-9)


def test_refits_do_not_depend_on_those_before_or_beside(world: World) -> None:
    problem = world(12, 150_000, k=8)  # more than one block of rows
    draw = np.random.default_rng(5)
    columns = [draw.normal(size=problem.n) for _ in range(3)]
    rows = [np.sort(draw.integers(0, problem.n, problem.n)) for _ in range(3)]
    treatments = [draw.permutation(problem.t) for _ in range(3)]

    def one(place: int) -> tuple[float, float, float]:
        return refit.treatment(treatments[place]), refit.covariate(columns[place]), refit.rows(rows[place])

    with threadpool_limits(limits=1):
        refit = IPW.refit(problem, Ask())
        alone = [one(place) for place in range(3)]
        with ThreadPoolExecutor(2) as pool:
            beside = list(pool.map(one, range(3)))
        backwards = [one(place) for place in (2, 1, 0)][::-1]
    assert alone == beside == backwards
    changed = problem.with_treatment(treatments[0]), problem.with_covariate(columns[0]), problem.take(rows[0])
    assert_allclose(alone[0], [IPW.fit(one, Ask()).value for one in changed], rtol=1e-9, atol=1e-12)


def test_a_dose(world: World) -> None:
    fits = [IPW.fit(world(seed, 4000, binary=False), Ask()) for seed in range(30)]
    errors = np.array([(fit.value - 2.0) / (fit.se or np.nan) for fit in fits])
    assert np.abs(errors).max() < 4
    assert 0.6 < errors.std() < 1.5
    assert all(abs(fit.influence.mean()) < 1e-10 for fit in fits if fit.influence is not None)
    assert fits[0].diagnostics["effective_n"] < 4000
    problem = world(1, binary=False)
    refit = IPW.refit(problem, Ask())
    assert_allclose(refit.outcome(problem.y), IPW.fit(problem, Ask()).value)
    assert np.isnan(refit.treatment(problem.covariates[:, 0]))
    assert "two levels" in IPW.refuses(problem, ATT)
    with pytest.raises(EstimationError, match="determine the treatment"):
        IPW.fit(problem.with_treatment(problem.covariates[:, 0]), Ask())
    tight = problem.with_covariate(problem.t + 0.5 * np.random.default_rng(2).normal(size=500))
    assert any("no variance" in note for note in IPW.fit(tight, Ask()).notes)


@pytest.mark.slow
def test_intervals_cover(world: World) -> None:
    fits = [IPW.fit(world(seed, 500), Ask()) for seed in range(400)]
    assert 0.92 <= np.mean([abs(fit.value - 2.0) <= 1.96 * (fit.se or 0.0) for fit in fits]) <= 0.98
