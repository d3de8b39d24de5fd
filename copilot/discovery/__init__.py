"""Ballots from the data: bootstrap causal discovery."""
