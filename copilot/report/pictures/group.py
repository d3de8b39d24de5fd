"""Several shapes under one id."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist, allow_rasterization
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase


class Group(Artist):
    """Shapes that are drawn one after the other, and stand in an SVG within one ``<g id=…>``.

    Parameters
    ----------
    gid
        The id.
    parts
        Patches, lines and texts in data coordinates of the axes they are put into by `add_to`.
    zorder
        Of the whole.
    """

    def __init__(self, gid: str, parts: Sequence[Artist], zorder: float) -> None:
        super().__init__()
        self.set_gid(gid)
        self.set_zorder(zorder)
        self.parts = tuple(parts)

    def add_to(self, axes: Axes) -> None:
        """Put the shapes into axes."""
        axes.add_artist(self)
        for part in self.parts:
            part.set_figure(axes.figure)
            part.axes = axes
            if not part.is_transform_set():
                part.set_transform(axes.transData)

    @allow_rasterization  # type: ignore[misc,untyped-decorator,unused-ignore]
    def draw(self, renderer: RendererBase) -> None:
        """Draw the shapes in order."""
        renderer.open_group("group", gid=self.get_gid())
        for part in self.parts:
            part.draw(renderer)
        renderer.close_group("group")
        self.stale = False
