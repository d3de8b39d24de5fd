"""A document as one self-contained page: text through a template that escapes everything, pictures as inline SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.report.document.blocks import Block, Document, Grid, Items, Paragraph, Picture

if TYPE_CHECKING:
    from markupsafe import Markup

_HERE = Path(__file__).resolve().parent


def page(document: Document) -> str:
    """Write a document as HTML.

    Parameters
    ----------
    document
        Its pictures are drawn here, which imports matplotlib.

    Returns
    -------
    str
        The same to the byte for the same document. Everything in it was escaped by the template engine or is SVG that
        an XML writer has made.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["picture"] = _svg
    env.tests["paragraph"] = lambda block: isinstance(block, Paragraph)
    env.tests["list"] = lambda block: isinstance(block, Items)
    env.tests["grid"] = lambda block: isinstance(block, Grid)
    parts: dict[str, Any] = {name: _trusted((_HERE / name).read_text("utf-8")) for name in ("page.css", "page.js")}
    return env.get_template("page.html").render(document=document, css=parts["page.css"], js=parts["page.js"])


def _trusted(text: str) -> Markup:
    """Take text that this package wrote itself as markup."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 (our own files and pictures, never text from outside)


def _svg(block: Block) -> Markup:
    from copilot.report.pictures.svg import as_svg

    if not isinstance(block, Picture):
        raise TypeError(f"{type(block).__name__} is no picture")
    return _trusted(
        as_svg(block.draw(), title=block.title, description=block.description, tips=dict(block.tips), prefix=block.name)
    )
