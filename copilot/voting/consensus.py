"""Ballots become a consensus; a pure function of them, whatever their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from copilot.domain.consensus import Consensus, ConsensusEdge, Constraints, CycleCut, Status, VotingRules
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.variables import Query
from copilot.domain.votes import Abstention, ChallengeBallot, GraphBallot, Group, PairBallot, Turnout
from copilot.voting.challenge import ChallengeTally, apply_challenge
from copilot.voting.constraints import RuleBook, check_constraints
from copilot.voting.cycles import break_cycles, path_between
from copilot.voting.latents import suggest_latents
from copilot.voting.notices import (
    challenge_notice,
    count_notices,
    query_notices,
    slip_notices,
    sorted_notices,
)
from copilot.voting.pairs import Pair, Way, arrow_of, pair_of, way_of
from copilot.voting.reasons import Reasons
from copilot.voting.records import Desk, records_of
from copilot.voting.standing import Standing, deciding, stand
from copilot.voting.tally import GroupTally
from copilot.voting.turnout import check_quorum, count_challengers, count_turnout

Arrow = tuple[str, str]


def form_consensus(
    names: Sequence[str],
    *,
    ballots: Sequence[GraphBallot],
    abstentions: Sequence[Abstention] = (),
    pair_ballots: Sequence[PairBallot] = (),
    challenge_ballots: Sequence[ChallengeBallot] = (),
    challenge_abstentions: Sequence[Abstention] = (),
    constraints: Constraints = Constraints(),
    rules: VotingRules,
    query: Query = Query(),
    turnout: Mapping[Group, Turnout] | None = None,
) -> Consensus:
    """Turn ballots into a voted graph, with a record of every edge that anybody named.

    The rules stand in `docs/voting.md`: each pair is decided by its group's rules (`copilot.voting.decide`) within the
    constraints, circles are cut at the least weight, the challengers are counted against the graph as it is then (it is
    the one they were shown), and circles are cut again.

    Parameters
    ----------
    names
        Variables of the graph.
    ballots, abstentions
        Of the first round, of models and of the data.
    pair_ballots
        Focused answers on contested pairs; they add to the same counts.
    challenge_ballots, challenge_abstentions
        Of the challenge round on the graph that all the others make.
    constraints
        What the user knows beforehand.
    rules
        Support and quorum.
    query
        Only for warnings.
    turnout
        Of the first round, where the caller knows it better than the ballots show.

    Raises
    ------
    QuorumError
        If a group that was asked has fewer valid ballots than the quorum, or nobody was asked.
    UnknownVariableError, ConfigurationError, CycleError
        From `check_constraints`; the first also for an unknown treatment or outcome.
    """
    check_constraints(names, constraints)
    counted = dict(turnout) if turnout is not None else count_turnout(names, ballots, abstentions)
    check_quorum(counted, rules, abstentions)
    tallies = _tallies(names, sorted(counted), ballots, pair_ballots)
    book = RuleBook(constraints)
    table = _Table(tallies, rules, book)
    table.stand(book.named_pairs.union(*(tally.pairs for tally in tallies.values())))
    shown = drawn = _draw(names, table.standings, book, query.outcome)
    challenge = ChallengeTally(shown.graph, challenge_ballots) if challenge_ballots else None
    if challenge is not None:
        table.stand(pair_of(*arrow) for arrow in challenge.counts)
        table.challenge(challenge)
        drawn = _draw(names, table.standings, book, query.outcome)
        table.mark_restored(drawn.graph, shown.cut)
    desk = Desk(book, drawn.cut, challenge, Reasons(ballots, pair_ballots, challenge_ballots))
    records = [record for pair in sorted(table.standings) for record in records_of(table.standings[pair], desk)]
    challengers = count_challengers(names, challenge_ballots, challenge_abstentions)
    return Consensus(
        graph=drawn.graph,
        edges=tuple(sorted(records, key=lambda edge: (edge.source, edge.target, edge.kind))),
        turnout=counted,
        challenge_turnout=challengers,
        cycle_cuts=_cycle_cuts(drawn, table.standings),
        latents=suggest_latents(names, deciding(counted), ballots, pair_ballots),
        notices=sorted_notices(
            [
                *slip_notices([*ballots, *pair_ballots, *challenge_ballots]),
                *count_notices(counted, tallies, challenge.stray if challenge else 0),
                *challenge_notice(challengers, challenge_ballots),
                *table.notices,
                *drawn.notices,
                *query_notices(drawn.graph, query),
            ]
        ),
    )


def contested_pairs(consensus: Consensus) -> tuple[Pair, ...]:
    """List pairs that deserve focused extra ballots, the most doubtful first.

    The smaller the lead of the commonest answer (one direction, the other, no direction, no edge) over the next, as a
    share of the valid ballots, the more doubtful; a pair that all ballots are unsure of comes first.
    """
    sides: dict[Pair, list[ConsensusEdge]] = {}
    for edge in consensus.edges:
        sides.setdefault(pair_of(edge.source, edge.target), []).append(edge)
    found = [
        (_lead(edges), pair) for pair, edges in sides.items() if any(edge.status is Status.CONTESTED for edge in edges)
    ]
    return tuple(pair for _, pair in sorted(found))


def _tallies(
    names: Sequence[str], groups: Iterable[Group], ballots: Sequence[GraphBallot], pair_ballots: Sequence[PairBallot]
) -> dict[Group, GroupTally]:
    return {
        group: GroupTally(
            names,
            [ballot for ballot in ballots if ballot.voter.group is group],
            [ballot for ballot in pair_ballots if ballot.voter.group is group],
        )
        for group in groups
    }


def _cycle_cuts(drawn: _Drawn, standings: Mapping[Pair, Standing]) -> tuple[CycleCut, ...]:
    return tuple(
        CycleCut(source=a, target=b, support=float(standings[pair_of(a, b)].weight), cycle=drawn.cut[a, b])
        for a, b in sorted(drawn.cut)
    )


def _lead(edges: Sequence[ConsensusEdge]) -> Fraction:
    valid = max(edge.support.valid for edge in edges)
    if not valid:
        return Fraction(0)
    counts = [edge.support.votes for edge in edges]
    first, second, *_ = sorted([*counts, max(0, valid - sum(counts)), 0], reverse=True)
    return Fraction(first - second, valid)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The graph after circles are cut; `cut` gives each arrow that went, with its circle."""

    graph: CausalGraph
    cut: dict[Arrow, tuple[str, ...]]
    notices: tuple[Notice, ...]


