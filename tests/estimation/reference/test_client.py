"""The process around DoWhy, with stand-ins for a DoWhy that is broken, slow or loud."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from copilot.domain.graph import CausalGraph
from copilot.estimation.problem import Problem
from copilot.estimation.reference.client import Reference, ReferenceQuestion

PARENT = """
import time
from copilot.estimation.reference.client import Reference
reference = Reference.start()
print(reference.pid, flush=True)
time.sleep(60)
"""


def question() -> ReferenceQuestion:
    t = np.tile([0.0, 1.0], 10)
    return ReferenceQuestion(
        graph=CausalGraph.build(directed=[("t", "y")]),
        treatment="t",
        outcome="y",
        problem=Problem(y=2 * t, t=t, covariates=np.empty((20, 0))),
        ours=lambda _problem: 2.0,
        estimator="linear_regression",
    )


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    """Put another module in DoWhy's place."""
    (folder / "dowhy.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise ImportError('no dowhy here')", "could not be loaded (ImportError: no dowhy here)"),
        ("raise KeyError('odd')", "could not be loaded (KeyError: 'odd')"),
        ("import os; os._exit(3)", "ended without an answer"),
        ("import time; time.sleep(60)", "did not answer within 1 seconds"),
    ],
    ids=["missing", "broken", "crashes", "hangs"],
)
def test_a_dowhy_that_fails_is_said_and_not_raised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, says: str
) -> None:
    pretend(monkeypatch, tmp_path, text)
    with Reference.start() as reference:
        pid = reference.pid
        reference.ask(question())
        answer = reference.answer(1 if "sleep" in text else 30)
    assert not answer.ran
    assert says in answer.message
    assert pid is not None
    assert not is_alive(pid)


def test_a_module_in_the_folder_of_the_user_is_not_taken_for_dowhy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "dowhy.py").write_text("raise ImportError('taken from here')")
    (tmp_path / "json.py").write_text("raise ImportError('taken from here')")
    monkeypatch.chdir(tmp_path)
    with Reference.start() as reference:
        reference.ask(question())
        answer = reference.answer(60)
    assert answer.ran
    assert answer.agrees is True
    assert answer.identification == "DoWhy also finds that nothing need be adjusted for."


def test_what_dowhy_prints_stays_in_its_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loud = "import os, sys; print('out'); print('err', file=sys.stderr); os.write(1, b'raw'); os.write(2, b'raw'); "
    pretend(monkeypatch, tmp_path, loud + "raise ImportError(input() if False else 'after the noise')")
    with Reference.start() as reference:
        reference.ask(question())
        answer = reference.answer(30)
    assert "after the noise" in answer.message
    assert capfd.readouterr() == ("", "")


def test_nothing_asked_is_said_and_the_process_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "import time; time.sleep(60)")
    reference = Reference.start()
    pid = reference.pid
    answer = reference.answer(0.1)
    reference.close()
    assert not answer.ran
    assert "nothing was asked" in answer.message
    assert pid is not None
    assert not is_alive(pid)


def test_a_second_question_is_our_bug(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, "import time; time.sleep(60)")
    with Reference.start() as reference:
        reference.ask(question())
        with pytest.raises(RuntimeError, match="one question"):
            reference.ask(question())


def test_without_a_process_the_answer_says_so() -> None:
    reference = Reference(None, "its process could not be started (no such file)")
    reference.ask(question())
    answer = reference.answer(1)
    reference.close()
    assert answer.message == (
        "The estimate was not compared with DoWhy: its process could not be started (no such file)."
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_the_worker_ends_with_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals
) -> None:
    pretend(monkeypatch, tmp_path, "import time; time.sleep(60)")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(parent.pid, number)
    parent.wait(10)
    parent.stdout.close()
    assert gone_within(pid, 10)


def test_an_interrupt_ends_the_worker_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    pretend(monkeypatch, tmp_path, f"import time, pathlib; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)")
    with Reference.start() as reference:
        assert reference.pid is not None
        end = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(reference.pid, signal.SIGINT)
        assert gone_within(reference.pid, 5)
