"""``copilot keys set``: an API key stored where only its owner can read it."""

from __future__ import annotations

from typing import Annotated

import typer

from copilot.cli.command import Command
from copilot.cli.shell import Shell

NAME = "keys"
SUMMARY = "Store the API key of an endpoint."


def set_key(
    shell: Shell,
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the key from standard input.")] = False,
) -> None:
    """Store an API key in your own settings folder, readable by you alone. It is never shown again.

    The key is kept for the address that is set (--base-url, OPENAI_BASE_URL or a file), and sent to no other.
    OPENAI_API_KEY goes before a stored key.

    Examples
    --------
      $ copilot keys set
      $ pass show openai | copilot keys set --stdin
      $ copilot keys set --base-url https://openrouter.ai/api/v1
    """
    from copilot.composition.keys import store_key
    from copilot.composition.places import config_folder

    settings = shell.settings()
    key = (
        shell.console.read_all()
        if stdin
        else shell.console.ask_hidden(
            f"API key for {settings.base_url}:", instead="Pipe it in with --stdin, or set OPENAI_API_KEY."
        )
    ).strip()
    shell.console.secrets.add(key)
    path = store_key(settings.base_url, key, config_folder())
    if shell.json:
        shell.emit({"base_url": settings.base_url, "path": str(path)})
        return
    shell.console.say(f"The key for {settings.base_url} is stored in {path}.")
    if settings.origins["api_key"].source == "environment":
        shell.console.warn(f"{settings.origins['api_key'].detail} is set and goes before the stored key.")


COMMANDS = (Command("set", "Store a key.", set_key, ("base_url",)),)
