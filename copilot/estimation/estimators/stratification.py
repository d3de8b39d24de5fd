"""Stratification on the propensity score: differences of means within strata, averaged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import (
    cluster_notes,
    dropped_notes,
    errors_word,
    positive,
    refusal,
    require,
    risk_ratio,
)
from copilot.estimation.estimators.scores import MOST_TRIMMED, Scores, score_diagnostics, score_notes, scores_of
from copilot.estimation.estimators.spread import large_sample_freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Integers, PlainRefit, Problem, Refit

FEWEST, MOST = 5, 50
"""Five strata take away over nine tenths of the bias of one covariate (Cochran 1968); more do better with more rows."""
_ROWS = 8
PER_ARM = 2
"""Rows that a stratum needs in each arm: one alone has no spread."""


@dataclass(frozen=True, slots=True, eq=False)
class _Strata:
    """Strata, and what is in them.

    By row: stratum, weight, and weight if in question. By stratum and arm, of shape (s, 2): rows, sums of weights, mean
    outcomes. By stratum: its share of those in question, 0 if it is not usable.
    """

    code: Integers
    usable: NDArray[np.bool_]
    base: Floats
    whom: Floats
    rows: Floats
    sums: Floats
    means: Floats
    share: Floats


class Stratification:
    """Subclassification on quantiles of the logistic propensity score (Rosenbaum & Rubin 1984, *JASA* 79).

    Errors from the spread within strata and between them, each stratum's variances with their degrees of freedom
    (Imbens & Rubin 2015, section 17.5), by cluster where there are clusters.
    """

    name = "stratification"
    title = "stratification on the propensity score"
    strategy = Strategy.BACKDOOR

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Refuse a treatment that is not binary."""
        return refusal(self.title, problem, ask.target, binary=True)

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with errors.

        Raises
        ------
        EstimationError
            If there is no overlap.
        """
        scores, strata = _stratify(problem, ask.target)
        one, zero = (_mean(problem, strata, arm) for arm in (1, 0))
        influence, df = one[1] - zero[1], large_sample_freedom(problem)
        own = np.where(strata.usable[strata.code], strata.base, 0.0)
        cell = np.maximum(strata.sums[strata.code, (problem.t > 0).astype(np.int64)], np.finfo(float).tiny)
        inverse = own * strata.share[strata.code] / cell
        lost = int((scores.kept > 0).sum() - (own > 0).sum())
        return Fit(
            value=one[0] - zero[0],
            se=positive(standard_error(influence, problem)),
            errors=errors_word(problem),
            df=df,
            influence=influence,
            risk_ratio=risk_ratio(problem, one, zero, ask.level, df),
            diagnostics={
                **score_diagnostics(scores, inverse * (problem.t > 0), inverse * (problem.t <= 0)),
                "strata": float(strata.usable.sum()),
                "strata_dropped": float((~strata.usable).sum()),
                "rows_in_dropped_strata": float(lost),
            },
            notes=(
                f"{int(strata.usable.sum())} strata, within which scores still differ: some confounding is left.",
                *_dropped(strata, lost),
                *score_notes(scores, ask.target),
                *dropped_notes(scores.basis.dropped),
                *cluster_notes(problem),
            ),
            target=ask.target,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Estimate each changed problem anew, without errors."""

        def point(changed: Problem) -> float:
            try:
                _, strata = _stratify(changed, ask.target)
            except EstimationError:
                return math.nan
            difference = (strata.means[:, 1] - strata.means[:, 0])[strata.usable]
            return float(difference @ strata.share[strata.usable])

        return PlainRefit(point, problem)


def _dropped(strata: _Strata, rows: int) -> tuple[str, ...]:
    count = int((~strata.usable).sum())
    if not count:
        return ()
    what = "1 stratum" if count == 1 else f"{count} strata"
    return (f"{what} with {rows} rows had fewer than {PER_ARM} in one arm and were left out of the effect.",)


def strata_for(rows: int) -> int:
    """Say how many strata so many rows are parted into.

    Examples
    --------
    >>> [strata_for(rows) for rows in (100, 1000, 5000, 100_000, 10_000_000)]
    [5, 5, 8, 23, 50]
    """
    return max(FEWEST, min(MOST, int((rows / _ROWS) ** (1 / 3))))


def _stratify(problem: Problem, target: Target) -> tuple[Scores, _Strata]:
    require(problem, problem.covariates.shape[1] + 1)
    scores = scores_of(problem, target)
    on = scores.kept > 0
    edges = np.unique(np.quantile(scores.e[on], np.linspace(0, 1, strata_for(int(on.sum())) + 1)[1:-1]))
    # scores of equal rows differ by rounding, which must not part them
    code = np.searchsorted(edges * (1 - 1e-12), scores.e, side="right")
    arm = (problem.t > 0).astype(np.int64)
    size = len(edges) + 1
    base = scores.weights * scores.kept

    def by_cell(values: Floats) -> Floats:
        cells = np.bincount(2 * code + arm, weights=values, minlength=2 * size)
        return cells.astype(np.float64).reshape(size, 2)

    rows, sums = by_cell(scores.kept), by_cell(base)
    usable = np.asarray((rows >= PER_ARM).all(axis=1))
    whom = sums[:, 1] if target is Target.ATT else sums.sum(axis=1)
    counted = rows[:, 1] if target is Target.ATT else rows.sum(axis=1)
    lost = float(counted[~usable].sum())
    if lost > MOST_TRIMMED * float(counted.sum()) or not usable.any():
        raise EstimationError(
            f"there is no overlap: {int(lost)} of {int(counted.sum())} rows are in strata of the propensity score "
            "where one arm is all but absent",
            reason=f"A stratum needs {PER_ARM} rows in each arm.",
            advice="Adjust for fewer variables, or use g_computation, which bridges gaps by its model.",
        )
    # a far-off mean of the outcome costs no digits
    centre = float(problem.y.mean())
    means = np.divide(by_cell(base * (problem.y - centre)), sums, out=np.zeros_like(sums), where=sums > 0) + centre
    share = np.where(usable, whom, 0.0)
    people = base * problem.t if target is Target.ATT else base
    return scores, _Strata(code, usable, base, people, rows, sums, means, share / share.sum())


def _mean(problem: Problem, strata: _Strata, arm: int) -> tuple[float, Floats]:
    """Give the mean outcome of one arm over strata, and its influence values."""
    n, code = problem.n, strata.code
    mean = float(strata.means[strata.usable, arm] @ strata.share[strata.usable])
    own = strata.usable[code] & (strata.base > 0)
    inside = own & ((problem.t > 0) == bool(arm))
    value = np.zeros(n)
    at = code[inside]
    # the usual n / (n - 1) of a variance
    free = np.sqrt(strata.rows[at, arm] / (strata.rows[at, arm] - 1.0))
    rest = problem.y[inside] - strata.means[at, arm]
    value[inside] = n * strata.share[at] / strata.sums[at, arm] * strata.base[inside] * rest * free
    counted = np.where(own, strata.whom, 0.0)
    total = float(counted.sum())
    value += n * counted / total * (strata.means[code, arm] - mean)
    return mean, value


STRATIFICATION = Stratification()
