"""``copilot prompts show`` and ``eject``: the texts that models are given, to read and to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copilot.cli.command import Command
from copilot.cli.options import Force
from copilot.cli.shell import Shell
from copilot.errors import UsageError

NAME = "prompts"
SUMMARY = "Show the prompts, or write them out to change them."


def show(
    shell: Shell,
    prompt: Annotated[str | None, typer.Argument(metavar="[ID]", help="One prompt; without it all are listed.")] = None,
) -> None:
    """List the prompts, or show one as it would be used, with those of prompts_dir before the packaged ones.

    Examples
    --------
      $ copilot prompts show
      $ copilot prompts show suggest-graph
    """
    from copilot.elicitation.prompts import list_prompts, load_prompt, prompt_path

    folder = shell.settings().prompts_dir
    if prompt is None:
        found = list_prompts(folder)
        if shell.json:
            listed = [
                {"id": each.id, "version": each.version, "path": str(prompt_path(each.id, folder))} for each in found
            ]
            shell.emit({"prompts": listed})
            return
        shell.console.table(
            ("prompt", "version", "variables"),
            [(each.id, str(each.version), ", ".join(each.variables)) for each in found],
        )
        return
    path = prompt_path(prompt, folder)
    one = load_prompt(prompt, folder)
    text = path.read_text(encoding="utf-8")
    if shell.json:
        shell.emit({"prompts": [{"id": one.id, "version": one.version, "path": str(path), "text": text}]})
    else:
        shell.console.result(text.rstrip("\n"))
        shell.console.say(str(path))


def eject(
    shell: Shell,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write them to; made if it is missing.")],
    *,
    force: Force = False,
) -> None:
    """Write all packaged prompts into a folder, to be changed there and used with prompts_dir.

    Examples
    --------
      $ copilot prompts eject prompts
      $ copilot suggest-graph data.csv --prompts-dir prompts
    """
    from copilot.data.atomic import write_atomic
    from copilot.elicitation.prompts import list_prompts, prompt_path

    texts = {prompt_path(each.id).name: prompt_path(each.id).read_bytes() for each in list_prompts()}
    there = [name for name in texts if (folder / name).exists()]
    if there and not force:
        raise UsageError(
            f"{str(folder)!r} already holds {', '.join(there)}",
            reason="They may hold changes of yours; nothing was written.",
            advice="Name another folder, or give --force to replace them.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder {str(folder)!r}",
            reason=f"{error.strerror or error}.",
            advice="Name another place.",
        ) from error
    for name, text in texts.items():
        write_atomic(folder / name, text)
    written = [str(folder / name) for name in texts]
    if shell.json:
        shell.emit({"folder": str(folder), "written": written})
        return
    for line in written:
        shell.console.result(line)
    shell.console.say(f'Use them with --prompts-dir {folder}, or with prompts_dir = "{folder}" in copilot.toml.')


COMMANDS = (
    Command("show", "List the prompts, or show one.", show, ("prompts_dir",)),
    Command("eject", "Write the packaged prompts into a folder.", eject),
)
