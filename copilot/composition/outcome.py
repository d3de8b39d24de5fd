"""The files a finished run leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.data.atomic import write_atomic
from copilot.data.graph_files import EdgeLabel, format_of, write_graph
from copilot.data.runs import MANIFEST, RunFolder
from copilot.domain.consensus import Consensus, Status
from copilot.domain.graph import Edge
from copilot.domain.notice import Notice
from copilot.domain.review import Review
from copilot.report.suggestion import edge_label, graph_json, suggestion_json

if TYPE_CHECKING:
    from copilot.composition.suggest import SuggestJob
    from copilot.workflow.suggest_graph import Suggestion


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the JSON object without usage, and the graph as DOT."""

    payload: dict[str, Any]
    dot: str


def write_outcome(
    job: SuggestJob,
    suggestion: Suggestion,
    review: Review,
    notices: Sequence[Notice],
    folder: RunFolder,
    output: Path | None,
) -> Written:
    """Write graph, consensus, decisions and report into the run's folder, and the graph where the user wants it.

    Everything but ``manifest.json`` and ``calls.jsonl`` is the same to the byte when the run is repeated.
    """
    payload = suggestion_json(job.run_id, suggestion.consensus, review, notices)
    labels = edge_labels(suggestion.consensus)
    query = job.options.query

    def drawn(format_name: str) -> str:
        return write_graph(
            review.graph,
            format_name,
            labels=labels,
            header=stamp(job.run_id, review),
            treatment=query.treatment,
            outcome=query.outcome,
        )

    dot = drawn("dot")
    folder.write_text("graph.dot", dot)
    folder.write_json("graph.json", {"graph": graph_json(review.graph), "graph_hash": review.graph.content_hash})
    folder.write_json("consensus.json", suggestion.consensus.model_dump(mode="json"))
    folder.write_json("decisions.json", review.model_dump(mode="json", exclude={"graph"}))
    folder.write_json("report.json", payload)
    manifest = folder.read_json(MANIFEST)
    folder.write_json(
        MANIFEST,
        {
            **manifest,
            "status": "complete",
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
            "approved_by": review.approved_by,
            "reviewed": review.reviewed,
            "graph_hash": review.graph.content_hash,
        },
    )
    if output is not None:
        write_atomic(output, drawn(format_of(str(output))))
    return Written(payload=payload, dot=dot)


def edge_labels(consensus: Consensus) -> dict[Edge, EdgeLabel]:
    """Label every edge with its votes; contested ones are dashed."""
    labels = {}
    for edge in consensus.edges:
        if edge.in_graph:
            key = Edge(source=edge.source, target=edge.target, kind=edge.kind)
            why = next((rationale.text for rationale in edge.rationales if rationale.stance == "for"), "")
            style = "dashed" if edge.status is Status.CONTESTED else "solid"
            labels[key] = EdgeLabel(label=edge_label(edge), style=style, tooltip=why)
    return labels


def stamp(run_id: str, review: Review) -> tuple[str, ...]:
    """Say at the head of a graph file who accepted it."""
    if review.reviewed:
        who = f"reviewed and accepted by {review.approved_by}"
    elif review.approved_by is None:
        who = "proposed, not accepted by anybody"
    else:
        who = "accepted with --yes, not reviewed"
    return (f"copilot suggest-graph, run {run_id}", who, f"content {review.graph.content_hash[:16]}")
