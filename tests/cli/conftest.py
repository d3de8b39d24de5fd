from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from copilot.cli.app import run
from copilot.cli.console import Console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without files and settings, in an empty working folder."""
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    work = tmp_path / "work"
    (work / ".git").mkdir(parents=True)
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process; nobody sits at the terminal unless `typed` says what they type."""
    assert home.is_dir()

    def call(
        *arguments: str, typed: str | None = None, piped: str = "", environ: Mapping[str, str] | None = None
    ) -> Outcome:
        there = typed is not None
        stdin = Terminal(typed) if typed is not None else io.StringIO(piped)
        stdout, stderr = io.StringIO(), Terminal() if there else io.StringIO()
        code = run(arguments, Console(stdin, stdout, stderr, {"TERM": "dumb", **(environ or {})}))
        return Outcome(code, stdout.getvalue() + capsys.readouterr().out, stderr.getvalue())

    return call
