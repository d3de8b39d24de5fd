"""An estimation problem in numbers: what every estimator and every refuter is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from copilot.domain.effects import Target
from copilot.domain.identification.values import Names, Strategy

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def nothing_wide(rows: int) -> Floats:
    """Make a matrix of shape (rows, 0)."""
    return np.empty((rows, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Complete rows, encoded: whose effect on what, given what.

    Parameters
    ----------
    y
        Outcome of shape (n,), in its own units; 0.0 and 1.0 if binary.
    t
        Treatment of shape (n,). Binary: 0.0 and 1.0. Otherwise centred and scaled to standard deviation 1.
    low, high
        The two levels of `t` that are compared: the effect is E[Y(high)] - E[Y(low)]. 0 and 1 if binary.
    covariates
        Of shape (n, k): the encoded adjustment set (or conditioning set of instruments), each column centred and
        scaled to standard deviation 1, none constant, none a linear combination of the others. No intercept.
    covariate_of
        For each column of `covariates`, the variable it encodes; several columns share a categorical one.
    binary_treatment, binary_outcome
        What `t` and `y` hold.
    strategy
        How the effect is identified.
    instruments
        Of shape (n, m), scaled as covariates; m is 0 unless `strategy` is IV.
    mediators
        Of shape (n, q), scaled as covariates; q is 0 unless `strategy` is FRONTDOOR.
    instrument_of, mediator_of
        As `covariate_of`.
    weights
        Sampling weights of shape (n,), positive, with mean 1; ``None`` for equal ones.
    clusters
        Codes 0 … g-1 of shape (n,); ``None`` if rows are independent.
    """

    y: Floats
    t: Floats
    covariates: Floats
    covariate_of: tuple[str, ...] = ()
    binary_treatment: bool = True
    binary_outcome: bool = False
    low: float = 0.0
    high: float = 1.0
    strategy: Strategy = Strategy.BACKDOOR
    instruments: Floats = field(default_factory=lambda: nothing_wide(0))
    mediators: Floats = field(default_factory=lambda: nothing_wide(0))
    instrument_of: tuple[str, ...] = ()
    mediator_of: tuple[str, ...] = ()
    weights: Floats | None = None
    clusters: Integers | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.y.shape[0])

    @property
    def step(self) -> float:
        """How far the contrast goes, in units of `t`."""
        return self.high - self.low

    @property
    def covariate_names(self) -> Names:
        """The variables adjusted for, each once, in order of their columns."""
        return tuple(dict.fromkeys(self.covariate_of))

    def take(self, rows: Integers) -> Problem:
        """Give the problem on some rows, which may repeat; of all columns only weights are scaled anew, to mean 1.

        Parameters
        ----------
        rows
            Indices of shape (m,).
        """
        return replace(
            self,
            y=self.y[rows],
            t=self.t[rows],
            covariates=self.covariates[rows],
            instruments=self.instruments[rows] if self.instruments.shape[1] else nothing_wide(len(rows)),
            mediators=self.mediators[rows] if self.mediators.shape[1] else nothing_wide(len(rows)),
            weights=None if self.weights is None else _mean_one(self.weights[rows]),
            clusters=None if self.clusters is None else self.clusters[rows],
        )

    def with_treatment(self, t: Floats) -> Problem:
        """Give the problem with another treatment of the same kind."""
        return replace(self, t=t)

    def with_outcome(self, y: Floats, *, binary: bool = False) -> Problem:
        """Give the problem with another outcome."""
        return replace(self, y=y, binary_outcome=binary)

    def with_covariate(self, column: Floats, name: str = "") -> Problem:
        """Give the problem with one more covariate of shape (n,)."""
        return replace(
            self,
            covariates=np.column_stack([self.covariates, column]),
            covariate_of=(*self.covariate_of, name),
        )

    def without(self, variable: str) -> Problem:
        """Give the problem without the columns of one adjusted variable."""
        kept = [i for i, name in enumerate(self.covariate_of) if name != variable]
        return replace(
            self, covariates=self.covariates[:, kept], covariate_of=tuple(self.covariate_of[i] for i in kept)
        )


def _mean_one(weights: Floats) -> Floats:
    return weights / weights.mean() if weights.size else weights


def silent(_steps: int) -> None:
    """Tell nobody of progress."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of an estimator.

    Parameters
    ----------
    target
        ATE or ATT.
    level
        Of the interval.
    seed
        Of every random choice; an estimator spawns its own children.
    resamples
        For errors by bootstrap.
    jobs
        Worker threads or processes; the numbers do not depend on it.
    on_step
        Told how many steps of a long computation are done.
    """

    target: Target = Target.ATE
    level: float = 0.95
    seed: SeedSequence = field(default_factory=lambda: SeedSequence(0))
    resamples: int = 200
    jobs: int = 1
    on_step: Callable[[int], None] = silent


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What an estimator found.

    Parameters
    ----------
    value
        E[Y(high)] - E[Y(low)], in units of the outcome.
    se
        Its standard error; ``None`` if the method gives none.
    errors
        Where the error comes from: "HC3", "cluster-robust", "influence function", "bootstrap of 200", …
    df
        Degrees of freedom for intervals by Student's t, that of the risk ratio as well; ``None`` for the normal
        distribution.
    interval
        Where it is not value ± quantile · se.
    influence
        Of shape (n,): influence function values with mean 0, so that se² is about mean(influence²) / n; ``None``
        where the method has none.
    risk_ratio
        Ratio of the two mean outcomes with its interval, for a binary outcome.
    diagnostics, notes
        As in `Estimate`.
    target
        Whose effect this is; ``None`` stands for what was asked for.
    """

    value: float
    se: float | None = None
    errors: str = ""
    df: float | None = None
    interval: tuple[float, float] | None = None
    influence: Floats | None = None
    risk_ratio: tuple[float, tuple[float, float] | None] | None = None
    diagnostics: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    target: Target | None = None


class Refit(Protocol):
    """One estimator made ready to answer many slightly changed problems; each answer is a point estimate.

    An answer is NaN where the changed problem has none.
    """

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment column of shape (n,)."""
        ...

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome column of shape (n,)."""
        ...

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate of shape (n,)."""
        ...

    def rows(self, rows: Integers) -> float:
        """Estimate on rows given by index, which may repeat."""
        ...


class Estimator(Protocol):
    """One way to estimate; stateless."""

    name: str
    """Stable word for flags and JSON."""
    title: str
    """For people."""
    strategy: Strategy

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Say why the problem is not one for this estimator; empty if it is."""
        ...

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors.

        Raises
        ------
        EstimationError
            If the numbers do not allow it.
        """
        ...

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Get ready for many changed problems."""
        ...


class PlainRefit:
    """Answers each changed problem by estimating it anew; right for every estimator and fast for none.

    Parameters
    ----------
    point
        Gives the point estimate of a problem, NaN where there is none.
    problem
        The one that is changed.
    """

    def __init__(self, point: Callable[[Problem], float], problem: Problem) -> None:
        self._point, self._problem = point, problem

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        return self._point(self._problem.with_treatment(t))

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome, binary if the problem's is."""
        return self._point(self._problem.with_outcome(y, binary=self._problem.binary_outcome))

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate."""
        return self._point(self._problem.with_covariate(column))

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows."""
        return self._point(self._problem.take(rows))
