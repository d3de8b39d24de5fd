"""Estimates side by side, their errors in one line, and what a reader must know of the headline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from copilot.domain.effects import Estimate
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.text import clean, one_line

_ROLES = frozenset({"headline", "second opinion"})
_NAME, _LONGEST_GROUP, _GAP = "estimator", 24, 2
_RIGHT = frozenset({"effect", "rows"})
_NARROWEST_NAME = 16
"""Cells that the names of estimators need; with fewer each estimate is a paragraph."""
_OF_INSTRUMENTS = ("The instruments ", "The Anderson-Rubin ")
"""How notes begin that the line on the first stage replaces."""


def estimates_table(estimates: Sequence[Estimate], width: int) -> Table | Group:
    """Lay the estimators side by side; the name says why each stands there.

    Parameters
    ----------
    estimates
        In order; groups are rows.
    width
        Cells of the screen. Where the numbers do not fit, each estimate is a paragraph: no number is ever cut.
    """
    grouped = any(estimate.group for estimate in estimates)
    titles = [_NAME, *(("group",) if grouped else ()), "target", "effect", "95 % interval", "rows"]
    rows = [_cells(estimate, grouped=grouped) for estimate in estimates]
    widths = [max(cell_len(line[place]) for line in (titles, *rows)) for place in range(len(titles))]
    if sum(widths[1:]) + _GAP * len(widths) + _NARROWEST_NAME > width:
        return Group(
            *(Text(_paragraph(one), style="bold" if one.headline else "") for one in estimates),
        )
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title, cells in zip(titles, widths, strict=True):
        name = title == _NAME
        grid.add_column(
            title,
            justify="right" if title in _RIGHT else "left",
            overflow="fold",
            no_wrap=not name,
            min_width=None if name else cells,
        )
    for estimate, row in zip(estimates, rows, strict=True):
        grid.add_row(*(Text(cell, style="bold" if estimate.headline else "") for cell in row))
    return grid


def _named(estimate: Estimate) -> str:
    return estimate.estimator + (f" ({estimate.role})" if estimate.role in _ROLES else "")


def _cells(estimate: Estimate, *, grouped: bool) -> list[str]:
    return [
        clean(_named(estimate)),
        *((one_line(estimate.group, _LONGEST_GROUP) or "all",) if grouped else ()),
        estimate.target.value,
        number(estimate.value),
        interval(estimate.interval),
        f"{estimate.n:,}",
    ]


def _paragraph(estimate: Estimate) -> str:
    group = f", group {one_line(estimate.group)}" if estimate.group else ""
    bounds = f" ({interval(estimate.interval)})" if estimate.interval is not None else ""
    return clean(f"{_named(estimate)}{group}: {estimate.target} {number(estimate.value)}{bounds}, {estimate.n:,} rows")


def errors_line(estimates: Sequence[Estimate]) -> str:
    """Say in one line where the standard errors come from; empty if no estimate has any.

    Examples
    --------
    >>> one = Estimate(estimator="a", strategy=Strategy.BACKDOOR, value=1.0, n=9, errors="HC3, pooled")
    >>> errors_line([one])
    'Standard errors: HC3, pooled.'
    >>> errors_line([one, *(one.model_copy(update={"estimator": x, "errors": "bootstrap, pooled"}) for x in "bc")])
    'Standard errors: HC3 for a; bootstrap for the others; all pooled.'
    """
    kinds: dict[str, list[str]] = {}
    for estimate in estimates:
        if estimate.errors:
            names = kinds.setdefault(clean(estimate.errors), [])
            names += [] if estimate.estimator in names else [estimate.estimator]
    if len(kinds) <= 1:
        return "".join(f"Standard errors: {one}." for one in kinds)
    shared = _shared_end([kind.split(", ") for kind in kinds])
    most = max(kinds, key=lambda kind: len(kinds[kind]))
    told = [
        f"{kind.removesuffix(f', {shared}') if shared else kind} for {', '.join(kinds[kind])}"
        for kind in kinds
        if kind != most
    ]
    rest = most.removesuffix(f", {shared}") if shared else most
    told.append(f"{rest} for {'the others' if len(kinds[most]) > 1 else kinds[most][0]}")
    return f"Standard errors: {'; '.join(told)}{f'; all {shared}' if shared else ''}."


def _shared_end(kinds: Sequence[Sequence[str]]) -> str:
    """Find the words with which all end, of each the first left out."""
    shared: list[str] = []
    for last in zip(*(reversed(kind[1:]) for kind in kinds), strict=False):
        if len(set(last)) > 1:
            break
        shared.insert(0, last[0])
    return ", ".join(shared)


def note_lines(estimates: Sequence[Estimate], *, full: bool = False) -> Iterator[str]:
    """Say what a reader must know of the headline, or of every estimate.

    Parameters
    ----------
    estimates
        In order.
    full
        The notes of all, each as it stands.

    Yields
    ------
    str
        For instruments first how strong they are, with the interval that is right even where they are weak.
    """
    headline = next((one for one in estimates if one.headline), None)
    if headline is not None and headline.strategy is Strategy.IV:
        strength = _strength(headline)
        if strength:
            yield strength
    if full:
        by_note: dict[str, list[str]] = {}
        for one in estimates:
            for note in one.notes:
                by_note.setdefault(note, []).append(f"{one.estimator}{f' ({one.group})' if one.group else ''}")
        yield from (f"{', '.join(dict.fromkeys(names))}: {note}" for note, names in by_note.items())
    elif headline is not None:
        limits = "ar_low" in headline.diagnostics
        for note in headline.notes:
            if not note.startswith(_OF_INSTRUMENTS if limits else _OF_INSTRUMENTS[:1]):
                yield note


def _strength(headline: Estimate) -> str:
    """Say how strong the instruments are, in one line."""
    from copilot.estimation.estimators.two_stage_least_squares import WEAK_EFFECTIVE_F, WEAK_F

    found = headline.diagnostics
    first, effective = found.get("first_stage_F"), found.get("effective_F")
    if first is None:
        return ""
    weak = ""
    if first < WEAK_F:
        weak = f" (weak: below {WEAK_F:g})"
    elif effective is not None and effective < WEAK_EFFECTIVE_F:
        apart = f": effective F {number(effective, 3)}," if number(effective, 3) != number(first, 3) else ":"
        weak = f" (may be weak{apart} below {WEAK_EFFECTIVE_F:g})"
    limits = ""
    if "ar_low" in found and "ar_high" in found:
        limits = f"; Anderson-Rubin interval {interval((found['ar_low'], found['ar_high']))}"
    return f"First-stage F {number(first, 3)}{weak}{limits}"
