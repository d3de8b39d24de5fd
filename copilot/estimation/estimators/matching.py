"""Nearest-neighbour matching on the Mahalanobis distance, with bias correction and errors that hold for matching."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import NO_EVENTS, dropped_notes, positive, refusal, require, with_interval
from copilot.estimation.estimators.algebra import Basis, basis_of
from copilot.estimation.estimators.neighbours import TREE, Matches, Profiles, matches, profiles_of
from copilot.estimation.estimators.outcome_models import regress
from copilot.estimation.problem import Ask, Fit, Floats, PlainRefit, Problem, Refit

MOST_COVARIATES = 50
"""Columns above which no neighbour is near."""
_MOST_PAIRS = 4e9
"""Pairs of rows above which comparing all of them takes minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Outcomes imputed from one arm for the other, and how often each row of the arm is used.

    `imputed` is of shape (n,), for rows of the other arm; `times` and `squared` are sums of shares and of squared
    shares, of shape (n,), for rows of this arm.
    """

    imputed: Floats
    times: Floats
    squared: Floats
    distances: Floats


class Matching:
    """One nearest neighbour with replacement, all that tie averaged.

    Distances are Mahalanobis'. The bias that distance leaves is taken out by a regression in each arm (Abadie &
    Imbens 2011, *JBES* 29, equation 4); errors are those of Abadie & Imbens 2006, *Econometrica* 74, theorem 7, with
    the variance within an arm from the nearest row of the same arm (equation 14). The bootstrap is not valid for
    matching (Abadie & Imbens 2008).
    """

    name = "matching"
    title = "nearest-neighbour matching"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse weights and clusters, for which the errors are not known, and what has no near neighbours."""
        return refusal(self.title, problem, ask.target, binary=True) or _no_errors(problem) or _no_neighbours(problem)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with Abadie-Imbens errors.

        Raises
        ------
        EstimationError
            If an arm has fewer than two rows.
        """
        found = _Matched(problem, ask.target)
        value = found.one - found.zero
        se = found.spread(1.0, 1.0, value)
        ratio = None
        if problem.binary_outcome and min(found.one, found.zero) > NO_EVENTS:
            error = found.spread(1.0 / found.one, 1.0 / found.zero, 0.0)
            ratio = with_interval(found.one / found.zero, error, ask.level)
        return Fit(
            value=value,
            se=positive(se),
            errors="Abadie-Imbens",
            risk_ratio=ratio,
            diagnostics={
                "distance_mean": float(found.distances.mean()),
                "distance_max": float(found.distances.max()),
                "exact_share": float(np.mean(found.distances <= 1e-8)),  # noqa: PLR2004 (rounding)
                "times_used_max": found.most_used,
                "rows_never_used": float(found.never_used),
            },
            notes=(
                "One nearest neighbour with replacement; all that are equally near are averaged.",
                *dropped_notes(found.dropped),
            ),
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew, without errors."""

        def point(changed: Problem) -> float:
            try:
                found = _Matched(changed, ask.target)
            except EstimationError:
                return math.nan
            return found.one - found.zero

        return PlainRefit(point, problem)


def _no_errors(problem: Problem) -> str:
    if problem.weights is not None:
        return "its errors are not known for sampling weights"
    if problem.clusters is not None:
        return "its errors take rows as independent, and these come in clusters"
    return ""


def _no_neighbours(problem: Problem) -> str:
    k = problem.covariates.shape[1]
    if k == 0:
        return "nothing is adjusted for, so that there is nothing to match on"
    if k > MOST_COVARIATES:
        return f"in {k} columns no row is near another ({MOST_COVARIATES} are the most); ipw or g_computation take them"
    treated = float((problem.t > 0).sum())
    if k > TREE and treated * (problem.n - treated) > _MOST_PAIRS:
        return f"with {k} columns and {problem.n} rows the search for neighbours would take too long"
    return ""


