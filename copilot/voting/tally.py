"""Counting: for every pair of variables, what the ballots of one group say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot.domain.graph import EdgeKind
from copilot.domain.votes import GraphBallot, PairAnswer, PairBallot
from copilot.voting.pairs import Pair, Way, pair_of, way_of

_UNSURE = 3
_NEITHER = 4


@dataclass(frozen=True, slots=True)
class Tally:
    """What one group says of one pair, in ballots.

    Parameters
    ----------
    forward, backward, undirected
        Ballots that draw an edge this way.
    neither
        Ballots that draw none; leaving a pair out is a vote.
    unsure
        Ballots that would not decide; they are in no denominator.
    focused
        How many of the counted ones are answers to a focused question about this pair.
    """

    forward: int = 0
    backward: int = 0
    undirected: int = 0
    neither: int = 0
    unsure: int = 0
    focused: int = 0

    @property
    def drawn(self) -> int:
        """Ballots that draw any edge."""
        return self.forward + self.backward + self.undirected

    @property
    def valid(self) -> int:
        """Ballots that count for this pair."""
        return self.drawn + self.neither

    def count(self, way: Way) -> int:
        """Ballots that draw exactly this."""
        return (self.forward, self.backward, self.undirected)[way]


class GroupTally:
    """The count of one group of voters; looks up any pair, named by a ballot or not.

    Parameters
    ----------
    names
        Variables of the graph.
    ballots, pair_ballots
        Of this group.
    """

    def __init__(
        self, names: Sequence[str], ballots: Iterable[GraphBallot], pair_ballots: Iterable[PairBallot] = ()
    ) -> None:
        self._known = frozenset(names)
        self._scopes: Counter[frozenset[str]] = Counter()
        self._marks: dict[Pair, list[int]] = {}
        self._focused: dict[Pair, list[int]] = {}
        self.stray = 0
        """Lines that name a variable the ballot does not answer for, or a pair in a way that cannot be."""
        self.both_ways = 0
        """Pairs that a ballot drew in both directions, counted as unsure."""
        for ballot in ballots:
            self._add(ballot)
        for pair_ballot in pair_ballots:
            self._add_answers(pair_ballot)

    @property
    def pairs(self) -> frozenset[Pair]:
        """Pairs that at least one ballot names."""
        return frozenset(self._marks) | frozenset(self._focused)

    def of(self, pair: Pair) -> Tally:
        """Count one pair."""
        first, second = pair
        asked = sum(count for scope, count in self._scopes.items() if first in scope and second in scope)
        marks = self._marks.get(pair, _NOTHING)
        answers = self._focused.get(pair, _NOTHING)
        return Tally(
            forward=marks[Way.FORWARD] + answers[Way.FORWARD],
            backward=marks[Way.BACKWARD] + answers[Way.BACKWARD],
            undirected=marks[Way.EITHER],
            neither=asked - sum(marks) + answers[_NEITHER],
            unsure=marks[_UNSURE] + answers[_UNSURE],
            focused=answers[Way.FORWARD] + answers[Way.BACKWARD] + answers[_NEITHER],
        )

    def _add(self, ballot: GraphBallot) -> None:
        asked = ballot.asked & self._known
        self._scopes[asked] += 1
        drawn: dict[Pair, int] = {}
        for edge in ballot.edges:
            source, target = edge.source, edge.target
            if source == target or source not in asked or target not in asked:
                self.stray += 1
            elif edge.kind != EdgeKind.BIDIRECTED:  # a common cause is no direct effect; the latents are counted apart
                way = Way.EITHER if edge.kind == EdgeKind.UNDIRECTED else way_of(source, target)
                pair = pair_of(source, target)
                drawn[pair] = drawn.get(pair, 0) | 1 << way
        for pair, bits in drawn.items():
            self._marks.setdefault(pair, [0] * 5)[_READ[bits]] += 1
            self.both_ways += _READ[bits] == _UNSURE
        for pair in {pair_of(*pair) for pair in ballot.unsure}:
            if pair not in drawn and pair[0] in asked and pair[1] in asked:
                self._marks.setdefault(pair, [0] * 5)[_UNSURE] += 1

    def _add_answers(self, ballot: PairBallot) -> None:
        said: dict[Pair, set[int]] = {}
        for vote in ballot.answers:
            if vote.first == vote.second or not self._known.issuperset((vote.first, vote.second)):
                self.stray += 1
                continue
            said.setdefault(pair_of(vote.first, vote.second), set()).add(_meaning(vote.first, vote.second, vote.answer))
        for pair, meanings in said.items():
            meaning = meanings.pop() if len(meanings) == 1 else _UNSURE
            self._focused.setdefault(pair, [0] * 5)[meaning] += 1


_NOTHING = (0, 0, 0, 0, 0)
# What the marks of one ballot on one pair mean together; an arrow beside an edge without direction is an arrow.
_READ = {
    1 << Way.FORWARD: int(Way.FORWARD),
    1 << Way.BACKWARD: int(Way.BACKWARD),
    1 << Way.EITHER: int(Way.EITHER),
    1 << Way.FORWARD | 1 << Way.EITHER: int(Way.FORWARD),
    1 << Way.BACKWARD | 1 << Way.EITHER: int(Way.BACKWARD),
    1 << Way.FORWARD | 1 << Way.BACKWARD: _UNSURE,
    1 << Way.FORWARD | 1 << Way.BACKWARD | 1 << Way.EITHER: _UNSURE,
}


def _meaning(first: str, second: str, answer: PairAnswer) -> int:
    if answer in (PairAnswer.CAUSE, PairAnswer.EFFECT):
        way = way_of(first, second)
        return int(way if answer is PairAnswer.CAUSE else way.turned)
    return _UNSURE if answer is PairAnswer.DONT_KNOW else _NEITHER
