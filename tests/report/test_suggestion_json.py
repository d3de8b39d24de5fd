"""The JSON object has the keys that docs/json.md names, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from copilot.domain.consensus import (
    ChallengeCount,
    Consensus,
    ConsensusEdge,
    CycleCut,
    EdgeSupport,
    LatentSuggestion,
    Rationale,
    Status,
)
from copilot.domain.documents import Quotation
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.notice import Level, Notice
from copilot.domain.review import Choice, Decision, Review
from copilot.domain.variables import ColumnProfile, Kind, TableProfile
from copilot.domain.votes import AbstentionReason, Group, Turnout
from copilot.report.suggestion import profile_json, suggestion_json

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
SUPPORT = EdgeSupport(votes=5, valid=7, support=5 / 7, interval=(0.3, 0.9))
TURNOUT = Turnout(asked=8, valid=7, abstained=1, reasons={"refused": 1}, sources={"m": 7})
BY_GROUP = frozenset({"voters", "edges[].groups"})
FREE = frozenset({"reasons", "sources", "before", "after", "about"})
"""Keys below these are data, or written out in words."""


def payload() -> dict[str, Any]:
    graph = CausalGraph.build(directed=[("t", "y")])
    edge = ConsensusEdge(
        source="t",
        target="y",
        status=Status.CONTESTED,
        in_graph=True,
        support=SUPPORT,
        groups={Group.LLM: SUPPORT, Group.DATA: SUPPORT},
        challenge=ChallengeCount(keep=2, drop=1, valid=3),
        rationales=(
            Rationale(voter="m, ballot 1", stance="against", text="no"),
            Rationale(voter="m, ballot 2", stance="for", text="yes"),
        ),
        notes=("said",),
        evidence=(Quotation(document="log.md", text="t moves y as a rule", place="line 3", found=True),),
    )
    consensus = Consensus(
        graph=graph,
        edges=(edge,),
        turnout={Group.LLM: TURNOUT, Group.DATA: TURNOUT},
        challenge_turnout=TURNOUT,
        cycle_cuts=(CycleCut(source="y", target="t", support=0.5, cycle=("t", "y", "t")),),
        latents=(LatentSuggestion(name="u", affects=("t", "y"), votes=3, valid=7, support=3 / 7),),
    )
    kept = Edge(source="t", target="y")
    decision = Decision(choice=Choice.KEEP, before=kept, after=kept, about=kept, by="ada")
    review = Review(graph=graph, decisions=(decision,), approved_by="ada", complete=True)
    columns = tuple(
        ColumnProfile(name=name, position=i, kind=Kind.COUNT, rows=9, missing=3, distinct=4, sentinels=((-9.0, 2),))
        for i, name in enumerate(("t", "y", "tag"))
    )
    table = TableProfile(source="d.csv", sha256="0" * 64, rows=9, columns=columns)
    notices = [Notice(code="rows_dropped", message="2 rows dropped", count=2)]
    return suggestion_json("0123456789ab", profile_json(table, graph.names), consensus, review, notices)


def keys_of(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from keys_of(one, f"{path}[]")
    elif isinstance(value, dict) and path.rpartition(".")[2].removesuffix("[]") not in FREE:
        for key, below in value.items():
            name = "GROUP" if path in BY_GROUP else key
            here = f"{path}.{name}" if path else name
            if name != "GROUP":
                yield here
            yield from keys_of(below, here)


def keys_told() -> list[str]:
    section = PAGE.partition("## `suggest-graph`")[2].partition("\n## ")[0]
    return [key for key in re.findall(r"(?m)^\| `([^`]+)` \|", section) if key.partition(".")[0] != "usage"]


def test_the_page_names_every_key_once_and_in_order() -> None:
    told = keys_told()
    assert len(set(told)) == len(told)
    assert list(dict.fromkeys(keys_of(payload()))) == told


def test_the_page_names_every_value_of_a_fixed_list() -> None:
    for word in (*Status, *Choice, *Group, *Kind, *EdgeKind, *Level, *AbstentionReason):
        assert f"`{word.value}`" in PAGE, word


def test_the_object_is_plain_json_with_the_counts_of_the_consensus() -> None:
    made = payload()
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    (edge,) = made["edges"]
    assert (edge["votes"], edge["valid"], edge["interval"]) == (5, 7, [0.3, 0.9])
    assert edge["rationale"] == "yes"
    assert edge["challenge"] == {"keep": 2, "drop": 1, "reverse": 0, "add": 0, "valid": 3}
    assert (made["approved_by"], made["reviewed"]) == ("ada", True)
    assert [column["in_graph"] for column in made["profile"]] == [True, True, False]
    assert made["profile"][0]["missing_share"] == 0.333333
