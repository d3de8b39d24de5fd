"""The voted graph as JSON and as labels on a drawn graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copilot import SCHEMA_VERSION
from copilot.domain.consensus import Consensus, ConsensusEdge, EdgeSupport, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.review import Review
from copilot.domain.variables import TableProfile


def graph_json(graph: CausalGraph) -> dict[str, Any]:
    """Write a graph as the ``graph`` object of the JSON contract."""
    return graph.model_dump(mode="json")


def notices_json(notices: Sequence[Notice]) -> list[dict[str, Any]]:
    """Write notices; the order is theirs."""
    return [notice.model_dump(mode="json") for notice in notices]


def profile_json(profile: TableProfile, entered: Sequence[str]) -> list[dict[str, Any]]:
    """Write what is known of each column, and whether it entered the graph; never its cells.

    Parameters
    ----------
    profile
        Of the table.
    entered
        Names of the columns in the graph.
    """
    return [
        {
            "name": column.name,
            "kind": column.kind.value,
            "in_graph": column.name in entered,
            "reason": column.reason,
            "rows": column.rows,
            "missing_share": round(column.missing_share, 6),
            "distinct": column.distinct,
            "sentinels": [list(pair) for pair in column.sentinels],
        }
        for column in profile.columns
    ]


def suggestion_json(
    run_id: str, profile: Sequence[dict[str, Any]], consensus: Consensus, review: Review, notices: Sequence[Notice]
) -> dict[str, Any]:
    """Build the ``suggest-graph`` object, without ``usage``: what a replay reproduces to the byte."""
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "suggest-graph",
        "run_id": run_id,
        "graph": graph_json(review.graph),
        "graph_hash": review.graph.content_hash,
        "approved_by": review.approved_by,
        "reviewed": review.reviewed,
        "voters": {
            group.value: turnout.model_dump(mode="json") for group, turnout in sorted(consensus.turnout.items())
        },
        "challengers": None
        if consensus.challenge_turnout is None
        else consensus.challenge_turnout.model_dump(mode="json"),
        "edges": [_edge(edge) for edge in consensus.edges],
        "cycle_cuts": [cut.model_dump(mode="json") for cut in consensus.cycle_cuts],
        "latent_suggestions": [latent.model_dump(mode="json") for latent in consensus.latents],
        "decisions": [decision.model_dump(mode="json") for decision in review.decisions],
        "profile": list(profile),
        "notices": notices_json(notices),
    }


def edge_label(edge: ConsensusEdge) -> str:
    """Say how many votes of how many an edge has, and what else decided on it.

    Returns
    -------
    str
        Such as ``"5/7"``, ``"5/7 challenged"``, ``"required"`` or ``"+2/3 challengers"``.
    """
    if edge.status is Status.REQUIRED:
        return "required"
    if edge.changed_by == "challenge" and edge.challenge is not None and edge.challenge.add:
        return f"+{edge.challenge.add}/{edge.challenge.valid} challengers"
    votes = f"{edge.support.votes}/{edge.support.valid}"
    return f"{votes} contested" if edge.status is Status.CONTESTED else votes


def _edge(edge: ConsensusEdge) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind.value,
        "status": edge.status.value,
        "in_graph": edge.in_graph,
        **_support(edge.support),
        "groups": {group.value: _support(support) for group, support in sorted(edge.groups.items())},
        "challenge": None if edge.challenge is None else edge.challenge.model_dump(mode="json"),
        "changed_by": edge.changed_by,
        "rationale": next((rationale.text for rationale in edge.rationales if rationale.stance == "for"), ""),
        "rationales": [rationale.model_dump(mode="json") for rationale in edge.rationales],
        "notes": list(edge.notes),
        "evidence": [one.model_dump(mode="json") for one in edge.evidence],
    }


def _support(support: EdgeSupport) -> dict[str, Any]:
    return {
        "support": support.support,
        "votes": support.votes,
        "valid": support.valid,
        "interval": list(support.interval),
    }
