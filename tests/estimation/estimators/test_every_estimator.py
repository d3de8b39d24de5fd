"""What holds for every estimator of the registry: clusters, weights, units, ratios, and whose effect it is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.random import SeedSequence
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.adjusted import risk_ratio
from copilot.estimation.estimators.flexible import FLEXIBLE
from copilot.estimation.estimators.front_door import FRONT_DOOR
from copilot.estimation.estimators.g_computation import G_COMPUTATION
from copilot.estimation.estimators.registry import ESTIMATORS
from copilot.estimation.estimators.spread import quantile, standard_error
from copilot.estimation.problem import Ask, Estimator, Problem, nothing_wide

GROUPS = 8
SLOW_TO_LEARN = ("double_ml", "causal_forest")


def world(estimator: Estimator, *, binary: bool = True, events: bool = False, cells: bool = False) -> Problem:
    """Draw a problem of the estimator's strategy, in which treatment moves a mediator and instruments the treatment."""
    draw = np.random.default_rng(5)
    n = 320
    x, z = draw.normal(size=(2, n, 2))
    lean = 0.7 * x[:, 0] + z[:, 0] + draw.normal(size=n)
    t = (lean > 0) * 1.0 if binary else lean / lean.std()
    m = (
        (draw.random((n, 1)) < 0.3 + 0.4 * (lean[:, None] > 0)) * 1.0
        if cells
        else t[:, None] + draw.normal(size=(n, 1))
    )
    y = t + m[:, 0] + x[:, 0] + draw.normal(size=n)
    problem = Problem(
        y=(y > 0.8) * 1.0 if events else y,
        t=t,
        covariates=nothing_wide(n) if cells else x,
        covariate_of=() if cells else ("a", "b"),
        binary_treatment=binary,
        binary_outcome=events,
        strategy=estimator.strategy,
    )
    if estimator.strategy is Strategy.IV:
        return dataclasses.replace(problem, instruments=z, instrument_of=("z", "w"))
    if estimator.strategy is Strategy.FRONTDOOR:
        return dataclasses.replace(problem, mediators=m, mediator_of=("m",))
    return problem


def clustered(problem: Problem) -> Problem:
    return dataclasses.replace(problem, clusters=np.arange(problem.n) % GROUPS)


def named(estimator: Estimator) -> str:
    return estimator.name


@pytest.mark.parametrize("cells", [False, True])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=named)
def test_few_clusters_mean_students_t_for_effect_and_ratio(estimator: Estimator, binary: bool, cells: bool) -> None:
    problem = clustered(world(estimator, binary=binary, events=True, cells=cells))
    if estimator.refuses(problem, Ask()):
        return
    wide, narrow = (estimator.fit(problem, Ask(level=level, seed=SeedSequence(1))) for level in (0.95, 0.5))
    assert wide.df == GROUPS - 1
    if wide.risk_ratio is None or wide.risk_ratio[1] is None:
        assert estimator.strategy is not Strategy.BACKDOOR or not binary
        return
    assert narrow.risk_ratio is not None
    assert narrow.risk_ratio[1] is not None
    widths = [math.log(high / low) for low, high in (wide.risk_ratio[1], narrow.risk_ratio[1])]
    assert_allclose(widths[0] / widths[1], quantile(0.95, GROUPS - 1) / quantile(0.5, GROUPS - 1))


@pytest.mark.slow
def test_with_few_clusters_intervals_cover() -> None:
    draw, covered = np.random.default_rng(2), 0
    for _ in range(300):
        shared = np.repeat(draw.normal(size=GROUPS), 20)
        t = np.repeat((np.arange(GROUPS) % 2) * 1.0, 20)
        problem = Problem(
            y=t + shared + draw.normal(size=160),
            t=t,
            covariates=nothing_wide(160),
            clusters=np.repeat(range(GROUPS), 20),
        )
        fit = G_COMPUTATION.fit(problem, Ask())
        covered += abs(fit.value - 1.0) <= quantile(0.95, fit.df) * (fit.se or 0.0)
    assert 0.90 <= covered / 300 <= 0.98


@pytest.mark.parametrize("cells", [False, True])
@pytest.mark.parametrize("estimator", [one for one in ESTIMATORS if one.name not in SLOW_TO_LEARN], ids=named)
def test_weights_count_alike_in_any_unit(estimator: Estimator, cells: bool) -> None:
    problem = world(estimator, events=True, cells=cells)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, problem.n)
    weights /= weights.mean()
    fits = []
    for unit in (1.0, 1e-30, 7e12):
        weighed = dataclasses.replace(problem, weights=weights * unit)
        if estimator.refuses(weighed, Ask()):
            return
        fit = estimator.fit(weighed, Ask(seed=SeedSequence(3)))
        ratio = fit.risk_ratio[1] if fit.risk_ratio else None
        fits.append((fit.value, fit.se or 0.0, *(ratio or ())))
    assert_allclose(fits[1], fits[0], rtol=1e-9)
    assert_allclose(fits[2], fits[0], rtol=1e-9)