class _Matched:
    """Both arms' outcomes for each row in question, observed or imputed."""

    def __init__(self, problem: Problem, target: Target) -> None:
        require(problem, 1, per_arm=True)
        basis = basis_of(problem)
        if basis.matrix.shape[1] == 1:
            raise EstimationError(
                "there is nothing to match on",
                reason="No covariate varies in these rows.",
                advice="Use linear_regression, which then compares two means.",
            )
        self._problem, self.dropped = problem, basis.dropped
        self._basis = basis
        self._treated = treated = problem.t > 0
        arms = [profiles_of(basis.matrix[arm, 1:]) for arm in (~treated, treated)]
        zero = _impute(problem, basis, arms, source=0)
        one = None if target is Target.ATT else _impute(problem, basis, arms, source=1)
        self._sides, self._arms = (zero, one), arms
        self._whom = treated if one is None else np.ones(problem.n, dtype=np.bool_)
        self._y1 = np.where(treated, problem.y, 0.0 if one is None else one.imputed)
        self._y0 = np.where(treated, zero.imputed, problem.y)
        self.one, self.zero = float(self._y1[self._whom].mean()), float(self._y0[self._whom].mean())
        self.distances = zero.distances if one is None else np.concatenate([zero.distances, one.distances])
        times = [zero.times[~treated]] + ([] if one is None else [one.times[treated]])
        self.most_used = float(max(part.max() for part in times))
        self.never_used = sum(int((part == 0).sum()) for part in times)

    def spread(self, by_one: float, by_zero: float, centre: float) -> float:
        """Give the standard error of by_one · mean outcome if treated - by_zero · mean outcome if not."""
        whom, zero, one = self._whom, *self._sides
        between = float(np.sum(np.square(by_one * self._y1 - by_zero * self._y0 - centre)[whom]))
        variance = self._within()
        if one is None:
            extra = np.where(self._treated, 0.0, np.square(zero.times) - zero.squared) * by_zero**2
        else:
            times, squared = zero.times + one.times, zero.squared + one.squared
            scale = np.where(self._treated, by_one, by_zero)
            extra = (np.square(times) + 2 * times - squared) * np.square(scale)
        return math.sqrt(max(between + float(extra @ variance), 0.0)) / float(whom.sum())

    def _within(self) -> Floats:
        """Estimate each row's variance of the outcome from the nearest rows of its own arm."""
        variance = np.empty(self._problem.n)
        for arm, profiles in zip((~self._treated, self._treated), self._arms, strict=True):
            y = self._problem.y[arm]
            y = y - y.mean()
            near = _others(profiles, y)
            size, mean = near
            variance[arm] = size / (size + 1.0) * np.square(y - mean)
        return variance


def _others(profiles: Profiles, y: Floats) -> tuple[Floats, Floats]:
    """Give, for each row, how many rows of its arm are nearest to it, and their mean outcome."""
    sums = profiles.sums(y)
    count, total = profiles.counts[profiles.code] - 1.0, sums[profiles.code] - y
    alone = profiles.counts == 1
    if alone.any() and len(profiles.counts) > 1:
        near = matches(profiles.points, profiles.points, itself=True)
        rows = np.where(near.used, profiles.counts[near.index], 0.0).sum(axis=1)
        found = np.where(near.used, sums[near.index], 0.0).sum(axis=1)
        single = alone[profiles.code]
        count[single], total[single] = rows[profiles.code[single]], found[profiles.code[single]]
    return count, total / np.maximum(count, 1.0)


def _impute(problem: Problem, basis: Basis, arms: list[Profiles], *, source: int) -> _Side:
    """Impute, for rows of the other arm, the outcome in the source arm from matches, corrected for bias."""
    treated = problem.t > 0
    here, there = (treated, ~treated) if source else (~treated, treated)
    given, asked = arms[source], arms[1 - source]
    found = matches(asked.points, given.points)
    times, squared = _uses(found, given, asked)
    full_times, full_squared = np.zeros(problem.n), np.zeros(problem.n)
    full_times[here], full_squared[here] = times[given.code], squared[given.code]
    model = regress(basis.matrix, problem.y, full_times, binary=False)
    rest = given.sums((problem.y - model.predicted)[here])
    size = np.where(found.used, given.counts[found.index], 0.0).sum(axis=1)
    mean = np.where(found.used, rest[found.index], 0.0).sum(axis=1) / size
    imputed = np.zeros(problem.n)
    imputed[there] = model.predicted[there] + mean[asked.code]
    return _Side(imputed, full_times, full_squared, found.distance[asked.code])


def _uses(found: Matches, given: Profiles, asked: Profiles) -> tuple[Floats, Floats]:
    """Give how much each row of a profile is used: sums of its shares in matches, and of their squares."""
    size = np.where(found.used, given.counts[found.index], 0.0).sum(axis=1)
    where = found.index[found.used]
    share = np.repeat(asked.counts / size, found.used.sum(axis=1))
    square = np.repeat(asked.counts / np.square(size), found.used.sum(axis=1))
    m = len(given.counts)
    times, squared = (np.bincount(where, weights=part, minlength=m).astype(np.float64) for part in (share, square))
    return times, squared


MATCHING = Matching()
