from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np
import pandas as pd
import pytest
from numpy.random import SeedSequence

from copilot.checks.columns import encode_columns
from copilot.checks.data_findings import data_findings
from copilot.checks.determination import determinations
from copilot.checks.implied_findings import MOST, possible_edges
from copilot.domain.findings import Finding, FindingKind, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.variables import ColumnProfile, Kind, Query, TableProfile

ASK = Query(treatment="t", outcome="y")
GRAPH = CausalGraph.build(directed=[("z", "t"), ("w", "t"), ("w", "y"), ("t", "m"), ("m", "y")])


def profiled(frame: pd.DataFrame) -> TableProfile:
    columns = []
    for place, (name, column) in enumerate(frame.items()):
        numeric, distinct = column.dtype.kind in "fi", int(column.nunique())
        kind = Kind.CONTINUOUS if numeric else Kind.CATEGORICAL
        kind = Kind.CONSTANT if distinct <= 1 else Kind.BINARY if distinct == 2 else kind
        levels = () if kind is Kind.CONTINUOUS else tuple((str(a), int(b)) for a, b in column.value_counts().items())
        columns.append(
            ColumnProfile(
                name=str(name),
                position=place,
                kind=kind,
                rows=len(column),
                missing=int(column.isna().sum()),
                distinct=distinct,
                levels=levels[:20],
                numeric=numeric,
                minimum=float(column.min()) if numeric else None,
                maximum=float(column.max()) if numeric else None,
            )
        )
    return TableProfile(source="table", sha256="0", rows=len(frame), columns=tuple(columns))


def found_in(
    graph: CausalGraph,
    frame: pd.DataFrame,
    *,
    adjustment: Sequence[str] | None = None,
    tiers: Sequence[Sequence[str]] = (),
    most_rows: int = 1_000_000,
) -> tuple[tuple[Finding, ...], tuple[Notice, ...]]:
    profile = profiled(frame)
    names = [str(name) for name in frame.columns]
    columns = encode_columns(frame, profile, names, seed=SeedSequence(1), most_rows=most_rows)
    return data_findings(graph, ASK, columns, profile, adjustment=adjustment, tiers=tiers)


def draw(n: int, seed: int, *, direct: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    z, w, e, f, g = rng.standard_normal((5, n))
    t = (0.7 * z + np.tanh(w) + 1.5 * e > 0).astype(float)
    m = t + f
    return pd.DataFrame({"z": z, "w": w, "t": t, "m": m, "y": m + w + direct * z + g})


def told(findings: Sequence[Finding]) -> dict[tuple[str, str], Finding]:
    return {(one.kind.value, one.subject): one for one in findings}


def test_a_right_graph_has_nothing_grave_against_it_as_often_as_promised() -> None:
    grave = 0
    for seed in range(60):
        findings, _ = found_in(GRAPH, draw(800, seed), adjustment=["w"])
        grave += any(one.severity is not Severity.LOW for one in findings)
    assert grave <= 6


def test_a_removed_edge_is_named_with_what_it_speaks_for() -> None:
    findings, notices = found_in(GRAPH, draw(1000, 3, direct=0.5), adjustment=["w"])
    finding = told(findings)["implied_independence", "y, z"]
    assert findings[0] == finding
    assert finding.severity is Severity.HIGH
    assert finding.evidence["speaks_for"] == ["z -> y", "y <-> z"]
    assert (finding.evidence["given"], finding.evidence["n"], finding.evidence["tests"]) == (["m", "w"], 1000, 5)
    assert finding.evidence["strength"] > 0.3
    assert str(finding.patch) == "add z -> y"
    assert finding.patch is not None
    assert finding.patch.apply(GRAPH).has("z", "y")
    assert "independent given m, w" in finding.message
    assert notices == ()


def test_a_contradiction_far_from_the_question_weighs_less_and_both_arrows_stay_open() -> None:
    rng = np.random.default_rng(0)
    a, e, t, f = rng.standard_normal((4, 2000))
    frame = pd.DataFrame({"a": a, "b": a + e, "t": t, "y": t + f})
    graph = CausalGraph.build(nodes=["a", "b"], directed=[("t", "y")])
    findings, _ = found_in(graph, frame)
    (finding,) = findings
    assert (finding.subject, finding.severity, finding.patch) == ("a, b", Severity.MEDIUM, None)
    assert finding.evidence["speaks_for"] == ["a -> b", "b -> a", "a <-> b"]
    (finding,) = found_in(graph, frame, tiers=[["b"], ["a"]])[0]
    assert finding.evidence["speaks_for"] == ["b -> a", "a <-> b"]
    assert str(finding.patch) == "add b -> a"


def test_possible_edges_make_no_circle_and_run_with_the_question() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("t", "y")])
    assert [str(one) for one in possible_edges(graph, ASK, ("w", "y"))] == ["w -> y", "w <-> y"]
    apart = CausalGraph.build(nodes=["y"], directed=[("w", "t")])
    assert [str(one) for one in possible_edges(apart, ASK, ("w", "y"))] == ["w -> y", "w <-> y"]


