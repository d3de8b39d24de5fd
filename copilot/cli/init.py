"""``copilot init``: a settings file with everything in it, commented out."""

from __future__ import annotations

from copilot.cli.options import Force
from copilot.cli.shell import Shell
from copilot.errors import UsageError

NAME = "init"
SUMMARY = "Write a commented copilot.toml into this folder."

_HEAD = """\
# Settings of copilot for this project. Everything is optional; a line counts once its "# " is taken away.
# What goes before what: a flag, the environment, this file, your own file, the default.
# An API key does not belong here: set OPENAI_API_KEY, or store it with `copilot keys set`.
"""
_PRICES = """
# US dollars per million tokens, for --max-cost and the estimate of --dry-run.
# [prices."gpt-4.1-mini"]
# input = 0.40
# output = 1.60
"""


def run(shell: Shell, *, force: Force = False) -> None:
    """Write a copilot.toml with every setting, its default and its meaning, all commented out.

    Examples
    --------
      $ copilot init
      $ copilot init --force
    """
    from copilot.composition.files import PROJECT_FILE
    from copilot.data.atomic import write_atomic

    path = shell.cwd / PROJECT_FILE
    if (path.exists() or path.is_symlink()) and not force:
        raise UsageError(
            f"{PROJECT_FILE} is already here",
            reason="It may hold settings of yours; it was left as it is.",
            advice="Give --force to replace it.",
        )
    write_atomic(path, template())
    if shell.json:
        shell.emit({"path": str(path)})
    else:
        shell.console.result(str(path))
        shell.console.say("Take away the # of what you want to set. `copilot config show --origin` shows what counts.")


def template() -> str:
    """Write the settings file: one commented line for each setting that a file may hold."""
    import json

    from copilot.composition.settings import SPECS

    lines = [_HEAD]
    for spec in SPECS:
        if not spec.about.in_files or spec.name == "prices":
            continue
        shown = spec.about.example or json.dumps(spec.default)
        names = f" ({', '.join(spec.env)})" if spec.env else ""
        lines.append(f"# {spec.about.help}{names}.\n# {spec.key} = {shown}\n")
    return "\n".join(lines) + _PRICES
