"""Stratification: by hand, against the truth, and with strata that lack an arm."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.ipw import IPW
from copilot.estimation.estimators.stratification import STRATIFICATION
from copilot.estimation.problem import Ask, Problem, nothing_wide

World = Callable[..., Problem]
ATT = Ask(target=Target.ATT)


def levels(seed: int, n: int = 3000) -> Problem:
    """Draw a problem with one covariate of three values."""
    draw = np.random.default_rng(seed)
    x = draw.integers(0, 3, n) * 1.0
    t = (draw.random(n) < 0.3 + 0.2 * x) * 1.0
    y = 2 * t + x + t * x + draw.normal(size=n)
    return Problem(y=y, t=t, covariates=((x - x.mean()) / x.std())[:, None], covariate_of=("x",))


@pytest.mark.parametrize("ask", [Ask(), ATT])
def test_three_values_are_three_strata(ask: Ask) -> None:
    problem = levels(1)
    treated = problem.t > 0
    total = variance = square = 0.0
    whom = treated if ask is ATT else np.ones(3000, dtype=bool)
    for value in np.unique(problem.covariates):
        inside = problem.covariates[:, 0] == value
        one, zero = problem.y[inside & treated], problem.y[inside & ~treated]
        share = (inside & whom).sum() / whom.sum()
        total += share * (one.mean() - zero.mean())
        square += share * (one.mean() - zero.mean()) ** 2
        variance += share**2 * (one.var(ddof=1) / len(one) + zero.var(ddof=1) / len(zero))
    fit = STRATIFICATION.fit(problem, ask)
    assert_allclose(fit.value, total, rtol=1e-10)
    # beside the spread within strata there is that of the effect between them
    assert_allclose(fit.se, np.sqrt(variance + (square - total**2) / whom.sum()), rtol=1e-9)
    assert fit.diagnostics["strata"] == 3
    assert fit.notes[0].startswith("3 strata")


def test_the_truth_is_near(world: World) -> None:
    fit = STRATIFICATION.fit(world(2, 20_000), Ask())
    assert fit.diagnostics["strata"] == 13
    assert abs(fit.value - 2.0) < 0.1
    naive = world(2, 20_000)
    assert abs(naive.y[naive.t > 0].mean() - naive.y[naive.t == 0].mean() - 2.0) > 0.2
    assert fit.influence is not None
    assert abs(fit.influence.mean()) < 1e-9


def test_whole_weights_are_copies() -> None:
    problem = levels(3)
    times = np.random.default_rng(1).integers(1, 3, 3000)
    weighted = STRATIFICATION.fit(dataclasses.replace(problem, weights=times / times.mean()), Ask())
    copies = STRATIFICATION.fit(problem.take(np.repeat(np.arange(3000), times)), Ask())
    assert_allclose(weighted.value, copies.value, rtol=1e-9)


def test_a_stratum_without_an_arm_is_left_out_and_said() -> None:
    draw = np.random.default_rng(4)
    x = draw.uniform(-1, 1, size=400)
    t = (draw.random(400) < 0.5) * 1.0
    low = np.argsort(x)[:80]
    t[low] = 0.0
    t[low[-1]] = 1.0
    x = (x - x.mean()) / x.std()
    problem = Problem(y=2 * t + x + draw.normal(size=400), t=t, covariates=x[:, None], covariate_of=("x",))
    with pytest.raises(EstimationError, match="rows are in strata"):
        STRATIFICATION.fit(problem, Ask())
    fit = STRATIFICATION.fit(problem, ATT)
    assert fit.diagnostics["strata_dropped"] == 1
    assert any("1 stratum with" in note for note in fit.notes)
    assert abs(fit.value - 2.0) < 4 * (fit.se or 0.0)


def test_refits_equal_fits_and_refusals(world: World) -> None:
    problem = world(5)
    refit = STRATIFICATION.refit(problem, Ask())
    rows = np.random.default_rng(1).integers(0, 500, 500)
    assert_allclose(refit.outcome(problem.y), STRATIFICATION.fit(problem, Ask()).value, rtol=1e-12)
    assert_allclose(refit.rows(rows), STRATIFICATION.fit(problem.take(rows), Ask()).value, rtol=1e-12)
    assert np.isnan(refit.treatment(np.ones(500)))
    assert "two levels" in STRATIFICATION.refuses(world(5, binary=False), Ask())
    bare = dataclasses.replace(problem, covariates=nothing_wide(500), covariate_of=())
    assert_allclose(STRATIFICATION.fit(bare, Ask()).value, IPW.fit(bare, Ask()).value)
    ratio = STRATIFICATION.fit(world(5, 2000, binary_outcome=True), Ask()).risk_ratio
    assert ratio is not None
    assert ratio[0] > 1
