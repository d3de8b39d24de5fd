"""Ballots to consensus: pure functions, the same result for any order of the same ballots."""
