from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from copilot.data.tables import read_table
from copilot.domain.variables import Query
from copilot.workflow.repeated_units import of_repeated

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
    return [notice.message for notice in of_repeated(query, read_table(str(path)), cluster)]


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
