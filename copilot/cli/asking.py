"""Questions to a person at a terminal about what a command line left out."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.cli.shell import Shell
from copilot.domain.text import shown
from copilot.errors import UnknownVariableError, UsageError

_FLAGS = {"treatment": "-t", "outcome": "-o"}
_QUESTIONS = {"treatment": "Whose effect do you ask for?", "outcome": "Effect on what?"}
_MOST_OFFERED = 60


def ask_for_name(shell: Shell, role: str, names: Sequence[str], taken: str | None = None) -> str:
    """Ask for the treatment or the outcome, with the names offered.

    Parameters
    ----------
    shell
        Where to ask.
    role
        ``"treatment"`` or ``"outcome"``.
    names
        Of columns or nodes; a number picks one.
    taken
        A name that is not offered.

    Raises
    ------
    UsageError
        If nobody is there to ask.
    """
    flag = _FLAGS[role]
    if not shell.console.interactive:
        raise UsageError(
            f"no {role} was named",
            advice=f"Name one with {flag}: {', '.join(map(shown, names[:12]))}{' …' if len(names) > 12 else ''}",  # noqa: PLR2004 (a line full)
        )
    offered = [name for name in names if name != taken]
    for place, name in enumerate(offered[:_MOST_OFFERED], start=1):
        shell.console.insist(f"{place:>3}  {shown(name)}")
    if len(offered) > _MOST_OFFERED:
        shell.console.insist(f"     … and {len(offered) - _MOST_OFFERED} more; type the name")
    while True:
        answer = shell.console.ask(f"{_QUESTIONS[role]} (number or name) ", instead=f"Name the {role} with {flag}.")
        if answer in offered:
            return answer
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1]
        shell.console.insist(UnknownVariableError(answer, offered, role).advice)
