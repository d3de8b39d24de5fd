"""The six colours of all pictures; each is unlike any other, so that a page can put its own in their place."""

from __future__ import annotations

INK = "#1b1b1c"
PAPER = "#fefefe"
SOFT = "#8b9099"
ACCENT = "#1c5fa9"
WARN = "#ad4e05"
GOOD = "#2b7a37"

VARIABLES = {INK: "--ink", PAPER: "--paper", SOFT: "--soft", ACCENT: "--accent", WARN: "--warn", GOOD: "--good"}
"""Colour → the CSS variable that stands for it in a page."""
