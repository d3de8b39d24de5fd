"""What all voices say of each pair, as counts that can be drawn from: ballots, focused answers, challengers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from copilot.domain.consensus import Consensus, ConsensusEdge, Constraints
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.votes import Votes
from copilot.voting.constraints import RuleBook
from copilot.voting.pairs import Pair, Way, pair_of, way_of
from copilot.voting.standing import deciding
from copilot.voting.tally import GroupTally

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FORWARD, BACKWARD, NEITHER = 0, 1, 2
"""How a pair stands in a draw."""
_EITHER, _NONE = 2, 3
"""The third and fourth count of a pair: an edge without direction, and no edge."""
_WAYS = 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """What graphs are drawn from.

    Parameters
    ----------
    votes, consensus
        Of one run.
    accepted
        The graph that was accepted; its nodes are the nodes of every draw.
    constraints
        What the user knew beforehand; it holds in every draw.
    decided
        Pairs on which a person overruled the votes; they stand in every draw as in the accepted graph.
    min_support
        Share of ballots an edge needs to be drawn where whole ballots are resampled.
    """

    votes: Votes
    consensus: Consensus
    accepted: CausalGraph
    constraints: Constraints = Constraints()
    decided: frozenset[Pair] = frozenset()
    min_support: float = 0.5

    def on(self, graph: CausalGraph) -> Drawing:
        """Draw on the nodes of another form of the accepted graph."""
        return replace(self, accepted=graph)


class Voices:
    """Counts for every pair on which somebody was heard.

    Parameters
    ----------
    drawing
        What graphs are drawn from. The group that decides the graph is the group that is drawn from.
    """

    def __init__(self, drawing: Drawing) -> None:
        import numpy as np

        self._drawing = drawing
        records = _records_of(drawing.consensus.edges)
        known = frozenset(drawing.accepted.names)
        records = {pair: found for pair, found in records.items() if known.issuperset(pair)}
        # A person who left a direction open left it open in every draw.
        loose = {edge.pair for edge in drawing.accepted.edges if edge.kind is EdgeKind.UNDIRECTED}
        self.pairs = tuple(sorted((set(records) - drawing.decided) | loose))
        heard = [_challengers(records.get(pair, ())) for pair in self.pairs]
        self._challengers = np.array(heard, dtype=float).reshape(-1, _WAYS)
        changed = [any(one.changed_by == "challenge" for one in records.get(pair, ())) for pair in self.pairs]
        self._overruled = np.array(changed, dtype=bool) & (self._challengers.sum(axis=1) > 0)
        self._settled = np.array([pair in drawing.decided for pair in self.pairs], dtype=bool)
        self._ballots = (self._stacked_ballots(), self._stacked_answers())
        self._rules = RuleBook(drawing.constraints)
        self._fallback = np.zeros((len(self.pairs), _WAYS))
        drawn = {edge.pair: _way(edge) for edge in drawing.accepted.edges if edge.kind is not EdgeKind.BIDIRECTED}
        for place, pair in enumerate(self.pairs):
            self._fallback[place, drawn.get(pair, _NONE)] = 1.0

    def shares(self) -> Floats:
        """Give the share of voices behind forward, backward, no direction and no edge, of shape (pairs, 4)."""
        counts = self._with_rules(sum((block.sum(axis=0) for block in self._ballots), self._nothing(()))[None])[0]
        found: Floats = counts / counts.sum(axis=1, keepdims=True)
        return found

    def alone(self, rng: Generator, draws: int) -> Ints:
        """Draw each pair by itself, each way with its share; of shape (draws, pairs)."""
        import numpy as np

        shares = self.shares()
        forward = shares[:, 0] + shares[:, _EITHER] / 2
        backward = shares[:, 1] + shares[:, _EITHER] / 2
        chance = rng.random((draws, len(self.pairs)))
        found = np.where(chance < forward, FORWARD, np.where(chance < forward + backward, BACKWARD, NEITHER))
        return found.astype(np.int64)

    def together(self, rng: Generator, draws: int) -> Ints:
        """Draw what a majority of resampled ballots draws; of shape (draws, pairs)."""
        import numpy as np

        counts = self._nothing((draws,))
        for block in self._ballots:
            if len(block):
                times = rng.multinomial(len(block), np.full(len(block), 1 / len(block)), size=draws)
                counts += np.tensordot(times, block, axes=1)
        counts = self._with_rules(counts)
        ahead, back, drawn = counts[..., 0], counts[..., 1], counts[..., :_NONE].sum(axis=-1)
        coin = rng.random(ahead.shape) < 0.5  # noqa: PLR2004 (a fair coin)
        backward = (back > ahead) | ((back == ahead) & coin)
        present = (drawn > 0) & (drawn >= self._drawing.min_support * counts.sum(axis=-1))
        found: Ints = np.where(present, backward.astype(np.int64), NEITHER)
        return found

    def _nothing(self, shape: tuple[int, ...]) -> Floats:
        import numpy as np

        return np.zeros((*shape, len(self.pairs), _WAYS))

    def _with_rules(self, counts: Floats) -> Floats:
        """Add the challengers, and keep what the user knows; counts of shape (draws, pairs, 4)."""
        import numpy as np

        counts = np.where(self._overruled[:, None], self._challengers, counts + self._challengers)
        silent = (counts.sum(axis=-1) == 0) | self._settled
        counts = np.where(silent[..., None], self._fallback, counts)
        for place, pair in enumerate(self.pairs):
            required, open_ways = self._rules.required_way(pair), self._rules.open_ways(pair)
            if required is not None:
                counts[:, place, :] = 0.0
                counts[:, place, required] = 1.0
            elif Way.EITHER not in open_ways:
                loose = counts[:, place, _EITHER].copy()
                counts[:, place, _EITHER] = 0.0
                for way in (Way.FORWARD, Way.BACKWARD):
                    if way in open_ways:
                        counts[:, place, way] += loose
                    else:
                        counts[:, place, _NONE] += counts[:, place, way] + (0.0 if open_ways else loose / 2)
                        counts[:, place, way] = 0.0
        return counts

    def _stacked_ballots(self) -> Ints:
        """Say what each ballot of the deciding group draws, of shape (ballots, pairs, 4), in a settled order."""
        ballots = self._drawing.votes.ballots
        group = deciding({ballot.voter.group for ballot in ballots})
        mine = [one for one in ballots if one.voter.group is group]
        mine.sort(key=lambda one: (one.voter.source, one.voter.ballot, sorted(one.asked)))
        return self._stacked([GroupTally(self._drawing.accepted.names, [ballot]) for ballot in mine])

    def _stacked_answers(self) -> Ints:
        votes = self._drawing.votes
        group = deciding({ballot.voter.group for ballot in votes.ballots})
        mine = [one for one in votes.pair_ballots if one.voter.group is group]
        mine.sort(key=lambda one: (one.voter.source, one.voter.ballot, [(to.first, to.second) for to in one.answers]))
        return self._stacked([GroupTally(self._drawing.accepted.names, (), [ballot]) for ballot in mine])

    def _stacked(self, tallies: Sequence[GroupTally]) -> Ints:
        import numpy as np

        rows = [[(t.forward, t.backward, t.undirected, t.neither) for t in map(one.of, self.pairs)] for one in tallies]
        return np.array(rows, dtype=np.int64).reshape(len(tallies), len(self.pairs), _WAYS)


def _way(edge: Edge) -> int:
    return _EITHER if edge.kind is EdgeKind.UNDIRECTED else int(way_of(edge.source, edge.target))


def _records_of(edges: Iterable[ConsensusEdge]) -> dict[Pair, list[ConsensusEdge]]:
    found: dict[Pair, list[ConsensusEdge]] = {}
    for edge in edges:
        if edge.kind is not EdgeKind.BIDIRECTED:
            found.setdefault(pair_of(edge.source, edge.target), []).append(edge)
    return found


def _challengers(records: Sequence[ConsensusEdge]) -> list[float]:
    """Count what challengers would have of one pair; zeros where they were not heard on it."""
    voices = [0.0] * _WAYS
    for record in records:
        count = record.challenge
        if count is None or not count.valid or record.kind is EdgeKind.UNDIRECTED:
            continue
        here = int(way_of(record.source, record.target))
        if count.keep + count.drop + count.reverse:
            voices[here], voices[1 - here], voices[_NONE] = float(count.keep), float(count.reverse), float(count.drop)
            return voices
        if count.add:
            voices[here], voices[_NONE] = float(count.add), float(count.valid - count.add)
            return voices
    return voices
