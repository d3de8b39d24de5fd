"""Estimators: one module each, one tuple in `registry`."""
