"""Candidates as a person or a script asks for them, with no model and with recorded answers of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.domain.candidates import Candidate, Check, Role
from copilot.report.candidates import reasons

Call = Callable[..., Any]
GRAPH = 'digraph { w -> t; w -> y; w -> z; z -> t; t -> y; u [observed="no"]; u -> t; u -> y; u -> n }'


@pytest.fixture
def study(home: Path) -> Path:
    rng, n = np.random.default_rng(5), 800
    w, u = rng.normal(size=n), rng.normal(size=n)
    z = w + rng.normal(size=n)
    t = z + w + u + rng.normal(size=n)
    y = t + w + u + rng.normal(size=n)
    control = u + rng.normal(size=n)
    rows = "\n".join(",".join(f"{v:.5f}" for v in row) for row in zip(w, z, t, y, control, strict=True))
    (home / "data.csv").write_text(f"w,z,t,y,n\n{rows}\n")
    (home / "g.dot").write_text(GRAPH)
    return home


def test_without_a_model_the_graph_proposes_and_the_report_says_so(cli: Call, study: Path) -> None:
    done = cli("suggest-instruments", "data.csv", "--graph", "g.dot", "-t", "t", "-o", "y", "--json")
    assert done.code == 0
    (z,) = done.json["candidates"]
    assert (z["name"], z["graph_check"]["passed"], z["data_check"]["passed"]) == ("z", True, True)
    assert (z["support"], z["votes_check"]["passed"]) == (None, None)
    assert z["graph_check"]["details"]["given"] == ["w"]
    assert any("no model was asked" in text for text in done.json["left_out"])
    (folder,) = (study / ".copilot" / "runs").iterdir()
    report = json.loads((folder / "report.json").read_text())
    assert report == {key: value for key, value in done.json.items() if key != "usage"}


def test_your_own_candidates_are_checked_in_the_same_way(cli: Call, study: Path) -> None:
    done = cli(
        *("suggest-instruments", "data.csv", "--graph", "g.dot", "-t", "t", "-o", "y"), "--candidate", "n,w", "--json"
    )
    told = {one["name"]: one for one in done.json["candidates"]}
    assert set(told) == {"n", "w"}
    assert all(one["from_user"] and one["graph_check"]["passed"] is False for one in told.values())
    assert study.is_dir()


@pytest.mark.parametrize("name", ["suggest-negative-controls", "suggest-dummy-outcomes"])
def test_both_names_of_the_command_give_one_answer(cli: Call, study: Path, name: str) -> None:
    (study / "short.dot").write_text("digraph { w -> t; w -> y; w -> z; z -> t; t -> y; w -> n }")
    done = cli(name, "data.csv", "--graph", "short.dot", "-t", "t", "-o", "y", "--candidate", "n", "--json")
    assert done.json["command"] == "suggest-negative-controls"
    (n,) = done.json["candidates"]
    assert (n["graph_check"]["passed"], n["data_check"]["passed"]) == (True, False)
    assert "calibrated" in done.json["joint"]["calibration"]["message"]


def test_a_graph_alone_is_enough_and_the_data_are_left_out(cli: Call, study: Path) -> None:
    done = cli("suggest-confounders", "g.dot", "-t", "t", "-o", "y", "--json")
    assert [one["name"] for one in done.json["candidates"]] == ["w"]
    assert done.json["candidates"][0]["data_check"]["passed"] is None
    assert any("no table" in text for text in done.json["left_out"])
    assert study.is_dir()


def test_the_screen_says_cannot_tell_and_never_passed(cli: Call, study: Path) -> None:
    done = cli("suggest-confounders", "g.dot", "-t", "t", "-o", "y")
    assert done.code == 0
    assert "cannot tell" in done.out
    assert "w -> t" in done.out
    assert study.is_dir()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("data.csv", "--graph", "g.dot", "-t", "t", "-o", "y", "--candidate", "t"), "treatment itself"),
        (("data.csv", "--graph", "g.dot", "-t", "t", "-o", "y", "--candidate", "Z"), "'z'"),
        (("data.csv", "--graph", "g.dot", "-t", "nobody", "-o", "y"), "nobody"),
        (("data.csv", "-t", "t", "-o", "y"), "nobody to suggest"),
        ((), "no treatment was named"),
        (("data.csv", "--graph", "none.dot", "-t", "t", "-o", "y"), "none.dot"),
    ],
)
def test_bad_input_is_named(cli: Call, study: Path, words: tuple[str, ...], named: str) -> None:
    done = cli("suggest-instruments", *words)
    assert done.code == 2
    assert named in done.err
    assert not (study / ".copilot").exists()


def test_a_graph_without_the_treatment_is_refused(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { w -> y }")
    done = cli("suggest-instruments", "data.csv", "--graph", "g.dot", "-t", "t", "-o", "y")
    assert done.code == 2
    assert "treatment in the graph" in done.err


@pytest.mark.parametrize(
    ("graph", "why"),
    [("digraph { t -> y }", "allows none"), ("digraph { t -> y; w -> t [dir=none]; w -> y }", "no direction yet")],
)
def test_where_there_is_no_candidate_it_is_said_why(cli: Call, study: Path, graph: str, why: str) -> None:
    (study / "none.dot").write_text(graph)
    done = cli("suggest-instruments", "data.csv", "--graph", "none.dot", "-t", "t", "-o", "y")
    assert done.code == 0
    assert why in " ".join(done.out.split())


def test_what_the_graph_calls_no_instrument_gives_no_effect(cli: Call, study: Path) -> None:
    done = cli(
        "suggest-instruments", "data.csv", "--graph", "g.dot", "-t", "t", "-o", "y", "--candidate", "n", "--json"
    )
    (n,) = done.json["candidates"]
    assert "Taken for an instrument it would give" in n["data_check"]["reason"]
    assert "95 % interval" in n["data_check"]["reason"]
    assert study.is_dir()


def test_what_is_unobserved_is_named_once(cli: Call, study: Path) -> None:
    done = cli("suggest-negative-controls", "g.dot", "-t", "t", "-o", "y", "--candidate", "n", "--json")
    (n,) = [one for one in done.json["candidates"] if one["role"].endswith("outcome")]
    assert "share the cause u (unobserved): it could show a bias that this makes." in n["graph_check"]["reason"]
    assert study.is_dir()


@pytest.mark.parametrize(
    ("graph", "name", "passed", "why"),
    [
        ("digraph { t -> y; z -> t; w -> y [dir=none] }", "z", True, "In all 2 ways"),
        ("digraph { t -> y; z -> t [dir=none]; w -> y }", "z", None, "allowed in 1 of 2 ways"),
        ("digraph { t -> y; t -> z; w -> z [dir=none] }", "z", False, "it is an effect of t"),
    ],
)
def test_edges_without_a_direction_matter_only_where_the_answer_hangs_on_them(
    cli: Call, study: Path, graph: str, name: str, passed: bool | None, why: str
) -> None:
    (study / "loose.dot").write_text(graph)
    asked = ("suggest-instruments", "data.csv", "--graph", "loose.dot", "-t", "t", "-o", "y", "--candidate", name)
    (told,) = cli(*asked, "--json").json["candidates"]
    assert told["graph_check"]["passed"] is passed
    assert why in told["graph_check"]["reason"]


def test_too_many_edges_without_a_direction_are_not_tried(cli: Call, study: Path) -> None:
    loose = "; ".join(f"a{i} -> y [dir=none]" for i in range(12))
    (study / "loose.dot").write_text(f"digraph {{ z -> t; t -> y; {loose} }}")
    done = cli("suggest-instruments", "loose.dot", "-t", "t", "-o", "y", "--candidate", "z", "--json")
    (told,) = done.json["candidates"]
    assert told["graph_check"]["passed"] is None
    assert "12 edges of the graph have no direction yet, too many" in told["graph_check"]["reason"]
    assert study.is_dir()


def test_of_an_idea_outside_the_table_it_is_said_once_that_it_is_no_column() -> None:
    idea = Candidate(
        name="a lottery",
        role=Role.INSTRUMENT,
        observed=False,
        graph_check=Check(passed=None, reason="a lottery is no column."),
        data_check=Check(passed=None, reason="a lottery is no column."),
    )
    assert reasons(idea) == ["Graph: a lottery is no column."]
