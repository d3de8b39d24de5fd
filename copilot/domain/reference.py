"""What DoWhy, as a second pair of hands, makes of the question that was answered here."""

from __future__ import annotations

from pydantic import Field

from copilot.domain.value import Value


class ReferenceAnswer(Value):
    """Agreement or disagreement of DoWhy with identification and estimate, the same to the byte on every run.

    Parameters
    ----------
    ran
        Whether DoWhy answered; the rest says nothing if it did not, but for `message`.
    dowhy_version
        As the package gives it; empty if it did not load.
    identification
        A sentence: what DoWhy finds in the graph, or why it was not asked.
    agrees_on_identification
        ``None`` if there is nothing to compare.
    estimator
        DoWhy's name of its estimator; empty if none was asked.
    value, ours
        The two estimates on the same rows, in units of the outcome, to 10 significant digits.
    difference
        Their distance relative to the larger of the estimate and sd(outcome) / sqrt(rows), to one digit; 0 where it
        is below what rounding explains.
    agrees
        Whether the relative difference is at most 1e-8; ``None`` if there is nothing to compare.
    rows
        How many rows both were given.
    message
        One sentence for people.
    """

    ran: bool
    dowhy_version: str = ""
    identification: str = ""
    agrees_on_identification: bool | None = None
    estimator: str = ""
    value: float | None = None
    ours: float | None = None
    difference: float | None = Field(default=None, ge=0)
    agrees: bool | None = None
    rows: int = Field(default=0, ge=0)
    message: str
