"""Names in little room: folded where they have joints, and cut at the end."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

from copilot.domain.text import shown

_JOINTS = re.compile(r"[^\s_\-./]+[\s_\-./]*|[\s_\-./]+")


def folded(name: str, width: int, most: int) -> tuple[str, ...]:
    """Fold a name into lines.

    Parameters
    ----------
    name
        Anything; what is not printable is left out.
    width
        Cells of a line.
    most
        Lines at most; what is left is cut, and an ellipsis says so.

    Examples
    --------
    >>> folded("prior_heat_kwh_m2", 11, 3)
    ('prior_heat_', 'kwh_m2')
    >>> folded("pneumonoultramicroscopic", 8, 2)
    ('pneumono', 'ultrami…')
    """
    lines = [""]
    for part in _JOINTS.findall(shown(name)):
        rest = part
        if cell_len(lines[-1]) + cell_len(rest.rstrip()) > width and lines[-1]:
            lines.append("")
        while cell_len(rest.rstrip()) > width:
            head = fitting(rest, width)
            lines[-1:] = [head, ""]
            rest = rest[len(head) :]
        lines[-1] += rest
    kept = [line.rstrip() for line in lines if line.strip()] or [""]
    if len(kept) > most:
        last = kept[most - 1]
        kept = [*kept[: most - 1], (last if cell_len(last) < width else fitting(last, width - 1)) + "…"]
    return tuple(kept)


def fitting(text: str, width: int) -> str:
    """Take as many characters from the beginning as fit into so many cells, at least one."""
    taken, used = 0, 0
    for sign in text:
        used += cell_len(sign)
        if used > width:
            break
        taken += 1
    return text[: max(1, taken)]


def shortened(name: str, width: int) -> str:
    """Cut a name at so many cells.

    Examples
    --------
    >>> shortened("radiators_balanced", 10), shortened("age", 10)
    ('radiators…', 'age')
    """
    text = shown(name)
    return text if cell_len(text) <= width else fitting(text, width - 1) + "…"


def padded(text: str, width: int) -> str:
    """Fill a text with blanks to so many cells."""
    return set_cell_size(text, width)
