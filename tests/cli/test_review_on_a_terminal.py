"""The review as a person sees it: a real terminal, one key at a time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

GRAPH = "digraph { w -> t; t -> y; w -> y [dir=none]; }"
ASKED = "quit and keep >"
END = "keep without accepting >"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "graph.dot").write_text(GRAPH)
    return tmp_path


@pytest.fixture
def terminal(folder: Path) -> Iterator[pexpect.spawn]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "COPILOT_", "COLUMNS"))}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "copilot", "review", "graph.dot", "-o", "out.json"],
        cwd=str(folder),
        env={**environ, "TERM": "xterm", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 200),
    )
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
