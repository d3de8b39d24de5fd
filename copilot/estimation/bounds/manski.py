"""Bounds from the range of the outcome, and from directions that may be assumed of responses and of selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copilot.domain.text import shown
from copilot.estimation.bounds.method import Ends, Method
from copilot.estimation.bounds.question import BoundsQuestion
from copilot.estimation.problem import Floats

_MANSKI = "Manski (1990), Nonparametric bounds on treatment effects, Am. Econ. Rev. 80(2)"
_RESPONSE = "Manski (1997), Monotone treatment response, Econometrica 65(6)"
_SELECTION = "Manski & Pepper (2000), Monotone instrumental variables, Econometrica 68(4)"


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """What rows show of the two arms; each of any one shape.

    Parameters
    ----------
    mean_active, mean_control
        Mean outcome of those in the arm.
    share
        Of the active arm.
    """

    mean_active: Floats
    mean_control: Floats
    share: Floats

    def no_assumption(self, limits: tuple[float, float]) -> Ends:
        """Put the lowest, and the highest, outcome for every one that is not seen."""
        a, b = limits
        active, control = self.share * self.mean_active, (1 - self.share) * self.mean_control
        low = active + (1 - self.share) * a - control - self.share * b
        high = active + (1 - self.share) * b - control - self.share * a
        return low, high

    @property
    def difference(self) -> Floats:
        """Of the two means."""
        return self.mean_active - self.mean_control


def arms(table: Floats) -> Arms:
    """Sum a table of shape (…, 2, 3, groups, 2) over instruments."""
    summed = table.sum(axis=(-3, -2))
    mass = summed[..., 0]
    means = summed[..., 1] / mass
    return Arms(means[..., 1], means[..., 0], mass[..., 1] / mass.sum(axis=-1))


def _plain(table: Floats, limits: tuple[float, float]) -> Ends:
    return arms(table).no_assumption(limits)


def _response_up(table: Floats, limits: tuple[float, float]) -> Ends:
    high = arms(table).no_assumption(limits)[1]
    return np.where(np.isnan(high), np.nan, 0.0), high


def _response_down(table: Floats, limits: tuple[float, float]) -> Ends:
    low = arms(table).no_assumption(limits)[0]
    return low, np.where(np.isnan(low), np.nan, 0.0)


def _selection_up(table: Floats, limits: tuple[float, float]) -> Ends:
    found = arms(table)
    return found.no_assumption(limits)[0], found.difference


def _selection_down(table: Floats, limits: tuple[float, float]) -> Ends:
    found = arms(table)
    return found.difference, found.no_assumption(limits)[1]


def _both_up(table: Floats, limits: tuple[float, float]) -> Ends:
    del limits
    difference = arms(table).difference
    return np.where(np.isnan(difference), np.nan, 0.0), difference


def _both_down(table: Floats, limits: tuple[float, float]) -> Ends:
    del limits
    difference = arms(table).difference
    return difference, np.where(np.isnan(difference), np.nan, 0.0)


def _nothing(question: BoundsQuestion) -> tuple[str, ...]:
    del question
    return ()


def _never_lowers(question: BoundsQuestion) -> tuple[str, ...]:
    return (f"{shown(question.treatment)} lowers {shown(question.outcome)} in nobody.",)


def _never_raises(question: BoundsQuestion) -> tuple[str, ...]:
    return (f"{shown(question.treatment)} raises {shown(question.outcome)} in nobody.",)


def _selected(question: BoundsQuestion, word: str) -> tuple[str, ...]:
    t, y = shown(question.treatment), shown(question.outcome)
    said = (
        f"With the same level of {t} for everybody, those who in fact have the active level would have a mean {y} at "
    )
    return (f"{said}least as {word} as that of the others.",)


def _selected_high(question: BoundsQuestion) -> tuple[str, ...]:
    return _selected(question, "high")


def _selected_low(question: BoundsQuestion) -> tuple[str, ...]:
    return _selected(question, "low")


def _both_high(question: BoundsQuestion) -> tuple[str, ...]:
    return (*_never_lowers(question), *_selected_high(question))


def _both_low(question: BoundsQuestion) -> tuple[str, ...]:
    return (*_never_raises(question), *_selected_low(question))


NO_ASSUMPTION = Method("no_assumption", "No assumption but the range of the outcome", _MANSKI, _plain, _nothing)
RESPONSE_UP = Method("response_up", "The treatment never lowers the outcome", _RESPONSE, _response_up, _never_lowers)
RESPONSE_DOWN = Method(
    "response_down", "The treatment never raises the outcome", _RESPONSE, _response_down, _never_raises
)
SELECTION_UP = Method(
    "selection_up",
    "The treated would have higher outcomes anyway",
    f"{_SELECTION}, corollary 1",
    _selection_up,
    _selected_high,
)
SELECTION_DOWN = Method(
    "selection_down",
    "The treated would have lower outcomes anyway",
    f"{_SELECTION}, corollary 1",
    _selection_down,
    _selected_low,
)
BOTH_UP = Method(
    "response_and_selection_up",
    "The treatment never lowers the outcome, and the treated would have higher outcomes anyway",
    f"{_SELECTION}, corollary 2",
    _both_up,
    _both_high,
    uses_range=False,
)
BOTH_DOWN = Method(
    "response_and_selection_down",
    "The treatment never raises the outcome, and the treated would have lower outcomes anyway",
    f"{_SELECTION}, corollary 2",
    _both_down,
    _both_low,
    uses_range=False,
)
