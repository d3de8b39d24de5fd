"""Ctrl-C ends the data's vote at once, although the vote keeps the event loop waiting."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from copilot.discovery import discover as discovery


@pytest.mark.parametrize("command", ["suggest-graph", "analyze"])
def test_ctrl_c_ends_the_vote_of_the_data(
    cli: Callable[..., Any], home: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def interrupted(*_given: object, **_more: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the vote goes on")

    monkeypatch.setattr(discovery, "discover", interrupted)
    before = signal.getsignal(signal.SIGINT)
    (home / "data.csv").write_text("t,y\n" + "\n".join(f"{place % 2},{place * 7 % 11}" for place in range(60)) + "\n")
    outcome = ("-o" if command == "analyze" else "--outcome", "y")
    done = cli(command, "data.csv", "-t", "t", *outcome, "--voters", "data", "--yes", "--run-dir", "run", "--json")
    assert (done.code, done.json["error"]["type"]) == (130, "InterruptedRunError")
    assert not (home / "run" / "votes.json").exists()
    assert signal.getsignal(signal.SIGINT) is before
