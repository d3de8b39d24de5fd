"""Ballots, and what became of those that could not be counted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, SerializerFunctionWrapHandler, model_serializer

from copilot.domain.graph import EdgeKind
from copilot.domain.value import Value

Names = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]
"""A set of names that is written in alphabetical order, so that files are the same to the byte."""


class Group(StrEnum):
    """Who votes: language models or the data."""

    LLM = "llm"
    DATA = "data"


class Voter(Value):
    """One configuration that fills in a ballot.

    Parameters
    ----------
    group
        Model or data.
    source
        Name of the model, or of the discovery algorithm.
    ballot
        0-based number among the ballots of one task; with the run's seed it fixes order, persona and wording,
        or the rows of a resample.
    persona, wording
        Names of the prompt blocks that were used; empty for data.
    """

    group: Group
    source: str
    ballot: int = Field(ge=0)
    persona: str = ""
    wording: str = ""


class EdgeVote(Value):
    """One edge on a ballot.

    Parameters
    ----------
    source, target, kind
        The edge.
    reason
        The voter's one-line mechanism.
    quote, document
        What the voter quotes for it, on one line, and the name of the document it names; nobody has looked it up yet.
        Left out of files where there is no quotation.
    """

    source: str
    target: str
    kind: EdgeKind = EdgeKind.DIRECTED
    reason: str = ""
    quote: str = ""
    document: str = ""

    @model_serializer(mode="wrap")
    def _without_blanks(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write what runs without documents always wrote."""
        told: dict[str, Any] = write(self)
        return {key: value for key, value in told.items() if value or key not in {"quote", "document"}}


class LatentVote(Value):
    """A suspected unmeasured common cause and the two or more variables it would affect."""

    name: str
    affects: tuple[str, ...] = Field(min_length=2)
    reason: str = ""


class Slip(StrEnum):
    """A part of a valid ballot that could not be used; each is counted and shown."""

    UNKNOWN_NAME = "unknown_name"
    """The ballot named a variable that does not exist; that line was left out."""
    FOLDED_NAME = "folded_name"
    """A name was matched by ignoring case or spaces, without ambiguity."""
    SELF_LOOP = "self_loop"
    REPEATED = "repeated"
    """The same line stood more than once; it counts once."""
    BOTH_WAYS = "both_ways"
    """The ballot drew a pair in both directions; it counts as unsure of that pair."""
    OUT_OF_SCOPE = "out_of_scope"
    """The line answers something that was not asked."""
    BAD_EVIDENCE = "bad_evidence"
    """A claim pointed at a path or an edge that is not in the graph shown."""


class SlipCount(Value):
    """How often one kind of slip occurred on one ballot, with the names concerned."""

    slip: Slip
    count: int = Field(ge=1)
    examples: tuple[str, ...] = ()


class GraphBallot(Value):
    """One voter's answer to "which direct causes are there among these variables?".

    Parameters
    ----------
    voter
        Who filled it in.
    edges
        What it draws; at most one per unordered pair, apart from a bidirected edge beside a directed one.
    unsure
        Pairs, each in alphabetical order, that the voter would not decide and did not draw. They are abstentions on
        that pair: counted, but in no denominator.
    latents
        Suspected unmeasured common causes.
    asked
        The variables whose direct causes the ballot answers for. Beyond 25 variables a ballot is split into blocks,
        and a block may be lost alone. A ballot counts for a pair if it answers for both of its ends.
    slips
        Parts that could not be used.
    """

    voter: Voter
    edges: tuple[EdgeVote, ...] = ()
    unsure: tuple[tuple[str, str], ...] = ()
    latents: tuple[LatentVote, ...] = ()
    asked: Names
    slips: tuple[SlipCount, ...] = ()


class PairAnswer(StrEnum):
    """The possible answers to a focused question about the pair (first, second)."""

    CAUSE = "cause"
    """The first is a direct cause of the second."""
    EFFECT = "effect"
    """The second is a direct cause of the first."""
    NEITHER = "neither"
    COMMON_CAUSE = "common_cause"
    """No direct cause either way; an unmeasured common cause makes them move together."""
    DONT_KNOW = "dont_know"
    """An abstention on this pair."""


class PairVote(Value):
    """One answer about one contested pair."""

    first: str
    second: str
    answer: PairAnswer
    reason: str = ""


class PairBallot(Value):
    """One voter's answers about the contested pairs; a pair left out is an abstention on it."""

    voter: Voter
    answers: tuple[PairVote, ...] = ()
    slips: tuple[SlipCount, ...] = ()


class Verdict(StrEnum):
    """A challenger's judgement of an arrow in the voted graph."""

    KEEP = "keep"
    DROP = "drop"
    REVERSE = "reverse"


