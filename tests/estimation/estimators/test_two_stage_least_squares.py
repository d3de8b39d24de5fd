"""Two-stage least squares: by plain matrix algebra, against the truth, and with weak instruments."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES
from copilot.estimation.problem import Ask, Problem, nothing_wide


def simulated(seed: int, n: int = 600, *, instruments: int = 2, strength: float = 0.6, covariates: int = 2) -> Problem:
    draw = np.random.default_rng(seed)
    w = draw.normal(size=(n, covariates))
    z = draw.normal(size=(n, instruments)) + (0.4 * w[:, :1] if covariates else 0.0)
    u = draw.normal(size=n)
    t = strength * z.sum(axis=1) + w.sum(axis=1) * 0.5 + u + draw.normal(size=n)
    y = 2.0 * t + w.sum(axis=1) + 2 * u + draw.normal(size=n) * (1 + 0.5 * np.abs(z[:, 0]))
    spread = t.std()
    return Problem(
        y=y,
        t=(t - t.mean()) / spread,
        covariates=w,
        covariate_of=tuple("ab"[:covariates]),
        binary_treatment=False,
        low=0.0,
        high=1.0 / spread,
        strategy=Strategy.IV,
        instruments=z,
        instrument_of=tuple("xyz"[:instruments]),
    )


def by_hand(problem: Problem) -> tuple[float, float, float]:
    """Give effect, robust and classical error by Wooldridge's formulas, with all matrices written out."""
    w = np.ones(problem.n) if problem.weights is None else problem.weights
    ones = np.ones(problem.n)
    x = np.column_stack([ones, problem.t, problem.covariates]) * np.sqrt(w)[:, None]
    z = np.column_stack([ones, problem.instruments, problem.covariates]) * np.sqrt(w)[:, None]
    y = problem.y * np.sqrt(w)
    fitted = z @ np.linalg.solve(z.T @ z, z.T @ x)
    bread = np.linalg.inv(fitted.T @ x)
    slopes = bread @ fitted.T @ y
    residual = y - x @ slopes
    n, k = x.shape
    if problem.clusters is None:
        scores, factor = fitted * residual[:, None], n / (n - k)
    else:
        g = int(problem.clusters.max()) + 1
        scores = np.zeros((g, k))
        np.add.at(scores, problem.clusters, fitted * residual[:, None])
        factor = g / (g - 1) * (n - 1) / (n - k)
    robust = bread @ scores.T @ scores @ bread * factor
    classical = residual @ residual / (n - k) * bread
    step = problem.step
    return float(slopes[1] * step), float(np.sqrt(robust[1, 1]) * step), float(np.sqrt(classical[1, 1]) * step)


@pytest.mark.parametrize("kind", ["plain", "weights", "clusters", "both", "no covariates", "one instrument"])
def test_equals_the_formulas_written_out(kind: str) -> None:
    problem = simulated(1, covariates=0 if kind == "no covariates" else 2, instruments=1 if kind[0] == "o" else 2)
    draw = np.random.default_rng(2)
    if kind in {"weights", "both"}:
        weights = draw.uniform(0.5, 2.0, problem.n)
        problem = dataclasses.replace(problem, weights=weights / weights.mean())
    if kind in {"clusters", "both"}:
        problem = dataclasses.replace(problem, clusters=draw.integers(0, 40, problem.n))
    fit = TWO_STAGE_LEAST_SQUARES.fit(problem, Ask())
    assert fit.se is not None
    assert_allclose((fit.value, fit.se, fit.diagnostics["se_classical"]), by_hand(problem), rtol=1e-9)
    assert fit.target is Target.LATE
    assert fit.errors == ("cluster-robust" if problem.clusters is not None else "HC1")


def test_the_influence_values_give_the_error() -> None:
    fit = TWO_STAGE_LEAST_SQUARES.fit(simulated(3), Ask())
    assert fit.influence is not None
    assert fit.se is not None
    assert abs(fit.influence.mean()) < 1e-8
    assert_allclose(fit.se, np.sqrt(np.square(fit.influence).mean() / 600), rtol=0.01)


def test_the_step_of_the_contrast_counts() -> None:
    problem = simulated(4)
    threefold = dataclasses.replace(problem, high=problem.low + 3 * problem.step)
    one, three = (TWO_STAGE_LEAST_SQUARES.fit(p, Ask()) for p in (problem, threefold))
    assert_allclose((three.value, three.se), (3 * one.value, 3 * (one.se or 0.0)))
    assert_allclose(three.diagnostics["ar_low"], 3 * one.diagnostics["ar_low"])


def test_intervals_cover_the_truth() -> None:
    covered = rubin = 0
    for seed in range(200):
        fit = TWO_STAGE_LEAST_SQUARES.fit(simulated(seed, n=300), Ask())
        covered += abs(fit.value - 2.0) <= quantile(0.95, fit.df) * (fit.se or 0.0)
        # with more than one instrument the interval may be empty, which is a miss
        rubin += fit.diagnostics.get("ar_low", 9.0) <= 2.0 <= fit.diagnostics.get("ar_high", -9.0)
    assert 0.92 <= covered / 200 <= 0.98
    assert 0.90 <= rubin / 200 <= 0.985


