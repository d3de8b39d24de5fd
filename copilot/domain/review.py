"""What a person decided about each edge, and the graph that results."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.graph import CausalGraph, Edge
from copilot.domain.value import Value


class Choice(StrEnum):
    """One key of the review."""

    KEEP = "keep"
    REMOVE = "remove"
    REVERSE = "reverse"
    ADD = "add"
    ORIENT = "orient"
    """Give an undirected edge its direction."""
    CONFOUND = "confound"
    """Draw a suspected unmeasured common cause as a bidirected edge."""


class Decision(Value):
    """One decision about one pair.

    Parameters
    ----------
    choice
        What was done.
    before, after
        The edge before and after; ``None`` where there was or is none.
    about
        The edge that was asked about; tells what was left out where there is none before or after.
    reason
        In the person's words, may be empty.
    by
        Who decided, e.g. a user name, ``"--yes"`` or ``"--require"``.
    """

    choice: Choice
    before: Edge | None = None
    after: Edge | None = None
    about: Edge | None = None
    reason: str = ""
    by: str = ""


class Review(Value):
    """The outcome of the one gate.

    Parameters
    ----------
    graph
        As it stands after the decisions.
    decisions
        In the order they were taken.
    approved_by
        The person's name; ``"--yes"`` stamps the graph "not reviewed"; ``None`` means nobody has accepted it.
    complete
        Whether every edge was looked at, or the person left early and kept what there was.
    """

    graph: CausalGraph
    decisions: tuple[Decision, ...] = ()
    approved_by: str | None = None
    complete: bool = False

    @property
    def reviewed(self) -> bool:
        """Whether a person looked at every edge and accepted the graph."""
        return self.complete and self.approved_by not in (None, "--yes")
