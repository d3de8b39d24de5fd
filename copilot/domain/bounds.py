"""What can be said of an effect that the graph does not identify: an interval, and what must be assumed for it."""

from __future__ import annotations

from pydantic import Field

from copilot.domain.effects import Target
from copilot.domain.value import Value


class Bound(Value):
    """Lowest and highest effect that data and assumptions allow.

    Parameters
    ----------
    name, title
        A stable word, and words for people.
    low, high
        In units of the outcome.
    interval
        Covers the effect at the level of the run, sampling error included; ``None`` if none was computed.
    target
        Whose effect.
    n
        Rows used.
    assumptions
        Each in a sentence, in the names of the analysis; none but the range of the outcome where the list is empty.
    paper
        Author, year and theorem or equation.
    message
        One sentence: what it says about the sign.
    notes
        What is approximate.
    """

    name: str
    title: str
    low: float
    high: float
    interval: tuple[float, float] | None = None
    target: Target = Target.ATE
    n: int = Field(default=0, ge=0)
    assumptions: tuple[str, ...] = ()
    paper: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()

    @property
    def tells_the_sign(self) -> bool:
        """Whether no effect lies outside, sampling error included where it is known."""
        low, high = self.interval or (self.low, self.high)
        return low > 0 or high < 0
