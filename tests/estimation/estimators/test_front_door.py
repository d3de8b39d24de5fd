"""The front door: Pearl's table, cells against sums, lines against algebra, errors against resampling."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.effects import Status, Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.front_door import FRONT_DOOR
from copilot.estimation.problem import Ask, Floats, Problem, nothing_wide
from copilot.estimation.refuters.random_common_cause import RANDOM_COMMON_CAUSE
from copilot.estimation.trial import Fitted, Trial


def smoking() -> Problem:
    """Give Pearl's table of smoking, tar and cancer, 800 rows."""
    counts = {(0, 0): (380, 38), (0, 1): (20, 1), (1, 0): (20, 18), (1, 1): (380, 323)}
    rows = [
        (t, m, y)
        for (t, m), (total, ill) in counts.items()
        for y, many in ((1, ill), (0, total - ill))
        for _ in range(many)
    ]
    table = np.array(rows, dtype=np.float64)
    return through(table[:, 0], table[:, 1:2], table[:, 2], binary_outcome=True)


def through(t: Floats, m: Floats, y: Floats, *, binary_outcome: bool = False) -> Problem:
    return Problem(
        y=y,
        t=t,
        covariates=nothing_wide(len(y)),
        strategy=Strategy.FRONTDOOR,
        mediators=(m - m.mean(axis=0)) / m.std(axis=0),
        mediator_of=tuple(f"m{j}" for j in range(m.shape[1])),
        binary_outcome=binary_outcome,
    )


def simulated(seed: int, n: int = 500, *, discrete: bool = False) -> Problem:
    """Give data with a hidden cause of treatment and outcome; the effect is 3 through two mediators."""
    draw = np.random.default_rng(seed)
    u = draw.normal(size=n)
    t = (u + draw.normal(size=n) > 0).astype(np.float64)
    if discrete:
        m = (draw.uniform(size=(n, 2)) < 0.3 + 0.4 * t[:, None]).astype(np.float64)
        return through(t, m, 5.0 * m[:, 0] + 2.5 * m[:, 1] + 2 * u + draw.normal(size=n))
    m = np.column_stack([t + draw.normal(size=n), 2 * t + draw.normal(size=n)])
    return through(t, m, m.sum(axis=1) + 2 * u + draw.normal(size=n))


def test_pearls_table() -> None:
    fit = FRONT_DOOR.fit(smoking(), Ask())
    assert_allclose(fit.value, -0.045, atol=1e-12)
    assert fit.risk_ratio is not None
    assert fit.risk_ratio[0] < 1
    assert "By cells" in fit.notes[0]


@pytest.mark.parametrize("discrete", [True, False])
def test_intervals_cover_the_truth(discrete: bool) -> None:
    covered = 0
    for seed in range(200):
        fit = FRONT_DOOR.fit(simulated(seed, discrete=discrete), Ask())
        covered += abs(fit.value - 3.0) <= 1.965 * (fit.se or 0.0)
    assert 0.92 <= covered / 200 <= 0.98


def test_cells_are_the_formula_written_out() -> None:
    problem = simulated(1, discrete=True)
    t, m, y = problem.t, problem.mediators[:, 0] > 0, problem.y
    both = np.column_stack([m, problem.mediators[:, 1] > 0])
    total = {0: 0.0, 1: 0.0}
    for arm in (0, 1):
        for cell in ((False, False), (False, True), (True, False), (True, True)):
            here = (both == cell).all(axis=1)
            averaged = sum((t == other).mean() * y[here & (t == other)].mean() for other in (0, 1))
            total[arm] += here[t == arm].mean() * averaged
    assert_allclose(FRONT_DOOR.fit(problem, Ask()).value, total[1] - total[0])


def test_the_effect_on_the_treated_averages_over_the_treated() -> None:
    problem = smoking()
    fit = FRONT_DOOR.fit(problem, Ask(target=Target.ATT))
    m, t, y = problem.mediators[:, 0] > 0, problem.t > 0, problem.y
    share = m[t].mean() - m[~t].mean()
    assert_allclose(fit.value, share * (y[t & m].mean() - y[t & ~m].mean()))
    assert fit.target is Target.ATT


def test_lines_are_two_regressions() -> None:
    problem = simulated(2)
    draw = np.random.default_rng(1)
    problem = dataclasses.replace(problem, weights=draw.uniform(0.5, 1.5, problem.n))
    problem = problem.with_covariate(draw.normal(size=problem.n), "w")
    root = np.sqrt(problem.weights if problem.weights is not None else 1.0)[:, None]
    first = np.column_stack([np.ones(problem.n), problem.t, problem.covariates])
    onto = np.linalg.lstsq(first * root, problem.mediators * root, rcond=None)[0][1]
    second = np.column_stack([first, problem.mediators])
    own = np.linalg.lstsq(second * root, problem.y * root[:, 0], rcond=None)[0][-2:]
    fit = FRONT_DOOR.fit(problem, Ask())
    assert_allclose(fit.value, onto @ own)
    assert_allclose(fit.diagnostics["through m0"] + fit.diagnostics["through m1"], fit.value)