class _Table:
    """Where every pair stands, as the rounds of the vote go by."""

    def __init__(self, tallies: Mapping[Group, GroupTally], rules: VotingRules, book: RuleBook) -> None:
        self._tallies = tallies
        self._rules = rules
        self._book = book
        self.standings: dict[Pair, Standing] = {}
        self.notices: list[Notice] = []

    def stand(self, pairs: Iterable[Pair]) -> None:
        for pair in sorted(frozenset(pairs).difference(self.standings)):
            counts = {group: tally.of(pair) for group, tally in self._tallies.items()}
            self.standings[pair], notices = stand(pair, counts, self._rules, self._book)
            self.notices.extend(notices)

    def challenge(self, tally: ChallengeTally) -> None:
        self.standings, notices = apply_challenge(self.standings, tally, self._book)
        self.notices.extend(notices)

    def mark_restored(self, graph: CausalGraph, cut: Iterable[Arrow]) -> None:
        """Doubt what came back because the challengers broke its circle: none of them saw it as an arrow."""
        for source, target in cut:
            pair, way = pair_of(source, target), way_of(source, target)
            if graph.has(source, target) and self.standings[pair].changed.get(way) != "challenge":
                said = "not seen by the challengers: it closed a circle that they have broken"
                self.standings[pair] = self.standings[pair].doubted(way).noted(way, said)


_LATER = Fraction(1, 1_000_000)
"""Less than any difference of two supports, and enough to settle a tie."""


def _draw(names: Sequence[str], standings: Mapping[Pair, Standing], book: RuleBook, outcome: str | None) -> _Drawn:
    # Between equal votes the arrow that leaves the outcome is cut: who asks for an effect on it takes it to come last.
    arrows = {
        arrow_of(standing.pair, standing.way): standing.weight
        - (_LATER if arrow_of(standing.pair, standing.way)[0] == outcome else 0)
        for standing in standings.values()
        if standing.way not in (None, Way.EITHER)
    }
    undirected = [standing.pair for standing in standings.values() if standing.way is Way.EITHER]
    cuts = break_cycles(
        {arrow: weight for arrow, weight in arrows.items() if arrow not in book.required}, book.required
    )
    left = arrows.keys() - set(cuts.arrows)
    graph = CausalGraph.build(nodes=names, directed=left, undirected=undirected)
    circles = {
        (source, target): (source, *(path_between(graph.children_of, target, source) or ()))
        for source, target in cuts.arrows
    }
    if cuts.minimal:
        return _Drawn(graph, circles, ())
    message = (
        f"{len(circles)} edges were cut out of circles; so entangled that a choice which takes out fewer votes "
        "may exist"
    )
    return _Drawn(graph, circles, (Notice(code="cut_not_minimal", message=message, count=len(circles)),))
