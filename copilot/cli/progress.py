"""Progress on anything that takes over a second, for people at a terminal and for nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress as RichProgress

PATIENCE_S = 1.0


def after(seconds: float, action: Callable[[], None]) -> Callable[[], None]:
    """Do something later, on another thread that holds nobody up; give what cancels it."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer.cancel


class TerminalProgress:
    """A bar that comes up when a stretch has taken a second, even if no step was taken yet.

    Parameters
    ----------
    console
        Makes the Rich console to draw on; called when the bar comes up.
    later
        Does something after some seconds and gives what cancels it.
    """

    def __init__(
        self,
        console: Callable[[], RichConsole],
        later: Callable[[float, Callable[[], None]], Callable[[], None]] = after,
    ) -> None:
        self._console = console
        self._later = later
        self._lock = threading.Lock()
        self._cancel: Callable[[], None] | None = None
        self._bar: RichProgress | None = None
        self._label, self._total, self._taken = "", None, 0

    _total: int | None

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch; one still running is ended."""
        self.done()
        with self._lock:
            self._label, self._total, self._taken = label, total, 0
        self._cancel = self._later(PATIENCE_S, self._appear)

    def advance(self, steps: int = 1) -> None:
        """Take steps."""
        with self._lock:
            self._taken += steps
            if self._bar is not None:
                self._bar.update(self._bar.task_ids[0], completed=self._taken)

    def done(self) -> None:
        """End the stretch and take the bar off the screen."""
        if self._cancel is not None:
            self._cancel()
        with self._lock:
            self._cancel = None
            bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()

    def _appear(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.text import Text

        from copilot.domain.text import one_line

        with self._lock:
            if self._cancel is None or self._bar is not None:
                return
            bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console(),
                transient=True,
            )
            bar.add_task(Text(one_line(self._label, 60)).plain, total=self._total, completed=self._taken)
            bar.start()
            self._bar = bar
