from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import forbidden_nodes, proper_backdoor_graph
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.instruments import instrument_sets, instruments, why_no_instrument
from copilot.domain.separation import separated
from copilot.errors import GraphError


@st.composite
def questions(draw: st.DrawFn) -> tuple[CausalGraph, str, str]:
    names = list("abcdef"[: draw(st.integers(3, 6))])
    order = draw(st.permutations(names))
    pairs = list(itertools.combinations(order, 2))
    x, y = draw(st.sampled_from(pairs))
    graph = CausalGraph.build(
        names,
        directed={(x, y), *draw(st.lists(st.sampled_from(pairs), unique=True, min_size=2))},
        bidirected=draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from([name for name in names if name not in {x, y}]), unique=True, max_size=2)),
    )
    return graph, x, y


def is_instrument(graph: CausalGraph, x: str, y: str, z: str, w: frozenset[str]) -> bool:
    """The definition of van der Zander, Textor & Liśkiewicz (2015), with effects of the treatment left out."""
    if ({z} | w) & (graph.latent | forbidden_nodes(graph, x, y) | graph.descendants([x])) or z in w:
        return False
    return separated(proper_backdoor_graph(graph, x, y), z, y, w) and not separated(graph, z, x, w)


def subsets(names: set[str]) -> list[frozenset[str]]:
    ordered = sorted(names)
    return [frozenset(some) for size in range(len(ordered) + 1) for some in itertools.combinations(ordered, size)]


@settings(max_examples=300, deadline=None)
@given(questions())
def test_instruments_are_those_of_the_definition(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    found = {one.name: frozenset(one.given) for one in instruments(graph, x, y)}
    bare = proper_backdoor_graph(graph, x, y)
    any_at_all = False
    for z in set(graph.names) - {x, y}:
        rest = set(graph.names) - {x, y, z}
        valid = [w for w in subsets(rest) if is_instrument(graph, x, y, z, w)]
        any_at_all |= bool(valid)
        ancestral = [w for w in valid if w <= bare.ancestors([z, y])]
        assert (z in found) == bool(ancestral)
        if z in found:
            assert found[z] in valid
            assert not found[z] or frozenset() not in valid
            assert not any(w < found[z] for w in ancestral)
        assert (why_no_instrument(graph, z, x, y) == "") == (z in found)
    assert any_at_all == bool(found)


@settings(max_examples=150, deadline=None)
@given(questions())
def test_every_member_of_a_group_is_valid_given_the_common_set(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    groups = instrument_sets(graph, x, y)
    for members, common in groups:
        assert all(is_instrument(graph, x, y, z, frozenset(common)) for z in members)
    assert [len(members) for members, _ in groups] == sorted((len(members) for members, _ in groups), reverse=True)
    grouped = {name for members, _ in groups for name in members}
    assert {one.name for one in instruments(graph, x, y)} <= grouped


def arrows(*words: str) -> list[tuple[str, str]]:
    return [(one, other) for one, other in words]


@pytest.mark.parametrize(
    ("directed", "bidirected", "expected"),
    [
        (["zx", "xy"], ["xy"], [("z", ())]),
        (["wy", "wz", "zx", "xy"], ["xy"], [("z", ("w",))]),
        (["zx", "xy", "zy"], ["xy"], []),
        (["zx", "xy"], ["xy", "zy"], []),
        (["xy", "ay"], ["xy"], []),
        (["zx"], ["xy"], []),
        (["zx", "xm", "my"], ["xy"], [("z", ())]),
        (["xy", "xz"], ["xy"], []),
        (["cz", "cx", "xy"], ["xy"], [("c", ()), ("z", ())]),
    ],
)
def test_known_instruments(
    directed: list[str], bidirected: list[str], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    graph = CausalGraph.build("xy", arrows(*directed), arrows(*bidirected))
    assert [(one.name, one.given) for one in instruments(graph, "x", "y")] == expected


def schooling(candidates: list[str], covariates: list[str]) -> CausalGraph:
    directed = [("educ", "lwage"), ("u", "educ"), ("u", "lwage"), *((name, "educ") for name in candidates)]
    for covariate in covariates:
        directed += [(covariate, end) for end in ("educ", "lwage", *candidates)]
    return CausalGraph.build(directed=directed, latent=["u"])


def test_parents_schooling_is_two_instruments_given_experience() -> None:
    # The design of Mroz's data: two instruments, confounded with wages by experience alone.
    graph = schooling(["fatheduc", "motheduc"], ["exper", "expersq"])
    given_both = ("exper", "expersq")
    assert [(one.name, one.given) for one in instruments(graph, "educ", "lwage")] == [
        ("fatheduc", given_both),
        ("motheduc", given_both),
    ]
    assert instrument_sets(graph, "educ", "lwage") == ((("fatheduc", "motheduc"), given_both),)


def test_a_college_nearby_needs_every_covariate() -> None:
    # The design of Card (1995): one instrument that needs all covariates.
    covariates = sorted(f"w{place:02}" for place in range(14))
    graph = schooling(["nearc4"], covariates)
    (only,) = instruments(graph, "educ", "lwage")
    assert (only.name, only.given) == ("nearc4", tuple(covariates))


def test_groups_with_different_common_sets_stand_side_by_side() -> None:
    graph = CausalGraph.build("xy", arrows("ax", "wb", "wy", "bx", "xy"), arrows("xy"))
    assert instrument_sets(graph, "x", "y") == ((("a", "b"), ("w",)), (("a",), ()))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "z",
            (
                "z is no instrument: z <-> y joins it to y otherwise than through x, "
                "and nothing observed can block that path."
            ),
        ),
        ("u", "u is no instrument: it is not observed."),
        ("x", "x is no instrument: it is the treatment itself."),
        ("y", "y is no instrument: it is the outcome itself."),
        ("m", "m is no instrument: it is an effect of x."),
        ("a", "a is no instrument: it is not related to x."),
        ("b", "b is no instrument: it is not related to x once c is held fixed, as it must be."),
    ],
)
def test_why_a_variable_is_no_instrument(name: str, said: str) -> None:
    graph = CausalGraph.build("a", arrows("zx", "xm", "my", "ux", "uy", "cb", "cx", "cy"), arrows("zy"), latent="u")
    assert why_no_instrument(graph, name, "x", "y") == said


def test_without_an_effect_nothing_is_an_instrument() -> None:
    graph = CausalGraph.build("xy", arrows("zx"))
    assert (instruments(graph, "x", "y"), instrument_sets(graph, "x", "y")) == ((), ())
    assert why_no_instrument(graph, "z", "x", "y") == "z is no instrument: x has no effect on y in this graph."


def test_an_edge_without_direction_is_refused() -> None:
    with pytest.raises(GraphError):
        instruments(CausalGraph.build(directed=["xy"], undirected=["zx"]), "x", "y")
