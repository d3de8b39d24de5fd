"""Critics' concerns become findings: joined by subject, counted, and weighed by what they would change."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.findings import Finding, FindingKind, Origin, Severity
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.variables import Query
from copilot.domain.votes import Concern, CritiqueBallot, Group, Voter
from copilot.voting.critique import merge_concerns

GRAPH = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "m"), ("m", "y"), ("z", "t")])
QUERY = Query(treatment="t", outcome="y")
K = FindingKind


def concern(kind: FindingKind, *nodes: str, reason: str = "r", edge: EdgeKind | None = None) -> Concern:
    if edge is None and kind in (K.MISSING_EDGE, K.SPURIOUS_EDGE, K.REVERSED_EDGE, K.FEEDBACK):
        edge = EdgeKind.DIRECTED
    return Concern(kind=kind.value, nodes=nodes, reason=reason, edge=edge)


def ballots(*held: Sequence[Concern]) -> list[CritiqueBallot]:
    return [
        CritiqueBallot(voter=Voter(group=Group.LLM, source="m", ballot=n), concerns=tuple(concerns))
        for n, concerns in enumerate(held)
    ]


def merged(*held: Sequence[Concern], graph: CausalGraph = GRAPH, query: Query = QUERY) -> tuple[Finding, ...]:
    return merge_concerns(ballots(*held), graph, query)


def test_no_ballots_and_empty_ballots_give_no_findings() -> None:
    assert merged() == ()
    assert merged((), (), ()) == ()


def test_one_subject_is_one_finding_whatever_the_words() -> None:
    one = [concern(K.INTERFERENCE, "t", reason=text) for text in ("d", "b", "a", "c", "a", "")]
    (found,) = merged(*([c] for c in one), (), ())
    assert (found.votes, found.valid, found.origin) == (6, 8, Origin.LLM)
    assert found.evidence == {"reasons": ["a", "b", "c"], "interval": [0.409275, 0.928521]}
    assert found.severity is Severity.MEDIUM
    assert found.message.startswith("6 of 8 critics ")
    assert (found.nodes, found.edge, found.patch) == (("t",), None, None)


def test_a_single_voice_is_kept_and_is_low() -> None:
    (found,) = merged([concern(K.MISSING_EDGE, "z", "y")], (), (), ())
    assert (found.votes, found.valid, found.severity) == (1, 4, Severity.LOW)
    assert str(found.patch) == "add z -> y"


@pytest.mark.parametrize(
    ("voiced", "patch", "severity", "said"),
    [
        (concern(K.MISSING_EDGE, "z", "y"), "add z -> y", Severity.HIGH, "other minimal adjustment sets"),
        (concern(K.MISSING_EDGE, "w", "m"), "add w -> m", Severity.MEDIUM, "direct effect"),
        (concern(K.SPURIOUS_EDGE, "w", "y"), "remove w -> y", Severity.HIGH, "other minimal adjustment sets"),
        (concern(K.SPURIOUS_EDGE, "z", "t"), "remove z -> t", Severity.MEDIUM, "no direct effect of z on t"),
        (concern(K.SPURIOUS_EDGE, "m", "y"), "remove m -> y", Severity.HIGH, "be zero by assumption"),
        (concern(K.REVERSED_EDGE, "w", "t"), "reverse w -> t", Severity.HIGH, "other minimal adjustment sets"),
        (concern(K.MISSING_EDGE, "y", "t"), None, Severity.MEDIUM, "close a circle: "),
        (concern(K.SPURIOUS_EDGE, "z", "m"), None, Severity.MEDIUM, "z -> m is not in the graph"),
        (concern(K.UNMEASURED_COMMON_CAUSE, "w", "z"), "add w <-> z", Severity.MEDIUM, "common cause of w and z"),
        (concern(K.SELECTION, "t", "y"), None, Severity.MEDIUM, "t and y decide who or what"),
        (concern(K.MEASUREMENT, "w"), None, Severity.MEDIUM, "after the outcome"),
        (concern(K.FEEDBACK, "t", "m"), None, Severity.MEDIUM, "over time"),
    ],
)
def test_severity_and_patch_follow_from_what_the_change_does(
    voiced: Concern, patch: str | None, severity: Severity, said: str
) -> None:
    (found,) = merged([voiced], [voiced], ())
    assert (None if found.patch is None else str(found.patch), found.severity) == (patch, severity)
    assert said in found.message
    if found.patch is not None:
        assert found.patch.apply(GRAPH) != GRAPH


def test_an_effect_that_would_be_lost_is_high_and_one_no_longer_identifiable_is_said_so() -> None:
    graph = CausalGraph.build(directed=[("t", "y")])
    (found,) = merged([concern(K.UNMEASURED_COMMON_CAUSE, "t", "y")], graph=graph)
    assert found.severity is Severity.HIGH
    assert "no longer be identifiable" in found.message


def test_without_a_question_nothing_is_high() -> None:
    for query in (Query(), Query(treatment="t"), Query(treatment="t", outcome="elsewhere")):
        (found,) = merged([concern(K.MISSING_EDGE, "z", "y")], query=query)
        assert found.severity is Severity.MEDIUM


def test_an_edge_between_the_same_nodes_of_another_kind_is_another_subject() -> None:
    graph = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    arrow = concern(K.SPURIOUS_EDGE, "t", "y")
    common = concern(K.SPURIOUS_EDGE, "t", "y", edge=EdgeKind.BIDIRECTED)
    found = merged([arrow, common], [common], graph=graph)
    assert {(str(one.patch), one.votes) for one in found} == {("remove t -> y", 1), ("remove t <-> y", 2)}


def test_sets_of_different_critics_count_for_what_they_share() -> None:
    cause = K.UNMEASURED_COMMON_CAUSE
    found = merged([concern(cause, "w", "y", "z")], [concern(cause, "t", "w", "y")], [concern(cause, "w", "y")], ())
    assert {one.nodes: one.votes for one in found} == {("w", "y"): 3, ("t", "w", "y"): 1, ("w", "y", "z"): 1}
    patches = {one.nodes: str(one.patch) for one in found}
    assert patches["t", "w", "y"] == "add t <-> w, add t <-> y, add w <-> y"


def test_a_set_within_a_larger_one_of_as_many_votes_is_said_by_that() -> None:
    cause = K.UNMEASURED_COMMON_CAUSE
    found = merged([concern(cause, "w", "y", "z"), concern(cause, "w", "y")], [concern(cause, "w", "y", "z")])
    assert [one.nodes for one in found] == [("w", "y", "z")]


def test_a_common_cause_adds_what_is_not_joined_so_and_fits_no_edge_without_direction() -> None:
    graph = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "w")], undirected=[("a", "b")])
    (found,) = merged([concern(K.UNMEASURED_COMMON_CAUSE, "t", "w", "y")], graph=graph)
    assert str(found.patch) == "add t <-> y, add w <-> y"
    (found,) = merged([concern(K.UNMEASURED_COMMON_CAUSE, "a", "b")], graph=graph)
    assert found.patch is None
    assert "No patch is given" in found.message


def _any_concern() -> st.SearchStrategy[Concern]:
    pairs = st.sampled_from(list(itertools.permutations(GRAPH.names, 2)))
    of_pair = st.tuples(st.sampled_from([K.MISSING_EDGE, K.SPURIOUS_EDGE, K.UNMEASURED_COMMON_CAUSE]), pairs)
    sets = st.sets(st.sampled_from(GRAPH.names), min_size=2).map(lambda names: tuple(sorted(names)))
    of_set = st.tuples(st.sampled_from([K.SELECTION, K.UNMEASURED_COMMON_CAUSE]), sets)
    return st.tuples(of_pair | of_set, st.sampled_from("abcde")).map(lambda x: concern(x[0][0], *x[0][1], reason=x[1]))


@given(st.lists(st.lists(_any_concern(), max_size=3), max_size=5), st.randoms())
def test_the_order_of_ballots_does_not_matter_and_nothing_is_lost(
    held: list[list[Concern]], rng: random.Random
) -> None:
    cast = ballots(*held)
    found = merge_concerns(cast, GRAPH, QUERY)
    shuffled = [one.model_copy(update={"concerns": tuple(rng.sample(one.concerns, len(one.concerns)))}) for one in cast]
    rng.shuffle(shuffled)
    assert merge_concerns(shuffled, GRAPH, QUERY) == found
    assert len({one.key for one in found}) == len(found)
    for one in (c for concerns in held for c in concerns):
        about = [f for f in found if f.kind == one.kind]
        assert any(set(one.nodes) <= {*f.nodes, *((f.edge.source, f.edge.target) if f.edge else ())} for f in about)
    assert all(1 <= (one.votes or 0) <= len(cast) for one in found)


def test_a_large_graph_takes_a_bounded_time(within: Callable[[float], AbstractContextManager[None]]) -> None:
    names = [f"x{n:02d}" for n in range(60)]
    ways = list(itertools.combinations(names, 2))[::9]
    graph = CausalGraph.build(nodes=names, directed=ways, undirected=[("x00", "x59"), ("x01", "x58")])
    absent = [pair for pair in itertools.combinations(names, 2) if pair not in ways][:300]
    voiced = [concern(K.MISSING_EDGE, *pair) for pair in absent if pair not in {("x00", "x59"), ("x01", "x58")}]
    with within(20):
        found = merged(voiced, voiced, graph=graph, query=Query(treatment="x20", outcome="x50"))
    assert len(found) == len(voiced)
    assert sum("was not worked out" in one.message for one in found) == len(voiced) - 20
