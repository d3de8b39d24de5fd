"""Asking a model: one protocol, one live backend, one replay backend, and what stands around them."""
