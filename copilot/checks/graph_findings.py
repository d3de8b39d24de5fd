"""What the graph alone holds against itself: no data, no model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import cast

from copilot.checks.time_order import against_time, earlier_of
from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed, sorted_findings
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node
from copilot.domain.identification.bad_controls import BadControl, explain_adjustment
from copilot.domain.identification.objections import every_way
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.paths import directed_path
from copilot.domain.identification.values import Addition, Identification, OpenPath, OrientedIdentification
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.errors import CycleError, GraphError, UnknownVariableError

_NEAR_NAMES_UP_TO = 500
"""Columns up to which a near name is looked for."""


def graph_findings(
    graph: CausalGraph,
    query: Query,
    *,
    adjust: Sequence[str] | None = None,
    tiers: Sequence[Sequence[str]] = (),
    columns: Sequence[str] | None = None,
    measured: Mapping[str, str] = {},
) -> tuple[Finding, ...]:
    """Find what is doubtful about a graph by its own algebra.

    Parameters
    ----------
    graph
        Of any kind; as it was read, before nodes without a column are made latent.
    query
        Where treatment or outcome is unknown, what needs both is left out.
    adjust
        The set that somebody means to adjust for; ``None`` if nobody said.
    tiers
        Names in order of time, the earliest first. Names that are no nodes are left aside.
    columns
        Names in the data; ``None`` if there are no data.
    measured
        Name → when or how it was measured, in the user's words; repeated beside an edge against time.

    Returns
    -------
    tuple of Finding
        The worst first, the same for the same question.

    Raises
    ------
    UnknownVariableError
        If treatment, outcome or a member of the set is no node.
    GraphError
        If treatment and outcome are the same.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    >>> for finding in graph_findings(graph, Query(treatment="t", outcome="y")):
    ...     print(finding.kind, finding.severity, finding.subject)
    not_identifiable high t, y
    """
    _check(graph, query, adjust)
    laid = graph if columns is None else _as_in_data(graph, columns)
    found = [*against_time(graph, query, tiers, measured), *_undirected(graph, query, tiers)]
    if columns is not None:
        found += _not_in_data(graph, query, columns)
    if query.treatment is not None and query.outcome is not None:
        found += _about_the_question(laid, query.treatment, query.outcome, adjust)
    return sorted_findings(tuple(found))


def circle_findings(cycles: Sequence[Sequence[str]], loops: Sequence[str]) -> tuple[Finding, ...]:
    """Say of a file that is no acyclic graph where its edges run in circles.

    Parameters
    ----------
    cycles
        Names along each, in the order of the arrows; the first may be repeated at the end.
    loops
        Nodes with an edge to themselves.

    Examples
    --------
    >>> [one.subject for one in circle_findings([("b", "a")], ["c"])]
    ['a -> b -> a', 'c']
    """
    found = []
    for cycle in cycles:
        names = list(cycle[:-1] if len(cycle) > 1 and cycle[0] == cycle[-1] else cycle)
        start = names.index(min(names))
        names = names[start:] + names[:start]
        arrows = " -> ".join(shown(name) for name in (*names, names[0]))
        text = (
            f"The edges run in a circle: {arrows}. Over one moment in time nothing causes itself: remove or reverse "
            "one of these edges, or split a variable into its earlier and later value."
        )
        edges = [f"{one} -> {other}" for one, other in zip(names, (*names[1:], names[0]), strict=True)]
        found.append(_high(FindingKind.CYCLE, tuple(names), text, {"edges": edges}))
    for name in sorted(set(loops)):
        text = (
            f"{shown(name)} has an edge to itself. Remove it, or split the variable into its earlier and later value."
        )
        found.append(_high(FindingKind.SELF_LOOP, (name,), text, {}))
    return sorted_findings(tuple({one.key: one for one in found}.values()))


def _check(graph: CausalGraph, query: Query, adjust: Sequence[str] | None) -> None:
    named = [("treatment", query.treatment), ("outcome", query.outcome)]
    named += [("node of the adjustment set", name) for name in adjust or ()]
    for role, name in named:
        if name is not None and name not in graph.names:
            raise UnknownVariableError(name, graph.names, role)
    if query.treatment is not None and query.treatment == query.outcome:
        raise GraphError(
            f"{shown(query.treatment)} is both treatment and outcome",
            reason="A variable has no effect on itself.",
            advice="Name two different variables.",
        )


def _as_in_data(graph: CausalGraph, columns: Sequence[str]) -> CausalGraph:
    known = frozenset(columns)
    nodes = tuple(Node(name=node.name, observed=node.observed and node.name in known) for node in graph.nodes)
    return CausalGraph(nodes=nodes, edges=graph.edges)


def _about_the_question(
    graph: CausalGraph, treatment: str, outcome: str, adjust: Sequence[str] | None
) -> Iterator[Finding]:
    yield from _off_path(graph, treatment, outcome)
    yield from _reversed_question(graph, treatment, outcome)
    hidden = [name for name in (treatment, outcome) if name in graph.latent]
    if hidden:
        which = " and ".join(shown(name) for name in hidden)
        text = f"{which} is not observed, and an effect can be computed only between variables that were measured."
        yield _high(FindingKind.NOT_IDENTIFIABLE, (treatment, outcome), text, {"not_observed": hidden})
        return
    found = identify_oriented(graph, treatment, outcome, limit=1)
    yield from _no_causal_path(found, treatment, outcome)
    yield from _not_identifiable(found, treatment, outcome)
    if adjust is not None:
        yield from _bad_controls(graph, found, tuple(dict.fromkeys(adjust)))


def on_some_path(graph: CausalGraph, one: str, other: str) -> frozenset[str]:
    """Find the nodes on some path between two nodes, along edges of any kind and direction, both included.

    A node lies on a path that visits nothing twice exactly if it shares a biconnected component with the edge between
    the two, once that edge is added (a corollary of Menger's theorem).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y"), ("y", "late")])
    >>> sorted(on_some_path(graph, "t", "y"))
    ['t', 'w', 'y']
    """
    import networkx as nx

    pairs: nx.Graph[str] = nx.Graph()
    pairs.add_edges_from((edge.source, edge.target) for edge in graph.edges)
    pairs.add_edge(one, other)
    together = cast("Iterator[set[str]]", nx.biconnected_components(pairs))
    return frozenset(next(nodes for nodes in together if {one, other} <= nodes))


def _off_path(graph: CausalGraph, treatment: str, outcome: str) -> Iterator[Finding]:
    """Name nodes on no path; causes of treatment or outcome have a use and are passed over."""
    useful = on_some_path(graph, treatment, outcome) | graph.ancestors((treatment, outcome))
    for name in graph.names:
        if name not in useful:
            text = (
                f"{shown(name)} lies on no path between {shown(treatment)} and {shown(outcome)} and is a cause of "
                "neither, so this graph would say the same of the effect without it. Is an edge missing?"
            )
            yield Finding(
                kind=FindingKind.OFF_PATH, severity=Severity.LOW, origin=Origin.GRAPH, nodes=(name,), message=text
            )


def _reversed_question(graph: CausalGraph, treatment: str, outcome: str) -> Iterator[Finding]:
    way = directed_path(graph, outcome, treatment)
    if way is None:
        return
    text = (
        f"In this graph {shown(outcome)} is a cause of {shown(treatment)} ({way.text}), not the other way round. Are "
        "treatment and outcome exchanged, or an arrow turned round?"
    )
    patch = None
    if len(way.edges) == 1:
        patch = Patch(remove=way.edges, add=(directed(treatment, outcome),))
        try:
            patch.apply(graph)
        except CycleError:
            patch = None
    evidence = {"path": [str(edge) for edge in way.edges]}
    yield _high(FindingKind.REVERSED_QUESTION, (treatment, outcome), text, evidence, patch)


def _no_causal_path(found: OrientedIdentification, treatment: str, outcome: str) -> Iterator[Finding]:
    if found.common.null_effect:
        text = (
            f"No directed path leads from {shown(treatment)} to {shown(outcome)}: in this graph the effect is zero by "
            "assumption, and no data can say otherwise."
        )
        yield _high(FindingKind.NO_CAUSAL_PATH, (treatment, outcome), text, {})


def _not_identifiable(found: OrientedIdentification, treatment: str, outcome: str) -> Iterator[Finding]:
    stuck = [group.identification for group in found.groups if not group.identification.identifiable]
    if not stuck:
        return
    moved = all(one.instruments for one in stuck)
    helpful = tuple(dict.fromkeys(addition for one in stuck for addition in one.additions))
    paths = tuple(dict.fromkeys(path for one in stuck for path in one.open_paths))
    evidence = {
        "additions": [addition.model_dump(mode="json") for addition in helpful],
        "open_paths": [{"path": path.text, "reason": path.reason} for path in paths],
        "instruments": sorted({one.name for answer in stuck for one in answer.instruments}),
        "decided": all(one.general.identifiable is False for one in stuck),
    }
    yield Finding(
        kind=FindingKind.NOT_IDENTIFIABLE,
        severity=Severity.MEDIUM if moved else Severity.HIGH,
        origin=Origin.GRAPH,
        nodes=(treatment, outcome),
        message=_stuck_text(found, stuck, (treatment, outcome), paths, helpful),
        evidence=evidence,
    )


def _stuck_text(
    found: OrientedIdentification,
    stuck: Sequence[Identification],
    ends: tuple[str, str],
    paths: Sequence[OpenPath],
    helpful: Sequence[Addition],
) -> str:
    where = "" if len(stuck) == len(found.groups) else "for some directions of the open edges, "
    effect = f"the effect of {shown(ends[0])} on {shown(ends[1])}"
    told = [f"{where}{effect} is not identified by this graph and observed data alone"]
    if any(one.general.identifiable is None for one in stuck):
        told = [f"{where}no way to {effect} was found within the limits of the search"]
    if paths:
        told.append(f"{paths[0].text} stays open, as {paths[0].reason}")
    text = "; ".join(told)
    sentences = [f"{text[0].upper()}{text[1:]}."]
    movers = sorted({one.name for answer in stuck for one in answer.instruments})
    if movers:
        one_of = "the instrument" if len(movers) == 1 else "one of the instruments"
        names = ", ".join(shown(name) for name in movers)
        sentences.append(f"With a linear or monotone effect {one_of} {names} would give it.")
    sentences += [addition.message for addition in helpful[:3]]
    return " ".join(sentences)


def _bad_controls(graph: CausalGraph, found: OrientedIdentification, adjust: tuple[str, ...]) -> Iterator[Finding]:
    """Explain the set in every orientation; the first word on a variable and kind holds."""
    ends = (found.common.treatment[0], found.common.outcome[0])
    said: dict[tuple[str, str], BadControl] = {}
    for turned in every_way(graph, found):
        for control in explain_adjustment(turned, ends[0], ends[1], adjust):
            before = said.setdefault((control.name, control.kind), control)
            if control.harmful and not before.harmful:
                said[control.name, control.kind] = control
    by_subject: dict[tuple[str, ...], list[BadControl]] = {}
    for control in said.values():
        by_subject.setdefault((control.name,) if control.name else ends, []).append(control)
    for nodes, controls in by_subject.items():
        controls.sort(key=lambda control: not control.harmful)
        yield Finding(
            kind=FindingKind.BAD_CONTROL if nodes != ends else FindingKind.OPEN_PATH,
            severity=Severity.HIGH if controls[0].harmful else Severity.LOW,
            origin=Origin.GRAPH,
            nodes=nodes,
            message=" ".join(dict.fromkeys(control.message for control in controls)),
            evidence={
                "control": controls[0].kind.value,
                "kinds": [control.kind.value for control in controls],
                "harmful": controls[0].harmful,
                "adjust": list(adjust),
            },
        )


def _not_in_data(graph: CausalGraph, query: Query, columns: Sequence[str]) -> Iterator[Finding]:
    known = frozenset(columns)
    for node in graph.nodes:
        if not node.observed or node.name in known:
            continue
        near = get_close_matches(node.name, columns, n=1, cutoff=0.8) if len(columns) <= _NEAR_NAMES_UP_TO else []
        hint = f" Did you mean {shown(near[0])}?" if near else ""
        end = node.name in (query.treatment, query.outcome)
        yield Finding(
            kind=FindingKind.NOT_IN_DATA,
            severity=Severity.HIGH if end else Severity.MEDIUM,
            origin=Origin.GRAPH,
            nodes=(node.name,),
            message=f"{shown(node.name)} is in the graph and not in the data; it is treated as unobserved.{hint}",
            evidence={"near": near},
        )


def _undirected(graph: CausalGraph, query: Query, tiers: Sequence[Sequence[str]]) -> Iterator[Finding]:
    """Name edges without direction; time may know it. On a path between treatment and outcome they matter more."""
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.UNDIRECTED]
    if not loose:
        return
    both = query.treatment is not None and query.outcome is not None
    near = on_some_path(graph, query.treatment or "", query.outcome or "") if both else frozenset[str]()
    for edge in loose:
        patch = _by_time(graph, edge, tiers)
        text = f"The direction of {shown(edge.source)} -- {shown(edge.target)} is open"
        text += f"; by the order in time it can only be {shown(str(patch.add[0]))}." if patch else "."
        yield Finding(
            kind=FindingKind.UNDIRECTED_EDGE,
            severity=Severity.MEDIUM if {edge.source, edge.target} <= near else Severity.LOW,
            origin=Origin.GRAPH,
            edge=edge,
            message=text,
            patch=patch,
        )


def _by_time(graph: CausalGraph, edge: Edge, tiers: Sequence[Sequence[str]]) -> Patch | None:
    first = earlier_of(edge.source, edge.target, tiers)
    if first is None:
        return None
    patch = Patch(remove=(edge,), add=(directed(first, edge.target if first == edge.source else edge.source),))
    try:
        patch.apply(graph)
    except CycleError:
        return None
    return patch


def _high(
    kind: FindingKind, nodes: tuple[str, ...], message: str, evidence: Mapping[str, object], patch: Patch | None = None
) -> Finding:
    return Finding(
        kind=kind,
        severity=Severity.HIGH,
        origin=Origin.GRAPH,
        nodes=nodes,
        message=message,
        evidence=dict(evidence),
        patch=patch,
    )
