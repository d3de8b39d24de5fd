"""From where each pair stands to the records that people and scripts read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from copilot.domain.consensus import ConsensusEdge, EdgeSupport, Status
from copilot.domain.votes import Group
from copilot.voting.challenge import ChallengeTally
from copilot.voting.constraints import RuleBook
from copilot.voting.intervals import support_of
from copilot.voting.pairs import Way, arrow_of, edge_of
from copilot.voting.reasons import Reasons
from copilot.voting.standing import Standing


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed beside the standing of a pair to write its records.

    Parameters
    ----------
    book
        Constraints.
    cut
        Arrows taken out of circles, with the circle of each.
    challenge
        ``None`` if nobody challenged the graph.
    reasons
        Of all voters.
    """

    book: RuleBook
    cut: Mapping[tuple[str, str], tuple[str, ...]]
    challenge: ChallengeTally | None
    reasons: Reasons


def records_of(standing: Standing, desk: Desk) -> list[ConsensusEdge]:
    """Write one record per way that somebody named; at least one per pair."""
    ways = sorted(_named_ways(standing, desk))
    return [_record(standing, way, desk) for way in ways]


def _named_ways(standing: Standing, desk: Desk) -> set[Way]:
    pair, tally = standing.pair, standing.tally
    ways = {way for way in (standing.way, standing.decision.leader) if way is not None} | set(standing.doubtful)
    directions = {way for way in (Way.FORWARD, Way.BACKWARD) if tally.count(way)}
    if standing.group is Group.LLM:
        ways |= directions | ({Way.EITHER} if tally.undirected else set())
    elif Way.EITHER not in ways:
        # Beside an edge without direction, the counts of its directions stand in a note.
        ways |= directions
    if desk.challenge is not None:
        ways |= {way for way in (Way.FORWARD, Way.BACKWARD) if desk.challenge.of(pair, way) is not None}
    named = desk.book.required | desk.book.forbidden
    ways |= {way for way in (Way.FORWARD, Way.BACKWARD) if arrow_of(pair, way) in named}
    if ways:
        return ways
    data = standing.tallies.get(Group.DATA)
    if data is None or not data.drawn or data.undirected or (data.forward and data.backward):
        return {Way.EITHER}
    return {Way.FORWARD if data.forward else Way.BACKWARD}


def _record(standing: Standing, way: Way, desk: Desk) -> ConsensusEdge:
    edge = edge_of(standing.pair, way)
    status, inside = _status(standing, way, desk)
    cycle = desk.cut.get((edge.source, edge.target)) if way is standing.way else None
    notes = standing.notes.get(way, ())
    if cycle is not None:
        notes = (*notes, f"taken out because it closes the circle {' -> '.join(cycle)}")
    return ConsensusEdge(
        source=edge.source,
        target=edge.target,
        kind=edge.kind,
        status=status,
        in_graph=inside,
        support=support_of(standing.votes(way), standing.tally.valid),
        groups=_groups(standing, way),
        challenge=None if desk.challenge is None else desk.challenge.of(standing.pair, way),
        changed_by="cycle" if cycle is not None else standing.changed.get(way, ""),
        rationales=desk.reasons.of(standing.pair, way),
        notes=notes,
    )


def _status(standing: Standing, way: Way, desk: Desk) -> tuple[Status, bool]:
    arrow = arrow_of(standing.pair, way)
    if way is not Way.EITHER and arrow in desk.book.required:
        return Status.REQUIRED, True
    ruled_out = not desk.book.open_ways(standing.pair) if way is Way.EITHER else desk.book.against(*arrow)
    if ruled_out:
        return Status.FORBIDDEN, False
    if way is standing.way and way is not Way.EITHER and arrow in desk.cut:
        return Status.CUT, False
    inside = way is standing.way
    if way in standing.doubtful:
        return Status.CONTESTED, inside
    return (Status.ACCEPTED if inside else Status.REJECTED), inside


def _groups(standing: Standing, way: Way) -> dict[Group, EdgeSupport]:
    """Put the groups side by side; beside models the data count resamples that draw the pair in whatever way."""
    sides = {}
    for group, tally in sorted(standing.tallies.items()):
        votes = standing.votes(way) if group is standing.group else tally.drawn
        sides[group] = support_of(votes, tally.valid)
    return sides
