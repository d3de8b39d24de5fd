"""The design of an analysis in names, and what preparing its numbers gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Notice
from copilot.estimation.problem import Floats, Integers, Problem


class MissingPolicy(StrEnum):
    """What becomes of rows with missing cells; a missing treatment or outcome always drops the row."""

    DROP = "drop"
    """Complete cases."""
    INDICATOR = "indicator"
    """A missing covariate is filled with its mean and marked by a column of its own."""
    MULTIPLE = "multiple"
    """Covariates are imputed several times by chained equations; estimates are pooled by Rubin's rules."""


@dataclass(frozen=True, slots=True)
class Design:
    """Whose effect on what, identified how, from which columns.

    Parameters
    ----------
    treatment, outcome
        Column names.
    strategy, adjustment, instruments, mediators
        As identified; `adjustment` is the conditioning set of instruments where `strategy` is IV. Names are columns.
    contrast
        (control, active) as the user wrote them; ``None`` lets the column decide, where it can.
    missing
        Policy for covariates, instruments and mediators.
    weights, cluster, by
        Names of columns, or ``None``.
    negative_controls
        Columns that are outcomes the treatment cannot affect.
    """

    treatment: str
    outcome: str
    strategy: Strategy = Strategy.BACKDOOR
    adjustment: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    contrast: tuple[str, str] | None = None
    missing: MissingPolicy = MissingPolicy.DROP
    weights: str | None = None
    cluster: str | None = None
    by: str | None = None
    negative_controls: Names = ()

    @property
    def columns(self) -> Names:
        """All columns that are read, each once, treatment and outcome first."""
        named = (self.treatment, self.outcome, *self.adjustment, *self.instruments, *self.mediators)
        extra = tuple(name for name in (self.weights, self.cluster, self.by) if name is not None)
        return tuple(dict.fromkeys((*named, *extra, *self.negative_controls)))


@dataclass(frozen=True, slots=True)
class Contrast:
    """Which two levels of the treatment are compared, in the user's words.

    Parameters
    ----------
    control, active
        As they stand in the table ("no", "yes"), or numbers in the treatment's own units.
    text
        For people: "yes vs no", "treat = 1 vs 0", "per 1 unit more".
    reason
        Why this direction, where nobody chose it: "'yes' is taken as treated".
    """

    control: str
    active: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Numbers, and what was done to get them.

    Parameters
    ----------
    problems
        One, or one for each imputation.
    contrast
        What is compared.
    unit
        Of the effect, in words.
    rows_read, rows_used
        Before and after rows were dropped.
    row_numbers
        Which rows of the frame were used, of shape (n,).
    groups
        For ``--by``: value of the column → indices into the problem's rows.
    negative_controls
        Name → values of shape (n,), NaN where missing; 0.0 and 1.0 if binary.
    notices
        Every row, column and cell that was dropped, recoded, filled or doubted, counted.
    """

    problems: tuple[Problem, ...]
    contrast: Contrast
    unit: str
    rows_read: int
    rows_used: int
    row_numbers: Integers
    groups: Mapping[str, Integers] = field(default_factory=dict)
    negative_controls: Mapping[str, Floats] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()

    @property
    def problem(self) -> Problem:
        """The problem, or the first imputation of it."""
        return self.problems[0]
