from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.additions import additions, open_paths
from copilot.domain.identification.adjustment_sets import minimal_adjustment_sets
from copilot.domain.identification.values import Strategy
from copilot.domain.separation import separated

Pairs = list[tuple[str, str]]


def told(graph: CausalGraph) -> list[tuple[str, tuple[str, ...], str]]:
    return [(each.kind.value, each.names, each.strategy.value) for each in additions(graph, "t", "y")]


def test_nothing_is_said_where_a_set_is_valid() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    assert open_paths(graph, "t", "y") == ()
    assert additions(graph, "t", "y") == ()


def test_a_bow_needs_its_common_cause_or_an_instrument() -> None:
    bow = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    (path,) = open_paths(bow, "t", "y")
    assert (path.text, path.reason) == ("t <-> y", "the common cause behind t <-> y is not observed")
    assert told(bow) == [("measure", ("t", "y"), "backdoor"), ("instrument", (), "iv")]


def test_a_latent_mediator_opens_the_front_door() -> None:
    arrows = [("t", "m"), ("m", "y"), ("u", "t"), ("u", "y")]
    assert told(CausalGraph.build(directed=arrows, latent=["u", "m"])) == [
        ("measure", ("u",), "backdoor"),
        ("mediator", ("m",), "frontdoor"),
        ("instrument", (), "iv"),
    ]


def test_two_and_three_hidden_causes_are_named_together() -> None:
    for hidden in ("uv", "uvs"):
        arrows = [("t", "y"), *((u, end) for u in hidden for end in "ty")]
        graph = CausalGraph.build(directed=arrows, latent=hidden)
        assert told(graph)[0] == ("measure", tuple(sorted(hidden)), "backdoor")
        assert [path.text for path in open_paths(graph, "t", "y")] == [f"t <- {u} -> y" for u in sorted(hidden)]
    assert additions(graph, "t", "y")[0].message.startswith("Measure s, u and v: adjusting for them")


def test_a_collider_that_other_paths_force_open_is_explained() -> None:
    arrows = [("a", "t"), ("a", "c"), ("b", "c"), ("b", "y"), ("c", "t"), ("c", "y"), ("t", "y")]
    graph = CausalGraph.build(directed=arrows, latent=["a", "b"])
    (path,) = open_paths(graph, "t", "y")
    assert path.text == "t <- a -> c <- b -> y"
    assert "c is a collider that adjusting for other paths opens" in path.reason
    first, second, *_ = additions(graph, "t", "y")
    assert first.message == "Measure a: adjusting for it, with c, then gives the effect."
    assert second.names == ("b",)


def test_no_instrument_is_suggested_where_there_is_one() -> None:
    graph = CausalGraph.build(directed=[("i", "t"), ("t", "y")], bidirected=[("t", "y")])
    assert "instrument" not in [kind for kind, _, _ in told(graph)]


def test_what_may_not_be_adjusted_for_is_named() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    (path,) = open_paths(graph, "t", "y", never=["w"])
    assert (path.text, path.reason) == ("t <- w -> y", "w may not be adjusted for")


def test_names_that_look_like_edges_are_kept_apart() -> None:
    graph = CausalGraph.build(["t <-> y"], directed=[("t", "y")], bidirected=[("t", "y")])
    assert told(graph)[0] == ("measure", ("t", "y"), "backdoor")


@st.composite
def graphs(draw: st.DrawFn) -> CausalGraph:
    """Graphs in which t has an effect on y."""
    order = ["a", "b", "t", "c", "d", "y"]
    couples = list(itertools.combinations(order, 2))
    return CausalGraph.build(
        order,
        directed={("t", "y"), *draw(st.lists(st.sampled_from(couples), unique=True))},
        bidirected=draw(st.lists(st.sampled_from(couples), unique=True, max_size=4)),
        latent=draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3)),
    )


def measured(graph: CausalGraph, names: set[str], behind: set[tuple[str, str]]) -> CausalGraph:
    directed = [(e.source, e.target) for e in graph.edges if e.kind is EdgeKind.DIRECTED]
    both = [(e.source, e.target) for e in graph.edges if e.kind is EdgeKind.BIDIRECTED]
    directed += [(f"{one}~{other}", end) for one, other in behind for end in (one, other)]
    return CausalGraph.build(
        graph.names, directed, [pair for pair in both if pair not in behind], latent=graph.latent - names
    )


def adjustable(graph: CausalGraph) -> bool:
    return bool(minimal_adjustment_sets(graph, "t", "y", limit=1)[0])


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_the_fewest_are_found_and_all_that_is_suggested_works(graph: CausalGraph) -> None:
    both = [(e.source, e.target) for e in graph.edges if e.kind is EdgeKind.BIDIRECTED]
    singles = [({name}, set()) for name in sorted(graph.latent)] + [(set(), {pair}) for pair in both]
    groups = [[(set(), set())], singles]
    groups.append([(a | c, b | d) for (a, b), (c, d) in itertools.combinations(singles, 2)])
    fewest = next((i for i, some in enumerate(groups) if any(adjustable(measured(graph, *one)) for one in some)), None)
    found = [each for each in additions(graph, "t", "y") if each.strategy is Strategy.BACKDOOR]
    if fewest == 0:
        assert additions(graph, "t", "y") == ()
        return
    if fewest is None:
        assert all(len(each.names) > 2 for each in found)
        return
    works = [one for one in groups[fewest] if adjustable(measured(graph, *one))]
    expected = {frozenset(names.union(*behind)) for names, behind in works}
    assert {frozenset(each.names) for each in found} <= expected
    assert len(found) == min(len(works), 5)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_paths_are_shown_exactly_where_no_set_is_valid_and_nothing_on_them_can_be_adjusted_for(
    graph: CausalGraph,
) -> None:
    found = open_paths(graph, "t", "y")
    assert (not found) == adjustable(graph)
    forbidden = graph.descendants(mediating_nodes(graph, "t", "y"))
    allowed = set(graph.names) - graph.latent - forbidden - {"t", "y"}
    for path in found:
        alone = CausalGraph(nodes=graph.nodes, edges=tuple(sorted(path.edges, key=str)))
        inner = {end for edge in path.edges for end in edge.pair} - {"t", "y"}
        colliders = {
            n for n in inner if sum(e.target == n or e.kind == "bidirected" for e in path.edges if n in e.pair) == 2
        }
        assert inner.isdisjoint(allowed) or colliders
        assert not (inner - colliders) & allowed
        assert not separated(alone, "t", "y", colliders)
        assert path.reason
