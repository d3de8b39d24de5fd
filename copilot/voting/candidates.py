"""Ballots for candidates become candidates with their votes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.votes import CandidateBallot, CandidateVote
from copilot.voting.intervals import wilson

_FILLER = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})


def tally_candidates(
    ballots: Sequence[CandidateBallot], *, min_support: float = 0.5, quorum: int = 1
) -> tuple[Candidate, ...]:
    """Count the votes of every candidate; nothing that was named is dropped.

    Columns are one candidate if they have one name and role. Ideas from outside have no ids: two of one role are taken
    for the same if their names have the same words apart from case, order, punctuation and filler, or if the words of
    one are all among the other's and they would affect a variable in common. That joins too little rather than too
    much: ideas that only sound alike stay apart, each with its own votes.

    Parameters
    ----------
    ballots
        All of one task, in any order.
    min_support
        Share of the ballots from which the votes hold.
    quorum
        Ballots below which they cannot be judged.

    Returns
    -------
    tuple of Candidate
        By support, then columns before ideas, then name.
    """
    valid = len(ballots)
    by_column: dict[tuple[str, str], list[CandidateVote]] = defaultdict(list)
    ideas: dict[str, list[tuple[int, CandidateVote]]] = defaultdict(list)
    ordered = sorted(ballots, key=lambda ballot: (ballot.voter.source, ballot.voter.ballot))
    for number, ballot in enumerate(ordered):
        for vote in ballot.candidates:
            if vote.observed:
                by_column[vote.role, vote.name].append(vote)
            else:
                ideas[vote.role].append((number, vote))
    groups = list(by_column.values())
    counted = [(group, len(group)) for group in groups]
    for role in sorted(ideas):
        counted += [([vote for _, vote in one], len({number for number, _ in one})) for one in _joined(ideas[role])]
    found = [_candidate(group, votes, valid, min_support, quorum) for group, votes in counted]
    return tuple(sorted(found, key=lambda one: (-one.votes, not one.observed, one.name, one.role)))


def _joined(votes: Iterable[tuple[int, CandidateVote]]) -> list[list[tuple[int, CandidateVote]]]:
    """Put ideas that mean the same together."""
    groups: dict[frozenset[str], list[tuple[int, CandidateVote]]] = defaultdict(list)
    for number, vote in votes:
        groups[_words(vote.name)].append((number, vote))
    # The commonest name first, so that rarer spellings join it and not one another.
    names = sorted(groups, key=lambda words: (-len(groups[words]), len(words), sorted(words)))
    kept: list[frozenset[str]] = []
    for words in names:
        home = next((other for other in kept if _alike(words, other, groups)), None)
        if home is None:
            kept.append(words)
        else:
            groups[home] += groups[words]
    return [groups[words] for words in kept]


def _alike(
    one: frozenset[str], other: frozenset[str], groups: dict[frozenset[str], list[tuple[int, CandidateVote]]]
) -> bool:
    if not one or not other or not (one <= other or other <= one):
        return False
    touched = [{name for _, vote in groups[words] for name in vote.affects} for words in (one, other)]
    return bool(touched[0] & touched[1])


def _words(name: str) -> frozenset[str]:
    """Fold a name to its words.

    Examples
    --------
    >>> sorted(_words("The caretaker's diligence"))
    ['caretaker', 'diligence']
    """
    plain = re.sub(r"['\u2019]s\b", "", name.casefold())
    return frozenset(re.findall(r"[^\W_]+", plain)) - _FILLER or frozenset({plain})


def _candidate(votes: Sequence[CandidateVote], count: int, valid: int, min_support: float, quorum: int) -> Candidate:
    names = Counter(vote.name for vote in votes)
    name = min(names, key=lambda word: (-names[word], word))
    first = votes[0]
    named = Counter(one for vote in votes for one in vote.affects)
    return Candidate(
        name=name,
        role=Role(first.role),
        observed=first.observed,
        affects=tuple(sorted(one for one, times in named.items() if 2 * times >= len(votes))),
        collect=_most_telling(vote.collect for vote in votes),
        rationale=_most_telling(vote.reason for vote in votes if vote.name == name),
        votes=count,
        valid=valid,
        votes_check=_votes_check(count, valid, min_support, quorum),
    )


def _votes_check(count: int, valid: int, min_support: float, quorum: int) -> Check:
    low, high = wilson(count, valid)
    share = count / valid if valid else 0.0
    told = f"{count} of {valid} ballots name it (95 % interval of the share {low:.2f} to {high:.2f})"
    details = {"interval": [low, high], "min_support": min_support}
    if valid < quorum:
        reason = f"{told}; {quorum} ballots are needed to judge."
        return Check(passed=None, reason=reason, statistic="support", value=share, details=details)
    side = "at least" if share >= min_support else "less than"
    reason = f"{told}, {side} the {min_support:.0%} that are asked for. Agreement is no evidence of truth."
    return Check(passed=share >= min_support, reason=reason, statistic="support", value=share, details=details)


def _most_telling(texts: Iterable[str]) -> str:
    """Pick the text of middle length: short ones say little, and long ones ramble."""
    told = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
    return told[len(told) // 2] if told else ""
