"""What the parts of the validation hand over, and the page that they are written into."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTHING = "-"
PAGE = ROOT / "docs" / "validation.md"


@dataclass(frozen=True)
class Part:
    """One measured part of the page.

    Parameters
    ----------
    name
        Of its markers on the page.
    text
        Markdown; empty if the part was left out, and then the page keeps what it has.
    missed
        A line for each promise that was not kept.
    skipped
        Why it was left out.
    """

    name: str
    text: str = ""
    missed: tuple[str, ...] = field(default=())
    skipped: str = ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def short(value: float | None) -> str:
    """Write a number with four digits; nothing for ``None``."""
    if value is None:
        return NOTHING
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def write(parts: Sequence[Part]) -> None:
    """Put each part between its markers; parts that were left out keep what the page has.

    Raises
    ------
    SystemExit
        If the page has no such markers.
    """
    text = PAGE.read_text(encoding="utf-8")
    for part in parts:
        if not part.text:
            continue
        begin, end = f"<!-- begin {part.name} -->", f"<!-- end {part.name} -->"
        pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{PAGE} has no markers for {part.name}")
        block = f"{begin}\n\n{part.text}\n\n{end}"
        text = pattern.sub(lambda _, block=block: block, text)
    PAGE.write_text(text, encoding="utf-8")
