"""What the data may say of a candidate, and what they may not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from copilot.data.tables import Table, read_table
from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Query
from copilot.workflow.candidates import Checked, check_candidates
from copilot.workflow.choose_design import Wishes

QUERY = Query(treatment="t", outcome="y")
GRAPH = CausalGraph.build(
    directed=[("w", "t"), ("w", "y"), ("w", "n"), ("t", "y"), ("z", "t"), ("t", "m"), ("v", "t"), ("v", "own")],
    nodes=("kinds", "x"),
)
OUTCOME, EXPOSURE = Role.NEGATIVE_CONTROL_OUTCOME, Role.NEGATIVE_CONTROL_EXPOSURE


def world(folder: Path, rows: int) -> Table:
    """Write a table in which u, which no graph knows, moves t, y and hidden."""
    rng = np.random.default_rng(8)
    w, u, v = (rng.normal(size=rows) for _ in range(3))
    z, kinds = rng.normal(size=rows), rng.choice(["red", "green", "blue"], size=rows)
    t = w + z + v + u + rng.normal(size=rows)
    columns = {
        "w": w,
        "z": z,
        "v": v,
        "t": t,
        "y": 2 * t + w + u + rng.normal(size=rows),
        "m": t + rng.normal(size=rows),
        "n": w + rng.normal(size=rows),
        "own": v + rng.normal(size=rows),
        "hidden": u + rng.normal(size=rows),
        "x": rng.normal(size=rows),
        "copy": 2 * t,
    }
    lines = [",".join([*columns, "kinds", "day", "still"])]
    for i in range(rows):
        cells = [f"{column[i]:.6f}" for column in columns.values()]
        lines.append(",".join([*cells, str(kinds[i]), f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}", "7"]))
    path = folder / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(str(path))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    return world(tmp_path_factory.mktemp("world"), 2_000)


def tried(
    table: Table, role: Role, *names: str, graph: CausalGraph | None = GRAPH, wishes: Wishes = Wishes()
) -> Checked:
    return check_candidates([Candidate(name=one, role=role) for one in names], graph, QUERY, table, wishes=wishes)


def data(found: Checked) -> dict[str, Check]:
    return {one.name: one.data_check for one in found.candidates}


def test_a_control_that_cannot_be_read_does_not_silence_the_others(table: Table) -> None:
    found = data(tried(table, OUTCOME, "n", "day", "kinds", "still", "hidden"))
    assert {name: check.passed for name, check in found.items()} == {
        "n": True,
        "day": None,
        "kinds": None,
        "still": None,
        "hidden": False,
    }
    assert "date" in found["day"].reason
    assert "3 levels" in found["kinds"].reason
    implied = found["hidden"].details["implied_estimate"]
    assert implied < found["hidden"].details["main_estimate"]
    assert found["hidden"].details["se"] > 0


def test_what_the_graph_expects_is_no_sign_of_bias(table: Table) -> None:
    found = tried(table, OUTCOME, "m", "own", "n")
    checks = data(found)
    assert checks["m"].passed is None
    assert "t -> m" in checks["m"].reason
    assert checks["own"].passed is None
    assert "t <- v -> own" in checks["own"].reason
    assert found.joint["calibration"]["controls"] == ["n"]


def test_exposures_are_held_against_what_the_graph_leaves_open(table: Table) -> None:
    found = data(tried(table, EXPOSURE, "n", "hidden", "w", "kinds"))
    assert {name: check.passed for name, check in found.items()} == {
        "n": True,
        "hidden": False,
        "w": None,
        "kinds": None,
    }
    assert "acts on the outcome" in found["w"].reason or "act on the outcome" in found["w"].reason
    assert "control exposure kinds" in found["kinds"].reason


def test_where_the_analysis_does_not_adjust_an_exposure_says_nothing(table: Table) -> None:
    bow = CausalGraph.build(directed=[("z", "t"), ("t", "y"), ("w", "t"), ("w", "n")], bidirected=[("t", "y")])
    check = data(tried(table, EXPOSURE, "n", graph=bow))["n"]
    assert check.passed is None
    assert "adjusts for no set" in check.reason


def test_a_copy_of_the_treatment_is_no_strong_instrument(table: Table) -> None:
    found = data(tried(table, Role.INSTRUMENT, "copy", "z", "x"))
    assert {name: check.passed for name, check in found.items()} == {"copy": None, "z": True, "x": False}
    assert "copy of t" in found["copy"].reason


def test_without_a_graph_the_set_that_the_user_names_is_adjusted_for(table: Table) -> None:
    named = data(tried(table, OUTCOME, "n", "hidden", graph=None, wishes=Wishes(adjust=("w",))))
    assert (named["n"].passed, named["hidden"].passed) == (True, False)
    assert named["n"].details["adjustment_set"] == ["w"]
    instrument = data(tried(table, Role.INSTRUMENT, "z", graph=None, wishes=Wishes(adjust=("w",))))["z"]
    assert instrument.details["given"] == ["w"]
    assert "as the graph names no set" in instrument.reason


def test_a_confounder_tells_how_far_the_estimate_moves(table: Table) -> None:
    found = data(tried(table, Role.CONFOUNDER, "w", "x", "m"))
    assert (found["w"].passed, found["x"].passed, found["m"].passed) == (True, False, None)
    moved = found["w"].details
    assert moved["estimate_with"] < moved["estimate_without"]
    assert found["x"].details["estimate_with"] == pytest.approx(found["x"].details["estimate_without"], abs=0.01)
    assert "follow from the treatment" in found["m"].reason


def test_twelve_rows_are_too_few_for_everything(tmp_path_factory: pytest.TempPathFactory) -> None:
    few = world(tmp_path_factory.mktemp("few"), 12)
    for role in Role:
        for check in data(tried(few, role, "z", "n", "w", "kinds", "still")).values():
            assert check.passed is None
            assert check.reason


def test_dependent_rows_are_not_tested_as_if_they_were_independent(table: Table) -> None:
    check = data(tried(table, Role.CONFOUNDER, "w", wishes=Wishes(cluster="kinds")))["w"]
    assert check.passed is None
    assert "depend on each other" in check.reason
