"""Regions of one or two covariates in which one arm of a treatment is all but missing, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot.checks.columns import Floats
from copilot.domain.numbers import number
from copilot.domain.text import one_line, shown
from copilot.domain.variables import ColumnProfile, Kind, TableProfile

Bools = NDArray[np.bool_]

ALMOST_NONE = 0.05
"""Rows of an arm, as a share of what its size would let expect, up to which a region is all but without it."""
_EXPECTED = 20
"""Rows of the missing arm that the region's size lets expect, at least."""
_CUTS = 40
"""Quantiles at which a covariate is cut."""
_CROSSED = 12
"""Covariates of which two are taken together, those most apart between the arms first."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a covariate's matrix, and how to write its values."""

    name: str
    values: Floats
    place: int
    column: ColumnProfile | None
    whole: bool
    """Whether the smallest and largest value are those of the profile."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where an arm is missing: in words, with the rows in it and the treated among them."""

    where: str
    nodes: tuple[str, ...]
    rows: int
    treated: int


@dataclass(frozen=True, slots=True)
class _Cut:
    feature: Feature
    threshold: float
    above: bool

    @property
    def rows(self) -> Bools:
        values = self.feature.values
        return values > self.threshold if self.above else values <= self.threshold


def features_of(names: Sequence[str], columns: Mapping[str, Floats], profile: TableProfile) -> tuple[Feature, ...]:
    """Take the matrices apart.

    Parameters
    ----------
    names
        Of covariates.
    columns
        Name → matrix of shape (n, p) without missing values.
    profile
        Of the table they come from.
    """
    found = []
    for name in names:
        for place, values in enumerate(columns[name].T):
            whole = not profile.sampled and len(values) == profile.rows
            found.append(Feature(name, values, place, profile.column(name), whole))
    return tuple(found)


def thin_regions(features: Sequence[Feature], on: Bools) -> tuple[Region, ...]:
    """Find the largest regions that all but lack one arm, of one covariate, and of two where one shows none.

    Parameters
    ----------
    features
        Columns of covariates.
    on
        Which rows are treated.

    Returns
    -------
    tuple of Region
        At most three; of regions that share most rows the simplest and largest.
    """
    everywhere = np.ones(len(on), dtype=np.bool_)
    found: list[tuple[Bools, tuple[_Cut, ...]]]
    found = [(cut.rows, (cut,)) for feature in features for cut in _tails(feature, on, everywhere)]
    if not found:
        found = list(_crossed(features, on))
    found.sort(key=lambda one: -int(one[0].sum()))
    kept: list[tuple[Bools, tuple[_Cut, ...]]] = []
    for rows, cuts in found:
        if len(kept) < _SHOWN and all((rows & other).sum() <= rows.sum() / 2 for other, _ in kept):
            kept.append((rows, cuts))
    return tuple(_region(rows, cuts, on) for rows, cuts in kept)


def _region(rows: Bools, cuts: Sequence[_Cut], on: Bools) -> Region:
    where = "where " + " and ".join(_words(cut) for cut in cuts)
    nodes = tuple(sorted({cut.feature.name for cut in cuts}))
    return Region(where=where, nodes=nodes, rows=int(rows.sum()), treated=int(on[rows].sum()))


def _tails(feature: Feature, on: Bools, inside: Bools) -> Iterator[_Cut]:
    """Find the widest part of a covariate's range, from either end, that all but lacks an arm."""
    values, own = feature.values[inside], on[inside]
    share = float(on.mean())
    if not len(values):
        return
    cuts = np.unique(values)
    if len(cuts) > _CUTS:
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, _CUTS + 1), method="lower"))
    cuts = cuts[:-1]  # the last leaves nothing above
    bins = np.searchsorted(cuts, values, side="left")
    size = np.bincount(bins, minlength=len(cuts) + 1).astype(np.float64)
    treated = np.bincount(bins, weights=own, minlength=len(cuts) + 1)
    for above in (False, True):
        rows = np.cumsum(size[::-1])[::-1][1:] if above else np.cumsum(size)[:-1]
        inner = np.cumsum(treated[::-1])[::-1][1:] if above else np.cumsum(treated)[:-1]
        lacks = np.zeros(len(cuts), dtype=np.bool_)
        for count, usual in ((inner, share), (rows - inner, 1.0 - share)):
            lacks |= (rows * usual >= _EXPECTED) & (count <= ALMOST_NONE * rows * usual)
        if lacks.any():
            best = int(np.flatnonzero(lacks)[np.argmax(rows[lacks])])
            yield _Cut(feature, float(cuts[best]), above)


def _crossed(features: Sequence[Feature], on: Bools) -> Iterator[tuple[Bools, tuple[_Cut, ...]]]:
    """Look within the halves of one covariate for tails of another."""
    apart = sorted(features, key=lambda one: -abs(float(one.values[on].mean() - one.values[~on].mean())))
    for outer in apart[:_CROSSED]:
        middle = _middle(outer.values)
        for above in (False, True):
            half = _Cut(outer, middle, above)
            inside = half.rows
            for inner in apart[:_CROSSED]:
                if inner.name != outer.name:
                    for cut in _tails(inner, on, inside):
                        yield inside & cut.rows, (half, cut)


def _middle(values: Floats) -> float:
    """Give the median, or the value below it where nothing lies above."""
    middle = float(np.quantile(values, 0.5, method="lower"))
    return middle if middle < values.max() else float(values[values < middle].max())


def _words(cut: _Cut) -> str:
    """Write a half-line of a covariate, in its own units where they are known."""
    feature, name = cut.feature, shown(cut.feature.name)
    column, values = feature.column, feature.values
    if len(np.unique(values)) == 2:  # noqa: PLR2004 (an indicator)
        return f"{name} {level_of(column, values, feature.place, high=cut.above)}"
    share = 100 * float(cut.rows.mean())
    tail = f"its {'highest' if cut.above else 'lowest'} {number(share, 2)} %"
    known = column is not None and column.numeric and column.minimum is not None and column.maximum is not None
    if not known or not feature.whole or column is None or column.kind is Kind.DATE:
        return f"{name} is among {tail}"
    low, high = column.minimum or 0.0, column.maximum or 0.0
    scale = (high - low) / float(values.max() - values.min())
    threshold = low + (cut.threshold - float(values.min())) * scale
    return f"{name} is {'above' if cut.above else 'at most'} {number(threshold)} ({tail})"


def level_of(column: ColumnProfile | None, values: Floats, place: int, *, high: bool) -> str:
    """Write one side of an indicator: ``= smoker``, or ``≠ smoker``.

    Its level is that of the profile whose share comes nearest; a numeric column of two values has them as its ends.
    """
    if column is None:
        return "high" if high else "low"
    if column.kind is not Kind.CATEGORICAL and column.numeric and column.minimum is not None:
        return f"= {number(column.maximum if high else column.minimum)}"
    if not column.levels:
        return "high" if high else "low"
    rows = max(1, column.rows - column.missing)
    share = float(np.mean(values > (values.min() + values.max()) / 2))
    others = [(level, count / rows) for level, count in column.levels[1:]] or [(column.levels[0][0], 1.0)]
    # Indicators stand in the order of the levels, the commonest left out; with equal shares the place decides.
    level = min(enumerate(others), key=lambda one: (round(abs(one[1][1] - share), 2), abs(one[0] - place)))[1][0]
    if column.distinct == 2 and not high:  # noqa: PLR2004 (the other one)
        return f"= {one_line(column.levels[0][0], 40)}"
    return f"{'=' if high else '≠'} {one_line(level, 40)}"
