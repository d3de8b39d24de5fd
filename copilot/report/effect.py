"""An analysis as JSON: what a replay reproduces to the byte."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from copilot import SCHEMA_VERSION
from copilot.data.terms import term_of
from copilot.domain.analysis import Analysis
from copilot.domain.effects import Question, Refutation
from copilot.report.critique import finding_json
from copilot.report.identified import identification_json
from copilot.report.suggestion import graph_json, notices_json


def analysis_json(command: str, run_id: str, analysis: Analysis) -> dict[str, Any]:
    """Build the object of ``estimate``, ``refute`` and ``analyze``.

    Parameters
    ----------
    command
        Its name.
    run_id
        Of the run.
    analysis
        What was computed.
    """
    chosen = analysis.chosen
    review = analysis.review
    controls = [_refutation(one) for one in analysis.refutations if one.refuter == "negative_control"]
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "run_id": run_id,
        "query": analysis.query.model_dump(mode="json"),
        "graph": graph_json(review.graph),
        "graph_hash": review.graph.content_hash,
        "graph_source": PurePath(analysis.graph_source).name,
        "approved_by": review.approved_by,
        "reviewed": review.reviewed,
        **identification_json(analysis.identification),
        "chosen": None if chosen is None else chosen.model_dump(mode="json"),
        "contrast": {"text": analysis.contrast, "reason": analysis.contrast_reason},
        "unit": analysis.unit,
        "rows": {"read": analysis.rows_read, "used": analysis.rows_used},
        "choice_reason": analysis.choice_reason,
        "estimates": [estimate.model_dump(mode="json") for estimate in analysis.estimates],
        "refutations": [_refutation(one) for one in analysis.refutations],
        "refutation_questions": {
            question.value: [one.refuter for one in analysis.refutations if one.question is question]
            for question in Question
        },
        "negative_controls": controls,
        "sensitivity": None if analysis.sensitivity is None else analysis.sensitivity.model_dump(mode="json"),
        "overlap": None if analysis.overlap is None else analysis.overlap.model_dump(mode="json"),
        "many_graphs": None if analysis.many_graphs is None else analysis.many_graphs.model_dump(mode="json"),
        "bounds": [bound.model_dump(mode="json") for bound in analysis.bounds],
        "proximal": None if analysis.proximal is None else analysis.proximal.model_dump(mode="json"),
        "reference": None if analysis.reference is None else analysis.reference.model_dump(mode="json"),
        "suspected": list(analysis.suspected),
        "findings": [finding_json(one) for one in analysis.findings],
        "verdict": None if analysis.verdict is None else analysis.verdict.model_dump(mode="json"),
        "interpretation": None if analysis.interpretation is None else analysis.interpretation.model_dump(mode="json"),
        "notices": notices_json(analysis.notices),
        "artifacts": {"graph": "graph.dot", "report": "report.json"}
        | ({"page": "report.html", "markdown": "report.md"} if command == "analyze" else {}),
    }


def _refutation(one: Refutation) -> dict[str, Any]:
    return {**one.model_dump(mode="json", exclude={"overlap"}), "term": term_of(one.refuter)}
