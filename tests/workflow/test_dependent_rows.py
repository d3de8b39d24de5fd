from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from copilot.data.tables import read_table
from copilot.domain.variables import Query
from copilot.workflow.dependent_rows import of_dependent

QUERY = Query(treatment="t", outcome="y")


def panel(units: int = 30, times: int = 4, lacking: int = 0) -> list[str]:
    """Give rows of unit, year, treatment, covariate, outcome; the last few are lacking."""
    draw = np.random.default_rng(0)
    own = draw.normal(size=units)
    rows = []
    for unit in range(units):
        for time in range(times):
            w, e = draw.normal(size=2)
            t = int(own[unit] + w > 0)
            rows.append(f"f{unit},{2000 + time},{t},{w:.4f},{t + w + 2 * own[unit] + e:.4f}")
    return rows[: len(rows) - lacking]


def noticed(
    tmp_path: Path,
    rows: list[str],
    header: str = "firm id,year,t,w,y",
    cluster: str | None = None,
    query: Query = QUERY,
) -> list[str]:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return [notice.message for notice in of_dependent(query, read_table(str(path)), cluster)]


@pytest.mark.parametrize("lacking", [0, 20])
def test_a_panel_is_known_though_some_rows_are_lacking(tmp_path: Path, lacking: int) -> None:
    (message,) = noticed(tmp_path, panel(lacking=lacking))
    assert message.startswith(f"firm id has {30 - lacking // 4} values with ")
    assert "rows each, one for each year" in message
    assert message.endswith("--cluster 'firm id' takes them together")


def test_clusters_other_tables_and_few_units_are_no_panel(tmp_path: Path) -> None:
    assert noticed(tmp_path, panel(), cluster="firm id") == []
    assert noticed(tmp_path, panel(units=12)) == []
    assert noticed(tmp_path, panel() + panel()) == []  # two rows for a firm in a year
    draw = np.random.default_rng(1)
    plain = [
        f"{a},{b},{t},{w:.3f},{y:.3f}"
        for a, b, t, w, y in zip(*draw.integers(0, 30, (3, 120)), *draw.normal(size=(2, 120)), strict=True)
    ]
    assert noticed(tmp_path, plain) == []


def test_what_is_asked_about_is_no_name_of_a_row(tmp_path: Path) -> None:
    rows = panel()
    assert noticed(tmp_path, rows, query=Query(treatment="firm id", outcome="w")) == []
    assert noticed(tmp_path, rows, query=Query(treatment="t", outcome="year")) == []


def villages(first: str = "v", *, by_village: bool = True, levels: int = 2) -> list[str]:
    """Give rows of village, house, treatment, covariate, outcome: 30 villages of 4 houses."""
    draw = np.random.default_rng(2)
    given = draw.permutation(np.arange(30) % levels)
    rows = []
    for village in range(30):
        for house in range(4):
            t = int(given[village]) if by_village else int(draw.integers(levels))
            w, y = draw.normal(size=2)
            rows.append(f"{first}{village},{house % 2},{t},{w:.4f},{y:.4f}")
    return rows


VILLAGES = "village,side,t,w,y"


@pytest.mark.parametrize(("first", "levels"), [("v", 2), ("", 2), ("v", 3)])
def test_a_treatment_of_whole_groups_is_known(tmp_path: Path, first: str, levels: int) -> None:
    (message,) = noticed(tmp_path, villages(first, levels=levels), VILLAGES)
    assert message.startswith("t is the same in all rows of each of the 30 values of village, as if given to whole")
    assert message.endswith("--cluster village takes them together")
    assert noticed(tmp_path, villages(first, levels=levels), VILLAGES, cluster="village") == []


def test_treated_one_by_one_by_a_threshold_or_by_chance_is_no_group(tmp_path: Path) -> None:
    assert noticed(tmp_path, villages(by_village=False), VILLAGES) == []
    shuffled = [f"{age},{int(age >= 50)},0.{row}" for age in range(35, 65) for row in (1, 2, 3)]
    assert noticed(tmp_path, shuffled, "age,t,y") == []
    rare = [f"g{i % 50},{int(i % 50 == 7)},{i % 7}.5" for i in range(100)]
    assert noticed(tmp_path, rare, "group,t,y") == []


@pytest.mark.parametrize("place", [0, 1])
def test_a_column_that_cannot_be_read_hides_nothing_and_stops_nothing(tmp_path: Path, place: int) -> None:
    odd = [str(n % 25) for n in range(120)]
    odd[10] = "inf"
    rows, header = (panel(), "firm id,year,t,w,y") if place else (villages(), VILLAGES)
    (message,) = noticed(tmp_path, [f"{row},{cell}" for row, cell in zip(rows, odd, strict=True)], f"{header},odd")
    assert "firm id" in message if place else "village" in message
