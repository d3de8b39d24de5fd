"""What a review asks about, the most doubtful first."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain.consensus import Consensus, ConsensusEdge, LatentSuggestion, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.value import Value
from copilot.voting.consensus import contested_pairs

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
    """

    question: Question
    subject: Edge
    edge: ConsensusEdge | None = None
    opposite: ConsensusEdge | None = None
    latent: LatentSuggestion | None = None
    current: Edge | None = None


def items_of_graph(graph: CausalGraph) -> tuple[Item, ...]:
    """Ask about every edge of a graph that nobody voted on; those without direction first."""
    items = [
        Item(
            question=Question.DIRECTION if edge.kind is EdgeKind.UNDIRECTED else Question.EDGE,
            subject=edge,
            current=edge,
        )
        for edge in graph.edges
    ]
    return tuple(sorted(items, key=lambda item: item.question is not Question.DIRECTION))


def items_of_consensus(consensus: Consensus) -> tuple[Item, ...]:
    """Ask about a voted graph.

    First what is contested, in the graph or left out, the most doubtful first; then directions; then what the
    challengers changed or a circle cost; then the other edges by ascending support, required ones last; then
    suspected unmeasured common causes. Edges that were left out without doubt are not asked about.
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
    return (*(item for *_, item in sorted(found, key=lambda entry: entry[:3])), *latents)


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
