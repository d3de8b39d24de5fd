"""Readings of one question become what was understood, what must be asked back, and what is turned down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from copilot.domain.effects import Target
from copilot.domain.question import (
    NO_COLUMN,
    Ambiguity,
    Choice,
    QuestionBallot,
    QuestionKind,
    ReadQuestion,
    Role,
)
from copilot.domain.votes import Abstention
from copilot.voting.turnout import count_ballots

T = TypeVar("T")

CLEAR = Fraction(2, 3)
"""Share of the ballots that say anything of a thing from which it is taken as understood."""


def read_votes(
    question: str, ballots: Sequence[QuestionBallot], abstentions: Sequence[Abstention] = (), *, quorum: int = 1
) -> ReadQuestion:
    """Count how the voters read a question.

    The kind is that of an effect unless more than half of the ballots say otherwise; then the question is turned down
    with the commonest of the other kinds. Treatment and outcome each go to the column that most of the ballots for an
    effect name. What has less than two thirds, a tie, or fewer votes in all than the quorum is ambiguous. ATT is taken
    only from two thirds; a contrast or a population only from more than half of those who name the treatment.

    Parameters
    ----------
    question
        As asked.
    ballots, abstentions
        All that came of it, in any order.
    quorum
        Ballots below which nothing is decided.

    Raises
    ------
    QuorumError
        If there are fewer.

    Examples
    --------
    >>> from copilot.domain.votes import Group, Voter
    >>> ballots = [
    ...     QuestionBallot(
    ...         voter=Voter(group=Group.LLM, source="m", ballot=i), kind="effect", treatment="t", outcome=outcome
    ...     )
    ...     for i, outcome in enumerate("yyz")
    ... ]
    >>> read = read_votes("does t move y?", ballots)
    >>> read.treatment.value, read.outcome.value, read.outcome.votes, read.ambiguous
    ('t', 'y', 2, ())
    """
    turnout = count_ballots(ballots, abstentions, quorum)
    ordered = sorted(ballots, key=lambda one: (one.voter.source, one.voter.ballot))
    kind = _kind(ordered)
    reason = _reason(one.reason for one in ordered if one.kind.value == kind.value)
    if kind.value != QuestionKind.EFFECT:
        return ReadQuestion(question=question, kind=kind, reason=reason, turnout=turnout)
    effects = [one for one in ordered if one.kind is QuestionKind.EFFECT]
    treatment, outcome = _column(effects, Role.TREATMENT), _column(effects, Role.OUTCOME)
    found = [Ambiguity(what="kind", options=_options(kind))] if _unclear(kind, quorum) else []
    # Whoever doubts that it is an effect says nothing of its ends: these are held to the quorum only if nobody does.
    needed = 1 if found else quorum
    if _unclear(treatment, needed):
        found.append(Ambiguity(what="treatment", options=_options(treatment)))
    if _unclear(outcome, needed):
        found.append(Ambiguity(what="outcome", options=_options(outcome)))
    naming = [one for one in effects if one.treatment is not None and one.treatment == treatment.value]
    contrast, contrast_votes = _most([one.contrast for one in naming])
    population, population_votes = _most([one.population for one in naming])
    return ReadQuestion(
        question=question,
        kind=kind,
        treatment=treatment,
        outcome=outcome,
        target=_target(effects),
        contrast=contrast,
        contrast_votes=contrast_votes if contrast else 0,
        population=population or "",
        population_votes=population_votes,
        ambiguous=tuple(found),
        reason=reason,
        turnout=turnout,
    )


def _kind(ballots: Sequence[QuestionBallot]) -> Choice:
    counts = Counter(one.kind.value for one in ballots)
    others = {kind: votes for kind, votes in counts.items() if kind != QuestionKind.EFFECT}
    if 2 * sum(others.values()) > len(ballots):
        winner = min(others, key=lambda kind: (-others[kind], kind))
        return _choice(counts, winner)
    return _choice(counts, QuestionKind.EFFECT.value)


def _column(ballots: Sequence[QuestionBallot], role: Role) -> Choice:
    said = [_said(one, role) for one in ballots]
    counts = Counter(name for name in said if name is not None)
    alternatives = Counter(
        name
        for one in ballots
        for name in (one.treatment_alternatives if role is Role.TREATMENT else one.outcome_alternatives)
    )
    named_too = tuple(sorted(alternatives.items(), key=lambda item: (-item[1], item[0])))
    if not counts:
        return Choice(named_too=named_too)
    # Of a tie the column goes before "no column": it is asked back in any case.
    winner = min(counts, key=lambda name: (-counts[name], name == NO_COLUMN, name))
    return _choice(counts, winner).model_copy(update={"named_too": named_too})


def _said(ballot: QuestionBallot, role: Role) -> str | None:
    if role in ballot.absent:
        return NO_COLUMN
    return ballot.treatment if role is Role.TREATMENT else ballot.outcome


def _target(ballots: Sequence[QuestionBallot]) -> Choice:
    counts = Counter(one.target.value for one in ballots)
    treated = counts[Target.ATT.value] >= CLEAR * len(ballots)
    return _choice(counts, (Target.ATT if treated else Target.ATE).value)


def _choice(counts: Counter[str], winner: str) -> Choice:
    others = sorted(((name, votes) for name, votes in counts.items() if name != winner), key=lambda o: (-o[1], o[0]))
    return Choice(value=winner, votes=counts[winner], valid=counts.total(), others=tuple(others))


def _unclear(choice: Choice, quorum: int) -> bool:
    return choice.valid < max(quorum, 1) or choice.votes < CLEAR * choice.valid


def _options(choice: Choice) -> tuple[tuple[str, int], ...]:
    """List what was said, the winner first, and then what was only named as what could also be meant."""
    said = () if choice.value is None else ((choice.value, choice.votes), *choice.others)
    known = {name for name, _ in said}
    return (*said, *((name, 0) for name, _ in choice.named_too if name not in known))


def _most(said: Sequence[T]) -> tuple[T | None, int]:
    """Take what more than half say."""
    if not said:
        return None, 0
    counts = Counter(said)
    winner, votes = min(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return (winner, votes) if 2 * votes > len(said) else (None, 0)


def _reason(texts: Iterable[str]) -> str:
    """Pick the text of middle length: short ones say little, and long ones ramble."""
    told = sorted({text for text in texts if text}, key=lambda text: (len(text), text))
    return told[len(told) // 2] if told else ""
