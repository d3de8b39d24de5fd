"""The command line: one function that never raises, and gives an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from copilot import __version__
from copilot.cli.command import CommandGroup, Entry, find
from copilot.cli.commands import ROOT
from copilot.cli.console import Console
from copilot.cli.failures import StoppedError, guard
from copilot.cli.lazy import LazyGroup, build_group

EPILOG = """\b
Examples:
  $ copilot suggest-graph data.csv --treatment t --outcome y -o graph.dot
  $ copilot doctor

\b
Exit codes: 0 fine, 1 our bug, 2 usage, configuration or data, 3 a gate failed,
4 authentication, 5 provider, budget or quorum, 6 not identifiable, 130 interrupted."""

_SOON = 0.05
"""Seconds."""
_LIVELY, _OLDER = 50_000, 20
"""Objects that are made before garbage is looked for, and looks before older ones are looked at again. With what Python
presets, importing libraries and reading cells take a tenth longer, for there is hardly any garbage to be found."""


def main() -> None:
    """Run the command line and end the process."""
    import gc
    import warnings

    gc.set_threshold(_LIVELY, _OLDER, _OLDER)
    warnings.simplefilter("ignore")  # libraries warn their callers, not the person at the terminal
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    sys.unraisablehook = _send_again
    code = run(sys.argv[1:], Console.of_process())
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends at once
    # If Ctrl-C met code made from text, as named tuples are, Python would end by killing itself with SIGINT. It forgets
    # that when such code comes through.
    exec("")  # noqa: S102
    sys.exit(code)


def run(arguments: Sequence[str], console: Console) -> int:
    """Run one command line and give its exit code."""
    console.arguments = tuple(arguments)
    return guard(console, arguments, command_of(arguments), lambda: _dispatch(arguments, console))


def root() -> LazyGroup:
    """Build the root command; its commands are built when they are called."""
    return build_group(ROOT, _root_options, EPILOG)


def command_of(arguments: Sequence[str]) -> str:
    """Name the command that a command line asks for, as far as it can be told without parsing it.

    Examples
    --------
    >>> command_of(["config", "show", "--origin"])
    'config show'
    """
    entries: tuple[Entry, ...] = ROOT.commands
    path: list[str] = []
    for word in arguments:
        entry = find(entries, word)
        if entry is None:
            break
        path.append(entry.name)
        if not isinstance(entry, CommandGroup):
            break
        entries = entry.commands
    return " ".join(path)


def _dispatch(arguments: Sequence[str], console: Console) -> int:
    group = root()
    try:
        with group.make_context(ROOT.name, list(arguments), obj=console) as context:
            return group.invoke(context) or 0
    except typer.Exit as end:
        return end.exit_code


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"copilot {__version__}")
        raise typer.Exit


def _root_options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command; `version` never gets this far."""


def _stop(number: int, _frame: FrameType | None) -> None:
    raise StoppedError(signal.Signals(number).name, number)


def _send_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal again whose exception was raised where none can be, as in a callback of the import system."""
    error = lost.exc_value
    if not isinstance(error, KeyboardInterrupt | StoppedError) or not hasattr(signal, "setitimer"):
        sys.__unraisablehook__(lost)
        return
    number = error.number if isinstance(error, StoppedError) else signal.SIGINT
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
    signal.setitimer(signal.ITIMER_REAL, _SOON)
