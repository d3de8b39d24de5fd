"""Faults in the computation are caught: wrong form, no overlap, leaks, a treatment that stands there twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from numpy.random import SeedSequence

from copilot.domain.analysis import Standing
from copilot.errors import EstimationError

TABLES = [5, pytest.param(200, marks=pytest.mark.slow)]


@pytest.mark.parametrize("tables", TABLES)
def test_a_wrong_functional_form_is_seen_by_the_second_opinion(many: Callable[..., Any], tables: int) -> None:
    rates = many("curved", tables)
    assert rates.caught(["second_opinion"]) >= 0.9
    assert all(
        one.verdict.standing is Standing.UNSOUND
        for one in rates.analyses
        if any(tried.status == "failed" for tried in one.refutations)
    )


@pytest.mark.parametrize("tables", TABLES)
def test_broken_overlap_is_seen(many: Callable[..., Any], tables: int) -> None:
    assert many("apart", tables).caught(["overlap"]) >= 0.9


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize(("world", "code"), [("leaking", "leak_outcome"), ("nearly leaking", "near_copy")])
def test_a_leak_is_said(many: Callable[..., Any], world: str, code: str, tables: int) -> None:
    analyses = many(world, tables).analyses
    assert all(any(notice.code == code for notice in one.notices) for one in analyses)


def test_the_treatment_under_another_name_is_refused(one_analysis: Callable[..., Any]) -> None:
    with pytest.raises(EstimationError, match="treatment"):
        one_analysis("twice", SeedSequence(1))
