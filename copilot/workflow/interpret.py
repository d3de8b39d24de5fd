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

LONGEST = 500
"""Characters of a sentence, without the names in it."""
_TOKENS = 5
_LEVEL = 95
_TWO_DIGITS = 2
_NAME = "NAME"
_PLACE = re.compile(r"\{(\d+)\}")

_READ = (
    *("contrast", "unit", "rows", "chosen", "estimates", "refutations", "sensitivity"),
    *("many_graphs", "bounds", "proximal", "reference", "suspected", "verdict"),
)
"""Keys of the report whose numbers a sentence may have."""
_UNREAD = frozenset(
    {"draws", "designs", "curve", "curve_interval", "diagnostics", "details", "paper", "notices", "dowhy_version"}
)
"""Keys below those whose numbers nobody reads: with thousands of them any number would be found among them."""

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>(?<!\d )[-+−–])?"  # noqa: RUF001 (models write the minus in three ways)
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<power>e[-+−]?\d+)?"  # noqa: RUF001
    r"(?P<percent>\s?%|[ -]per\s?cent(?:age)?\b)?(?![\d]|\.\d)",
    re.IGNORECASE,
)
_WORDLIKE = re.compile(r"[^\W\d]\w*\d\w*|\d[\d.,]*[^\W\d]\w*|\w*_\w*")
_LEVEL_WORDS = re.compile(
    r"\b95(?:\s?%|[ -]per\s?cent)(?=[^.;]{0,40}\b(?:interval|range|limits|bounds)\b)", re.IGNORECASE
)
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
_FALL = re.compile(
    r"\b(?:lower|less|fewer|smaller|below|down|negative(?:ly)?|minus|shorter|cheaper|worse|slower|lighter"
    r"|fall(?:s|ing)?|fell|drop(?:s|ped|ping)?|decreas\w+|declin\w+|reduc\w+|lower(?:s|ed|ing)|cut(?:s|ting)?"
    r"|shrink\w*|los(?:e|es|s|t)|subtract\w*)\b",
    re.IGNORECASE,
)
# What comes after a number, or before "by" and a number, says which way it goes; "the lower end" says nothing.
_FALL_AFTER = re.compile(
    r"^(?:\s+(?:[\w{}-]+)){0,4}?\s+(?:lower|less|fewer|smaller|shorter)\b(?!\s+(?:end|limit|bound|edge)s?\b)",
    re.IGNORECASE,
)
_FALL_BEFORE = re.compile(
    r"\b(?:reduc\w+|lower(?:s|ed|ing)|decreas\w+|cut(?:s|ting)?|fall(?:s|ing)?|fell|drop(?:s|ped|ping)?|declin\w+)\b"
    r"(?:\s+[\w{}-]+){0,8}?\s+by\s+(?:(?:about|around|roughly|some|an?|estimated|nearly|almost)\s+){0,3}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it stands in a sentence.

    Parameters
    ----------
    text
        As written.
    value
        With its sign.
    places
        Decimal places; negative where it is written with a power of ten.
    percent
        Whether it is a percentage.
    falls
        Whether the words around it say that it is a decrease.
    """

    text: str
    value: Decimal
    places: int
    percent: bool = False
    falls: bool = False


def numbers_of(report: Mapping[str, Any], names: Collection[str] = ()) -> frozenset[Decimal]:
    """Gather the numbers that a sentence may have: those of the results, and those in the sentences about them.

    Hashes, ids, versions, simulated draws and the numbers inside names of columns are not among them.

    Parameters
    ----------
    report
        The object of ``report.json``.
    names
        Of columns, which may hold digits.
    """
    known = sorted((name for name in names if re.search(r"\d", name)), key=len, reverse=True)
    bare = re.compile("|".join(rf"(?<![\w.,]){re.escape(name)}(?!\w|[.,]\d)" for name in known)) if known else None
    found: set[Decimal] = set()

    def walk(value: Any) -> None:
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, int | float):
            number = Decimal(repr(value))
            if number.is_finite():
                found.add(number)
        elif isinstance(value, str):
            text = _LEVEL_WORDS.sub(" ", value if bare is None else bare.sub(_NAME, value))
            written = [one for one in written_numbers(text) if not (one.percent and one.value == _LEVEL)]
            found.update(one.value / 100 if one.percent else one.value for one in written)
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                if key not in _UNREAD:
                    walk(inner)
        else:
            for inner in value:
                walk(inner)

    for key in _READ:
        walk(report.get(key))
    if re.search(r"%|per\s?cent", str(report.get("unit", "")), re.IGNORECASE):
        # The outcome itself is in percent, so that its numbers may be written so.
        found |= {one / 100 for one in found}
    return frozenset(found)


def written_numbers(text: str) -> tuple[Written, ...]:
    """Find the numbers in a text; digits that are part of a word are none.

    Examples
    --------
    >>> [str(one.value) for one in written_numbers("from −1,200.5 to 3 %, in v2")]
    ['-1200.5', '3']
    """
    found = []
    for match in _NUMBER.finditer(text):
        digits = match["digits"].replace(",", "")
        power = int((match["power"] or "e0")[1:].replace("−", "-"))  # noqa: RUF001
        value = Decimal(digits).scaleb(power)
        negative = match["sign"] in {"-", "−", "–"}  # noqa: RUF001
        before, after = text[: match.start()], text[match.end() :]
        found.append(
            Written(
                text=match.group(0).strip(),
                value=-value if negative else value,
                places=len(digits.partition(".")[2]) - power,
                percent=match["percent"] is not None,
                falls=bool(_FALL_AFTER.search(after) or _FALL_BEFORE.search(before)),
            )
        )
    return tuple(found)


def occurs(written: Written, numbers: Collection[Decimal], *, falls: bool = False) -> bool:
    """Whether a number stands in the report, at the number of digits that are written.

    A number is that of the report itself, or the report's rounded to two digits or more; a percentage is a share of
    the report. Without its minus a number needs a word that says so, and with such a word right beside it,
    it must be negative in the report.

    Parameters
    ----------
    written
        As it stands in the sentence.
    numbers
        Of the report.
    falls
        Whether the sentence has a word such as "lower".
    """
    value = written.value
    if written.falls and value > 0:
        signs = [-value]
    elif falls or value == 0:
        signs = [value, -value]
    else:
        signs = [value]
    scale, places = (100, written.places + 2) if written.percent else (1, written.places)
    return any(_same(one / scale, number, places) for one in signs for number in numbers)


def _same(value: Decimal, number: Decimal, places: int) -> bool:
    if value == number:
        return True
    unit = Decimal(1).scaleb(-places)
    # One digit alone would fit too many numbers: 3 is nearly every number from 2.5 to 3.5.
    if value == 0 or abs(value) < unit.scaleb(_TWO_DIGITS - 1):
        return False
    return abs(value - number) <= unit / 2


def check_sentence(said: Said, numbers: Collection[Decimal], names: Collection[str]) -> tuple[DropReason, str] | None:
    """Hold one sentence against the report.

    Parameters
    ----------
    said
        The sentence; what stands inside a name is not looked at.
    numbers
        As `numbers_of` gives them.
    names
        Variables it may name.

    Returns
    -------
    tuple or None
        Why it is dropped and what gave offence; ``None`` if it may be shown.
    """
    text = _PLACE.sub(lambda place: _NAME if int(place.group(1)) < len(said.names) else place.group(0), said.template)
    if len(text) > LONGEST:
        return DropReason.LENGTH, f"{len(text)} characters"
    for pattern, reason in ((_CERTAIN, DropReason.CERTAINTY), (_MARKUP, DropReason.MARKUP)):
        found = pattern.search(text)
        if found is not None:
            return reason, found.group(0)
    foreign = _foreign_name(text, said.names, names)
    if foreign is not None:
        return DropReason.NAME, foreign
    plain = _WORDLIKE.sub(
        lambda word: _NAME if word.group(0) in names else word.group(0), _LEVEL_WORDS.sub("the", text)
    )
    falls = _FALL.search(plain) is not None
    for one in written_numbers(plain):
        if not occurs(one, numbers, falls=falls):
            return DropReason.NUMBER, one.text
    # Digits that are in no number that was read, in other scripts for example, cannot be held against anything.
    left = re.search(r"\S*\d\S*", _NUMBER.sub(" ", plain))
    return None if left is None else (DropReason.NUMBER, left.group(0))


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
    """What is left of one reading."""

    reading: Reading
    kept: tuple[Said, ...]

    @property
    def mentioned(self) -> frozenset[str]:
        """Its numbers and variables."""
        found: set[str] = set()
        for said in self.kept:
            found.update(f"name {name}" for name in said.names)
            text = _LEVEL_WORDS.sub("the", _PLACE.sub(_NAME, said.template))
            found.update(f"number {abs(one.value).normalize()}" for one in written_numbers(text))
        return frozenset(found)


def interpret(
    readings: Sequence[Reading], report: Mapping[str, Any], names: Sequence[str], turnout: Turnout | None = None
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
    names
        Variables that may be named.
    turnout
        Of the ballots.

    Returns
    -------
    Interpretation
        With a note in place of sentences if no reading has one left.
    """
    numbers, known = numbers_of(report, names), frozenset(names)
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
            checked.append(_Checked(reading, tuple(kept)))
    dropped = tuple(
        Dropped(reason=reason, count=counts[reason], tokens=tuple(tokens[reason])[:_TOKENS])
        for reason in DropReason
        if counts[reason]
    )
    told = Interpretation(readings=len(readings), usable=len(checked), dropped=dropped, turnout=turnout)
    if not checked:
        why = "no model gave one" if not readings else "no sentence of any of them passed the check"
        note = f"No reading in plain words is shown: {why} ({len(readings)} readings)."
        return told.model_copy(update={"note": note})
    chosen, agreement = _medoid(checked)
    return told.model_copy(
        update={
            "sentences": tuple(map(filled, chosen.kept)),
            "names": tuple(sorted({name for said in chosen.kept for name in said.names})),
            "source": chosen.reading.voter.source,
            "ballot": chosen.reading.voter.ballot,
            "cut": len(chosen.reading.sentences) - len(chosen.kept),
            "agreement": agreement,
        }
    )


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
