from __future__ import annotations

from pathlib import Path

import pytest

from copilot.data.tables import read_table
from copilot.domain.graph import CausalGraph
from copilot.workflow.counted_rows import of_counts

GRAPH = CausalGraph.build(directed=[("ward", "t"), ("ward", "y"), ("t", "y")])
ROWS = [
    f"{ward},{t},{y},{10 * len(ward) + 7 * t + 3 * y}" for ward in ("a", "bb", "ccc") for t in (0, 1) for y in (0, 1)
]


def noticed(tmp_path: Path, rows: list[str], header: str = "ward,t,y,Freq", weights: str | None = None) -> list[str]:
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return [notice.message for notice in of_counts(GRAPH, read_table(str(path)), weights)]


@pytest.mark.parametrize(
    ("weights", "what"), [(None, "each row is taken as one unit"), ("Freq", "errors are those of 12 units")]
)
def test_a_table_of_counts_is_said_to_be_one(tmp_path: Path, weights: str | None, what: str) -> None:
    (message,) = noticed(tmp_path, ROWS, weights=weights)
    assert what in message
    assert "repeat each row as often as Freq says" in message


def test_rows_that_repeat_or_a_column_of_another_name_are_no_counts(tmp_path: Path) -> None:
    assert noticed(tmp_path, ROWS * 2) == []
    assert noticed(tmp_path, ROWS, header="ward,t,y,income") == []
