"""The first sections: the question with its verdict, and the graph."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from copilot.domain.consensus import Status
from copilot.domain.graph import Edge, EdgeKind
from copilot.domain.identification.values import Strategy
from copilot.domain.interpretation import Interpretation
from copilot.domain.text import clean, one_line, shown
from copilot.report.document.blocks import Block, Grid, Items, Paragraph, Picture, Section
from copilot.report.document.source import Source
from copilot.report.edges_table import quoted
from copilot.report.effect_screen import question_lines
from copilot.report.graph_file import acceptance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARROWS = {EdgeKind.DIRECTED: "→", EdgeKind.BIDIRECTED: "↔", EdgeKind.UNDIRECTED: "—"}


def verdict_section(source: Source) -> Section:
    """Say what was asked, what came of it, and what is most worth doubting."""
    analysis = source.analysis
    verdict = analysis.verdict
    blocks: list[Block] = []
    if verdict is not None:
        blocks.append(Paragraph(clean(verdict.text)))
        if verdict.doubts:
            blocks.append(Paragraph("What is most worth doubting:", label=""))
            blocks.append(Items(tuple(map(clean, verdict.doubts)), numbered=True))
    more = [Paragraph(clean(text), label=label) for label, text in question_lines(analysis)]
    return Section("verdict", "Verdict", blocks, more, "What was computed")


def interpretation_section(source: Source) -> Section | None:
    """Say the results in plain words, with where these come from and what the check took out."""
    told = source.analysis.interpretation
    if told is None:
        return None
    if not told.sentences:
        return Section("plain-words", "In plain words", [Paragraph(clean(told.note))], _dropped(told))
    origin = (
        f"Written by {clean(told.source)}; {told.standing} Every number in it stands in this report; whether the words "
        "around it are right, no program has checked."
    )
    title = "In plain words (written by a model, checked against the numbers)"
    blocks = [Paragraph(clean(" ".join(told.sentences))), Paragraph(origin, quiet=True)]
    return Section("plain-words", title, blocks, _dropped(told))


def _dropped(told: Interpretation) -> list[Block]:
    lines = tuple(map(clean, told.dropped_lines()))
    return [Paragraph("Sentences of all readings that were dropped:"), Items(lines)] if lines else []


def graph_section(source: Source) -> Section:
    """Draw the accepted graph, and say of every edge who stands for it."""
    review = source.analysis.review
    blocks: list[Block] = [
        Paragraph(
            f"The graph ({clean(PurePath(source.analysis.graph_source).name)}) is {acceptance(review)}. An arrow says "
            "that one variable may be a direct cause of the other; a missing arrow claims that it is not. All below "
            "rests on this graph."
        ),
        _picture(source),
    ]
    rows = tuple(_row(source, edge) for edge in review.graph.edges)
    caption = "Every edge, and who or what supports it."
    more: list[Block] = [Grid(caption, ("edge", "support", "in their words"), rows)]
    if source.consensus is not None:
        turnout = "; ".join(
            f"{one.valid} of {one.asked} ballots of the {'models' if group.value == 'llm' else 'data'} count"
            for group, one in sorted(source.consensus.turnout.items())
        )
        more.append(Paragraph(f"{turnout}. Agreement among voters is no evidence of truth.", quiet=True))
    return Section("graph", "The graph", blocks, more, "Every edge, and who or what supports it")


def _picture(source: Source) -> Picture:
    analysis = source.analysis
    graph, chosen, query = analysis.review.graph, analysis.chosen, analysis.query
    roles = {
        "treatment": query.treatment,
        "outcome": query.outcome,
        "adjusted": () if chosen is None else chosen.used,
        "instruments": () if chosen is None else chosen.instruments,
        "mediators": () if chosen is None or chosen.strategy is not Strategy.FRONTDOOR else chosen.mediators,
    }
    supports = {edge: one.support.support for edge, one in source.voted.items() if one.support.valid}
    contested = {edge for edge, one in source.voted.items() if one.status is Status.CONTESTED}

    def draw() -> Figure:
        from copilot.report.pictures.graph import draw_graph

        return draw_graph(graph, supports=supports or None, contested=contested, **roles)  # type: ignore[arg-type]

    tips = {f"node-{place}": _node_tip(source, name) for place, name in enumerate(graph.names)}
    tips |= {f"edge-{place}": edge_tip(source, edge) for place, edge in enumerate(graph.edges)}
    listed = "; ".join(edge_text(edge) for edge in graph.edges)
    description = f"{len(graph.names)} variables and {len(graph.edges)} edges: {listed}."
    return Picture("graph-drawing", "The accepted graph", description, draw, tips, wide=True)


def _node_tip(source: Source, name: str) -> str:
    graph = source.analysis.review.graph
    causes = ", ".join(map(shown, graph.parents(name))) or "nothing in this graph"
    hidden = ", not measured" if name in graph.latent else ""
    return f"{shown(name)}{hidden}; direct causes: {causes}"


def edge_text(edge: Edge) -> str:
    """Write an edge for people."""
    return f"{shown(edge.source)} {ARROWS[edge.kind]} {shown(edge.target)}"


def edge_tip(source: Source, edge: Edge) -> str:
    """Say in one line who stands for an edge and why."""
    _, support, words = _row(source, edge)
    return f"{edge_text(edge)}: {support}{f'. {words}' if words else ''}"


def _row(source: Source, edge: Edge) -> tuple[str, str, str]:
    voted, decision, review = source.voted.get(edge), source.decided.get(edge), source.analysis.review
    parts = []
    if voted is not None and voted.support.valid:
        parts.append(f"{voted.support.votes} of {voted.support.valid} ballots")
        if voted.challenge is not None and voted.challenge.valid:
            count = voted.challenge
            against = count.drop + count.reverse
            parts.append(
                f"{against} of {count.valid} challengers against it" if against else "no challenger against it"
            )
        if voted.status is Status.CONTESTED:
            parts.append("contested")
    if decision is not None and decision.by:
        parts.append(f"{decision.choice.value} by {clean(decision.by)}")
    if not parts:
        parts.append(acceptance(review))
    reason = clean(decision.reason) if decision is not None and decision.reason else ""
    if not reason and voted is not None:
        reason = next((one.text for one in voted.rationales if one.stance == "for"), "")
    quoted_words = "; ".join(quoted(one) for one in voted.evidence) if voted is not None else ""
    words = one_line(reason)
    return edge_text(edge), ", ".join(parts), f"{words} {quoted_words}".strip()
