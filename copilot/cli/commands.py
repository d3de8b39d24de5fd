"""All commands, in the order of the help screen: one new module and one line here add a command."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from copilot.cli import (
    analyze,
    ask,
    config,
    critique,
    doctor,
    estimate,
    explain,
    graph,
    identify,
    init,
    keys,
    prompts,
    refute,
    review,
    runs,
    suggest_confounders,
    suggest_graph,
    suggest_instruments,
    suggest_negative_controls,
)
from copilot.cli.command import CommandGroup, entry_of

MODULES: tuple[ModuleType, ...] = (
    analyze,
    ask,
    suggest_graph,
    review,
    critique,
    graph,
    identify,
    estimate,
    refute,
    suggest_confounders,
    suggest_instruments,
    suggest_negative_controls,
    explain,
    runs,
    init,
    doctor,
    config,
    keys,
    prompts,
)

ROOT = CommandGroup(
    "copilot",
    "The causal co-pilot: from a table and a question to an effect you can defend.",
    tuple(map(entry_of, MODULES)),
)


def help_paths(group: CommandGroup = ROOT, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List the words that lead to every help screen, the groups before their commands."""
    yield words
    for entry in group.commands:
        path = (*words, entry.name)
        if isinstance(entry, CommandGroup):
            yield from help_paths(entry, path)
        else:
            yield path
