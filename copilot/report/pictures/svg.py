"""A figure as an SVG that can stand in a page, or as a PNG; the same to the byte for the same figure."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from copilot.domain.text import clean
from copilot.report.pictures.palette import VARIABLES
from copilot.report.pictures.style import house_style

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LEAST, _ROOM = 0.95, 640
"""Share of its own width, and pixels, below which a picture is not drawn smaller but scrolled."""
_FONTS = "DejaVu Sans, Verdana, system-ui, sans-serif"
_COLOUR = re.compile("|".join(VARIABLES), re.IGNORECASE)


def as_svg(
    figure: Figure, *, title: str, description: str, tips: Mapping[str, str] | None = None, prefix: str = "picture"
) -> str:
    """Write a figure as inline SVG.

    Text stays text, and colours are CSS variables with the colours of the house behind them. There is no width and no
    height: the picture takes the width it is given, up to one and a half times its own; one that is wide is never much
    smaller than its own.

    Parameters
    ----------
    figure
        Drawn in the colours of `copilot.report.pictures.palette`.
    title, description
        What a screen reader says.
    tips
        Id of a part of the figure → a sentence on it, shown where the pointer or the focus is.
    prefix
        Letters and digits that begin all ids; each picture of a page has its own.

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    buffer = io.StringIO()
    with house_style():
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call,unused-ignore]
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 (written a line above, not read from anywhere)
    _drop_the_rest(root)
    for element in root.iter():
        _adapt(element, prefix)
    for element in list(root.iter(f"{{{_SVG}}}g")):
        own = element.get("id", "").removeprefix(f"{prefix}-")
        if tips and own in tips:
            _give_tip(element, clean(tips[own]))
    _name(root, clean(title), clean(description), prefix)
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    return ET.tostring(root, encoding="unicode")


def as_png(figure: Figure) -> bytes:
    """Write a figure as PNG, 200 dots per inch, without a date and the name of a program."""
    buffer = io.BytesIO()
    with house_style():
        figure.set_dpi(200)
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call,unused-ignore]
    return buffer.getvalue()


def _drop_the_rest(root: ET.Element) -> None:
    """Leave out metadata, and the style sheet that would reach over the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
                parent.remove(child)


def _adapt(element: ET.Element, prefix: str) -> None:
    """Prefix ids and what refers to them, and put variables in the place of colours."""
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, f"{prefix}-{value}")
        elif name in ("href", f"{{{_XLINK}}}href") and value.startswith("#"):
            element.set(name, f"#{prefix}-{value[1:]}")
        elif name in ("style", "fill", "stroke", "clip-path"):
            referred = _REFERENCE.sub(rf"url(#{prefix}-\1)", value)
            element.set(name, _COLOUR.sub(_variable, referred).replace("'DejaVu Sans'", _FONTS))


def _variable(found: re.Match[str]) -> str:
    colour = found.group().lower()
    return f"var({VARIABLES[colour]}, {colour})"


def _give_tip(element: ET.Element, tip: str) -> None:
    element.set("tabindex", "0")
    element.set("role", "img")
    element.set("aria-label", tip)
    title = ET.Element(f"{{{_SVG}}}title")
    title.text = tip
    element.insert(0, title)


def _name(root: ET.Element, title: str, description: str, prefix: str) -> None:
    width = float(root.get("viewBox", "0 0 400 300").split()[2])
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title {prefix}-desc")
    # a wide drawing is scrolled before its names are too small to read
    least = f"min-width:{round(width * _LEAST)}px;" if width * _LEAST > _ROOM else ""
    root.set("style", f"width:100%;{least}max-width:{round(width * 1.5)}px;height:auto;stroke-linejoin:round")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        said = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{prefix}-{tag}"})
        said.text = text
        root.insert(place, said)
