"""What ballots quote for an edge is looked up in the documents, and joined to the edge they drew."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.data.quotations import Library
from copilot.domain.consensus import Consensus
from copilot.domain.documents import Document, Quotation
from copilot.domain.graph import EdgeKind
from copilot.domain.notice import Level, Notice
from copilot.domain.votes import GraphBallot, Group

MOST_QUOTATIONS = 6
"""Kept per edge: those found first, then those of more ballots; the rest is counted."""

Arrow = tuple[str, str, EdgeKind]


def with_evidence(
    consensus: Consensus, ballots: Sequence[GraphBallot], documents: Sequence[Document]
) -> tuple[Consensus, tuple[Notice, ...]]:
    """Look up all quotations and join them to the edges; the vote has been counted without them.

    Parameters
    ----------
    consensus
        Of these ballots and others.
    ballots
        Of the first round.
    documents
        Those put before the models, whole.

    Returns
    -------
    tuple
        The consensus with the evidence of each edge, and what a reader must be told. Without documents: as it was.
    """
    if not documents:
        return consensus, ()
    quoted = _looked_up(ballots, documents)
    dropped = sum(len(quotations[MOST_QUOTATIONS:]) for quotations in quoted.values())
    edges = tuple(
        edge.model_copy(update={"evidence": quoted.get((edge.source, edge.target, edge.kind), ())[:MOST_QUOTATIONS]})
        for edge in consensus.edges
    )
    notices = _notices([one for quotations in quoted.values() for one in quotations], ballots, dropped)
    return consensus.model_copy(update={"edges": edges}), notices


def _looked_up(ballots: Sequence[GraphBallot], documents: Sequence[Document]) -> dict[Arrow, tuple[Quotation, ...]]:
    """Look up each quotation once; those in the same words for the same edge are one."""
    library = Library(documents)
    votes: dict[Arrow, dict[tuple[str, str], int]] = {}
    for ballot in ballots:
        for edge in ballot.edges:
            if edge.quote:
                said = votes.setdefault((edge.source, edge.target, edge.kind), {})
                said[edge.document, edge.quote] = said.get((edge.document, edge.quote), 0) + 1
    found: dict[Arrow, tuple[Quotation, ...]] = {}
    for arrow, said in votes.items():
        merged: dict[tuple[str, str], Quotation] = {}
        for (named, text), count in sorted(said.items()):
            one = _quotation(library, named, text, count)
            same = merged.get((one.document, text))
            merged[one.document, text] = one.model_copy(update={"votes": count + (same.votes if same else 0)})
        found[arrow] = tuple(
            sorted(merged.values(), key=lambda one: (not one.found, -one.votes, one.document, one.place, one.text))
        )
    return found


def _quotation(library: Library, named: str, text: str, votes: int) -> Quotation:
    place = library.find(text, named)
    if place is None:
        return Quotation(document=named, text=text, votes=votes)
    return Quotation(document=place.document, text=text, place=str(place), found=True, votes=votes)


def _notices(quotations: Sequence[Quotation], ballots: Sequence[GraphBallot], dropped: int) -> tuple[Notice, ...]:
    told = []
    missing = sum(1 for one in quotations if not one.found)
    if missing:
        message = f"{missing} of {len(quotations)} quotations were not found in the documents"
        told.append(Notice(code="quotations_not_found", count=missing, message=message))
    elif quotations:
        message = f"all {len(quotations)} quotations were found in the documents"
        told.append(Notice(code="quotations_found", count=len(quotations), message=message, level=Level.INFO))
    else:
        who = "no ballot" if any(ballot.voter.group is Group.LLM for ballot in ballots) else "no model voted, so nobody"
        message = f"{who} quotes from the documents"
        told.append(Notice(code="nothing_quoted", message=message, level=Level.INFO))
    if dropped:
        message = f"{dropped} further quotations are in votes.json only: at most {MOST_QUOTATIONS} are kept for an edge"
        told.append(Notice(code="quotations_dropped", count=dropped, message=message, level=Level.INFO))
    return tuple(told)
