"""Right analyses pass each refuter at the rate that its level promises, and their intervals hold the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from copilot.domain.analysis import Standing
from copilot.domain.effects import Status

MOST_FAILED = 0.07
"""For a level of 95 %, with what chance may add in 200 tables."""
RIGHT = ("right", "right dose", "right instruments", "right mediator")


@pytest.mark.slow
@pytest.mark.parametrize("world", RIGHT)
def test_each_refuter_passes_right_analyses_at_its_level(many: Callable[..., Any], world: str) -> None:
    rates = many(world, 200)
    failed = {name: rates.share(name, Status.FAILED) for name in rates.refuters}
    assert {name: share for name, share in failed.items() if share > MOST_FAILED} == {}


@pytest.mark.slow
@pytest.mark.parametrize("world", RIGHT)
def test_intervals_hold_the_truth(many: Callable[..., Any], world: str) -> None:
    analyses = many(world, 200).analyses
    held = sum(one.headline.interval[0] <= 1.0 <= one.headline.interval[1] for one in analyses)
    chance = 1.96 * math.sqrt(0.95 * 0.05 / 200)
    assert 0.93 - chance <= held / 200 <= 0.97 + chance


@pytest.mark.slow
@pytest.mark.parametrize("world", RIGHT)
def test_right_analyses_are_seldom_called_unsound(many: Callable[..., Any], world: str) -> None:
    standings = [one.verdict.standing for one in many(world, 200).analyses]
    assert standings.count(Standing.UNSOUND) / 200 <= 0.1


def test_a_right_analysis_holds_up(many: Callable[..., Any]) -> None:
    standings = [one.verdict.standing for one in many("right", 5).analyses]
    assert standings.count(Standing.HOLDS_UP) >= 4
