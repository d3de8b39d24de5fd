"""Implied independences that the data contradict, each with the missing edges it speaks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from copilot.checks.columns import Floats
from copilot.checks.implied import LEVEL, ImpliedResult, correlation_of, implied_independences, test_implied
from copilot.checks.time_order import earlier_of
from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.notice import Level, Notice
from copilot.domain.numbers import number
from copilot.domain.separation import separated
from copilot.domain.text import shown
from copilot.domain.variables import Query

MOST = 2_000
"""Independences that are tested at most."""
MOST_FOUND = 200
"""Contradictions that are listed, the worst first."""
_WORK, _LEAST_ROWS = 10_000_000, 4_000
"""Rows times tests that are looked at; rows of one test that are never cut below."""
_MOST_TRIED = 40
"""Contradictions, the worst first, for whose edges it is counted what else they would explain."""
_STRONG, _SOME = 0.1, 0.05
"""Partial correlations from which a contradiction matters, and from which it matters somewhat."""
_SMALL = 0.001


def implied_findings(
    graph: CausalGraph,
    query: Query,
    columns: Mapping[str, Floats],
    tiers: Sequence[Sequence[str]],
    rng: np.random.Generator,
) -> tuple[tuple[Finding, ...], tuple[Notice, ...]]:
    """Test what the graph says is independent.

    A contradicted independence speaks for an edge between its two variables; which one, the test cannot tell. Those
    edges are listed that make no circle and run with time. For each it is counted how many of the contradictions an
    added edge would explain: those whose two variables it leaves connected given the same set. A patch is offered only
    where one arrow alone is possible, or explains more than every other edge; a hidden common cause is never offered,
    as it can be had for any contradiction and gives up what an arrow keeps.

    Parameters
    ----------
    graph
        With directed and bidirected edges; of others nothing is implied.
    query
        Pairs with treatment and outcome come first.
    columns
        Name → matrix of shape (n, p), NaN where missing.
    tiers
        Names in order of time.
    rng
        Draws the rows of the tests where these are many.

    Returns
    -------
    findings, notices
        One finding for each contradicted independence, the worst first; what was not tested.
    """
    names = tuple(sorted(columns.keys() & set(graph.names)))
    independences, complete = implied_independences(graph, names, first=(query.treatment, query.outcome), limit=MOST)
    columns, cut = _fewer_rows(columns, len(independences), rng)
    results = test_implied(columns, independences)
    against = sorted(
        (one for one in results if one.adjusted_p is not None and one.adjusted_p < LEVEL),
        key=lambda one: (-_severity(one, query).rank, -one.strength, one.adjusted_p or 0.0),
    )
    tests = sum(one.adjusted_p is not None for one in results)
    found = tuple(_findings(graph, query, against[:MOST_FOUND], tiers, tests))
    if len(against) > MOST_FOUND:
        text = f"{len(against)} implied independences are contradicted; the {MOST_FOUND} worst are listed."
        cut += (Notice(code="contradictions_capped", message=text, count=len(against) - MOST_FOUND),)
    return found, (*cut, *_notices(graph, results, complete=complete))


def _fewer_rows(
    columns: Mapping[str, Floats], tests: int, rng: np.random.Generator
) -> tuple[Mapping[str, Floats], tuple[Notice, ...]]:
    """Draw so many rows that all tests together end in seconds."""
    n = max((len(matrix) for matrix in columns.values()), default=0)
    few = max(_LEAST_ROWS, _WORK // max(1, tests))
    if n <= few:
        return columns, ()
    chosen = np.sort(rng.choice(n, few, replace=False, shuffle=False))
    text = f"{tests} implied independences were tested on {few:,} of {n:,} rows, drawn at random."
    return {name: matrix[chosen] for name, matrix in columns.items()}, (
        Notice(code="rows_sampled", message=text, count=few, level=Level.INFO),
    )


def _severity(one: ImpliedResult, query: Query) -> Severity:
    ends = {query.treatment, query.outcome} & {one.independence.a, one.independence.b}
    if one.strength >= _STRONG and ends:
        return Severity.HIGH
    return Severity.MEDIUM if one.strength >= _SOME else Severity.LOW


def _findings(
    graph: CausalGraph,
    query: Query,
    against: Sequence[ImpliedResult],
    tiers: Sequence[Sequence[str]],
    tests: int,
) -> Iterator[Finding]:
    tried = against[:_MOST_TRIED]
    for one in against:
        edges = possible_edges(graph, query, (one.independence.a, one.independence.b), tiers)
        explains = {edge: _explained(graph, edge, tried) for edge in edges} if one in tried else {}
        patch = _patch(edges, explains)
        held = one.independence
        yield Finding(
            kind=FindingKind.IMPLIED_INDEPENDENCE,
            severity=_severity(one, query),
            origin=Origin.DATA,
            nodes=(held.a, held.b),
            message=_message(one, edges, patch),
            evidence={
                "given": list(held.given),
                "p_value": one.p_value,
                "adjusted_p": one.adjusted_p,
                "strength": one.strength,
                "signed": one.signed,
                "n": one.n,
                "tests": tests,
                "speaks_for": [str(edge) for edge in edges],
                "explains": {str(edge): count for edge, count in explains.items()},
            },
            patch=patch,
        )


def possible_edges(
    graph: CausalGraph, query: Query, pair: tuple[str, str], tiers: Sequence[Sequence[str]] = ()
) -> tuple[Edge, ...]:
    """List the edges that could be missing between two nodes: arrows without a circle that run with time, and ``<->``.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("z", "t"), ("t", "y")])
    >>> [str(edge) for edge in possible_edges(graph, Query(treatment="t", outcome="y"), ("z", "y"))]
    ['z -> y', 'y <-> z']
    """
    before = graph.ancestors((query.treatment,)) if query.treatment in set(graph.names) and query.treatment else set()
    found = []
    for source, target in (pair, pair[::-1]):
        circle = source in graph.descendants((target,))
        late = earlier_of(source, target, tiers) == target or (source == query.outcome and target in before)
        if not circle and not late:
            found.append(directed(source, target))
    return (*found, Edge(source=pair[0], target=pair[1], kind=EdgeKind.BIDIRECTED))


def _explained(graph: CausalGraph, edge: Edge, against: Sequence[ImpliedResult]) -> int:
    # No circle can come of it, and checking again would take most of the time.
    wider = CausalGraph.model_construct(nodes=graph.nodes, edges=(*graph.edges, edge))
    each = (one.independence for one in against)
    return sum(not separated(wider, one.a, one.b, one.given) for one in each)


def _patch(edges: Sequence[Edge], explains: Mapping[Edge, int]) -> Patch | None:
    arrows = [edge for edge in edges if edge.kind is EdgeKind.DIRECTED]
    if len(arrows) == 1:
        return Patch(add=(arrows[0],))
    for edge in arrows:
        if explains and all(explains[edge] > explains[other] for other in edges if other != edge):
            return Patch(add=(edge,))
    return None


def _message(one: ImpliedResult, edges: Sequence[Edge], patch: Patch | None) -> str:
    held = one.independence
    a, b = shown(held.a), shown(held.b)
    given = f" given {', '.join(shown(name) for name in held.given)}" if held.given else ""
    p_value = one.adjusted_p or 0.0
    chance = "p < 0.001" if p_value < _SMALL else f"p = {number(p_value, 2)}"
    likely = f" Of the arrows {shown(str(patch.add[0]))} fits best." if patch and len(edges) > 2 else ""  # noqa: PLR2004 (all three)
    return (
        f"The graph says that {a} and {b} are independent{given}, but in {number(one.n)} rows their "
        f"{correlation_of(one)} ({chance}, adjusted for the number of tests). That speaks for "
        f"{_either([shown(str(edge)) for edge in edges])}, or for an arrow elsewhere that is wrong.{likely}"
    )


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _notices(graph: CausalGraph, results: Sequence[ImpliedResult], *, complete: bool) -> Iterator[Notice]:
    if any(graph.undirected_of.values()):
        text = "While edges have no direction the graph implies no independence that could be tested."
        yield Notice(code="nothing_implied", message=text)
    elif not results:
        text = "The graph implies no independence among these columns, so the data cannot contradict it."
        yield Notice(code="nothing_implied", message=text, level=Level.INFO)
    if not complete:
        text = (
            f"The graph implies more independences than the {MOST} that were tested; those of treatment and outcome "
            "came first."
        )
        yield Notice(code="implied_capped", message=text, count=MOST)
    untested = int(np.sum([one.p_value is None for one in results]))
    if untested:
        text = f"{untested} of {len(results)} implied independences could not be tested for want of rows or variation."
        yield Notice(code="implied_not_tested", message=text, count=untested)
