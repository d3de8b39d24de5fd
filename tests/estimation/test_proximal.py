"""Proximal two-stage least squares: a hidden cause taken out by good controls, and what bad ones do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Estimate
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.problem import Problem
from copilot.estimation.proximal import proximal

EFFECT = 2.0


def hidden(
    rng: np.random.Generator, n: int = 500, *, leak: float = 0.0, strength: float = 1.0, binary: bool = False
) -> tuple[Problem, np.ndarray, np.ndarray]:
    """Give a problem with a hidden cause, exposures of shape (n, 1) that leak into the outcome, and outcomes."""
    u, x = rng.normal(size=(2, n))
    z = strength * u + 0.3 * x + rng.normal(size=n)
    w = u + 0.5 * x + rng.normal(size=n)
    t = 0.8 * u + 0.5 * x + 0.5 * z + rng.normal(size=n)
    if binary:
        t = (t > 0).astype(float)
    y = EFFECT * t + 1.5 * u + x + leak * z + rng.normal(size=n) * (1 + 0.3 * np.abs(x))
    covariates = ((x - x.mean()) / x.std())[:, None]
    return Problem(y, t, covariates, ("x",), binary_treatment=binary), z[:, None], w[:, None]


def solved(problem: Problem, z: np.ndarray, w: np.ndarray, level: float = 0.95) -> Estimate:
    names = tuple(f"z{k}" for k in range(z.shape[1])), tuple(f"w{k}" for k in range(w.shape[1]))
    return proximal(problem, z, w, *names, level=level)


def by_matrices(problem: Problem, z: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Solve two-stage least squares as textbooks write it, with HC1 or cluster-robust errors."""
    ones, weights = np.ones(problem.n), problem.weights
    weights = ones if weights is None else weights / weights.mean()
    first = np.column_stack([problem.t, w, ones, problem.covariates])
    given = np.column_stack([problem.t, z, ones, problem.covariates])
    predicted = given @ np.linalg.solve(given.T @ (given * weights[:, None]), given.T @ (first * weights[:, None]))
    bread = np.linalg.inv(predicted.T @ (predicted * weights[:, None]))
    beta = bread @ predicted.T @ (weights * problem.y)
    scores = predicted * (weights * (problem.y - first @ beta))[:, None]
    n, k = first.shape
    factor = n / (n - k)
    if problem.clusters is not None:
        groups = int(problem.clusters.max()) + 1
        scores = np.array([scores[problem.clusters == g].sum(axis=0) for g in range(groups)])
        factor = groups / (groups - 1) * (n - 1) / (n - k)
    covariance = bread @ (scores.T @ scores) @ bread * factor
    return float(beta[0]) * problem.step, float(np.sqrt(covariance[0, 0])) * abs(problem.step)


