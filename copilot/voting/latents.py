"""Suspected unmeasured common causes: votes on pairs, joined into groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from copilot.domain.consensus import LatentSuggestion
from copilot.domain.graph import EdgeKind
from copilot.domain.text import one_line
from copilot.domain.votes import GraphBallot, Group, PairAnswer, PairBallot
from copilot.voting.pairs import Pair, pair_of

FEWEST = 2
"""One voice is an idea, not a suggestion."""
SHARE = 0.25
"""Of the valid ballots, that must suspect a common cause of a pair."""
_MOST_STEPS = 20_000
_NAMELESS = "unnamed common cause"


@dataclass(frozen=True, slots=True)
class _Suspicion:
    name: str
    affects: frozenset[str]
    reason: str


def suggest_latents(
    names: Sequence[str], group: Group, ballots: Iterable[GraphBallot], pair_ballots: Iterable[PairBallot]
) -> tuple[LatentSuggestion, ...]:
    """Join votes on pairs into suggestions.

    A ballot suspects a common cause of a pair if one of its latents affects both ends, or if it answers "common cause"
    to a focused question. Pairs that at least two ballots, and a quarter of the valid ones, suspect are joined into
    maximal groups in which every pair is suspected. A group shows the votes of its weakest pair, and bears the name
    that ballots give most often to a latent that affects all of it (or else most of it).

    Parameters
    ----------
    names
        Variables of the graph.
    group
        The group that decides.
    ballots, pair_ballots
        Of all groups.

    Returns
    -------
    tuple of LatentSuggestion
        By support, strongest first.

    References
    ----------
    Bron & Kerbosch (1973), "Algorithm 457: finding all cliques of an undirected graph", CACM 16.
    """
    known, votes, valid = frozenset(names), Counter[Pair](), Counter[Pair]()
    suspicions: list[_Suspicion] = []
    mine = [ballot for ballot in ballots if ballot.voter.group is group]
    for ballot in mine:
        held = [s for s in _suspicions(ballot, ballot.asked & known) if len(s.affects) > 1]
        suspicions.extend(held)
        votes.update({pair for one in held for pair in combinations(sorted(one.affects), 2)})
    for pair_ballot in pair_ballots:
        if pair_ballot.voter.group is group:
            _add_answers(pair_ballot, known, votes, valid)
    for pair in votes:
        valid[pair] += sum(ballot.asked.issuperset(pair) for ballot in mine)
    strong = [pair for pair in sorted(votes) if votes[pair] >= max(FEWEST, ceil(SHARE * valid[pair] - 1e-9))]
    found = [_suggestion(sorted(clique), votes, valid, suspicions) for clique in _cliques(strong)]
    return tuple(sorted(found, key=lambda one: (-one.support, -one.votes, one.affects)))


def _suspicions(ballot: GraphBallot, asked: frozenset[str]) -> list[_Suspicion]:
    named = [
        _Suspicion(one_line(vote.name, 80), asked.intersection(vote.affects), vote.reason) for vote in ballot.latents
    ]
    drawn = [
        _Suspicion("", asked.intersection((edge.source, edge.target)), edge.reason)
        for edge in ballot.edges
        if edge.kind == EdgeKind.BIDIRECTED
    ]
    return [*named, *drawn]


def _add_answers(ballot: PairBallot, known: frozenset[str], votes: Counter[Pair], valid: Counter[Pair]) -> None:
    said: dict[Pair, set[PairAnswer]] = {}
    for vote in ballot.answers:
        if vote.first != vote.second and known.issuperset((vote.first, vote.second)):
            said.setdefault(pair_of(vote.first, vote.second), set()).add(vote.answer)
    for pair, answers in said.items():
        if len(answers) == 1 and PairAnswer.DONT_KNOW not in answers:
            valid[pair] += 1
            votes[pair] += PairAnswer.COMMON_CAUSE in answers


def _suggestion(
    affects: Sequence[str], votes: Counter[Pair], valid: Counter[Pair], suspicions: Sequence[_Suspicion]
) -> LatentSuggestion:
    weakest = min(combinations(affects, 2), key=lambda pair: (votes[pair] / valid[pair], votes[pair], pair))
    overlap = [(len(one.affects.intersection(affects)), one) for one in suspicions if one.name]
    most = max((size for size, _ in overlap), default=0)
    covering = [one for size, one in overlap if size == most > 1]
    folded = Counter(_folded(one.name) for one in covering)
    common = min(folded, key=lambda word: (-folded[word], word)) if folded else ""
    spelt = Counter(one.name for one in covering if _folded(one.name) == common)
    reasons = sorted(one.reason for one in covering if one.reason and _folded(one.name) == common)
    return LatentSuggestion(
        name=min(spelt, key=lambda word: (-spelt[word], word)) if spelt else _NAMELESS,
        affects=tuple(affects),
        votes=votes[weakest],
        valid=valid[weakest],
        support=votes[weakest] / valid[weakest],
        reason=one_line(reasons[0]) if reasons else "",
    )


def _folded(name: str) -> str:
    """Fold what is only spelling, so that names that mean the same count together."""
    return name.replace("_", " ").strip(" .").casefold()


def _cliques(pairs: Sequence[Pair]) -> list[frozenset[str]]:
    """Find all maximal groups in which every pair is listed; the pairs themselves if there are too many groups.

    Their number can grow exponentially; it does not for what people or models suspect, but replies may be hostile.
    """
    near: dict[str, set[str]] = {}
    for first, second in pairs:
        near.setdefault(first, set()).add(second)
        near.setdefault(second, set()).add(first)
    found: list[frozenset[str]] = []
    stack: list[tuple[frozenset[str], set[str], set[str]]] = [(frozenset(), set(near), set())]
    steps = 0
    while stack:
        steps += 1
        if steps > _MOST_STEPS:
            return [frozenset(pair) for pair in pairs]
        held, ahead, done = stack.pop()
        if not ahead and not done:
            found.append(held)
            continue
        if not ahead:
            continue
        pivot = min(ahead | done, key=lambda name: (-len(near[name] & ahead), name))
        for name in sorted(ahead - near[pivot]):
            stack.append((held | {name}, ahead & near[name], done & near[name]))
            ahead = ahead - {name}
            done = done | {name}
    return [clique for clique in found if len(clique) > 1]
