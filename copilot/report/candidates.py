"""Candidates with their three checks, as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copilot.domain.candidates import Candidate, Check
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.domain.votes import Turnout
from copilot.report.suggestion import notices_json

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from copilot.domain.notice import Notice

_WORDS = {True: ("yes", "green"), False: ("no", "bold red"), None: ("cannot tell", "yellow")}


def candidate_json(candidate: Candidate) -> dict[str, Any]:
    """Write one candidate as the JSON contract has it."""
    return {
        "name": candidate.name,
        "role": candidate.role.value,
        "observed": candidate.observed,
        "support": candidate.support,
        "votes": candidate.votes,
        "valid": candidate.valid,
        "rationale": candidate.rationale,
        "affects": list(candidate.affects),
        "collect": candidate.collect,
        "from_user": candidate.from_user,
        "votes_check": _check(candidate.votes_check),
        "graph_check": _check(candidate.graph_check),
        "data_check": _check(candidate.data_check),
    }


def candidates_json(
    candidates: Sequence[Candidate],
    query: Query,
    *,
    joint: Mapping[str, Any],
    turnout: Turnout | None,
    graph_hash: str | None,
    left_out: Sequence[str],
    notices: Sequence[Notice],
) -> dict[str, Any]:
    """Build the object of the ``suggest-*`` commands, without ``usage``: what a replay reproduces to the byte."""
    return {
        "query": query.model_dump(mode="json"),
        "graph_hash": graph_hash,
        "candidates": [candidate_json(one) for one in candidates],
        "joint": dict(joint),
        "voters": None if turnout is None else turnout.model_dump(mode="json"),
        "left_out": list(left_out),
        "notices": notices_json(notices),
    }


def candidates_view(candidates: Sequence[Candidate]) -> Group:
    """Draw the three answers side by side, and below what they rest on; *cannot tell* is never shown as passed."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table("candidate", "votes", "graph", "data", box=None, pad_edge=False, show_edge=False, header_style="bold")
    parts: list[RenderableType] = [table]
    for one in candidates:
        table.add_row(Text(_name(one)), _votes(one), _answer(one.graph_check), _answer(one.data_check))
        parts.append(Text(f"\n{_name(one)}", style="bold"))
        parts += [Padding(Text(line), (0, 0, 0, 2)) for line in reasons(one)]
    return Group(*parts)


def reasons(candidate: Candidate) -> list[str]:
    """Say in lines what the answers rest on."""
    said = []
    if candidate.rationale:
        said.append(f"Voters: {candidate.rationale}")
    said.append(f"Graph: {candidate.graph_check.reason}")
    if candidate.observed:  # the heading has said of others that they are no column
        said.append(f"Data: {candidate.data_check.reason}")
    if candidate.collect:
        said.append(f"To collect: {candidate.collect}")
    if candidate.affects:
        said.append(f"Would affect: {', '.join(map(shown, candidate.affects))}")
    return said


def _name(candidate: Candidate) -> str:
    place = "" if candidate.observed else " (not a column)"
    role = " (exposure)" if candidate.role.value.endswith("exposure") else ""
    return f"{shown(candidate.name)}{place}{role}"


def _votes(candidate: Candidate) -> Any:
    from rich.text import Text

    if not candidate.valid:
        return Text("yours" if candidate.from_user else "not asked", style="dim")
    word, style = _WORDS[candidate.votes_check.passed]
    return Text(f"{candidate.votes}/{candidate.valid} {word}", style=style)


def _answer(check: Check) -> Any:
    from rich.text import Text

    word, style = _WORDS[check.passed]
    return Text(word, style=style)


def _check(check: Check) -> dict[str, Any]:
    return check.model_dump(mode="json")
