from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from copilot.checks.graph_findings import circle_findings, graph_findings
from copilot.domain.findings import Finding, FindingKind, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Query
from copilot.errors import GraphError, UnknownVariableError

ASK = Query(treatment="t", outcome="y")
RIGHT = CausalGraph.build(directed=[("z", "t"), ("w", "t"), ("w", "y"), ("t", "m"), ("m", "y"), ("p", "y")])


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.severity.value, one.subject) for one in findings]


def test_a_right_graph_has_nothing_against_it() -> None:
    assert graph_findings(RIGHT, ASK, adjust=["w"], tiers=[["z", "w"], ["t"], ["y"]], columns=RIGHT.names) == ()


def test_nodes_on_no_path_are_named_unless_they_are_causes() -> None:
    graph = CausalGraph.build(nodes=["alone"], directed=[*_pairs(RIGHT), ("y", "late")])
    assert told(graph_findings(graph, ASK)) == [("off_path", "low", "alone"), ("off_path", "low", "late")]


def test_a_question_turned_round_is_told_with_the_arrow_that_would_turn_it() -> None:
    graph = CausalGraph.build(directed=[("y", "t"), ("w", "t"), ("w", "y")])
    found = {one.kind: one for one in graph_findings(graph, ASK)}
    assert set(found) == {FindingKind.AGAINST_TIME, FindingKind.NO_CAUSAL_PATH, FindingKind.REVERSED_QUESTION}
    assert all(one.severity is Severity.HIGH for one in found.values())
    assert str(found[FindingKind.REVERSED_QUESTION].patch) == "reverse y -> t"
    assert found[FindingKind.REVERSED_QUESTION].nodes == ("t", "y")


def test_what_would_identify_the_effect_is_in_the_evidence_and_the_words() -> None:
    graph = CausalGraph.build(directed=[("t", "m"), ("m", "y")], bidirected=[("t", "y")], latent=["m"])
    (finding,) = graph_findings(graph, ASK)
    assert told((finding,)) == [("not_identifiable", "high", "t, y")]
    kinds = {addition["kind"] for addition in finding.evidence["additions"]}
    assert kinds == {"measure", "mediator", "instrument"}
    assert finding.evidence["open_paths"][0]["path"] == "t <-> y"
    for words in ("t <-> y stays open", "Measure the common cause", "Measure m", "Find an instrument"):
        assert words in finding.message


def test_an_instrument_softens_what_is_not_identified() -> None:
    graph = CausalGraph.build(directed=[("z", "t"), ("t", "y")], bidirected=[("t", "y")])
    (finding,) = graph_findings(graph, ASK)
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence["instruments"] == ["z"]
    assert "instrument z" in finding.message


@pytest.mark.parametrize(
    ("edges", "adjust", "name", "control", "severity"),
    [
        ([("t", "m"), ("m", "y")], ["m"], "m", "mediator", "high"),
        ([("t", "y"), ("t", "c"), ("y", "c")], ["c"], "c", "descendant_of_outcome", "high"),
        ([("t", "y"), ("a", "t"), ("a", "c"), ("b", "c"), ("b", "y")], ["c"], "c", "collider", "high"),
        ([("t", "m"), ("m", "y"), ("m", "d")], ["d"], "d", "descendant_of_mediator", "high"),
        ([("t", "y"), ("z", "t")], ["z"], "z", "instrument", "low"),
        ([("t", "y"), ("w", "t"), ("w", "y")], [], "t, y", "not_enough", "high"),
        ([("t", "y"), ("w", "t"), ("w", "y")], ["w", "y"], "y", "outcome", "high"),
    ],
)
def test_bad_controls_are_told_by_kind(
    edges: list[tuple[str, str]], adjust: list[str], name: str, control: str, severity: str
) -> None:
    found = graph_findings(CausalGraph.build(directed=edges), ASK, adjust=adjust)
    (bad,) = (one for one in found if one.kind in {FindingKind.BAD_CONTROL, FindingKind.OPEN_PATH})
    assert (bad.kind is FindingKind.OPEN_PATH) is (control == "not_enough")
    assert (bad.subject, bad.severity, bad.evidence["control"]) == (name, severity, control)


def test_a_control_that_is_bad_in_one_direction_alone_is_told_though_the_answer_is_the_same() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("y", "late")], undirected=[("a", "t"), ("a", "late")])
    (bad,) = (one for one in graph_findings(graph, ASK, adjust=["a"]) if one.kind is FindingKind.BAD_CONTROL)
    assert (bad.subject, bad.severity, bad.evidence["control"]) == ("a", "high", "descendant_of_outcome")


