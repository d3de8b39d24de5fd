"""Bounds on an effect that the graph does not identify: what data and assumptions leave possible."""
