"""One fit from several, one for each imputation of the missing cells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from copilot.estimation.estimators.instrument_tests import AR_LIMITS
from copilot.estimation.estimators.spread import quantile, ratio_interval
from copilot.estimation.problem import Fit

NEGLIGIBLE = 1e-12
"""Share of the variance that counts as none."""

_LIMITS = frozenset({"ar_low", "ar_high"})
"""Diagnostics that are limits of a test, as those whose names end in _p are its p-values."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:e[-+]?\d+)?%?|-(?=\d)")


@dataclass(frozen=True, slots=True)
class Pooled:
    """What Rubin's rules give.

    Parameters
    ----------
    value, se, df
        Estimate, standard error and degrees of freedom.
    missing
        Share of the variance that is due to the missing cells.
    """

    value: float
    se: float
    df: float
    missing: float


def rubin(values: Sequence[float], errors: Sequence[float], df: float | None = None) -> Pooled:
    """Pool estimates by Rubin's rules.

    Rubin 1987, *Multiple Imputation for Nonresponse in Surveys*, equations 3.1.2 to 3.1.6; degrees of freedom by
    Barnard & Rubin 1999, *Biometrika* 86, equation 3.

    Parameters
    ----------
    values, errors
        Estimates and standard errors, one for each imputation, at least two.
    df
        Degrees of freedom if nothing were missing; ``None`` for infinitely many.

    Examples
    --------
    >>> pooled = rubin([1.0, 1.2, 1.4], [0.3, 0.3, 0.3])
    >>> round(pooled.value, 3), round(pooled.se, 4), round(pooled.df, 1), round(pooled.missing, 3)
    (1.2, 0.3786, 14.4, 0.372)
    """
    m = len(values)
    value, within = float(np.mean(values)), float(np.mean(np.square(errors)))
    between = float(np.var(values, ddof=1))
    total = within + (1 + 1 / m) * between
    missing = (1 + 1 / m) * between / total if total > 0 else 0.0
    # below this the imputations agree but for rounding, and the square would vanish
    old = (m - 1) / missing**2 if missing > NEGLIGIBLE else math.inf
    if df is not None and math.isfinite(df):
        observed = (df + 1) / (df + 3) * df * (1 - missing)
        pooled_df = observed if math.isinf(old) else old * observed / (old + observed)
    else:
        pooled_df = old
    return Pooled(value, math.sqrt(total), pooled_df, missing)


def pooled_fit(fits: Sequence[Fit], level: float) -> Fit:
    """Pool fits of one estimator on several imputations of one problem.

    Parameters
    ----------
    fits
        At least one; a single one is given back.
    level
        Of the interval of a risk ratio, which is pooled on the logarithm.

    Returns
    -------
    Fit
        Influence values and diagnostics are averaged, but for p-values and limits of tests, which have no mean that
        means anything. Without standard errors there is a mean and no interval.
    """
    first, m = fits[0], len(fits)
    if m == 1:
        return first
    notes, diagnostics = _notes(fits), _diagnostics(fits)
    influences = [fit.influence for fit in fits if fit.influence is not None]
    influence = np.mean(influences, axis=0) if len(influences) == m else None
    common = replace(first, influence=influence, interval=None, risk_ratio=_ratio(fits, level))
    errors = [fit.se for fit in fits if fit.se is not None]
    if len(errors) < m:
        mean = float(np.mean([fit.value for fit in fits]))
        note = f"The mean over {m} imputations; without standard errors they cannot be pooled."
        return replace(common, value=mean, se=None, diagnostics=diagnostics, notes=(*notes, note))
    pooled = rubin([fit.value for fit in fits], errors, first.df)
    diagnostics |= {"imputations": float(m), "missing_information": pooled.missing}
    return replace(
        common,
        value=pooled.value,
        se=pooled.se,
        df=pooled.df if math.isfinite(pooled.df) else None,
        errors=f"{first.errors}, pooled over {m} imputations",
        diagnostics=diagnostics,
        notes=notes,
    )


def _averaged(name: str) -> bool:
    return not name.endswith("_p") and name not in _LIMITS


def _diagnostics(fits: Sequence[Fit]) -> dict[str, float]:
    shared = {name for name in fits[0].diagnostics if all(name in fit.diagnostics for fit in fits)}
    return {name: float(np.mean([fit.diagnostics[name] for fit in fits])) for name in sorted(shared) if _averaged(name)}


def _notes(fits: Sequence[Fit]) -> tuple[str, ...]:
    """Give each note once; of those that differ in their numbers alone, the first."""
    kept: dict[str, str] = {}
    texts = dict.fromkeys(note for fit in fits for note in fit.notes if not note.startswith(AR_LIMITS))
    for note in texts:
        kept.setdefault(_NUMBER.sub("#", note), note)
    more = []
    if len(kept) < len(texts):
        more.append(f"Numbers in these notes are those of one imputation of {len(fits)}; the others differ a little.")
    if not all(_averaged(name) for fit in fits for name in fit.diagnostics):
        more.append("P-values and limits of tests within single imputations cannot be averaged and are left out.")
    return (*kept.values(), *more)


def _ratio(fits: Sequence[Fit], level: float) -> tuple[float, tuple[float, float] | None] | None:
    ratios = [fit.risk_ratio for fit in fits if fit.risk_ratio is not None and fit.risk_ratio[0] > 0]
    if len(ratios) < len(fits):
        return None
    logs = [math.log(ratio) for ratio, _ in ratios]
    intervals = [interval for _, interval in ratios if interval is not None and interval[0] > 0]
    if len(intervals) < len(fits):
        return math.exp(float(np.mean(logs))), None
    # each interval was made with its own fit's quantile, and gives its error back by it
    errors = [
        math.log(high / low) / (2 * quantile(level, fit.df)) for fit, (low, high) in zip(fits, intervals, strict=True)
    ]
    pooled = rubin(logs, errors, fits[0].df)
    ratio = math.exp(pooled.value)
    return ratio, ratio_interval(ratio, pooled.se, level, pooled.df)
