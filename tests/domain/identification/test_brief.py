"""The first open strategy, found without the others, is the one that a full identification has first."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.brief import identify_briefly
from copilot.domain.identification.identify import identify
from copilot.domain.identification.values import Strategy

NAMES = ("a", "b", "c", "t", "y")


@st.composite
def graphs(draw: st.DrawFn) -> CausalGraph:
    order = draw(st.permutations(NAMES))
    pairs = list(itertools.combinations(order, 2))
    directed = [pair for pair in pairs if draw(st.booleans())]
    hidden = draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True))
    latent = draw(st.lists(st.sampled_from(("a", "b", "c")), max_size=1))
    bidirected = [pair for pair in hidden if not set(pair) & set(latent)]
    return CausalGraph.build(nodes=NAMES, directed=directed, bidirected=bidirected, latent=latent)


@settings(max_examples=400, deadline=None)
@given(graphs(), st.sets(st.sampled_from(("a", "b", "c")), max_size=1))
def test_it_agrees_with_the_full_answer(graph: CausalGraph, never: set[str]) -> None:
    whole, brief = identify(graph, "t", "y", never=never), identify_briefly(graph, "t", "y", never=never)
    assert brief.null_effect is whole.null_effect
    if whole.null_effect:
        return
    strategies = [one for one in whole.strategies if one is not Strategy.GENERAL]
    assert list(brief.strategies) == strategies[:1]
    assert brief.backdoor.optimal == whole.backdoor.optimal
    assert brief.backdoor.optimal_minimal == whole.backdoor.optimal_minimal
    assert bool(brief.backdoor.minimal) is bool(whole.backdoor.minimal)
    assert (brief.backdoor.minimal == ((),)) is (whole.backdoor.minimal == ((),))
    if strategies[:1] == [Strategy.FRONTDOOR]:
        assert brief.frontdoor == whole.frontdoor
        assert brief.conditional_frontdoor == whole.conditional_frontdoor
    if strategies[:1] == [Strategy.IV]:
        assert brief.instruments == whole.instruments
