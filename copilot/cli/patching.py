"""The patches of findings on a terminal: one key each."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.cli.shell import Shell
from copilot.domain.findings import Finding, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.text import shown
from copilot.errors import GraphError, UsageError

_INSTEAD = "Use a terminal, or take the patches of medium and high findings with --yes."


def walk_patches(shell: Shell, graph: CausalGraph, findings: Sequence[Finding]) -> tuple[CausalGraph, int]:
    """Lead a person through the patches, the worst finding first.

    With ``--yes`` those of medium and high findings are taken that still fit. Low ones are not: they are what few
    critics say, what another patch explains, and arrows whose trace is merely missing; taken all at once they spoil
    a graph. A patch that was taken is not offered again because somebody else names it too.

    Parameters
    ----------
    shell
        On a terminal, or with ``--yes``.
    graph
        To be changed.
    findings
        Those without a patch are passed over.

    Returns
    -------
    graph, taken
        The changed graph, and how many patches were applied. One that no longer fits, because another has changed
        the same edge or a circle would close, is said and left out.

    Raises
    ------
    UsageError
        If there is nobody to ask.
    """
    console, taken = shell.console, 0
    offered = [one for one in findings if one.patch is not None]
    low = [one for one in offered if one.severity is Severity.LOW]
    if offered:
        check_somebody(shell)
    if shell.yes and low:
        many = "1 patch of a low finding was" if len(low) == 1 else f"{len(low)} patches of low findings were"
        console.insist(f"{many} left out: go through them one by one, without --yes.")
        offered = [one for one in offered if one.severity is not Severity.LOW]
    done = set[str]()
    for number, one in enumerate(offered, start=1):
        if one.patch is None or str(one.patch) in done:
            continue
        if not shell.yes:
            console.insist(f"{number} of {len(offered)}: {one.severity.value}, {shown(one.subject)}. {one.message}")
            console.insist(str(one.patch), label="Patch: ", style="bold")
            pressed = _pressed(shell)
            if pressed == "q":
                break
            if pressed == "n":
                continue
        try:
            graph = one.patch.apply(graph)
            taken += 1
            done.add(str(one.patch))
        except GraphError as error:
            console.warn(f"left out, as it no longer fits: {one.patch} ({error.message})")
    return graph, taken


def check_somebody(shell: Shell) -> None:
    """Refuse to ask where nobody can answer; said before anything is paid for.

    Raises
    ------
    UsageError
        Without a terminal and without ``--yes``.
    """
    if not shell.yes and not shell.console.interactive:
        raise UsageError("--apply asks before it changes anything, and nobody is there", advice=_INSTEAD)


def _pressed(shell: Shell) -> str:
    while True:
        pressed = shell.console.key("y apply · n leave · q quit and keep >", instead=_INSTEAD).lower()
        if pressed in {"y", "n", "q"}:
            return pressed
        shell.console.insist("Press y, n or q.")
