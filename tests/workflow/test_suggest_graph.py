"""The whole vote, from requests to consensus, with a scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from copilot.domain.consensus import Constraints, Status, VotingRules
from copilot.domain.variables import Kind, Query, Variable
from copilot.domain.votes import Group, Votes
from copilot.elicitation.setting import Setting
from copilot.errors import QuorumError
from copilot.llm.asker import Asker
from copilot.llm.meter import UsageMeter
from copilot.workflow.suggest_graph import Suggestion, SuggestPlan, Voices, suggest_graph

NAMES = ("w", "t", "y", "z")
TRUE = [("w", "t"), ("w", "y"), ("t", "y")]


def vote(completer: Any, kept: list[Votes] | None = None, **changes: Any) -> Suggestion:
    plan = SuggestPlan(**{"names": NAMES, "query": Query(treatment="t", outcome="y"), **changes})
    setting = Setting(
        variables=tuple(Variable(name=name, kind=Kind.CONTINUOUS) for name in NAMES), models=("m",), seed=0
    )
    asker = Asker(completer, repair=lambda problem: problem, meter=UsageMeter(lambda _model: None))
    keep = (lambda _votes: None) if kept is None else kept.append
    return asyncio.run(suggest_graph(plan, Voices(asker=asker, setting=setting), keep=keep))


def drawn(found: Suggestion) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in found.consensus.graph.edges}


def test_a_unanimous_graph_is_accepted_and_challenged(scripted: Any, believing: Callable[..., Any]) -> None:
    completer = scripted(believing(TRUE, latents=[("t", "y")]))
    found = vote(completer)
    assert drawn(found) == set(TRUE)
    assert {edge.status for edge in found.consensus.edges} == {Status.ACCEPTED}
    assert [request.task for request in completer.requests] == ["suggest-graph"] * 7 + ["challenge-graph"] * 3
    assert [latent.affects for latent in found.consensus.latents] == [("t", "y")]
    assert found.consensus.turnout[Group.LLM].valid == 7
    assert found.consensus.edges[0].support.interval[0] > 0.6


def test_contested_pairs_get_focused_ballots(scripted: Any, believing: Callable[..., Any]) -> None:
    sure, doubting = believing(TRUE), believing(TRUE[:2])

    def answer(request: Any) -> str:
        return str((doubting if request.task == "suggest-graph" and request.ballot % 2 else sure)(request))

    completer = scripted(answer)
    found = vote(completer, challenge=0)
    assert [request.task for request in completer.requests].count("judge-pairs") == 4
    (edge,) = [edge for edge in found.consensus.edges if (edge.source, edge.target) == ("t", "y")]
    assert (edge.support.votes, edge.support.valid) == (8, 11)
    assert edge.in_graph


def test_a_majority_of_challengers_changes_the_graph_and_is_named(scripted: Any, believing: Callable[..., Any]) -> None:
    first, later = believing(TRUE), believing([*TRUE, ("z", "t")])
    completer = scripted(lambda request: str((first if request.task == "suggest-graph" else later)(request)))
    found = vote(completer)
    assert drawn(found) == {*TRUE, ("z", "t")}
    (edge,) = [edge for edge in found.consensus.edges if edge.source == "z"]
    assert edge.changed_by == "challenge"
    assert edge.challenge is not None
    assert (edge.challenge.add, edge.challenge.valid) == (3, 3)


def test_abstentions_are_counted_and_in_no_denominator(scripted: Any, believing: Callable[..., Any]) -> None:
    sure = believing(TRUE)

    def answer(request: Any) -> str:
        return "I cannot say." if request.task == "suggest-graph" and request.ballot == 2 else str(sure(request))

    found = vote(scripted(answer))
    turnout = found.consensus.turnout[Group.LLM]
    assert (turnout.asked, turnout.valid, turnout.abstained) == (7, 6, 1)
    assert {edge.support.valid for edge in found.consensus.edges} == {6}


def test_too_few_valid_ballots_stop_the_run_and_keep_what_there_is(
    scripted: Any, believing: Callable[..., Any]
) -> None:
    sure = believing(TRUE)
    kept: list[Votes] = []
    with pytest.raises(QuorumError, match="2"):
        vote(
            scripted(lambda request: str(sure(request)) if request.ballot < 2 else "no"),
            kept,
            rules=VotingRules(quorum=4),
        )
    assert len(kept[-1].ballots) == 2
    assert len(kept[-1].abstentions) == 5


def test_constraints_win_over_votes_and_say_so(scripted: Any, believing: Callable[..., Any]) -> None:
    constraints = Constraints(require=(("z", "y"),), forbid=(("w", "y"),))
    found = vote(scripted(believing(TRUE)), constraints=constraints)
    assert drawn(found) == {("w", "t"), ("t", "y"), ("z", "y")}
    statuses = {(edge.source, edge.target): edge.status for edge in found.consensus.edges}
    assert statuses["z", "y"] is Status.REQUIRED
    assert statuses["w", "y"] is Status.FORBIDDEN
    assert "constraint_conflict" in {notice.code for notice in found.consensus.notices}


def test_a_circle_that_won_is_cut_and_the_outcome_as_cause_is_flagged(scripted: Any) -> None:
    edges = [{"from": a, "to": b, "reason": "r"} for a, b in (("w", "t"), ("t", "y"), ("y", "w"))]
    found = vote(scripted(lambda _request: json.dumps({"edges": edges})), challenge=0)
    assert len(found.consensus.cycle_cuts) == 1
    assert len(drawn(found)) == 2


def test_the_order_of_replies_does_not_matter(scripted: Any, believing: Callable[..., Any]) -> None:
    graphs = [TRUE, TRUE[1:], [*TRUE, ("z", "w")], TRUE[:1], TRUE, [*TRUE, ("y", "z")], TRUE]
    answers = [believing(graph) for graph in graphs]

    def by(order: list[int]) -> str:
        completer = scripted(lambda request: str(answers[order[request.ballot % 7]](request)))
        return vote(completer, challenge=0, max_votes=7).consensus.graph.content_hash

    assert len({by(order) for order in ([0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 0, 6, 1, 5, 2, 4])}) == 1
