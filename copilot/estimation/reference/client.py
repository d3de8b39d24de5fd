"""The near end of the process in which DoWhy runs: start early, ask when there is something to ask, hear later."""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import copilot
from copilot.domain.reference import ReferenceAnswer
from copilot.errors import EstimationError
from copilot.estimation.reference.question import Packed, ReferenceQuestion, pack
from copilot.estimation.reference.words import answer_of, no_answer

__all__ = ["Reference", "ReferenceQuestion"]

_COMMAND = (sys.executable, "-P", "-m", "copilot.estimation.reference.worker")  # -P: no module from the user's folder
_QUIET = {
    "PYTHONHASHSEED": "0",  # the sets that DoWhy finds depend on it
    "MPLBACKEND": "Agg",
    # One thread each: our own work goes on beside it, and sums in one order are the same on every run.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}


def start_worker() -> subprocess.Popen[bytes]:
    """Start a process that loads DoWhy and answers one request; takes some milliseconds.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    return subprocess.Popen(  # noqa: S603 (our own module, by the interpreter that runs)
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )


class Reference:
    """DoWhy in a process of its own; it answers one question.

    Whatever goes wrong on its side comes out as a `ReferenceAnswer` that says so, never as an exception.

    Parameters
    ----------
    process
        The worker; ``None`` if there is none.
    fault
        Why there is none.
    """

    def __init__(self, process: subprocess.Popen[bytes] | None, fault: str = "") -> None:
        self._process, self._fault = process, fault
        self._thread: threading.Thread | None = None
        self._asked: tuple[ReferenceQuestion, Packed] | None = None
        self._received = b""

    @classmethod
    def start(cls) -> Self:
        """Start the worker, which loads DoWhy while the caller goes on; takes some milliseconds."""
        try:
            return cls(start_worker())
        except OSError as fault:
            return cls(None, f"its process could not be started ({fault.strerror or fault})")

    @property
    def pid(self) -> int | None:
        """Id of the worker's process."""
        return None if self._process is None else self._process.pid

    def ask(self, question: ReferenceQuestion) -> None:
        """Send the one question, in a thread; returns at once.

        Raises
        ------
        RuntimeError
            On a second question.
        """
        if self._asked is not None:
            raise RuntimeError("a reference answers one question")
        packed = pack(question)
        self._asked = question, packed
        if self._process is not None:
            self._thread = threading.Thread(target=self._exchange, args=(self._process, packed.request), daemon=True)
            self._thread.start()

    def answer(self, timeout_s: float) -> ReferenceAnswer:
        """Compute our own estimate on the rows sent, wait for DoWhy's, and compare the two.

        Parameters
        ----------
        timeout_s
            How long to wait after our own estimate, in seconds; then the worker is ended.
        """
        if self._asked is None:
            self.close()
            return no_answer("nothing was asked")
        question, packed = self._asked
        ours = None if packed.no_estimate else _ours(question, packed)
        if self._thread is None:
            return no_answer(self._fault)
        self._thread.join(timeout_s)
        late = self._thread.is_alive()
        self.close()
        if late:
            return no_answer(f"it did not answer within {timeout_s:g} seconds")
        try:
            reply: dict[str, Any] = json.loads(self._received)
        except ValueError:
            return no_answer("its process ended without an answer")
        return answer_of(question, packed, reply, ours)

    def close(self) -> None:
        """End the worker, whatever it does; may be called again."""
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        if self._thread is not None:
            self._thread.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, process: subprocess.Popen[bytes], request: bytes) -> None:
        if process.stdin is None or process.stdout is None:
            return
        with contextlib.suppress(OSError):  # a worker that could not load DoWhy has left, but its reply is there
            process.stdin.write(request)
            process.stdin.flush()
        with contextlib.suppress(OSError, ValueError):
            self._received = process.stdout.read()


def _ours(question: ReferenceQuestion, packed: Packed) -> float:
    """Estimate on the rows that were sent; NaN where they do not allow it."""
    try:
        return float(question.ours(packed.problem))
    except (EstimationError, ArithmeticError):
        return math.nan


def _environment() -> dict[str, str]:
    """Give the worker the caller's environment, and this package where it is not installed."""
    environment = {**os.environ, **_QUIET}
    root = str(Path(copilot.__file__).resolve().parent.parent)
    if root not in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), root)))
    return environment
