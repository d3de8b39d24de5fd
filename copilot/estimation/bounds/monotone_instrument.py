"""Bounds from a monotone instrument: mean potential outcomes rise, or fall, with it."""

from __future__ import annotations

import numpy as np

from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.estimation.bounds.method import ROUNDING, Ends, Method
from copilot.estimation.bounds.question import MOST_GROUPS, BoundsQuestion
from copilot.estimation.problem import Floats

_PAPER = "Manski & Pepper (2000), Monotone instrumental variables, Econometrica 68(4), proposition 1"
_TWO = 2
_BIAS = (
    "The ends are a largest and a smallest of estimates, so in finite samples the bounds are too narrow on average, "
    "and their interval is too (Manski & Pepper 2009, Econom. J. 12)."
)


def mean_ends(table: Floats, limits: tuple[float, float], arm: int) -> tuple[Floats, Floats, Floats]:
    """Bound the mean potential outcome of one arm within each group of an instrument that it rises with.

    Parameters
    ----------
    table
        Of shape (…, 2, 3, groups, 2) with the group of missing values left out.
    limits
        Of the outcome.
    arm
        0 or 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper ends of shape (…, groups), and shares of the groups of the same shape.
    """
    summed = table.sum(axis=-3)
    mass = summed[..., 0].sum(axis=-2)
    seen = summed[..., arm, :, 1] / mass
    unseen = 1 - summed[..., arm, :, 0] / mass
    low, high = seen + unseen * limits[0], seen + unseen * limits[1]
    # no lower than in any group below, no higher than in any above
    lowest = np.maximum.accumulate(low, axis=-1)
    highest = np.flip(np.minimum.accumulate(np.flip(high, axis=-1), axis=-1), axis=-1)
    return lowest, highest, mass / mass.sum(axis=-1, keepdims=True)


def _rising(table: Floats, limits: tuple[float, float]) -> Ends:
    active_low, active_high, share = mean_ends(table, limits, 1)
    control_low, control_high, _ = mean_ends(table, limits, 0)
    low = (share * (active_low - control_high)).sum(axis=-1)
    return low, (share * (active_high - control_low)).sum(axis=-1)


def _upward(table: Floats, limits: tuple[float, float]) -> Ends:
    return _rising(table[..., :-1, :], limits)


def _downward(table: Floats, limits: tuple[float, float]) -> Ends:
    return _rising(np.flip(table[..., :-1, :], axis=-2), limits)


def _known(question: BoundsQuestion) -> int:
    return int((question.groups < question.group_count).sum())


def _absent(question: BoundsQuestion) -> str:
    if question.monotone_instrument is None:
        return "no monotone instrument was named"
    if question.group_count < _TWO:
        return f"{shown(question.monotone_instrument_name)} does not vary"
    return ""


def _refusal(question: BoundsQuestion, *, rising: bool) -> str:
    """Say what stops the bounds: a group in which some mean has no place left speaks against the assumption."""
    why = _absent(question)
    if why:
        return why
    table = question.table[..., :-1, :]
    for arm in (0, 1):
        low, high, _ = mean_ends(table if rising else np.flip(table, axis=-2), question.limits, arm)
        gap = float((low - high).max())
        if gap > ROUNDING * (question.limits[1] - question.limits[0]):
            way = "rise" if rising else "fall"
            return (
                f"mean outcomes with the {'active' if arm else 'control'} level of {shown(question.treatment)} cannot "
                f"{way} with {shown(question.monotone_instrument_name)} in these rows: by {number(gap)} no mean is left"
                " for one of its groups, so the assumption is wrong or groups differ by chance"
            )
    return ""


def _refusal_up(question: BoundsQuestion) -> str:
    return _refusal(question, rising=True)


def _refusal_down(question: BoundsQuestion) -> str:
    return _refusal(question, rising=False)


def _assumed(question: BoundsQuestion, word: str) -> tuple[str, ...]:
    t, y, z = map(shown, (question.treatment, question.outcome, question.monotone_instrument_name))
    return (f"With the same level of {t} for everybody, mean {y} would be nowhere {word} among those with more {z}.",)


def _assumed_up(question: BoundsQuestion) -> tuple[str, ...]:
    return _assumed(question, "lower")


def _assumed_down(question: BoundsQuestion) -> tuple[str, ...]:
    return _assumed(question, "higher")


def _notes(question: BoundsQuestion) -> tuple[str, ...]:
    name, notes = shown(question.monotone_instrument_name), [_BIAS]
    values = question.monotone_instrument
    if values is not None and len(np.unique(values[np.isfinite(values)])) > question.group_count:
        notes.append(f"{name} was cut into {question.group_count} groups (at most {MOST_GROUPS}) at its quantiles.")
    lost = question.n - _known(question)
    if lost:
        notes.append(f"{lost:,} rows without {name} are not used.")
    return tuple(notes)


MONOTONE_UP = Method(
    "monotone_instrument_up",
    "Mean outcomes rise with the monotone instrument",
    _PAPER,
    _upward,
    _assumed_up,
    _refusal_up,
    _notes,
    _known,
)
MONOTONE_DOWN = Method(
    "monotone_instrument_down",
    "Mean outcomes fall with the monotone instrument",
    _PAPER,
    _downward,
    _assumed_down,
    _refusal_down,
    _notes,
    _known,
)
