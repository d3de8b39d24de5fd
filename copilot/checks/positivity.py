"""Positivity: whether rows with and without the treatment exist wherever the adjustment set is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from copilot.checks.columns import Floats
from copilot.checks.thin_regions import Feature, Region, features_of, level_of, thin_regions
from copilot.domain.findings import Finding, FindingKind, Origin, Severity
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.domain.variables import Query, TableProfile

THIN, EMPTY = 0.05, 0.01
"""Scores within so little of 0 or 1 are thin, and are all but nothing."""
MANY_EMPTY, SOME_EMPTY, MANY_THIN = 0.10, 0.01, 0.10
"""Shares of rows from which positivity fails, and from which it is in doubt."""
MOST_LACKING, MANY_LACKING = 0.5, 0.15
"""Shares of rows in regions that all but lack an arm, likewise; a logistic score may pass over such a region."""
EXPLAINED, NEARLY, MUCH = 0.95, 0.9, 0.8
"""R² of a treatment that is a quantity, from which it is high, medium and low."""
_LEAST_ARM = 10
_STEPS, _RIDGE = 25, 1.0


def positivity_findings(
    query: Query, columns: Mapping[str, Floats], profile: TableProfile, adjustment: Sequence[str]
) -> tuple[Finding, ...]:
    """Look at the overlap of the treatment given a set.

    For classes a logistic score of each against the others is fitted (with a small ridge, so that perfect separation
    ends at scores near 0 and 1). For an arm that is rarer than half, the bounds 0.05 and 0.01 shrink with it: a
    treatment that one row in fifty gets has small scores everywhere and may overlap well. For a quantity it is R² of a
    regression on the set and its squares.

    Parameters
    ----------
    query
        With a treatment that is a column.
    columns
        Name → matrix of shape (n, p), NaN where missing.
    profile
        For words: units and levels of the columns.
    adjustment
        The set; members without a column are passed over.

    Returns
    -------
    tuple of Finding
        None if the set is empty or overlap is good; at most one.

    References
    ----------
    Crump, Hotz, Imbens & Mitnik (2009), Dealing with limited overlap in estimation of average treatment effects,
    Biometrika 96(1) (a fixed bound on the score as a rule of thumb).
    """
    treatment = query.treatment
    used = tuple(name for name in dict.fromkeys(adjustment) if name in columns and name != treatment)
    if treatment is None or treatment not in columns or not used:
        return ()
    treated = columns[treatment]
    whole = ~np.isnan(treated).any(axis=1)
    for name in used:
        whole &= ~np.isnan(columns[name]).any(axis=1)
    treated = treated[whole]
    given = np.column_stack([columns[name][whole] for name in used])
    if len(given) < given.shape[1] + 2 * _LEAST_ARM:
        return ()
    if treated.shape[1] == 1 and len(np.unique(treated)) > 2:  # noqa: PLR2004 (two arms)
        return _quantity(treatment, treated[:, 0], given, used)
    features = features_of(used, {name: columns[name][whole] for name in used}, profile)
    found = []
    for place, column in enumerate(treated.T):
        on = column > (column.min() + column.max()) / 2
        if _LEAST_ARM <= on.sum() <= len(on) - _LEAST_ARM:
            word = level_of(profile.column(treatment), column, place, high=True)
            found.append(_arms(treatment, word, on, given, used, features))
    kept = [one for one in found if one is not None]
    return (max(kept, key=lambda one: (one.severity.rank, one.evidence["share_empty"])),) if kept else ()


def _arms(
    treatment: str, word: str, on: NDArray[np.bool_], given: Floats, used: tuple[str, ...], features: Sequence[Feature]
) -> Finding | None:
    scores, share = logistic_scores(given, on), float(on.mean())
    empty, thin = (_beyond(scores, share, bound) for bound in (EMPTY, THIN))
    regions = thin_regions(features, on)
    lacking = min(1.0, sum(region.rows for region in regions) / len(on))
    if empty > MANY_EMPTY or lacking > MOST_LACKING:
        severity = Severity.HIGH
    elif empty > SOME_EMPTY or thin > MANY_THIN or lacking > MANY_LACKING:
        severity = Severity.MEDIUM
    elif regions:
        severity = Severity.LOW
    else:
        return None
    said = " ".join(_words(region, treatment, word) for region in regions)
    text = (
        f"Given {', '.join(shown(name) for name in used)}, {number(100 * thin, 2)} % of rows have next to nobody to be "
        f"compared with in the other arm of {shown(treatment)}, {number(100 * empty, 2)} % nobody at all (scores "
        f"within {THIN} and {EMPTY} of 0 or 1, less for a rare arm)."
    )
    if severity is Severity.LOW:
        text = f"Overlap of {shown(treatment)} is good on the whole, but not everywhere."
    return Finding(
        kind=FindingKind.POSITIVITY,
        severity=severity,
        origin=Origin.DATA,
        nodes=(treatment,),
        message=f"{text} {said}".strip(),
        evidence={
            "adjustment": list(used),
            "share_thin": thin,
            "share_empty": empty,
            "n": len(on),
            "treated": int(on.sum()),
            "regions": [
                {"where": region.where, "rows": region.rows, "treated": region.treated, "nodes": list(region.nodes)}
                for region in regions
            ],
        },
    )


def _words(region: Region, treatment: str, word: str) -> str:
    named = f"have {shown(treatment)} {word}"
    return f"{region.where[0].upper()}{region.where[1:]}: {region.treated:,} of {region.rows:,} rows {named}."


def _beyond(scores: Floats, share: float, bound: float) -> float:
    low, high = bound * min(1.0, 2 * share), 1 - bound * min(1.0, 2 * (1 - share))
    return float(np.mean((scores < low) | (scores > high)))


def logistic_scores(given: Floats, on: NDArray[np.bool_]) -> Floats:
    """Fit a logistic regression with a small ridge by Newton's method, and give its probabilities.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 400)[:, None]
    >>> scores = logistic_scores(x, x[:, 0] > 0)
    >>> bool(scores[0] < 0.01 and scores[-1] > 0.99)
    True
    """
    design = np.column_stack([np.ones(len(given)), given])
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[0] = 1e-8
    slopes = np.zeros(design.shape[1])
    target = on.astype(np.float64)
    for _ in range(_STEPS):
        scores = _logistic(design @ slopes)
        gradient = design.T @ (target - scores) - ridge * slopes
        curvature = design.T @ (design * (scores * (1 - scores))[:, None]) + np.diag(ridge)
        step = np.linalg.lstsq(curvature, gradient, rcond=1e-12)[0]
        step *= min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
        slopes = slopes + step
        if np.abs(step).max() < 1e-6:  # noqa: PLR2004 (of a slope per standard deviation)
            break
    return _logistic(design @ slopes)


def _logistic(values: Floats) -> Floats:
    scores: Floats = 1.0 / (1.0 + np.exp(-np.clip(values, -500.0, 500.0)))
    return scores


def _quantity(treatment: str, values: Floats, given: Floats, used: tuple[str, ...]) -> tuple[Finding, ...]:
    design = np.column_stack([np.ones(len(given)), given, given**2])
    if len(design) < 2 * design.shape[1]:
        design = design[:, : 1 + given.shape[1]]
    residual = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    total = float(((values - values.mean()) ** 2).sum())
    freedom = max(1, len(values) - np.linalg.matrix_rank(design))
    left = float(residual @ residual) / freedom / (total / (len(values) - 1)) if total > 0 else 1.0
    explained = float(np.clip(1 - left, 0.0, 1.0))
    if explained <= MUCH:
        return ()
    severity = Severity.HIGH if explained > EXPLAINED else Severity.MEDIUM if explained > NEARLY else Severity.LOW
    text = (
        f"{', '.join(shown(name) for name in used)} explain {number(100 * explained)} % of {shown(treatment)}, so "
        "little of it is left to compare: the effect leans on the shape of the model."
    )
    evidence = {"adjustment": list(used), "r2": explained, "n": len(values)}
    return (
        Finding(
            kind=FindingKind.POSITIVITY,
            severity=severity,
            origin=Origin.DATA,
            nodes=(treatment,),
            message=text,
            evidence=evidence,
        ),
    )
