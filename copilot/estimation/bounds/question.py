"""What is asked of bounds: rows, names, and what may be assumed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.random import SeedSequence

from copilot.domain.text import shown
from copilot.estimation.bounds.table import Cells, cells, observed, resampled
from copilot.estimation.problem import Floats, Integers, Problem

MOST_GROUPS = 5
"""Groups into which a monotone instrument with many values is cut."""
_TWO = 2


@dataclass(frozen=True, eq=False)
class BoundsQuestion:
    """Whose effect on what is to be bounded, and with the help of what.

    Parameters
    ----------
    y
        Outcome of shape (n,).
    t
        Binary treatment, 0.0 and 1.0, of shape (n,).
    treatment, outcome
        Names for sentences.
    contrast
        What is compared, for people: "yes vs no".
    outcome_range
        Lowest and highest outcome there can be. ``None``: 0 and 1 for a binary outcome, else the lowest and the
        highest seen, which is said in the notes.
    instrument, instrument_name
        0.0 and 1.0, NaN where missing, of shape (n,): related to the outcome through the treatment alone.
    monotone_instrument, monotone_instrument_name
        Numbers or ranks of shape (n,), NaN where missing: mean potential outcomes rise, or fall, with it.
    weights
        Sampling weights of shape (n,), positive; ``None`` for equal ones.
    clusters
        Codes of shape (n,); ``None`` if rows are independent.
    level
        Of the intervals.
    seed
        Of the bootstrap.
    resamples
        Of the bootstrap; 0 for no interval.
    """

    y: Floats
    t: Floats
    treatment: str = "the treatment"
    outcome: str = "the outcome"
    contrast: str = ""
    outcome_range: tuple[float, float] | None = None
    instrument: Floats | None = None
    instrument_name: str = ""
    monotone_instrument: Floats | None = None
    monotone_instrument_name: str = ""
    weights: Floats | None = None
    clusters: Integers | None = None
    level: float = 0.95
    seed: SeedSequence = field(default_factory=lambda: SeedSequence(0))
    resamples: int = 200

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @cached_property
    def binary_outcome(self) -> bool:
        """Whether every outcome is 0 or 1."""
        return bool(np.all((self.y == 0) | (self.y == 1)))

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest outcome there can be, as told or as seen."""
        if self.outcome_range is not None:
            return self.outcome_range
        return (0.0, 1.0) if self.binary_outcome else (float(self.y.min()), float(self.y.max()))

    @property
    def range_is_seen(self) -> bool:
        """Whether the range of the outcome is that of these rows and not known beforehand."""
        return self.outcome_range is None and not self.binary_outcome

    @cached_property
    def groups(self) -> Integers:
        """Group of the monotone instrument for each row, from 0; one after the last for missing ones; shape (n,)."""
        if self.monotone_instrument is None:
            return np.zeros(self.n, dtype=np.int64)
        return grouped(self.monotone_instrument, MOST_GROUPS)

    @cached_property
    def group_count(self) -> int:
        """Groups of the monotone instrument; 0 without one."""
        if self.monotone_instrument is None:
            return 0
        known = np.isfinite(self.monotone_instrument)
        return int(self.groups[known].max(initial=-1)) + 1

    @cached_property
    def cells(self) -> Cells:
        """Rows sorted by treatment, instrument and group."""
        z = np.full(self.n, np.nan) if self.instrument is None else self.instrument
        return cells(self.y, self.t, z, (self.groups, self.group_count + 1), self.weights, self.clusters)

    @cached_property
    def table(self) -> Floats:
        """Mass and mass · outcome by treatment, instrument and group, of shape (2, 3, groups, 2); see `Cells`."""
        return observed(self.cells)

    @cached_property
    def draws(self) -> Floats:
        """The table of bootstrapped rows, or clusters, of shape (resamples, 2, 3, groups, 2)."""
        child = SeedSequence(entropy=self.seed.entropy, spawn_key=(*self.seed.spawn_key, 0))
        return resampled(self.cells, self.resamples, np.random.default_rng(child), few_values=self.binary_outcome)

    @property
    def compared(self) -> str:
        """Whose effect on what, for sentences."""
        text = f"the effect of {shown(self.treatment)} on {shown(self.outcome)}"
        return f"{text} ({self.contrast})" if self.contrast else text

    @cached_property
    def refusal(self) -> str:
        """Why no bound at all can be given; empty if some can."""
        columns = {"treatment": self.t, "outcome": self.y, "column of weights": self.weights}
        others = {"instrument": self.instrument, "monotone instrument": self.monotone_instrument}
        for name, column in (columns | others | {"column of clusters": self.clusters}).items():
            if column is not None and column.shape != (self.n,):
                return f"the {name} has {len(column):,} rows and the outcome {self.n:,}"
        for name, column in columns.items():
            if column is not None and not np.isfinite(column).all():
                return f"the {name} has cells that are missing or no finite number"
        if not np.isin(self.t, (0.0, 1.0)).all():
            return f"{shown(self.treatment)} has more than two levels, and these bounds compare two"
        if len(np.unique(self.t)) < _TWO:
            return f"all rows have the same level of {shown(self.treatment)}"
        if self.weights is not None and not (self.weights > 0).all():
            return "a sampling weight is not positive"
        return self._range_refusal()

    def _range_refusal(self) -> str:
        low, high = self.limits
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            return f"the range of {shown(self.outcome)} needs two finite ends, the lower one first"
        outside = int(((self.y < low) | (self.y > high)).sum())
        if outside:
            return f"{outside:,} rows have a {shown(self.outcome)} outside of the range {low:g} to {high:g}"
        return ""


def question_of(
    problem: Problem,
    *,
    treatment: str,
    outcome: str,
    contrast: str = "",
    outcome_range: tuple[float, float] | None = None,
    level: float = 0.95,
    seed: SeedSequence | None = None,
) -> BoundsQuestion:
    """Ask for bounds from the rows of an estimation problem; instruments can be put in by `dataclasses.replace`."""
    return BoundsQuestion(
        problem.y,
        problem.t,
        treatment,
        outcome,
        contrast,
        outcome_range,
        weights=problem.weights,
        clusters=problem.clusters,
        level=level,
        seed=SeedSequence(0) if seed is None else seed,
    )


def grouped(values: Floats, most: int) -> Integers:
    """Give each value its number in their order, or that of its group where values are many.

    Parameters
    ----------
    values
        Of shape (n,), NaN where missing.
    most
        Groups at most.

    Returns
    -------
    ndarray
        Of shape (n,), from 0; missing values have the number after the last group.

    Examples
    --------
    >>> grouped(np.array([3.0, 1.0, np.nan, 3.0]), 5).tolist()
    [1, 0, 2, 1]
    >>> grouped(np.arange(6.0), 2).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    known = np.isfinite(values)
    distinct = np.unique(values[known])
    if len(distinct) > most:
        # Each group begins at one of the values, so that none is empty.
        edges = np.quantile(values[known], np.arange(1, most) / most, method="higher")
        distinct = np.unique(np.concatenate([distinct[:1], edges]))
    numbers = np.searchsorted(distinct, values, side="right") - 1
    return np.where(known, numbers, len(distinct)).astype(np.int64)
