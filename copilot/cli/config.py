"""``copilot config show``: every setting and where it came from."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from copilot.cli.command import Command
from copilot.cli.options import MODEL_SETTINGS, VOTE_SETTINGS
from copilot.cli.shell import Shell

NAME = "config"
SUMMARY = "Show the settings and where each came from."


def show(
    shell: Shell,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
) -> None:
    """Show every setting as it counts here and now. Of the API key only whether there is one.

    What goes before what: a flag, the environment, the project's file, your own file, a stored key, the default.

    Examples
    --------
      $ copilot config show --origin
      $ COPILOT_VOTES=5 copilot config show --json
    """
    from copilot.composition.settings import SPECS

    settings = shell.settings()
    if shell.json:
        found: dict[str, Any] = {
            spec.key: {
                "value": settings.shown(spec.name),
                "source": settings.origins[spec.name].source,
                "origin": settings.origins[spec.name].detail,
            }
            for spec in SPECS
        }
        shell.emit({"settings": found, "model_configured": settings.model_configured})
        return
    rows = [(spec.key, _written(settings.shown(spec.name)), str(settings.origins[spec.name])) for spec in SPECS]
    head = ("setting", "value", "from")
    width = 3 if origin else 2
    shell.console.table(head[:width], [row[:width] for row in rows])
    if not settings.model_configured:
        shell.console.say(f"No model will be asked: {settings.why_no_model}.")


def _written(value: Any) -> str:
    """Write a value for a table; what is not set is a dash."""
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


COMMANDS = (Command("show", "Show every setting.", show, MODEL_SETTINGS + VOTE_SETTINGS),)
