"""The causal co-pilot for the terminal."""

__version__ = "0.1.0"

SCHEMA_VERSION = 1
"""Of every JSON object and file that others' scripts may read; raised when a key changes its meaning or goes."""
