"""Rules that hold for every command, read off the one tuple of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from copilot.cli.command import Command, CommandGroup, Entry
from copilot.cli.commands import MODULES, ROOT
from copilot.cli.lazy import build_command, help_of
from copilot.cli.options import MODEL_SETTINGS, VOTE_SETTINGS
from copilot.composition.settings import Settings

Call = Callable[..., Any]
COMMON = {"json", "quiet", "verbose", "no_input", "yes", "seed", "run_dir"}


def leaves(entries: tuple[Entry, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    for entry in entries:
        if isinstance(entry, CommandGroup):
            yield from leaves(entry.commands, (*path, entry.name))
        else:
            yield (*path, entry.name), entry


ALL = list(leaves(ROOT.commands))
each_command = pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])


def test_every_module_stands_on_the_help_screen_once(cli: Call) -> None:
    done = cli("--help")
    listed = done.out.split("Commands:\n", 1)[1].splitlines()
    for entry in ROOT.commands:
        assert sum(line.startswith(f"  {entry.name} ") for line in listed) == 1
        assert entry.summary.endswith(".")
    assert len(ROOT.commands) == len(MODULES)
    assert (done.code, done.err) == (0, "")


@each_command
def test_every_command_has_help_an_example_and_the_common_options(
    cli: Call, path: tuple[str, ...], command: Command
) -> None:
    done = cli(*path, "--help")
    assert done.code == 0
    assert f"\n    $ copilot {' '.join(path)}" in done.out
    assert f"$ copilot {' '.join(path)}" in help_of(command)[1]
    assert {parameter.name for parameter in build_command(command).params} >= COMMON
    assert done.out.isascii()


@each_command
def test_no_option_stands_twice(path: tuple[str, ...], command: Command) -> None:
    options = [option for parameter in build_command(command).params for option in parameter.opts]
    assert path
    assert len(options) == len(set(options))


@each_command
def test_settings_of_commands_exist(path: tuple[str, ...], command: Command) -> None:
    assert path
    assert {*command.settings, *MODEL_SETTINGS, *VOTE_SETTINGS} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    "group", [entry for entry in ROOT.commands if isinstance(entry, CommandGroup)], ids=lambda entry: entry.name
)
def test_a_group_alone_shows_what_it_holds_and_fails(cli: Call, group: CommandGroup) -> None:
    done = cli(group.name, "--json")
    assert done.code == 2
    alone = cli(group.name)
    assert (alone.code, alone.out) == (2, "")
    assert all(f"\n  {entry.name} " in alone.err for entry in group.commands)


def test_wrong_types_and_surplus_words_are_usage_errors(cli: Call) -> None:
    done = cli("init", "--seed", "many")
    assert done.code == 2
    assert "--seed" in done.err
    assert cli("init", "surplus").code == 2
    assert cli("init", "--seed", "-1").code == 2
    assert cli("--", "init", "--nope").code == 2
