"""What the ballots add up to: for every pair the counts, the decision and why."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from copilot.domain.documents import Quotation
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.notice import Notice
from copilot.domain.value import Value
from copilot.domain.votes import Group, Turnout


class Status(StrEnum):
    """Where an edge stands after the vote; `ConsensusEdge.in_graph` says whether it is drawn."""

    ACCEPTED = "accepted"
    CONTESTED = "contested"
    """Near the line, in two directions, or doubted by a minority of challengers: a person should look first."""
    REJECTED = "rejected"
    CUT = "cut"
    """Accepted by the votes and taken out again because it closed a circle."""
    REQUIRED = "required"
    FORBIDDEN = "forbidden"


class EdgeSupport(Value):
    """Ballots for an edge, of how many valid ones, with a Wilson 95 % interval of the share.

    Parameters
    ----------
    votes
        Ballots that drew the edge in this direction (or without direction, for an undirected edge).
    valid
        Ballots that count for this pair.
    support
        votes ÷ valid; 0 where no ballot is valid.
    interval
        Lower and upper limit in [0, 1].
    """

    votes: int = Field(ge=0)
    valid: int = Field(ge=0)
    support: float = Field(ge=0, le=1)
    interval: tuple[float, float]


class ChallengeCount(Value):
    """What the challengers said of an edge."""

    keep: int = 0
    drop: int = 0
    reverse: int = 0
    add: int = 0
    valid: int = 0


class Rationale(Value):
    """One voter's reason for or against an edge, kept beside the others for the review."""

    voter: str
    stance: str
    """``"for"``, ``"against"``, ``"reverse"`` or ``"unsure"``."""
    text: str


class ConsensusEdge(Value):
    """One edge that at least one voter, challenger or constraint named.

    Parameters
    ----------
    source, target, kind
        The edge as it stands, or as it would stand if it were drawn.
    status
        Where it stands.
    in_graph
        Whether the consensus graph has it.
    support
        Of the group that decides.
    groups
        The same per group of voters, side by side.
    challenge
        ``None`` if no challenge round was held on it.
    changed_by
        ``"challenge"``, ``"require"``, ``"forbid"``, ``"tiers"``, ``"cycle"`` or empty.
    rationales
        For and against.
    notes
        Sentences on what a reader should know, e.g. that the data see no dependence.
    evidence
        What ballots quoted for it, looked up in the user's documents; those found first.
    """

    source: str
    target: str
    kind: EdgeKind = EdgeKind.DIRECTED
    status: Status
    in_graph: bool
    support: EdgeSupport
    groups: dict[Group, EdgeSupport] = Field(default_factory=dict)
    challenge: ChallengeCount | None = None
    changed_by: str = ""
    rationales: tuple[Rationale, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: tuple[Quotation, ...] = ()


class CycleCut(Value):
    """An edge taken out because it closed a circle of accepted edges."""

    source: str
    target: str
    support: float
    cycle: tuple[str, ...]


class LatentSuggestion(Value):
    """A suspected unmeasured common cause with its own votes; drawn only if a person or a flag says so."""

    name: str
    affects: tuple[str, ...]
    votes: int = Field(ge=0)
    valid: int = Field(ge=0)
    support: float = Field(ge=0, le=1)
    reason: str = ""


class Consensus(Value):
    """The voted graph and everything it rests on; edges are sorted by (source, target, kind)."""

    graph: CausalGraph
    edges: tuple[ConsensusEdge, ...]
    turnout: dict[Group, Turnout]
    challenge_turnout: Turnout | None = None
    cycle_cuts: tuple[CycleCut, ...] = ()
    latents: tuple[LatentSuggestion, ...] = ()
    notices: tuple[Notice, ...] = ()


class Constraints(Value):
    """What the user knows beforehand; enforced, and every conflict with the votes is reported.

    Parameters
    ----------
    require, forbid
        Directed edges (source, target).
    tiers
        Sets of variables in time order; nothing in a later tier may cause anything in an earlier one.
        Variables in no tier are free.
    """

    require: tuple[tuple[str, str], ...] = ()
    forbid: tuple[tuple[str, str], ...] = ()
    tiers: tuple[tuple[str, ...], ...] = ()


class VotingRules(Value):
    """The numbers that turn ballots into a graph.

    Parameters
    ----------
    min_support
        Share of valid ballots an edge needs, in (0, 1].
    quorum
        Valid ballots needed of the models, at least 1.
    data_quorum
        Valid ballots needed of the data; ``None``: as many as of the models.
    """

    min_support: float = Field(default=0.5, gt=0, le=1)
    quorum: int = Field(default=1, ge=1)
    data_quorum: int | None = Field(default=None, ge=1)

    def needed(self, group: Group) -> int:
        """Give the quorum of a group."""
        return self.data_quorum if group is Group.DATA and self.data_quorum is not None else self.quorum
