"""Ballots written in one line, for the tests of the count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace

import pytest

from copilot.domain.consensus import Consensus, ConsensusEdge
from copilot.domain.graph import EdgeKind
from copilot.domain.votes import (
    Abstention,
    AbstentionReason,
    ArrowVerdict,
    ChallengeBallot,
    EdgeVote,
    GraphBallot,
    Group,
    PairAnswer,
    PairBallot,
    PairVote,
    Verdict,
    Voter,
)

ABC = ("a", "b", "c")


def voter(number: int, group: Group = Group.LLM) -> Voter:
    return Voter(group=group, source="m" if group is Group.LLM else "pc", ballot=number)


def vote(text: str, reason: str = "") -> EdgeVote:
    source, arrow, target = text.split()
    kind = {"->": EdgeKind.DIRECTED, "--": EdgeKind.UNDIRECTED, "<->": EdgeKind.BIDIRECTED}[arrow]
    return EdgeVote(source=source, target=target, kind=kind, reason=reason)


def ballot(
    number: int, *edges: str, names: Iterable[str] = ABC, group: Group = Group.LLM, **more: object
) -> GraphBallot:
    drawn = tuple(vote(edge) for edge in edges)
    return GraphBallot.model_validate(
        {"voter": voter(number, group), "edges": drawn, "asked": frozenset(names), **more}
    )


def many(count: int, *edges: str, start: int = 0, **more: object) -> list[GraphBallot]:
    return [ballot(start + i, *edges, **more) for i in range(count)]  # type: ignore[arg-type]


def split(*parts: tuple[int, Sequence[str]], **more: object) -> list[GraphBallot]:
    """Write so many ballots with these edges, so many with those, …"""
    made: list[GraphBallot] = []
    for count, edges in parts:
        made.extend(many(count, *edges, start=len(made), **more))
    return made


def answers(number: int, first: str, second: str, answer: PairAnswer) -> PairBallot:
    return PairBallot(voter=voter(number), answers=(PairVote(first=first, second=second, answer=answer, reason="r"),))


def challenger(
    number: int, *, drop: Sequence[str] = (), reverse: Sequence[str] = (), add: Sequence[str] = (), **more: object
) -> ChallengeBallot:
    verdicts = [
        ArrowVerdict(source=vote(edge).source, target=vote(edge).target, verdict=verdict, reason="because")
        for edges, verdict in ((drop, Verdict.DROP), (reverse, Verdict.REVERSE))
        for edge in edges
    ]
    return ChallengeBallot.model_validate(
        {"voter": voter(number), "verdicts": tuple(verdicts), "additions": tuple(vote(e) for e in add), **more}
    )


def abstained(number: int, reason: AbstentionReason = AbstentionReason.REFUSED) -> Abstention:
    return Abstention(voter=voter(number), reason=reason)


def find(consensus: Consensus, text: str) -> ConsensusEdge:
    wanted = vote(text)
    return next(
        edge
        for edge in consensus.edges
        if (edge.source, edge.target, edge.kind) == (wanted.source, wanted.target, wanted.kind)
    )


@pytest.fixture(scope="session")
def write() -> SimpleNamespace:
    return SimpleNamespace(
        abstained=abstained,
        answers=answers,
        ballot=ballot,
        challenger=challenger,
        find=find,
        many=many,
        split=split,
        vote=vote,
        voter=voter,
    )
