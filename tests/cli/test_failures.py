from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
import typer

from copilot.cli.console import Console
from copilot.cli.failures import StoppedError, guard
from copilot.errors import (
    AuthenticationError,
    ConfigurationError,
    CopilotError,
    GateError,
    InterruptedRunError,
    NotIdentifiableError,
    QuorumError,
)

KEY = "sk-secret-0123456789"


def end(error: BaseException, *arguments: str, key: str = "") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    console = Console(None, out, err, {})
    console.secrets.add(key)
    code = guard(console, arguments, "analyze", raising(error))
    return code, out.getvalue(), err.getvalue()


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no"), 2),
        (GateError("no"), 3),
        (AuthenticationError("no"), 4),
        (QuorumError("no"), 5),
        (NotIdentifiableError("no"), 6),
        (InterruptedRunError("no"), 130),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (StoppedError("SIGTERM", 15), 143),
        (typer.BadParameter("no"), 2),
        (OSError(28, "No space left on device"), 2),
        (FileNotFoundError(2, "No such file"), 1),
        (RuntimeError("no"), 1),
        (CopilotError("no"), 1),
        (RecursionError(), 1),
        (ExceptionGroup("many", [RuntimeError("no"), ExceptionGroup("more", [QuorumError("few")])]), 5),
    ],
)
def test_every_end_has_its_code_and_no_traceback(error: BaseException, code: int) -> None:
    got, out, err = end(error)
    assert (got, out) == (code, "")
    assert err
    assert "Traceback" not in err


def test_words_are_what_why_and_next() -> None:
    error = QuorumError("3 of 7 ballots\ncount", reason="4 were \x1b[31mcut off.", advice="Resume it.")
    assert end(error)[2] == "error: 3 of 7 ballots count\nwhy: 4 were [31mcut off.\nnext: Resume it.\n"
    assert end(GateError("one line"))[2] == "error: one line\n"


def test_json_stands_beside_the_words() -> None:
    _, out, err = end(NotIdentifiableError("no", reason="r", advice="a"), "analyze", "--json")
    assert err == "error: no\nwhy: r\nnext: a\n"
    assert json.loads(out) == {
        "schema_version": 1,
        "command": "analyze",
        "run_id": None,
        "error": {"type": "NotIdentifiableError", "message": "no", "reason": "r", "advice": "a", "exit_code": 6},
    }


def test_json_is_never_written_twice() -> None:
    out = io.StringIO()
    console = Console(None, out, io.StringIO(), {})

    def work() -> int:
        console.emit_json({"a": 1})
        raise GateError("no")

    assert guard(console, ["--json"], "critique", work) == 3
    assert json.loads(out.getvalue()) == {"a": 1}


def test_a_bug_is_called_ours_and_shows_its_traceback_only_when_asked() -> None:
    quiet, loud = end(ValueError(f"bad {KEY}"), key=KEY)[2], end(ValueError(f"bad {KEY}"), "-v", key=KEY)[2]
    assert quiet.startswith("error: this is our bug: ValueError: bad [key]\n")
    assert "Traceback" in loud
    assert KEY not in quiet + loud


def test_interruption_is_one_line_even_with_tracebacks_on() -> None:
    assert end(KeyboardInterrupt(), "-v")[2] == "interrupted\n"
    assert end(StoppedError("SIGTERM", 15), "-v")[2] == "stopped by SIGTERM\n"


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (StoppedError("SIGTERM", 15), 143)])
def test_what_an_interruption_breaks_on_its_way_is_no_bug(stop: BaseException, code: int) -> None:
    broken = RuntimeError("release unlocked lock")
    broken.__context__ = ValueError("on the way")
    broken.__context__.__context__ = stop
    assert end(broken)[0] == code


def test_a_pipe_nobody_reads_is_quiet() -> None:
    assert end(BrokenPipeError(), "--json") == (141, "", "")
