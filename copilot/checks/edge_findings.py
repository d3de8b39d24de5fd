"""Arrows that the data would rather see turned round or gone, one change at a time.

A contradicted independence says that something is wrong near two variables. Which arrow it is shows in how well each
variable is predicted from its direct causes: turning or dropping one arrow changes that for its two ends alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from copilot.checks.columns import Floats
from copilot.checks.implied import (
    LEVEL,
    ImpliedResult,
    Independence,
    implied_independences,
    separating_set,
    test_implied,
)
from copilot.checks.time_order import earlier_of
from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.numbers import number
from copilot.domain.separation import separated
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.errors import GraphError

STRONG = 10.0
"""Difference of BIC from which evidence is very strong (Kass & Raftery 1995, JASA 90(430), section 3.2)."""
MOST_TURNED = 5
MOST_DROPPED = 200
"""Arrows that are tried at most."""
_NO_TRACE = 0.2
"""P-value above which two columns are called independent; a lower bound would miss fewer and doubt more."""
_FEWEST_EXPLAINED, _MOST_HOPES = 2, 5
_FEWEST_ROWS = 100
_ROWS_A_PARAMETER = 10
_RIDGE = 1e-9


@dataclass(frozen=True, slots=True)
class _Change:
    """One arrow turned round (or dropped), and by how much the score rises."""

    edge: Edge
    patch: Patch
    gain: float


def edge_findings(
    graph: CausalGraph,
    query: Query,
    columns: Mapping[str, Floats],
    against: Sequence[Finding],
    tiers: Sequence[Sequence[str]] = (),
) -> tuple[Finding, ...]:
    """Find arrows that the data speak against.

    The score of a graph is the Gaussian BIC of each variable given its direct causes (Schwarz 1978; Chickering 2002,
    JMLR 3, section 2.3 for its locality). An arrow is named as *reversed* if turning it raises the score by more than
    10; the best one is turned first, and the rest is judged after it. Arrows whose turning leaves the independences as
    they are have the same score and are never named. Where a variable has an unmeasured cause the score says nothing;
    there an arrow is named if turning it explains at least two contradicted independences and makes no new one.
    An arrow is named as *spurious* if its ends would be independent given some set without it, and are (p > 0.2).

    Parameters
    ----------
    graph
        With its unobserved nodes.
    query
        Its arrow from treatment to outcome is never named: that one is the question.
    columns
        Name → encoded matrix of shape (n, p), NaN where missing; scores take complete rows.
    against
        Findings with contradicted independences among them.
    tiers
        Names in order of time; no arrow is turned against it.

    Returns
    -------
    tuple of Finding
        None with fewer than 100 complete rows, or with edges that have no direction.
    """
    columns = {name: columns[name] for name in graph.names if name in columns}
    scores = _Scores(columns, list(columns))
    if scores.n < _FEWEST_ROWS or any(edge.kind == EdgeKind.UNDIRECTED for edge in graph.edges):
        return ()
    clear = _without_hidden_causes(graph, columns)
    found, drawn = list[Finding](), graph
    for _ in range(MOST_TURNED):
        best = max(_turned(drawn, query, clear, scores, tiers), key=lambda one: one.gain, default=None)
        if best is None or best.gain <= STRONG:
            break
        drawn = best.patch.apply(drawn)
        found.append(_reversed(best, scores.n))
    wrong = [one for one in against if one.kind is FindingKind.IMPLIED_INDEPENDENCE]
    if not found and len(wrong) >= _FEWEST_EXPLAINED:
        turned = _turned_by_independences(graph, query, columns, tiers, wrong)
        found += [] if turned is None else [turned]
    named = {one.edge for one in found}
    found += [_spurious(edge, result) for edge, result in _dropped(graph, query, columns) if edge not in named]
    return tuple(found)


def explain_contradictions(graph: CausalGraph, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Lay contradicted independences at the door of the arrow whose turning would explain them.

    Parameters
    ----------
    graph
        As drawn.
    findings
        With contradicted independences and reversed arrows among them.

    Returns
    -------
    tuple of Finding
        All of them; a contradiction that a turned arrow would explain says so and counts as low, and the turned arrow
        says how many it explains and counts as high if one of them did.
    """
    turned = [one for one in findings if one.kind is FindingKind.REVERSED_EDGE and one.patch is not None]
    after = {one.key: one.patch.apply(graph) for one in turned if one.patch is not None and _fits(one.patch, graph)}
    told, explained, worst = list[Finding](), dict[object, int](), dict[object, Severity]()
    for one in findings:
        causes = [
            other
            for other in turned
            if one.kind is FindingKind.IMPLIED_INDEPENDENCE
            and other.key in after
            and not separated(after[other.key], one.nodes[0], one.nodes[1], one.evidence["given"])
        ]
        if not causes:
            told.append(one)
            continue
        first = causes[0]
        explained[first.key] = explained.get(first.key, 0) + 1
        worst[first.key] = max(worst.get(first.key, Severity.LOW), one.severity, key=lambda level: level.rank)
        message = f"{one.message} Turning {shown(str(first.edge))} round would explain it."
        evidence = {**one.evidence, "explained_by": str(first.edge)}
        told.append(one.model_copy(update={"severity": Severity.LOW, "message": message, "evidence": evidence}))
    return tuple(_with_count(one, explained.get(one.key, 0), worst.get(one.key)) for one in told)


