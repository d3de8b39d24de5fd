"""Every way to bound an effect, each one line; the order is the one in which they are listed."""

from __future__ import annotations

from copilot.domain.bounds import Bound
from copilot.domain.notice import Level, Notice
from copilot.estimation.bounds.balke_pearl import BALKE_PEARL
from copilot.estimation.bounds.manski import (
    BOTH_DOWN,
    BOTH_UP,
    NO_ASSUMPTION,
    RESPONSE_DOWN,
    RESPONSE_UP,
    SELECTION_DOWN,
    SELECTION_UP,
)
from copilot.estimation.bounds.method import Method
from copilot.estimation.bounds.monotone_instrument import MONOTONE_DOWN, MONOTONE_UP
from copilot.estimation.bounds.question import BoundsQuestion

NOT_GIVEN = "bound_not_given"
"""Code of a notice: why a bound is not there."""

BOUNDS: tuple[Method, ...] = (
    NO_ASSUMPTION,
    RESPONSE_UP,
    RESPONSE_DOWN,
    SELECTION_UP,
    SELECTION_DOWN,
    BOTH_UP,
    BOTH_DOWN,
    MONOTONE_UP,
    MONOTONE_DOWN,
    BALKE_PEARL,
)


def all_bounds(question: BoundsQuestion) -> tuple[tuple[Bound, ...], tuple[Notice, ...]]:
    """Bound the effect in every way that applies.

    Parameters
    ----------
    question
        Rows, names and what may be assumed.

    Returns
    -------
    tuple
        Bounds in the order of `BOUNDS`, and a notice for every one that is not given.
    """
    found: list[Bound] = []
    notices: list[Notice] = []
    for method in BOUNDS:
        why = method.refuses(question)
        if why:
            message = f"No bounds by “{method.title}”: {why}."
            notices.append(Notice(code=NOT_GIVEN, message=message, subject=method.name, level=Level.INFO))
        else:
            found.extend(method.bounds(question))
    return tuple(found), tuple(notices)