def test_few_rows_are_told_and_with_twelve_nothing_breaks() -> None:
    for n, words in (
        (5, "so no independence was tested"),
        (12, "can see gross errors alone"),
        (29, "can see gross errors alone"),
    ):
        findings, _ = found_in(GRAPH, draw(n, 1), adjustment=["w"])
        finding = told(findings)["too_few_rows", "graph"]
        assert (finding.severity, finding.evidence["rows"]) == (Severity.MEDIUM, n)
        assert words in finding.message
    _, notices = found_in(GRAPH, draw(12, 1))
    assert [one.code for one in notices] == ["implied_not_tested"]


def test_constant_columns_are_graver_where_they_are_the_question() -> None:
    frame = draw(100, 1).assign(w=1.0, y="same")
    found = told(found_in(GRAPH, frame)[0])
    assert found["constant_column", "w"].severity is Severity.MEDIUM
    assert found["constant_column", "y"].severity is Severity.HIGH


def test_duplicates_settled_columns_and_leaks_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    job = rng.choice(["a", "b", "c"], n)
    frame = draw(n, 4).assign(
        z2=lambda d: 5 - 2 * d.z,
        zlog=lambda d: np.exp(d.z),
        job=job,
        sector=np.where(job == "c", "x", "y"),
        work=np.char.add("is ", job),
        sum=lambda d: d.y * 3 + 1,
        high=lambda d: (d.y > 1).astype(float),
    )
    graph = CausalGraph.build(nodes=["z2", "zlog", "job", "sector", "work", "high"], directed=_pairs(GRAPH))
    found = {key: one for key, one in told(found_in(graph, frame)[0]).items() if key[0] != "implied_independence"}
    assert {key: one.severity.value for key, one in found.items()} == {
        ("outcome_leak", "sum"): "high",
        ("duplicate_columns", "z, z2"): "medium",
        ("duplicate_columns", "job, work"): "medium",
        ("near_deterministic", "job, sector"): "low",
        ("near_deterministic", "sector, work"): "low",
        ("near_deterministic", "z, zlog"): "low",
        ("near_deterministic", "z2, zlog"): "low",
        ("outcome_leak", "high"): "medium",
    }
    assert "looks derived from the outcome" in found["outcome_leak", "high"].message
    assert "not in the graph" in found["outcome_leak", "sum"].message


def test_a_number_that_decides_the_outcome_by_a_threshold_is_a_leak() -> None:
    frame = draw(500, 1)
    frame["y"] = (frame["m"] > 0.5).astype(float)
    finding = told(found_in(GRAPH, frame)[0])["outcome_leak", "m"]
    assert (finding.severity, finding.evidence["how"]) == (Severity.HIGH, "threshold")
    assert finding.evidence["cause_in_graph"] is True


