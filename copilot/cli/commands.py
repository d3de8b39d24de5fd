"""All commands, in the order of the help screen: one new module and one line here add a command."""

from __future__ import annotations

from types import ModuleType

from copilot.cli import config, doctor, init, keys, prompts, runs, suggest_graph
from copilot.cli.command import CommandGroup, entry_of

MODULES: tuple[ModuleType, ...] = (
    suggest_graph,
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
