"""What a person decided about each edge, and the graph that results."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

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


class Approval(StrEnum):
    """Who has accepted a graph."""

    NOBODY = "nobody"
    UNSEEN = "unseen"
    """``--yes`` did; no person looked at it."""
    PERSON = "person"


ACCEPTED_UNSEEN = "--yes"
"""What stands in ``approved_by`` for `Approval.UNSEEN`; no person goes by this name, see `person_name`."""


ACCEPTED_AS_FILE = "file"
"""What stands in ``approved_by`` for a graph that the user gave as a file: it is their own."""


def person_name(login: str) -> str:
    """Give the name a person signs with, which is never mistaken for ``--yes`` or a file.

    Examples
    --------
    >>> person_name("ada"), person_name("--yes"), person_name(" ")
    ('ada', 'user --yes', 'somebody')
    """
    name = login.strip()
    return f"user {name}" if name in {ACCEPTED_UNSEEN, ACCEPTED_AS_FILE} else name or "somebody"


class Review(Value):
    """The outcome of the one gate; made by `copilot.workflow.accept` and by a review session that ends.

    Parameters
    ----------
    graph
        As it stands after the decisions.
    decisions
        In the order they were taken.
    approved_by
        The person's name; ``"--yes"`` stamps the graph "not reviewed"; ``None`` means nobody has accepted it.
    complete
        Whether every question was answered: none skipped and none open.
    reviewer
        Who began to review it last, whether or not it was accepted then.
    skipped
        How many questions were skipped or left open by the reviewer.
    """

    graph: CausalGraph
    decisions: tuple[Decision, ...] = ()
    approved_by: str | None = None
    complete: bool = False
    reviewer: str | None = None
    skipped: int = Field(default=0, ge=0)

    @property
    def approval(self) -> Approval:
        """Who has accepted the graph: nobody, ``--yes`` without looking, or a person."""
        if self.approved_by is None:
            return Approval.NOBODY
        return Approval.UNSEEN if self.approved_by == ACCEPTED_UNSEEN else Approval.PERSON

    @property
    def overruled(self) -> frozenset[tuple[str, str]]:
        """Pairs, each in alphabetical order, whose arrow a person changed: removed, turned, added or directed."""
        kept = {Choice.KEEP, Choice.CONFOUND}
        taken = (one for one in self.decisions if one.choice not in kept and not one.by.startswith("--"))
        edges = (edge for one in taken for edge in (one.before, one.after, one.about) if edge is not None)
        return frozenset(edge.pair for edge in edges)

    @property
    def reviewed(self) -> bool:
        """Whether a person answered every question and accepted the graph."""
        return self.complete and self.approval is Approval.PERSON
