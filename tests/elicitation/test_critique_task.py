"""A critic's reply becomes concerns that point at the graph; what points at nothing is counted and left out."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from copilot.domain.findings import FindingKind
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.variables import Kind, Query, Variable
from copilot.domain.votes import CritiqueBallot, Slip
from copilot.elicitation.critique_task import critique_sheets, merge_critique
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Gathered, gather
from copilot.llm.asker import Asker
from copilot.llm.meter import UsageMeter

GRAPH = CausalGraph.build(
    directed=[("w", "t"), ("t", "m"), ("m", "y"), ("t", "y"), ("u", "y"), ("u", "m")],
    bidirected=[("t", "w")],
    undirected=[("w", "z")],
    latent=["u"],
)
K = FindingKind


def setting(graph: CausalGraph = GRAPH) -> Setting:
    return Setting(
        variables=tuple(Variable(name=name, kind=Kind.CONTINUOUS) for name in graph.names),
        models=("m",),
        seed=0,
        query=Query(treatment="t", outcome="y"),
        facts={name: {"observed": False} for name in graph.latent},
    )


def edge_labels(body: str) -> dict[str, str]:
    """Read the edges shown: the edge in names → its label."""
    names = {e["id"]: e["name"] for e in map(json.loads, re.findall(r"(?m)^\{\"id\": .*\}$", body))}
    lines = re.findall(r"(?m)^(e\d+): (v\d+) (<->|->|--) (v\d+)", body)
    return {f"{names[a]} {mark} {names[b]}": label for label, a, mark, b in lines}


class Critic:
    """Keeps everything but what it is told to say; written with names, sent with ids."""

    def __init__(self, verdicts: dict[str, tuple[str, list[str]]] | None = None, **lists: Any) -> None:
        self._verdicts = verdicts or {}
        self._lists = lists

    def __call__(self, request: Any) -> str:
        body = request.messages[1].content
        labels = edge_labels(body)
        arrows = []
        for edge, label in labels.items():
            verdict, carried = self._verdicts.get(edge, ("keep", []))
            arrows.append({"arrow": label, "still_acts_by": "s", "verdict": verdict, "carried_by": carried})
        lists = dict(self._lists)
        if "feedback" in lists:
            lists["feedback"] = [{"arrow": labels.get(edge, edge), "reason": "r"} for edge in lists["feedback"]]
        return json.dumps({"arrows": arrows, "absent": [], **lists})


def missing(*ends: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"variable": b, "missing_causes": [{"from": a, "reason": "r"}]} for a, b in ends]


def collect(scripted: Any, answer: Any, votes: int = 1, graph: CausalGraph = GRAPH) -> Gathered[CritiqueBallot]:
    asker = Asker(scripted(answer), repair=lambda problem: problem, meter=UsageMeter(lambda _model: None))
    return asyncio.run(gather(asker, critique_sheets(setting(graph), graph, votes), merge_critique))


def heard(scripted: Any, critic: Critic) -> tuple[list[tuple[str, tuple[str, ...]]], dict[Slip, int]]:
    (ballot,) = collect(scripted, critic).ballots
    return [(one.kind, one.nodes) for one in ballot.concerns], {one.slip: one.count for one in ballot.slips}


def test_a_request_shows_every_edge_every_absent_pair_and_what_is_unobserved() -> None:
    bodies = [one.question.request.messages[1].content for one in critique_sheets(setting(), GRAPH, 3)]
    for body in bodies:
        assert set(edge_labels(body)) == {str(edge) for edge in GRAPH.edges}
        assert re.search(r"\"name\": \"u\".*\"observed\": false", body)
        assert "The study will ask for the effect of" in body
        assert len(re.findall(r"(?m)^v\d+: ", body)) == len(GRAPH.nodes)
    assert len({tuple(edge_labels(body).values()) for body in bodies}) == 1
    assert len({tuple(edge_labels(body)) for body in bodies}) == 3


def test_sixty_nodes_are_one_sheet_a_ballot_and_every_combination_of_voices_is_dealt() -> None:
    graph = CausalGraph.build(nodes=[f"x{n}" for n in range(58)], directed=[("t", "y")])
    sheets = critique_sheets(setting(graph), graph, 6)
    assert len(sheets) == 6
    assert len({(one.plan.voter.persona, one.plan.voter.wording) for one in sheets}) == 6


def test_nothing_to_say_is_a_legal_ballot(scripted: Any) -> None:
    assert heard(scripted, Critic()) == ([], {})


def test_what_the_reader_of_challengers_believes_can_be_read_here_too(scripted: Any, believing: Any) -> None:
    graph = CausalGraph.build(nodes=("z",), directed=[("w", "t"), ("w", "y"), ("t", "y")])
    found = collect(scripted, believing([("w", "t"), ("t", "y"), ("z", "t")]), 2, graph)
    for ballot in found.ballots:
        assert [(one.kind, one.nodes) for one in ballot.concerns] == [
            (K.MISSING_EDGE, ("z", "t")),
            (K.SPURIOUS_EDGE, ("w", "y")),
        ]


@pytest.mark.parametrize(
    ("critic", "concerns", "slips"),
    [
        (Critic({"t -> y": ("drop", ["m"])}), [(K.SPURIOUS_EDGE, ("t", "y"))], {}),
        (Critic({"t -> y": ("drop", ["z"])}), [], {Slip.BAD_EVIDENCE: 1}),
        (Critic({"t -> y": ("drop", ["nobody"])}), [], {Slip.BAD_EVIDENCE: 1, Slip.UNKNOWN_NAME: 1}),
        (Critic({"m -> y": ("reverse", [])}), [(K.REVERSED_EDGE, ("m", "y"))], {}),
        (Critic({"t <-> w": ("reverse", [])}), [], {Slip.BAD_EVIDENCE: 1}),
        (Critic({"w -- z": ("drop", [])}), [(K.SPURIOUS_EDGE, ("w", "z"))], {}),
        (Critic(absent=missing(("z", "y"))), [(K.MISSING_EDGE, ("z", "y"))], {}),
        (Critic(absent=missing(("t", "y"), ("y", "t"), ("w", "z"))), [], {Slip.BAD_EVIDENCE: 3}),
        (Critic(absent=missing(("z", "z"), ("q", "t"))), [], {Slip.SELF_LOOP: 1, Slip.UNKNOWN_NAME: 1}),
        (Critic(absent=missing(("z", "t"), ("t", "z"))), [], {Slip.BOTH_WAYS: 1}),
        (
            Critic(absent=missing(("z", "t"), ("z", "t"))),
            [(K.MISSING_EDGE, ("z", "t"))],
            {Slip.REPEATED: 1},
        ),
        (Critic(selection=[{"variables": ["y", "t"], "reason": "r"}]), [(K.SELECTION, ("t", "y"))], {}),
        (Critic(selection=[{"variables": [], "reason": "r"}]), [], {Slip.BAD_EVIDENCE: 1}),
        (Critic(selection=[{"variables": ["q"], "reason": "r"}]), [], {Slip.UNKNOWN_NAME: 1}),
        (Critic(interference=[{"variable": "t", "reason": "r"}]), [(K.INTERFERENCE, ("t",))], {}),
        (Critic(measurement=[{"variable": "w", "reason": "r"}]), [(K.MEASUREMENT, ("w",))], {}),
        (Critic(measurement=[{"variable": "y", "reason": "r"}]), [], {Slip.BAD_EVIDENCE: 1}),
        (Critic(feedback=["t -> m"]), [(K.FEEDBACK, ("t", "m"))], {}),
        (Critic(feedback=["t <-> w", "e99"]), [], {Slip.BAD_EVIDENCE: 2}),
    ],
)
def test_a_concern_points_at_the_graph_or_is_not_counted(
    scripted: Any, critic: Critic, concerns: list[Any], slips: dict[Slip, int]
) -> None:
    assert heard(scripted, critic) == (concerns, slips)


@pytest.mark.parametrize(
    ("name", "affects", "counted"),
    [
        ("soil", ["y", "t"], ("t", "y")),
        ("soil", ["y", "t", "w"], ("t", "w", "y")),
        ("soil", ["t", "w"], None),
        ("soil", ["m", "y"], None),
        ("soil", ["t", "nobody"], None),
        ("soil", ["t", "t"], None),
        ("", ["t", "y"], None),
        ("z", ["t", "y"], None),
    ],
    ids=["two", "three", "joined", "by a latent node", "unknown", "one", "nameless", "listed"],
)
def test_a_common_cause_is_new_has_a_name_and_joins_two(
    scripted: Any, name: str, affects: list[str], counted: tuple[str, ...] | None
) -> None:
    critic = Critic(common_causes=[{"name": name, "affects": affects, "reason": "r"}])
    (ballot,) = collect(scripted, critic).ballots
    assert [one.nodes for one in ballot.concerns] == ([] if counted is None else [counted])
    assert all(one.reason == "soil: r" for one in ballot.concerns)
    assert bool(ballot.slips) == (counted is None)


def test_a_dropped_edge_keeps_its_kind_and_what_carries_it(scripted: Any) -> None:
    (ballot,) = collect(scripted, Critic({"t <-> w": ("drop", []), "t -> y": ("drop", ["m"])})).ballots
    assert {(one.edge, one.reason) for one in ballot.concerns} == {
        (EdgeKind.BIDIRECTED, "s"),
        (EdgeKind.DIRECTED, "carried by m: s"),
    }


def test_a_critic_who_leaves_more_than_a_fifth_of_the_edges_unjudged_abstains(scripted: Any) -> None:
    def lazy(request: Any, left_out: int) -> str:
        reply = json.loads(Critic()(request))
        return json.dumps({**reply, "arrows": reply["arrows"][left_out:]})

    assert len(collect(scripted, lambda request: lazy(request, 1)).ballots) == 1
    found = collect(scripted, lambda request: lazy(request, 2), 2)
    assert found.ballots == ()
    assert len(found.abstentions) == 2
    assert "without a verdict" in found.abstentions[0].detail


def test_a_graph_without_edges_can_be_criticised(scripted: Any) -> None:
    graph = CausalGraph.build(nodes=("t", "y", "z"))
    (ballot,) = collect(scripted, Critic(absent=missing(("t", "y"))), graph=graph).ballots
    assert [one.nodes for one in ballot.concerns] == [("t", "y")]
