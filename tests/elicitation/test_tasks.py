"""From replies to ballots: what counts, what is left out and how it is said."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Kind, Variable
from copilot.domain.votes import AbstentionReason, ChallengeBallot, PairAnswer, Slip, Verdict
from copilot.elicitation.challenge_task import challenge_sheets, merge_challenge
from copilot.elicitation.graph_task import graph_sheets, merge_parts
from copilot.elicitation.pairs_task import PAIRS_A_SHEET, merge_pairs, pair_sheets
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Gathered, gather
from copilot.llm.asker import Asker
from copilot.llm.meter import UsageMeter

NAMES = ("w", "t", "y")


def setting(names: tuple[str, ...] = NAMES) -> Setting:
    return Setting(variables=tuple(Variable(name=n, kind=Kind.CONTINUOUS) for n in names), models=("m",), seed=0)


def collect(completer: Any, sheets: Any, merge: Any) -> Gathered[Any]:
    asker = Asker(completer, repair=lambda problem: problem, meter=UsageMeter(lambda _model: None))
    return asyncio.run(gather(asker, sheets, merge))


def graph_ballot(scripted: Any, reply: str, names: tuple[str, ...] = NAMES) -> Gathered[Any]:
    return collect(scripted(lambda _request: reply), graph_sheets(setting(names), 1), merge_parts)


def edges(*ends: tuple[str, str]) -> str:
    return json.dumps({"edges": [{"from": a, "to": b, "reason": "r"} for a, b in ends]})


def test_a_ballot_comes_back_in_column_names(scripted: Any, believing: Callable[..., Any]) -> None:
    completer = scripted(believing([("w", "t"), ("t", "y")], latents=[("t", "y")]))
    found = collect(completer, graph_sheets(setting(), 3), merge_parts)
    assert len(found.ballots) == 3
    for ballot in found.ballots:
        assert [(edge.source, edge.target) for edge in ballot.edges] == [("t", "y"), ("w", "t")]
        assert ballot.asked == frozenset(NAMES)
        assert [latent.affects for latent in ballot.latents] == [("t", "y")]
        assert ballot.slips == ()


@pytest.mark.parametrize(
    ("reply", "drawn", "slips"),
    [
        (edges(("w", "t"), ("w", "t")), 1, {Slip.REPEATED: 1}),
        (edges(("t", "t")), 0, {Slip.SELF_LOOP: 1}),
        (edges(("weight", "t"), ("t", "y")), 1, {Slip.UNKNOWN_NAME: 1}),
        (edges((" W ", "t")), 1, {Slip.FOLDED_NAME: 1}),
        (edges(("t", "y"), ("y", "t"), ("w", "t")), 1, {Slip.BOTH_WAYS: 1}),
        (edges(("y", "t")), 1, {}),
        ('{"edges": []}', 0, {}),
        ('Sure!\n```json\n{"edges": [{"cause": "w", "effect": "t", "confidence": 900}]}\n```', 1, {}),
    ],
)
def test_parts_that_cannot_be_used_are_counted(scripted: Any, reply: str, drawn: int, slips: dict[Slip, int]) -> None:
    (ballot,) = graph_ballot(scripted, reply).ballots
    assert len(ballot.edges) == drawn
    assert {count.slip: count.count for count in ballot.slips} == slips


def test_a_pair_drawn_both_ways_is_one_the_ballot_is_unsure_of(scripted: Any) -> None:
    (ballot,) = graph_ballot(scripted, edges(("t", "y"), ("y", "t"))).ballots
    assert ballot.unsure == (("t", "y"),)


@pytest.mark.parametrize(
    "reply",
    [
        "I would rather not draw a graph.",
        "null",
        '{"edges": "w->t"}',
        '{"edges": [["w", "t"]]}',
        '{"edges": [{"from": "w", "to": "t", "confidence": NaN}]}',
        '{"instruments": ["y"]}',
        '[{"from": "w", "to": "t"}]',
        '{"edges": [{"from": "w", "to": "t"}',
    ],
)
def test_what_cannot_be_read_is_an_abstention_after_one_repair(scripted: Any, reply: str) -> None:
    completer = scripted(lambda _request: reply)
    found = collect(completer, graph_sheets(setting(), 1), merge_parts)
    assert [abstention.reason for abstention in found.abstentions] == [AbstentionReason.UNREADABLE]
    assert len(completer.requests) == 2


def test_control_characters_in_reasons_never_get_in(scripted: Any) -> None:
    reply = json.dumps({"edges": [{"from": "w", "to": "t", "reason": "\x1b[31m\u202egnp.exe\n[link=x]"}]})
    (ballot,) = graph_ballot(scripted, reply).ballots
    assert ballot.edges[0].reason == "[31mgnp.exe [link=x]"


def test_a_large_table_is_asked_in_blocks_and_a_lost_block_costs_only_its_pairs(
    scripted: Any, believing: Callable[..., Any]
) -> None:
    names = tuple(f"x{number:02d}" for number in range(30))
    believed = [(a, b) for a, b in itertools.pairwise(names)]
    answer = believing(believed)
    lost: list[str] = []

    def sometimes(request: Any) -> str:
        targets = request.reply_schema["properties"]["edges"]["items"]["properties"]["to"]["enum"]
        if "v1" in targets:
            lost[:] = targets
            return "no"
        return str(answer(request))

    sheets = graph_sheets(setting(names), 1)
    assert len(sheets) == 3
    found = collect(scripted(sometimes), sheets, merge_parts)
    (ballot,) = found.ballots
    assert len(ballot.asked) == 30 - len(lost)
    assert {(e.source, e.target) for e in ballot.edges} == {(a, b) for a, b in believed if b in ballot.asked}
    assert found.abstentions == ()


def test_an_arrow_into_another_block_is_out_of_scope(scripted: Any) -> None:
    names = tuple(f"x{number:02d}" for number in range(26))
    found = graph_ballot(scripted, edges(("x00", "x01")), names)
    (ballot,) = found.ballots
    assert [(e.source, e.target) for e in ballot.edges] == [("x00", "x01")]
    assert {count.slip: count.count for count in ballot.slips} == {Slip.OUT_OF_SCOPE: 2}


def test_pairs_are_judged_in_the_direction_they_were_shown(scripted: Any, believing: Callable[..., Any]) -> None:
    completer = scripted(believing([("w", "t")]))
    found = collect(completer, pair_sheets(setting(), [("t", "w"), ("t", "y")], 8), merge_pairs)
    assert len(found.ballots) == 8
    shown = set()
    for ballot in found.ballots:
        for vote in ballot.answers:
            shown.add((vote.first, vote.second))
            if {vote.first, vote.second} == {"t", "w"}:
                assert vote.answer == (PairAnswer.CAUSE if vote.first == "w" else PairAnswer.EFFECT)
            else:
                assert vote.answer == PairAnswer.NEITHER
    assert shown == {("t", "w"), ("w", "t"), ("t", "y"), ("y", "t")}


def test_many_pairs_are_spread_over_sheets() -> None:
    names = tuple(f"x{number}" for number in range(12))
    pairs = [(a, b) for a in names for b in names if a < b]
    assert len(pair_sheets(setting(names), pairs, 2)) == 2 * -(-len(pairs) // PAIRS_A_SHEET)


GRAPH = CausalGraph.build(nodes=NAMES, directed=[("w", "t"), ("t", "y"), ("w", "y")])


def test_challengers_keep_drop_and_add(scripted: Any, believing: Callable[..., Any]) -> None:
    names = (*NAMES, "z")
    graph = CausalGraph.build(nodes=names, directed=[("w", "t"), ("t", "y"), ("w", "y")])
    completer = scripted(believing([("w", "t"), ("t", "y"), ("z", "t")]))
    (ballot,) = collect(completer, challenge_sheets(setting(names), graph, 1), merge_challenge).ballots
    verdicts = {(v.source, v.target): v.verdict for v in ballot.verdicts}
    assert verdicts == {("w", "t"): Verdict.KEEP, ("t", "y"): Verdict.KEEP, ("w", "y"): Verdict.DROP}
    assert [(e.source, e.target) for e in ballot.additions] == [("z", "t")]
    assert "detours begin with" in completer.requests[0].messages[1].content


def _verdicts(request: Any, verdict: str, carried_by: list[str]) -> str:
    arrows = request.reply_schema["properties"]["arrows"]["items"]["properties"]["arrow"]["enum"]
    judged = [{"arrow": e, "still_acts_by": "", "verdict": verdict, "carried_by": carried_by} for e in arrows]
    return json.dumps({"arrows": judged, "absent": []})


def test_a_drop_needs_a_path_through_what_is_said_to_carry_it(scripted: Any) -> None:
    completer = scripted(lambda request: _verdicts(request, "drop", ["t"]))
    (ballot,) = collect(completer, challenge_sheets(setting(), GRAPH, 1), merge_challenge).ballots
    verdicts = {(v.source, v.target): (v.verdict, v.carried_by) for v in ballot.verdicts}
    assert verdicts["w", "y"] == (Verdict.DROP, ("t",))
    assert list(verdicts) == [("w", "y")]
    assert ballot.unsure == (("t", "y"), ("w", "t"))
    assert {count.slip: count.count for count in ballot.slips} == {Slip.BAD_EVIDENCE: 2}


FORK = CausalGraph.build(nodes=("w", "y", "a", "b"), directed=[("w", "y")])
CHAIN = [("w", "a"), ("a", "b"), ("b", "y")]


def _dropped(scripted: Any, graph: CausalGraph, carrier: str, added: Sequence[tuple[str, str]]) -> ChallengeBallot:
    def answer(request: Any) -> str:
        reply = json.loads(_verdicts(request, "drop", [carrier]))
        reply["absent"] = [{"variable": b, "missing_causes": [{"from": a, "reason": "r"}]} for a, b in added]
        return json.dumps(reply)

    sheets = challenge_sheets(setting(graph.names), graph, 1)
    (ballot,) = collect(scripted(answer), sheets, merge_challenge).ballots
    assert isinstance(ballot, ChallengeBallot)
    return ballot


@pytest.mark.parametrize("added", list(itertools.permutations(CHAIN)))
@pytest.mark.parametrize("carrier", ["a", "b"])
def test_a_path_made_of_additions_counts_in_whatever_order_they_stand(
    scripted: Any, carrier: str, added: tuple[tuple[str, str], ...]
) -> None:
    ballot = _dropped(scripted, FORK, carrier, added)
    assert [(v.verdict, v.carried_by) for v in ballot.verdicts] == [(Verdict.DROP, (carrier,))]
    assert ballot.unsure == ()


@pytest.mark.parametrize("added", [CHAIN[:2], CHAIN[1:], [("y", "a"), ("b", "y"), ("a", "b")]])
def test_half_a_path_or_a_circle_behind_the_arrow_carries_nothing(scripted: Any, added: list[tuple[str, str]]) -> None:
    ballot = _dropped(scripted, FORK, "a", added)
    assert ballot.verdicts == ()
    assert ballot.unsure == (("w", "y"),)


def test_a_challenger_who_does_not_judge_the_arrows_abstains(scripted: Any) -> None:
    completer = scripted(lambda _request: '{"arrows": [], "absent": []}')
    found = collect(completer, challenge_sheets(setting(), GRAPH, 2), merge_challenge)
    assert found.ballots == ()
    assert len(found.abstentions) == 2
    assert "without a verdict" in found.abstentions[0].detail


def test_an_addition_where_an_arrow_stands_is_out_of_scope(scripted: Any) -> None:
    def answer(request: Any) -> str:
        reply = json.loads(_verdicts(request, "keep", []))
        reply["absent"] = [{"variable": "t", "missing_causes": [{"from": "y", "reason": "r"}]}]
        return json.dumps(reply)

    (ballot,) = collect(scripted(answer), challenge_sheets(setting(), GRAPH, 1), merge_challenge).ballots
    assert ballot.additions == ()
    assert {count.slip: count.count for count in ballot.slips} == {Slip.OUT_OF_SCOPE: 1}