def test_missing_values_are_looked_at_pairwise_and_chance_settles_nothing() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 200))
    gaps = np.where(rng.random(200) < 0.3, np.nan, x)
    rare = np.zeros(200)
    rare[7] = 1.0
    classes = np.arange(200.0) % 13
    columns = {"x": x, "gaps": gaps, "y": y, "rare": rare, "c": classes, "d": (classes > 6) * 1.0}
    pairs = {(one.source, one.target) for one in determinations({k: v[:, None] for k, v in columns.items()}, 0.999)}
    assert pairs == {("x", "gaps"), ("gaps", "x"), ("c", "d")}


def overlap(treated: np.ndarray, frame: pd.DataFrame, adjustment: Sequence[str]) -> Finding | None:
    rng = np.random.default_rng(9)
    frame = frame.assign(t=treated, y=rng.standard_normal(len(frame)))
    graph = CausalGraph.build(directed=[*((name, "t") for name in adjustment), ("t", "y")])
    return told(found_in(graph, frame, adjustment=adjustment)[0]).get(("positivity", "t"))


def covariates(n: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame({"age": rng.uniform(20, 80, n), "sex": rng.choice(["f", "m"], n, p=[0.55, 0.45])})


def test_a_thin_region_is_named_in_the_covariates_own_units() -> None:
    frame, rng = covariates(), np.random.default_rng(1)
    few = overlap((rng.random(3000) < np.where(frame["age"] > 61, 0.004, 0.5)).astype(float), frame, ["age", "sex"])
    assert few is not None
    assert few.severity is Severity.MEDIUM
    (region,) = few.evidence["regions"]
    assert region["nodes"] == ["age"]
    assert region["where"].startswith(("where age is above 60", "where age is above 61", "where age is above 59"))
    assert f"{region['treated']} of {region['rows']} rows have t = 1" in few.message


def test_a_thin_region_of_two_covariates_and_of_text_levels_is_named() -> None:
    frame, rng = covariates(), np.random.default_rng(1)
    thin = (frame["age"] > 50) & (frame["sex"] == "m")
    treated = np.where(rng.random(3000) < np.where(thin, 0.004, 0.5), "yes", "no")
    found = overlap(treated, frame, ["age", "sex"])
    assert found is not None
    (region,) = found.evidence["regions"]
    assert region["nodes"] == ["age", "sex"]
    assert "sex = m" in region["where"]
    assert "rows have t = yes" in found.message


@pytest.mark.parametrize(("slope", "severity"), [(0.0, None), (0.03, None), (0.4, Severity.HIGH)])
def test_overlap_is_judged_by_the_share_of_rows_without_a_counterpart(slope: float, severity: Severity | None) -> None:
    frame, rng = covariates(), np.random.default_rng(1)
    score = 1 / (1 + np.exp(-slope * (frame["age"] - 50)))
    found = overlap((rng.random(3000) < score).astype(float), frame, ["age", "sex"])
    assert (None if found is None else found.severity) is severity


def test_a_rare_treatment_given_at_random_overlaps() -> None:
    frame, rng = covariates(), np.random.default_rng(1)
    assert overlap((rng.random(3000) < 0.02).astype(float), frame, ["age", "sex"]) is None


def test_perfect_separation_gives_words_and_no_error() -> None:
    frame = covariates()
    found = overlap((frame["age"] > 50).to_numpy(dtype=float), frame, ["age", "sex"])
    assert found is not None
    assert found.severity is Severity.HIGH
    assert found.evidence["share_empty"] > 0.5


@pytest.mark.parametrize(("noise", "severity"), [(10.0, None), (5.0, Severity.MEDIUM), (1.0, Severity.HIGH)])
def test_a_quantity_that_the_set_explains_leaves_nothing_to_compare(noise: float, severity: Severity | None) -> None:
    frame, rng = covariates(), np.random.default_rng(1)
    found = overlap(frame["age"].to_numpy() + noise * rng.standard_normal(3000), frame, ["age", "sex"])
    assert (None if found is None else found.severity) is severity


def test_evidence_is_plain_json_and_the_same_every_time() -> None:
    frame = draw(400, 3, direct=0.5).assign(c=1.0, late=lambda d: (d.y > 1).astype(float))
    graph = CausalGraph.build(nodes=["c"], directed=_pairs(GRAPH))
    findings, _ = found_in(graph, frame, adjustment=["w", "z"])
    assert len(findings) > 2
    assert json.loads(json.dumps([one.evidence for one in findings])) == [one.evidence for one in findings]
    assert found_in(graph, frame, adjustment=["w", "z"])[0] == findings


def test_undirected_edges_imply_nothing_and_that_is_said() -> None:
    graph = CausalGraph.build(directed=[("t", "y")], undirected=[("w", "z")])
    findings, notices = found_in(graph, draw(200, 1)[["z", "w", "t", "y"]])
    assert [one.kind for one in findings] == []
    assert [one.code for one in notices] == ["nothing_implied"]


def test_no_columns_at_all_is_no_error() -> None:
    profile = profiled(pd.DataFrame({"other": ["a", "a"]}))
    findings, notices = data_findings(GRAPH, Query(), {}, profile, adjustment=None)
    assert [one.kind for one in findings] == [FindingKind.TOO_FEW_ROWS]
    assert notices == ()


@pytest.mark.slow
def test_sixty_nodes_and_a_hundred_thousand_rows_take_bounded_time(
    within: Callable[[float], AbstractContextManager[None]],
) -> None:
    rng = np.random.default_rng(0)
    names = [*(f"n{i:02}" for i in range(58)), "t", "y"]
    table, edges = rng.standard_normal((100_000, 60)), []
    for i in range(1, 60):
        for parent in rng.choice(i, min(i, 3), replace=False).tolist():
            table[:, i] += 0.4 * table[:, parent]
            edges.append((names[parent], names[i]))
    graph = CausalGraph.build(directed=edges[:-4] + edges[-3:])
    with within(40):
        findings, notices = found_in(graph, pd.DataFrame(table, columns=names), adjustment=names[:20])
    assert {one.code for one in notices} == {"rows_sampled"}
    pair = ", ".join(sorted(edges[-4]))
    assert ("implied_independence", pair) in told(findings)


def test_more_independences_than_are_tested_or_listed_are_said() -> None:
    rng = np.random.default_rng(0)
    names = [*(f"n{i:02}" for i in range(66)), "t", "y"]
    table = rng.standard_normal((60, 68)) + 2 * rng.standard_normal((60, 1))
    findings, notices = found_in(CausalGraph.build(nodes=names), pd.DataFrame(table, columns=names))
    assert {one.code for one in notices} == {"implied_capped", "contradictions_capped"}
    assert len([one for one in findings if one.kind is FindingKind.IMPLIED_INDEPENDENCE]) == 200
    assert findings[0].evidence["tests"] == MOST
    strengths = [one.evidence["strength"] for one in findings if one.severity is Severity.HIGH]
    assert strengths == sorted(strengths, reverse=True)


def _pairs(graph: CausalGraph) -> list[tuple[str, str]]:
    return [(edge.source, edge.target) for edge in graph.edges]


def test_names_from_outside_are_cleaned_in_every_message() -> None:
    rng = np.random.default_rng(0)
    a, e, t, f = rng.standard_normal((4, 500))
    bad = {name: f"{name}\x1b[31m" for name in "abcd"}
    frame = pd.DataFrame({bad["a"]: a, bad["b"]: a + e, bad["c"]: -a, bad["d"]: 1.0, "t": t, "y": t + f})
    frame["copy\x1b[0m"] = frame["y"] * 2
    graph = CausalGraph.build(nodes=bad.values(), directed=[("t", "y"), (bad["a"], "t")])
    findings, notices = found_in(graph, frame, adjustment=[bad["a"]], tiers=[[bad["b"]], [bad["a"]]])
    kinds = {one.kind for one in findings}
    assert kinds >= {FindingKind.IMPLIED_INDEPENDENCE, FindingKind.DUPLICATE_COLUMNS, FindingKind.OUTCOME_LEAK}
    assert not any("\x1b" in one.message for one in (*findings, *notices))
