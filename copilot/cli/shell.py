"""What a command is given beside its own arguments: the console, the shared flags, and the settings when it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot import SCHEMA_VERSION
from copilot.cli.console import Console
from copilot.cli.options import Json, NoInput, Quiet, RunDir, Seed, Verbose, Yes
from copilot.errors import UsageError

if TYPE_CHECKING:
    from copilot.composition.settings import Settings
    from copilot.data.runs import RunFolder


@dataclass(frozen=True)
class Shell:
    """One invocation of one command.

    Parameters
    ----------
    command
        As typed, without the program: ``"runs list"``.
    console
        The way to the person and to standard output.
    json, quiet, verbose, no_input, yes, seed, run_dir
        The shared flags.
    flags
        Settings given as flags, by field name of `Settings`.
    beside
        What the command's JSON object has beside its own keys; `keep_beside` puts it into the run's folder.
    """

    command: str
    console: Console
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_input: bool = False
    yes: bool = False
    seed: int | None = None
    run_dir: Path | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def environ(self) -> Mapping[str, str]:
        """Environment variables."""
        return self.console.environ

    @property
    def cwd(self) -> Path:
        """The working folder."""
        try:
            return Path.cwd()
        except OSError as error:
            raise UsageError("the working folder is gone", advice="Change to a folder that exists.") from error

    def settings(self) -> Settings:
        """Gather the settings of this run from all their sources; the key is from now on blotted out of all output."""
        from copilot.composition.load import load_settings

        settings = load_settings({**self.flags, "seed": self.seed}, environ=self.environ, cwd=self.cwd)
        if settings.api_key is not None:
            self.console.secrets.add(settings.api_key.get_secret_value())
        return settings

    def emit(self, payload: Mapping[str, Any], *, run_id: str | None = None) -> None:
        """Write the command's JSON object, headed by what every object has."""
        head = {"schema_version": SCHEMA_VERSION, "command": self.command, "run_id": run_id}
        self.console.emit_json({**head, **payload, **self.beside})

    def keep_beside(self, folder: RunFolder) -> None:
        """Write what is beside the command's own keys into its report, and each key into a file of its own."""
        if not self.beside:
            return
        from copilot.data.runs import REPORT

        folder.write_json(REPORT, {**folder.read_json(REPORT), **self.beside})
        for key, value in self.beside.items():
            folder.write_json(f"{key}.json", value)


def open_shell(
    command: str,
    console: Console,
    flags: Mapping[str, Any],
    *,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_input: NoInput = False,
    yes: Yes = False,
    seed: Seed = None,
    run_dir: RunDir = None,
) -> Shell:
    """Open the shell of a command; the keyword parameters are the options that every command has."""
    console.quiet, console.verbose, console.no_input = quiet, verbose, no_input
    return Shell(command, console, json, quiet, verbose, no_input, yes, seed, run_dir, flags)
