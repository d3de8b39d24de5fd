"""The terms that `copilot explain` knows: one Markdown file that ships with the package."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from pathlib import Path

from copilot.domain.value import Value
from copilot.errors import UsageError

_MOST_OFFERED = 3


class Term(Value):
    """One term.

    Parameters
    ----------
    name
        As its heading has it.
    text
        Five sentences, the last one an example.
    also
        Other words for it.
    told_by
        Findings and refuters that speak of it.
    """

    name: str
    text: str
    also: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Everything it is found under."""
        return (self.name, *self.also, *self.told_by)


def terms_file() -> Path:
    """Find the file that came with the package: inside the wheel, or in `docs` beside it in a source tree."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "terms.md"
    return inside if inside.is_file() else package.parent / "docs" / "terms.md"


@lru_cache(maxsize=1)
def load_terms() -> tuple[Term, ...]:
    """Read all terms, in alphabetical order."""
    sections = re.split(r"^## ", terms_file().read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return tuple(sorted((_read(section) for section in sections), key=lambda term: term.name.casefold()))


def _read(section: str) -> Term:
    heading, _, body = section.partition("\n")
    head, _, rest = body.strip().partition("\n\n")
    if not head.startswith("*"):
        head, rest = "", body.strip()
    lists: dict[str, tuple[str, ...]] = {}
    for key, label in (("also", "*Also:*"), ("told_by", "*Told by:*")):
        line = next((one for one in head.split("\n") if one.startswith(label)), "")
        words = line.removeprefix(label).strip().removesuffix(".")
        lists[key] = tuple(word.strip() for word in words.split(",") if word.strip())
    return Term(name=heading.strip(), text=" ".join(rest.split()), also=lists["also"], told_by=lists["told_by"])


def find_term(word: str) -> Term:
    """Find a term by its name, another word for it, or a finding or refuter that speaks of it.

    Parameters
    ----------
    word
        In any case, with blanks, hyphens or underscores between its parts.

    Raises
    ------
    UsageError
        If there is none, with the nearest ones.

    Examples
    --------
    >>> find_term("Implied-Independence").name
    'conditional independence'
    """
    known = {_folded(one): term for term in reversed(load_terms()) for one in reversed(term.words)}
    known |= {_folded(term.name): term for term in load_terms()}
    found = known.get(_folded(word)) or known.get(_folded(word).removesuffix("s"))
    if found is not None:
        return found
    near = difflib.get_close_matches(_folded(word), known, n=_MOST_OFFERED, cutoff=0.6)
    offered = list(dict.fromkeys(known[one].name for one in near))
    raise UsageError(
        f"there is no entry for {word!r}",
        advice=f"Did you mean {' or '.join(offered)}?" if offered else "All terms: `copilot explain`.",
    )


def term_of(told_by: str) -> str:
    """Name the term that explains a finding or a refuter; empty if none does.

    Examples
    --------
    >>> term_of("placebo_treatment"), term_of("nothing")
    ('placebo treatment', '')
    """
    return next((term.name for term in load_terms() if told_by in term.told_by), "")


def _folded(word: str) -> str:
    return " ".join(re.split(r"[\s_-]+", word.casefold().strip()))
