"""Readings of finished results, held against the report: what is shown has no number and no name of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from copilot.domain.interpretation import Dropped, DropReason, Interpretation, Reading, Said
from copilot.domain.text import one_line, shown
from copilot.domain.votes import Turnout
from copilot.workflow.written_numbers import FALL, LEVEL, NAME, NUMBER, matches, numbers_told, written_numbers

LONGEST = 500
"""Characters of a sentence, without the names in it."""
_TOKENS = 5
_PLACE = re.compile(r"\{(\d+)\}")

_WORDLIKE = re.compile(r"[^\W\d]\w*\d\w*|\d[\d.,]*[^\W\d]\w*|\w*_\w*")
_CERTAIN = re.compile(
    r"\b(?:dis)?prov(?:e|es|ed|en|ing|ably)\b|\bproofs?\b|\bcertainly\b|\bdefinitely\b|\bundoubtedly\b"
    r"|\bundeniabl[ey]\b|\bunquestionabl[ey]\b|\bindisputabl[ey]\b"
    r"|\b(?:without|beyond)\s+(?:a\s+|any\s+)?(?:shadow\s+of\s+a\s+)?doubt\b|\bno\s+doubt\b"
    r"|\d+\s?(?:%|per\s?cent)\s+(?:sure|certain|confident|probability|chance|likel\w+|probable)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"[`<>|\\$*#\[\]~^]|\b\w+://|\bwww\.|\b(?:mailto|javascript|data):\S|\b[\w-]+\.(?:com|org|net|io|dev|html?)\b|&#?\w+;",
    re.IGNORECASE,
)


def check_sentence(said: Said, numbers: Collection[Decimal], names: Collection[str]) -> tuple[DropReason, str] | None:
    """Hold one sentence against the report.

    Parameters
    ----------
    said
        The sentence; what stands inside a name is not looked at.
    numbers
        As `numbers_told` gives them.
    names
        Variables it may name.

    Returns
    -------
    tuple or None
        Why it is dropped and what gave offence; ``None`` if it may be shown.
    """
    text = _PLACE.sub(lambda place: NAME if int(place.group(1)) < len(said.names) else place.group(0), said.template)
    if len(text) > LONGEST:
        return DropReason.LENGTH, f"{len(text)} characters"
    for pattern, reason in ((_CERTAIN, DropReason.CERTAINTY), (_MARKUP, DropReason.MARKUP)):
        found = pattern.search(text)
        if found is not None:
            return reason, found.group(0)
    foreign = _foreign_name(text, said.names, names)
    if foreign is not None:
        return DropReason.NAME, foreign
    plain = _WORDLIKE.sub(lambda word: NAME if word.group(0) in names else word.group(0), LEVEL.sub("the", text))
    falls = FALL.search(plain) is not None
    for one in written_numbers(plain):
        if not matches(one, numbers, falls=falls):
            return DropReason.NUMBER, one.text
    # Digits that are in no number that was read, in other scripts for example, cannot be held against anything.
    left = re.search(r"\S*\d\S*", NUMBER.sub(" ", plain))
    return None if left is None else (DropReason.NUMBER, left.group(0))


def _countable(text: str, names: Collection[str]) -> tuple[str, bool]:
    """Take out of a sentence the digits that count nothing, and tell whether it speaks of less."""
    plain = LEVEL.sub("the", _PLACE.sub(NAME, text))
    plain = _WORDLIKE.sub(lambda word: NAME if word.group(0) in names else word.group(0), plain)
    return plain, FALL.search(plain) is not None


def _foreign_name(text: str, used: Sequence[str], names: Collection[str]) -> str | None:
    known = set(names)
    for name in used:
        if name not in known:
            return name
    brace = re.search(r"\{[^{}]*\}?|\}", text)
    if brace is not None:
        return brace.group(0)
    # A word with digits or underscores in it is a column's name, or is meant to look like one.
    for word in _WORDLIKE.findall(re.sub(r"\b\d[\d.,]*e[-+−]?\d+\b", " ", text, flags=re.IGNORECASE)):  # noqa: RUF001
        if word not in known:
            return str(word)
    return None


@dataclass(frozen=True, slots=True)
class _Checked:
    """What is left of one reading, with the numbers and variables that it mentions."""

    reading: Reading
    kept: tuple[Said, ...]
    mentioned: frozenset[str]


def _mentioned(kept: Sequence[Said], numbers: Collection[Decimal], names: Collection[str]) -> frozenset[str]:
    """Give the variables of some sentences, and their numbers as the report has them, so that rounding is no matter."""
    found: set[str] = set()
    for said in kept:
        found.update(f"name {name}" for name in said.names)
        plain, falls = _countable(said.template, names)
        for one in written_numbers(plain):
            found.add(f"number {matches(one, numbers, falls=falls)[0].normalize()}")
    return frozenset(found)


def interpret(
    readings: Sequence[Reading],
    report: Mapping[str, Any],
    told: Mapping[str, Any],
    names: Sequence[str],
    turnout: Turnout | None = None,
) -> Interpretation:
    """Check every reading, and choose the one that agrees most with the others.

    It is the medoid of the usable readings by the Jaccard index of the numbers and variables they mention (Kaufman &
    Rousseeuw 1990, Finding Groups in Data, ch. 2); among equals that with the lowest ballot number.

    Parameters
    ----------
    readings
        That could be read.
    report
        The object of ``report.json``.
    told
        What was sent of it; a number must be in both.
    names
        Variables that may be named.
    turnout
        Of the ballots.

    Returns
    -------
    Interpretation
        With a note in place of sentences if no reading has one left.
    """
    numbers, known = numbers_told(report, told, names), frozenset(names) | _our_words(report)
    counts: Counter[DropReason] = Counter()
    tokens: dict[DropReason, dict[str, None]] = {}
    checked = []
    for reading in sorted(readings, key=lambda one: (one.voter.ballot, one.voter.source)):
        kept = []
        for said in reading.sentences:
            wrong = check_sentence(said, numbers, known)
            if wrong is None:
                kept.append(said)
            else:
                counts[wrong[0]] += 1
                tokens.setdefault(wrong[0], {})[one_line(wrong[1], 40)] = None
        if kept:
            checked.append(_Checked(reading, tuple(kept), _mentioned(kept, numbers, known)))
    dropped = tuple(
        Dropped(reason=reason, count=counts[reason], tokens=tuple(tokens[reason])[:_TOKENS])
        for reason in DropReason
        if counts[reason]
    )
    found = Interpretation(readings=len(readings), usable=len(checked), dropped=dropped, turnout=turnout)
    if not checked:
        why = "no model gave one" if not readings else "no sentence of any of them passed the check"
        note = f"No reading in plain words is shown: {why} ({len(readings)} readings)."
        return found.model_copy(update={"note": note})
    chosen, agreement = _medoid(checked)
    return found.model_copy(
        update={
            "sentences": tuple(map(filled, chosen.kept)),
            "names": tuple(sorted({name for said in chosen.kept for name in said.names})),
            "source": chosen.reading.voter.source,
            "ballot": chosen.reading.voter.ballot,
            "cut": len(chosen.reading.sentences) - len(chosen.kept),
            "agreement": agreement,
        }
    )


def _our_words(report: Mapping[str, Any]) -> frozenset[str]:
    """Give the names of checks and estimators, which look like those of columns."""
    rows = (("refutations", "refuter"), ("estimates", "estimator"))
    return frozenset(str(one.get(key)) for name, key in rows for one in report.get(name, ()))


def filled(said: Said) -> str:
    """Put the names into a sentence.

    Examples
    --------
    >>> filled(Said(template="{0} moves {1}.", names=("t", "y")))
    't moves y.'
    """
    return _PLACE.sub(lambda place: shown(said.names[int(place.group(1))]), said.template)


def _medoid(checked: Sequence[_Checked]) -> tuple[_Checked, float | None]:
    if len(checked) == 1:
        return checked[0], None
    sets = [one.mentioned for one in checked]
    means = [
        sum(_jaccard(mine, other) for at, other in enumerate(sets) if at != place) / (len(sets) - 1)
        for place, mine in enumerate(sets)
    ]
    best = max(range(len(means)), key=lambda place: (round(means[place], 12), -place))
    return checked[best], round(means[best], 6)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
