"""Matching: against all pairs written out, errors against simulation, whatever the order of rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from copilot.domain.effects import Target
from copilot.errors import EstimationError
from copilot.estimation.estimators.matching import MATCHING
from copilot.estimation.problem import Ask, Problem, nothing_wide

World = Callable[..., Problem]
ATT = Ask(target=Target.ATT)


def by_hand(problem: Problem, target: Target) -> tuple[float, float]:
    """Give effect and error with every pair written out: distances, ties, regressions on the matches, errors."""
    x, y, t, n = problem.covariates, problem.y, problem.t > 0, problem.n
    inverse = np.linalg.inv(np.cov(x.T, ddof=0).reshape(x.shape[1], -1))
    gaps = x[:, None, :] - x[None, :, :]
    far = np.sqrt(np.maximum(np.einsum("ijk,kl,ijl->ij", gaps, inverse, gaps), 0))

    def near(i: int, among: np.ndarray) -> np.ndarray:
        return among[far[i, among] <= far[i, among].min() + 1e-7]

    share = np.zeros((n, n))
    for i in range(n):
        if target is Target.ATE or t[i]:
            found = near(i, np.flatnonzero(t != t[i]))
            share[i, found] = 1 / len(found)
    times, squared = share.sum(axis=0), np.square(share).sum(axis=0)
    design = np.column_stack([np.ones(n), x])
    y1, y0 = y.copy(), y.copy()
    for arm, filled in ((~t, y0), (t, y1)):
        root = np.sqrt(times * arm)
        if not root.any():
            continue
        model = design @ np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
        asked = t if filled is y0 else ~t
        filled[asked] = (model + share @ (y - model))[asked]
    within = np.empty(n)
    for i in range(n):
        same = np.flatnonzero((t == t[i]) & (np.arange(n) != i))
        found = near(i, same)
        within[i] = len(found) / (len(found) + 1) * (y[i] - y[found].mean()) ** 2
    whom = t if target is Target.ATT else np.ones(n, dtype=bool)
    effect = float((y1 - y0)[whom].mean())
    more = times**2 - squared if target is Target.ATT else times**2 + 2 * times - squared
    more = more * ~t if target is Target.ATT else more
    variance = np.sum(((y1 - y0)[whom] - effect) ** 2) + np.sum(more * within)
    return effect, float(np.sqrt(variance)) / whom.sum()


def rounded(problem: Problem) -> Problem:
    """Give the problem with covariates of few values, so that many rows are equal and many distances tie."""
    x = np.round(problem.covariates)
    return dataclasses.replace(problem, covariates=(x - x.mean(axis=0)) / x.std(axis=0))


@pytest.mark.parametrize("target", [Target.ATE, Target.ATT])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3, 10])
def test_as_all_pairs(world: World, target: Target, ties: bool, k: int) -> None:
    problem = world(1, 150, k=max(k, 2), moderated=1.0)
    problem = dataclasses.replace(problem, covariates=problem.covariates[:, :k])
    if ties:
        problem = rounded(problem)
    fit = MATCHING.fit(problem, Ask(target=target))
    assert_allclose((fit.value, fit.se), by_hand(problem, target), rtol=1e-8)
    assert fit.errors == "Abadie-Imbens"


def test_the_order_of_rows_does_not_matter(world: World) -> None:
    problem = rounded(world(2, 400))
    mixed = problem.take(np.random.default_rng(1).permutation(400))
    one, two = MATCHING.fit(problem, Ask()), MATCHING.fit(mixed, Ask())
    assert_allclose((one.value, one.se), (two.value, two.se), rtol=1e-10)
    assert one.diagnostics["exact_share"] > 0.5


@pytest.mark.parametrize("target", [Target.ATE, Target.ATT])
def test_the_truth_is_found_where_it_differs_between_rows(world: World, target: Target) -> None:
    problem = world(3, 4000, moderated=1.0)
    truth = 2.0 + (problem.covariates[problem.t > 0, 0].mean() if target is Target.ATT else 0.0)
    fit = MATCHING.fit(problem, Ask(target=target))
    assert abs(fit.value - truth) < 3.5 * (fit.se or 0.0) < 0.5


def test_units_and_refits(world: World) -> None:
    problem = world(4)
    fit = MATCHING.fit(problem, Ask())
    large = MATCHING.fit(problem.with_outcome(problem.y * 1e12), Ask())
    assert_allclose((large.value, large.se), (fit.value * 1e12, (fit.se or 0.0) * 1e12), rtol=1e-9)
    refit = MATCHING.refit(problem, Ask())
    assert_allclose(refit.outcome(problem.y), fit.value, rtol=1e-12)
    assert np.isnan(refit.treatment(np.ones(500)))


def test_risk_ratio_of_a_binary_outcome(world: World) -> None:
    fit = MATCHING.fit(world(5, 2000, binary_outcome=True), Ask())
    assert fit.risk_ratio is not None
    assert fit.risk_ratio[1] is not None
    assert fit.risk_ratio[1][0] < fit.risk_ratio[0] < fit.risk_ratio[1][1]
    # the interval of the ratio and that of the difference tell of the same spread
    ratio, width = fit.risk_ratio[0], np.log(fit.risk_ratio[1][1] / fit.risk_ratio[1][0]) / 2 / 1.96
    assert 0.5 < width / ((fit.se or 0.0) / (fit.value / (ratio - 1))) < 2


def test_what_cannot_be_matched_is_refused(world: World) -> None:
    problem = world(6)
    assert MATCHING.refuses(problem, Ask()) == ""
    refused = {
        "sampling weights": dataclasses.replace(problem, weights=np.ones(500)),
        "clusters": dataclasses.replace(problem, clusters=np.arange(500)),
        "nothing to match on": dataclasses.replace(problem, covariates=nothing_wide(500)),
        "60 columns": dataclasses.replace(problem, covariates=np.zeros((500, 60))),
        "two levels": world(6, binary=False),
        "take too long": Problem(
            y=np.zeros(200_000), t=np.arange(200_000) % 2 * 1.0, covariates=np.zeros((200_000, 20))
        ),
    }
    for words, case in refused.items():
        assert words in MATCHING.refuses(case, Ask())
    with pytest.raises(EstimationError, match="1 in one arm"):
        MATCHING.fit(problem.take(np.append(np.flatnonzero(problem.t == 0), np.flatnonzero(problem.t > 0)[:1])), Ask())
    with pytest.raises(EstimationError, match="nothing to match on"):
        MATCHING.fit(dataclasses.replace(problem, covariates=np.zeros((500, 1))), Ask())


@pytest.mark.slow
@pytest.mark.parametrize("target", [Target.ATE, Target.ATT])
def test_intervals_cover(world: World, target: Target) -> None:
    fits = [MATCHING.fit(world(seed, 500), Ask(target=target)) for seed in range(300)]
    assert 0.92 <= np.mean([abs(fit.value - 2.0) <= 1.96 * (fit.se or 0.0) for fit in fits]) <= 0.985
