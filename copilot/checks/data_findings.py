"""What a table holds against a graph: contradicted independences, lack of overlap, columns that are no use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import SeedSequence

from copilot.checks.column_findings import constant_findings, settled_findings
from copilot.checks.columns import Floats
from copilot.checks.implied_findings import implied_findings
from copilot.checks.positivity import positivity_findings
from copilot.domain.findings import Finding, FindingKind, Origin, Severity, sorted_findings
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind, Query, TableProfile

FEW_ROWS, FEWEST_ROWS = 30, 12
"""Rows below which tests say little, and below which none is run."""
MOST_ROWS = 20_000
"""Rows that are looked at; of more, so many are drawn."""
_LISTED = 12


def data_findings(
    graph: CausalGraph,
    query: Query,
    columns: Mapping[str, Floats],
    profile: TableProfile,
    *,
    adjustment: Sequence[str] | None,
    tiers: Sequence[Sequence[str]] = (),
    seed: SeedSequence | None = None,
) -> tuple[tuple[Finding, ...], tuple[Notice, ...]]:
    """Find what the data hold against a graph.

    Independences are tested by the generalised covariance measure on encoded columns (see `test_independence`): for
    two quantities it is partial correlation given a smooth function of the conditioning set, for two classes a score
    test that agrees with G² where cells are filled, for one of each a comparison of means. Dependence that shows in no
    covariance is missed.

    Parameters
    ----------
    graph
        Of any kind; nodes without a column count as unobserved.
    query
        Treatment and outcome, as far as they are known.
    columns
        Name → matrix of shape (n, p) with standardised columns, NaN where missing, as `encode_columns` gives them.
        Names that are no nodes are looked at as leaks of the outcome alone.
    profile
        Of the table.
    adjustment
        The set that would be adjusted for, for positivity; ``None`` if there is none.
    tiers
        Names in order of time.
    seed
        Of the sample that is drawn from more than 20,000 rows; by default the same for every call.

    Returns
    -------
    findings, notices
        The worst finding first; what was left out or cut short.
    """
    rng = np.random.default_rng(seed or SeedSequence(0))
    columns, notices = _sampled(columns, rng)
    notices += _without_columns(graph, columns, profile)
    found = [*constant_findings(graph, query, profile)]
    n = max((len(matrix) for matrix in columns.values()), default=profile.rows)
    if n < FEW_ROWS:
        found.append(_too_few(n))
    if n >= FEWEST_ROWS:
        implied, told = implied_findings(graph, query, columns, tiers, rng)
        found += [*implied, *settled_findings(graph, query, columns, adjustment)]
        found += positivity_findings(query, columns, profile, adjustment or ())
        notices += told
    return sorted_findings(tuple(found)), notices


def _sampled(
    columns: Mapping[str, Floats], rng: np.random.Generator
) -> tuple[Mapping[str, Floats], tuple[Notice, ...]]:
    n = max((len(matrix) for matrix in columns.values()), default=0)
    if n <= MOST_ROWS:
        return columns, ()
    chosen = np.sort(rng.choice(n, MOST_ROWS, replace=False, shuffle=False))
    text = f"The graph was held against {MOST_ROWS:,} of {n:,} rows, drawn at random."
    return {name: matrix[chosen] for name, matrix in columns.items()}, (
        Notice(code="rows_sampled", message=text, count=MOST_ROWS),
    )


def _without_columns(graph: CausalGraph, columns: Mapping[str, Floats], profile: TableProfile) -> tuple[Notice, ...]:
    """Tell which observed nodes have a column that was not used; constants are findings already."""
    left = []
    for node in graph.nodes:
        column = profile.column(node.name)
        unused = node.observed and node.name not in columns and column is not None
        if unused and column is not None and column.kind is not Kind.CONSTANT:
            left.append(node.name)
    if not left:
        return ()
    listed = ", ".join(shown(name) for name in left[:_LISTED])
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    text = f"Not held against the data, as identifiers or for want of variation: {listed}{more}."
    return (Notice(code="columns_not_tested", message=text, count=len(left)),)


def _too_few(n: int) -> Finding:
    run = (
        "so no independence was tested and no column compared"
        if n < FEWEST_ROWS
        else "so tests can see gross errors alone"
    )
    return Finding(
        kind=FindingKind.TOO_FEW_ROWS,
        severity=Severity.MEDIUM,
        origin=Origin.DATA,
        message=f"The table has {n} rows, fewer than {FEW_ROWS}, {run}.",
        evidence={"rows": n},
    )