class ArrowVerdict(Value):
    """A judgement of one arrow; `carried_by` names the mediators that carry the whole effect of an arrow to drop."""

    source: str
    target: str
    verdict: Verdict
    carried_by: tuple[str, ...] = ()
    reason: str = ""


class ChallengeBallot(Value):
    """One challenger's judgement of every arrow of the voted graph and of every absent pair.

    Parameters
    ----------
    voter
        Who filled it in.
    verdicts
        At most one per arrow shown; an arrow left out here and in `unsure` counts as kept.
    unsure
        Arrows shown, as (source, target), on which this challenger gives no usable verdict: abstentions, which are in
        no denominator.
    additions
        Arrows that the challenger finds missing, between pairs that had none.
    asked
        The variables whose incoming arrows, present and absent, were judged; ``None`` means all. Large graphs are
        judged in blocks, and a block may be lost alone: the ballot counts for an arrow if it answers for its target.
    slips
        Parts that could not be used.
    """

    voter: Voter
    asked: Names | None = None
    verdicts: tuple[ArrowVerdict, ...] = ()
    unsure: tuple[tuple[str, str], ...] = ()
    additions: tuple[EdgeVote, ...] = ()
    slips: tuple[SlipCount, ...] = ()


class AbstentionReason(StrEnum):
    """Why a ballot is in no denominator."""

    UNREADABLE = "unreadable"
    """No JSON, or JSON that does not follow the schema, after one repair turn."""
    REFUSED = "refused"
    CUT_OFF = "cut_off"
    EMPTY = "empty"
    FAULT = "fault"
    """The endpoint failed for this one ballot."""


class Abstention(Value):
    """An answer that could not be counted; `detail` is one cleaned line for people."""

    voter: Voter
    reason: AbstentionReason
    detail: str = ""


class Turnout(Value):
    """How many ballots were asked for, how many count, and what became of the rest."""

    asked: int = Field(ge=0)
    valid: int = Field(ge=0)
    abstained: int = Field(ge=0)
    reasons: dict[str, int] = Field(default_factory=dict)
    sources: dict[str, int] = Field(default_factory=dict)
    """Valid ballots by model or algorithm."""


class Votes(Value):
    """Everything that was voted in one run: the content of ``votes.json``.

    Parameters
    ----------
    ballots
        Of models and of the data.
    abstentions
        Among those.
    pair_ballots, pair_abstentions
        Of the focused round on contested pairs.
    challenge_ballots, challenge_abstentions
        Of the challenge round.
    """

    ballots: tuple[GraphBallot, ...] = ()
    abstentions: tuple[Abstention, ...] = ()
    pair_ballots: tuple[PairBallot, ...] = ()
    pair_abstentions: tuple[Abstention, ...] = ()
    challenge_ballots: tuple[ChallengeBallot, ...] = ()
    challenge_abstentions: tuple[Abstention, ...] = ()


class Concern(Value):
    """One doubt that a critic voices about a graph; it points at nodes or at an edge of it, or it is not counted.

    Parameters
    ----------
    kind
        A word of `copilot.domain.findings.FindingKind`, of those that are voted.
    nodes
        The variables it is about: source and target in that order for an edge, sorted otherwise.
    reason
        One line.
    edge
        Kind of the edge between the nodes that the concern is about, ``None`` if it is about no edge.
    """

    kind: str
    nodes: tuple[str, ...] = Field(min_length=1)
    reason: str = ""
    edge: EdgeKind | None = None


class CritiqueBallot(Value):
    """One critic's doubts about a graph; none is a legal answer."""

    voter: Voter
    concerns: tuple[Concern, ...] = ()
    slips: tuple[SlipCount, ...] = ()


class CandidateVote(Value):
    """One candidate on a ballot.

    Parameters
    ----------
    name
        A column's name, or the ballot's own words for an idea outside the table.
    role
        A word of `copilot.domain.candidates.Role`.
    observed
        Whether it is a column.
    affects
        Variables it would affect, sorted.
    given
        What must be held fixed for it to do its work, sorted.
    collect, reason
        One line each.
    """

    name: str
    role: str
    observed: bool = True
    affects: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    collect: str = ""
    reason: str = ""


class CandidateBallot(Value):
    """One voter's candidates; none is a legal answer.

    Parameters
    ----------
    voter
        Who filled it in.
    asked
        The columns on which it gives a verdict; ``None`` means all. Large tables are judged in blocks, and a block may
        be lost alone: the ballot counts for a column if it judges it.
    candidates
        What it proposes; at most one per column and role.
    slips
        Parts that could not be used.
    """

    voter: Voter
    asked: Names | None = None
    candidates: tuple[CandidateVote, ...] = ()
    slips: tuple[SlipCount, ...] = ()
