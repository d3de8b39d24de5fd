"""Critics' doubts about a graph: joined by kind and subject, counted, weighed by what they would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed, sorted_findings
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.domain.votes import Concern, CritiqueBallot
from copilot.errors import CycleError, GraphError, UnknownVariableError
from copilot.voting.altered import answer, change
from copilot.voting.intervals import wilson

REASONS = 3
"""Reasons kept for each finding."""
_GROUPED: Mapping[FindingKind, int] = {FindingKind.UNMEASURED_COMMON_CAUSE: 2, FindingKind.SELECTION: 1}
"""Kinds about a set of variables, whose parts are claimed with it; with the fewest variables that make sense."""
_GROUPS = 100
"""More different sets of variables than this are not compared for what they have in common."""
_WORKED_OUT = 20
"""Patches for which it is worked out whether they change the effect's identification; the best supported ones."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a concern is about: with its kind, what makes two concerns one."""

    kind: FindingKind
    nodes: tuple[str, ...]
    edge: EdgeKind | None

    def as_edge(self) -> Edge | None:
        if self.edge is None:
            return None
        source, target = self.nodes
        return Edge(source=source, target=target, kind=self.edge)


@dataclass(frozen=True, slots=True)
class _Count:
    subject: _Subject
    votes: int
    reasons: tuple[str, ...]


def merge_concerns(
    ballots: Sequence[CritiqueBallot], graph: CausalGraph, query: Query, *, min_support: float = 0.5
) -> tuple[Finding, ...]:
    """Join the concerns of all critics into findings.

    Concerns are one if they have the same kind and subject, whatever their words. Whoever suspects a common cause of
    three variables suspects one of each two of them, so that sets of different critics are counted by what they share;
    a set is not shown beside a larger one that has as many votes. Nothing else is left out: a single voice is a finding
    of low severity.

    Parameters
    ----------
    ballots
        Those that can be counted, in any order; all of them are in the denominator.
    graph
        The graph that the critics saw.
    query
        Treatment and outcome. If both are known, a finding that the votes support is of high severity where its patch
        would change the minimal adjustment sets, whether the effect is identifiable or whether there is any.
    min_support
        Share of the ballots from which a finding is of medium severity at least.

    Returns
    -------
    tuple of Finding
        The worst first; the same for the same ballots in another order.
    """
    valid = len(ballots)
    before = answer(graph, query)
    found, looked_at = [], 0
    for count in _counted(ballots):  # the best supported first: what is looked at does not hang on the ballots' order
        patch, patched, more = _patched(graph, count.subject)
        severity = Severity.LOW if count.votes < min_support * valid - 1e-9 else Severity.MEDIUM
        if severity is not Severity.LOW and before is not None and patched is not None:
            looked_at += 1
            if looked_at > _WORKED_OUT:
                more = "Whether the patch would change the effect's identification was not worked out."
            elif more := change(before, answer(patched, query), query):
                severity = Severity.HIGH
        found.append(_finding(count, valid, severity, patch, more))
    return sorted_findings(tuple(found))


def _counted(ballots: Iterable[CritiqueBallot]) -> list[_Count]:
    """Count every subject, the best supported first."""
    claims = [_claims(ballot) for ballot in ballots]
    subjects = {subject for claim in claims for subject in claim}
    for kind, fewest in _GROUPED.items():
        subjects |= _in_common({one for one in subjects if one.kind is kind}, fewest)
    counts = [_count(subject, claims) for subject in subjects]
    kept = [count for kind in _GROUPED for count in _not_within([one for one in counts if one.subject.kind is kind])]
    kept += [count for count in counts if count.subject.kind not in _GROUPED]
    return sorted(kept, key=lambda one: (-one.votes, one.subject.kind, one.subject.nodes, one.subject.edge or ""))


def _claims(ballot: CritiqueBallot) -> dict[_Subject, list[str]]:
    claims: dict[_Subject, list[str]] = {}
    for concern in ballot.concerns:
        claims.setdefault(_subject(concern), []).append(concern.reason)
    return claims


def _subject(concern: Concern) -> _Subject:
    ordered = concern.edge is EdgeKind.DIRECTED
    nodes = concern.nodes if ordered else tuple(sorted(set(concern.nodes)))
    return _Subject(kind=FindingKind(concern.kind), nodes=nodes, edge=concern.edge)


def _in_common(subjects: set[_Subject], fewest: int) -> set[_Subject]:
    """Find what any two sets have in common."""
    if len(subjects) > _GROUPS:
        return set()
    shared = ((one.kind, frozenset(one.nodes) & frozenset(other.nodes)) for one, other in combinations(subjects, 2))
    return {_Subject(kind, tuple(sorted(nodes)), None) for kind, nodes in shared if len(nodes) >= fewest}