@pytest.mark.parametrize("extra", ["plain", "weighted", "clustered", "over-identified", "two outcomes"])
def test_the_estimate_and_its_error_are_those_of_the_textbook(extra: str) -> None:
    rng = np.random.default_rng(7)
    problem, z, w = hidden(rng, 300)
    problem = replace(problem, low=-0.5, high=1.0)
    if extra == "weighted":
        problem = replace(problem, weights=rng.uniform(0.5, 2.0, 300))
    if extra == "clustered":
        problem = replace(problem, clusters=np.arange(300) // 5)
    if extra in {"over-identified", "two outcomes"}:
        z = np.column_stack([z, z[:, 0] ** 2 + problem.y * 0.01, rng.normal(size=300) + w[:, 0]])
    if extra == "two outcomes":
        w = np.column_stack([w, z[:, 1] + rng.normal(size=300)])
    found = solved(problem, z, w)
    value, se = by_matrices(problem, z, w)
    assert found.value == pytest.approx(value)
    assert found.se == pytest.approx(se)
    assert found.errors == ("cluster-robust" if extra == "clustered" else "HC1")
    assert ("sargan_p" in found.diagnostics) == (extra in {"over-identified", "two outcomes"})


@pytest.mark.parametrize("binary", [False, True])
def test_the_truth_is_covered_at_the_level_where_adjustment_alone_is_wrong(binary: bool) -> None:
    covered, values, naive = 0, [], []
    for seed in range(200):
        found = solved(*hidden(np.random.default_rng(seed), binary=binary))
        assert found.interval is not None
        covered += found.interval[0] <= EFFECT <= found.interval[1]
        values.append(found.value)
        naive.append(found.diagnostics["unadjusted_for_hidden"])
    assert 0.91 <= covered / 200 <= 0.985
    assert abs(float(np.median(values)) - EFFECT) < 0.05
    assert min(naive) > EFFECT + 0.3


def test_exposures_that_act_on_the_outcome_bias_it_and_the_note_says_that_this_cannot_be_seen() -> None:
    values = [solved(*hidden(np.random.default_rng(seed), 2000, leak=0.5)).value for seed in range(20)]
    assert abs(float(np.median(values)) - EFFECT) > 0.2
    found = solved(*hidden(np.random.default_rng(1), leak=0.5))
    assert any(note.startswith("Blind spot: that z0 act neither on the outcome nor on w0") for note in found.notes)


def test_the_estimate_says_how_it_was_made() -> None:
    found = solved(*hidden(np.random.default_rng(3)))
    assert found.strategy is Strategy.PROXIMAL
    assert (found.adjustment_set, found.instruments, found.n) == (("x",), ("z0",), 500)
    assert found.diagnostics["first_stage_F"] > 10
    assert found.diagnostics["first_stage_F_robust"] == pytest.approx(found.diagnostics["first_stage_F"], rel=0.5)
    assert "negative control outcomes: w0" in found.notes[0]
    assert found.p_value is not None
    assert found.p_value < 0.001
    wide = solved(*hidden(np.random.default_rng(3)), level=0.99)
    assert wide.interval is not None
    assert found.interval is not None
    assert wide.interval[0] < found.interval[0] < found.interval[1] < wide.interval[1]


def test_weak_exposures_are_called_weak() -> None:
    found = solved(*hidden(np.random.default_rng(3), 300, strength=0.05))
    assert found.diagnostics["first_stage_F"] < 10
    assert "weak" in found.notes[0]
    assert "not to be trusted" in found.notes[0]


def test_two_outcomes_that_one_exposure_serves_are_called_weak() -> None:
    """Each outcome alone is well predicted; both stand for one hidden cause, so together they are not."""
    rng = np.random.default_rng(8)
    problem, z, w = hidden(np.random.default_rng(3), 500)
    u = np.random.default_rng(3).normal(size=(2, 500))[0][:, None]  # the first that `hidden` drew
    z, w = np.column_stack([z, u + rng.normal(size=(500, 1))]), np.column_stack([w, u + rng.normal(size=(500, 1))])
    assert solved(problem, z, w[:, :1]).diagnostics["first_stage_F"] > 10
    weak = solved(problem, z, w)
    assert weak.diagnostics["first_stage_F"] < 10
    assert "weak" in weak.notes[0]


def test_rows_without_controls_are_dropped_and_counted() -> None:
    problem, z, w = hidden(np.random.default_rng(3))
    z[3, 0], w[5, 0] = np.nan, np.nan
    found = solved(problem, z, w)
    assert found.n == 498
    assert "2 rows without all negative controls were dropped." in found.notes
    kept = np.delete(np.arange(500), [3, 5])
    assert found.value == pytest.approx(solved(problem.take(kept), z[kept], w[kept]).value)


def test_controls_in_other_units_change_nothing() -> None:
    problem, z, w = hidden(np.random.default_rng(3))
    assert solved(problem, 1e6 * z - 4e7, 1e-6 * w).value == pytest.approx(solved(problem, z, w).value)


def test_what_cannot_be_estimated_is_refused_with_a_reason() -> None:
    problem, z, w = hidden(np.random.default_rng(3), 60)
    two = np.column_stack([w, w[:, 0] ** 2])
    rng = np.random.default_rng(4)
    cases = [
        (problem, z, two, "fewer exposures"),
        (problem, z, w[:, :0], "needs a negative control outcome"),
        (problem, z[:9], w, "do not fit"),
        (problem, np.ones((60, 1)), w, "exposures do not each add"),
        (problem, z, problem.covariates, "outcomes do not each add"),
        (problem, problem.t[:, None], w, "exposures do not each add"),
        (problem, np.column_stack([z, 2 * z]), w, "exposures do not each add"),
        (problem.with_treatment(problem.covariates[:, 0] * 3), z, w, "does not vary"),
        (problem, np.full((60, 1), np.nan), w, "no row has all"),
        (problem.take(np.arange(4)), z[:4], w[:4], "too few rows"),
        (replace(problem, clusters=np.zeros(60, dtype=np.int64)), z, w, "one cluster"),
        (problem, np.column_stack([z, rng.normal(size=(60, 1))]), np.column_stack([w, w + z * 0]), "outcomes do not"),
    ]
    for changed, exposures, outcomes, words in cases:
        with pytest.raises(EstimationError, match=words) as raised:
            solved(changed, exposures, outcomes)
        assert raised.value.advice


def test_exposures_without_any_relation_are_refused() -> None:
    """In a balanced table, the exposure is not correlated with the outcome at all."""
    z, w, t = (np.array(c, dtype=float) for c in zip(*np.ndindex(2, 2, 2), strict=True))
    z, w, t = (np.tile(c, 5) for c in (z, w, t))
    problem = Problem(t + np.arange(40) % 7, t, np.empty((40, 0)))
    with pytest.raises(EstimationError, match="say nothing"):
        solved(problem, z[:, None], w[:, None])
