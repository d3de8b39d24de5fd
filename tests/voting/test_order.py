"""Whatever the order of the ballots, and whatever is on them: the same consensus, and a graph that holds its rules."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.consensus import Constraints, Status, VotingRules
from copilot.domain.graph import Edge, EdgeKind
from copilot.domain.votes import (
    ArrowVerdict,
    ChallengeBallot,
    EdgeVote,
    GraphBallot,
    Group,
    LatentVote,
    PairAnswer,
    PairBallot,
    PairVote,
    Verdict,
    Voter,
)
from copilot.errors import ConfigurationError, CycleError
from copilot.voting.consensus import contested_pairs, form_consensus
from copilot.voting.constraints import check_constraints

NAMES = ("a", "b", "c", "d")
name = st.sampled_from(NAMES)
ends = st.lists(name, min_size=2, max_size=2, unique=True)
text = st.sampled_from(["", "because", "since"])
scope = st.one_of(st.just(frozenset(NAMES)), st.just(frozenset(NAMES)), st.frozensets(name))


def voters(group: st.SearchStrategy[Group]) -> st.SearchStrategy[Voter]:
    return st.builds(Voter, group=group, source=st.sampled_from(["m", "n"]), ballot=st.integers(0, 9))


edges = st.builds(
    lambda pair, kind, reason: EdgeVote(source=pair[0], target=pair[1], kind=kind, reason=reason),
    ends,
    st.sampled_from(
        [EdgeKind.DIRECTED, EdgeKind.DIRECTED, EdgeKind.DIRECTED, EdgeKind.UNDIRECTED, EdgeKind.BIDIRECTED]
    ),
    text,
)
latents = st.builds(
    lambda affects, called: LatentVote(name=called, affects=tuple(affects)),
    st.lists(name, min_size=2, max_size=3, unique=True),
    st.sampled_from(["u", "U", "w"]),
)
graph_ballots = st.builds(
    GraphBallot,
    voter=voters(st.sampled_from(Group)),
    edges=st.lists(edges, max_size=7).map(tuple),
    unsure=st.lists(ends.map(tuple), max_size=2).map(tuple),
    latents=st.lists(latents, max_size=2).map(tuple),
    asked=scope,
)
pair_ballots = st.builds(
    PairBallot,
    voter=voters(st.just(Group.LLM)),
    answers=st.lists(
        st.builds(
            lambda pair, answer, why: PairVote(first=pair[0], second=pair[1], answer=answer, reason=why),
            ends,
            st.sampled_from(PairAnswer),
            text,
        ),
        max_size=3,
    ).map(tuple),
)
challengers = st.builds(
    ChallengeBallot,
    voter=voters(st.just(Group.LLM)),
    asked=st.one_of(st.none(), scope),
    verdicts=st.lists(
        st.builds(
            lambda pair, verdict, why: ArrowVerdict(source=pair[0], target=pair[1], verdict=verdict, reason=why),
            ends,
            st.sampled_from(Verdict),
            text,
        ),
        max_size=6,
    ).map(tuple),
    additions=st.lists(edges, max_size=3).map(tuple),
)
knowledge = st.builds(
    Constraints,
    require=st.lists(ends.map(tuple), max_size=1).map(tuple),
    forbid=st.lists(ends.map(tuple), max_size=2).map(tuple),
    tiers=st.sampled_from([(), (), (("a", "b"), ("c",)), (("d",), ("a",))]),
)
cases = st.fixed_dictionaries(
    {
        "ballots": st.lists(graph_ballots, min_size=1, max_size=8),
        "pair_ballots": st.lists(pair_ballots, max_size=3),
        "challenge_ballots": st.lists(challengers, max_size=4),
        "constraints": knowledge,
        "rules": st.builds(VotingRules, min_support=st.sampled_from([0.3, 0.5, 0.75, 1.0])),
    }
)


def possible(case: dict[str, Any]) -> bool:
    try:
        check_constraints(NAMES, case["constraints"])
    except (ConfigurationError, CycleError):
        return False
    present = {ballot.voter.group for ballot in case["ballots"]}
    whole = {b.voter.group for b in case["ballots"] if b.asked == frozenset(NAMES)}
    return present == whole


@settings(max_examples=250, deadline=None)
@given(cases.filter(possible), st.randoms(use_true_random=False))
def test_the_order_of_ballots_does_not_matter(case: dict[str, Any], random: Random) -> None:
    first = form_consensus(NAMES, **case)
    names = list(NAMES)
    random.shuffle(names)
    again = dict(case)
    for key in ("ballots", "pair_ballots", "challenge_ballots"):
        again[key] = random.sample(case[key], len(case[key]))
    second = form_consensus(names, **again)
    assert second.model_dump_json() == first.model_dump_json()


@settings(max_examples=250, deadline=None)
@given(cases.filter(possible))
def test_records_graph_and_constraints_agree(case: dict[str, Any]) -> None:
    consensus = form_consensus(NAMES, **case)
    drawn = {Edge(source=e.source, target=e.target, kind=e.kind) for e in consensus.edges if e.in_graph}
    assert drawn == set(consensus.graph.edges)
    keys = [(edge.source, edge.target, edge.kind) for edge in consensus.edges]
    assert keys == sorted(set(keys))
    for source, target in case["constraints"].require:
        assert consensus.graph.has(source, target)
    for source, target in case["constraints"].forbid:
        assert not consensus.graph.has(source, target)
    cut = {(edge.source, edge.target) for edge in consensus.edges if edge.status is Status.CUT}
    assert cut == {(one.source, one.target) for one in consensus.cycle_cuts}
    for one in consensus.cycle_cuts:
        assert one.cycle[0] == one.cycle[-1] == one.source
        assert one.cycle[1] == one.target
        assert all(consensus.graph.has(*step) for step in zip(one.cycle[1:], one.cycle[2:], strict=False))
    named = {
        (min(e.source, e.target), max(e.source, e.target)) for e in consensus.edges if e.status is Status.CONTESTED
    }
    assert set(contested_pairs(consensus)) == named
    for edge in consensus.edges:
        assert edge.support.votes <= edge.support.valid
        assert edge.status is not Status.ACCEPTED or edge.in_graph
