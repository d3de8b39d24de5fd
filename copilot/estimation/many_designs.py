"""Many designs of one effect on the same rows: each distinct one is estimated once, linear ones from moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.random import SeedSequence

from copilot.domain.effects import Target
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.domain.variables import TableProfile
from copilot.errors import EstimationError
from copilot.estimation.design import Design, MissingPolicy
from copilot.estimation.estimators.choice import choose
from copilot.estimation.estimators.registry import estimator_named
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.moments import Moments
from copilot.estimation.pooling import pooled_fit
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask, Fit

if TYPE_CHECKING:
    import pandas as pd

LINEAR = "linear_regression"
MOST_FITTED = 60
"""Designs that are fitted one by one; those that come from moments cost nothing and are not counted."""
MOST_LOST = 0.2
"""Share of the headline's rows that one more column may cost for the sake of comparing on the same rows."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute the effect, in names; adjustment is what instruments or mediators are conditioned on."""

    strategy: Strategy
    adjustment: Names = ()
    instruments: Names = ()
    mediators: Names = ()

    @property
    def columns(self) -> Names:
        """All columns beside treatment and outcome."""
        return (*self.adjustment, *self.instruments, *self.mediators)


@dataclass(frozen=True, slots=True)
class Number:
    """What came of one way; `value` is ``None`` where nothing did, and `note` says why."""

    value: float | None = None
    se: float | None = None
    interval: tuple[float, float] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What came of all ways.

    Parameters
    ----------
    by_way
        A number for each.
    rows
        On which all of them were estimated.
    estimator
        The one that the ways by adjustment share.
    notices
        What was dropped for all of them, and how many were not fitted.
    """

    by_way: Mapping[Way, Number] = field(default_factory=dict)
    rows: int = 0
    estimator: str = LINEAR
    notices: tuple[Notice, ...] = ()


def estimate_ways(
    frame: pd.DataFrame,
    profile: TableProfile,
    design: Design,
    ways: Sequence[Way],
    *,
    estimator: str,
    ask: Ask,
    seed: SeedSequence,
    done: Callable[[int], None] = lambda _: None,
) -> Numbers:
    """Estimate each way on the rows that are complete for all of them.

    Parameters
    ----------
    frame
        Holds the columns of every way.
    profile
        Of the table.
    design
        Of the headline: treatment, outcome, contrast, weights, clusters and what becomes of missing cells.
    ways
        Distinct, the most important first: of those that must be fitted one by one, the first `MOST_FITTED` are.
    estimator
        Of the headline, by name. Ways by adjustment with linear regression come from cross-products: one pass over the
        rows serves all of them.
    ask
        Target and level.
    seed
        Of this and nothing else.
    done
        Told of each way that is fitted.

    Returns
    -------
    Numbers
        Standard errors from moments take the spread of the residuals to be the same everywhere; they are there to give
        a scale, and the headline has better ones. With weights or clusters there are none.

    Raises
    ------
    EstimationError
        If no number can come of any of them: too few rows, a treatment that does not vary.
    """
    prepare_seed, fit_seed = seed.spawn(2)
    rows = _Rows(frame, design, ways)
    bare = replace(design, by=None, negative_controls=())
    found = {way: Number(note=rows.refused[way]) for way in ways if way in rows.refused}
    used = len(rows.frame)
    open_ways = [way for way in ways if way not in found]
    linear = estimator == LINEAR and ask.target is Target.ATE
    if linear:
        answered, used = _from_moments(rows.frame, profile, bare, open_ways, ask.level, prepare_seed)
        found.update(answered)
    rest = [way for way in open_ways if way not in found]
    for way in rest[:MOST_FITTED]:
        asked = replace(ask, seed=fit_seed.spawn(1)[0])
        found[way] = _fitted(rows.frame, profile, replace(bare, **_names(way)), estimator, asked, prepare_seed)
        done(1)
    found.update({way: Number(note="not fitted: too many designs") for way in rest[MOST_FITTED:]})
    notices = rows.notices
    if rest[MOST_FITTED:]:
        many = len(rest) - MOST_FITTED
        text = f"{many} designs were not fitted: only the {MOST_FITTED} that most graphs call for were."
        notices = (*notices, Notice(code="designs_capped", message=text, count=many))
    return Numbers(found, used or len(rows.frame), estimator, notices)


def _names(way: Way) -> dict[str, Any]:
    return {
        "strategy": way.strategy,
        "adjustment": way.adjustment,
        "instruments": way.instruments,
        "mediators": way.mediators,
    }


class _Rows:
    """The rows that all ways share, so that no difference between them is one between rows.

    A column that is missing so often that it would cost all other ways many rows is left to none: ways that need it are
    refused, unless the headline needs it too. Where missing cells are filled, all rows are shared.
    """

    def __init__(self, frame: pd.DataFrame, design: Design, ways: Sequence[Way]) -> None:
        self.frame = frame
        self.notices: tuple[Notice, ...] = ()
        self.refused: dict[Way, str] = {}
        if design.missing is not MissingPolicy.DROP:
            return
        own = [name for name in design.columns if name not in {design.by, *design.negative_controls}]
        complete = frame[own].notna().all(axis=1)
        base = int(complete.sum())
        columns = sorted({name for way in ways for name in way.columns} - set(own))
        lost = {name: int((complete & frame[name].isna()).sum()) for name in columns}
        for way in ways:
            gaps = [name for name in way.columns if lost.get(name, 0) > MOST_LOST * base]
            if gaps:
                self.refused[way] = f"{shown(gaps[0])} is missing in {lost[gaps[0]] / base:.0%} of the rows"
        kept = [name for name in columns if lost[name] <= MOST_LOST * base]
        shared = complete & frame[kept].notna().all(axis=1)
        gone = base - int(shared.sum())
        if not bool(complete.all()) or gone:
            self.frame = frame[shared]
        if gone:
            text = f"All designs are estimated on the same rows, so {gone:,} rows that the headline uses are left out."
            self.notices = (Notice(code="rows_not_shared", message=text, count=gone, level=Level.INFO),)


def _from_moments(
    frame: pd.DataFrame, profile: TableProfile, design: Design, ways: Sequence[Way], level: float, seed: SeedSequence
) -> tuple[dict[Way, Number], int]:
    """Answer the ways by adjustment from cross-products, as far as all their columns can stand side by side."""
    asked = [way for way in ways if way.strategy is Strategy.BACKDOOR]
    columns = tuple(sorted({name for way in asked for name in way.adjustment}))
    if not asked:
        return {}, 0
    try:
        wide = replace(design, **_names(Way(Strategy.BACKDOOR, columns)))
        prepared = prepare(frame, profile, wide, seed=seed)
    except EstimationError:
        return {}, 0  # side by side they are too many, or one of them is refused; each way is then tried by itself
    kept = set(prepared.problem.covariate_names)
    answered = [way for way in asked if kept.issuperset(way.adjustment)]
    moments = [Moments(problem) for problem in prepared.problems]
    return {way: _number(moments, way.adjustment, level) for way in answered}, prepared.rows_used


def _number(moments: Sequence[Moments], adjustment: Names, level: float) -> Number:
    fits = []
    for one in moments:
        given = [place for name in adjustment for place in one.columns_of(name)]
        se, dof = one.standard_error(given)
        if not (math.isfinite(se) and se > 0):
            return Number(note="the treatment does not vary once these are held fixed")
        fits.append(Fit(value=one.slope(given), se=se, df=dof))
    fit = fits[0] if len(fits) == 1 else pooled_fit(fits, level)
    problem = moments[0].problem
    if problem.clusters is not None or problem.weights is not None:
        return Number(fit.value)  # cross-products know nothing of what rows share or stand for
    return _told(fit, level)


def _fitted(
    frame: pd.DataFrame, profile: TableProfile, design: Design, estimator: str, ask: Ask, seed: SeedSequence
) -> Number:
    """Prepare and fit one way by itself."""
    try:
        prepared = prepare(frame, profile, design, seed=seed)
        choice = choose(prepared.problem, ask)
        mine = choice.headline
        if design.strategy is Strategy.BACKDOOR and not estimator_named(estimator).refuses(prepared.problem, ask):
            mine = estimator_named(estimator)
        fits = [mine.fit(problem, ask) for problem in prepared.problems]
    except EstimationError as error:
        return Number(note=error.message)
    left = [name for name in design.adjustment if name not in prepared.problem.covariate_names]
    found = _told(fits[0] if len(fits) == 1 else pooled_fit(fits, ask.level), ask.level)
    if left:
        found = replace(found, note=f"not adjusted for {', '.join(map(shown, left))}, which the numbers do not allow")
    return found


def _told(fit: Fit, level: float) -> Number:
    if not math.isfinite(fit.value):
        return Number(note="the numbers give no estimate")
    if fit.se is None or not fit.se > 0:
        return Number(fit.value, None, fit.interval)
    width = quantile(level, fit.df) * fit.se
    return Number(fit.value, fit.se, fit.interval or (fit.value - width, fit.value + width))
