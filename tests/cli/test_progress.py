from __future__ import annotations

import io
from collections.abc import Callable

from rich.console import Console as RichConsole

from copilot.cli.console import Console
from copilot.cli.progress import PATIENCE_S, TerminalProgress
from copilot.workflow.progress import Silent


class Later:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.seconds: list[float] = []

    def __call__(self, seconds: float, action: Callable[[], None]) -> Callable[[], None]:
        self.seconds.append(seconds)
        self.waiting.append(action)
        return self.waiting.clear

    def pass_by(self) -> None:
        for action in tuple(self.waiting):
            action()


def bar() -> tuple[TerminalProgress, Later, io.StringIO]:
    screen, later = io.StringIO(), Later()
    rich = RichConsole(file=screen, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    return TerminalProgress(lambda: rich, later), later, screen


def test_short_work_shows_nothing() -> None:
    progress, later, screen = bar()
    progress.start("ballots", 3)
    progress.advance()
    progress.done()
    later.pass_by()
    assert later.seconds == [PATIENCE_S]
    assert screen.getvalue() == ""


def test_long_work_shows_its_label_and_what_is_done() -> None:
    progress, later, screen = bar()
    progress.start("ballots [bold]\x1b", 3)
    progress.advance(2)
    later.pass_by()
    progress.advance()
    progress.done()
    assert "ballots [bold]" in screen.getvalue()
    assert "2/3" in screen.getvalue()


def test_a_new_stretch_ends_the_one_before() -> None:
    progress, later, screen = bar()
    progress.start("one", 1)
    later.pass_by()
    progress.start("two", None)
    progress.done()
    progress.done()
    assert "one" in screen.getvalue()
    assert "two" not in screen.getvalue()


def test_only_a_watched_terminal_gets_a_bar() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def kind(stream: io.StringIO, environ: dict[str, str], *, quiet: bool = False) -> type:
        console = Console(None, None, stream, environ)
        console.quiet = quiet
        return type(console.progress())

    assert kind(Terminal(), {"TERM": "xterm"}) is TerminalProgress
    assert kind(Terminal(), {"TERM": "dumb"}) is Silent
    assert kind(Terminal(), {"TERM": "xterm"}, quiet=True) is Silent
    assert kind(io.StringIO(), {"TERM": "xterm"}) is Silent
