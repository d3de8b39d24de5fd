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
    return _pick(shell, _QUESTIONS[role], offered, role, f"Name the {role} with {flag}.")


def ask_for_contrast(shell: Shell, treatment: str, levels: Sequence[str]) -> tuple[str, str]:
    """Ask which two levels of a treatment are compared.

    Returns
    -------
    tuple of str
        Control and active, as ``--contrast`` takes them.

    Raises
    ------
    UsageError
        If nobody is there to ask.
    """
    instead = "Name both with --contrast CONTROL,ACTIVE."
    shell.console.insist(f"{shown(treatment)} has {len(levels)} levels, and an effect compares two of them.")
    active = _pick(shell, "The effect of which level?", levels, "level", instead)
    rest = [level for level in levels if level != active]
    return _pick(shell, f"{shown(active)} against which level?", rest, "level", instead), active


def _pick(shell: Shell, question: str, offered: Sequence[str], role: str, instead: str) -> str:
    """Offer names, each with a number, until one of them is taken."""
    for place, name in enumerate(offered[:_MOST_OFFERED], start=1):
        shell.console.insist(f"{place:>3}  {shown(name)}")
    if len(offered) > _MOST_OFFERED:
        shell.console.insist(f"     … and {len(offered) - _MOST_OFFERED} more; type the name")
    while True:
        answer = shell.console.ask(f"{question} (number or name) ", instead=instead)
        if answer in offered:
            return answer
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(offered):
            return offered[int(answer) - 1]
        shell.console.insist(UnknownVariableError(answer, offered, role).advice)
