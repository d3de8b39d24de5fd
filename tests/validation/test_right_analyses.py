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
MOST_UNSOUND = 0.1
"""Several refuters ask of soundness, and each may be wrong."""
TABLES = 200


@pytest.mark.slow
@pytest.mark.parametrize("world", ["right", "right dose", "right instruments", "right mediator"])
def test_right_analyses_pass_each_refuter_at_its_level(many: Callable[..., Any], world: str) -> None:
    rates = many(world, TABLES)
    failed = {name: rates.share(name, Status.FAILED) for name in rates.refuters}
    assert {name: share for name, share in failed.items() if share > MOST_FAILED} == {}
    standings = [one.verdict.standing for one in rates.analyses]
    assert standings.count(Standing.UNSOUND) / TABLES <= MOST_UNSOUND
    chance = 1.96 * math.sqrt(0.95 * 0.05 / TABLES)
    intervals: dict[str, list[tuple[float, float]]] = {}
    for one in (estimate for analysis in rates.analyses for estimate in analysis.estimates):
        intervals.setdefault(one.estimator, []).append(one.interval)
    held = {name: sum(low <= 1.0 <= high for low, high in found) / TABLES for name, found in intervals.items()}
    assert {name: share for name, share in held.items() if not 0.93 - chance <= share <= 0.97 + chance} == {}


def test_a_right_analysis_holds_up(many: Callable[..., Any]) -> None:
    standings = [one.verdict.standing for one in many("right", 5).analyses]
    assert standings.count(Standing.HOLDS_UP) >= 4