def _with_count(one: Finding, count: int, worst: Severity | None) -> Finding:
    if not count or one.kind is not FindingKind.REVERSED_EDGE:
        return one
    many = "1 contradicted independence" if count == 1 else f"{count} contradicted independences"
    severity = Severity.HIGH if worst is Severity.HIGH else one.severity
    evidence = {**one.evidence, "explains": count}
    message = f"{one.message} That would explain {many}."
    return one.model_copy(update={"message": message, "evidence": evidence, "severity": severity})


def _fits(patch: Patch, graph: CausalGraph) -> bool:
    try:
        patch.apply(graph)
    except GraphError:
        return False
    return True


def _without_hidden_causes(graph: CausalGraph, columns: Mapping[str, Floats]) -> frozenset[str]:
    touched = {end for edge in graph.edges if edge.kind == EdgeKind.BIDIRECTED for end in (edge.source, edge.target)}
    known = frozenset(name for name in columns if name not in graph.latent)
    return frozenset(name for name in known - touched if known.issuperset(graph.parents(name)))


def _turned(
    graph: CausalGraph, query: Query, clear: frozenset[str], scores: _Scores, tiers: Sequence[Sequence[str]]
) -> Iterator[_Change]:
    for edge in graph.edges:
        a, b = edge.source, edge.target
        if edge.kind != EdgeKind.DIRECTED or not {a, b} <= clear or {a, b} == {query.treatment, query.outcome}:
            continue
        if earlier_of(a, b, tiers) is not None:
            continue
        patch = Patch(remove=(edge,), add=(directed(b, a),))
        if not _fits(patch, graph):
            continue
        before = scores.of(a, graph.parents(a)) + scores.of(b, graph.parents(b))
        after = scores.of(a, (*graph.parents(a), b)) + scores.of(b, [name for name in graph.parents(b) if name != a])
        yield _Change(edge, patch, after - before)


def _dropped(
    graph: CausalGraph, query: Query, columns: Mapping[str, Floats], tried: int = MOST_DROPPED
) -> Iterator[tuple[Edge, ImpliedResult]]:
    """Find arrows without a trace: without the arrow its ends would be independent given some set, and they are."""
    observed = frozenset(name for name in columns if name in graph.names and name not in graph.latent)
    for edge in graph.edges[:tried]:
        a, b = edge.source, edge.target
        if edge.kind != EdgeKind.DIRECTED or not {a, b} <= observed or {a, b} == {query.treatment, query.outcome}:
            continue
        bare = Patch(remove=(edge,)).apply(graph)
        given = separating_set(bare, a, b, observed)
        if given is None:
            continue
        (result,) = test_implied(columns, [Independence(a=min(a, b), b=max(a, b), given=given)])
        if result.p_value is not None and result.n >= _FEWEST_ROWS and result.p_value > _NO_TRACE:
            yield edge, result


