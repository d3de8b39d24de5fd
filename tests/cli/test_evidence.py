"""``--evidence`` as a person uses it: documents in, quotations with their places out."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pexpect
import pytest

from copilot.composition import wiring
from copilot.llm.completer import ChatRequest

Call = Callable[..., Any]
MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-none", "COPILOT_MODEL": "m"}
ANYWHERE = {**MODEL, "OPENAI_BASE_URL": "https://models.example/v1"}
FAST = ("--no-dowhy", "--estimator", "linear_regression", "--refuter", "placebo_treatment", "--simulations", "10")
RIGHT = "older applicants were admitted first"
WRONG = "older applicants were admitted last"
EDGES = [("age", "training"), ("age", "earnings"), ("training", "earnings")]


@pytest.fixture
def study(home: Path) -> Path:
    rng, n = np.random.default_rng(7), 200
    age = rng.normal(size=n)
    training = (rng.uniform(size=n) < 1 / (1 + np.exp(-age))).astype(int)
    earnings = 2 * training + age + rng.normal(size=n)
    lines = [f"{a:.4f},{t},{e:.4f}" for a, t, e in zip(age, training, earnings, strict=True)]
    (home / "d.csv").write_text("age,training,earnings\n" + "\n".join(lines) + "\n")
    for name, text in (("a", f"Minutes of the board.\n\nIn 1998 the {RIGHT}.\n"), ("b", "Nothing of note.\n")):
        (home / name).mkdir()
        (home / name / "minutes.md").write_text(text)
    return home


class Voters:
    """Draws the true graph; quotes rightly, and wrongly on some ballots."""

    def __init__(self, believing: Callable[..., Any], made: Callable[..., Any]) -> None:
        self.graph = believing(EDGES)
        self.broken: set[int] = set()
        self.completer = made(self.answer)

    def answer(self, request: ChatRequest) -> str:
        reply = json.loads(self.graph(request))
        if request.task != "suggest-graph":
            return json.dumps(reply)
        if request.ballot in self.broken:
            return "no idea"
        for arrow in reply["edges"]:
            if arrow["reason"] == "age moves training":
                arrow["quote"] = WRONG if request.ballot == 2 else RIGHT
                arrow["document"] = "d2" if request.ballot == 1 else "d1"
        return json.dumps(reply)


@pytest.fixture
def voters(monkeypatch: pytest.MonkeyPatch, believing: Callable[..., Any], scripted: Callable[..., Any]) -> Voters:
    made = Voters(believing, scripted)
    monkeypatch.setattr(wiring, "_live", lambda _settings: made.completer)
    return made


def suggest(cli: Call, *words: str, evidence: tuple[str, ...] = ("a/minutes.md", "b/minutes.md"), **more: Any) -> Any:
    brought = [word for path in evidence for word in ("--evidence", path)]
    return cli("suggest-graph", "d.csv", *brought, *words, environ=more.pop("environ", MODEL), **more)


def test_quotations_are_shown_with_their_places(cli: Call, study: Path, voters: Voters) -> None:
    done = suggest(cli, "--yes", "--json", "--run-dir", "one")
    assert done.code == 0, done.err
    edges = {(edge["source"], edge["target"]): edge["evidence"] for edge in done.json["edges"]}
    right, wrong = edges["age", "training"]
    assert right == {"document": "a/minutes.md", "text": RIGHT, "place": "line 3", "found": True, "votes": 6}
    assert wrong == {"document": "a/minutes.md", "text": WRONG, "place": "", "found": False, "votes": 1}
    assert edges["age", "earnings"] == []
    assert "1 of 2 quotations were not found in the documents" in done.err
    assert "quoted: a/minutes.md, line 3" in " ".join(done.err.split())
    assert RIGHT in (study / "one" / "graph.dot").read_text()
    assert WRONG not in (study / "one" / "graph.dot").read_text()
    manifest = json.loads((study / "one" / "manifest.json").read_text())
    assert [one["name"] for one in manifest["evidence"]] == ["a/minutes.md", "b/minutes.md"]
    shown = cli("runs", "show", "one")
    assert "line 3" in shown.out + shown.err
    sent = voters.completer.requests[0].messages[1].content
    assert "BEGIN DOCUMENT d2 (minutes.md)" in sent
    assert "a/minutes.md" not in sent


def test_what_leaves_the_machine_is_said_before(cli: Call, study: Path, voters: Voters) -> None:
    said = suggest(cli, "--dry-run", environ=ANYWHERE)
    assert said.code == 0, said.err
    assert "Would send: names" in said.err
    assert "for 3 variables, and 2 documents; never rows" in said.err
    one = suggest(cli, "--show-prompt", evidence=("a/minutes.md",))
    assert "and 1 document; never rows" in one.err
    assert RIGHT in one.out
    without = suggest(cli, "--dry-run", evidence=())
    assert "for 3 variables; never rows" in without.err
    assert not voters.completer.requests
    assert study.is_dir()


def test_the_review_shows_quotations_and_marks_those_not_found(cli: Call, study: Path, voters: Voters) -> None:
    assert suggest(cli, "--run-dir", "one").code == 0
    assert voters.completer.requests
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "COPILOT_", "COLUMNS"))}
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "copilot", "review", "one"],
        cwd=str(study),
        env={**kept, "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=30,
        dimensions=(50, 240),
    )
    for _ in EDGES:
        terminal.expect_exact("quit and keep >")
        if "age → training" in (terminal.before or ""):
            break
        terminal.send("s")
    first = terminal.before or ""
    terminal.send("w")
    terminal.expect_exact("quit and keep >")
    reasons = terminal.before or ""
    terminal.close(force=True)
    assert f'quoted: "{RIGHT}" (a/minutes.md, line 3, 6 ballots)' in first
    assert "1 quotation for it NOT FOUND in the documents" in first
    assert f'quoted: NOT FOUND in a/minutes.md: "{WRONG}"' in reasons


def test_a_run_goes_by_its_documents(cli: Call, study: Path, voters: Voters) -> None:
    def run_id(*evidence: str) -> str:
        return str(suggest(cli, "--dry-run", "--json", evidence=evidence).json["run_id"])

    ids = [run_id(), run_id("a/minutes.md"), run_id("b/minutes.md"), run_id("a/minutes.md", "b/minutes.md")]
    assert len(set(ids)) == 4
    (study / "b" / "minutes.md").write_text("Something of note.\n")
    assert run_id("b/minutes.md") not in ids
    assert not voters.completer.requests


def test_a_run_that_stopped_goes_on_with_the_same_documents_only(cli: Call, study: Path, voters: Voters) -> None:
    voters.broken = {1, 3, 4, 5, 6}
    assert suggest(cli, "--run-dir", "one", "--yes").code == 5
    minutes = study / "a" / "minutes.md"
    text = minutes.read_text()
    minutes.write_text(text + "More.\n")
    changed = cli("runs", "resume", "one", environ=MODEL)
    assert changed.code == 2
    assert "holds another run" in changed.err
    minutes.write_text(text)
    voters.broken = set()
    done = cli("runs", "resume", "one", "--json", environ=MODEL)
    assert done.code == 0, done.err
    (evidence,) = [edge["evidence"] for edge in done.json["edges"] if edge["evidence"]]
    assert [one["found"] for one in evidence] == [True, False]


def test_a_recording_with_documents_replays_to_the_byte(cli: Call, study: Path, voters: Voters) -> None:
    first = suggest(cli, "--yes", "--record", "r.jsonl", "--run-dir", "one")
    assert first.code == 0, first.err
    voters.completer.requests.clear()
    for place in ("two", "three"):
        done = suggest(cli, "--yes", "--replay", "r.jsonl", "--run-dir", place)
        assert done.code == 0, done.err
        assert "nothing is sent" in done.err
    assert not voters.completer.requests
    for name in ("consensus.json", "report.json", "votes.json", "graph.dot"):
        assert (study / "two" / name).read_bytes() == (study / "three" / name).read_bytes()
    assert (study / "one" / "consensus.json").read_bytes() == (study / "two" / "consensus.json").read_bytes()


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (("none.md",), "there is no file"),
        (("d.csv", "d.csv"), "given twice"),
        (("broken.pdf",), "cannot be read"),
        (("-",), "standard input"),
    ],
)
def test_bad_documents_stop_before_anything_is_asked(
    cli: Call, study: Path, voters: Voters, evidence: tuple[str, ...], said: str
) -> None:
    (study / "broken.pdf").write_bytes(b"%PDF-1.4\nbroken")
    done = suggest(cli, "--yes", evidence=evidence)
    assert done.code == 2
    assert said in done.err
    assert not voters.completer.requests
    assert not (study / ".copilot").exists()


def test_no_document_is_written_over(cli: Call, study: Path, voters: Voters) -> None:
    (study / "notes.dot").write_text("Notes on a graph, in words.\n")
    done = suggest(cli, "--yes", "-o", "notes.dot", evidence=("notes.dot",))
    assert done.code == 2
    assert "Notes on" in (study / "notes.dot").read_text()
    assert not voters.completer.requests


def test_where_the_data_alone_vote_nobody_quotes(cli: Call, study: Path) -> None:
    done = cli("suggest-graph", "d.csv", "--voters", "data", "--yes", "--evidence", "a/minutes.md", "--resamples", "4")
    assert done.code == 0, done.err
    assert "no model voted, so nobody quotes from the documents" in done.err
    assert study.is_dir()


def test_analyze_takes_documents_where_it_suggests(cli: Call, study: Path, voters: Voters) -> None:
    asked = ("analyze", "d.csv", "-t", "training", "-o", "earnings", "--evidence", "a/minutes.md")
    (study / "g.dot").write_text("digraph { age -> training }")
    refused = cli(*asked, "--graph", "g.dot", environ=MODEL)
    assert refused.code == 2
    assert "--evidence and --graph do not go together" in refused.err
    done = cli(*asked, "--yes", "--run-dir", "one", *FAST, environ=MODEL)
    assert done.code == 0, done.err
    edges = json.loads((study / "one" / "consensus.json").read_text())["edges"]
    assert sum(bool(edge["evidence"]) for edge in edges) == 1
    assert re.search(r"and 1 document; never rows", done.err)
    assert voters.completer.requests
