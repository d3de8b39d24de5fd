"""A hidden cause is caught where anything can show it, and never ruled out where nothing can."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from copilot.domain.analysis import Analysis, Standing
from copilot.domain.effects import Question, Status

TABLES = [5, pytest.param(200, marks=pytest.mark.slow)]
SHOWN_BY = [
    ("hidden, control", "negative_control"),
    ("hidden, independence", "implied_independence"),
    ("dirty instrument", "over_identification"),
]


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize(("world", "refuter"), SHOWN_BY)
def test_a_hidden_cause_is_caught_by_what_can_show_it(
    many: Callable[..., Any], world: str, refuter: str, tables: int
) -> None:
    rates = many(world, tables)
    assert rates.caught([refuter]) >= 0.9
    standings = [one.verdict.standing for one in rates.analyses]
    assert standings.count(Standing.IN_DOUBT) / tables >= 0.9


@pytest.mark.parametrize("tables", TABLES)
def test_a_hidden_cause_that_nothing_can_show_passes_as_sound_and_is_never_ruled_out(
    many: Callable[..., Any], tables: int
) -> None:
    rates = many("hidden, nothing", tables)
    wrong = [abs(one.headline.value) > 4 * one.headline.se for one in rates.analyses]
    assert sum(wrong) / tables >= 0.95  # the true effect is 0, and nobody doubts what is found
    sound = {one.refuter for analysis in rates.analyses for one in analysis.refutations if one.question == "soundness"}
    allowed = max(0.07, 1 / tables)
    assert {name for name in sound if rates.share(name, Status.FAILED) > allowed} == set()
    for analysis in rates.analyses:
        claims_no_more_than_it_can(analysis)


def claims_no_more_than_it_can(analysis: Analysis) -> None:
    said = analysis.verdict.text
    text = " ".join([said, *(one.message for one in analysis.refutations)]).lower()
    assert not re.search(r"\bprov(e|es|en|ed)\b|no hidden cause|no unmeasured|rules? out|ruled out", text)
    if analysis.verdict.standing is Standing.HOLDS_UP:
        assert "None of them could see a hidden common cause" in said
    assert all(one.blind_spot for one in analysis.refutations)
    assert any(one.question is Question.HIDDEN_CAUSE for one in analysis.refutations)
    doubts = " ".join(analysis.verdict.doubts).lower()
    assert "hidden" in doubts or "unmeasured" in doubts