def _count(subject: _Subject, claims: Sequence[Mapping[_Subject, Sequence[str]]]) -> _Count:
    if subject.kind in _GROUPED:
        nodes = frozenset(subject.nodes)
        said = [
            [
                text
                for one, texts in claim.items()
                if one.kind is subject.kind and nodes <= set(one.nodes)
                for text in texts
            ]
            for claim in claims
        ]
    else:
        said = [list(claim.get(subject, ())) for claim in claims]
    reasons = sorted({text for texts in said for text in texts if text})
    return _Count(subject=subject, votes=sum(1 for texts in said if texts), reasons=tuple(reasons[:REASONS]))


def _not_within(counts: Sequence[_Count]) -> list[_Count]:
    """Leave out sets that lie within a larger one with as many votes: it says all that they say."""
    sets = [(frozenset(count.subject.nodes), count) for count in counts]
    return [
        count
        for nodes, count in sets
        if not any(nodes < larger and other.votes >= count.votes for larger, other in sets)
    ]


def _patched(graph: CausalGraph, subject: _Subject) -> tuple[Patch | None, CausalGraph | None, str]:
    """Make the patch and the patched graph; or say why there is none, where one might be expected."""
    patch = _patch(graph, subject)
    if patch is None:
        return None, None, ""
    try:
        return patch, patch.apply(graph), ""
    except CycleError as error:
        circle = " -> ".join(shown(name) for name in error.cycle)
        return None, None, f"No patch is given, as it would close a circle: {circle}."
    except (GraphError, UnknownVariableError) as error:
        return None, None, f"No patch is given: {error.message}."


def _patch(graph: CausalGraph, subject: _Subject) -> Patch | None:
    edge = subject.as_edge()
    if edge is not None and subject.kind is FindingKind.MISSING_EDGE:
        return Patch(add=(edge,))
    if edge is not None and subject.kind is FindingKind.SPURIOUS_EDGE:
        return Patch(remove=(edge,))
    if edge is not None and subject.kind is FindingKind.REVERSED_EDGE:
        return Patch(remove=(edge,), add=(directed(edge.target, edge.source),))
    if subject.kind is FindingKind.UNMEASURED_COMMON_CAUSE:
        pairs = [pair for pair in combinations(subject.nodes, 2) if not graph.has(*pair, EdgeKind.BIDIRECTED)]
        added = tuple(Edge(source=first, target=second, kind=EdgeKind.BIDIRECTED) for first, second in pairs)
        return Patch(add=added) if added else None
    return None


def _finding(count: _Count, valid: int, severity: Severity, patch: Patch | None, more: str) -> Finding:
    subject, edge = count.subject, count.subject.as_edge()
    text = f"{count.votes} of {valid} critics {_claim(subject)}."
    return Finding(
        kind=subject.kind,
        severity=severity,
        origin=Origin.LLM,
        nodes=() if edge is not None else subject.nodes,
        edge=edge,
        message=f"{text} {more or _MEANS.get(subject.kind, '')}".rstrip(),
        votes=count.votes,
        valid=valid,
        evidence={"reasons": list(count.reasons), "interval": list(wilson(count.votes, valid))},
        patch=patch,
    )


def _claim(subject: _Subject) -> str:
    """Continue the sentence that begins with how many critics."""
    names = [shown(name) for name in subject.nodes]
    first, last, every = names[0], names[-1], _listed(names)
    between = {
        EdgeKind.BIDIRECTED: f"see no unmeasured common cause of {every}",
        EdgeKind.UNDIRECTED: f"see no direct effect between {every}, in either direction",
    }
    spurious = f"see no direct effect of {first} on {last} beyond what other variables carry"
    return {
        FindingKind.MISSING_EDGE: f"hold that {first} has a direct effect on {last}, which the graph does not draw",
        FindingKind.SPURIOUS_EDGE: between.get(subject.edge or EdgeKind.DIRECTED, spurious),
        FindingKind.REVERSED_EDGE: f"hold that {last} acts on {first}, and not {first} on {last}",
        FindingKind.UNMEASURED_COMMON_CAUSE: f"suspect an unmeasured common cause of {every}",
        FindingKind.SELECTION: f"hold that {every} {_decide(names)} who or what is in the table",
        FindingKind.INTERFERENCE: f"hold that the value of {every} for one unit acts on other units",
        FindingKind.MEASUREMENT: f"hold that {every} is measured after the outcome or because of it",
        FindingKind.FEEDBACK: f"hold that what {first} does to {last} comes back to {first} over time",
    }[subject.kind]


_MEANS: Mapping[FindingKind, str] = {
    FindingKind.SELECTION: "An effect found in such a table may not hold outside it, and may be biased within it.",
    FindingKind.INTERFERENCE: "Estimates take it that no unit's outcome depends on another unit's value.",
    FindingKind.MEASUREMENT: "What follows the outcome must not be adjusted for.",
    FindingKind.FEEDBACK: "A graph of one moment cannot show that; it takes a graph with one node for each time.",
}


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _decide(names: Sequence[str]) -> str:
    return "decides" if len(names) == 1 else "decide"
