"""What a review asks about, the most doubtful first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

from copilot.domain.consensus import Consensus, ConsensusEdge, LatentSuggestion, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Choice, Decision
from copilot.domain.value import Value
from copilot.voting.consensus import contested_pairs

Change = tuple[Choice, Edge | None, Edge | None, Edge]
"""What is done, the edge before, the edge after, and the edge it is about."""
_CONTESTED, _DIRECTION, _CHANGED, _REST, _REQUIRED = range(5)


class Question(StrEnum):
    """What is asked about an item."""

    EDGE = "edge"
    """It is in the graph: does it stay?"""
    DIRECTION = "direction"
    """It is in the graph without a direction: which way does it run?"""
    LATENT = "latent"
    """An unmeasured common cause is suspected: is it drawn?"""
    REJECTED = "rejected"
    """It was left out, in doubt: is it added?"""


class Form(StrEnum):
    """How a pair can be joined, seen from the first end of what is asked about."""

    FORWARD = "->"
    BACKWARD = "<-"
    CONFOUNDED = "<->"
    """By an unmeasured common cause, and by nothing else."""
    NONE = "none"

    def between(self, source: str, target: str) -> Edge | None:
        """Give the one edge that joins the two in this form."""
        if self is Form.NONE:
            return None
        if self is Form.CONFOUNDED:
            return Edge(source=source, target=target, kind=EdgeKind.BIDIRECTED)
        return Edge(source=source, target=target) if self is Form.FORWARD else Edge(source=target, target=source)


class Item(Value):
    """One question of the review.

    Parameters
    ----------
    question
        What is asked.
    subject
        The edge it is about; for a suspected common cause of several variables the first pair of them.
    edge
        The votes on it; ``None`` for a graph that nobody voted on.
    opposite
        The votes on the other direction, if somebody drew it.
    latent
        The suspected common cause, for that question.
    current
        What stands in the graph when the question is asked; ``None`` if nothing does.
    hangs
        What hangs on the answer, in a sentence; empty if nothing is known to.
    """

    question: Question
    subject: Edge
    edge: ConsensusEdge | None = None
    opposite: ConsensusEdge | None = None
    latent: LatentSuggestion | None = None
    current: Edge | None = None
    hangs: str = ""

    @property
    def abouts(self) -> Sequence[Edge]:
        """The edges it is about; more than one for a common cause of three and more."""
        if self.latent is None:
            return (self.subject,)
        return [
            Edge(source=first, target=second, kind=EdgeKind.BIDIRECTED)
            for first, second in combinations(sorted(self.latent.affects), 2)
        ]

    def standing(self, current: Edge | None) -> Item:
        """Ask what makes sense for the edge that stands there now, which earlier answers may have changed."""
        question = self.question
        if question is not Question.LATENT:
            question = Question.REJECTED if current is None else Question.EDGE
            if current is not None and current.kind is EdgeKind.UNDIRECTED:
                question = Question.DIRECTION
        return self.model_copy(update={"question": question, "current": current})

    def is_about(self, edge: Edge) -> bool:
        """Whether a decision on this edge answers the question, or a part of it."""
        hidden = EdgeKind.BIDIRECTED in (edge.kind, self.subject.kind)
        return edge in self.abouts if hidden else edge.pair == self.subject.pair

    def answered_by(self, decisions: Iterable[Decision]) -> bool:
        """Whether there is a decision on all that it asks."""
        decided = [decision.about for decision in decisions if decision.about is not None]
        if self.latent is not None:
            return set(self.abouts) <= set(decided)
        return any(self.is_about(edge) for edge in decided)


def changes_to(form: Form, subject: Edge, present: Sequence[Edge]) -> list[Change]:
    """List what turns the edges that are present between two ends into this form and nothing else.

    Parameters
    ----------
    form
        Seen from the source of `subject`.
    subject
        What is asked about.
    present
        All edges between its ends.
    """
    after = form.between(subject.source, subject.target)
    if after is None:
        hidden = subject.kind is EdgeKind.BIDIRECTED
        asked = next((edge for edge in present if (edge.kind is EdgeKind.BIDIRECTED) is hidden), None)
        others = [edge for edge in present if edge != asked]
        return [(Choice.REMOVE, asked, None, subject), *((Choice.REMOVE, edge, None, edge) for edge in others)]
    direct = next((edge for edge in present if edge.kind is not EdgeKind.BIDIRECTED), None)
    before = after if after in present else direct
    main: Change = (_choice(before, after), before, after, subject)
    return [main, *((Choice.REMOVE, edge, None, edge) for edge in present if edge not in (before, after))]


def _choice(before: Edge | None, after: Edge) -> Choice:
    if before == after:
        return Choice.KEEP
    if after.kind is EdgeKind.BIDIRECTED:
        return Choice.CONFOUND
    if before is None:
        return Choice.ADD
    return Choice.ORIENT if before.kind is EdgeKind.UNDIRECTED else Choice.REVERSE


def items_of_graph(
    graph: CausalGraph, hanging: Mapping[tuple[tuple[str, str], bool], str] | None = None
) -> tuple[Item, ...]:
    """Ask about every edge of a graph that nobody voted on: what most hangs on first, then those without direction."""
    items = [
        Item(
            question=Question.DIRECTION if edge.kind is EdgeKind.UNDIRECTED else Question.EDGE,
            subject=edge,
            current=edge,
        )
        for edge in graph.edges
    ]
    known = hanging or {}
    keys = [(item.subject.pair, item.subject.kind is EdgeKind.BIDIRECTED) for item in items]
    items = [item.model_copy(update={"hangs": known.get(key, "")}) for item, key in zip(items, keys, strict=True)]
    rank = {key: place for place, key in enumerate(known)}
    ordered = sorted(
        zip(keys, items, strict=True),
        key=lambda pair: (rank.get(pair[0], len(rank)), pair[1].question is not Question.DIRECTION),
    )
    return tuple(item for _, item in ordered)


def items_of_consensus(
    consensus: Consensus, hanging: Mapping[tuple[tuple[str, str], bool], str] | None = None
) -> tuple[Item, ...]:
    """Ask about a voted graph.

    First the pairs that the answer hangs on, those left out without doubt among them, in the order of `hanging` (pair
    and whether a hidden cause is meant → what hangs on it). Then what is contested, in the graph or left out, the most
    doubtful first; then directions; then what the challengers changed or a circle cost; then the other edges by
    ascending support, required ones last; then suspected unmeasured common causes. Edges that were left out without
    doubt, and on which nothing hangs, are not asked about.
    """
    doubt = {pair: place for place, pair in enumerate(contested_pairs(consensus))}
    by_pair: dict[tuple[str, str], list[ConsensusEdge]] = {}
    for edge in consensus.edges:
        by_pair.setdefault(_edge(edge).pair, []).append(edge)
    found = []
    for pair, edges in by_pair.items():
        asked = _to_ask(edges)
        if asked is not None:
            rank = _rank(asked)
            place = doubt.get(pair, 0) if rank == _CONTESTED else asked.support.support
            found.append((rank, place, pair, _item(asked, _opposite(asked, edges))))
    latents = [
        Item(
            question=Question.LATENT,
            subject=Edge(source=latent.affects[0], target=latent.affects[1], kind=EdgeKind.BIDIRECTED),
            latent=latent,
        )
        for latent in consensus.latents
    ]
    items = (*(item for *_, item in sorted(found, key=lambda entry: entry[:3])), *latents)
    return _hanging_first(items, hanging or {}, by_pair)


def _hanging_first(
    items: Sequence[Item],
    hanging: Mapping[tuple[tuple[str, str], bool], str],
    by_pair: Mapping[tuple[str, str], list[ConsensusEdge]],
) -> tuple[Item, ...]:
    """Move the questions that most hangs on to the front, and ask those that would not be asked."""
    first, rest = [], list(items)
    for (pair, hidden), text in hanging.items():
        fitting = [
            item for item in rest if (item.latent is not None) is hidden and any(e.pair == pair for e in item.abouts)
        ]
        if not fitting and not hidden and pair in by_pair and not any(item.subject.pair == pair for item in items):
            edges = by_pair[pair]
            asked = max(edges, key=lambda edge: edge.support.votes)
            fitting = [_item(asked, _opposite(asked, edges))]
        first += [item.model_copy(update={"hangs": text}) for item in fitting]
        rest = [item for item in rest if item not in fitting]
    return (*first, *rest)


def _to_ask(edges: list[ConsensusEdge]) -> ConsensusEdge | None:
    """Choose the record of a pair to ask about: what is drawn, else what was left out in doubt with most votes."""
    drawn = next((edge for edge in edges if edge.in_graph), None)
    if drawn is not None:
        return drawn
    doubtful = [edge for edge in edges if edge.status in (Status.CONTESTED, Status.CUT) or _was_dropped(edge)]
    return max(doubtful, key=lambda edge: (edge.status is Status.CONTESTED, edge.support.votes), default=None)


def _opposite(asked: ConsensusEdge, edges: list[ConsensusEdge]) -> ConsensusEdge | None:
    return next((edge for edge in edges if (edge.source, edge.target) == (asked.target, asked.source)), None)


def _was_dropped(edge: ConsensusEdge) -> bool:
    return edge.status is Status.REJECTED and edge.changed_by == "challenge"


def _rank(edge: ConsensusEdge) -> int:
    if edge.status is Status.CONTESTED:
        return _CONTESTED
    if edge.status is Status.REQUIRED:
        return _REQUIRED
    if edge.kind is EdgeKind.UNDIRECTED:
        return _DIRECTION
    return _CHANGED if edge.changed_by in ("challenge", "cycle") else _REST


def _item(edge: ConsensusEdge, opposite: ConsensusEdge | None) -> Item:
    asked = Question.EDGE if edge.in_graph else Question.REJECTED
    if edge.in_graph and edge.kind is EdgeKind.UNDIRECTED:
        asked = Question.DIRECTION
    subject = _edge(edge)
    return Item(
        question=asked, subject=subject, edge=edge, opposite=opposite, current=subject if edge.in_graph else None
    )


def _edge(edge: ConsensusEdge) -> Edge:
    return Edge(source=edge.source, target=edge.target, kind=edge.kind)