def test_rows_taken_have_weights_with_mean_one() -> None:
    problem = dataclasses.replace(world(G_COMPUTATION), weights=np.linspace(0.5, 1.5, 320))
    part = problem.take(np.arange(100))
    assert part.weights is not None
    assert_allclose(part.weights.mean(), 1.0)
    assert_allclose(part.weights[99] / part.weights[0], (0.5 + 99 / 319) / 0.5)
    empty = problem.take(np.arange(0)).weights
    assert empty is not None
    assert empty.size == 0


@pytest.mark.parametrize("target", [Target.ATE, Target.ATT])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=named)
def test_every_fit_says_whose_effect_it_is(estimator: Estimator, binary: bool, target: Target) -> None:
    problem = world(estimator, binary=binary)
    ask = Ask(target=target, seed=SeedSequence(1))
    if estimator.refuses(problem, ask):
        return
    found = estimator.fit(problem, ask).target
    if estimator.strategy is Strategy.IV:
        assert found is Target.LATE
    else:
        assert found is (target if binary else Target.ATE)


def test_a_continuous_treatment_has_no_treated() -> None:
    fit = FRONT_DOOR.fit(world(FRONT_DOOR, binary=False), Ask(target=Target.ATT))
    assert fit.target is Target.ATE
    assert "no treated rows" in fit.notes[0]


def test_a_learner_of_confounding_gives_no_effect_of_an_instrument() -> None:
    assert "needs an instrument" in FLEXIBLE.refuses(world(FLEXIBLE), Ask(target=Target.LATE))


def test_no_events_give_no_ratio_and_certain_ones_no_interval() -> None:
    """By cells without events among the others; by learners with a mean a hair above 0."""
    draw = np.random.default_rng(1)
    t, m = np.repeat([0.0, 1.0], 200), draw.integers(0, 2, (400, 1)) * 1.0
    none = Problem(
        y=np.zeros(400),
        t=t,
        covariates=nothing_wide(400),
        mediators=m,
        strategy=Strategy.FRONTDOOR,
        binary_outcome=True,
    )
    assert FRONT_DOOR.fit(none, Ask()).risk_ratio is None
    assert FRONT_DOOR.fit(none, Ask()).se is None
    certain = FRONT_DOOR.fit(dataclasses.replace(none, y=np.ones(400)), Ask())
    assert certain.risk_ratio == (pytest.approx(1.0), None)
    x = draw.normal(size=(400, 2))
    rare = Problem(y=np.zeros(400), t=(draw.random(400) < 0.5) * 1.0, covariates=x, binary_outcome=True)
    assert FLEXIBLE.fit(rare, Ask(seed=SeedSequence(1))).risk_ratio is None


def test_the_ratio_of_the_flexible_estimator_is_that_of_all() -> None:
    """Its interval is the delta method's with the guarded function that all share."""
    problem = world(FLEXIBLE, events=True)
    fit = FLEXIBLE.fit(problem, Ask(seed=SeedSequence(1)))
    assert fit.risk_ratio is not None
    assert fit.risk_ratio[1] is not None
    assert fit.risk_ratio[1][0] < fit.risk_ratio[0] < fit.risk_ratio[1][1]
    nothing = np.zeros(problem.n)
    assert risk_ratio(problem, (0.5, nothing), (1e-12, nothing), 0.95) is None
    assert risk_ratio(problem, (0.5, nothing), (0.25, nothing), 0.95) == (2.0, None)
    assert fit.influence is not None
    assert fit.se == standard_error(fit.influence, problem)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=named)
def test_units_of_outcome_and_treatment_change_nothing(estimator: Estimator, binary: bool) -> None:
    problem, ask = world(estimator, binary=binary), Ask(seed=SeedSequence(1))
    if estimator.refuses(problem, ask):
        return
    one = estimator.fit(problem, ask)
    for unit, step in ((1e60, 1e-60), (1e-60, 1e-60), (1e-60, 1e60)):
        other = dataclasses.replace(problem, y=problem.y * unit)
        scale = unit
        if not binary:
            other = dataclasses.replace(other, low=-step / 2, high=step / 2)
            scale = unit * step
            one = estimator.fit(dataclasses.replace(problem, low=-0.5, high=0.5), ask)
        fit = estimator.fit(other, ask)
        assert one.se is not None
        assert fit.se is not None
        assert_allclose((fit.value / scale, fit.se / scale), (one.value, one.se), rtol=1e-3)


@pytest.mark.parametrize("events", [True, False])
def test_a_small_step_keeps_its_digits(events: bool) -> None:
    problem = world(G_COMPUTATION, binary=False, events=events)
    slopes = []
    for step in (1e-4, 1e-30):
        fit = G_COMPUTATION.fit(dataclasses.replace(problem, low=-step / 2, high=step / 2), Ask())
        assert fit.se is not None
        slopes.append((fit.value / step, fit.se / step))
    assert_allclose(slopes[1], slopes[0], rtol=1e-6)
