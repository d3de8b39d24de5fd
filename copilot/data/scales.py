"""Texts that stand in an order everyone knows: low to high, never to always, bands of age."""

from __future__ import annotations

import re
from collections.abc import Collection

_SCALES = (
    ("very low", "low", "lower", "medium low", "medium", "moderate", "middle", "average", "high", "very high", "mid"),
    ("extremely low", "very low", "low", "normal", "high", "very high", "extremely high"),
    ("low", "low medium", "medium", "med", "medium high", "high"),
    ("extra small", "xxs", "xs", "small", "s", "medium", "m", "large", "l", "xl", "extra large", "xxl", "huge"),
    ("none", "minimal", "trace", "mild", "moderate", "severe", "very severe", "extreme", "critical"),
    ("no", "low", "medium", "high"),
    (
        *("never", "almost never", "rarely", "seldom", "occasionally", "sometimes", "often", "usually"),
        *("very often", "almost always", "always", "daily", "weekly", "monthly", "yearly"),
    ),
    ("very poor", "poor", "fair", "average", "ok", "okay", "good", "very good", "great", "excellent", "outstanding"),
    ("terrible", "very bad", "bad", "neutral", "ok", "good", "very good"),
    (
        *("strongly disagree", "disagree", "somewhat disagree", "slightly disagree", "neutral", "neither"),
        *("neither agree nor disagree", "undecided", "slightly agree", "somewhat agree", "agree", "strongly agree"),
    ),
    ("very unlikely", "unlikely", "somewhat unlikely", "neutral", "somewhat likely", "likely", "very likely"),
    (
        *("very dissatisfied", "dissatisfied", "somewhat dissatisfied", "neutral"),
        *("neither satisfied nor dissatisfied", "somewhat satisfied", "satisfied", "very satisfied"),
    ),
    ("not at all", "a little", "slightly", "somewhat", "moderately", "quite a bit", "very", "very much", "extremely"),
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"),
    ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th"),
    ("freshman", "sophomore", "junior", "senior"),
    ("primary", "secondary", "tertiary"),
    ("bronze", "silver", "gold", "platinum"),
)
_SETS = tuple(frozenset(scale) for scale in _SCALES)
_NUMBERED = re.compile(
    r"(?:(?:level|stage|grade|class|tier|phase|q|t|wave)\s*)?(\d{1,2})(?:\s*[-.:=)]\s*\D.*)?", re.IGNORECASE
)
_BAND = re.compile(r"(?:[<>≤≥]=?\s*\d+|\d+\s*(?:\+|-\s*\d+|to \d+|or more|and over|and older)|(?:under|over) \d+)")
_UNIT = re.compile(r"(?<=[\d+])\s*[a-z%/ ]*\Z|\Z")
_FEWEST, _MOST = 3, 15


def is_scale(levels: Collection[str]) -> bool:
    """Tell whether texts are levels of one recognisable order.

    Parameters
    ----------
    levels
        Distinct texts.

    Returns
    -------
    bool
        Whether there are 3 to 15 of them, and all stand on one known scale, are bands of numbers such as ``18-24``
        and ``65+``, or bear consecutive numbers such as ``1 - low``. Case, hyphens and blanks do not matter.

    Examples
    --------
    >>> is_scale(["Low", "medium", "HIGH"]), is_scale(["18-24", "25-64", "65+"]), is_scale(["red", "low", "high"])
    (True, True, False)
    """
    if not _FEWEST <= len(levels) <= _MOST:
        return False
    folded = {re.sub(r"[\s_-]+", " ", level.strip().casefold()) for level in levels}
    if any(folded <= scale for scale in _SETS):
        return True
    spaced = {" ".join(level.casefold().replace("\u2013", "-").split()) for level in levels}
    units = {_UNIT.search(level)[0] for level in spaced}  # type: ignore[index]  # it matches an empty end
    if len(units) == 1:
        bare = [level.removesuffix(next(iter(units))) for level in spaced]
        bands = sum(_BAND.fullmatch(level) is not None for level in bare)
        if bands and all(_BAND.fullmatch(level) or level.isdecimal() for level in bare):
            return True
    numbers = [match[1] for level in spaced if (match := _NUMBERED.fullmatch(level))]
    ranks = sorted(map(int, numbers))
    return len(ranks) == len(levels) and ranks == list(range(ranks[0], ranks[0] + len(ranks)))
