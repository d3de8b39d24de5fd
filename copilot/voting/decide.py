"""From the count of one pair to a decision, by the rules of the group that decides."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.domain.votes import Group
from copilot.voting.pairs import ALL_WAYS, Way
from copilot.voting.tally import Tally

_EXACT = 1e-9
"""0.7 of 10 ballots are 7, whatever binary fractions say."""
_NEAR_SHARE = 0.1
"""Resamples are many, so near the line means a tenth of them where one ballot would be next to nothing."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the votes say of one pair.

    Parameters
    ----------
    way
        The edge to draw, or ``None``.
    leader
        The way with most votes, drawn or not; ``None`` if no ballot draws the pair.
    votes
        Ballots behind the leader.
    doubtful
        Ways that a person should look at; empty if there is no doubt.
    """

    way: Way | None = None
    leader: Way | None = None
    votes: int = 0
    doubtful: frozenset[Way] = frozenset()


def decide(group: Group, tally: Tally, min_support: float, open_ways: frozenset[Way] = ALL_WAYS) -> Decision:
    """Decide on one pair by the rules of a group.

    Parameters
    ----------
    group
        Whose ballots these are.
    tally
        Their count.
    min_support
        Share of valid ballots an edge needs, in (0, 1].
    open_ways
        What constraints allow. With one direction ruled out, the other needs enough support but no majority over it.
    """
    return (_by_models if group is Group.LLM else _by_data)(tally, min_support, open_ways)


def _by_models(tally: Tally, min_support: float, open_ways: frozenset[Way]) -> Decision:
    """Count each way for itself: it needs `min_support` of the valid ballots, and more than any other way.

    Doubt: one ballot more or less would change the decision; or both directions have votes and the leading one is ahead
    by a third of the valid ballots at most; or no fewer ballots are unsure than valid. Once focused ballots were cast
    on the pair, only a tie or the distance of one ballot is left as doubt. Divided directions and ties are no doubt
    where the ballots that draw the pair at all are more than one short of the line: then most say that there is none.
    """
    counts = {way: tally.count(way) for way in sorted(open_ways)}
    top = max(counts.values(), default=0)
    leaders = [way for way, count in counts.items() if count == top > 0]
    tied = len(leaders) > 1
    drawn = tally.drawn > min_support * tally.valid - 1 - _EXACT
    doubt = (tied and drawn) or (top > 0 and _within_one(top, tally.valid, min_support))
    if not tally.focused:
        directions = sorted(counts[way] for way in (Way.FORWARD, Way.BACKWARD) if way in counts)
        divided = len(directions) > 1 and directions[0] > 0 and 3 * (directions[1] - directions[0]) <= tally.valid
        doubt = doubt or (divided and drawn) or _mostly_unsure(tally)
    if not leaders:
        silent = _mostly_unsure(tally) and bool(open_ways)
        return Decision(doubtful=frozenset({max(open_ways)}) if silent else frozenset())
    reached = not tied and reaches(top, tally.valid, min_support)
    return Decision(
        way=leaders[0] if reached else None,
        leader=leaders[0],
        votes=top,
        doubtful=frozenset(leaders) if doubt else frozenset(),
    )


def _by_data(tally: Tally, min_support: float, open_ways: frozenset[Way]) -> Decision:
    """Decide on the pair first, on the direction second.

    Resamples often agree that two variables are joined and not on the direction, which observational data may not hold
    at all. So an edge is drawn if `min_support` of the valid resamples draw the pair in whatever way. It gets a
    direction only if at least `min_support` of the resamples that draw it, and more than twice as many as for the
    opposite, point there; otherwise it stays undirected. A directed edge shows the resamples that draw this direction,
    but what drew it is the support of the pair.

    Doubt: the pair's support lies within a tenth (and at least one ballot) of the line, one ballot less would take the
    direction away, or no fewer ballots are unsure than valid.
    """
    silent = _mostly_unsure(tally) and bool(open_ways)
    leader = _direction(tally, min_support) if tally.drawn else None
    votes = tally.drawn if leader in (Way.EITHER, None) else tally.count(leader)
    narrow = leader not in (Way.EITHER, None) and _direction(_one_less(tally, leader), min_support) is Way.EITHER
    if leader is None or not open_ways:
        return Decision(doubtful=frozenset({max(open_ways)}) if silent else frozenset())
    if leader not in open_ways:  # knowledge gives the direction that the data cannot give
        leader, votes, narrow = min(open_ways), tally.drawn, False
    margin = max(1.0, _NEAR_SHARE * tally.valid)
    near = abs(tally.drawn - min_support * tally.valid) < margin - _EXACT
    reached = reaches(tally.drawn, tally.valid, min_support)
    doubt = near or silent or (reached and narrow)
    return Decision(
        way=leader if reached else None,
        leader=leader,
        votes=votes,
        doubtful=frozenset({leader}) if doubt else frozenset(),
    )


def reaches(votes: int, valid: int, min_support: float) -> bool:
    """Whether these votes are enough; without a valid ballot nothing is."""
    return valid > 0 and votes >= min_support * valid - _EXACT


def _direction(tally: Tally, min_support: float) -> Way:
    for way in (Way.FORWARD, Way.BACKWARD):
        votes = tally.count(way)
        if votes and reaches(votes, tally.drawn, min_support) and votes > 2 * tally.count(way.turned):
            return way
    return Way.EITHER


def _one_less(tally: Tally, way: Way) -> Tally:
    """Count again as if one ballot for a direction had drawn the opposite."""
    step = 1 if way is Way.FORWARD else -1
    return Tally(tally.forward - step, tally.backward + step, tally.undirected, tally.neither, tally.unsure)


def _within_one(votes: int, valid: int, min_support: float) -> bool:
    return abs(votes - min_support * valid) < 1 - _EXACT


def _mostly_unsure(tally: Tally) -> bool:
    return tally.unsure > 0 and tally.unsure >= tally.valid
