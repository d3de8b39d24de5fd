"""Arrows that the data would rather see turned round or gone, one change at a time.

A contradicted independence says that something is wrong near two variables. Which arrow it is shows in how well each
variable is predicted from its direct causes: turning or dropping one arrow changes that for its two ends alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from copilot.checks.columns import Floats
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
    graph: CausalGraph, query: Query, columns: Mapping[str, Floats], tiers: Sequence[Sequence[str]] = ()
) -> tuple[Finding, ...]:
    """Find arrows that the data speak against.

    The score of a graph is the Gaussian BIC of each variable given its direct causes (Schwarz 1978; Chickering 2002,
    JMLR 3, section 2.3 for its locality). An arrow is named as *reversed* if turning it raises the score by more than
    10; the best one is turned first, and the rest is judged after it. Arrows whose turning leaves the independences as
    they are have the same score and are never named. An arrow is named as *spurious* if dropping it raises the score
    by more than 2: the data show no trace of it once the other direct causes are held fixed. Arrows at a variable with
    an unmeasured cause are left alone.

    Parameters
    ----------
    graph
        With its unobserved nodes.
    query
        Its arrow from treatment to outcome is never named: that one is the question.
    columns
        Name → encoded matrix of shape (n, p), NaN where missing; complete rows are used.
    tiers
        Names in order of time; no arrow is turned against it.

    Returns
    -------
    tuple of Finding
        None with fewer than 100 complete rows.
    """
    scores = _Scores(columns, [name for name in graph.names if name in columns])
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
    turned = {edge.patch.remove[0] for edge in found if edge.patch is not None}
    found += [_spurious(one, scores.n) for one in _dropped(graph, query, clear, scores) if one.edge not in turned]
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
        if earlier_of(tiers, a, b) is not None:
            continue
        patch = Patch(remove=(edge,), add=(directed(b, a),))
        if not _fits(patch, graph):
            continue
        before = scores.of(a, graph.parents(a)) + scores.of(b, graph.parents(b))
        after = scores.of(a, (*graph.parents(a), b)) + scores.of(b, [name for name in graph.parents(b) if name != a])
        yield _Change(edge, patch, after - before)


def _dropped(graph: CausalGraph, query: Query, clear: frozenset[str], scores: _Scores) -> Iterator[_Change]:
    for edge in graph.edges:
        a, b = edge.source, edge.target
        if edge.kind != EdgeKind.DIRECTED or not {a, b} <= clear or {a, b} == {query.treatment, query.outcome}:
            continue
        without = [name for name in graph.parents(b) if name != a]
        gain = scores.of(b, without) - scores.of(b, graph.parents(b))
        if gain > 2:  # noqa: PLR2004 (positive evidence, Kass & Raftery 1995)
            yield _Change(edge, Patch(remove=(edge,)), gain)


def _reversed(change: _Change, n: int) -> Finding:
    text = (
        f"In {number(n)} rows the two variables are told better by their direct causes if {shown(str(change.edge))} is "
        f"turned round (BIC better by {number(change.gain, 3)})."
    )
    return Finding(
        kind=FindingKind.REVERSED_EDGE,
        severity=Severity.MEDIUM,
        origin=Origin.DATA,
        nodes=(change.edge.source, change.edge.target),
        edge=change.edge,
        message=text,
        evidence={"bic_gain": round(change.gain, 6), "n": n},
        patch=change.patch,
    )


def _spurious(change: _Change, n: int) -> Finding:
    source, target = shown(change.edge.source), shown(change.edge.target)
    text = (
        f"In {number(n)} rows {source} tells nothing of {target} once the other direct causes of {target} are held "
        f"fixed (BIC better by {number(change.gain, 3)} without the arrow). A weak effect, or one that cancels out, "
        "would look the same; to keep the arrow costs little."
    )
    return Finding(
        kind=FindingKind.SPURIOUS_EDGE,
        severity=Severity.LOW,
        origin=Origin.DATA,
        nodes=(change.edge.source, change.edge.target),
        edge=change.edge,
        message=text,
        evidence={"bic_gain": round(change.gain, 6), "n": n},
        patch=change.patch,
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
