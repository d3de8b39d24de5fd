"""A graph as a file: its edges with their votes, and a stamp that says who has accepted it."""

from __future__ import annotations

import re

from copilot.data.graph_files import EdgeLabel, write_graph
from copilot.domain.consensus import Consensus, Status
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import ACCEPTED_AS_FILE, Approval, Review
from copilot.domain.variables import Query
from copilot.report.edges_table import quoted
from copilot.report.suggestion import edge_label

_PERSON = re.compile(
    r"accepted by (?P<name>.+?)(?P<left>, but (?P<skipped>\d+) questions? skipped| before every edge)?"
    r"(?(left).*|\W*)$",
    re.MULTILINE,
)


def graph_text(
    graph: CausalGraph,
    format: str,  # noqa: A002 (the word that `write_graph` uses)
    *,
    consensus: Consensus | None = None,
    review: Review,
    run_id: str | None = None,
    query: Query,
) -> str:
    """Write a graph with its votes, as a stamped file.

    Parameters
    ----------
    graph
        What is drawn.
    format
        The name of a format, such as ``"dot"``.
    consensus
        Where the votes are; ``None`` for a graph that nobody voted on.
    review
        What was decided, and who accepted it.
    run_id
        Of the run that voted; ``None`` for a graph from a file.
    query
        Which nodes are marked as treatment and outcome.

    Raises
    ------
    UsageError
        If there is no such format.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "y")])
    >>> text = graph_text(graph, "dagitty", review=Review(graph=graph), query=Query(treatment="t"))
    >>> "proposed, not accepted by anybody" in text, '"t" [exposure]' in text
    (True, True)
    """
    made_by = "copilot review" if run_id is None else f"copilot suggest-graph, run {run_id}"
    return write_graph(
        graph,
        format,
        labels=_labels(graph, consensus, review),
        header=(made_by, acceptance(review), f"content {graph.content_hash[:16]}"),
        treatment=query.treatment,
        outcome=query.outcome,
    )


def acceptance(review: Review) -> str:
    """Say in words who has accepted a graph, and whether all of it was looked at.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "y")])
    >>> acceptance(Review(graph=graph, approved_by="ada", reviewer="ada", skipped=1))
    'accepted by ada, but 1 question skipped: not fully reviewed'
    """
    if review.approved_by == ACCEPTED_AS_FILE:
        return f"given as a file{_accepted_before(review)}"
    if review.approval is Approval.UNSEEN:
        return "accepted with --yes, not reviewed"
    left = f"{review.skipped} question{'s' if review.skipped != 1 else ''}"
    if review.approval is Approval.NOBODY:
        begun = f"; reviewed by {review.reviewer}, {left} left" if review.reviewer is not None else ""
        return f"proposed, not accepted by anybody{begun}"
    if review.reviewed:
        return f"reviewed and accepted by {review.approved_by}"
    if review.skipped:
        return f"accepted by {review.approved_by}, but {left} skipped: not fully reviewed"
    return f"accepted by {review.approved_by} before every edge was reviewed"


def _accepted_before(review: Review) -> str:
    if review.reviewer is None:
        return f", which counts as accepted{'' if review.complete else ', and not reviewed'}"
    return f" that was {acceptance(review.model_copy(update={'approved_by': review.reviewer}))}"


def stamp_of(text: str, graph: CausalGraph) -> Review | None:
    """Read off the text of a graph file who has accepted the graph.

    Parameters
    ----------
    text
        Of the file.
    graph
        What it says.

    Returns
    -------
    Review
        As far as the stamp tells it; ``None`` if there is none, if it says "given as a file" alone, or if the graph was
        changed since, so that it is its author's own.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "y")])
    >>> text = graph_text(graph, "dot", review=Review(graph=graph, approved_by="--yes"), query=Query())
    >>> stamp_of(text, graph) == Review(graph=graph), stamp_of(text, CausalGraph.build(directed=[("y", "t")]))
    (True, None)
    """
    head, _, rest = text.partition(f"content {graph.content_hash[:16]}")
    said = head[head.find("copilot ") :]
    if not rest or "copilot " not in said:
        return None
    if "not reviewed" in said or "not accepted by anybody" in said:
        return Review(graph=graph)
    person = _PERSON.search(said)
    if person is None:
        return None
    name, left = person["name"], person["left"]
    return Review(graph=graph, approved_by=name, reviewer=name, complete=not left, skipped=int(person["skipped"] or 0))


def _labels(graph: CausalGraph, consensus: Consensus | None, review: Review) -> dict[Edge, EdgeLabel]:
    """Label every edge with its votes, or with the person who drew it; contested ones are dashed."""
    labels = {}
    for edge in consensus.edges if consensus is not None else ():
        key = Edge(source=edge.source, target=edge.target, kind=edge.kind)
        why = next((rationale.text for rationale in edge.rationales if rationale.stance == "for"), "")
        why = "; ".join([*([why] if why else []), *(quoted(one, 160) for one in edge.evidence if one.found)][:3])
        style = "dashed" if edge.status is Status.CONTESTED else "solid"
        labels[key] = EdgeLabel(label=edge_label(edge), style=style, tooltip=why)
    for decision in review.decisions:
        if decision.after is not None and decision.after != decision.before:
            style = "dashed" if decision.after.kind is EdgeKind.BIDIRECTED else "solid"
            labels[decision.after] = EdgeLabel(label=f"by {decision.by}", style=style, tooltip=decision.reason)
    return {edge: labels[edge] for edge in graph.edges if edge in labels}
