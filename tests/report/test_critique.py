from __future__ import annotations

import io
import json

from rich.console import Console

from copilot.domain.findings import Finding, FindingKind, Origin, Patch, Severity, directed, sorted_findings
from copilot.domain.graph import CausalGraph
from copilot.report.critique import finding_json, findings_markdown, findings_sarif, findings_view

EVIL = "<script>|`x`[bold]"
FINDINGS = (
    Finding(
        kind=FindingKind.MISSING_EDGE,
        severity=Severity.MEDIUM,
        origin=Origin.LLM,
        nodes=(EVIL, "y"),
        edge=directed(EVIL, "y"),
        message=f"3 of 5 critics miss {EVIL} -> y.",
        votes=3,
        valid=5,
        patch=Patch(add=(directed(EVIL, "y"),)),
    ),
    Finding(kind=FindingKind.OFF_PATH, severity=Severity.LOW, origin=Origin.GRAPH, nodes=("z",), message="Off."),
)


def test_sarif_names_the_file_the_rule_and_the_level() -> None:
    log = findings_sarif(FINDINGS, "my graphs/g.dot")
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [one["level"] for one in run["results"]] == ["warning", "note"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "my%20graphs/g.dot"}
    assert json.loads(json.dumps(log, allow_nan=False)) == log


def test_markdown_shows_a_hostile_name_as_text() -> None:
    text = findings_markdown(FINDINGS, "g.dot", ["The data: none."])
    assert "<script>" not in text.replace(r"\<script\>", "")
    rows = [line for line in text.splitlines() if line.startswith("| medium")]
    assert len(rows) == 1
    assert rows[0].replace(r"\|", "").count("|") == 7
    assert "3/5" in rows[0]


def test_the_screen_takes_no_markup_from_a_name() -> None:
    stream = io.StringIO()
    Console(file=stream, width=200).print(findings_view(FINDINGS))
    assert "[bold]" in stream.getvalue()


def test_a_finding_has_the_keys_of_the_contract() -> None:
    told = finding_json(FINDINGS[0])
    assert {"kind", "severity", "subject", "message", "origin", "votes", "valid", "evidence", "patch"} <= set(told)
    assert told["subject"] == f"{EVIL} -> y"
    assert told["patch"]["add"] == [{"source": EVIL, "target": "y", "kind": "directed"}]


def test_the_worst_comes_first() -> None:
    assert sorted_findings(tuple(reversed(FINDINGS))) == FINDINGS


def test_a_patch_changes_the_graph_and_one_that_no_longer_fits_is_refused() -> None:
    graph = CausalGraph.build(directed=[("a", "b"), ("b", "c")])
    patch = Patch(remove=(directed("a", "b"),), add=(directed("b", "a"), directed("u", "c")), latent=("u",))
    changed = patch.apply(graph)
    assert [str(edge) for edge in changed.edges] == ["b -> a", "b -> c", "u -> c"]
    assert changed.latent == {"u"}
    assert str(patch) == "remove a -> b, add the unobserved node u, add b -> a, add u -> c"
