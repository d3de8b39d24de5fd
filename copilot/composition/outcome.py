"""The files that a voted and reviewed graph leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.data.atomic import write_atomic
from copilot.data.graph_files import format_of
from copilot.data.runs import ANALYSIS, CONSENSUS, DECISIONS, DOT, GRAPH, MANIFEST, NOTICES, PROFILE, REPORT, RunFolder
from copilot.domain.consensus import Consensus
from copilot.domain.notice import Notice
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.report.graph_file import graph_text
from copilot.report.suggestion import graph_json, suggestion_json
from copilot.workflow.accept import accept_unseen

if TYPE_CHECKING:
    from copilot.workflow.hanging import Key


@dataclass(frozen=True, slots=True)
class Outcome:
    """A graph that went through the gate, with all that belongs to it."""

    run_id: str
    query: Query
    profile: tuple[dict[str, Any], ...]
    consensus: Consensus
    review: Review
    notices: tuple[Notice, ...]

    def drawn(self, format_name: str) -> str:
        """Write the graph with its votes, as a stamped file."""
        return graph_text(
            self.review.graph,
            format_name,
            consensus=self.consensus,
            review=self.review,
            run_id=self.run_id,
            query=self.query,
        )

    def payload(self) -> dict[str, Any]:
        """Give the JSON object without usage: what a replay reproduces to the byte."""
        return suggestion_json(self.run_id, self.profile, self.consensus, self.review, self.notices)


def write_outcome(outcome: Outcome, folder: RunFolder, output: Path | None = None) -> None:
    """Write graph, decisions and report into the run's folder, and the graph where the user wants it.

    All but ``manifest.json``, ``calls.jsonl`` and the reviewer's name is the same to the byte when a run is repeated.
    """
    review = outcome.review
    folder.write_text(DOT, outcome.drawn("dot"))
    folder.write_json(GRAPH, {"graph": graph_json(review.graph), "graph_hash": review.graph.content_hash})
    folder.write_json(DECISIONS, review.model_dump(mode="json", exclude={"graph"}))
    folder.write_json(REPORT, outcome.payload())
    folder.write_json(
        MANIFEST,
        {
            **folder.read_json(MANIFEST),
            "status": "complete",
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
            "approved_by": review.approved_by,
            "reviewed": review.reviewed,
            "graph_hash": review.graph.content_hash,
        },
    )
    if output is not None:
        write_atomic(output, outcome.drawn(format_of(str(output))))


def hanging_in(folder: RunFolder) -> dict[Key, str]:
    """Read on which pairs the answer of a run hangs, the gravest first; nothing if no effect was computed in it."""
    from copilot.domain.many_graphs import PivotalEdge
    from copilot.workflow.hanging import hanging_on

    if not (folder.path / ANALYSIS).is_file():
        return {}
    many = folder.read_json(ANALYSIS).get("many_graphs") or {}
    return hanging_on(PivotalEdge.model_validate(edge) for edge in many.get("edges", ()))


def read_outcome(folder: RunFolder) -> Outcome:
    """Read what a run has come to so far; a run whose votes nobody has reviewed gives its consensus.

    Raises
    ------
    InputDataError
        If the run was stopped before it had a consensus, or a file is damaged.
    """
    manifest = folder.read_json(MANIFEST)
    consensus = Consensus.model_validate(folder.read_json(CONSENSUS))
    review = accept_unseen(consensus, yes=False)
    told = folder.read_json(NOTICES) if (folder.path / NOTICES).is_file() else []
    notices = (*(Notice.model_validate(notice) for notice in told), *consensus.notices)
    profile = tuple(folder.read_json(PROFILE)) if (folder.path / PROFILE).is_file() else ()
    if (folder.path / REPORT).is_file():
        graph = folder.read_json(GRAPH)["graph"]
        review = Review.model_validate({**folder.read_json(DECISIONS), "graph": graph})
    query = Query.model_validate(manifest.get("query") or {})
    return Outcome(
        run_id=str(manifest["run_id"]),
        query=query,
        profile=profile,
        consensus=consensus,
        review=review,
        notices=notices,
    )
