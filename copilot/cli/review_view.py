"""What a person sees of one question of the review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot.cli.console import Console
from copilot.domain.consensus import ConsensusEdge, Rationale, Status
from copilot.domain.graph import EdgeKind
from copilot.domain.text import one_line, shown
from copilot.report.edges_table import quoted, strength
from copilot.workflow.review_session import Item, Question, ReviewSession

if TYPE_CHECKING:
    from rich.table import Table

_QUOTED = 2
"""Quotations shown with a question; `why` shows all."""
_ARROWS = {EdgeKind.DIRECTED: "→", EdgeKind.BIDIRECTED: "↔", EdgeKind.UNDIRECTED: "—"}


def show(console: Console, session: ReviewSession, item: Item) -> None:
    """Show the open question with its votes."""
    from rich.text import Text

    place = f"{session.position + 1} of {len(session.items)}"
    console.draw(Text.assemble((f"\n{place}  ", "dim"), (_title(item), "bold")))
    for line in _lines(item):
        console.insist(f"  {line}")


def _title(item: Item) -> str:
    here, there = shown(item.subject.source), shown(item.subject.target)
    if item.latent is not None:
        return f"Suspected: {one_line(item.latent.name, 80)} ↔ {', '.join(map(shown, item.latent.affects))}"
    if item.question is Question.DIRECTION:
        return f"{here} — {there}: which way?  1 {here} → {there}   2 {there} → {here}"
    if item.question is Question.REJECTED and item.current is None:
        if item.subject.kind is EdgeKind.UNDIRECTED:
            return f"left out: {here} — {there}, direction open.  1 {here} → {there}   2 {there} → {here}"
        return f"left out: {here} {_ARROWS[item.subject.kind]} {there}"
    edge = item.current or item.subject
    return f"{shown(edge.source)} {_ARROWS[edge.kind]} {shown(edge.target)}"


def _lines(item: Item) -> list[str]:
    known = [item.hangs] if item.hangs else []
    return [*known, *_votes_lines(item)]


def _votes_lines(item: Item) -> list[str]:
    if item.latent is not None:
        return [f"{item.latent.votes} of {item.latent.valid} ballots. {one_line(item.latent.reason)}".rstrip()]
    if item.edge is None:
        return []
    lines = [_votes(item.edge)]
    if item.opposite is not None and item.opposite.support.votes:
        lines.append(f"the other way: {item.opposite.support.votes} of {item.opposite.support.valid} ballots")
    known = strength(item.edge)
    if known:
        lines.append(known)
    reason = next((said.text for said in item.edge.rationales if said.stance == "for"), "")
    if reason:
        lines.append(f"for: {reason}")
    found = [one for one in item.edge.evidence if one.found][:_QUOTED]
    unfound = sum(1 for one in item.edge.evidence if not one.found)
    lines += [f"quoted: {quoted(one, 240)}" for one in found]
    if unfound:
        lines.append(f"{unfound} quotation{'s' * (unfound != 1)} for it NOT FOUND in the documents")
    return lines


def _votes(edge: ConsensusEdge) -> str:
    if edge.status is Status.REQUIRED and not edge.support.valid:
        return "required by you"
    low, high = edge.support.interval
    sides = [
        f"{group.value} {support.votes} of {support.valid}"
        for group, support in sorted(edge.groups.items())
        if support.valid
    ]
    return f"ballots: {', '.join(sides) or 'none'}; 95 % interval {low:.2f} to {high:.2f}"


def why(item: Item) -> Table:
    """Put reasons for and against side by side."""
    from rich.table import Table
    from rich.text import Text

    said = [] if item.edge is None else list(item.edge.rationales)
    if item.latent is not None and item.latent.reason:
        said.append(Rationale(voter="ballots", stance="for", text=item.latent.reason))
    if item.opposite is not None:
        said += [
            reason.model_copy(update={"stance": "reverse"})
            for reason in item.opposite.rationales
            if reason.stance == "for"
        ]
    backing = [] if item.edge is None else [f"quoted: {quoted(one)}" for one in item.edge.evidence]
    contrary = [] if item.opposite is None else [f"quoted (reverse): {quoted(one)}" for one in item.opposite.evidence]
    sides: tuple[Sequence[str], Sequence[str]] = (
        [*(f"{reason.voter}: {reason.text}" for reason in said if reason.stance == "for"), *backing],
        [*(f"{reason.voter} ({reason.stance}): {reason.text}" for reason in said if reason.stance != "for"), *contrary],
    )
    table = Table(title="Why", title_justify="left", show_lines=False, box=None, pad_edge=False, header_style="bold")
    table.add_column("for", overflow="fold", ratio=1)
    table.add_column("against, or otherwise", overflow="fold", ratio=1)
    for number in range(max(map(len, sides), default=0)):
        table.add_row(*[Text(side[number] if number < len(side) else "") for side in sides])
    if not any(sides):
        table.add_row(Text("nobody gave a reason"), Text(""))
    return table
