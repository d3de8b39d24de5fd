"""Opaque ids for column names, and the way back from what a model writes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from copilot.domain.text import one_line, shown
from copilot.domain.votes import Slip, SlipCount

_EXAMPLES = 3
_ID = re.compile(r"\bv[1-9][0-9]*\b")


class Slips:
    """Counts the parts of one ballot that could not be used as they stood."""

    def __init__(self) -> None:
        self._counts: Counter[Slip] = Counter()
        self._examples: dict[Slip, list[str]] = {}

    def add(self, slip: Slip, example: str) -> None:
        """Count one slip and keep its first few examples, cleaned."""
        self._counts[slip] += 1
        kept = self._examples.setdefault(slip, [])
        line = one_line(example, 80)
        if line not in kept and len(kept) < _EXAMPLES:
            kept.append(line)

    def merge(self, other: Slips) -> None:
        """Add what another one has counted."""
        for slip, count in other._counts.items():
            kept = self._examples.setdefault(slip, [])
            kept.extend(line for line in other._examples[slip] if line not in kept)
            del kept[_EXAMPLES:]
            self._counts[slip] += count

    @classmethod
    def total(cls, many: Iterable[Slips]) -> Slips:
        """Add up what several have counted."""
        total = cls()
        for slips in many:
            total.merge(slips)
        return total

    def counts(self) -> tuple[SlipCount, ...]:
        """All counts, sorted by kind."""
        return tuple(
            SlipCount(slip=slip, count=self._counts[slip], examples=tuple(self._examples[slip]))
            for slip in sorted(self._counts)
        )


class Naming:
    """The ids v1 … vn of one ballot, given in the order in which it shows the variables.

    Parameters
    ----------
    shown
        Column names in the order shown.

    Examples
    --------
    >>> naming = Naming(["wage", "age"])
    >>> naming.id_of("age")
    'v2'
    >>> naming.resolve(" Wage ", Slips())
    'wage'
    """

    def __init__(self, shown: Sequence[str]) -> None:
        self.shown = tuple(shown)
        self._id_of = {name: f"v{number}" for number, name in enumerate(self.shown, start=1)}
        self._name_of = {identifier: name for name, identifier in self._id_of.items()}
        self._folded: dict[str, list[str]] = {}
        for name in self.shown:
            self._folded.setdefault(_fold(name), []).append(name)

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids in the order shown."""
        return tuple(self._name_of)

    def id_of(self, name: str) -> str:
        """Give the id of a column name."""
        return self._id_of[name]

    def resolve(self, written: str, slips: Slips) -> str | None:
        """Find the column that a model means: by id, else by exact name, else by a name alike but for case and spaces.

        Parameters
        ----------
        written
            As it stands in the reply.
        slips
            Takes note of names that are unknown, ambiguous or were matched by folding.

        Returns
        -------
        str or None
            The column name; ``None`` if there is none, or more than one that is alike.
        """
        identifier = written.strip().lower()
        if identifier in self._name_of:
            return self._name_of[identifier]
        if written in self._id_of:
            return written
        alike = self._folded.get(_fold(written), [])
        if len(alike) == 1:
            slips.add(Slip.FOLDED_NAME, written)
            return alike[0]
        slips.add(Slip.UNKNOWN_NAME, written)
        return None

    def in_words(self, text: str, limit: int = 200) -> str:
        """Write what a model says in its own words on one line, with names where it wrote ids.

        Examples
        --------
        >>> Naming(["wage", "age"]).in_words("v2 moves v1, and v12 is none")
        'age moves wage, and v12 is none'
        """
        if not any(_ID.fullmatch(name) for name in self.shown):
            text = _ID.sub(lambda found: shown(self._name_of.get(found[0], found[0])), text)
        return one_line(text, limit)


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
