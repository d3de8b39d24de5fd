"""The flexible second opinion: right where lines are wrong, and no loss where they are right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators import crossfit as crossfitting
from copilot.estimation.estimators.flexible import FLEXIBLE
from copilot.estimation.estimators.learners import blend
from copilot.estimation.problem import Ask, Fit, Floats, Problem, nothing_wide


def simulated(seed: int, n: int = 1000, kind: str = "line", k: int = 5) -> Problem:
    """Give data with an effect of 1; `kind` is the shape of the confounding."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, k))
    if kind == "line":
        pull, shape = 0.6 * x[:, 0] + 0.4 * x[:, 1], x @ np.linspace(1, 0.2, k)
    elif kind == "step":
        pull = 1.5 * ((x[:, 0] > 0) ^ (x[:, 1] > 0)) - 0.75
        shape = 2 * pull + x[:, 2]
    else:
        pull = np.square(x[:, 0]) - 1 + x[:, 0] * x[:, 1]
        shape = 1.2 * pull + x[:, 2]
    t = (draw.uniform(size=n) < 1 / (1 + np.exp(-pull))).astype(float)
    return Problem(y=t + shape + draw.normal(size=n), t=t, covariates=x, covariate_of=tuple("abcdefghij"[:k]))


def dosed(seed: int, n: int = 1000) -> Problem:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 4))
    shape = np.square(x[:, 0]) - 1 + x[:, 0] * x[:, 1]
    t = 0.7 * shape + draw.normal(size=n)
    spread = t.std()
    y = t + 2 * shape + draw.normal(size=n)
    return Problem(y=y, t=(t - t.mean()) / spread, covariates=x, binary_treatment=False, high=1 / spread)


def least_squares(problem: Problem) -> tuple[float, float, Floats]:
    """Give the linear headline: effect, robust error, influence values."""
    design = np.column_stack([np.ones(problem.n), problem.t, problem.covariates])
    bread = np.linalg.inv(design.T @ design)
    slopes = bread @ design.T @ problem.y
    influence = problem.n * (design @ bread)[:, 1] * (problem.y - design @ slopes)
    return float(slopes[1]), float(np.sqrt(influence @ influence)) / problem.n, influence


def alarming(problem: Problem, fit: Fit) -> bool:
    """Say whether headline and second opinion are more than two standard errors apart."""
    value, se, influence = least_squares(problem)
    assert fit.influence is not None
    apart = influence - fit.influence
    error = max(se, fit.se or 0.0, float(np.sqrt(apart @ apart)) / problem.n)
    return abs(value - fit.value) > 2 * error


def test_bent_confounding_is_taken_out() -> None:
    problem = simulated(1, 4000, "bent")
    fit = FLEXIBLE.fit(problem, Ask())
    assert least_squares(problem)[0] > 2.5
    assert abs(fit.value - 1.0) < 0.1


def test_confounding_by_a_checkerboard_that_no_tree_sees_at_its_first_split_is_mostly_taken_out() -> None:
    problem = simulated(1, 4000, "step")
    assert least_squares(problem)[0] > 1.9
    assert abs(FLEXIBLE.fit(problem, Ask()).value - 1.0) < 0.15


def test_a_continuous_treatment() -> None:
    problem = dosed(1, 2000)
    fit = FLEXIBLE.fit(problem, Ask())
    assert abs(fit.value - 1.0) < 0.1
    twofold = FLEXIBLE.fit(dataclasses.replace(problem, high=2 * problem.high), Ask())
    assert_allclose((twofold.value, twofold.se), (2 * fit.value, 2 * (fit.se or 0.0)))


def test_influence_values_give_the_error() -> None:
    for problem in (simulated(2), dosed(2)):
        fit = FLEXIBLE.fit(problem, Ask())
        assert fit.influence is not None
        assert abs(fit.influence.mean()) < 1e-9
        assert_allclose(fit.se, np.sqrt(np.square(fit.influence).mean() / problem.n))


def test_the_effect_on_the_treated() -> None:
    problem = simulated(3, 3000)
    varied = problem.with_outcome(problem.y + 2 * problem.t * problem.covariates[:, 0])
    truth = 1 + 2 * varied.covariates[varied.t > 0, 0].mean()
    fit = FLEXIBLE.fit(varied, Ask(target=Target.ATT))
    assert abs(fit.value - truth) < 4 * (fit.se or 0.0)
    assert abs(fit.value - FLEXIBLE.fit(varied, Ask()).value) > 0.2
    assert fit.target is Target.ATT


def test_binary_outcomes_have_a_risk_ratio() -> None:
    problem = simulated(4, 2000)
    draw = np.random.default_rng(0)
    ill = (draw.uniform(size=2000) < 0.2 + 0.2 * problem.t).astype(float)
    fit = FLEXIBLE.fit(problem.with_outcome(ill, binary=True), Ask())
    assert abs(fit.value - 0.2) < 4 * (fit.se or 0.0)
    assert fit.risk_ratio is not None
    assert fit.risk_ratio[1] is not None
    assert fit.risk_ratio[1][0] < 2.0 < fit.risk_ratio[1][1]


