"""Findings as lines for people, JSON for scripts, Markdown for documents and SARIF for code review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from copilot import SCHEMA_VERSION, __version__
from copilot.data.terms import term_of
from copilot.domain.findings import Finding, Origin, Severity
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.domain.votes import Turnout
from copilot.report.suggestion import notices_json

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from copilot.domain.notice import Notice

_WHO = {Origin.GRAPH: "the graph", Origin.DATA: "the data", Origin.LLM: "votes"}
_STYLE = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "dim"}
_SARIF_LEVEL = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAMED = 2
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#"})


def finding_json(finding: Finding) -> dict[str, Any]:
    """Write one finding as the JSON contract has it."""
    patch = finding.patch
    return {
        "kind": finding.kind.value,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "origin": finding.origin.value,
        "votes": finding.votes,
        "valid": finding.valid,
        "evidence": finding.evidence,
        "patch": None if patch is None else {**patch.model_dump(mode="json"), "text": str(patch)},
        "nodes": list(finding.nodes),
        "edge": None if finding.edge is None else finding.edge.model_dump(mode="json"),
        "term": term_of(finding.kind.value),
    }


def critique_json(
    findings: Sequence[Finding],
    query: Query,
    *,
    turnout: Turnout | None,
    left_out: Sequence[str],
    notices: Sequence[Notice],
    graph_hash: str | None,
) -> dict[str, Any]:
    """Build the ``critique`` object, without ``usage``: what a replay reproduces to the byte."""
    return {
        "query": query.model_dump(mode="json"),
        "graph_hash": graph_hash,
        "findings": [finding_json(one) for one in findings],
        "counts": {level.value: sum(one.severity is level for one in findings) for level in Severity},
        "voters": None if turnout is None else turnout.model_dump(mode="json"),
        "left_out": list(left_out),
        "notices": notices_json(notices),
    }


def findings_view(findings: Sequence[Finding]) -> Group:
    """Draw the findings, the worst first: a line that says what and who says so, and below it why."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    parts: list[RenderableType] = []
    for one in findings:
        head = Text.assemble(
            (f"{one.severity.value:<7}", _STYLE[one.severity]),
            (one.kind.value.replace("_", " "), "bold"),
            f": {shown(one.subject)}",
            (f"  ({_who(one)})", "dim"),
        )
        body = Text(one.message)
        if one.patch is not None:
            body.append(f" Patch: {one.patch}.", style="italic")
        parts += [head, Padding(body, (0, 0, 0, 7))]
    return Group(*parts)


def _who(one: Finding) -> str:
    votes = "" if one.votes is None else f", {one.votes} of {one.valid} critics"
    return f"{_WHO[one.origin]}{votes}" if one.origin is not Origin.LLM else votes.removeprefix(", ")


def findings_markdown(findings: Sequence[Finding], graph: str, left_out: Sequence[str] = ()) -> str:
    """Write the findings as a Markdown document; everything from outside is escaped."""
    lines = [f"# Critique of {_escaped(graph)}", ""]
    lines += [_count_line(findings), ""]
    if findings:
        lines += ["| severity | finding | about | said by | what | patch |", "|---|---|---|---|---|---|"]
    for one in findings:
        votes = "" if one.votes is None else f" {one.votes}/{one.valid}"
        cells = (
            *(one.severity.value, one.kind.value.replace("_", " "), _escaped(one.subject)),
            *(f"{_WHO[one.origin]}{votes}", _escaped(one.message), _escaped(str(one.patch or ""))),
        )
        lines.append(f"| {' | '.join(cells)} |")
    if left_out:
        lines += ["", "Not looked at:", "", *(f"- {_escaped(text)}" for text in left_out)]
    return "\n".join(lines)


def findings_sarif(findings: Sequence[Finding], graph: str) -> dict[str, Any]:
    """Write the findings as SARIF 2.1.0 (OASIS), for tools that show findings beside a file."""
    kinds = sorted({one.kind for one in findings})
    rules = [{"id": kind.value, "shortDescription": {"text": kind.value.replace("_", " ")}} for kind in kinds]
    results = [
        {
            "ruleId": one.kind.value,
            "ruleIndex": kinds.index(one.kind),
            "level": _SARIF_LEVEL[one.severity],
            "message": {"text": f"{shown(one.subject)}: {one.message}"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": _uri(graph)}},
                    "logicalLocations": [{"name": shown(one.subject)}],
                }
            ],
            "properties": finding_json(one),
        }
        for one in findings
    ]
    driver = {"name": "copilot", "version": __version__, "semanticVersion": __version__, "rules": rules}
    properties = {"schema_version": SCHEMA_VERSION}
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results, "properties": properties}],
    }


def _count_line(findings: Sequence[Finding]) -> str:
    if not findings:
        return "No findings."
    counts = [(level.value, sum(one.severity is level for one in findings)) for level in reversed(Severity)]
    many = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return f"{many}: {', '.join(f'{count} {word}' for word, count in counts if count)}."


def critique_line(findings: Sequence[Finding]) -> str:
    """Say in a line what was found doubtful about the graph, the worst first; empty if nothing matters much."""
    worst = [one for one in findings if one.severity is not Severity.LOW]
    if not worst:
        return ""
    named = "; ".join(f"{one.kind.value.replace('_', ' ')}: {shown(one.subject)}" for one in worst[:_NAMED])
    more = f"; {len(worst) - _NAMED} more" if len(worst) > _NAMED else ""
    return f"{named}{more}. `copilot critique` says why."


def count_line(findings: Sequence[Finding]) -> str:
    """Say how many findings there are, by severity."""
    return _count_line(findings)


def _escaped(text: str) -> str:
    return shown(text).translate(_MARKDOWN)


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path.replace("\\", "/"))
