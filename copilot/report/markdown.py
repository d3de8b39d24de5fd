"""A document as Markdown: for a repository, a wiki or a message; pictures are told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot.report.document.blocks import Block, Document, Grid, Items, Paragraph

_MEANS = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def markdown(document: Document) -> str:
    """Write a document as Markdown; text from outside is escaped.

    Parameters
    ----------
    document
        Its pictures are not drawn: each is replaced by its text alternative.
    """
    lines = [f"# {escaped(document.title)}", ""]
    if document.lead:
        lines += [f"**{escaped(document.lead)}**", ""]
    lines += [f"Verdict: **{escaped(document.standing.replace('_', ' '))}**", ""]
    for section in document.sections:
        lines += [f"## {escaped(section.title)}", ""]
        for block in (*section.blocks, *section.more):
            lines += [*_lines(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    r"""Take the meaning out of every sign that has one in Markdown or HTML, on one line.

    Examples
    --------
    >>> escaped("a_b <script> *x*")
    'a\\_b \\<script\\> \\*x\\*'
    """
    return _MEANS.sub(r"\\\1", " ".join(text.split()))


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield f"**{escaped(block.label)}:** {escaped(block.text)}" if block.label else escaped(block.text)
    elif isinstance(block, Items):
        for place, item in enumerate(block.items, start=1):
            yield f"{f'{place}.' if block.numbered else '-'} {escaped(item)}"
    elif isinstance(block, Grid):
        yield f"{escaped(block.caption)}"
        yield ""
        yield _row(block.head)
        yield _row(tuple("--:" if place in block.numbers else "---" for place in range(len(block.head))), plain=True)
        for place, row in enumerate(block.rows):
            yield _row(row, strong=place in block.strong)
    else:
        yield f"*{escaped(block.title)}.* {escaped(block.description)}"


def _row(cells: tuple[str, ...], *, plain: bool = False, strong: bool = False) -> str:
    written = cells if plain else tuple(escaped(cell) for cell in cells)
    if strong:
        written = tuple(f"**{cell}**" if cell else cell for cell in written)
    return f"| {' | '.join(written)} |"