def test_the_contrast_enters_once() -> None:
    problem = dataclasses.replace(simulated(3), binary_treatment=False)
    twofold = dataclasses.replace(problem, high=2.0)
    one, two = FRONT_DOOR.fit(problem, Ask()), FRONT_DOOR.fit(twofold, Ask())
    assert_allclose((two.value, two.se), (2 * one.value, 2 * (one.se or 0.0)))


@pytest.mark.parametrize("kind", ["cells", "lines", "clusters"])
def test_errors_agree_with_resampling(kind: str) -> None:
    problem = simulated(4, discrete=kind == "cells")
    draw = np.random.default_rng(5)
    refit = FRONT_DOOR.refit(problem, Ask())
    if kind == "clusters":
        # each row twice, as a pair: the error must not shrink
        once = FRONT_DOOR.fit(problem, Ask())
        double = problem.take(np.repeat(np.arange(problem.n), 2))
        paired = dataclasses.replace(double, clusters=np.repeat(np.arange(problem.n), 2))
        assert_allclose(FRONT_DOOR.fit(paired, Ask()).se, once.se, rtol=0.02)
        return
    values = [refit.rows(draw.integers(0, problem.n, problem.n)) for _ in range(400)]
    assert_allclose(FRONT_DOOR.fit(problem, Ask()).se, np.std(values), rtol=0.15)


@pytest.mark.parametrize("discrete", [True, False])
def test_refits_equal_fits(discrete: bool) -> None:
    problem = simulated(6, discrete=discrete)
    draw = np.random.default_rng(7)
    refit = FRONT_DOOR.refit(problem, Ask())
    rows, t, y = draw.integers(0, 500, 500), draw.permutation(problem.t), draw.normal(size=500)
    fitted = [
        FRONT_DOOR.fit(changed, Ask()).value
        for changed in (problem.take(rows), problem.with_treatment(t), problem.with_outcome(y))
    ]
    assert_allclose((refit.rows(rows), refit.treatment(t), refit.outcome(y)), fitted, rtol=1e-8)
    if not discrete:
        assert_allclose(refit.covariate(y), FRONT_DOOR.fit(problem.with_covariate(y), Ask()).value, rtol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target", [Target.ATE, Target.ATT])
def test_one_more_covariate_beside_cells_is_two_regressions_on_cells(weighted: bool, target: Target) -> None:
    problem, draw = simulated(9, discrete=True), np.random.default_rng(2)
    if weighted:
        problem = dataclasses.replace(problem, weights=draw.uniform(0.5, 1.5, problem.n))
    weights = np.ones(problem.n) if problem.weights is None else problem.weights
    root, w = np.sqrt(weights)[:, None], draw.normal(size=problem.n) + problem.t + problem.mediators[:, 0]
    cells = np.unique(problem.mediators, axis=0, return_inverse=True)[1].reshape(-1)
    arms = np.column_stack([problem.t == 0, problem.t == 1]).astype(float)
    values = np.eye(4)[cells]
    first = np.column_stack([arms, w])
    shares = np.linalg.lstsq(first * root, values * root, rcond=None)[0][:2]
    both = np.column_stack([values * arms[:, :1], values * arms[:, 1:], w])
    means = np.linalg.lstsq(both * root, problem.y * root[:, 0], rcond=None)[0][:-1].reshape(2, 4)
    over = np.array([0.0, 1.0]) if target is Target.ATT else weights @ arms / weights.sum()
    expected = (shares[1] - shares[0]) @ (over @ means)
    assert_allclose(FRONT_DOOR.refit(problem, Ask(target=target)).covariate(w), expected, rtol=1e-9)


def test_noise_beside_cells_leaves_the_estimate_where_it_is() -> None:
    problem = smoking()
    fit = FRONT_DOOR.fit(problem, Ask())
    # by straight lines instead of cells the answer would be another, which noise must not be blamed for
    assert abs(FRONT_DOOR.fit(problem.with_covariate(np.random.default_rng(0).normal(size=800)), Ask()).value) > 0
    (found,) = RANDOM_COMMON_CAUSE.refute(Trial(problem, Ask(), Fitted(FRONT_DOOR, fit)))
    assert found.status is Status.PASSED
    assert found.value == pytest.approx(fit.value, abs=0.1 * (fit.se or 0.0))


def test_what_cannot_be_estimated_is_refused() -> None:
    problem = simulated(8)
    assert FRONT_DOOR.refuses(problem, Ask()) == ""
    assert "needs a mediator" in FRONT_DOOR.refuses(dataclasses.replace(problem, mediators=nothing_wide(500)), Ask())
    with pytest.raises(EstimationError, match="cannot separate"):
        FRONT_DOOR.fit(dataclasses.replace(problem, mediators=(problem.t - problem.t.mean())[:, None]), Ask())
    with pytest.raises(EstimationError, match="4 rows"):
        FRONT_DOOR.fit(problem.take(np.arange(4)), Ask())
