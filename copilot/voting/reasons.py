"""What voters gave as their reasons, sorted by edge and by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from copilot.domain.consensus import Rationale
from copilot.domain.graph import EdgeKind
from copilot.domain.text import one_line, shown
from copilot.domain.votes import ChallengeBallot, GraphBallot, Group, PairAnswer, PairBallot, Verdict, Voter
from copilot.voting.pairs import Pair, Way, pair_of, way_of

MOST = 12
"""Rationales kept per edge, dealt out among the sides so that a minority is heard."""
STANCES = ("for", "against", "reverse", "unsure")

# Round of the vote, voter's group and source, number, persona and wording, the text: what decides the order, so that
# the order in which ballots come in does not.
_Key = tuple[int, str, int, str, str, str]
_Said = tuple[str, Way | None, _Key, str]
_GRAPH, _PAIRS, _CHALLENGE = range(3)


class Reasons:
    """Everything that was said of each pair.

    Parameters
    ----------
    ballots, pair_ballots, challenge_ballots
        Of all groups.
    """

    def __init__(
        self,
        ballots: Sequence[GraphBallot],
        pair_ballots: Sequence[PairBallot],
        challenge_ballots: Sequence[ChallengeBallot],
    ) -> None:
        self._said: dict[Pair, list[_Said]] = {}
        self._labels: dict[tuple[int, str, int, str, str], str] = {}
        for ballot in ballots:
            for edge in ballot.edges:
                if edge.kind != EdgeKind.BIDIRECTED and edge.source in ballot.asked and edge.target in ballot.asked:
                    way = Way.EITHER if edge.kind == EdgeKind.UNDIRECTED else way_of(edge.source, edge.target)
                    self._add(pair_of(edge.source, edge.target), "for", way, edge.reason, ballot.voter, _GRAPH)
        for pair_ballot in pair_ballots:
            for vote in pair_ballot.answers:
                stance, said = _answered(vote.first, vote.second, vote.answer)
                self._add(pair_of(vote.first, vote.second), stance, said, vote.reason, pair_ballot.voter, _PAIRS)
        for challenge in challenge_ballots:
            self._add_challenge(challenge)

    def of(self, pair: Pair, way: Way) -> tuple[Rationale, ...]:
        """Collect the rationales of one edge; of equal texts on one side the first is kept."""
        sides: dict[str, dict[str, tuple[_Key, str]]] = {stance: {} for stance in STANCES}
        for stance, said_way, key, label in self._said.get(pair, ()):
            side = _side(stance, said_way, way)
            if side:
                known = sides[side].get(key[-1])
                if known is None or key < known[0]:
                    sides[side][key[-1]] = (key, label)
        ordered = [sorted(sides[stance].values(), key=lambda found: found[0]) for stance in STANCES]
        dealt = [(i, found) for row in zip_longest(*ordered) for i, found in enumerate(row) if found is not None]
        chosen = sorted(dealt[:MOST], key=lambda entry: (entry[0], entry[1][0]))
        kept: dict[tuple[str, str], Rationale] = {}
        for i, (key, label) in chosen:
            stance, text = STANCES[i], one_line(key[-1])
            if text and (stance, text) not in kept:
                kept[stance, text] = Rationale(voter=label, stance=stance, text=text)
        return tuple(kept.values())

    def _add_challenge(self, ballot: ChallengeBallot) -> None:
        for verdict in ballot.verdicts:
            way = way_of(verdict.source, verdict.target)
            text = verdict.reason
            if verdict.carried_by:
                carried = f"carried by {', '.join(shown(name) for name in verdict.carried_by)}"
                text = f"{carried}: {text}" if text else carried
            stance = {Verdict.KEEP: "for", Verdict.DROP: "against", Verdict.REVERSE: "for"}[verdict.verdict]
            said = way.turned if verdict.verdict is Verdict.REVERSE else way
            self._add(pair_of(verdict.source, verdict.target), stance, said, text, ballot.voter, _CHALLENGE)
        for vote in ballot.additions:
            way = way_of(vote.source, vote.target)
            self._add(pair_of(vote.source, vote.target), "for", way, vote.reason, ballot.voter, _CHALLENGE)

    def _add(self, pair: Pair, stance: str, way: Way | None, text: str, voter: Voter, turn: int) -> None:
        if text:
            who = (turn, f"{voter.group}:{voter.source}", voter.ballot, voter.persona, voter.wording)
            label = self._labels.get(who) or self._labels.setdefault(who, voter_label(voter, turn))
            self._said.setdefault(pair, []).append((stance, way, (*who, text), label))


def voter_label(voter: Voter, turn: int = _GRAPH) -> str:
    """Name a voter for people.

    Examples
    --------
    >>> voter_label(Voter(group=Group.LLM, source="m", ballot=2, persona="sceptic"))
    'm, ballot 3 (sceptic)'
    """
    if voter.group is Group.DATA:
        return f"{one_line(voter.source, 60)}, resample {voter.ballot + 1}"
    what = ("ballot", "focused ballot", "challenger")[turn]
    persona = f" ({one_line(voter.persona, 40)})" if voter.persona else ""
    return f"{one_line(voter.source, 60)}, {what} {voter.ballot + 1}{persona}"


def _answered(first: str, second: str, answer: PairAnswer) -> tuple[str, Way | None]:
    if answer in (PairAnswer.CAUSE, PairAnswer.EFFECT):
        way = way_of(first, second)
        return "for", way if answer is PairAnswer.CAUSE else way.turned
    return ("unsure" if answer is PairAnswer.DONT_KNOW else "against"), None


def _side(stance: str, said: Way | None, way: Way) -> str:
    """Say on which side of an edge a reason stands; empty if it is about something else."""
    if said is None or said is way or Way.EITHER in (said, way):
        return stance
    return "reverse" if stance == "for" else ""
