from __future__ import annotations

import numpy as np
import pytest

from copilot.checks import independence
from copilot.checks.columns import Floats


def draw(seed: int, kind: str, n: int = 500) -> tuple[Floats, Floats, Floats]:
    """Two variables that are independent given others that bend into both."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 2))
    x = np.tanh(z[:, 0]) + 0.5 * z[:, 1] ** 2 + rng.standard_normal(n)
    y = np.exp(z[:, 0] / 2) + z[:, 0] * z[:, 1] + rng.standard_normal(n) * (1 + 0.5 * np.abs(z[:, 0]))
    if kind == "levels":
        first, second = np.digitize(x, [-0.5, 0.5, 1.5]), np.digitize(y, [0, 1, 2])
        wide = [(one[:, None] == np.arange(1, 4)).astype(float) for one in (first, second)]
        return wide[0], wide[1], z
    return x[:, None], y[:, None], z


@pytest.mark.parametrize("kind", ["numbers", "levels"])
def test_the_level_holds_where_confounding_is_bent(kind: str) -> None:
    p_values = [independence.test_independence(*draw(seed, kind)).p_value for seed in range(300)]
    share = np.mean([p is not None and p < 0.05 for p in p_values])
    assert 0.015 <= share <= 0.09  # 5 % and 300 draws: a standard error of 1.3 %


def test_small_samples_hold_the_level_too() -> None:
    rng = np.random.default_rng(1)
    rejected = 0
    for _ in range(400):
        z = rng.standard_normal((60, 2))
        x, y = (z.sum(axis=1, keepdims=True) + rng.standard_normal((60, 1)) for _ in range(2))
        p_value = independence.test_independence(x, y, z).p_value
        rejected += p_value is not None and p_value < 0.05
    assert rejected <= 36


def test_dependence_is_found_and_its_strength_told() -> None:
    x, y, z = draw(0, "numbers")
    found = independence.test_independence(x, y + 0.8 * x, z)
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert 0.3 < found.strength < 1


def test_incomplete_rows_are_left_out_and_too_few_give_no_p_value() -> None:
    x, y, z = draw(0, "numbers")
    x[:100], y[100:150], z[150:160] = np.nan, np.nan, np.nan
    assert independence.test_independence(x, y, z).n == 340
    few = independence.test_independence(x[160:185], y[160:185], z[160:185])
    assert (few.p_value, few.n) == (None, 25)
    assert independence.test_independence(x * np.nan, y, z).p_value is None


def test_nothing_is_left_of_a_variable_that_the_others_determine() -> None:
    x, y, z = draw(0, "numbers")
    assert independence.test_independence(z[:, :1] * 2, y, z).p_value is None
    doubled = np.column_stack([z, z])
    once, twice = independence.test_independence(x, y, z), independence.test_independence(x, y, doubled)
    assert once.p_value == pytest.approx(twice.p_value, rel=1e-6)


def test_many_pairs_and_few_rows_fall_back_on_the_largest() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 5)), rng.standard_normal((100, 5))
    none = independence.test_independence(x, y, x[:, :0])
    y[:, 2] += x[:, 3]
    some = independence.test_independence(x, y, x[:, :0])
    assert none.p_value is not None
    assert some.p_value is not None
    assert some.p_value < 0.001 < none.p_value


def test_a_correlation_keeps_its_sign_where_one_column_stands_for_each_variable() -> None:
    rng = np.random.default_rng(4)
    z, noise = rng.standard_normal((400, 1)), rng.standard_normal((400, 1))
    x, y = z + noise, z - noise + rng.standard_normal((400, 1))
    found = independence.test_independence(x, y, z)
    assert found.signed is not None
    assert found.signed < -0.5
    assert found.strength == abs(found.signed)
    assert independence.test_independence(np.column_stack([x, noise]), y, z).signed is None
