"""``copilot explain``: what a term means, in five sentences and an example; offline."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from copilot.cli.shell import Shell

NAME = "explain"
SUMMARY = "What a term means, in five sentences and an example."
_WIDTH = 88


def run(
    shell: Shell,
    term: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TERM]", help="A word of the field, a finding or a refuter; without it all are listed."
        ),
    ] = None,
) -> None:
    """Explain a term: confounder, collider, instrument, positivity, E-value and the rest; findings and refuters too.

    Examples
    --------
      $ copilot explain collider
      $ copilot explain implied_independence
    """
    from copilot.data.terms import find_term, load_terms

    if not term:
        terms = load_terms()
        if shell.json:
            shell.emit({"terms": [one.model_dump(mode="json") for one in terms]})
            return
        shell.console.table(("term", "also"), [(one.name, ", ".join((*one.also, *one.told_by))) for one in terms])
        return
    found = find_term(" ".join(term))
    if shell.json:
        shell.emit({"terms": [found.model_dump(mode="json")]})
        return
    shell.console.say(found.name, style="bold")
    shell.console.result(textwrap.fill(found.text, _WIDTH, break_long_words=False, break_on_hyphens=False))
    for label, words in (("Also", found.also), ("Told by", found.told_by)):
        if words:
            shell.console.say(f"{', '.join(words)}.", label=f"{label}: ", style="dim")
