"""One way to bound an effect: a formula of a table, and what it assumes in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from copilot.domain.bounds import Bound
from copilot.domain.numbers import interval, number
from copilot.estimation.bounds.question import BoundsQuestion
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.problem import Floats

Ends = tuple[Floats, Floats]
"""Lower and upper ends, of any shape."""
FEW_CLUSTERS = 30
"""Clusters below which a bootstrap of them gives errors that are likely too small."""
ROUNDING = 1e-9
"""Share of the range by which ends may cross by rounding."""
_TWO = 2
_MOST_LOST = 0.1
"""Share of resamples without a number from which there is no interval."""
RANGE_SEEN = "It is taken that no outcome lies beyond the lowest and the highest seen, {low} and {high}."
RANGE_TOLD = "As told, no outcome can lie beyond {low} and {high}."


@dataclass(frozen=True, slots=True)
class Method:
    """One way to bound the average effect of a binary treatment.

    Parameters
    ----------
    name, title, paper
        As in `Bound`.
    ends
        From tables of shape (…, 2, 3, groups, 2), see `Cells`, and the range of the outcome to the ends of the
        effect, of shape (…); NaN where a cell that is needed has no row.
    assumptions
        In sentences that name the columns.
    refusal
        Why the question is not one for this method, beside what stops all; empty if it is.
    notes
        Beside those on errors.
    rows
        How many are used; all unless told.
    uses_range
        Whether the range of the outcome is used.
    """

    name: str
    title: str
    paper: str
    ends: Callable[[Floats, tuple[float, float]], Ends]
    assumptions: Callable[[BoundsQuestion], tuple[str, ...]]
    refusal: Callable[[BoundsQuestion], str] = lambda _question: ""
    notes: Callable[[BoundsQuestion], tuple[str, ...]] = lambda _question: ()
    rows: Callable[[BoundsQuestion], int] = lambda question: question.n
    uses_range: bool = True

    def refuses(self, question: BoundsQuestion) -> str:
        """Say why there is no such bound, one reason without a full stop; empty if there is one."""
        why = question.refusal or self.refusal(question)
        if why:
            return why
        low, high = self._point(question)
        if not (math.isfinite(low) and math.isfinite(high)):
            return "a group that has to be compared has no row"
        if low > high + ROUNDING * (question.limits[1] - question.limits[0]):
            return self._contradicted(question, low, high)
        return ""

    def bounds(self, question: BoundsQuestion) -> tuple[Bound, ...]:
        """Bound the effect; none where the method refuses."""
        if self.refuses(question):
            return ()
        low, high = self._point(question)
        high = max(low, high)
        within, on_errors = self._interval(question, low, high)
        notes = [*self.notes(question), *on_errors]
        if self.uses_range and (question.range_is_seen or question.outcome_range is not None):
            said = RANGE_SEEN if question.range_is_seen else RANGE_TOLD
            notes.insert(0, said.format(low=number(question.limits[0]), high=number(question.limits[1])))
        bound = Bound(
            name=self.name,
            title=self.title,
            low=low,
            high=high,
            interval=within,
            n=self.rows(question),
            assumptions=self.assumptions(question),
            paper=self.paper,
            notes=tuple(notes),
        )
        return (bound.model_copy(update={"message": _message(question, bound)}),)

    def _point(self, question: BoundsQuestion) -> tuple[float, float]:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = self.ends(question.table, question.limits)
        return float(low), float(high)

    def _contradicted(self, question: BoundsQuestion, low: float, high: float) -> str:
        """Say that the ends cross, and whether chance explains it."""
        gap = low - high
        said = f"its lower end ({number(low)}) comes out above its upper end ({number(high)})"
        if question.resamples < _TWO:
            return f"{said}: these rows speak against its assumptions, or the ends differ by chance"
        with np.errstate(divide="ignore", invalid="ignore"):
            lows, highs = self.ends(question.draws, question.limits)
        if gap > quantile(question.level, None) * float(np.nanstd(lows - highs, ddof=1)):
            return f"{said}, by more than sampling error explains: these rows speak against its assumptions"
        return f"{said}, by no more than sampling error explains, so these rows cannot say"

    def _interval(
        self, question: BoundsQuestion, low: float, high: float
    ) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
        """Give the interval, and what must be said of it."""
        if question.resamples < _TWO:
            return None, ()
        units = question.cells.units
        clusters = None if units is None else int(units.max()) + 1
        if clusters == 1:
            return None, ("There is no interval: all rows are in one cluster.",)
        with np.errstate(divide="ignore", invalid="ignore"):
            lows, highs = self.ends(question.draws, question.limits)
        known = np.isfinite(lows) & np.isfinite(highs)
        if known.mean() < 1 - _MOST_LOST:
            return None, ("There is no interval: too many resamples left a group without rows.",)
        # limits beyond what any effect can be say nothing
        widest = question.limits[1] - question.limits[0]
        errors = float(np.std(lows[known], ddof=1)), float(np.std(highs[known], ddof=1))
        start, end = imbens_manski((low, high), errors, question.level)
        notes = []
        if clusters is not None and clusters < FEW_CLUSTERS:
            notes.append(f"With {clusters} clusters the interval is likely too short.")
        return (max(start, min(low, -widest)), min(end, max(high, widest))), tuple(notes)


def imbens_manski(ends: tuple[float, float], errors: tuple[float, float], level: float) -> tuple[float, float]:
    """Give the interval that covers the effect, wherever it lies between the ends.

    Parameters
    ----------
    ends
        Estimated, the lower one first.
    errors
        Their standard errors.
    level
        Of the interval.

    Returns
    -------
    tuple of float
        low - c · se and high + c · se with Φ(c + width / max(se)) - Φ(-c) = level, so that c is between the one-sided
        and the two-sided normal quantile.

    References
    ----------
    Imbens & Manski (2004), Confidence intervals for partially identified parameters, Econometrica 72(6): the
    interval for the parameter, not for the identified set.

    Examples
    --------
    >>> [round(imbens_manski((0.0, high), (1.0, 1.0), 0.95)[1], 4) for high in (0.0, 9.0)]
    [1.96, 10.6449]
    """
    from scipy.special import ndtr, ndtri

    largest = max(errors)
    if not largest > 0:
        return ends
    relative = (ends[1] - ends[0]) / largest
    below, above = float(ndtri(level)), float(ndtri(0.5 + level / 2))
    for _ in range(60):
        c = (below + above) / 2
        if float(ndtr(c + relative) - ndtr(-c)) < level:
            below = c
        else:
            above = c
    return ends[0] - above * errors[0], ends[1] + above * errors[1]


def _message(question: BoundsQuestion, bound: Bound) -> str:
    what = question.compared
    said = f"{what[0].upper()}{what[1:]} is between {number(bound.low)} and {number(bound.high)}"
    if bound.interval is not None:
        said += f" ({100 * question.level:g} % interval {interval(bound.interval)})"
    if bound.tells_the_sign:
        sign = "positive" if bound.low > 0 else "negative"
        return f"{said}: it is {sign} if the assumptions hold."
    if bound.low == 0 or bound.high == 0:
        return f"{said}: that it has no other sign is assumed, and it may be zero."
    if bound.low > 0 or bound.high < 0:
        return f"{said}: the ends have one sign, but sampling error leaves it open."
    return f"{said}: the sign stays open."
