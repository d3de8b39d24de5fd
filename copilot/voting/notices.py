"""What was left out of the count, and what a reader of the voted graph must be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Level, Notice
from copilot.domain.text import one_line, shown
from copilot.domain.variables import Query
from copilot.domain.votes import ChallengeBallot, GraphBallot, Group, PairBallot, Slip, Turnout
from copilot.errors import UnknownVariableError
from copilot.voting.cycles import path_between
from copilot.voting.tally import GroupTally
from copilot.voting.turnout import PARTIAL

_EXAMPLES = 5
_WORDS = {
    Slip.UNKNOWN_NAME: "named a variable that does not exist and were left out",
    Slip.FOLDED_NAME: "wrote a name with other case or spaces and were matched",
    Slip.SELF_LOOP: "drew an edge from a variable to itself and were left out",
    Slip.REPEATED: "stood more than once and count once",
    Slip.BOTH_WAYS: "drew a pair in both directions and count as unsure",
    Slip.OUT_OF_SCOPE: "answered something that was not asked and were left out",
    Slip.BAD_EVIDENCE: "drop an arrow for a path that is not in the graph shown and count as abstentions on it",
}
_HARMLESS = frozenset({Slip.FOLDED_NAME, Slip.REPEATED, Slip.SELF_LOOP})


def slip_notices(ballots: Sequence[GraphBallot | PairBallot | ChallengeBallot]) -> list[Notice]:
    """Sum up, per kind of slip, what could not be used on ballots that count."""
    notices = []
    for slip in Slip:
        found = [(ballot, one) for ballot in ballots for one in ballot.slips if one.slip is slip]
        if not found:
            continue
        count = sum(one.count for _, one in found)
        names = sorted({one_line(name, 60) for _, one in found for name in one.examples})[:_EXAMPLES]
        examples = f", e.g. {', '.join(names)}" if names else ""
        on = len({(type(ballot).__name__, ballot.voter) for ballot, _ in found})
        message = f"{_lines(count)} on {on} {'ballot' if on == 1 else 'ballots'} {_WORDS[slip]}{examples}"
        level = Level.INFO if slip in _HARMLESS else Level.WARNING
        notices.append(Notice(code=f"slip_{slip.value}", message=message, count=count, level=level))
    return notices


def count_notices(
    turnout: Mapping[Group, Turnout], tallies: Mapping[Group, GroupTally], challenge_stray: int
) -> list[Notice]:
    """Say what the count itself had to leave out."""
    notices = []
    for group, count in sorted(turnout.items()):
        partial = count.reasons.get(PARTIAL, 0)
        if partial:
            message = (
                f"{partial} of {count.asked} ballots lost a part; they count for pairs whose two ends they answer for"
            )
            notices.append(Notice(code="partial_ballots", subject=group.value, message=message, count=partial))
    stray = sum(tally.stray for tally in tallies.values()) + challenge_stray
    if stray:
        message = f"{_lines(stray)} on ballots speak of what these ballots do not answer for, and are not counted"
        notices.append(Notice(code="votes_not_counted", message=message, count=stray))
    both = sum(tally.both_ways for tally in tallies.values())
    if both:
        message = f"{both} times a ballot drew a pair in both directions; it counts as unsure of that pair"
        notices.append(Notice(code="both_ways", message=message, count=both))
    return notices


def challenge_notice(turnout: Turnout | None, ballots: Sequence[ChallengeBallot]) -> list[Notice]:
    """Say that nobody challenged the graph, where somebody was asked to."""
    if turnout is None or ballots:
        return []
    reasons = ", ".join(f"{reason.replace('_', ' ')}: {number}" for reason, number in turnout.reasons.items())
    message = f"none of {turnout.asked} challengers could be counted ({reasons}); the graph stands as it was voted"
    return [Notice(code="challenge_silent", message=message, count=turnout.asked)]


def query_notices(graph: CausalGraph, query: Query) -> list[Notice]:
    """Warn if the outcome comes before the treatment in the graph.

    Raises
    ------
    UnknownVariableError
        If treatment or outcome is not in the graph.
    """
    for role, name in (("treatment", query.treatment), ("outcome", query.outcome)):
        if name is not None and name not in graph.names:
            raise UnknownVariableError(name, graph.names, role)
    if query.treatment is None or query.outcome is None:
        return []
    path = path_between(graph.children_of, query.outcome, query.treatment)
    if path is None or query.treatment == query.outcome:
        return []
    arrows = " -> ".join(shown(name) for name in path)
    message = f"in the voted graph the outcome causes the treatment: {arrows}; then there is no effect to estimate"
    return [Notice(code="outcome_causes_treatment", subject=arrows, message=message)]


def sorted_notices(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Put notices into an order that does not depend on that of the ballots."""
    return tuple(sorted(set(notices), key=lambda notice: (notice.code, notice.subject, notice.message)))


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
