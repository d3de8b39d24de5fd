"""Reading a question where no model is asked: two column names that stand in it, and the words around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.domain.question import Choice, QuestionKind, ReadQuestion

_COMMON_WORDS = (
    "a an and any are as at be by can could did do does effect for from had has have how i if in into is it its me "
    "more most much my no not of on or our so than that the their them then these they this those to up us was we "
    "were what when where which who why will with would you your"
)
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words of any question: a column with such a name counts only between quotes."""
_PREDICTION = re.compile(r"\b(?:predict\w*|forecast\w*)\b")
_TOGETHER = re.compile(r"\b(?:correlat\w*|associat\w*|related to|relationship|go(?:es)? together|distribut\w*)\b")
_DESCRIPTION = re.compile(r"\b(?:average|mean|median|how many|describe|summari[sz]e|list)\b")
"""Turns a question down only where its words say nothing of an effect: there are average effects, too."""
_VERBS = (
    r"affect|influenc|impact|rais|lower|caus|increas|reduc|decreas|chang|improv|worsen|boost|cut|help|harm|hurt|"
    r"prevent|promot|shorten|lengthen|driv|shap|determin|lead|mak|matter|alter|move|protect|delay|speed"
)
_ENDS = 2
_NOUN = r"\b(?:effects?|impacts?|influence|consequences?)"
_BACKWARD = re.compile(
    r"\b(?:\w+(?:ed|en|n)|cut|hurt|cause) by\b|\bdue to\b|\bbecause of\b|\bdepend\w* (?:up)?on\b|\brespond\w* to\b|"
    r"\bresult\w* (?:of|from)\b|\b(?:if|when|once|after)\b|\b(?:chang|vary|vari|differ)\w* with\b"
)
_FORWARD = re.compile(rf"\b(?:{_VERBS})\w*\b")
_ON = re.compile(rf"{_NOUN} (?:up)?on\b")
_NOUN_CUES = (
    (re.compile(rf"{_NOUN} of\b[^,;]*$"), re.compile(r"\b(?:up)?on\b"), True),
    (re.compile(rf"{_NOUN} (?:up)?on\b[^,;]*$"), re.compile(r"\b(?:of|from)\b"), False),
)
"""What stands before the first name, what must then stand between the two, and whether the first is the treatment."""
_CONDITION = re.compile(r"\b(?:if|when|once|after)\b")
_IF = re.compile(r"\b(?:if|when|once|after)\b[^,]*$")


@dataclass(frozen=True, slots=True)
class Literal:
    """What could be read off the words alone.

    Parameters
    ----------
    found
        What was understood; ``None`` if the words do not say it plainly.
    why
        What is missing, in one sentence; empty if something was understood.
    names
        Columns whose names stand in the question, in its order.
    """

    found: ReadQuestion | None
    why: str = ""
    names: tuple[str, ...] = ()


def read_words(question: str, names: Sequence[str]) -> Literal:
    """Find treatment and outcome in a question that names both columns; nothing is guessed.

    Parameters
    ----------
    question
        As asked, on one line.
    names
        Of the columns.

    Examples
    --------
    >>> read_words("What is the effect of training on earnings?", ["earnings", "training"]).found.treatment.value
    'training'
    >>> read_words("Are earnings raised by training?", ["earnings", "training"]).found.treatment.value
    'training'
    >>> read_words("training and earnings", ["earnings", "training"]).why
    'its words do not say which of the two would be changed'
    """
    text = _fold(question)
    places = _places(question, text, names)
    ordered = tuple(dict.fromkeys(name for _, _, name in places))
    rest = _blanked(text, places)
    if _PREDICTION.search(rest):
        return Literal(_not_an_effect(question, QuestionKind.PREDICTION), "", ordered)
    if _TOGETHER.search(rest) and not re.search(_NOUN, rest):
        return Literal(_not_an_effect(question, QuestionKind.ASSOCIATION), "", ordered)
    ends, why = None, "its words do not say which of the two would be changed"
    if len(ordered) == _ENDS:
        first, second = places[0], next(place for place in places if place[2] != places[0][2])
        ends = _direction(text[: first[0]], text[_last(places, second[0]) : second[0]])
    else:
        named = f"it names {', '.join(ordered)} where two columns are needed"
        why = named if ordered else "no column is named in it word for word"
    if ends is None:
        plain = _DESCRIPTION.search(rest) and not re.search(_NOUN, rest)
        return Literal(_not_an_effect(question, QuestionKind.ASSOCIATION) if plain else None, why, ordered)
    treatment, outcome = ordered if ends else ordered[::-1]
    found = ReadQuestion(
        question=question,
        source="words",
        kind=Choice(value=QuestionKind.EFFECT.value),
        treatment=Choice(value=treatment),
        outcome=Choice(value=outcome),
    )
    return Literal(found, "", ordered)


def _not_an_effect(question: str, kind: QuestionKind) -> ReadQuestion:
    return ReadQuestion(question=question, source="words", kind=Choice(value=kind.value))


def _direction(before: str, between: str) -> bool | None:
    """Say whether the first name is the treatment; ``None`` if the words do not say, or say both."""
    for opening, middle, first_is_treatment in _NOUN_CUES:
        if opening.search(before):
            return first_is_treatment if middle.search(between) else None
    if _ON.search(between):
        return True
    if _IF.search(before):
        return True if "," in between or _FORWARD.search(between) else None
    backward, condition = _BACKWARD.search(between), _CONDITION.search(between)
    # "Raised by" is no "raise"; and "does A change if B rises" has a verb of its own before the condition.
    forward = None if condition else _FORWARD.search(_BACKWARD.sub(" ", between))
    if (backward is None) == (forward is None):
        return None
    return forward is not None


def _places(question: str, text: str, names: Sequence[str]) -> list[tuple[int, int, str]]:
    """Find where the names stand, in order: the longest wins where two overlap, exact case where two are alike."""
    found = list[tuple[int, int, str]]()
    for name in names:
        folded = _fold(name)
        if not folded:
            continue
        pattern = r"[\s_]+".join(re.escape(part) for part in re.split(r"[\s_]+", folded))
        bare = rf"(?<!\w){pattern}(?!\w)"
        wanted = rf"(?<=['\"`\u2018\u201c]){pattern}(?=['\"`\u2019\u201d])" if folded in _COMMON else bare
        found += [(match.start(), match.end(), name) for match in re.finditer(wanted, text)]
    kept = list[tuple[int, int, str]]()
    for start, end, name in sorted(found, key=lambda one: (one[0] - one[1], one[2] not in question, one[0])):
        clash = [other for other in kept if start < other[1] and other[0] < end]
        same = [other for other in clash if other[:2] == (start, end) and (other[2] in question) == (name in question)]
        if not clash or same:  # of two that are alike neither can be chosen: both stay, and the question is not read
            kept.append((start, end, name))
    return sorted(kept)


def _last(places: Sequence[tuple[int, int, str]], before: int) -> int:
    """Find where the last name before a place ends."""
    return max(end for _, end, _ in places if end <= before)


def _blanked(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    """Take the names out, so that a column called "mean score" asks for no mean."""
    for start, end, _ in places:
        text = text[:start] + "_" * (end - start) + text[end:]
    return text


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
