"""Who voted, what became of the others, and whether it is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from copilot.domain.votes import Abstention, ChallengeBallot, GraphBallot, Group, Turnout
from copilot.errors import QuorumError

PARTIAL = "partial"
"""Among the reasons of a `Turnout`: ballots that lost a block and answer for some of the variables only."""
_PAIR = 2
_WHO = {Group.LLM: "model", Group.DATA: "data"}


def count_turnout(
    names: Sequence[str], ballots: Sequence[GraphBallot], abstentions: Sequence[Abstention]
) -> dict[Group, Turnout]:
    """Count the ballots of each group that is present.

    A model's ballot is valid if it answers for every variable. One that lost a block is *partial*: it still counts for
    the pairs whose two ends it answers for, but not for the quorum. A ballot of the data is never split in blocks, and
    is valid if it answers for any pair: a column that never varies cannot be answered for.
    """
    known = frozenset(names)
    found = {}
    for group in sorted({ballot.voter.group for ballot in ballots} | {one.voter.group for one in abstentions}):
        mine = [ballot for ballot in ballots if ballot.voter.group is group]
        whole = [b for b in mine if b.asked >= known or (group is Group.DATA and len(b.asked & known) >= _PAIR)]
        lost = [one for one in abstentions if one.voter.group is group]
        found[group] = _turnout([ballot.voter.source for ballot in whole], len(mine) - len(whole), lost)
    return found


def count_challengers(
    names: Sequence[str], ballots: Sequence[ChallengeBallot], abstentions: Sequence[Abstention]
) -> Turnout | None:
    """Count the challengers; ``None`` if none was asked."""
    if not ballots and not abstentions:
        return None
    whole = [ballot for ballot in ballots if ballot.asked is None or ballot.asked.issuperset(names)]
    return _turnout([ballot.voter.source for ballot in whole], len(ballots) - len(whole), abstentions)


def check_quorum(turnout: Mapping[Group, Turnout], quorum: int) -> None:
    """Refuse to decide on too few ballots.

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
        if count.valid < quorum:
            reasons = ", ".join(
                f"{reason.replace('_', ' ')}: {number}" for reason, number in sorted(count.reasons.items())
            )
            raise QuorumError(
                f"{count.valid} of {count.asked} {_WHO[group]} ballots can be counted, and {quorum} are needed",
                reason=f"The others: {reasons}." if reasons else "No more were asked for.",
                advice="What was gathered is kept. Ask for more with --votes, or lower --quorum.",
            )


def _turnout(sources: Sequence[str], partial: int, abstentions: Sequence[Abstention]) -> Turnout:
    reasons = Counter(one.reason.value for one in abstentions)
    if partial:
        reasons[PARTIAL] = partial
    return Turnout(
        asked=len(sources) + partial + len(abstentions),
        valid=len(sources),
        abstained=len(abstentions),
        reasons=dict(sorted(reasons.items())),
        sources=dict(sorted(Counter(sources).items())),
    )
