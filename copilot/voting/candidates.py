"""Ballots for candidates become candidates with their votes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.votes import CandidateBallot, CandidateVote
from copilot.voting.intervals import wilson

Cast = tuple[int, CandidateVote]
"""A line of a ballot, with the number of that ballot."""
_FILLER = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})
_COMMON = 2
"""A common cause acts on no fewer variables."""


def tally_candidates(
    ballots: Sequence[CandidateBallot], *, min_support: float = 0.5, quorum: int = 1
) -> tuple[Candidate, ...]:
    """Count the votes of every candidate; nothing that was named is dropped.

    Columns are one candidate if they have one name and role. Ideas from outside have no ids: two of one role are taken
    for the same if their names have the same words apart from case, order, punctuation and filler, or if the words of
    one are all among the other's and they would affect a variable in common; then each spelling of an idea fits every
    other one of it. That joins too little rather than too much: ideas that only sound alike, or that only share a
    general word with a third one, stay apart, each with its own votes.

    A ballot that lost the block in which a column was judged is not among the valid ones of that column. Every block
    asks for ideas, so that all ballots are valid for them.

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
        By support, then columns before ideas, then name. What an idea would affect is what at least half of its voters
        say, and for a confounder at least two variables if so many are named.
    """
    by_column: dict[tuple[str, str], list[Cast]] = defaultdict(list)
    ideas: dict[str, list[Cast]] = defaultdict(list)
    ordered = sorted(ballots, key=lambda ballot: (ballot.voter.source, ballot.voter.ballot))
    for number, ballot in enumerate(ordered):
        for vote in ballot.candidates:
            if vote.observed:
                by_column[vote.role, vote.name].append((number, vote))
            else:
                ideas[vote.role].append((number, vote))
    found = [
        _candidate(group, _valid_for(name, group, ordered), min_support, quorum)
        for (_, name), group in by_column.items()
    ]
    for role in sorted(ideas):
        found += [_candidate(group, len(ordered), min_support, quorum) for group in _joined(ideas[role])]
    return tuple(sorted(found, key=lambda one: (-one.votes / one.valid, not one.observed, one.name, one.role)))


def _valid_for(name: str, group: Sequence[Cast], ballots: Sequence[CandidateBallot]) -> int:
    """Count the ballots that judge a column; one that proposes it does."""
    judging = {number for number, ballot in enumerate(ballots) if ballot.asked is None or name in ballot.asked}
    return len(judging | {number for number, _ in group})


def _joined(votes: Iterable[Cast]) -> list[list[Cast]]:
    """Put ideas that mean the same together."""
    groups: dict[frozenset[str], list[Cast]] = defaultdict(list)
    for number, vote in votes:
        groups[_words(vote.name)].append((number, vote))
    # The commonest name first, so that rarer spellings join it and not one another.
    names = sorted(groups, key=lambda words: (-len(groups[words]), len(words), sorted(words)))
    kept: list[list[frozenset[str]]] = []
    for words in names:
        home = next((home for home in kept if all(_alike(words, other, groups) for other in home)), None)
        if home is None:
            kept.append([words])
        else:
            home.append(words)
    return [[cast for words in home for cast in groups[words]] for home in kept]


def _alike(one: frozenset[str], other: frozenset[str], groups: Mapping[frozenset[str], Sequence[Cast]]) -> bool:
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


def _candidate(casts: Sequence[Cast], valid: int, min_support: float, quorum: int) -> Candidate:
    votes, count = [vote for _, vote in casts], len({number for number, _ in casts})
    names = Counter(vote.name for vote in votes)
    name = min(names, key=lambda word: (-names[word], word))
    first = votes[0]
    fewest = _COMMON if first.role == Role.CONFOUNDER and not first.observed else 0
    given = _most_named((vote.given for vote in votes), len(votes))
    return Candidate(
        name=name,
        role=Role(first.role),
        observed=first.observed,
        affects=_most_named((vote.affects for vote in votes), len(votes), fewest),
        collect=_most_telling(vote.collect for vote in votes),
        rationale=_most_telling(vote.reason for vote in votes if vote.name == name),
        votes=count,
        valid=valid,
        votes_check=_votes_check(count, valid, min_support, quorum, {"given": list(given)} if given else {}),
    )


def _most_named(lists: Iterable[Iterable[str]], voters: int, fewest: int = 0) -> tuple[str, ...]:
    """Take the variables that at least half of the voters list, and no fewer than `fewest` of those named."""
    times = Counter(name for names in lists for name in names)
    ranked = sorted(times, key=lambda name: (-times[name], name))
    return tuple(sorted(name for rank, name in enumerate(ranked) if rank < fewest or 2 * times[name] >= voters))


def _votes_check(count: int, valid: int, min_support: float, quorum: int, more: Mapping[str, Any]) -> Check:
    low, high = wilson(count, valid)
    share = count / valid
    told = f"{count} of {valid} ballots name it (95 % interval of the share {low:.2f} to {high:.2f})"
    details = {"interval": [low, high], "min_support": min_support, **more}
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
