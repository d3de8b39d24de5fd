"""Runs that computed an effect, or were stopped before they did: shown, compared, reviewed and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Call = Callable[..., Any]
FAST = ("-t", "t", "-o", "y", "--no-dowhy", "--estimator", "linear_regression")


@pytest.fixture
def runs(cli: Call, home: Path) -> Path:
    """Two finished runs, `one` and `two`, and `stopped`, which has a manifest alone."""
    rng = np.random.default_rng(3)
    w = rng.normal(size=200)
    t = w + rng.normal(size=200)
    y = 2 * t + w + rng.normal(size=200)
    lines = [f"{a:.4f},{b:.4f},{c:.4f}" for a, b, c in zip(w, t, y, strict=True)]
    (home / "data.csv").write_text("\n".join(["w,t,y", *lines]) + "\n")
    (home / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }")
    (home / "bare.dot").write_text("digraph { t -> y; w -> t }")
    for name, graph in (("one", "g.dot"), ("two", "bare.dot")):
        assert cli("estimate", "data.csv", "--graph", graph, *FAST, "--run-dir", name).code == 0
    (home / "stopped").mkdir()
    manifest = json.loads((home / "one" / "manifest.json").read_text())
    words = [word if word != "one" else "stopped" for word in manifest["arguments"]]
    told = {**manifest, "status": "stopped", "arguments": words}
    (home / "stopped" / "manifest.json").write_text(json.dumps(told))
    return home


def test_a_run_that_computed_an_effect_is_shown_with_what_it_found(cli: Call, runs: Path) -> None:
    shown = cli("runs", "show", "one")
    assert shown.code == 0
    assert "Found: ATE " in shown.err
    assert "runs resume" not in shown.err
    stopped = cli("runs", "show", "stopped")
    assert "It was stopped: `copilot runs resume stopped` goes on with it." in stopped.err
    assert "Found" not in stopped.err
    assert cli("runs", "resume", "stopped").code == 0
    assert "Found: ATE " in cli("runs", "show", "stopped").err
    assert runs.is_dir()


def test_a_complete_run_without_votes_is_not_said_to_have_all_its_votes(cli: Call, runs: Path) -> None:
    done = cli("runs", "resume", "one")
    assert done.code == 2
    assert "the run one is complete" in done.err
    assert "`copilot runs show one`" in done.err
    assert runs.is_dir()


def test_runs_are_compared_by_what_they_found_and_without_a_graph_by_the_rest(cli: Call, runs: Path) -> None:
    both = cli("runs", "diff", "one", "two", "--json").json
    assert (both["same_graph"], both["only_first"], both["in_both"]) == (False, ["w -> y"], 2)
    assert (both["same_data"], both["without_graph"]) == (True, [False, False])
    assert both["found"][0] != both["found"][1]
    done = cli("runs", "diff", "one", "stopped")
    assert done.code == 0
    assert "Edges are not compared: stopped (estimate) wrote no graph; the same data." in done.err
    told = cli("runs", "diff", "one", "stopped", "--json").json
    assert (told["same_graph"], told["in_both"], told["without_graph"]) == (None, None, [False, True])
    assert told["found"][1] == ""
    assert runs.is_dir()


def test_runs_without_a_table_are_not_said_to_share_one(cli: Call, runs: Path) -> None:
    manifest = json.loads((runs / "stopped" / "manifest.json").read_text())
    (runs / "stopped" / "manifest.json").write_text(json.dumps({**manifest, "data": {}}))
    assert cli("runs", "diff", "one", "stopped", "--json").json["same_data"] is None
    assert "the same data" not in cli("runs", "diff", "one", "stopped").err


@pytest.mark.parametrize(("run", "graph"), [("one", "one/graph.dot"), ("stopped", "g.dot")])
def test_a_run_with_a_graph_of_its_own_has_nothing_to_review(cli: Call, runs: Path, run: str, graph: str) -> None:
    done = cli("review", run)
    assert done.code == 2
    assert f"the run {run} has no votes to review" in done.err
    assert "took its graph from a file" in done.err
    assert f"copilot review {graph} -o FILE" in done.err
    assert runs.is_dir()


def test_a_run_that_was_stopped_while_voting_says_how_to_go_on(cli: Call, runs: Path) -> None:
    manifest = json.loads((runs / "stopped" / "manifest.json").read_text())
    told = {**manifest, "command": "analyze", "arguments": ["analyze", "data.csv", "-t", "t", "-o", "y"]}
    (runs / "stopped" / "manifest.json").write_text(json.dumps(told))
    done = cli("review", "stopped")
    assert "consensus.json" in done.err
    assert "`copilot runs resume stopped` goes on with it" in done.err
    (runs / "stopped" / "manifest.json").write_text(json.dumps({**told, "command": "critique"}))
    other = cli("review", "stopped")
    assert "It is a run of `copilot critique`." in other.err
