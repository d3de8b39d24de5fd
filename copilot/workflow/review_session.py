"""The review as a state machine: what is asked in which order, and what each answer does; screens are built on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from copilot.domain.consensus import Consensus, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Choice, Decision, Review, person_name
from copilot.domain.text import shown
from copilot.errors import GraphError, UnknownVariableError, UsageError
from copilot.workflow.review_items import Change, Form, Item, Question, changes_to, items_of_consensus, items_of_graph

Arrow = tuple[str, str]


class Ending(StrEnum):
    """How a review ends."""

    ACCEPT = "accept"
    KEEP = "keep"
    """Graph and decisions are kept; nobody has accepted them."""


@dataclass(frozen=True, slots=True)
class ReviewSession:
    """One moment of a review; every answer gives a new one and leaves this one as it is.

    Parameters
    ----------
    graph
        As it stands now; always valid.
    items
        All questions, in the order in which they are asked.
    by
        Who reviews.
    position
        Of the question that is open; ``len(items)`` when all have been answered.
    decisions
        So far, in order; those of an earlier review first.
    skipped
        Positions of the questions that were passed over and not answered since.
    required, forbidden
        Arrows that the user fixed beforehand; going against them takes a reason in words.
    earlier
        The review that this one goes on with.
    previous
        The session before the last answer.
    """

    graph: CausalGraph
    items: tuple[Item, ...]
    by: str
    position: int = 0
    decisions: tuple[Decision, ...] = ()
    skipped: frozenset[int] = frozenset()
    required: frozenset[Arrow] = frozenset()
    forbidden: frozenset[Arrow] = frozenset()
    earlier: Review | None = None
    previous: Self | None = field(default=None, compare=False, repr=False)

    @classmethod
    def start(
        cls,
        subject: Consensus | CausalGraph,
        by: str,
        earlier: Review | None = None,
        hanging: Mapping[tuple[tuple[str, str], bool], str] | None = None,
    ) -> Self:
        """Open the review of a voted graph, or of a graph that nobody voted on.

        Parameters
        ----------
        subject
            The graph.
        by
            Who reviews.
        earlier
            A review of the same graph to go on with: its graph and decisions stand, and what the same person has
            answered is not asked again, unless nothing is left to ask.
        hanging
            What the answer hangs on, see `copilot.workflow.hanging`; asked first.
        """
        name = person_name(by)
        if isinstance(subject, CausalGraph):
            session = cls(graph=subject, items=items_of_graph(subject, hanging), by=name)
        else:
            arrows = {
                status: frozenset((edge.source, edge.target) for edge in subject.edges if edge.status is status)
                for status in (Status.REQUIRED, Status.FORBIDDEN)
            }
            session = cls(
                graph=subject.graph,
                items=items_of_consensus(subject, hanging),
                by=name,
                required=arrows[Status.REQUIRED],
                forbidden=arrows[Status.FORBIDDEN],
            )
        if earlier is None:
            return session
        said = [decision for decision in earlier.decisions if decision.by == name]
        left = tuple(item for item in session.items if not item.answered_by(said))
        return replace(
            session,
            graph=earlier.graph,
            items=left or session.items,
            decisions=earlier.decisions,
            earlier=earlier,
        )

    @property
    def current(self) -> Item | None:
        """The open question, fitted to the edge as it stands now; ``None`` when all have been answered."""
        if self.position >= len(self.items):
            return None
        item = self.items[self.position]
        return item.standing(self._standing(item.subject))

    @property
    def unanswered(self) -> int:
        """How many questions are skipped or open."""
        return len(self.skipped) + len(self.items) - self.position

    @property
    def taken(self) -> tuple[Decision, ...]:
        """The decisions of this session alone."""
        return self.decisions[len(self.earlier.decisions) if self.earlier is not None else 0 :]

    @property
    def takes_back(self) -> bool:
        """Whether leaving now would take back that an earlier review was accepted."""
        earlier = self.earlier
        return earlier is not None and earlier.approved_by is not None and self.graph != earlier.graph

    def keep(self, reason: str = "") -> Self:
        """Leave what is asked about as it is: in the graph, without a direction, or out of it."""
        item = self._open()
        return self._take(
            [(Choice.KEEP, edge, edge, about) for about in item.abouts for edge in [self._standing(about)]], reason
        )

    def remove(self, reason: str = "") -> Self:
        """Take the edge out; where there is none, leave it out.

        Raises
        ------
        UsageError
            If the edge is required and no reason is given.
        """
        item = self._open()
        return self._take(
            [(Choice.REMOVE, self._standing(about), None, about) for about in item.abouts], reason, advance=True
        )

    def reverse(self, reason: str = "") -> Self:
        """Turn the arrow round.

        Raises
        ------
        GraphError
            If there is no arrow to turn (`CycleError` if the turned one would close a circle).
        UsageError
            If this goes against a required or forbidden edge and no reason is given.
        """
        about = self._open().subject
        edge = self._standing(about)
        if edge is None or edge.kind is not EdgeKind.DIRECTED:
            raise GraphError(
                f"there is no arrow between {shown(about.source)} and {shown(about.target)} to turn round",
                advice="Add one, or give the undirected edge its direction.",
            )
        return self._take([(Choice.REVERSE, edge, Edge(source=edge.target, target=edge.source), about)], reason)

    def orient(self, source: str, target: str, reason: str = "") -> Self:
        """Give an undirected edge its direction; the question is answered if it is about this pair.

        Raises
        ------
        GraphError
            If no undirected edge stands between the two (`CycleError` if the arrow would close a circle).
        UsageError
            If the arrow is forbidden and no reason is given.
        """
        after = self._arrow(source, target)
        before = Edge(source=source, target=target, kind=EdgeKind.UNDIRECTED)
        if before not in self.graph.edges:
            raise GraphError(
                f"there is no undirected edge between {shown(source)} and {shown(target)}",
                advice="Reverse or add the arrow instead.",
            )
        return self._take([(Choice.ORIENT, before, after, after)], reason, advance=self._about(after))

    def add(self, source: str, target: str, reason: str = "") -> Self:
        """Draw an arrow between two variables that have none; the question is answered if it is about this pair.

        Raises
        ------
        GraphError
            If they are joined already or are the same (`CycleError` if the arrow would close a circle).
        UnknownVariableError
            If a name is not in the graph.
        UsageError
            If the arrow is forbidden and no reason is given.
        """
        after = self._arrow(source, target)
        before = self._standing(after)
        if before is not None:
            raise GraphError(
                f"{before} is in the graph already", advice="Reverse it, remove it or give it a direction instead."
            )
        return self._take([(Choice.ADD, None, after, after)], reason, advance=self._about(after))

    def confound(self, reason: str = "") -> Self:
        """Draw an unmeasured common cause of what is asked about, as bidirected edges; one that stands there stays.

        It stands beside an arrow. An undirected edge gives way to it, unless several edges are drawn at once.

        Raises
        ------
        GraphError
            For a suspected common cause, if an undirected edge is in the way.
        """
        item = self._open()
        changes: list[Change] = []
        for about in item.abouts:
            after = Edge(source=about.source, target=about.target, kind=EdgeKind.BIDIRECTED)
            if after in self.graph.edges:
                changes.append((Choice.KEEP, after, after, about))
                continue
            direct = self._direct(about)
            gives_way = direct is not None and direct.kind is EdgeKind.UNDIRECTED
            if gives_way and item.question is Question.LATENT:
                raise GraphError(
                    f"{direct} is in the way of an unmeasured common cause of both",
                    reason="Beside an edge without direction there can be no other.",
                    advice="Give it a direction or remove it first.",
                )
            changes.append((Choice.CONFOUND, direct if gives_way else None, after, about))
        return self._take(changes, reason)

    def become(self, form: Form, reason: str = "") -> Self:
        """Join the pair that is asked about in this form, whatever stands between the two; it is kept if it does.

        Raises
        ------
        GraphError
            If the question is about a suspected common cause (`CycleError` if an arrow would close a circle).
        UsageError
            If this goes against a required or forbidden edge and no reason is given.
        """
        item = self._open()
        if item.question is Question.LATENT:
            raise GraphError("a suspected common cause has no direction to choose", advice="Draw it, or leave it out.")
        present = [edge for edge in self.graph.edges if edge.pair == item.subject.pair]
        return self._take(changes_to(form, item.subject, present), reason)

    def skip(self) -> Self:
        """Go on without a decision."""
        self._open()
        return replace(self, position=self.position + 1, skipped=self.skipped | {self.position}, previous=self)

    def undo(self) -> Self:
        """Go back to before the last answer; at the beginning nothing changes."""
        return self if self.previous is None else self.previous

    def finish(self, ending: Ending) -> Review:
        """Close the gate: the one place that says who has accepted what.

        Parameters
        ----------
        ending
            Whoever accepts signs the graph; it counts as reviewed only if no question is skipped or open. Whoever
            merely keeps it signs nothing. What an earlier review said of the very same graph then stays true.
        """
        earlier = self.earlier
        if ending is Ending.KEEP and earlier is not None and earlier.approved_by is not None and not self.takes_back:
            return earlier.model_copy(update={"decisions": self.decisions})
        return Review(
            graph=self.graph,
            decisions=self.decisions,
            approved_by=self.by if ending is Ending.ACCEPT else None,
            complete=self.unanswered == 0,
            reviewer=self.by,
            skipped=self.unanswered,
        )

    def _open(self) -> Item:
        if self.position >= len(self.items):
            raise UsageError("every question has been answered", advice="Finish, undo, or add an edge.")
        return self.items[self.position]

    def _arrow(self, source: str, target: str) -> Edge:
        for name in (source, target):
            if name not in self.graph.names:
                raise UnknownVariableError(name, self.graph.names, "variable")
        if source == target:
            raise GraphError(f"{shown(source)} cannot cause itself at the same moment", advice="Name two variables.")
        return Edge(source=source, target=target)

    def _about(self, edge: Edge) -> bool:
        item = self.current
        return item is not None and item.question is not Question.LATENT and item.is_about(edge)

    def _direct(self, about: Edge) -> Edge | None:
        return next((e for e in self.graph.edges if e.pair == about.pair and e.kind is not EdgeKind.BIDIRECTED), None)

    def _standing(self, about: Edge) -> Edge | None:
        """Find what is in the graph now, of the edge that is asked about."""
        if about.kind is not EdgeKind.BIDIRECTED:
            return self._direct(about)
        return about if about in self.graph.edges else None

    def _take(self, changes: Iterable[Change], reason: str, *, advance: bool = True) -> Self:
        edges = set(self.graph.edges)
        decided = []
        for choice, before, after, about in changes:
            if before != after:
                self._hold_to_what_is_known(before, after, reason)
            if before is not None:
                edges.discard(before)
            if after is not None:
                edges.add(after)
            decided.append(Decision(choice=choice, before=before, after=after, about=about, reason=reason, by=self.by))
        graph = self.graph
        if edges != set(graph.edges):
            graph = CausalGraph(nodes=graph.nodes, edges=tuple(edges))
        position = self.position + 1 if advance else self.position
        skipped = frozenset(place for place in self.skipped if not self.items[place].answered_by(decided))
        decisions = (*self.decisions, *decided)
        return replace(self, graph=graph, position=position, decisions=decisions, skipped=skipped, previous=self)

    def _hold_to_what_is_known(self, before: Edge | None, after: Edge | None, reason: str) -> None:
        if reason.strip():
            return
        gone = (
            before is not None and before.kind is EdgeKind.DIRECTED and (before.source, before.target) in self.required
        )
        drawn = after is not None and after.kind is EdgeKind.DIRECTED and (after.source, after.target) in self.forbidden
        if gone or drawn:
            raise UsageError(
                f"{before if gone else after} is {'required' if gone else 'forbidden'}",
                reason="It was fixed before the vote.",
                advice="Give a reason in words if you now think otherwise.",
            )


__all__ = ["Ending", "Form", "Item", "Question", "ReviewSession"]
