"""From an accepted graph to an effect that was tried, as a person or a script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.composition import effect
from copilot.composition import study as study_module
from copilot.data import tables

Call = Callable[..., Any]
GRAPH = "digraph { w -> t; w -> y; t -> y; z -> t }"
FAST = ("--estimator", "linear_regression", "--no-dowhy")
REFUTERS = ("--refuter", "placebo_treatment", "--refuter", "bootstrap", "--simulations", "20")


@pytest.fixture
def study(home: Path) -> Path:
    """A table with a true effect of 2 that the crude difference of means misses, and its graph."""
    rng = np.random.default_rng(7)
    n = 600
    w, z = rng.normal(size=n), rng.normal(size=n)
    t = (rng.uniform(size=n) < 1 / (1 + np.exp(-w - z))).astype(int)
    y = 2.0 * t + 1.5 * w + rng.normal(size=n)
    hair = rng.normal(size=n) + w
    lines = ["w,z,t,arm,y,hair,level"]
    for i in range(n):
        arm, level = ("yes" if t[i] else "no"), ("low", "mid", "high")[i % 3]
        lines.append(f"{w[i]:.5f},{z[i]:.5f},{t[i]},{arm},{y[i]:.5f},{hair[i]:.5f},{level}")
    (home / "data.csv").write_text("\n".join(lines) + "\n")
    (home / "g.dot").write_text(GRAPH)
    return home


def ask(command: str, *more: str) -> tuple[str, ...]:
    return (command, "data.csv", "--graph", "g.dot", "-t", "t", "-o", "y", *more)


def test_estimate_gives_the_adjusted_effect_and_says_why_this_set(cli: Call, study: Path) -> None:
    done = cli(*ask("estimate", "--json", *FAST))
    assert done.code == 0
    told = done.json
    (first,) = told["estimates"]
    assert first["headline"]
    assert first["interval"][0] < 2.0 < first["interval"][1]
    assert first["adjustment_set"] == ["w"] == told["chosen"]["adjustment_set"]
    assert (first["errors"], first["n"], first["target"]) == ("HC3", 600, "ATE")
    assert told["approved_by"] == "file"
    assert told["refutations"] == []
    assert told["verdict"]["standing"] == "untried"
    (folder,) = (study / ".copilot" / "runs").iterdir()
    assert json.loads((folder / "report.json").read_text()) == told
    assert json.loads((folder / "manifest.json").read_text())["status"] == "complete"


def test_refute_prints_estimates_and_refutations_by_question(cli: Call, study: Path) -> None:
    done = cli(
        *ask("refute", "--json", *FAST, *REFUTERS, "--refuter", "negative_control", "--negative-control", "hair")
    )
    assert done.code == 0
    told = {one["refuter"]: one for one in done.json["refutations"]}
    assert set(told) == {"placebo_treatment", "bootstrap", "negative_control"}
    assert told["bootstrap"]["simulations"] == 20
    assert len(told["bootstrap"]["draws"]) == 20
    assert (told["placebo_treatment"]["question"], told["negative_control"]["question"]) == (
        "soundness",
        "hidden_cause",
    )
    assert told["negative_control"]["subject"] == "hair"
    assert all(one["blind_spot"] for one in told.values())
    assert study.is_dir()


def test_a_refuter_named_twice_is_tried_once(cli: Call, study: Path) -> None:
    told = cli(*ask("refute", "--json", *FAST, *REFUTERS, "--refuter", "bootstrap")).json["refutations"]
    assert [one["refuter"] for one in told] == ["placebo_treatment", "bootstrap"]
    assert study.is_dir()


def test_what_nobody_asked_for_is_not_said_to_have_been(cli: Call, study: Path) -> None:
    lines = (study / "data.csv").read_text().splitlines()
    villages = ["village", *(f"v{place % 40}" for place in range(len(lines) - 1))]
    (study / "data.csv").write_text("\n".join(f"{one},{where}" for one, where in zip(lines, villages, strict=True)))
    done = cli(*ask("refute", "--json", *FAST, "--simulations", "10", "--cluster", "village"))
    told = {one["refuter"]: one for one in done.json["refutations"]}
    assert told["implied_independence"]["status"] == "inconclusive"
    assert told["implied_independence"]["message"].startswith("implied_independence was to be tried, but rows are")


def test_a_repeated_run_is_the_same_to_the_byte_whatever_the_workers(cli: Call, study: Path) -> None:
    cli(*ask("refute", *FAST, *REFUTERS, "--jobs", "1", "--run-dir", "one"))
    cli(*ask("refute", *FAST, *REFUTERS, "--jobs", "2", "--run-dir", "two"))
    files = ("report.json", "graph.dot", "graph.json", "decisions.json", "analysis.json")
    for name in files:
        assert (study / "one" / name).read_bytes() == (study / "two" / name).read_bytes()
    cli(*ask("refute", *FAST, *REFUTERS, "--seed", "1", "--run-dir", "three"))
    assert (study / "one" / "report.json").read_bytes() != (study / "three" / "report.json").read_bytes()


def test_where_the_files_lie_is_not_in_the_report(cli: Call, study: Path) -> None:
    cli(*ask("estimate", *FAST, "--run-dir", "one"))
    (study / "deep").mkdir()
    (study / "g.dot").rename(study / "deep" / "g.dot")
    cli("estimate", "data.csv", "--graph", "deep/g.dot", "-t", "t", "-o", "y", *FAST, "--run-dir", "two")
    assert (study / "one" / "report.json").read_bytes() == (study / "two" / "report.json").read_bytes()


def test_what_was_said_of_a_column_that_takes_no_part_is_no_doubt(cli: Call, study: Path) -> None:
    lines = (study / "data.csv").read_text().splitlines()
    marks = ["mark", *(("none", "some")[place % 2] for place in range(len(lines) - 1))]
    (study / "data.csv").write_text("\n".join(f"{line},{mark}" for line, mark in zip(lines, marks, strict=True)) + "\n")
    told = {}
    for graph in (GRAPH, "digraph { w -> t; w -> y; t -> y; mark -> y }"):
        (study / "g.dot").write_text(graph)
        done = cli(*ask("estimate", "--json", *FAST))
        (said,) = [one for one in done.json["notices"] if one["code"] == "missing_like_level"]
        assert ("warning: mark holds" in done.err) == (said["level"] == "warning")
        told[said["level"]] = any("mark holds texts" in one for one in done.json["verdict"]["doubts"])
    assert told == {"info": False, "warning": True}


def test_a_person_reads_one_screen_and_scripts_read_one_line(cli: Call, study: Path) -> None:
    done = cli(*ask("refute", *FAST, *REFUTERS))
    assert done.out.startswith("ATE ")
    assert done.out.count("\n") == 1
    for words in ("Question: What is the effect of t (1 vs 0) on y?", "Adjusted for: w", "Is the computation sound?"):
        assert words in done.err
    assert "Verdict: If the graph is right" in done.err
    assert "Doubt 1: " in done.err
    assert "prove" not in done.err
    assert study.is_dir()


def test_the_one_line_of_quiet_runs_says_how_the_number_stands(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; y -> hair }")
    forced = cli(*ask("estimate", "--adjust", "hair", "--force", "-q", *FAST))
    assert "; forced against the graph; untried" in forced.out
    assert forced.err == ""
    tried = cli(*ask("refute", "-q", *FAST, *REFUTERS))
    assert tried.out.rstrip().endswith("; holds up")


def test_verbose_runs_tell_what_the_screen_has_no_room_for(cli: Call, study: Path) -> None:
    plain, full = (cli(*ask("refute", *FAST, *REFUTERS, *more)).err for more in ((), ("-v",)))
    assert "cannot see" not in plain
    assert "(-v shows more of it; `copilot explain`" in plain
    assert "cannot see" in full
    assert len(full) > len(plain)
    assert study.is_dir()


def test_text_treatments_say_their_direction(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { w -> arm; w -> y; arm -> y }")
    told = cli("estimate", "data.csv", "--graph", "g.dot", "-t", "arm", "-o", "y", "--json", *FAST).json
    assert told["contrast"]["text"] == "yes vs no"
    assert told["estimates"][0]["value"] == pytest.approx(2.0, abs=0.4)
    turned = cli(
        "estimate", "data.csv", "--graph", "g.dot", "-t", "arm", "-o", "y", "--contrast", "yes,no", "--json", *FAST
    ).json
    assert turned["estimates"][0]["value"] == pytest.approx(-told["estimates"][0]["value"])


def test_estimators_that_were_passed_over_are_said_with_the_reason(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { z -> w; z -> y; w -> y }")
    arguments = ("estimate", "data.csv", "--graph", "g.dot", "-t", "w", "-o", "y", "--no-dowhy")
    done = cli(*arguments, "--json")
    (told,) = [one for one in done.json["notices"] if one["code"] == "estimator_passed_over"]
    assert (told["subject"], told["level"]) == ("aipw", "info")
    assert told["message"].startswith("aipw was passed over: ")
    assert "aipw" not in {one["estimator"] for one in done.json["estimates"]}
    assert told["message"].split(": ")[1][:30] in cli(*arguments).err
    named = cli(*arguments, "--estimator", "linear_regression", "--json")
    assert not [one for one in named.json["notices"] if one["code"] == "estimator_passed_over"]


def test_three_levels_ask_for_the_contrast(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { level -> y }")
    done = cli("estimate", "data.csv", "--graph", "g.dot", "-t", "level", "-o", "y", *FAST)
    assert done.code == 2
    assert "--contrast" in done.err
    one = cli(
        "estimate", "data.csv", "--graph", "g.dot", "-t", "level", "-o", "y", "--contrast", "low,high", "--json", *FAST
    )
    assert one.json["rows"] == {"read": 600, "used": 400}


def test_bad_controls_are_refused_unless_forced_and_then_the_report_says_so(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; y -> hair }")
    refused = cli(*ask("estimate", "--adjust", "hair", *FAST))
    assert refused.code == 2
    assert "hair" in refused.err
    assert "--force" in refused.err
    forced = cli(*ask("estimate", "--adjust", "hair", "--force", "--json", *FAST)).json
    assert forced["chosen"]["forced"]
    assert "forced" in forced["verdict"]["doubts"][0]
    fine = cli(*ask("estimate", "--adjust", "w", "--json", *FAST)).json
    assert not fine["chosen"]["forced"]


def test_no_path_gives_no_number_and_a_hidden_cause_gives_exit_6(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { w -> t; w -> y }")
    null = cli(*ask("estimate", "--json", *FAST))
    assert (null.code, null.json["estimates"], null.json["verdict"]["standing"]) == (0, [], "null_by_assumption")
    (study / "g.dot").write_text('digraph { u [observed="no"]; u -> t; u -> y; t -> y }')
    none = cli(*ask("analyze", "--json", "--no-dowhy"))
    assert (none.code, none.json["estimates"], none.json["identifiable"]) == (6, [], False)
    assert none.json["open_paths"][0]["path"] == "t <- u -> y"
    assert none.json["additions"]


def test_an_instrument_is_used_where_nothing_can_be_adjusted_for(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text('digraph { u [observed="no"]; u -> t; u -> y; t -> y; z -> t }')
    told = cli(*ask("estimate", "--json", "--no-dowhy")).json
    assert told["estimates"][0]["estimator"] == "two_stage_least_squares"
    assert told["estimates"][0]["target"] == "LATE"
    assert told["chosen"]["instruments"] == ["z"]
    assert told["identifiable"] is False


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--estimator", "linear_regresion"), "linear_regression"),
        (("--estimator", "front_door"), "frontdoor, which front_door needs, is not open under this graph"),
        (("--strategy", "frontdoor"), "not open under this graph"),
        (("--target", "LATE"), "--target"),
        (("--missing", "guess"), "--missing"),
        (("--contrast", "1"), "--contrast"),
        (("--by", "nope"), "nope"),
        (("--strategy", "magic"), "--strategy"),
        (("--adjust", "nope"), "nope"),
        (("--graph", "none.dot"), "none.dot"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    cli: Call, study: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = cli(*ask("estimate", "--no-dowhy", *arguments))
    assert done.code == 2
    assert words in done.err
    assert done.out == ""
    assert not (study / ".copilot").exists()


def test_a_refuter_or_negative_control_that_makes_no_sense_is_refused(cli: Call, study: Path) -> None:
    assert "placebo_treatment" in cli(*ask("refute", *FAST, "--refuter", "placebo")).err
    assert "part of the design" in cli(*ask("refute", *FAST, "--negative-control", "w")).err
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; t -> hair }")
    done = cli(*ask("refute", *FAST, "--negative-control", "hair"))
    assert (done.code, "the treatment affects it" in done.err) == (2, True)


def test_groups_have_effects_of_their_own(cli: Call, study: Path) -> None:
    told = cli(*ask("estimate", "--json", "--by", "level", *FAST)).json
    groups = {one["group"]: one for one in told["estimates"] if one["target"] == "CATE"}
    assert set(groups) == {"low", "mid", "high"}
    assert sum(one["n"] for one in groups.values()) == 600
    assert study.is_dir()


def test_analyze_asks_a_person_for_what_is_missing_and_stops_a_script(cli: Call, study: Path) -> None:
    arguments = ("analyze", "data.csv", "--graph", "g.dot", "--json", *FAST, *REFUTERS)
    alone = cli(*arguments)
    assert alone.code == 2
    assert "-t" in alone.err
    asked = cli(*arguments, typed="t\ny\n")
    assert asked.code == 0
    assert asked.json["query"] == {"treatment": "t", "outcome": "y"}
    assert "Whose effect" in asked.err
    assert study.is_dir()


@pytest.mark.parametrize("graph", [("--graph", "g.dot"), ("--voters", "data", "--resamples", "5", "--yes")])
def test_a_table_that_was_read_to_ask_is_not_read_again(
    cli: Call, study: Path, monkeypatch: pytest.MonkeyPatch, graph: tuple[str, ...]
) -> None:
    read: list[str] = []

    def reading(name: str, *more: Any) -> Any:
        read.append(name)
        return tables.read_table(name, *more)

    for module in (effect, study_module):
        monkeypatch.setattr(module, "read_table", reading)
    arguments = ("analyze", "data.csv", *graph, "--json", *FAST, "--refuter", "leaks")
    assert cli(*arguments, typed="t\ny\n").code in {0, 6}
    assert read == []
    assert cli(*arguments, "-t", "t", "-o", "y").code in {0, 6}
    assert read == ["data.csv"]
    assert study.is_dir()


def test_no_effect_is_shown_before_somebody_accepts_the_suggested_graph(cli: Call, study: Path) -> None:
    arguments = ("analyze", "data.csv", "-t", "t", "-o", "y", "--voters", "data", "--resamples", "10", *FAST, *REFUTERS)
    stopped = cli(*arguments, "--columns", "w,z,t,y", "--run-dir", "stopped")
    assert stopped.code == 2
    assert "nobody has accepted the graph" in stopped.err
    assert "--yes" in stopped.err
    assert not (study / "stopped" / "analysis.json").exists()
    assert (study / "stopped" / "graph.dot").exists()
    passed = cli(*arguments, "--columns", "w,z,t,y", "--yes", "--json", "--run-dir", "passed")
    assert passed.code in {0, 6}
    assert (passed.json["command"], passed.json["approved_by"], passed.json["reviewed"]) == ("analyze", "--yes", False)
    manifest = json.loads((study / "passed" / "manifest.json").read_text())
    assert (manifest["command"], manifest["status"], manifest["run_id"]) == (
        "analyze",
        "complete",
        passed.json["run_id"],
    )


def test_identify_lists_sets_and_judges_one(cli: Call, study: Path) -> None:
    done = cli("identify", "g.dot", "-t", "t", "-o", "y", "--json")
    assert (done.code, done.json["backdoor"]["minimal"], done.json["identifiable"]) == (0, [["w"]], True)
    assert "{w}" in cli("identify", "g.dot", "-t", "t", "-o", "y").out
    bad = cli("identify", "g.dot", "-t", "t", "-o", "y", "--adjust", "z", "--json")
    assert (bad.code, bad.json["adjust"]["valid"]) == (2, False)
    assert bad.json["error"]["exit_code"] == 2
    assert bad.json["error"]["reason"] == " ".join(bad.json["adjust"]["objections"])
    forced = cli("identify", "g.dot", "-t", "t", "-o", "y", "--adjust", "z", "--force")
    assert (forced.code, "{z} is not valid under this graph: The path" in forced.out) == (0, True)
    assert "no node named 'nope'" in cli("identify", "g.dot", "-t", "t", "-o", "y", "--adjust", "nope").err
    assert cli("identify", "g.dot", "-t", "t", "-o", "y", "--adjust", "w", "--json").json["adjust"]["valid"]
    (study / "bow.dot").write_text("digraph { t -> y; t -> y [dir=both] }")
    bow = cli("identify", "bow.dot", "-t", "t", "-o", "y", "--json")
    assert (bow.code, bow.json["identifiable"], bow.json["strategies"]) == (6, False, [])


def test_identify_answers_for_every_orientation(cli: Call, study: Path) -> None:
    (study / "open.dot").write_text("digraph { w -> y; t -> y; w -> t [dir=none] }")
    done = cli("identify", "open.dot", "-t", "t", "-o", "y", "--json")
    told = done.json
    groups = {group["edges"][0][0]: group["backdoor"]["minimal"] for group in told["orientations"]["groups"]}
    assert groups == {"w -> t": [["w"]], "t -> w": [[]]}
    assert told["backdoor"]["minimal"] == []
    assert (done.code, told["identifiable"], "Not identifiable" in done.err) == (0, True, False)
    (study / "open.dot").write_text("digraph { w -> y; t -> y; w -> t [dir=none]; t -> y [dir=both] }")
    stuck = cli("identify", "open.dot", "-t", "t", "-o", "y", "--json")
    assert (stuck.code, stuck.json["identifiable"], "Not identifiable" in stuck.err) == (6, False, True)


def test_identify_judges_a_set_by_the_effect_that_is_asked_for(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { t -> m -> y; t -> y }")
    ask_for = ("identify", "g.dot", "-t", "t", "-o", "y", "--adjust", "m", "--json")
    assert cli(*ask_for).json["adjust"]["valid"] is False
    direct = cli(*ask_for, "--effect", "direct")
    assert (direct.code, direct.json["adjust"]["valid"], direct.json["backdoor"]["minimal"]) == (0, True, [["m"]])


def test_identify_holds_the_graph_against_a_table(cli: Call, study: Path) -> None:
    (study / "g.dot").write_text("digraph { ghost -> t; ghost -> y; t -> y }")
    done = cli("identify", "g.dot", "-t", "t", "-o", "y", "--data", "data.csv", "--json")
    assert (done.code, done.json["backdoor"]["minimal"]) == (6, [])
    assert "ghost" in done.err


def test_an_open_direction_is_asked_for_and_a_set_that_one_direction_makes_valid_is_taken(
    cli: Call, study: Path
) -> None:
    (study / "g.dot").write_text("digraph { w -> t [dir=none]; w -> y; t -> y }")
    done = cli(*ask("estimate", "--json", *FAST))
    assert done.code == 6
    assert done.json["strategies"] == []
    assert "depends on the direction of t — w" in done.json["verdict"]["text"]
    told = cli(*ask("estimate", "--json", *FAST, "--adjust", "w"))
    assert told.code == 0
    assert told.json["chosen"]["condition"] == "w → t"
    assert told.json["verdict"]["text"].startswith("If the graph is right and w → t, the effect on y")


def test_a_copy_of_the_outcome_is_not_among_what_was_adjusted_for(cli: Call, study: Path) -> None:
    rows = [line.split(",") for line in (study / "data.csv").read_text().splitlines()]
    lines = [",".join([*rows[0], "copy"]), *(",".join([*row, str(2 * float(row[4]))]) for row in rows[1:])]
    (study / "data.csv").write_text("\n".join(lines) + "\n")
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; copy -> t; copy -> y }")
    done = cli(*ask("estimate", *FAST))
    assert "Adjusted for: w (copy left out: a copy of the outcome)" in done.err
    assert "under the graph it is not the effect" in done.err
    told = cli(*ask("estimate", "--json", *FAST)).json
    assert told["estimates"][0]["adjustment_set"] == ["w"]
    assert told["verdict"]["doubts"][0].startswith("Under the graph copy must be adjusted for")


def test_an_identifier_that_the_graph_wants_adjusted_for_is_said_to_be_in_the_way(cli: Call, study: Path) -> None:
    lines = (study / "data.csv").read_text().splitlines()
    named = [lines[0] + ",id", *(f"{line},P{place:05d}" for place, line in enumerate(lines[1:]))]
    (study / "data.csv").write_text("\n".join(named) + "\n")
    (study / "g.dot").write_text("digraph { w -> t; w -> y; t -> y; id -> t; id -> y }")
    done = cli(*ask("estimate", "--json", *FAST))
    assert done.code == 6
    (notice,) = [one for one in done.json["notices"] if one["code"] == "identifier_needed"]
    assert notice["message"].startswith("id is an identifier (600 distinct values in 600 rows): it cannot be adjusted")
    assert "general expression" not in done.json["verdict"]["text"]


def test_a_panel_is_warned_of_and_the_clusters_that_are_advised_widen_the_interval(cli: Call, home: Path) -> None:
    rng = np.random.default_rng(0)
    rows = ["firm id,year,w,t,y"]
    for firm in range(100):
        own = rng.normal()
        for year in range(5):
            w, e = rng.normal(size=2)
            t = int(own + w > 0)
            rows.append(f"f{firm},{2000 + year},{w:.4f},{t},{t + w + 2 * own + e:.4f}")
    (home / "data.csv").write_text("\n".join(rows) + "\n")
    (home / "g.dot").write_text("digraph { w -> t; w -> y; t -> y }")
    plain, clustered = (cli(*ask("estimate", "--json", *FAST, *more)).json for more in ((), ("--cluster", "firm id")))
    (warning,) = [one["message"] for one in plain["notices"] if one["code"] == "repeated_units"]
    assert "--cluster 'firm id' takes them together" in warning
    assert "repeated_units" not in {one["code"] for one in clustered["notices"]}
    assert clustered["estimates"][0]["se"] > 1.1 * plain["estimates"][0]["se"]
