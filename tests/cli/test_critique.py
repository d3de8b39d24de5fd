"""A graph is looked at before anybody relies on it, as a person or a script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Call = Callable[..., Any]
HIDDEN = 'digraph { u [observed="no"]; u -> t; u -> y; t -> y; y -> late; aside }'


@pytest.fixture
def graph(home: Path) -> Path:
    (home / "g.dot").write_text(HIDDEN)
    return home


def kinds(told: Any) -> list[str]:
    return [one["kind"] for one in told["findings"]]


def test_the_graph_alone_shows_what_is_not_identifiable_and_what_would_help(cli: Call, graph: Path) -> None:
    done = cli("critique", "g.dot", "-t", "t", "-o", "y", "--json")
    assert done.code == 0
    told = done.json
    assert kinds(told)[0] == "not_identifiable"
    assert told["findings"][0]["severity"] == "high"
    assert "off_path" in kinds(told)
    assert any("no model is configured" in text for text in told["left_out"])
    (folder,) = (graph / ".copilot" / "runs").iterdir()
    report = json.loads((folder / "report.json").read_text())
    assert report == {key: value for key, value in told.items() if key != "usage"}


def test_a_bad_control_is_named_with_its_path(cli: Call, graph: Path) -> None:
    done = cli("critique", "g.dot", "-t", "t", "-o", "y", "--adjust", "late", "--json")
    found = [one for one in done.json["findings"] if one["kind"] == "bad_control" and one["nodes"] == ["late"]]
    assert [one["severity"] for one in found] == ["high"]
    assert "effect of the outcome" in found[0]["message"]
    assert graph.is_dir()


def test_fail_on_exits_3_and_only_then(cli: Call, graph: Path) -> None:
    asked = ("critique", "g.dot", "-t", "t", "-o", "y", "--fail-on")
    assert cli(*asked, "high").code == 3
    (graph / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }")
    assert cli(*asked, "low").code == 0
    assert cli(*asked, "worst").code == 2


@pytest.mark.parametrize("form", ["text", "json", "md", "sarif"])
def test_each_form_is_written_to_stdout(cli: Call, graph: Path, form: str) -> None:
    done = cli("critique", "g.dot", "-t", "t", "-o", "y", "--format", form)
    assert done.code == 0
    heads = {"text": "high", "json": "{", "md": "# Critique of g.dot", "sarif": "{"}
    assert done.out.lstrip().startswith(heads[form]) or form == "text"
    assert "aside" in done.out
    assert graph.is_dir()


def test_circles_are_findings_and_the_file_cannot_be_used(cli: Call, graph: Path) -> None:
    (graph / "c.dot").write_text("digraph { a -> b -> c -> a; d -> d; a -> y }")
    done = cli("critique", "c.dot", "--json")
    assert done.code == 2
    assert sorted((one["kind"], one["subject"]) for one in done.json["findings"]) == [
        ("cycle", "a -> b -> c -> a"),
        ("self_loop", "d"),
    ]
    assert "a -> b -> c -> a" in done.err


def test_circles_are_said_once_and_the_rest_is_said_to_be_left_out(cli: Call, graph: Path) -> None:
    (graph / "c.dot").write_text("digraph { a -> b -> a; a -> y }")
    done = cli("critique", "c.dot", "-t", "a", "-o", "y")
    assert "run in a circle" not in done.err
    assert "Not looked at: Everything else" in done.err
    told = cli("critique", "c.dot", "-t", "a", "-o", "y", "--json").json
    assert told["query"] == {"treatment": "a", "outcome": "y"}


def test_apply_asks_whether_anybody_is_there_before_anything_is_done(cli: Call, graph: Path) -> None:
    done = cli("critique", "g.dot", "-t", "t", "-o", "y", "--apply", "--output", "better.dot")
    assert done.code == 2
    assert done.out == ""
    assert not (graph / ".copilot").exists()
    assert not (graph / "better.dot").exists()


def test_one_finding_is_one(cli: Call, graph: Path) -> None:
    done = cli("critique", "g.dot", "-t", "t", "-o", "y", "--fail-on", "high")
    assert "1 finding is high (--fail-on high)." in done.err
    assert graph.is_dir()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("-t", "nobody", "-o", "y"), "nobody"),
        (("-t", "t", "-o", "t"), "both treatment and outcome"),
        (("-t", "t", "-o", "y", "--adjust", "nobody"), "nobody"),
        (("-t", "t", "-o", "y", "--data", "none.csv"), "none.csv"),
        (("-t", "t", "-o", "y", "--format", "pdf"), "pdf"),
        (("-t", "t", "-o", "y", "--apply"), "nobody is there"),
    ],
)
def test_bad_input_is_named(cli: Call, graph: Path, words: tuple[str, ...], named: str) -> None:
    (graph / "g.dot").write_text("digraph { w -> t; y -> w; t -> y2; t -> y; }".replace("y -> w", "w -> y"))
    (graph / "tiers.yaml").write_text("- [y]\n- [t, w]\n")
    more = ("--tiers", "tiers.yaml") if "--apply" in words else ()
    done = cli("critique", "g.dot", *words, *more)
    assert done.code == 2
    assert named in done.err


def test_yes_applies_every_patch_that_fits_and_writes_a_graph(cli: Call, graph: Path) -> None:
    (graph / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; late -> w }")
    (graph / "tiers.yaml").write_text("- [w]\n- [t]\n- [y]\n- [late]\n")
    done = cli(
        *("critique", "g.dot", "-t", "t", "-o", "y", "--tiers", "tiers.yaml"),
        *("--apply", "--yes", "--output", "better.dot"),
    )
    assert done.code == 0
    assert "1 patch applied" in done.err
    assert '"w" -> "late"' in (graph / "better.dot").read_text()
    assert "late -> w" in (graph / "g.dot").read_text()


def test_yes_leaves_out_the_patches_of_low_findings_and_says_so(cli: Call, graph: Path) -> None:
    rng = np.random.default_rng(3)
    t, aside = rng.normal(size=400), rng.normal(size=400)
    y = t + rng.normal(size=400)
    rows = "\n".join(f"{a:.5f},{b:.5f},{c:.5f}" for a, b, c in zip(t, y, aside, strict=True))
    (graph / "data.csv").write_text(f"t,y,aside\n{rows}\n")
    (graph / "g.dot").write_text("digraph { t -> y; aside -> t; aside -> y }")
    done = cli(
        *("critique", "g.dot", "--data", "data.csv", "-t", "t", "-o", "y", "--falsify-seconds", "0"),
        *("--apply", "--yes", "--output", "better.dot"),
    )
    assert done.code == 0
    assert "left out: go through them one by one" in done.err
    assert "0 patches applied" in done.err
    assert '"aside" -> "t"' in (graph / "better.dot").read_text()


def test_a_set_to_adjust_for_needs_a_question(cli: Call, tmp_path: Path) -> None:
    (tmp_path / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }", encoding="utf-8")
    done = cli("critique", str(tmp_path / "g.dot"), "--adjust", "w")
    assert (done.code, done.out) == (2, "")
    assert "-t and -o" in done.err