def test_weak_instruments_are_called_weak_and_the_anderson_rubin_interval_still_covers() -> None:
    covered = plain = 0
    for seed in range(200):
        fit = TWO_STAGE_LEAST_SQUARES.fit(simulated(seed, n=200, instruments=1, strength=0.12), Ask())
        plain += abs(fit.value - 2.0) <= 1.96 * (fit.se or 0.0)
        if "ar_low" in fit.diagnostics:
            covered += fit.diagnostics["ar_low"] <= 2.0 <= fit.diagnostics["ar_high"]
        else:
            assert any("no end" in note for note in fit.notes)
            covered += 1
    assert covered >= 184
    fit = TWO_STAGE_LEAST_SQUARES.fit(simulated(0, n=200, instruments=1, strength=0.05), Ask())
    assert fit.diagnostics["first_stage_F"] < 10
    assert fit.notes[0].startswith("The instruments are weak: the first-stage F is")


def test_one_instrument_has_one_f_and_no_over_identification() -> None:
    found = TWO_STAGE_LEAST_SQUARES.fit(simulated(5, instruments=1), Ask()).diagnostics
    assert_allclose(found["first_stage_F"], found["effective_F"])
    assert not {"sargan_p", "hansen_p"} & set(found)


def test_an_invalid_instrument_is_seen_by_over_identification() -> None:
    problem = simulated(6)
    rejected = TWO_STAGE_LEAST_SQUARES.fit(problem.with_outcome(problem.y + 2 * problem.instruments[:, 0]), Ask())
    assert rejected.diagnostics["sargan_p"] < 1e-6
    assert rejected.diagnostics["hansen_p"] < 1e-6


def test_over_identification_rejects_at_its_level() -> None:
    found = [TWO_STAGE_LEAST_SQUARES.fit(simulated(seed, n=400), Ask()).diagnostics for seed in range(200)]
    assert 0.01 <= np.mean([one["hansen_p"] < 0.05 for one in found]) <= 0.10


def test_refits_equal_fits() -> None:
    problem = dataclasses.replace(simulated(7), weights=np.random.default_rng(1).uniform(0.5, 1.5, 600))
    refit = TWO_STAGE_LEAST_SQUARES.refit(problem, Ask())
    draw = np.random.default_rng(8)
    rows, column, t = draw.integers(0, 600, 600), draw.normal(size=600) + problem.t, draw.permutation(problem.t)
    fitted = [
        TWO_STAGE_LEAST_SQUARES.fit(changed, Ask()).value
        for changed in (
            problem.take(rows),
            problem.with_covariate(column),
            problem.with_treatment(t),
            problem.with_outcome(column),
        )
    ]
    assert_allclose(
        (refit.rows(rows), refit.covariate(column), refit.treatment(t), refit.outcome(column)), fitted, rtol=1e-7
    )
    assert_allclose(refit.covariate(problem.covariates[:, 0]), TWO_STAGE_LEAST_SQUARES.fit(problem, Ask()).value)
    assert np.isnan(refit.treatment(np.zeros(600)))


def test_what_cannot_be_estimated_is_refused() -> None:
    problem = simulated(9)
    assert TWO_STAGE_LEAST_SQUARES.refuses(problem, Ask()) == ""
    assert "needs an instrument" in TWO_STAGE_LEAST_SQUARES.refuses(
        dataclasses.replace(problem, instruments=nothing_wide(problem.n)), Ask()
    )
    with pytest.raises(EstimationError, match="3 rows for 4 coefficients"):
        TWO_STAGE_LEAST_SQUARES.fit(problem.take(np.arange(3)), Ask())
    with pytest.raises(EstimationError, match="do not move the treatment"):
        TWO_STAGE_LEAST_SQUARES.fit(problem.with_treatment(np.zeros(problem.n)), Ask())


def test_an_instrument_that_is_the_treatment_is_no_weak_one() -> None:
    problem = simulated(10)
    same = dataclasses.replace(problem, instruments=problem.t[:, None], instrument_of=("x",))
    fit = TWO_STAGE_LEAST_SQUARES.fit(same, Ask())
    assert "first_stage_F" not in fit.diagnostics
    assert fit.notes == ()
    assert fit.diagnostics["ar_low"] < fit.value < fit.diagnostics["ar_high"]


def test_an_outcome_without_remainder_gives_its_slope() -> None:
    problem = simulated(11)
    fit = TWO_STAGE_LEAST_SQUARES.fit(problem.with_outcome(3 * problem.t), Ask())
    assert_allclose(fit.value, 3 * problem.step)
    assert_allclose(fit.se, 0.0, atol=1e-12)
