"""Rows drawn at random, clusters whole."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from copilot.estimation.problem import Integers, Problem

FEWEST_CLUSTERS = 10
"""Clusters below which neither leaving some out nor drawing them again shows how the estimate scatters: each is a fair
share of the whole, and there are few different draws."""


class Resample:
    """Draws rows of a problem; rows of one cluster stay together.

    Indices are given in increasing order, so that the rows are read from memory in the order they lie there.

    Parameters
    ----------
    problem
        Whose rows.
    """

    def __init__(self, problem: Problem) -> None:
        self._clusters = problem.clusters
        self.units = problem.n if problem.clusters is None else int(problem.clusters.max()) + 1
        self._rows = np.arange(problem.n)

    @property
    def word(self) -> str:
        """What is drawn."""
        return "rows" if self._clusters is None else "clusters"

    def too_few(self, to: str) -> str:
        """Say why so few clusters show nothing of the scatter; empty for rows, and for clusters enough.

        Parameters
        ----------
        to
            What is done with them, after "too few".
        """
        if self._clusters is None or self.units >= FEWEST_CLUSTERS:
            return ""
        return f"{self.units} clusters are too few {to}; at least {FEWEST_CLUSTERS} are needed"

    def kept(self, share: float) -> int:
        """Count the units that a share of them comes to."""
        return round(share * self.units)

    def subset(self, rng: Generator, count: int) -> Integers:
        """Draw `count` units without replacement and give the indices of their rows."""
        keep = np.ones(self.units, dtype=bool)
        keep[rng.choice(self.units, self.units - count, replace=False, shuffle=False)] = False
        return np.flatnonzero(keep if self._clusters is None else keep[self._clusters])

    def again(self, rng: Generator) -> Integers:
        """Draw as many units as there are with replacement and give the indices of their rows, repeated."""
        times = np.bincount(rng.integers(0, self.units, self.units), minlength=self.units)
        return np.repeat(self._rows, times if self._clusters is None else times[self._clusters])