def test_edges_against_the_tiers_are_reversed_or_removed() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("late", "early"), ("late", "mid"), ("mid", "early")])
    tiers = [["early"], ["mid"], ["late"]]
    found = [one for one in graph_findings(graph, ASK, tiers=tiers, measured={"late": "after"}) if one.edge is not None]
    assert {one.subject: str(one.patch) for one in found} == {
        "late -> early": "remove late -> early",
        "late -> mid": "reverse late -> mid",
        "mid -> early": "reverse mid -> early",
    }
    assert all(one.kind is FindingKind.AGAINST_TIME and one.severity is Severity.HIGH for one in found)
    assert "late was measured: after" in found[0].message


def test_an_outcome_that_causes_a_cause_of_the_treatment_is_against_time() -> None:
    graph = CausalGraph.build(directed=[("y", "w"), ("w", "t")])
    (finding,) = (one for one in graph_findings(graph, ASK) if one.kind is FindingKind.AGAINST_TIME)
    assert (finding.subject, str(finding.patch)) == ("y -> w", "reverse y -> w")
    assert finding.evidence["order"] == "question"


def test_nodes_without_a_column_count_as_unobserved() -> None:
    graph = CausalGraph.build(directed=[("weight", "t"), ("weight", "y"), ("t", "y"), ("u", "y")], latent=["u"])
    found = graph_findings(graph, ASK, columns=["t", "y", "weights"])
    assert told(found) == [("not_identifiable", "high", "t, y"), ("not_in_data", "medium", "weight")]
    assert "treated as unobserved. Did you mean weights?" in found[1].message
    assert told(graph_findings(graph, ASK, columns=["t", "weight"])) == [
        ("not_identifiable", "high", "t, y"),
        ("not_in_data", "high", "y"),
    ]


def test_undirected_edges_are_open_unless_time_knows() -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "y")], undirected=[("t", "w"), ("a", "y")])
    found = graph_findings(graph, ASK, adjust=["w"], tiers=[["w"], ["t"]])
    edges = {one.subject: one for one in found if one.kind is FindingKind.UNDIRECTED_EDGE}
    assert edges["t -- w"].severity is Severity.MEDIUM
    assert edges["a -- y"].severity is Severity.LOW
    assert edges["a -- y"].patch is None
    patch = edges["t -- w"].patch
    assert patch is not None
    assert patch.apply(graph).has("w", "t")
    assert {one.evidence["control"] for one in found if one.kind is FindingKind.BAD_CONTROL} == {"mediator"}


def test_without_treatment_or_outcome_only_what_needs_none_is_looked_at() -> None:
    graph = CausalGraph.build(nodes=["alone"], directed=[("y", "t")], undirected=[("a", "b")])
    found = graph_findings(graph, Query(treatment="t"), tiers=[["t"], ["y"]], columns=["t", "y", "a", "b"])
    assert told(found) == [
        ("against_time", "high", "y -> t"),
        ("not_in_data", "medium", "alone"),
        ("undirected_edge", "low", "a -- b"),
    ]
    assert graph_findings(CausalGraph(), Query()) == ()


def test_wrong_names_are_refused_in_words() -> None:
    with pytest.raises(UnknownVariableError):
        graph_findings(RIGHT, Query(treatment="t", outcome="income"))
    with pytest.raises(UnknownVariableError):
        graph_findings(RIGHT, ASK, adjust=["age"])
    with pytest.raises(GraphError, match="both treatment and outcome"):
        graph_findings(RIGHT, Query(treatment="t", outcome="t"))


def test_circles_are_named_once_from_the_first_name() -> None:
    found = circle_findings([("b", "c", "a"), ("a", "b", "c", "a")], ["x\x1b[1m", "x\x1b[1m"])
    assert told(found) == [("cycle", "high", "a -> b -> c -> a"), ("self_loop", "high", "x\x1b[1m")]
    assert "\x1b" not in found[1].message
    assert found[0].evidence["edges"] == ["a -> b", "b -> c", "c -> a"]


@pytest.mark.slow
def test_sixty_nodes_take_bounded_time(within: Callable[[float], AbstractContextManager[None]]) -> None:
    names = [f"n{i:02}" for i in range(58)]
    edges = [(one, other) for i, one in enumerate(names) for j, other in enumerate(names) if i < j and (i * j) % 3 == 0]
    graph = CausalGraph.build(
        directed=[*edges, *((name, "t") for name in names[:40]), *((name, "y") for name in names), ("t", "y")],
        undirected=[(names[i], names[i + 3]) for i in (1, 4, 7, 10)],
    )
    with within(20):
        found = graph_findings(graph, ASK, adjust=names, columns=[*names, "t", "y"])
    assert [one.kind for one in found if one.severity is Severity.HIGH] == []


def _pairs(graph: CausalGraph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]