def test_the_seed_decides_and_nothing_else() -> None:
    problem = simulated(5, 400, "bent")
    assert FLEXIBLE.fit(problem, Ask()).value == FLEXIBLE.fit(problem, Ask()).value
    assert FLEXIBLE.refit(problem, Ask()).outcome(problem.y) == FLEXIBLE.fit(problem, Ask()).value


def test_weights_stand_for_rows_and_clusters_stay_together() -> None:
    problem = simulated(6, 600)
    pairs = np.repeat(np.arange(600), 2)
    once = FLEXIBLE.fit(problem, Ask())
    paired = FLEXIBLE.fit(dataclasses.replace(problem.take(pairs), clusters=pairs), Ask())
    assert_allclose((paired.value, paired.se), (once.value, once.se), rtol=0.15)
    folds = crossfitting.folds_of(
        dataclasses.replace(problem, clusters=np.arange(600) // 10), np.random.default_rng(0), 30
    )
    assert all(len(set(folds[i : i + 10])) == 1 for i in range(0, 600, 10))
    heavy = np.where(problem.covariates[:, 0] > 0, 1.6, 0.4)
    varied = problem.with_outcome(problem.y + problem.t * (problem.covariates[:, 0] > 0))
    weighted = FLEXIBLE.fit(dataclasses.replace(varied, weights=heavy / heavy.mean()), Ask())
    assert weighted.value > FLEXIBLE.fit(varied, Ask()).value + 0.1


def test_large_tables_are_learnt_from_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copilot.estimation.estimators.crossfit.MAX_LEARNT", 200)
    monkeypatch.setattr("copilot.estimation.estimators.flexible.MAX_LEARNT", 200)
    fit = FLEXIBLE.fit(simulated(7), Ask())
    assert "200 rows at most" in fit.notes[-1]
    assert abs(fit.value - 1.0) < 0.4


def test_extreme_scores_are_trimmed_and_counted() -> None:
    problem = simulated(8)
    sure = (problem.covariates[:, 0] + 0.05 * problem.covariates[:, 1] > 0).astype(float)
    fit = FLEXIBLE.fit(problem.with_treatment(sure), Ask())
    assert fit.diagnostics["trimmed_scores"] > 100
    assert "of 1000 propensity scores were set to the bounds 0.01 and 0.99" in fit.notes[0]


def test_what_cannot_be_learnt_is_refused() -> None:
    problem = simulated(9, 100)
    assert FLEXIBLE.refuses(problem, Ask()) == ""
    bare = dataclasses.replace(problem, covariates=nothing_wide(100), covariate_of=())
    assert "nothing is adjusted for" in FLEXIBLE.refuses(bare, Ask())
    assert "needs 50 rows, and there are 40" in FLEXIBLE.refuses(problem.take(np.arange(40)), Ask())
    lone = problem.with_treatment((np.arange(100) < 5).astype(float))
    assert "needs 10 rows in each arm, and there are 5" in FLEXIBLE.refuses(lone, Ask())
    assert np.isnan(FLEXIBLE.refit(problem, Ask()).treatment(lone.t))
    assert "two levels" in FLEXIBLE.refuses(dosed(1, 100), Ask(target=Target.ATT))
    few = dataclasses.replace(problem, clusters=np.arange(100) // 20)
    assert "10 clusters in each arm" in FLEXIBLE.refuses(few, Ask())
    copied = dosed(2, 200)
    with pytest.raises(EstimationError, match="without remainder"):
        FLEXIBLE.fit(dataclasses.replace(copied, t=np.zeros(200)), Ask())


def test_blending_finds_the_better_learner() -> None:
    y = np.random.default_rng(0).normal(size=50)
    assert blend(np.stack([np.zeros(50), y]), y, np.ones(50)).tolist() == [0.0, 1.0]
    assert_allclose(blend(np.stack([y - 1, y + 1]), y, np.ones(50)), [0.5, 0.5])


@pytest.mark.slow
def test_false_alarms_are_rare_where_lines_are_right_and_intervals_cover() -> None:
    alarms = covered = 0
    for seed in range(200):
        problem = simulated(seed)
        fit = FLEXIBLE.fit(problem, Ask())
        alarms += alarming(problem, fit)
        covered += abs(fit.value - 1.0) <= 1.96 * (fit.se or 0.0)
    assert alarms <= 10
    assert 0.92 <= covered / 200 <= 0.98


@pytest.mark.slow
def test_wrong_lines_are_found() -> None:
    found = [
        alarming(problem, FLEXIBLE.fit(problem, Ask())) for problem in (simulated(s, kind="bent") for s in range(100))
    ]
    assert np.mean(found) >= 0.95
