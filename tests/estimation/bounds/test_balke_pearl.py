"""Balke-Pearl bounds: the published example, the linear program they solve, and tables that no model has."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence

from copilot.estimation.bounds.balke_pearl import sharp, violated
from copilot.estimation.bounds.question import BoundsQuestion
from copilot.estimation.bounds.registry import all_bounds

LIPID = {0: (0.919, 0.0, 0.081, 0.0), 1: (0.315, 0.139, 0.073, 0.473)}
"""Cholestyramine in the Lipid Research Clinics trial: p(y, d | z) in the order 00, 01, 10, 11."""


def rows(table: dict[int, tuple[float, ...]], per_arm: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make (y, t, z) with these shares."""
    found = []
    for z, shares in table.items():
        for (y, d), share in zip(itertools.product((0.0, 1.0), repeat=2), shares, strict=True):
            found += [(y, d, float(z))] * round(share * per_arm)
    y, d, z_column = np.array(found).T
    return y, d, z_column


def model() -> tuple[np.ndarray, np.ndarray]:
    """Give how the 16 ways to respond make p(y, d | z), of shape (8, 16), and their effect, of shape (16,)."""
    makes, effect = np.zeros((8, 16)), np.zeros(16)
    ways = itertools.product(itertools.product((0, 1), repeat=2), repeat=2)
    for k, (taken, responds) in enumerate(ways):
        effect[k] = responds[1] - responds[0]
        for z in (0, 1):
            d = taken[z]
            makes[4 * z + 2 * responds[d] + d, k] = 1.0
    return makes, effect


def test_the_published_example_comes_out() -> None:
    """Balke & Pearl (1997), section 4: the average effect lies between .392 and .780."""
    y, t, z = rows(LIPID, 1000)
    found, _ = all_bounds(BoundsQuestion(y, t, "cholestyramine", "response", instrument=z, instrument_name="assigned"))
    bound = next(one for one in found if one.name == "balke_pearl")
    assert (bound.low, bound.high) == pytest.approx((0.392, 0.780))
    assert bound.tells_the_sign
    assert bound.n == 2000
    assert bound.assumptions[0] == "assigned acts on response through cholestyramine alone."


@given(st.lists(st.floats(0.0, 1.0), min_size=16, max_size=16), st.integers(0, 15))
@settings(max_examples=60, deadline=None)
def test_the_eight_terms_solve_the_linear_program(weights: list[float], kept: int) -> None:
    from scipy.optimize import linprog

    shares = np.array(weights) ** 3
    shares[kept] += 0.05
    shares /= shares.sum()
    makes, effect = model()
    p = makes @ shares
    low, high = sharp(p)
    options = {"A_eq": makes, "b_eq": p, "bounds": (0, 1)}
    lowest, highest = linprog(effect, **options), linprog(-effect, **options)
    assert float(low) == pytest.approx(lowest.fun, abs=1e-6)
    assert float(high) == pytest.approx(-highest.fun, abs=1e-6)
    assert low - 1e-9 <= effect @ shares <= high + 1e-9
    assert violated(p) is None


@given(st.lists(st.floats(0.01, 1.0), min_size=8, max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_table_without_a_model_is_one_that_violates_the_inequality(weights: list[float]) -> None:
    from scipy.optimize import linprog

    p = np.array(weights).reshape(2, 4) ** 4
    p = (p / p.sum(axis=1, keepdims=True)).ravel()
    makes, effect = model()
    total = p.reshape(2, 2, 2).max(axis=0).sum(axis=0).max()
    if abs(total - 1) < 1e-5:
        return
    solved = linprog(effect, A_eq=makes, b_eq=p, bounds=(0, 1))
    assert (violated(p) is None) == (solved.status == 0)


def test_a_violated_inequality_is_named() -> None:
    y, t, z = rows({0: (0.9, 0.0, 0.1, 0.0), 1: (0.1, 0.05, 0.8, 0.05)}, 200)
    found, notices = all_bounds(BoundsQuestion(y, t, "drug", "relief", instrument=z, instrument_name="letter"))
    assert all(one.name != "balke_pearl" for one in found)
    message = next(one.message for one in notices if one.subject == "balke_pearl")
    assert "instrumental inequality is violated at the control level of drug" in message
    assert "add up to 1.7, above 1" in message


def test_a_violation_that_may_be_chance_is_a_note_and_no_refusal_where_chance_is_measured() -> None:
    """In the control arm nobody has access, so that the true sum is 1 and half of all samples are above it."""
    y, t, z = rows({0: (0.55, 0.0, 0.45, 0.0), 1: (0.35, 0.05, 0.5, 0.1)}, 20)
    bound = all_bounds(BoundsQuestion(y, t, instrument=z, instrument_name="letter"))[0][-1]
    assert bound.name == "balke_pearl"
    assert bound.low <= bound.high
    assert bound.notes[0].startswith("The instrumental inequality is violated by 0.05")
    unmeasured = BoundsQuestion(y, t, instrument=z, instrument_name="letter", resamples=0)
    notices = {one.subject: one.message for one in all_bounds(unmeasured)[1]}
    assert "add up to 1.05" in notices["balke_pearl"]


def test_intervals_cover_both_published_ends_at_about_the_level() -> None:
    low, high = sharp(np.concatenate([LIPID[0], LIPID[1]]))
    z, covered = np.repeat([0.0, 1.0], 500), []
    for k in range(200):
        rng = np.random.default_rng(k)
        cell = np.concatenate([rng.choice(4, 500, p=LIPID[arm]) for arm in (0, 1)])
        question = BoundsQuestion(cell // 2 * 1.0, cell % 2 * 1.0, instrument=z, seed=SeedSequence(k))
        intervals = [one.interval for one in all_bounds(question)[0] if one.name == "balke_pearl"]
        # about one sample in fifty violates the inequality by more than two standard errors and has no bounds
        covered.append([i is not None and (i[0] <= low, i[1] >= high) for i in intervals] or [(False, False)])
    assert np.mean(covered, axis=0).min() >= 0.9


def test_weights_and_missing_instruments_are_honoured() -> None:
    y, t, z = rows({0: (0.6, 0.1, 0.2, 0.1), 1: (0.2, 0.3, 0.1, 0.4)}, 20)
    times = np.arange(len(y)) % 2 + 1
    holes = np.where(np.arange(len(z)) % 7 == 0, np.nan, z)
    weighted = all_bounds(BoundsQuestion(y, t, instrument=holes, weights=times.astype(float)))[0][-1]
    copied = all_bounds(BoundsQuestion(*(np.repeat(c, times) for c in (y, t)), instrument=np.repeat(holes, times)))[0]
    assert weighted.name == "balke_pearl"
    assert (weighted.low, weighted.high) == pytest.approx((copied[-1].low, copied[-1].high))
    assert weighted.n == 40 - 6
    assert weighted.notes[0].startswith("6 rows without")


@pytest.mark.parametrize(
    ("y", "z", "words"),
    [
        ([0.0, 1.0, 0.5, 1.0], [0.0, 1.0, 0.0, 1.0], "not binary"),
        ([0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 2.0, 1.0], "more than two levels"),
        ([0.0, 1.0, 0.0, 1.0], [1.0, 1.0, np.nan, 1.0], "does not vary"),
    ],
)
def test_what_does_not_apply_is_said(y: list[float], z: list[float], words: str) -> None:
    question = BoundsQuestion(np.array(y), np.array([0.0, 1.0, 1.0, 0.0]), instrument=np.array(z))
    notices = {one.subject: one.message for one in all_bounds(question)[1]}
    assert words in notices["balke_pearl"]
