"""Deterministic checks of a graph by its own algebra and by data."""
