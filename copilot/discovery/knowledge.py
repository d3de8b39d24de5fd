"""What the user knows beforehand, as bit masks that the algorithms can test quickly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Knowledge:
    """Background knowledge over B columns; every field is a tuple of B bit masks.

    Parameters
    ----------
    may_cause
        Bit i of entry j: i is allowed as a direct cause of j.
    must_cause
        Bit i of entry j: i is required as a direct cause of j.
    before
        Bit i of entry j: i comes before j in every order that the knowledge allows (tiers and required edges, closed
        under transitivity).
    """

    may_cause: tuple[int, ...]
    must_cause: tuple[int, ...]
    before: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of columns."""
        return len(self.may_cause)

    def fixed(self, cause: int, effect: int) -> bool:
        """Whether an edge between the two can only run from cause to effect."""
        return bool(self.may_cause[effect] >> cause & 1) and not self.may_cause[cause] >> effect & 1

    def apart(self, first: int, second: int) -> bool:
        """Whether no edge is allowed between the two."""
        return not (self.may_cause[first] >> second & 1 or self.may_cause[second] >> first & 1)

    def without(self, pairs: Iterable[tuple[int, int]]) -> Knowledge:
        """Copy it, with no edge allowed between these pairs unless one is required."""
        may = list(self.may_cause)
        for first, second in pairs:
            may[first] &= ~(1 << second) | self.must_cause[first]
            may[second] &= ~(1 << first) | self.must_cause[second]
        return replace(self, may_cause=tuple(may))
