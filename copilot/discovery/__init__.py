"""Ballots from the data: causal discovery on resamples."""
