from __future__ import annotations

import numpy as np

from copilot.checks.columns import Floats
from copilot.checks.data_findings import data_findings
from copilot.checks.edge_findings import edge_findings, explain_contradictions
from copilot.domain.findings import Finding, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.variables import ColumnProfile, Kind, Query, TableProfile

TRUE = (("a", "t"), ("b", "t"), ("a", "y"), ("t", "y"), ("y", "late"), ("t", "late"))
QUERY = Query(treatment="t", outcome="y")


def table(seed: int = 3, n: int = 2_000, hidden: float = 0.0) -> dict[str, Floats]:
    rng, made = np.random.default_rng(seed), dict[str, Floats]()
    u = rng.normal(size=n)
    for name in ("a", "b", "t", "y", "late"):
        shared = hidden * u if name in {"t", "y"} else 0.0
        made[name] = rng.normal(size=n) + shared + sum((0.6 * made[p] for p, c in TRUE if c == name), np.zeros(n))
    return {name: ((v - v.mean()) / v.std())[:, None] for name, v in made.items()}


def critique(graph: CausalGraph, columns: dict[str, Floats]) -> tuple[Finding, ...]:
    n = len(next(iter(columns.values())))
    kinds = tuple(
        ColumnProfile(name=name, position=i, kind=Kind.CONTINUOUS, rows=n, missing=0, distinct=n)
        for i, name in enumerate(columns)
    )
    profile = TableProfile(source="t.csv", sha256="0" * 64, rows=n, columns=kinds)
    found, _ = data_findings(graph, QUERY, columns, profile, adjustment=None)
    return explain_contradictions(graph, (*found, *edge_findings(graph, QUERY, columns, found)))


def named(findings: tuple[Finding, ...], kind: str) -> list[str]:
    return [one.subject for one in findings if one.kind.value == kind]


def test_the_true_graph_keeps_its_arrows() -> None:
    worse = [
        one.subject
        for seed in range(20)
        for one in critique(CausalGraph.build(directed=TRUE), table(seed))
        if one.severity is not Severity.LOW or one.kind.value in {"reversed_edge", "spurious_edge"}
    ]
    assert len(worse) <= 3


def test_a_turned_arrow_is_named_first_and_takes_the_contradictions_upon_itself() -> None:
    wrong = CausalGraph.build(directed=[edge for edge in TRUE if edge != ("y", "late")] + [("late", "y")])
    found = critique(wrong, table())
    assert named(found, "reversed_edge") == ["late -> y"]
    (turned,) = [one for one in found if one.kind.value == "reversed_edge"]
    assert str(turned.patch) == "reverse late -> y"
    assert turned.evidence["explains"] >= 1
    explained = [one for one in found if one.evidence.get("explained_by") == "late -> y"]
    assert len(explained) == turned.evidence["explains"]
    assert all(one.severity is Severity.LOW for one in explained)


def test_a_turned_arrow_is_named_though_its_end_has_a_hidden_cause() -> None:
    edges = [edge for edge in TRUE if edge not in {("y", "late"), ("t", "late")}] + [("late", "y")]
    wrong = CausalGraph.build(directed=edges, bidirected=[("t", "y")])
    columns = table(hidden=1.0)
    columns["late"] = columns["y"] + 0.5 * np.random.default_rng(5).normal(size=columns["y"].shape)
    assert named(critique(wrong, columns), "reversed_edge") == ["late -> y"]


def test_an_arrow_without_a_trace_is_named_and_counts_little() -> None:
    more = CausalGraph.build(directed=[*TRUE, ("b", "y")])
    (spurious,) = [one for one in critique(more, table()) if one.kind.value == "spurious_edge"]
    assert (spurious.subject, spurious.severity) == ("b -> y", Severity.LOW)
    assert str(spurious.patch) == "remove b -> y"


def test_the_arrow_in_question_is_never_named_and_time_is_kept() -> None:
    columns = table()
    columns["y"] = np.random.default_rng(9).normal(size=columns["y"].shape)
    graph = CausalGraph.build(directed=[("a", "t"), ("t", "y")], nodes=("b", "late"))
    assert named(critique(graph, columns), "spurious_edge") == []
    wrong = CausalGraph.build(directed=[edge for edge in TRUE if edge != ("y", "late")] + [("late", "y")])
    assert edge_findings(wrong, QUERY, table(), (), [["late"], ["t"], ["y"]]) == ()


def test_few_rows_and_open_directions_say_nothing() -> None:
    short = {name: matrix[:60] for name, matrix in table().items()}
    assert edge_findings(CausalGraph.build(directed=TRUE), QUERY, short, ()) == ()
    loose = CausalGraph.build(directed=TRUE[:-1], undirected=[TRUE[-1]])
    assert edge_findings(loose, QUERY, table(), ()) == ()
