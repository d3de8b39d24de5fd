"""Estimates, refutations and what they add up to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from copilot.domain.identification.values import Names, Strategy
from copilot.domain.value import Value


class Target(StrEnum):
    """Whose effect is estimated."""

    ATE = "ATE"
    """The average over everybody."""
    ATT = "ATT"
    """The average over the treated."""
    LATE = "LATE"
    """The average over those whom the instrument moves."""
    CATE = "CATE"
    """The average within one group."""


class Ratio(Value):
    """A risk ratio with its interval."""

    value: float
    interval: tuple[float, float] | None = None


class Estimate(Value):
    """One estimate of the effect of going from `Contrast.control` to `Contrast.active`.

    Parameters
    ----------
    estimator, strategy, adjustment_set, instruments, mediators
        How it was made.
    value, se, interval, p_value
        In units of the outcome. The interval has the level of the run (95 % unless told); the p-value is two-sided,
        of no effect. ``None`` where the method gives none.
    n
        Rows used.
    unit
        In words: "heat_kwh_m2, radiators_balanced yes vs no".
    target
        Whose effect.
    group
        Value of the ``--by`` column, empty for all rows.
    errors
        Where the standard error comes from: "HC3", "influence function", "bootstrap of 200", …
    risk_ratio
        Beside the risk difference, for a binary outcome.
    headline
        Whether this is the one that is reported first.
    role
        Why it stands here: "headline", "second opinion", "beside it" or "asked for".
    diagnostics
        Numbers a referee asks for: first-stage F, effective sample size, rows trimmed, …
    notes
        What a reader must know: trimming, fallbacks, clipped scores.
    """

    estimator: str
    strategy: Strategy
    adjustment_set: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    value: float
    se: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    n: int = Field(ge=0)
    unit: str = ""
    target: Target = Target.ATE
    group: str = ""
    errors: str = ""
    risk_ratio: Ratio | None = None
    headline: bool = False
    role: str = ""
    diagnostics: dict[str, float] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Question(StrEnum):
    """What a refuter asks; the two are never mixed."""

    SOUNDNESS = "soundness"
    """Is the computation sound?"""
    HIDDEN_CAUSE = "hidden_cause"
    """Could a hidden cause explain it?"""


class Status(StrEnum):
    """How a refutation came out."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class OverlapShares(Value):
    """Where the propensity scores of the two arms lie.

    Parameters
    ----------
    edges
        Of the bins, rising from 0 to 1, one more than there are bins.
    treated, control
        Share of the rows of the arm in each bin.
    bounds
        Scores beyond which rows have nobody to be compared with.
    """

    edges: tuple[float, ...]
    treated: tuple[float, ...]
    control: tuple[float, ...]
    bounds: tuple[float, float]


class Refutation(Value):
    """One attempt to show the estimate wrong.

    Parameters
    ----------
    refuter, question
        What was tried, and which of the two questions it can speak to.
    subject
        The covariate or negative control it is about, empty for the whole estimate.
    status
        *inconclusive* is never to be read as passed.
    expected, observed
        What should come if the estimate is right, and what came, in words with numbers.
    value, interval, p_value
        The observed number, if it is one.
    simulations
        Made; 0 where the answer is in closed form.
    failures
        Simulations that gave no number.
    draws
        The simulated values in order, for drawing them; empty where there are none.
    message
        One sentence: what was tried, what was expected, what came, what it means.
    blind_spot
        What this refuter cannot see.
    details
        Further numbers by name.
    overlap
        Where the propensity scores lie, of the refuter that fits them.
    """

    refuter: str
    question: Question
    subject: str = ""
    status: Status
    expected: str = ""
    observed: str = ""
    value: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None
    simulations: int = Field(default=0, ge=0)
    failures: int = Field(default=0, ge=0)
    draws: tuple[float, ...] = ()
    message: str
    blind_spot: str
    details: dict[str, float] = Field(default_factory=dict)
    overlap: OverlapShares | None = None
