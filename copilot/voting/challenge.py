"""What the challengers change in the voted graph, and what they only put in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from copilot.domain.consensus import ChallengeCount
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.notice import Notice
from copilot.domain.votes import ChallengeBallot, Verdict
from copilot.voting.constraints import RuleBook
from copilot.voting.pairs import Pair, Way, arrow_of, pair_of, way_of, written
from copilot.voting.standing import RULED_OUT, Standing, conflict_notice

Arrow = tuple[str, str]
Standings = Mapping[Pair, Standing]


class ChallengeTally:
    """The count of the challenge round on one graph.

    Parameters
    ----------
    graph
        As it was shown.
    ballots
        Of the challengers. Each counts for the arrows whose targets it answers for, but for those it is unsure of;
        an arrow it leaves out is kept.

    Attributes
    ----------
    counts
        Per arrow of the graph, and per arrow that somebody adds.
    stray
        Verdicts and additions that point at nothing that was asked.
    """

    def __init__(self, graph: CausalGraph, ballots: Sequence[ChallengeBallot]) -> None:
        arrows = frozenset((edge.source, edge.target) for edge in graph.edges if edge.kind == EdgeKind.DIRECTED)
        joined = frozenset(edge.pair for edge in graph.edges if edge.kind != EdgeKind.BIDIRECTED)
        known = frozenset(graph.names)
        tables: dict[Arrow, list[int]] = {arrow: [0, 0, 0] for arrow in arrows}
        silent = dict.fromkeys(arrows, 0)
        self.stray = 0
        for ballot in ballots:
            asked = known if ballot.asked is None else ballot.asked
            said: dict[Arrow, set[Verdict]] = {}
            for verdict in ballot.verdicts:
                said.setdefault((verdict.source, verdict.target), set()).add(verdict.verdict)
            unsure = frozenset(ballot.unsure)
            for arrow in said.keys() | unsure:
                verdicts = said.get(arrow, set())
                if arrow not in arrows or arrow[1] not in asked:
                    self.stray += 1
                elif arrow in unsure or len(verdicts) > 1:  # two verdicts on one arrow are none
                    silent[arrow] += 1
                else:
                    tables[arrow][0] += Verdict.DROP in verdicts
                    tables[arrow][1] += Verdict.REVERSE in verdicts
            for arrow in {(vote.source, vote.target) for vote in ballot.additions}:
                possible = arrow[0] in known and arrow[1] in asked & known and arrow[0] != arrow[1]
                if possible and pair_of(*arrow) not in joined:
                    tables.setdefault(arrow, [0, 0, 0])[2] += 1
                else:
                    self.stray += 1
        answering = {name: sum(ballot.asked is None or name in ballot.asked for ballot in ballots) for name in known}
        self.counts = {
            arrow: _count(arrow in arrows, tables[arrow], answering[arrow[1]] - silent.get(arrow, 0))
            for arrow in sorted(tables)
        }
        self.arrows = arrows

    def of(self, pair: Pair, way: Way) -> ChallengeCount | None:
        """Look up what was said of an edge; ``None`` if it was not asked about."""
        return None if way is Way.EITHER else self.counts.get(arrow_of(pair, way))

    def changes(self, arrow: Arrow) -> bool:
        """Whether a majority changes the graph here; an addition must also be ahead of the opposite one."""
        count, other = self.counts[arrow], self.counts.get((arrow[1], arrow[0]))
        if arrow in self.arrows:
            return _majority(count.drop, count) or _majority(count.reverse, count)
        return _majority(count.add, count) and (other is None or count.add * other.valid > other.add * count.valid)


def apply_challenge(
    standings: Standings, tally: ChallengeTally, book: RuleBook
) -> tuple[dict[Pair, Standing], list[Notice]]:
    """Change what a majority of the challengers changes, and mark what a minority says as contested.

    Parameters
    ----------
    standings
        Of every pair that is named, those of added arrows among them.
    tally
        The challengers' count.
    book
        Constraints, which no majority overrules.

    Returns
    -------
    tuple
        New standings, and a notice for each majority that a constraint overrules.
    """
    changed = dict(standings)
    notices: list[Notice] = []
    # Majorities first: what only a minority says is then held against the graph as the majority leaves it.
    for arrow, count in sorted(tally.counts.items(), key=lambda item: (not tally.changes(item[0]), item[0])):
        pair = pair_of(*arrow)
        judge = _judge_arrow if arrow in tally.arrows else _judge_addition
        changed[pair], said = judge(changed[pair], way_of(*arrow), count, tally.changes(arrow), book)
        notices.extend(conflict_notice(pair, sentence) for sentence in said)
    return changed, notices


def _count(shown: bool, table: Sequence[int], valid: int) -> ChallengeCount:
    drop, reverse, add = table
    keep = valid - drop - reverse if shown else 0
    return ChallengeCount(keep=keep, drop=drop, reverse=reverse, add=add, valid=valid)


def _majority(votes: int, count: ChallengeCount) -> bool:
    return 2 * votes > count.valid


def _judge_arrow(
    standing: Standing, way: Way, count: ChallengeCount, wins: bool, book: RuleBook
) -> tuple[Standing, list[str]]:
    if not count.drop and not count.reverse:
        return standing, []
    if book.required_way(standing.pair) is way:
        words = f"{count.drop} of {count.valid} challengers drop and {count.reverse} reverse it"
        noted = standing.noted(way, f"required, though {words}")
        return noted, [f"{written(standing.pair, way)} is required; {words}"] if wins else []
    if _majority(count.drop, count):
        gone = standing.noted(way, f"dropped by {count.drop} of {count.valid} challengers; {standing.drew(way)}")
        return _changed(replace(gone, way=None, doubtful=frozenset()), way), []
    if not wins:
        return standing.doubted(way), []
    against = book.against(*arrow_of(standing.pair, way.turned))
    said = f"reversed by {count.reverse} of {count.valid} challengers; {standing.drew(way)}"
    if against:
        kept = standing.doubted(way).noted(way, f"{said}, and the reverse {RULED_OUT[against]}")
        arrow = written(standing.pair, way)
        return kept, [
            f"{count.reverse} of {count.valid} challengers reverse {arrow}, and the reverse {RULED_OUT[against]}"
        ]
    turned = replace(standing, way=way.turned, weight=Fraction(count.reverse, count.valid), doubtful=frozenset())
    return _changed(_changed(turned.noted(way, said).noted(way.turned, said), way), way.turned), []


def _judge_addition(
    standing: Standing, way: Way, count: ChallengeCount, wins: bool, book: RuleBook
) -> tuple[Standing, list[str]]:
    against = book.against(*arrow_of(standing.pair, way))
    if against:
        arrow = written(standing.pair, way)
        words = f"{arrow} {RULED_OUT[against]} and stays out; {count.add} of {count.valid} challengers add it"
        return standing, [words] if wins else []
    if not wins:
        return standing.doubted(way), []
    said = f"added by {count.add} of {count.valid} challengers; {standing.drew(way)}"
    share = Fraction(count.add, count.valid)
    weight = max(share, standing.weight) if standing.way is way else share
    return _changed(replace(standing, way=way, weight=weight, doubtful=frozenset()).noted(way, said), way), []


def _changed(standing: Standing, way: Way) -> Standing:
    return replace(standing, changed={**standing.changed, way: "challenge"})
