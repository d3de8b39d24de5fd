"""The voted graph for a person at a terminal: one row an edge, its votes, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot.domain.consensus import Consensus, ConsensusEdge, EdgeSupport, Status
from copilot.domain.documents import Quotation
from copilot.domain.graph import EdgeKind
from copilot.domain.text import one_line, shown
from copilot.domain.votes import Group

if TYPE_CHECKING:
    from rich.console import Group as RichGroup
    from rich.table import Table

_ARROWS = {EdgeKind.DIRECTED: "→", EdgeKind.BIDIRECTED: "↔", EdgeKind.UNDIRECTED: "—"}
_STYLES = {Status.CONTESTED: "yellow", Status.CUT: "red", Status.FORBIDDEN: "red", Status.REQUIRED: "bold"}
_WIDE, _REASONED = 60, 46
"""Characters from which intervals, and reasons, have room."""
_ORDER = (Status.CONTESTED, Status.CUT, Status.FORBIDDEN, Status.REQUIRED, Status.ACCEPTED, Status.REJECTED)


def edges_table(consensus: Consensus, width: int = 100) -> RichGroup:
    """Draw what the votes say: the edges of the graph, then what was left out and why a person should look.

    Rejected edges that nobody doubts are counted, not listed. On a narrow screen (`width` in characters) reasons and
    intervals give way; the edge and its votes never do.
    """
    from rich.console import Group as RichGroup
    from rich.text import Text

    inside = [edge for edge in consensus.edges if edge.in_graph]
    outside = [edge for edge in consensus.edges if not edge.in_graph and not _quietly_rejected(edge)]
    quiet = sum(1 for edge in consensus.edges if not edge.in_graph and _quietly_rejected(edge))
    parts: list[Table | Text] = []
    if inside:
        parts.append(_table("In the graph", inside, consensus, width))
    if outside:
        parts.append(_table("Left out, and worth a look", outside, consensus, width))
    if quiet:
        parts.append(Text(f"{quiet} more named by a minority of ballots and left out (see --json).", style="dim"))
    return RichGroup(*parts)


def strength(edge: ConsensusEdge) -> str:
    """Say what an edge rests on, on one line.

    Returns
    -------
    str
        Such as ``"contested; challengers: 1 drop of 3"``.
    """
    words = [] if edge.status is Status.ACCEPTED else [edge.status.value]
    count = edge.challenge
    if count is not None and not (edge.changed_by == "challenge" and edge.notes):
        said = [f"{number} {word}" for word in ("drop", "reverse", "add") if (number := getattr(count, word))]
        if said:
            words.append(f"challengers: {', '.join(said)} of {count.valid}")
    return "; ".join([*words, *edge.notes])


def quoted(one: Quotation, limit: int = 600) -> str:
    """Say what was quoted and where it stands, or that it stands nowhere, on one line.

    Examples
    --------
    >>> quoted(Quotation(document="log.md", text="crews slow down", place="line 4", found=True))
    '"crews slow down" (log.md, line 4)'
    >>> quoted(Quotation(document="log.md", text="crews speed up", votes=2))
    'NOT FOUND in log.md: "crews speed up" (2 ballots)'
    """
    text = f'"{one_line(one.text, limit)}"'
    where = shown(one.document) if one.document else "the documents"
    times = f"{one.votes} ballots" if one.votes > 1 else ""
    if one.found:
        return f"{text} ({', '.join(part for part in (where, one.place, times) if part)})"
    return f"NOT FOUND in {where}: {text}{f' ({times})' if times else ''}"


def evidence_note(edge: ConsensusEdge) -> str:
    """Say in a few words what of an edge's quotations was found; empty where there are none."""
    found = [one for one in edge.evidence if one.found]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return f"quoted: {shown(found[0].document)}, {found[0].place}{more}"
    return "its quotations were not found" if edge.evidence else ""


def summary(consensus: Consensus) -> str:
    """Say in one or two lines what came of the vote."""
    drawn = len(consensus.graph.edges)
    contested = sum(1 for edge in consensus.edges if edge.status is Status.CONTESTED)
    parts = [f"{drawn} edge{'s' * (drawn != 1)} over {len(consensus.graph.nodes)} variables"]
    for group, turnout in sorted(consensus.turnout.items()):
        who = "model" if group is Group.LLM else "data"
        lost = f" ({turnout.abstained} abstained)" if turnout.abstained else ""
        parts.append(f"{turnout.valid} of {turnout.asked} {who} ballots valid{lost}")
    if consensus.challenge_turnout is not None:
        parts.append(f"{consensus.challenge_turnout.valid} of {consensus.challenge_turnout.asked} challengers")
    if contested:
        parts.append(f"{contested} contested")
    if consensus.cycle_cuts:
        parts.append(f"{len(consensus.cycle_cuts)} cut out of a circle")
    caution = " Ballots of one model agree for the same wrong reasons: agreement is not evidence of truth."
    return "; ".join(parts) + "." + (caution if Group.LLM in consensus.turnout else "")


def _quietly_rejected(edge: ConsensusEdge) -> bool:
    return edge.status is Status.REJECTED and not edge.changed_by


def _table(title: str, edges: Sequence[ConsensusEdge], consensus: Consensus, width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    groups = sorted(consensus.turnout)
    wide, reasoned = width >= _WIDE, width >= _REASONED
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", title_style="bold")
    table.add_column("edge", overflow="fold", min_width=10)
    for group in groups:
        table.add_column("models" if group is Group.LLM else "data", justify="right", no_wrap=True)
    if wide:
        table.add_column("95 %" if len(groups) == 1 else "95 % of models", no_wrap=True)
    if reasoned:
        table.add_column("what to know", overflow="fold", min_width=24)
    for edge in sorted(edges, key=_doubt_first):
        why = next((rationale.text for rationale in edge.rationales if rationale.stance == "for"), "")
        doubt = "; ".join(part for part in (strength(edge), evidence_note(edge)) if part)
        # A doubt is read whole; a mere reason gets the rest of one line.
        known = Text("; ".join(part for part in (doubt, one_line(why, 90)) if part))
        known.no_wrap, known.overflow = not doubt, "fold" if doubt else "ellipsis"
        name = f"{shown(edge.source)} {_ARROWS[edge.kind]} {shown(edge.target)}"
        table.add_row(
            Text(name, style=_STYLES.get(edge.status, "")),
            *[Text(_votes(edge, group)) for group in groups],
            *([Text("" if _given(edge, _deciding(groups)) else _interval(edge.support))] if wide else []),
            *([known] if reasoned else []),
        )
    return table


def _deciding(groups: Sequence[Group]) -> Group:
    return Group.LLM if Group.LLM in groups else Group.DATA


def _given(edge: ConsensusEdge, group: Group) -> bool:
    """Tell whether a group was told of the edge beforehand, so that its votes say nothing: the data obey."""
    return group is Group.DATA and edge.status in (Status.REQUIRED, Status.FORBIDDEN)


def _votes(edge: ConsensusEdge, group: Group) -> str:
    return "given" if _given(edge, group) else _count(edge.groups.get(group))


def _count(support: EdgeSupport | None) -> str:
    return "" if support is None or not support.valid else f"{support.votes}/{support.valid}"


def _interval(support: EdgeSupport) -> str:
    return "-".join(f"{limit:.2f}".removeprefix("0") for limit in support.interval) if support.valid else ""


def _doubt_first(edge: ConsensusEdge) -> tuple[int, float, str, str]:
    return (_ORDER.index(edge.status), edge.support.support, edge.source, edge.target)
