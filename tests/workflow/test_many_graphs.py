"""The effect under many graphs: spread, shares, and a planted edge on which the answer hangs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from copilot.data.tables import Table, read_table
from copilot.domain.analysis import Analysis
from copilot.domain.consensus import VotingRules
from copilot.domain.graph import CausalGraph
from copilot.domain.many_graphs import EdgeState, GraphSource, ManyGraphs
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.domain.votes import EdgeVote, GraphBallot, Group, LatentVote, Voter, Votes
from copilot.voting.consensus import form_consensus
from copilot.voting.voices import Drawing
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, analyse

ROWS = 3000
Arrows = tuple[tuple[str, str], ...]
BASE: Arrows = (("t", "y"), ("v", "y"), ("w", "y"))
EFFECT = 2.0


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    rng = default_rng(8)
    w, v, n = (rng.normal(size=ROWS) for _ in range(3))
    t = 1.2 * w + 0.05 * v + rng.normal(size=ROWS)
    y = EFFECT * t + 3 * w + 0.5 * v + rng.normal(size=ROWS)
    path = tmp_path_factory.mktemp("data") / "data.csv"
    pd.DataFrame({"t": t, "y": y, "w": w, "v": v, "n": n}).to_csv(path, index=False)
    return read_table(str(path))


def voted(drawn: list[Arrows], latents: list[tuple[str, str] | None] | None = None) -> Drawing:
    names = ("t", "y", "w", "v", "n")
    ballots = [
        GraphBallot(
            voter=Voter(group=Group.LLM, source="m", ballot=number),
            edges=tuple(EdgeVote(source=a, target=b) for a, b in arrows),
            latents=(LatentVote(name="care", affects=hidden),) if hidden else (),
            asked=frozenset(names),
        )
        for number, (arrows, hidden) in enumerate(zip(drawn, latents or [None] * len(drawn), strict=True))
    ]
    consensus = form_consensus(names, ballots=ballots, rules=VotingRules())
    return Drawing(votes=Votes(ballots=tuple(ballots)), consensus=consensus, accepted=consensus.graph)


def looked_at(
    table: Table, graph: CausalGraph, drawing: Drawing | None = None, wishes: Wishes = Wishes(), seed: int = 0
) -> Analysis:
    plan = EffectPlan(
        review=Review(graph=graph, approved_by="ada"),
        graph_source="here",
        query=Query(treatment="t", outcome="y"),
        wishes=wishes,
        refute=False,
        drawing=drawing,
        draws=1000,
        seed=seed,
    )
    return analyse(plan, table)


def many_of(analysis: Analysis) -> ManyGraphs:
    assert analysis.many_graphs is not None
    return analysis.many_graphs


def test_a_planted_pivotal_edge_is_ranked_first_and_the_truth_lies_in_the_spread(table: Table) -> None:
    # Voters differ about w and t, on which everything hangs, and about n and v, on which next to nothing does.
    drawn = [
        (*BASE, ("w", "t") if n < 6 else ("t", "w"), *([("n", "y")] if n % 2 else []), *([("v", "t")] if n % 3 else []))
        for n in range(10)
    ]
    drawing = voted(drawn)
    analysis = looked_at(table, drawing.consensus.graph, drawing)
    many = many_of(analysis)
    assert many.source is GraphSource.VOTES
    assert many.graphs == 1000
    assert many.range is not None
    assert many.range[0] - 0.05 < EFFECT < many.range[1]
    assert analysis.headline is not None
    own = [one for one in many.designs if one.accepted]
    assert [one.value for one in own] == [pytest.approx(analysis.headline.value, abs=1e-9)]
    top = many.edges[0]
    assert (top.source, top.target, top.accepted) == ("w", "t", EdgeState.FORWARD)
    assert top.states[0].state is EdgeState.FORWARD
    assert top.states[0].value == pytest.approx(EFFECT, abs=0.1)
    assert top.states[1].value is not None
    assert top.states[1].value > 3
    assert "with t -> w the estimate is" in top.message
    # Nothing hangs on an edge into the outcome from a variable that the treatment does not hear of.
    assert not any({edge.source, edge.target} == {"n", "y"} for edge in many.edges)
    assert "Under 1,000 graphs drawn from the ballots" in many.message
    assert "probab" not in many.message


def test_what_is_not_identifiable_is_counted_and_not_averaged_away(table: Table) -> None:
    drawn = [(*BASE, ("w", "t")) for _ in range(10)]
    drawing = voted(drawn, [("t", "y") if n < 3 else None for n in range(10)])
    many = many_of(looked_at(table, drawing.consensus.graph, drawing))
    # Three of ten in the half that is drawn by support; resampled ballots hardly ever have a majority for it.
    assert 0.12 < many.not_identifiable < 0.22
    assert f"In {100 * many.not_identifiable:.0f} % of the graphs the effect is not identifiable." in many.message
    top = many.edges[0]
    assert top.hidden
    assert top.name == "care"
    assert top.identifiable_move > 0.9
    assert [one.identifiable for one in top.states] == [1.0, 0.0]


def test_a_graph_made_by_hand_is_changed_one_edge_at_a_time(table: Table) -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "t"), ("w", "y"), ("v", "y")], nodes=("n",))
    many = many_of(looked_at(table, graph))
    assert many.source is GraphSource.CHANGES
    assert many.graphs == many.distinct > 20
    top = [edge for edge in many.edges if {edge.source, edge.target} == {"t", "w"} and not edge.hidden]
    assert {state.state: state.identifiable for state in top[0].states}[EdgeState.FORWARD] == 1.0
    values = {state.state: state.value for state in top[0].states}
    assert values[EdgeState.FORWARD] == pytest.approx(EFFECT, abs=0.1)
    assert values[EdgeState.BACKWARD] == pytest.approx(EFFECT + 1.48, abs=0.15)
    # Without the arrow w is still a cause of y, so the best set holds it: nothing is lost.
    assert values[EdgeState.ABSENT] == pytest.approx(EFFECT, abs=0.1)
    assert not any({edge.source, edge.target} == {"t", "y"} for edge in many.edges)


def test_an_effect_that_is_zero_by_assumption_is_told_apart(table: Table) -> None:
    drawn = [(("w", "t"), ("w", "y"), *([("t", "y")] if n < 5 else [])) for n in range(10)]
    drawing = voted(drawn)
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y")], nodes=("t", "y", "v", "n"))
    analysis = looked_at(table, graph, drawing)
    many = many_of(analysis)
    assert analysis.headline is None
    assert many.null == pytest.approx(0.3, abs=0.25)
    assert many.quantiles[2] == pytest.approx(EFFECT, abs=0.1)
    assert "of the graphs the effect is zero by assumption" in many.message
    # That t -> y is there or not is the question itself.
    assert not any({edge.source, edge.target} == {"t", "y"} for edge in many.edges)


def test_the_same_graphs_are_drawn_for_the_same_seed(table: Table) -> None:
    drawn = [(*BASE, ("w", "t") if n < 6 else ("t", "w"), *([("n", "v")] if n % 2 else [])) for n in range(10)]
    drawing = voted(drawn)
    first, again, other = (many_of(looked_at(table, drawing.consensus.graph, drawing, seed=seed)) for seed in (4, 4, 5))
    assert first == again
    assert first != other


def test_edges_without_direction_and_no_votes_are_no_silence(table: Table) -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "y"), ("w", "t")], undirected=[("v", "n")])
    analysis = looked_at(table, graph)
    assert analysis.many_graphs is None
    assert "many_graphs_left_out" in [notice.code for notice in analysis.notices]


def test_other_estimators_are_compared_by_their_own_kind(table: Table) -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "t"), ("w", "y")])
    analysis = looked_at(table, graph, wishes=Wishes(estimators=("g_computation",)))
    many = many_of(analysis)
    assert many.estimator == "g_computation"
    assert analysis.headline is not None
    assert next(one.value for one in many.designs if one.accepted) == pytest.approx(analysis.headline.value)
    assert np.isfinite([one.value for one in many.designs if one.value is not None]).all()


def test_an_estimator_that_takes_minutes_is_not_run_for_every_design(table: Table) -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "t"), ("w", "y")])
    many = many_of(looked_at(table, graph, wishes=Wishes(estimators=("flexible",))))
    assert many.estimator == "linear_regression"
    assert many.interval is not None


def test_states_that_say_the_same_are_said_together_and_clusters_leave_no_plain_error(table: Table) -> None:
    graph = CausalGraph.build(directed=[("t", "y"), ("w", "t"), ("w", "y")])
    many = many_of(looked_at(table, graph, wishes=Wishes(cluster="n")))
    assert many.interval is None
    assert all(one.interval is None for one in many.designs if one.value is not None)
    top = next(edge for edge in many.edges if {edge.source, edge.target} == {"t", "w"} and not edge.hidden)
    assert top.message.startswith("With w -> t or with no arrow between them the estimate is ")
    assert "; with t -> w the estimate is " in top.message
