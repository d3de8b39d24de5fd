"""Who voted, what became of the others, and whether it is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Protocol

from copilot.domain.consensus import VotingRules
from copilot.domain.votes import Abstention, ChallengeBallot, GraphBallot, Group, Turnout, Voter
from copilot.errors import QuorumError

PARTIAL = "partial"
"""Among the reasons of a `Turnout`: ballots that lost a block and answer for some of the variables only."""
ENOUGH = 0.5
"""Share of the variables that a model's ballot must answer for to count towards the quorum."""
_PAIR = 2
_WHO = {Group.LLM: "model", Group.DATA: "data"}


def count_turnout(
    names: Sequence[str], ballots: Sequence[GraphBallot], abstentions: Sequence[Abstention]
) -> dict[Group, Turnout]:
    """Count the ballots of each group that is present.

    A ballot of a large table that lost a block is *partial*: it counts for the pairs whose two ends it answers for,
    and towards the quorum if it answers for at least half of the variables. A ballot of the data is never split, and
    is valid if it answers for any pair: a column that never varies cannot be answered for.
    """
    known = frozenset(names)
    found = {}
    for group in sorted({ballot.voter.group for ballot in ballots} | {one.voter.group for one in abstentions}):
        mine = [ballot for ballot in ballots if ballot.voter.group is group]
        least = _PAIR if group is Group.DATA else ENOUGH * len(known)
        counted = [ballot for ballot in mine if len(ballot.asked & known) >= least]
        partial = 0 if group is Group.DATA else sum(1 for ballot in mine if not ballot.asked >= known)
        lost = [one for one in abstentions if one.voter.group is group]
        found[group] = _turnout([b.voter.source for b in counted], len(mine), partial, lost)
    return found


def count_challengers(
    names: Sequence[str], ballots: Sequence[ChallengeBallot], abstentions: Sequence[Abstention]
) -> Turnout | None:
    """Count the challengers; ``None`` if none was asked."""
    if not ballots and not abstentions:
        return None
    partial = sum(1 for ballot in ballots if ballot.asked is not None and not ballot.asked.issuperset(names))
    return _turnout([ballot.voter.source for ballot in ballots], len(ballots), partial, abstentions)


def check_quorum(turnout: Mapping[Group, Turnout], rules: VotingRules, abstentions: Sequence[Abstention] = ()) -> None:
    """Refuse to decide on too few ballots.

    Parameters
    ----------
    turnout
        Of each group that is present.
    rules
        How many valid ballots each group needs.
    abstentions
        The first of the group is given as an example.

    Raises
    ------
    QuorumError
        Naming the group, and the reasons with their counts.
    """
    if not turnout:
        raise QuorumError(
            "no ballot was cast",
            reason="Neither a model nor the data was asked.",
            advice="Configure a model, or let the data vote with --voters data.",
        )
    for group, count in sorted(turnout.items()):
        needed = rules.needed(group)
        if count.valid < needed:
            reasons = ", ".join(
                f"{reason.replace('_', ' ')}: {number}" for reason, number in sorted(count.reasons.items())
            )
            details = (one.detail for one in abstentions if one.voter.group is group and one.detail)
            example = "".join(f" The first: {detail.rstrip('.')}." for detail in islice(details, 1))
            raise QuorumError(
                f"{count.valid} of {count.asked} {_WHO[group]} ballots can be counted, and {needed} are needed",
                reason=f"The others: {reasons}.{example}" if reasons else "No more were asked for.",
                advice="What was gathered is kept. Ask for more with --votes, or lower --quorum.",
            )


class Cast(Protocol):
    """A ballot of any kind."""

    @property
    def voter(self) -> Voter:
        """Who filled it in."""
        ...


def count_ballots(ballots: Sequence[Cast], abstentions: Sequence[Abstention], quorum: int) -> Turnout:
    """Count the ballots of a task that is never split between groups.

    Parameters
    ----------
    ballots, abstentions
        All that came of it.
    quorum
        Valid ballots needed.

    Raises
    ------
    QuorumError
        If there are fewer; naming the reasons with their counts.
    """
    turnout = _turnout([ballot.voter.source for ballot in ballots], len(ballots), 0, abstentions)
    check_quorum({Group.LLM: turnout}, VotingRules(quorum=quorum, data_quorum=1), abstentions)
    return turnout


def _turnout(sources: Sequence[str], cast: int, partial: int, abstentions: Sequence[Abstention]) -> Turnout:
    reasons = Counter(one.reason.value for one in abstentions)
    if partial:
        reasons[PARTIAL] = partial
    return Turnout(
        asked=cast + len(abstentions),
        valid=len(sources),
        abstained=len(abstentions),
        reasons=dict(sorted(reasons.items())),
        sources=dict(sorted(Counter(sources).items())),
    )
