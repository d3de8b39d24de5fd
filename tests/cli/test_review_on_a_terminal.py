"""The review as a person sees it: a real terminal, one key at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from copilot.domain.consensus import Consensus, LatentSuggestion
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Review
from copilot.domain.votes import Group, Turnout
from copilot.workflow.accept import accept_unseen
from copilot.workflow.review_session import Ending, ReviewSession

GRAPH = "digraph { w -> t; t -> y; w -> y [dir=none]; }"
ASKED = "quit and keep >"
END = "keep without accepting >"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "graph.dot").write_text(GRAPH)
    return tmp_path


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "COPILOT_", "COLUMNS"))}
    return {**kept, "TERM": "xterm", "NO_COLOR": "1", "LOGNAME": "ada"}


def start(folder: Path, *words: str) -> pexpect.spawn:
    return pexpect.spawn(
        sys.executable,
        ["-m", "copilot", "review", *words],
        cwd=str(folder),
        env=environment(),
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 200),
    )


@pytest.fixture
def terminal(folder: Path) -> Iterator[pexpect.spawn]:
    child = start(folder, "graph.dot", "-o", "out.json")
    yield child
    child.close(force=True)


def press(terminal: pexpect.spawn, *keys: str) -> None:
    for key in keys:
        terminal.expect_exact(ASKED)
        terminal.send(key)


def accept(terminal: pexpect.spawn) -> None:
    terminal.expect_exact(END)
    terminal.send("y")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def edges(folder: Path) -> set[tuple[str, str, str]]:
    graph = json.loads((folder / "out.json").read_text())
    return {(edge["source"], edge["target"], edge["kind"]) for edge in graph.get("graph", graph)["edges"]}


def test_edges_without_direction_come_first_and_get_one(terminal: pexpect.spawn, folder: Path) -> None:
    terminal.expect_exact("which way?")
    press(terminal, "1", "y", "y")
    accept(terminal)
    assert edges(folder) == {("w", "t", "directed"), ("t", "y", "directed"), ("w", "y", "directed")}


def test_a_circle_is_refused_and_shown_and_undo_goes_back(terminal: pexpect.spawn, folder: Path) -> None:
    press(terminal, "2")
    terminal.expect_exact("run in a circle: ")
    press(terminal, "n", "u", "1", "y", "n")
    accept(terminal)
    assert edges(folder) == {("t", "y", "directed"), ("w", "y", "directed")}


def test_an_edge_can_be_edited_with_a_reason_or_added(terminal: pexpect.spawn, folder: Path) -> None:
    press(terminal, "e")
    terminal.expect_exact("or none?")
    terminal.sendline("<->")
    terminal.expect_exact("Why?")
    terminal.sendline("weather")
    press(terminal, "N")
    terminal.expect_exact("Why?")
    terminal.sendline("no mechanism")
    press(terminal, "y")
    terminal.expect_exact(END)
    terminal.send("a")
    terminal.expect_exact("cause->effect")
    terminal.sendline("w->y")
    terminal.expect_exact("Why?")
    terminal.sendline("")
    accept(terminal)
    assert edges(folder) == {("w", "y", "bidirected"), ("w", "y", "directed"), ("w", "t", "directed")}


def finish(terminal: pexpect.spawn) -> None:
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_quitting_keeps_what_was_decided_and_nobody_has_accepted_it(terminal: pexpect.spawn, folder: Path) -> None:
    press(terminal, "1", "q")
    terminal.expect_exact("Proposed, not accepted by anybody; reviewed by ")
    terminal.expect_exact("2 questions left")
    finish(terminal)
    assert ("w", "y", "directed") in edges(folder)


def test_accepting_with_skipped_questions_says_so(terminal: pexpect.spawn) -> None:
    press(terminal, "1", "s", "s")
    terminal.expect_exact("2 questions skipped")
    terminal.expect_exact(END)
    terminal.send("y")
    terminal.expect_exact("but 2 questions skipped: not fully reviewed")
    finish(terminal)


def test_an_edge_becomes_a_common_cause_and_an_arrow_again(terminal: pexpect.spawn, folder: Path) -> None:
    for form in ("<->", "->"):
        press(terminal, "e")
        terminal.expect_exact("or none?")
        terminal.sendline(form)
        terminal.expect_exact("Why?")
        terminal.sendline("")
        press(terminal, "u" if form == "<->" else "y")
    press(terminal, "y")
    accept(terminal)
    assert ("w", "y", "directed") in edges(folder)
    assert len(edges(folder)) == 3


def test_ctrl_c_ends_with_130_and_writes_nothing(terminal: pexpect.spawn, folder: Path) -> None:
    terminal.expect_exact(ASKED)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert not (folder / "out.json").exists()
    assert (folder / "graph.dot").read_text() == GRAPH


VOTED = Consensus(
    graph=CausalGraph.build(directed=[("w", "t"), ("t", "y")]),
    edges=(),
    turnout={Group.LLM: Turnout(asked=4, valid=4, abstained=0)},
    latents=(LatentSuggestion(name="u", affects=("t", "w"), votes=3, valid=4, support=0.75),),
)


def reviewed(*, drawn: bool = False) -> Review:
    session = ReviewSession.start(VOTED, "eve")
    return (session.remove("no such cause") if not drawn else session.confound()).finish(Ending.ACCEPT)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Make the folder of a run whose suspected common cause was drawn, and that nobody has accepted."""
    place = tmp_path / "run"
    place.mkdir()
    for name, data in {"manifest": {"run_id": "3f2a90bc1d22"}, "profile": [], "report": {"notices": []}}.items():
        (place / f"{name}.json").write_text(json.dumps(data))
    (place / "consensus.json").write_text(VOTED.model_dump_json())
    gate(place, accept_unseen(VOTED, yes=False, latent_support=0.5))
    return place


