"""Graphs and results as pictures: SVG for a page, PNG for a paper, boxes for a terminal."""

from __future__ import annotations

import logging

# The first run of matplotlib finds its fonts and says so on standard error, which is no place for it.
logging.getLogger("matplotlib").addHandler(logging.NullHandler())
