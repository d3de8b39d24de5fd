"""What a column holds, decided from its distinct values.

The rules, first match wins; *rows* are those with a value:

constant      at most one distinct value
binary        two
date          whole numbers that are calendar days written as 20201231
identifier    numbers: all distinct whole numbers that run without a gap (more than 10 of them), or under an empty
              header or one that is called like an identifier; or whole numbers, repeated, whose name ends in "id"
              texts: UUIDs in most rows; or more than 20 distinct texts in more than 0.9 of the rows; or all distinct
              in the first column under an empty header or one called like an identifier; but not numbers among which a
              word recurs, which are categorical
ordinal       3 to 10 distinct whole numbers, none beyond 100, without a gap or each in three rows or more on average;
              or texts on a known scale
count         whole numbers from 0 to a thousand million
continuous    other numbers
categorical   other texts
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

from copilot.data.dates import packed_dates
from copilot.data.scales import is_scale
from copilot.domain.variables import Kind

_KEY_WORDS = frozenset({"id", "uuid", "guid", "rowid", "recid", "caseid", "subjid", "patid", "pid", "hhid", "ssn"})
_ID_WORDS = _KEY_WORDS | {"ids", "key", "pk", "nr", "seqn", "seqno", "zip", "zipcode", "postcode", "isbn"}
_ID_NAMES = frozenset(
    {"index", "idx", "row", "rows", "rownum", "rownames", "no", "number", "num", "seq", "serial", "case", "record"}
    | {"obs", "observation", "code"}
)
_INDEX_NAMES = re.compile(r"(?:Unnamed: \d+(?:_level_\d+)?|__index_level_\d+__|\.\.\.1)?\Z")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_FEWEST_ROWS = 11
_FEWEST_TEXTS = 21
_DISTINCT_SHARE = 0.9
_ORDINAL_LEVELS = range(3, 11)
_ORDINAL_LARGEST = 100
_REPEATS = 3
_COUNT_LARGEST = 1e9
_MOST_SENTINELS = 6

SENTINELS = (
    *(-1, -8, -9, -88, -98, -99, -888, -998, -999, -8888, -9999, -99999, -999999, -9999999, -99999999, -999999999),
    *(88, 98, 99, 777, 888, 998, 999, 7777, 8888, 9998, 9999, 99999, 999999, 9999999, 99999999, 999999999),
)
"""Numbers that files use for "missing", "refused" or "not applicable"."""

_FAR = 3.0
_ABSURD = 1000.0
_FEWEST_OTHERS = 10


def kind_of_numbers(name: str, position: int, values: Mapping[float, int]) -> tuple[Kind, str]:
    """Choose the kind of a column of numbers.

    Parameters
    ----------
    name, position
        Of the column; the first is at 0.
    values
        Finite number to count of cells, in order of first appearance.

    Returns
    -------
    tuple
        The kind, and why the column is left out of the graph, or an empty string.

    Examples
    --------
    >>> kind_of_numbers("dose", 2, {1.0: 40, 2.0: 30, 3.0: 30})
    (<Kind.ORDINAL: 'ordinal'>, '')
    """
    small = _few_levels(len(values))
    if small is not None:
        return small
    whole = all(value.is_integer() for value in values)
    low, high = min(values), max(values)
    if whole:
        reason = _number_identifier(name, position, values)
        if reason:
            return Kind.IDENTIFIER, reason
        if packed_dates(values):
            return Kind.DATE, _DATE_REASON
        scale = high - low + 1 == len(values) or sum(values.values()) >= _REPEATS * len(values)
        if scale and len(values) in _ORDINAL_LEVELS and max(-low, high) <= _ORDINAL_LARGEST:
            return Kind.ORDINAL, ""
        if low >= 0 and high <= _COUNT_LARGEST:
            return Kind.COUNT, ""
    return Kind.CONTINUOUS, ""


def kind_of_texts(name: str, position: int, counts: Mapping[str, int]) -> tuple[Kind, str]:
    """Choose the kind of a column of texts; see `kind_of_numbers`.

    Examples
    --------
    >>> kind_of_texts("arm", 1, {"yes": 10, "no": 12})
    (<Kind.BINARY: 'binary'>, '')
    """
    small = _few_levels(len(counts))
    if small is not None:
        return small
    rows, distinct = sum(counts.values()), len(counts)
    many = distinct > _DISTINCT_SHARE * rows
    if many and all(_UUID.fullmatch(text.strip()) for text in counts):
        return Kind.IDENTIFIER, "it holds UUIDs"
    if many and distinct >= _FEWEST_TEXTS:
        return Kind.IDENTIFIER, f"it has {distinct:,} different texts in {rows:,} rows, as names and codes of rows have"
    if distinct == rows and _called_index(name, position):
        return Kind.IDENTIFIER, "it holds the names of the rows"
    return (Kind.ORDINAL if is_scale(counts) else Kind.CATEGORICAL), ""


_DATE_REASON = "it holds dates or times, which are not used as numbers"


def kind_of_dates(distinct: int) -> tuple[Kind, str]:
    """Choose the kind of a column of dates: constant if there is but one."""
    return (Kind.DATE, _DATE_REASON) if distinct > 1 else (Kind.CONSTANT, "it has one value in all rows")


def find_sentinels(values: Mapping[float, int]) -> tuple[tuple[float, int], ...]:
    """Find numbers that look like codes for "missing": known ones, repeated, that stand alone beyond all others.

    A code is far if it lies further from the nearest other value than three times the widest gap between those. Any
    other number is a code, or a slip, if it lies a thousand times further from ten others or more than these lie from
    each other: it alone would decide every mean and every line.

    Examples
    --------
    >>> find_sentinels({18.0: 5, 20.0: 7, 35.0: 4, 40.0: 1, -99.0: 12, 41.0: 1})
    ((-99.0, 12),)
    >>> find_sentinels({**{float(age): 9 for age in range(18, 60)}, 1e20: 1})
    ((1e+20, 1),)
    """
    far = _absurd(values)
    candidates = {float(code) for code in SENTINELS if values.get(float(code), 0) > 1}.difference(far)
    rest = sorted(values.keys() - candidates - set(far)) if candidates else ()
    if len(rest) > 1:  # a range has two ends
        widest = max(after - before for before, after in pairwise(rest))
        far += [code for code in candidates if max(rest[0] - code, code - rest[-1]) > _FAR * widest]
    return tuple((code, values[code]) for code in sorted(far))[:_MOST_SENTINELS]


def _absurd(values: Mapping[float, int]) -> list[float]:
    """Give the smallest or the largest number, or both, if it is beyond all reason."""
    if len(values) <= _FEWEST_OTHERS:
        return []
    least, most = min(values), max(values)
    some = [value for value in islice(values, _FEWEST_OTHERS) if least < value < most]
    if most - least <= _ABSURD * (max(some) - min(some)):  # they reach no further than all do
        return []
    first, *_, last = sorted(values.keys() - {least, most})
    reach = _ABSURD * (last - first)
    return [end for end, gap in ((least, first - least), (most, most - last)) if gap > reach]


def _few_levels(distinct: int) -> tuple[Kind, str] | None:
    if distinct == 0:
        return Kind.CONSTANT, "every cell is missing"
    if distinct == 1:
        return Kind.CONSTANT, "it has one value in all rows"
    return (Kind.BINARY, "") if distinct == 2 else None  # noqa: PLR2004 (binary)


def _number_identifier(name: str, position: int, values: Mapping[float, int]) -> str:
    """Say why whole numbers are an identifier, or return an empty string."""
    distinct = len(values)
    if sum(values.values()) == distinct:
        if max(values) - min(values) + 1 == distinct and (distinct >= _FEWEST_ROWS or _called_index(name, position)):
            return "it numbers the rows"
        if _called_index(name, position) or _called_identifier(name):
            return "it has another whole number in every row and is called like an identifier"
    elif distinct >= _FEWEST_TEXTS and set(_words(name)[-1:]) & _KEY_WORDS:
        return f"it is called an identifier and holds {distinct:,} whole numbers, which have no meaning as quantities"
    return ""


def _called_index(name: str, position: int) -> bool:
    """Tell whether a header is what programs write, or leave empty, above row numbers and row names."""
    return position == 0 and (_INDEX_NAMES.match(name) is not None or _called_identifier(name))


def _called_identifier(name: str) -> bool:
    """Tell whether the last word of a name, or all of it, is one that identifiers bear."""
    words = _words(name)
    return bool(words) and (words[-1] in _ID_WORDS or (len(words) == 1 and words[0] in _ID_NAMES))


def _words(name: str) -> Sequence[str]:
    """Split a name at case, digits and punctuation, folded.

    >>> _words("patientID"), _words("row_nr")
    (['patient', 'id'], ['row', 'nr'])
    """
    return [word.lower() for word in _WORDS.findall(name)]
