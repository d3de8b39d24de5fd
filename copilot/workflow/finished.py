"""What a finished analysis has to say, in numbers as people read them: all that is told of it to a model."""

from __future__ import annotations

from typing import Any

from copilot.domain.analysis import Analysis
from copilot.domain.bounds import Bound
from copilot.domain.effects import Estimate
from copilot.domain.numbers import interval, number
from copilot.domain.review import ACCEPTED_AS_FILE, Approval
from copilot.domain.text import clean

_MOST = 12
"""Entries of a list that are told; the first are the gravest."""


def finished_results(analysis: Analysis) -> dict[str, Any]:
    """Gather numbers and words of the results; nothing of the rows, and no edge of the graph.

    Parameters
    ----------
    analysis
        With its verdict.

    Returns
    -------
    dict
        A word for what it is → a JSON value; what the analysis does not have is left out.
    """
    query, chosen, verdict = analysis.query, analysis.chosen, analysis.verdict
    many, sensitivity = analysis.many_graphs, analysis.sensitivity
    told: dict[str, Any] = {
        "treatment": query.treatment,
        "outcome": query.outcome,
        "compared": analysis.contrast,
        "graph": _graph(analysis),
        "adjusted_for": [] if chosen is None else list(chosen.used),
        "why_so": "" if chosen is None else chosen.reason,
        "rows_used": analysis.rows_used,
        "estimates": [_estimate(one) for one in analysis.estimates[:_MOST]],
        "checks": [
            {"check": one.refuter, "asks": one.question.value, "status": one.status.value, "says": one.message}
            | ({"about": one.subject} if one.subject else {})
            for one in analysis.refutations[:_MOST]
        ],
        "other_graphs": "" if many is None else many.message,
        "most_hangs_on": [] if many is None else [one.message for one in many.edges[:3]],
        "bounds": [_bound(one) for one in analysis.bounds[:_MOST]],
        "by_negative_controls": None if analysis.proximal is None else _estimate(analysis.proximal),
        "hidden_cause_would_need": {}
        if sensitivity is None
        else {
            "share_of_the_rest_of_treatment_and_outcome": number(sensitivity.robustness_value, 3),
            "e_value": None if sensitivity.e_value is None else number(sensitivity.e_value, 3),
        },
        "suspected_hidden_causes": list(analysis.suspected[:_MOST]),
        "standing": "" if verdict is None else verdict.standing.value,
        "verdict": "" if verdict is None else verdict.text,
        "doubts": [] if verdict is None else list(verdict.doubts),
    }
    return {key: _cleaned(value) for key, value in told.items() if value not in ("", None, [], {}, 0)}


def _graph(analysis: Analysis) -> str:
    review = analysis.review
    if review.reviewed:
        return "a person stands for it"
    if review.approved_by == ACCEPTED_AS_FILE:
        return "given as a file, not every edge reviewed"
    return "accepted without a review" if review.approval is Approval.UNSEEN else "accepted, not every edge reviewed"


def _estimate(one: Estimate) -> dict[str, Any]:
    told = {
        "by": one.estimator,
        "effect": number(one.value),
        "interval_95": interval(one.interval) if one.interval is not None else "",
        "unit": one.unit,
        "whose": one.target.value,
        "group": one.group,
        "risk_ratio": "" if one.risk_ratio is None else number(one.risk_ratio.value),
        "headline": one.headline,
    }
    return {key: value for key, value in told.items() if value}


def _bound(one: Bound) -> dict[str, Any]:
    within = {"with_sampling_error": interval(one.interval)} if one.interval is not None else {}
    return {"under": one.title, "effect_lies_in": interval((one.low, one.high)), **within, "says": one.message}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
