from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.estimation.prepare.encode import encode, scale_of
from copilot.estimation.prepare.pieces import Levels, Quantity
from copilot.estimation.prepare.rank import correlations, full_rank, independent
from copilot.estimation.problem import Problem


@given(st.integers(0, 10_000), st.sampled_from([1e-200, 1e-12, 1.0, 1e17, 1e200]), st.floats(-10, 10))
def test_scaling_is_that_of_exact_arithmetic(seed: int, scale: float, shift: float) -> None:
    values = (np.random.default_rng(seed).normal(size=50) + shift) * scale
    scaled = scale_of(values)(values)
    assert abs(scaled.mean()) < 1e-13
    assert scaled.std() == pytest.approx(1)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 4))
def test_dependent_columns_are_those_after_their_sources(seed: int, free: int, bound: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(60, free))
    matrix = np.column_stack([base, base @ rng.normal(size=(free, bound))])
    pieces = [Quantity(f"x{j}", matrix[:, j].copy()) for j in range(free + bound)]
    assert independent(correlations(encode(pieces, 60).matrix)).tolist() == list(range(free))


def test_the_encoded_matrix_is_the_same_in_blocks_and_on_some_rows() -> None:
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=20_000), rng.integers(0, 4, size=20_000)
    rows = np.flatnonzero(numbers > -1)
    pieces = [Quantity("a", numbers), Levels("b", codes, ("p", "q", "r", "s"))]
    encoded = encode([piece.take(rows) for piece in pieces], len(rows))
    base = int(np.bincount(codes[rows]).argmax())
    expected = np.column_stack([numbers[rows], *(codes[rows] == level for level in range(4) if level != base)])
    expected = (expected - expected.mean(0)) / expected.std(0)
    assert np.allclose(encoded.matrix, expected, atol=1e-12)
    assert encoded.of == ("a", "b", "b", "b")
    kept = encoded.keep(np.array([0, 2]))
    assert np.allclose(kept.matrix, expected[:, [0, 2]], atol=1e-12)
    assert kept.labels == (encoded.labels[0], encoded.labels[2])


def test_a_part_of_the_rows_is_brought_to_full_rank() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0.0, 1.0], 50)
    x = rng.normal(size=100)
    z = np.where(group == 0, 2 * x, rng.normal(size=100))
    problem = Problem(
        y=rng.normal(size=100),
        t=np.tile([0.0, 1.0], 50),
        covariates=np.column_stack([x, group, z]),
        covariate_of=("x", "group", "z"),
        instruments=np.column_stack([group, rng.normal(size=100)]),
        instrument_of=("group", "i"),
    )
    part = full_rank(problem.take(np.arange(50)))
    assert part.covariate_of == ("x",)
    assert part.instrument_of == ("i",)
    assert part.covariates.std() == pytest.approx(1)
    assert part.mediators.shape == (50, 0)