def gate(place: Path, review: Review) -> None:
    graph = {"graph": review.graph.model_dump(mode="json"), "graph_hash": review.graph.content_hash}
    (place / "graph.json").write_text(json.dumps(graph))
    (place / "decisions.json").write_text(review.model_dump_json(exclude={"graph"}))


def standing(place: Path) -> dict[str, Any]:
    graph: dict[str, Any] = json.loads((place / "graph.json").read_text())
    decided: dict[str, Any] = json.loads((place / "decisions.json").read_text())
    return {**decided, "kinds": [edge["kind"] for edge in graph["graph"]["edges"]]}


def accept_with_yes(place: Path) -> str:
    words = [sys.executable, "-m", "copilot", "review", str(place), "--yes"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=60, check=True)
    return done.stderr


def test_yes_accepts_a_run_as_it_stands(run: Path) -> None:
    before = standing(run)
    assert "Accepted with --yes, not reviewed" in accept_with_yes(run)
    after = standing(run)
    assert after == {**before, "approved_by": "--yes"}
    assert "bidirected" in after["kinds"]
    assert "accepted with --yes, not reviewed" in (run / "graph.dot").read_text()


def test_yes_leaves_what_a_person_has_reviewed(run: Path) -> None:
    gate(run, reviewed())
    assert "Reviewed and accepted by eve; --yes changes nothing" in accept_with_yes(run)
    assert standing(run)["approved_by"] == "eve"
    assert json.loads((run / "manifest.json").read_text())["reviewed"] is True


def test_an_interruption_loses_no_decision_of_a_run(run: Path, folder: Path) -> None:
    terminal = start(folder, str(run))
    press(terminal, "n")
    terminal.expect_exact(END)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    kept = standing(run)
    assert kept["kinds"] == ["directed", "directed"]
    assert [decision["choice"] for decision in kept["decisions"]] == ["confound", "remove"]
    assert (kept["approved_by"], kept["reviewer"]) == (None, "ada")


def test_taking_back_an_earlier_acceptance_is_said(run: Path, folder: Path) -> None:
    gate(run, reviewed(drawn=True))
    terminal = start(folder, str(run))
    terminal.expect_exact("So far reviewed and accepted by eve")
    press(terminal, "n")
    terminal.expect_exact(END)
    terminal.send("q")
    terminal.expect_exact("the graph was reviewed and accepted by eve; now it is proposed, not accepted by anybody")
    finish(terminal)
    assert standing(run)["approved_by"] is None


def test_leaving_at_once_leaves_an_earlier_acceptance(run: Path, folder: Path) -> None:
    gate(run, reviewed())
    before = standing(run)
    terminal = start(folder, str(run))
    press(terminal, "q")
    terminal.expect_exact("Reviewed and accepted by eve")
    finish(terminal)
    assert standing(run) == before
