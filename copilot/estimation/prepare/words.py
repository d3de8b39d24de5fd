"""Which of two words is the active one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot.domain.text import shown

_ACTIVE = frozenset(
    {"yes", "y", "true", "t", "on", "treated", "treatment", "treat", "exposed", "active", "intervention", "case"}
    | {"success", "positive", "pos", "present", "ever", "after", "post", "enrolled", "received", "vaccinated"}
    | {"high", "experimental", "drug", "new", "smoker", "dead", "died", "event", "pass", "passed", "1"}
    | {"admit", "admitted", "accept", "accepted", "approved", "hired", "employed", "recovered", "cured", "improved"}
    | {"won", "win", "correct", "+"}
    | {"ja", "oui", "si", "sí", "sì", "sim", "tak", "да"}
)
_CONTROL = frozenset(
    {"no", "n", "false", "f", "off", "control", "controls", "untreated", "placebo", "unexposed", "inactive", "none"}
    | {"failure", "negative", "neg", "absent", "never", "before", "pre", "comparison", "standard", "usual", "sham"}
    | {
        "usualcare",
        "standardcare",
        "regular",
        "nothing",
        "low",
        "old",
        "nonsmoker",
        "alive",
        "survived",
        "baseline",
        "reference",
        "ref",
    }
    | {"fail", "failed", "0", "nontreated", "nottreated", "notreatment"}
    | {"reject", "rejected", "denied", "declined", "refused", "lost", "lose", "wrong"}
    | {"nein", "non", "não", "nao", "nej", "nei", "nee", "nie", "нет"}
)
_NOTHING = frozenset(
    {
        "none",
        "no",
        "0",
        "control",
        "controls",
        "placebo",
        "sham",
        "untreated",
        "regular",
        "usual",
        "usualcare",
        "standard",
    }
    | {"standardcare", "never", "nothing", "notreatment", "baseline", "reference", "absent", "unexposed"}
)
"""Words for not being treated at all, which come before words for little of it."""
_DENIALS = ("not", "non", "no", "un", "in", "without")


def ordered(first: str, second: str) -> tuple[str, str, str]:
    """Order two levels as (control, active) and say why.

    Returns
    -------
    tuple
        Control, active and the reason; the reason is empty where no word is known and the order is alphabetical.

    Examples
    --------
    >>> ordered("yes", "no")
    ('no', 'yes', "'yes' is taken as active because it is the opposite of 'no'")
    >>> ordered("B", "A")
    ('A', 'B', '')
    >>> ordered("married", "notmarried")[:2], ordered("drug A", "Placebo")[:2]
    (('notmarried', 'married'), ('Placebo', 'drug A'))
    >>> ordered("Ja", "Nein")[:2], ordered("-", "+")[:2]
    (('Nein', 'Ja'), ('-', '+'))
    """
    low, high = sorted((first, second))
    for control, active in ((low, high), (high, low)):
        if _squeezed(control) in _NOTHING and _squeezed(active) in _CONTROL - _NOTHING:
            return control, active, f"{quoted(control)} is taken as the control by its name"
    for control, active in ((low, high), (high, low)):
        a, b = _squeezed(control), _squeezed(active)
        opposite = (a in _CONTROL and b in _ACTIVE) or any(a == denial + b for denial in _DENIALS)
        if opposite:
            why = f"{quoted(active)} is taken as active because it is the opposite of {quoted(control)}"
            return control, active, why
    for control, active in ((low, high), (high, low)):
        a, b = _squeezed(control), _squeezed(active)
        if a in _CONTROL and b not in _CONTROL:
            return control, active, f"{quoted(control)} is taken as the control by its name"
        if b in _ACTIVE and a not in _ACTIVE:
            return control, active, f"{quoted(active)} is taken as active by its name"
    return low, high, ""


def likeliest_contrast(levels: Sequence[str]) -> tuple[str, str]:
    """Guess which two of several levels somebody may want compared, as (control, active).

    Parameters
    ----------
    levels
        At least two different ones, the commonest first.

    Examples
    --------
    >>> likeliest_contrast(["low", "none", "high"]), likeliest_contrast(["small", "regular", "regular+aide"])
    (('none', 'high'), ('regular', 'small'))
    """
    for known in (_NOTHING, _CONTROL):
        control = next((level for level in levels if _squeezed(level) in known), None)
        if control is not None:
            others = [level for level in levels if level != control]
            return control, next((level for level in others if _squeezed(level) in _ACTIVE), others[0])
    return ordered(levels[0], levels[1])[:2]


def quoted(level: str) -> str:
    """Write a level in quotes for a person."""
    text = shown(level)
    return text if text.startswith("'") else f"'{text}'"


def _squeezed(text: str) -> str:
    return re.sub(r"[\s_\-]+", "", text.casefold())
