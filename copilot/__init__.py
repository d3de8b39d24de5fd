"""The causal co-pilot for the terminal."""

__version__ = "0.1.0"
