"""Commands that are built when they are called, so that the list of commands costs nothing."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from copilot.cli.command import Command, CommandGroup, Entry, find
from copilot.cli.shell import open_shell
from copilot.errors import UsageError


class NoCommandError(UsageError):
    """Nothing was asked for; `help_text` says what there is."""

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__(f"no command after {name!r}", advice=f"`{name} --help` lists them.")
        self.help_text = help_text


class LazyGroup(TyperGroup):
    """A group that knows of its commands by name and summary, and builds one when it is asked for."""

    entries: tuple[Entry, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (the base class has it)
        """List the names in order."""
        return [entry.name for entry in self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002 (as above)
        """Build a command."""
        entry = find(self.entries, cmd_name)
        if entry is None:
            return None
        return build_command(entry) if isinstance(entry, Command) else build_group(entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command to run.

        Raises
        ------
        UsageError
            If there is none of that name; the nearest is offered.
        """
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            near = get_close_matches(name, self.list_commands(ctx), n=1, cutoff=0.5)
            offer = f"Did you mean {ctx.command_path} {near[0]}? " if near else ""
            raise UsageError(
                f"there is no command {ctx.command_path} {name}",
                advice=f"{offer}`{ctx.command_path} --help` lists all commands.",
            )
        return command.name, command, args[1:]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the group's own options."""
        if not args and not ctx.resilient_parsing:
            raise NoCommandError(ctx.command_path, ctx.get_help())
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 (the base class has it)
        """List names and summaries on the help screen, without building anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in self.entries])


def _bare_app(**settings: Any) -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, **settings)


def build_group(group: CommandGroup, callback: Callable[..., None] | None = None, epilog: str = "") -> LazyGroup:
    """Build a group of commands.

    Parameters
    ----------
    group
        Its commands are built when they are called.
    callback
        Its parameters are the group's own options.
    epilog
        Stands below the list of commands.
    """
    app = _bare_app(cls=LazyGroup, name=group.name, help=group.summary, epilog=epilog)
    app.callback()(callback or _no_options)
    built = typer.main.get_command(app)
    if not isinstance(built, LazyGroup):
        raise TypeError("typer did not build the class it was given")
    built.entries = group.commands
    return built


def _no_options() -> None:
    pass


def build_command(command: Command) -> TyperCommand:
    """Build one command with its own options, those of its settings, and those that all commands have."""
    text, examples = help_of(command)
    app = _bare_app()
    app.command(command.name, help=text, epilog=examples)(_adapted(command))
    built = typer.main.get_command(app)
    if not isinstance(built, TyperCommand):
        raise TypeError("typer did not build a command")
    return built


def help_of(command: Command) -> tuple[str, str]:
    """Take the help text and the examples out of the docstring; under ``python -OO`` the summary has to do."""
    document = inspect.getdoc(command.run) or command.summary
    sections = re.split(r"(?m)^(\w+)\n-+\n", document)
    named = dict(zip(sections[1::2], sections[2::2], strict=True))
    lines = [f"  {line.strip()}" for line in named.get("Examples", "").splitlines() if line.strip()]
    return sections[0].strip(), "\n".join(["\b", "Examples:", *lines]) if lines else ""


def options_of(bundle: Any) -> list[inspect.Parameter]:
    """Make one option of each field of a dataclass: what several commands take is written once, as one parameter."""
    types = get_type_hints(bundle, include_extras=True)
    keyword = inspect.Parameter.KEYWORD_ONLY
    return [inspect.Parameter(f.name, keyword, default=f.default, annotation=types[f.name]) for f in fields(bundle)]


def _adapted(command: Command) -> Callable[..., int | None]:
    """Give typer one function with all options of a command; calling it opens the shell and runs the command."""
    from copilot.cli.options import setting_options

    given_to = [p for p in inspect.signature(command.run, eval_str=True).parameters.values() if p.name != "shell"]
    bundles: dict[str, Any] = {p.name: p.annotation for p in given_to if is_dataclass(p.annotation)}
    own = [one for p in given_to for one in (options_of(bundles[p.name]) if p.name in bundles else (p,))]
    shared = [p for p in inspect.signature(open_shell, eval_str=True).parameters.values() if p.kind is p.KEYWORD_ONLY]
    settings = setting_options(command.settings) if command.settings else ()

    def call(ctx: typer.Context, **given: Any) -> int | None:
        common = {p.name: given.pop(p.name) for p in shared}
        flags = {p.name: given.pop(p.name) for p in settings}
        for bundle, kind in bundles.items():
            given[bundle] = kind(**{one.name: given.pop(one.name) for one in options_of(kind)})
        name = " ".join(ctx.command_path.split()[1:])
        return command.run(open_shell(name, ctx.obj, flags, **common), **given)

    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    named = [p.replace(kind=p.KEYWORD_ONLY) for p in (*own, *settings, *shared)]
    call.__signature__ = inspect.Signature([context, *named])  # type: ignore[attr-defined]  # typer reads it
    call.__doc__ = None
    return call
