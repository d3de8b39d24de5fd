"""Candidates for confounders, instruments and negative controls, each held against votes, graph and data."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from copilot.domain.identification.values import Names
from copilot.domain.value import Value


class Role(StrEnum):
    """What a candidate is proposed as."""

    CONFOUNDER = "confounder"
    INSTRUMENT = "instrument"
    NEGATIVE_CONTROL_OUTCOME = "negative_control_outcome"
    """An outcome that the treatment cannot affect and that shares its common causes with the outcome."""
    NEGATIVE_CONTROL_EXPOSURE = "negative_control_exposure"
    """An exposure that cannot affect the outcome and that shares the treatment's common causes."""


class Check(Value):
    """The answer to one question about a candidate.

    Parameters
    ----------
    passed
        ``None`` is *cannot tell*, and is never shown as passed.
    reason
        One or two sentences: why.
    statistic, value
        The number the answer hangs on, by name; ``None`` where there is none.
    details
        Further plain JSON values.
    """

    passed: bool | None
    reason: str
    statistic: str | None = None
    value: float | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class Candidate(Value):
    """One candidate with its three checks.

    Parameters
    ----------
    name
        A column, or the name of an idea outside the table.
    role
        What it is proposed as.
    observed
        Whether it is a column.
    affects
        Variables it would affect: for an unmeasured common cause two or more.
    collect
        What one would have to collect, for an idea outside the table.
    rationale
        One line of a voter.
    votes, valid
        Ballots that name it, of how many valid ones; both 0 if nobody voted.
    from_user
        Whether the user named it.
    votes_check, graph_check, data_check
        Do the votes hold, does the graph allow it, do the data allow it?
    """

    name: str
    role: Role
    observed: bool = True
    affects: Names = ()
    collect: str = ""
    rationale: str = ""
    votes: int = Field(default=0, ge=0)
    valid: int = Field(default=0, ge=0)
    from_user: bool = False
    votes_check: Check = Check(passed=None, reason="Nobody was asked.")
    graph_check: Check = Check(passed=None, reason="Not checked.")
    data_check: Check = Check(passed=None, reason="Not checked.")

    @property
    def support(self) -> float | None:
        """Votes for it among the valid ones, ``None`` if nobody voted."""
        return self.votes / self.valid if self.valid else None
