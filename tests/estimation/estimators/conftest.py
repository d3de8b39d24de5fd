"""Simulated problems whose effects are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from copilot.estimation.problem import Problem

World = Callable[..., Problem]


def standard(column: np.ndarray) -> np.ndarray:
    return np.asarray((column - column.mean(axis=0)) / column.std(axis=0))


def make(
    seed: int,
    n: int = 500,
    *,
    k: int = 3,
    binary: bool = True,
    binary_outcome: bool = False,
    weights: bool = False,
    clusters: int = 0,
    moderated: float = 0.0,
) -> Problem:
    """Draw a problem; the effect is 2 plus `moderated` times the first covariate, whose mean is 0."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, k))
    lean = 0.6 * x[:, 0] - 0.4 * x[:, 1]
    t = (draw.random(n) < 1 / (1 + np.exp(-lean))) * 1.0 if binary else 0.5 * lean + draw.normal(size=n)
    noise = draw.normal(size=n) * (0.5 + np.abs(x[:, 0]))
    y = 1.0 + (2.0 + moderated * x[:, 0]) * t + x.sum(axis=1) + noise
    low, high = 0.0, 1.0
    if not binary:
        low, high = -t.mean() / t.std(), (1.0 - t.mean()) / t.std()
        t = standard(t)
    w = draw.uniform(0.5, 2.0, n) if weights else None
    return Problem(
        y=(y > 1.0) * 1.0 if binary_outcome else y,
        t=t,
        covariates=standard(x),
        covariate_of=tuple("abcdefghijklmnopqrstuvwxyz"[:k]),
        binary_treatment=binary,
        binary_outcome=binary_outcome,
        low=low,
        high=high,
        weights=None if w is None else w / w.mean(),
        clusters=draw.integers(0, clusters, n) if clusters else None,
    )


@pytest.fixture(name="world", scope="session")
def world_fixture() -> World:
    return make
