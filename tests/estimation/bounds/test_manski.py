"""Bounds from the range and from directions: by hand, against the truth, and narrower with more assumed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import SeedSequence

from copilot.domain.bounds import Bound
from copilot.estimation.bounds.question import BoundsQuestion, question_of
from copilot.estimation.bounds.registry import all_bounds
from copilot.estimation.problem import Problem


def rows(counts: dict[tuple[float, float], int]) -> tuple[np.ndarray, np.ndarray]:
    """Make (y, t) from counts."""
    pairs = np.array([pair for pair, count in counts.items() for _ in range(count)])
    return pairs[:, 0], pairs[:, 1]


def named(question: BoundsQuestion) -> dict[str, Bound]:
    return {bound.name: bound for bound in all_bounds(question)[0]}


def hand() -> BoundsQuestion:
    """Of 100 people 40 are treated, of whom 30 have the outcome; of the others 15."""
    return BoundsQuestion(*rows({(1, 1): 30, (0, 1): 10, (1, 0): 15, (0, 0): 45}), "drug", "relief", "yes vs no")


def test_a_calculation_by_hand_comes_out() -> None:
    """E[Y(1)] in [.30, .30 + .60], E[Y(0)] in [.15, .15 + .40]; means .75 and .25."""
    found = {name: (one.low, one.high) for name, one in named(hand()).items()}
    assert found == {
        "no_assumption": pytest.approx((-0.25, 0.75)),
        "response_up": pytest.approx((0.0, 0.75)),
        "response_down": pytest.approx((-0.25, 0.0)),
        "selection_up": pytest.approx((-0.25, 0.5)),
        "selection_down": pytest.approx((0.5, 0.75)),
        "response_and_selection_up": pytest.approx((0.0, 0.5)),
    }


def test_the_published_example_comes_out() -> None:
    """Sentences of juvenile offenders in Utah: Manski & Nagin (1998), Sociological Methodology 28.

    11 % were sent to a residential programme, of whom 77 % offended again, of the others 59 %. With no assumption the
    share who would offend again lies in [.08, .97] if all were sent there, in [.53, .64] if none were; the published
    bounds of the difference, -.56 to .44, are made from these rounded numbers.
    """
    sent, others = 1100, 8900
    again = {1: round(sent * 0.77), 0: round(others * 0.59)}
    counts = {(1, 1): again[1], (0, 1): sent - again[1], (1, 0): again[0], (0, 0): others - again[0]}
    found = named(BoundsQuestion(*rows(counts), "residential", "offends_again", "1 vs 0"))["no_assumption"]
    assert (found.low, found.high) == (pytest.approx(-0.56, abs=0.011), pytest.approx(0.44, abs=0.011))
    assert (found.low, found.high) == (pytest.approx(0.0847 - 0.6351), pytest.approx(0.9747 - 0.5251))


def test_words_name_the_columns_and_say_whether_the_sign_is_told() -> None:
    found = named(hand())
    assert found["no_assumption"].assumptions == ()
    assert found["no_assumption"].message.startswith(
        "The effect of drug on relief (yes vs no) is between -0.25 and 0.75 (95 % interval "
    )
    assert found["no_assumption"].message.endswith("the sign stays open.")
    assert found["response_up"].assumptions == ("drug lowers relief in nobody.",)
    assert "is assumed" in found["response_up"].message
    assert found["selection_down"].tells_the_sign
    assert found["selection_down"].message.endswith("it is positive if the assumptions hold.")
    assert len(found["response_and_selection_up"].assumptions) == 2
    assert all(one.n == 100 and one.paper and one.notes == () for one in found.values())


def test_assumptions_that_the_rows_contradict_give_no_bound_and_a_reason() -> None:
    notices = {one.subject: one.message for one in all_bounds(hand())[1]}
    assert set(notices) == {
        "response_and_selection_down",
        "monotone_instrument_up",
        "monotone_instrument_down",
        "balke_pearl",
    }
    assert "speak against its assumptions" in notices["response_and_selection_down"]
    even = BoundsQuestion(*rows({(1, 1): 10, (0, 1): 10, (1, 0): 11, (0, 0): 10}))
    notices = {one.subject: one.message for one in all_bounds(even)[1]}
    assert "cannot say" in notices["response_and_selection_up"]


def test_the_range_is_what_is_seen_only_where_nothing_is_told_and_that_is_said() -> None:
    y, t = np.array([2.0, 4.0, 6.0, 3.0]), np.array([1.0, 1.0, 0.0, 0.0])
    seen = named(BoundsQuestion(y, t))["no_assumption"]
    assert seen.high - seen.low == pytest.approx(4.0)
    assert seen.notes[0] == "It is taken that no outcome lies beyond the lowest and the highest seen, 2 and 6."
    told = named(BoundsQuestion(y, t, outcome_range=(0.0, 10.0)))["no_assumption"]
    assert told.high - told.low == pytest.approx(10.0)
    assert told.notes[0] == "As told, no outcome can lie beyond 0 and 10."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"t": np.array([0.0, 1.0, 2.0])}, "more than two levels"),
        ({"t": np.ones(3)}, "same level"),
        ({"t": np.ones(2)}, "2 rows"),
        ({"instrument": np.ones(2)}, "2 rows"),
        ({"y": np.array([0.0, np.nan, 1.0])}, "missing"),
        ({"y": np.array([0.0, 3.0, 1.0]), "outcome_range": (0.0, 2.0)}, "1 rows have"),
        ({"y": np.full(3, 7.0)}, "two finite ends"),
        ({"outcome_range": (0.0, float("inf"))}, "two finite ends"),
        ({"weights": np.array([1.0, 0.0, 1.0])}, "not positive"),
    ],
)
def test_what_cannot_be_bounded_is_refused_in_words(changed: dict[str, np.ndarray], words: str) -> None:
    question = BoundsQuestion(**({"y": np.array([0.0, 1.0, 1.0]), "t": np.array([0.0, 1.0, 0.0])} | changed))
    found, notices = all_bounds(question)
    assert found == ()
    assert len(notices) == 10
    assert all(words in one.message and one.code == "bound_not_given" for one in notices)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=4, max_size=40))
@settings(max_examples=100, deadline=None)
def test_the_truth_lies_inside_wherever_assumptions_hold(people: list[tuple[bool, bool, bool]]) -> None:
    """Each person has a treatment and two potential outcomes, so that the truth is known and there is no chance."""
    t, y0, y1 = np.array(people, dtype=float).T
    if len(np.unique(t)) < 2:
        return
    truth = float((y1 - y0).mean())
    found = named(BoundsQuestion(np.where(t == 1, y1, y0), t, resamples=0))
    treated, others = t == 1, t == 0
    gaps = [float(y[treated].mean() - y[others].mean()) for y in (y0, y1)]
    holds = {
        "no_assumption": True,
        "response_up": bool((y1 >= y0).all()),
        "response_down": bool((y1 <= y0).all()),
        "selection_up": min(gaps) >= 0,
        "selection_down": max(gaps) <= 0,
    }
    holds["response_and_selection_up"] = holds["response_up"] and holds["selection_up"]
    holds["response_and_selection_down"] = holds["response_down"] and holds["selection_down"]
    for name in (name for name, held in holds.items() if held):
        assert found[name].low - 1e-9 <= truth <= found[name].high + 1e-9
    assert found["no_assumption"].high - found["no_assumption"].low == pytest.approx(1.0)
    for way, better, worse in (("up", "high", "low"), ("down", "low", "high")):
        both = found.get(f"response_and_selection_{way}")
        if both is not None:
            for one in (found[f"response_{way}"], found[f"selection_{way}"]):
                assert one.low - 1e-9 <= both.low <= both.high <= one.high + 1e-9
            assert getattr(both, better) == pytest.approx(getattr(found[f"selection_{way}"], better))
            assert getattr(both, worse) == getattr(found[f"response_{way}"], worse)


@pytest.mark.parametrize("fill", [(lambda y, t: np.where(t == 1, y, 0.0)), (lambda y, t: np.where(t == 1, y, 1.0))])
def test_the_ends_are_reached_by_some_filling_of_what_is_not_seen(
    fill: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> None:
    question = hand()
    y1 = fill(question.y, question.t)
    y0 = np.where(question.t == 0, question.y, 1.0 - y1[np.argmin(question.t)])
    bound = named(question)["no_assumption"]
    assert min(abs(float((y1 - y0).mean()) - end) for end in (bound.low, bound.high)) < 1e-12


def test_weights_stand_for_copies_of_rows() -> None:
    y, t = rows({(1, 1): 4, (0, 1): 2, (1, 0): 3, (0, 0): 5})
    times = np.arange(len(y)) % 3 + 1
    weighted = named(BoundsQuestion(y, t, weights=times.astype(float)))
    copied = named(BoundsQuestion(np.repeat(y, times), np.repeat(t, times)))
    assert {n: (b.low, b.high) for n, b in weighted.items()} == {
        n: pytest.approx((b.low, b.high)) for n, b in copied.items()
    }


def test_intervals_cover_the_end_where_the_truth_may_lie_at_about_the_level() -> None:
    """The truth sits at the upper end of the bounds, where coverage is least."""
    rng, covered = np.random.default_rng(5), 0
    for k in range(200):
        t = (rng.random(400) < 0.4).astype(float)
        y = (rng.random(400) < np.where(t == 1, 0.75, 0.25)).astype(float)
        within = named(BoundsQuestion(y, t, seed=SeedSequence(k)))["no_assumption"].interval
        assert within is not None
        covered += within[1] >= 0.4 * 0.75 + 0.6 - 0.6 * 0.25
    assert 0.91 <= covered / 200 <= 0.985


def test_drawing_cells_rows_or_clusters_of_one_row_gives_the_same_error() -> None:
    rng = np.random.default_rng(2)
    t = (rng.random(2000) < 0.5).astype(float)
    y = (rng.random(2000) < 0.3 + 0.2 * t).astype(float)
    widths = []
    for extra in ({}, {"weights": np.ones(2000)}, {"clusters": np.arange(2000)}):
        within = named(BoundsQuestion(y, t, resamples=1000, **extra))["selection_up"].interval
        assert within is not None
        widths.append(within[1] - within[0])
    assert max(widths) - min(widths) < 0.01


def test_clusters_are_drawn_whole_and_seeds_decide_all() -> None:
    rng = np.random.default_rng(4)
    common = np.repeat(rng.normal(size=40), 25)
    t = np.repeat((np.arange(40) % 2).astype(float), 25)
    y = common + rng.normal(size=1000)
    rows_alone = named(BoundsQuestion(y, t))["selection_up"].interval
    clustered = BoundsQuestion(y, t, clusters=np.repeat(np.arange(40), 25))
    by_cluster = named(clustered)["selection_up"].interval
    assert rows_alone is not None
    assert by_cluster is not None
    assert by_cluster[1] > rows_alone[1] + 0.1
    again = question_of(Problem(y, t, np.empty((1000, 0)), clusters=clustered.clusters), treatment="t", outcome="y")
    assert named(again)["selection_up"].interval == by_cluster
    few = named(BoundsQuestion(y, t, clusters=np.repeat(np.arange(4), 250) // 2))
    assert "2 clusters" in few["no_assumption"].notes[-1]
    one = named(BoundsQuestion(y, t, clusters=np.zeros(1000, dtype=np.int64)))["no_assumption"]
    assert one.interval is None
    assert "one cluster" in one.notes[-1]
