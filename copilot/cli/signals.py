"""Signals that ask the process to end: each becomes one exception, where an exception is not lost."""

from __future__ import annotations

import signal
import sys
from importlib.machinery import ExtensionFileLoader
from time import monotonic
from types import FrameType

from copilot.cli.failures import StoppedError

_SOON, _LONGEST = 0.02, 1.0
"""Seconds until a signal that comes at a bad moment is tried again, and until it is raised whatever comes of it."""
_COMPILED = {ExtensionFileLoader.create_module.__code__, ExtensionFileLoader.exec_module.__code__}
"""What runs while a compiled module is being imported, with all that it imports."""

_first: dict[int, float] = {}
"""When each signal that was put off came first."""


def heed() -> None:
    """Let signals raise exceptions from now on."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Event loops take Ctrl-C over from this very function, and give it back.
        signal.default_int_handler = _interrupt  # type: ignore[assignment]
        signal.signal(signal.SIGINT, _interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    sys.unraisablehook = _send_again


def end_at_once() -> None:
    """Let a second Ctrl-C end the process at once, and the first be forgotten."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # If Ctrl-C met code made from text, as named tuples are, Python would end by killing itself with SIGINT. It forgets
    # that when such code comes through.
    exec("")  # noqa: S102


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not _put_off(number, frame):
        raise KeyboardInterrupt


def _stop(number: int, frame: FrameType | None) -> None:
    if not _put_off(number, frame):
        raise StoppedError(signal.Signals(number).name, number)


def _put_off(number: int, frame: FrameType | None) -> bool:
    """Put a signal off while a compiled module is imported: it may swallow what is raised, or make another error."""
    if not (_imports(frame) and hasattr(signal, "setitimer")):
        return False
    now = monotonic()
    if now - _first.setdefault(number, now) > _LONGEST:
        return False
    _again(number)
    return True


def _imports(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code not in _COMPILED:
        frame = frame.f_back
    return frame is not None


def _again(number: int) -> None:
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
    signal.setitimer(signal.ITIMER_REAL, _SOON)


def _send_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal again whose exception was raised where none can be, as in a callback of the interpreter."""
    error = lost.exc_value
    if isinstance(error, KeyboardInterrupt | StoppedError) and hasattr(signal, "setitimer"):
        _again(error.number if isinstance(error, StoppedError) else signal.SIGINT)
    else:
        sys.__unraisablehook__(lost)
