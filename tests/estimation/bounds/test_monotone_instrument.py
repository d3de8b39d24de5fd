"""Bounds from a monotone instrument: by hand, against the truth, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import SeedSequence

from copilot.domain.bounds import Bound
from copilot.estimation.bounds.question import BoundsQuestion, grouped
from copilot.estimation.bounds.registry import all_bounds


def named(question: BoundsQuestion) -> dict[str, Bound]:
    return {bound.name: bound for bound in all_bounds(question)[0]}


def hand(z: tuple[float, float] = (0.0, 1.0)) -> BoundsQuestion:
    """Two groups of ten: (treated with outcome, treated without, others with, others without).

    The first has 4, 1, 1, 4: E[Y(1)] in [.4, .9], E[Y(0)] in [.1, .6]. The second has 1, 1, 5, 3: E[Y(1)] in [.1, .9],
    E[Y(0)] in [.5, .7].
    """
    y, t, group = [], [], []
    for value, counts in zip(z, ((4, 1, 1, 4), (1, 1, 5, 3)), strict=True):
        for count, (outcome, treated) in zip(counts, ((1, 1), (0, 1), (1, 0), (0, 0)), strict=True):
            y += [float(outcome)] * count
            t += [float(treated)] * count
            group += [value] * count
    return BoundsQuestion(np.array(y), np.array(t), monotone_instrument=np.array(group), monotone_instrument_name="age")


def test_a_calculation_by_hand_comes_out_in_both_directions() -> None:
    """Upward, E[Y(1)] of the second group is at least .4; downward, that of E[Y(0)] of the first is at least .5."""
    found = named(hand())
    up, down = found["monotone_instrument_up"], found["monotone_instrument_down"]
    assert (up.low, up.high) == pytest.approx((0.4 - 0.65, 0.9 - 0.3))
    assert (down.low, down.high) == pytest.approx((0.25 - (0.6 + 0.6) / 2, 0.9 - 0.5))
    turned = named(hand((1.0, 0.0)))
    assert (turned["monotone_instrument_up"].low, turned["monotone_instrument_up"].high) == (
        pytest.approx((down.low, down.high))
    )
    assert up.assumptions[0].endswith("would be nowhere lower among those with more age.")
    assert "too narrow" in up.notes[0]


def test_they_lie_within_the_bounds_without_an_assumption() -> None:
    found = named(hand())
    plain = found["no_assumption"]
    for name in ("monotone_instrument_up", "monotone_instrument_down"):
        assert plain.low - 1e-12 <= found[name].low <= found[name].high <= plain.high + 1e-12


@pytest.mark.parametrize("rising", [True, False])
def test_the_truth_lies_inside_where_the_assumption_holds(rising: bool) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = 20_000
        z = rng.normal(size=n)
        hidden = rng.normal(size=n)
        score = (z if rising else -z) + hidden
        y0, y1 = (score + rng.normal(size=(2, n)) > np.array([[0.0], [-0.5]])).astype(float)
        t = (hidden + z + rng.normal(size=n) > 0).astype(float)
        question = BoundsQuestion(np.where(t == 1, y1, y0), t, monotone_instrument=z, seed=SeedSequence(seed))
        bound = named(question)["monotone_instrument_up" if rising else "monotone_instrument_down"]
        assert bound.low < float((y1 - y0).mean()) < bound.high
        assert bound.high - bound.low < 0.99
        assert "5 groups" in bound.notes[1]


def test_a_mean_that_has_no_place_left_speaks_against_the_assumption() -> None:
    """All are treated, so that mean outcomes are seen, and they fall."""
    z = np.repeat([0.0, 1.0], 50)
    t = np.ones(100)
    t[[0, 50]] = 0
    question = BoundsQuestion(1.0 - z, t, monotone_instrument=z, monotone_instrument_name="age")
    notices = {one.subject: one.message for one in all_bounds(question)[1]}
    assert "cannot rise with age in these rows: by 0.96" in notices["monotone_instrument_up"]
    assert "monotone_instrument_down" not in notices


def test_missing_values_and_constant_ones_are_told() -> None:
    question = hand()
    assert question.monotone_instrument is not None
    z = question.monotone_instrument.copy()
    z[3] = np.nan
    bound = named(BoundsQuestion(question.y, question.t, monotone_instrument=z, monotone_instrument_name="age"))[
        "monotone_instrument_up"
    ]
    assert bound.n == 19
    assert bound.notes[-1] == "1 rows without age are not used."
    for values in (np.ones(20), np.full(20, np.nan)):
        constant = BoundsQuestion(question.y, question.t, monotone_instrument=values, monotone_instrument_name="age")
        notices = {one.subject: one.message for one in all_bounds(constant)[1]}
        assert "age does not vary" in notices["monotone_instrument_up"]


def test_groups_are_filled_and_as_many_as_allowed() -> None:
    values = np.random.default_rng(1).exponential(size=1000).round(1)
    groups = grouped(values, 5)
    assert sorted(set(groups.tolist())) == [0, 1, 2, 3, 4]
    assert np.bincount(groups).min() > 100
    heaped = grouped(np.array([0.0] * 90 + list(range(1, 11))), 5)
    assert np.bincount(heaped).min() > 0