def _turned_by_independences(
    graph: CausalGraph,
    query: Query,
    columns: Mapping[str, Floats],
    tiers: Sequence[Sequence[str]],
    against: Sequence[Finding],
) -> Finding | None:
    """Find the arrow whose turning explains most contradictions and makes none; for arrows with hidden causes too."""
    names = tuple(sorted(columns.keys() & set(graph.names)))
    hopes = list[tuple[int, Edge, Patch]]()
    for edge in graph.edges:
        a, b = edge.source, edge.target
        if edge.kind != EdgeKind.DIRECTED or {a, b} == {query.treatment, query.outcome}:
            continue
        patch = Patch(remove=(edge,), add=(directed(b, a),))
        if earlier_of(a, b, tiers) is not None or not _fits(patch, graph):
            continue
        drawn = patch.apply(graph)
        explained = sum(not separated(drawn, one.nodes[0], one.nodes[1], one.evidence["given"]) for one in against)
        if explained >= _FEWEST_EXPLAINED:
            hopes.append((explained, edge, patch))
    hopes.sort(key=lambda hope: (-hope[0], str(hope[1])))
    for explained, edge, patch in hopes[:_MOST_HOPES]:
        implied, _ = implied_independences(patch.apply(graph), names)
        left = sum(one.adjusted_p is not None and one.adjusted_p < LEVEL for one in test_implied(columns, implied))
        if left <= len(against) - explained:
            return _finding(
                FindingKind.REVERSED_EDGE,
                edge,
                f"Turned round, {shown(str(edge))} would contradict nothing that it does not contradict now.",
                {"explains_alone": explained, "contradictions_left": left},
                patch,
            )
    return None


def _reversed(change: _Change, n: int) -> Finding:
    text = (
        f"In {number(n)} rows the two variables are told better by their direct causes if {shown(str(change.edge))} is "
        f"turned round (BIC better by {number(change.gain, 3)})."
    )
    evidence = {"bic_gain": round(change.gain, 6), "n": n}
    return _finding(FindingKind.REVERSED_EDGE, change.edge, text, evidence, change.patch)


def _spurious(edge: Edge, result: ImpliedResult) -> Finding:
    held = f" given {', '.join(map(shown, result.independence.given))}" if result.independence.given else ""
    text = (
        f"The data show no trace of this arrow: without it the two would be independent{held}, and in "
        f"{number(result.n)} rows they are (p = {number(result.p_value, 2)}). A weak effect, or one that cancels out, "
        "would look the same; to keep the arrow costs little."
    )
    evidence = {"given": list(result.independence.given), "p_value": result.p_value, "n": result.n}
    return _finding(FindingKind.SPURIOUS_EDGE, edge, text, evidence, Patch(remove=(edge,)))


def _finding(kind: FindingKind, edge: Edge, message: str, evidence: dict[str, Any], patch: Patch) -> Finding:
    return Finding(
        kind=kind,
        severity=Severity.MEDIUM if kind is FindingKind.REVERSED_EDGE else Severity.LOW,
        origin=Origin.DATA,
        nodes=(edge.source, edge.target),
        edge=edge,
        message=message,
        evidence=evidence,
        patch=patch,
    )


class _Scores:
    """Local scores from one matrix of second moments, each computed once."""

    def __init__(self, columns: Mapping[str, Floats], names: Sequence[str]) -> None:
        self._where: dict[str, list[int]] = {}
        start = 0
        for name in names:
            self._where[name] = list(range(start, start + columns[name].shape[1]))
            start += columns[name].shape[1]
        whole = np.column_stack([columns[name] for name in names]) if names else np.empty((0, 0))
        whole = whole[np.isfinite(whole).all(axis=1)]
        self.n = len(whole) if len(whole) >= _ROWS_A_PARAMETER * start else 0
        centred = whole - whole.mean(axis=0) if len(whole) else whole
        self._moments = centred.T @ centred / max(1, len(whole)) + _RIDGE * np.eye(start)
        self._known: dict[tuple[str, tuple[str, ...]], float] = {}

    def of(self, name: str, causes: Sequence[str]) -> float:
        """Give the BIC, on the scale of twice the log likelihood, of a variable given its direct causes."""
        key = name, tuple(sorted(causes))
        if key not in self._known:
            y = self._where[name]
            x = [column for cause in key[1] for column in self._where[cause]]
            left = self._moments[np.ix_(y, y)]
            if x:
                across = self._moments[np.ix_(y, x)]
                left = left - across @ np.linalg.solve(self._moments[np.ix_(x, x)], across.T)
            _, log_volume = np.linalg.slogdet(left)
            self._known[key] = -self.n * float(log_volume) - len(y) * len(x) * math.log(max(2, self.n))
        return self._known[key]
