from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
DOT = "digraph { w -> {t y}; t -> y }"


@pytest.fixture
def dot(home: Path) -> Path:
    path = home / "g.dot"
    path.write_text(DOT)
    return path


def test_a_graph_is_drawn_in_the_terminal(cli: Call, dot: Path) -> None:
    done = cli("graph", "show", str(dot), "-t", "t", "--outcome", "y")
    assert (done.code, done.err) == (0, "")
    assert "(treatment)" in done.out
    assert "►" in done.out
    assert cli("graph", "show", str(dot), "--ascii").out.isascii()


def test_a_narrow_terminal_gets_a_listing(cli: Call, dot: Path) -> None:
    done = cli("graph", "show", str(dot), environ={"COLUMNS": "20"})
    assert "w ──► t, y" in done.out


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("g.svg", b"<svg "),
        ("G.PNG", b"\x89PNG"),
        ("g.mmd", b"flowchart LR"),
        ("h.dot", b"digraph"),
        ("g.json", b"{"),
        ("g.dagitty", b"dag {"),
    ],
)
def test_a_picture_or_a_file_is_written(cli: Call, dot: Path, name: str, begins: bytes) -> None:
    done = cli("graph", "show", str(dot), "-t", "t", "-o", name)
    assert (done.code, done.out, done.err) == (0, "", f"Written: {name}\n")
    first = (dot.parent / name).read_bytes()
    assert first.startswith(begins)
    assert cli("graph", "show", str(dot), "-t", "t", "-o", name).code == 0
    assert (dot.parent / name).read_bytes() == first


def test_json_gives_the_graph(cli: Call, dot: Path) -> None:
    done = cli("graph", "show", str(dot), "--outcome", "y", "-o", "g.mmd", "--json")
    payload = json.loads(done.out)
    assert payload["command"] == "graph show"
    assert [node["name"] for node in payload["graph"]["nodes"]] == ["t", "w", "y"]
    assert (payload["treatment"], payload["outcome"], payload["output"]) == (None, "y", "g.mmd")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "g.pdf"), ".svg, .png, .dot"),
        (("-o", "nowhere/g.svg"), "does not exist"),
        (("-o", "g.dot"), "is an input of this run"),
        (("-t", "q"), "'q'"),
        (("-t", "y", "--outcome", "y"), "the same variable"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(cli: Call, dot: Path, words: tuple[str, ...], said: str) -> None:
    done = cli("graph", "show", str(dot), *words)
    assert done.code == 2
    assert said in done.err
    assert dot.read_text() == DOT


def test_no_picture_no_matplotlib(dot: Path) -> None:
    code = (
        "import sys; from copilot.cli.app import main\n"
        f"sys.argv = ['copilot', 'graph', 'show', {str(dot)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith('matplotlib')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
