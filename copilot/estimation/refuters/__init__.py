"""Attempts to show an estimate wrong: one module per refuter or family, one tuple in `registry`."""
