"""The review as a state machine: what is asked in which order, and what each answer does; screens are built on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Self

from copilot.domain.consensus import Consensus, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Choice, Decision, Review
from copilot.domain.text import shown
from copilot.errors import GraphError, UnknownVariableError, UsageError
from copilot.workflow.review_items import Item, Question, items_of_consensus, items_of_graph

Arrow = tuple[str, str]
Change = tuple[Choice, Edge | None, Edge | None, Edge]
"""What is done, the edge before, the edge after, and the edge it is about."""


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
        So far, in order.
    required, forbidden
        Arrows that the user fixed beforehand; going against them takes a reason in words.
    previous
        The session before the last answer.
    """

    graph: CausalGraph
    items: tuple[Item, ...]
    by: str
    position: int = 0
    decisions: tuple[Decision, ...] = ()
    required: frozenset[Arrow] = frozenset()
    forbidden: frozenset[Arrow] = frozenset()
    previous: Self | None = field(default=None, compare=False, repr=False)

    @classmethod
    def start(cls, subject: Consensus | CausalGraph, by: str) -> Self:
        """Open the review of a voted graph, or of a graph that nobody voted on."""
        if isinstance(subject, CausalGraph):
            return cls(graph=subject, items=items_of_graph(subject), by=by)
        arrows = {
            status: frozenset((edge.source, edge.target) for edge in subject.edges if edge.status is status)
            for status in (Status.REQUIRED, Status.FORBIDDEN)
        }
        return cls(
            graph=subject.graph,
            items=items_of_consensus(subject),
            by=by,
            required=arrows[Status.REQUIRED],
            forbidden=arrows[Status.FORBIDDEN],
        )

    @property
    def current(self) -> Item | None:
        """The open question, with the edge as it stands now; ``None`` when all have been answered."""
        if self.position >= len(self.items):
            return None
        item = self.items[self.position]
        return item.model_copy(update={"current": self._standing(item.subject)})

    def keep(self, reason: str = "") -> Self:
        """Leave what is asked about as it is: in the graph, without a direction, or out of it."""
        item = self._open()
        return self._take(
            [(Choice.KEEP, edge, edge, about) for about in _abouts(item) for edge in [self._standing(about)]], reason
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
            [(Choice.REMOVE, self._standing(about), None, about) for about in _abouts(item)], reason, advance=True
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

    def confound(self, reason: str = "", *, instead: bool = False) -> Self:
        """Draw an unmeasured common cause of what is asked about, as bidirected edges.

        Parameters
        ----------
        reason
            In the person's words.
        instead
            Whether it takes the place of an arrow rather than standing beside it. An undirected edge always gives way.

        Raises
        ------
        GraphError
            If it is drawn already, or for a suspected common cause if an undirected edge is in the way.
        UsageError
            If it would take the place of a required edge and no reason is given.
        """
        item = self._open()
        changes: list[Change] = []
        for about in _abouts(item):
            after = Edge(source=about.source, target=about.target, kind=EdgeKind.BIDIRECTED)
            if after in self.graph.edges:
                continue
            direct = self._direct(about)
            gives_way = direct is not None and (instead or direct.kind is EdgeKind.UNDIRECTED)
            if gives_way and item.question is Question.LATENT:
                raise GraphError(
                    f"{direct} is in the way of an unmeasured common cause of both",
                    reason="Beside an edge without direction there can be no other.",
                    advice="Give it a direction or remove it first.",
                )
            changes.append((Choice.CONFOUND, direct if gives_way else None, after, after))
        if not changes:
            raise GraphError("this unmeasured common cause is drawn already", advice="Keep it, or remove it.")
        return self._take(changes, reason)

    def skip(self) -> Self:
        """Go on without a decision."""
        self._open()
        return replace(self, position=self.position + 1, previous=self)

    def undo(self) -> Self:
        """Go back to before the last answer; at the beginning nothing changes."""
        return self if self.previous is None else self.previous

    def finish(self, complete: bool) -> Review:
        """Close the gate.

        Parameters
        ----------
        complete
            Whether the person went through to the end; not believed while questions are open.
        """
        done = complete and self.position >= len(self.items)
        return Review(graph=self.graph, decisions=self.decisions, approved_by=self.by, complete=done)

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
        return item is not None and item.question is not Question.LATENT and item.subject.pair == edge.pair

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
        return replace(self, graph=graph, position=position, decisions=(*self.decisions, *decided), previous=self)

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


def _abouts(item: Item) -> Sequence[Edge]:
    """List the edges that a question is about; more than one for a common cause of three and more."""
    if item.latent is None:
        return (item.subject,)
    return [
        Edge(source=first, target=second, kind=EdgeKind.BIDIRECTED)
        for first, second in combinations(sorted(item.latent.affects), 2)
    ]


__all__ = ["Item", "Question", "ReviewSession"]
