"""Columns that make a graph hard to use: constant, duplicated, settled by another, or leaking the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from copilot.checks.columns import Floats
from copilot.checks.determination import Determination, determinations
from copilot.domain.findings import Finding, FindingKind, Origin, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.domain.variables import Kind, Query, TableProfile

SETTLED = 0.999
"""Share of a column from which another settles it."""
_HOW = {
    "linear": "as a straight line",
    "rank": "as a curve that only rises or only falls",
    "classes": "class by class",
    "threshold": "by a threshold",
}


def constant_findings(graph: CausalGraph, query: Query, profile: TableProfile) -> Iterator[Finding]:
    """Name the nodes whose column holds one value."""
    for name in graph.names:
        column = profile.column(name)
        if column is None or column.kind is not Kind.CONSTANT:
            continue
        role = next((word for word, end in _ends(query) if end == name), "")
        rows = f" in the {number(column.rows)} rows looked at" if profile.sampled else ""
        text = f"{shown(name)} is constant{rows}: it tells nothing of any other variable."
        if role:
            text = f"The {role} {shown(name)} is constant{rows}: no effect can be computed."
        evidence = {"rows": column.rows, "missing": column.missing}
        yield _made(FindingKind.CONSTANT_COLUMN, Severity.HIGH if role else Severity.MEDIUM, (name,), text, evidence)


def settled_findings(
    graph: CausalGraph, query: Query, columns: Mapping[str, Floats], adjustment: Sequence[str] | None
) -> tuple[Finding, ...]:
    """Name duplicates, columns that another settles, and those that give the outcome away.

    Parameters
    ----------
    graph, query
        What is looked at; duplicates and settled columns among the nodes, leaks among all columns: what settles the
        outcome, and what the outcome settles though it is no cause of it.
    columns
        Name → matrix of shape (n, p) with n ≥ 12.
    adjustment
        The set that would be adjusted for; what touches it matters more.
    """
    pairs = determinations(columns, SETTLED)
    core = {query.treatment, query.outcome, *(adjustment or ())} - {None}
    leaks = {one.source: one for one in pairs if one.target == query.outcome and one.source != query.treatment}
    found = [_leak(graph, one) for one in leaks.values()]
    causes = graph.ancestors((query.outcome,)) if query.outcome in set(graph.names) and query.outcome else frozenset()
    for one in pairs:
        if one.source == query.outcome and one.target not in {*causes, *leaks, query.treatment}:
            leaks[one.target] = one
            found.append(_derived(one, core))
    by_pair: dict[tuple[str, ...], list[Determination]] = {}
    for one in pairs:
        key = tuple(sorted((one.source, one.target)))
        if set(key) <= set(graph.names):
            by_pair.setdefault(key, []).append(one)
    for key, ways in by_pair.items():
        if query.outcome in key and any(name in leaks for name in key):
            continue
        found.append(_pair(key, ways, core))
    return tuple(found)


def _leak(graph: CausalGraph, one: Determination) -> Finding:
    known = one.source in graph.names
    above = known and one.source in graph.ancestors((one.target,))
    what = "a cause of it in the graph" if above else "no cause of it in the graph" if known else "not in the graph"
    text = (
        f"{shown(one.source)} settles {number(100 * one.share, 4)} % of the outcome {shown(one.target)} "
        f"{_HOW[one.how]}, and is {what}. It looks like the outcome under another name, or like something recorded "
        "after it: adjusting for it would leave no effect to find."
    )
    evidence = {"share": one.share, "how": one.how, "exact": one.exact, "cause_in_graph": above}
    return _made(FindingKind.OUTCOME_LEAK, Severity.HIGH, (one.source,), text, evidence)


def _derived(one: Determination, core: set[str | None]) -> Finding:
    text = (
        f"The outcome {shown(one.source)} settles {number(100 * one.share, 4)} % of {shown(one.target)} "
        f"{_HOW[one.how]}, which is no cause of it in the graph: it looks derived from the outcome, "
        "and must not be adjusted for."
    )
    evidence = {"share": one.share, "how": one.how, "exact": one.exact, "cause_in_graph": False}
    severity = Severity.HIGH if one.target in core else Severity.MEDIUM
    return _made(FindingKind.OUTCOME_LEAK, severity, (one.target,), text, evidence)


def _pair(key: tuple[str, ...], ways: Sequence[Determination], core: set[str | None]) -> Finding:
    matters = bool(core & set(key))
    if any(one.exact for one in ways):
        text = (
            f"{shown(key[0])} and {shown(key[1])} hold the same, up to a change of scale or of labels: they cannot be "
            "told apart, and should be one node."
        )
        severity = Severity.HIGH if len(core & set(key)) == len(key) else Severity.MEDIUM
        evidence = {"how": sorted({one.how for one in ways})}
        return _made(FindingKind.DUPLICATE_COLUMNS, severity, key, text, evidence)
    told = [
        f"{shown(one.source)} settles {number(100 * one.share, 4)} % of {shown(one.target)} {_HOW[one.how]}"
        for one in ways
    ]
    text = (
        f"{'; '.join(told)}: with one of the two held fixed hardly anything of the other is left, and tests and "
        "estimates that hold one fixed say little."
    )
    settles = [{"source": one.source, "target": one.target, "share": one.share, "how": one.how} for one in ways]
    severity = Severity.MEDIUM if matters else Severity.LOW
    return _made(FindingKind.NEAR_DETERMINISTIC, severity, key, text, {"settles": settles})


def _ends(query: Query) -> tuple[tuple[str, str | None], ...]:
    return ("treatment", query.treatment), ("outcome", query.outcome)


def _made(
    kind: FindingKind, severity: Severity, nodes: tuple[str, ...], message: str, evidence: Mapping[str, object]
) -> Finding:
    return Finding(
        kind=kind, severity=severity, origin=Origin.DATA, nodes=nodes, message=message, evidence=dict(evidence)
    )
