"""What a command is before anything heavy is imported: a name, a line, and a function to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Command:
    """A command.

    Parameters
    ----------
    name
        As typed.
    summary
        One line for the list of commands.
    run
        Its first parameter is ``shell``, a `copilot.cli.shell.Shell`; the others are annotated as typer wants them,
        or bundles of options: dataclasses of such fields.
        What is heavy is imported inside. The docstring is the help text: its ``Examples`` section stands at the end
        of ``--help``, its other sections do not. It gives the exit code, ``None`` standing for 0.
    settings
        Settings that are flags of this command, by their names in `copilot.composition.settings.Settings`.
    aliases
        Other names, not listed.
    """

    name: str
    summary: str
    run: Callable[..., int | None]
    settings: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommandGroup:
    """Commands under one name, such as ``runs list`` and ``runs show``."""

    name: str
    summary: str
    commands: tuple[Entry, ...]
    aliases: tuple[str, ...] = ()


Entry = Command | CommandGroup


def entry_of(module: ModuleType) -> Entry:
    """Read a command module.

    A command has ``NAME``, ``SUMMARY`` and ``run``, and may have ``SETTINGS`` and ``ALIASES``.
    A group has ``NAME``, ``SUMMARY`` and ``COMMANDS``, a tuple of `Command`.
    """
    aliases = getattr(module, "ALIASES", ())
    if hasattr(module, "COMMANDS"):
        return CommandGroup(module.NAME, module.SUMMARY, module.COMMANDS, aliases)
    return Command(module.NAME, module.SUMMARY, module.run, getattr(module, "SETTINGS", ()), aliases)


def find(entries: tuple[Entry, ...], name: str) -> Entry | None:
    """Find an entry by its name or an alias."""
    return next((entry for entry in entries if name == entry.name or name in entry.aliases), None)
