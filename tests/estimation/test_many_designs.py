"""Many designs on the same rows: what comes from moments is what a fit gives, and what is lost is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.random import SeedSequence, default_rng

from copilot.data.tables import Table, read_table
from copilot.domain.identification.values import Strategy
from copilot.estimation.design import Design, MissingPolicy
from copilot.estimation.estimators.registry import estimator_named
from copilot.estimation.many_designs import MOST_FITTED, Numbers, Way, estimate_ways
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask

ROWS = 600
DESIGN = Design(treatment="t", outcome="y")


def table(folder: Path, **more: object) -> Table:
    rng = default_rng(3)
    w, v = rng.normal(size=ROWS), rng.normal(size=ROWS)
    kind = rng.choice(["red", "green", "blue"], ROWS)
    t = (w + (kind == "red") + rng.normal(size=ROWS) > 0).astype(int)
    y = 2 * t + 3 * w + (kind == "green") + rng.normal(size=ROWS)
    frame = pd.DataFrame({"t": t, "y": y, "w": w, "v": v, "kind": kind, "both": w + v} | more)
    frame.to_csv(folder / "data.csv", index=False)
    return read_table(str(folder / "data.csv"))


def ways_of(*sets: tuple[str, ...]) -> list[Way]:
    return [Way(Strategy.BACKDOOR, names) for names in sets]


def numbers(data: Table, ways: list[Way], design: Design = DESIGN, estimator: str = "linear_regression") -> Numbers:
    columns = dict.fromkeys(("t", "y", *design.columns, *(name for way in ways for name in way.columns)))
    frame = data.frame(tuple(columns))
    return estimate_ways(frame, data.profile, design, ways, estimator=estimator, ask=Ask(), seed=SeedSequence(1))


def fitted(data: Table, way: Way, estimator: str = "linear_regression") -> float:
    design = Design(treatment="t", outcome="y", adjustment=way.adjustment)
    problem = prepare(data.frame(design.columns), data.profile, design, seed=SeedSequence(1)).problem
    return estimator_named(estimator).fit(problem, Ask()).value


def test_moments_give_what_a_fit_gives(tmp_path: Path) -> None:
    data = table(tmp_path)
    # `both` is w + v: the three cannot stand side by side, so some sets are fitted by themselves.
    ways = ways_of((), ("w",), ("kind", "w"), ("kind", "v"), ("both",), ("both", "v"))
    found = numbers(data, ways)
    assert found.rows == ROWS
    for way in ways:
        assert found.by_way[way].value == pytest.approx(fitted(data, way), abs=1e-9)
        assert found.by_way[way].se is not None
    right, naive = found.by_way[ways[2]], found.by_way[ways[0]]
    assert right.value == pytest.approx(2, abs=0.3)
    assert naive.value is not None
    assert naive.value > 4


def test_all_designs_share_their_rows_and_what_that_costs_is_said(tmp_path: Path) -> None:
    rng = default_rng(5)
    some, most = rng.normal(size=ROWS), rng.normal(size=ROWS)
    some[:60], most[:400] = np.nan, np.nan
    data = table(tmp_path, some=some, most=most)
    ways = ways_of(("w",), ("some", "w"), ("most", "w"))
    found = numbers(data, ways)
    assert found.rows == ROWS - 60
    assert [(one.code, one.count) for one in found.notices] == [("rows_not_shared", 60)]
    assert found.by_way[ways[2]].value is None
    assert found.by_way[ways[2]].note == "most is missing in 67% of the rows"
    marked = numbers(data, ways, Design(treatment="t", outcome="y", missing=MissingPolicy.INDICATOR))
    assert marked.rows == ROWS
    assert all(one.value is not None for one in marked.by_way.values())


def test_other_strategies_and_estimators_are_fitted_one_by_one_up_to_a_limit(tmp_path: Path) -> None:
    data = table(tmp_path)
    ways = [Way(Strategy.IV, (), ("v",)), *ways_of(("w",), ("kind", "w"))]
    found = numbers(data, ways, estimator="ipw")
    assert found.by_way[ways[2]].value == pytest.approx(fitted(data, ways[2], "ipw"))
    assert found.by_way[ways[0]].value is not None
    many = ways_of(*(("w",) for _ in range(1)), *((name,) for name in ("v", "kind", "both")))
    wide = [Way(Strategy.BACKDOOR, way.adjustment, ("v",) * place) for place in range(20) for way in many]
    capped = numbers(data, list(dict.fromkeys(wide)), estimator="ipw")
    assert sum(one.note == "not fitted: too many designs" for one in capped.by_way.values()) == 80 - MOST_FITTED
    assert [one.count for one in capped.notices if one.code == "designs_capped"] == [80 - MOST_FITTED]


def test_what_cannot_be_estimated_says_why(tmp_path: Path) -> None:
    data = table(tmp_path, copy=default_rng(3).normal(size=ROWS))
    frame = data.frame(("t", "y", "w"))
    frame["t"] = 1.0
    found = estimate_ways(
        frame, data.profile, DESIGN, ways_of(("w",)), estimator="linear_regression", ask=Ask(), seed=SeedSequence(1)
    )
    (only,) = found.by_way.values()
    assert only.value is None
    assert "t" in only.note
