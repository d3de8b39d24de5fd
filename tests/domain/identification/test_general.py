from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import some_adjustment_set
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.expression import Expression, evaluate
from copilot.domain.identification.frontdoor import frontdoor_sets
from copilot.domain.identification.general import general_identification, identifying_expression
from copilot.errors import GraphError, UnknownVariableError

Joint = dict[tuple[int, ...], float]


def distribution(graph: CausalGraph, do: dict[str, int], seed: int) -> Joint:
    """Exact distribution of all named nodes, binary, with a binary common cause behind every bidirected edge."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    pairs = [edge for edge in graph.edges if edge.kind == "bidirected"]
    causes = {name: [*graph.parents(name)] for name in graph.names}
    for place, edge in enumerate(pairs):
        causes[edge.source].append(f"#{place}")
        causes[edge.target].append(f"#{place}")
    hidden = [f"#{place}" for place in range(len(pairs))]
    share = {name: rng.uniform(0.25, 0.75) for name in hidden}
    chance = {
        name: {key: rng.uniform(0.1, 0.9) for key in itertools.product((0, 1), repeat=len(causes[name]))}
        for name in graph.names
    }
    joint: Joint = {}
    for values in itertools.product((0, 1), repeat=len(graph.names) + len(hidden)):
        at = dict(zip((*graph.names, *hidden), values, strict=True))
        if any(at[name] != value for name, value in do.items()):
            continue
        weight = 1.0
        for name in hidden:
            weight *= share[name] if at[name] else 1 - share[name]
        for name in graph.names:
            if name not in do:
                one = chance[name][tuple(at[cause] for cause in causes[name])]
                weight *= one if at[name] else 1 - one
        key = values[: len(graph.names)]
        joint[key] = joint.get(key, 0.0) + weight
    return joint


def margin(joint: Joint, names: tuple[str, ...], at: dict[str, int]) -> float:
    return sum(
        weight for key, weight in joint.items() if all(key[names.index(name)] == value for name, value in at.items())
    )


def observed_part(graph: CausalGraph, joint: Joint) -> tuple[tuple[str, ...], Joint]:
    names = tuple(name for name in graph.names if name not in graph.latent)
    table: Joint = {}
    for key, weight in joint.items():
        short = tuple(value for name, value in zip(graph.names, key, strict=True) if name in names)
        table[short] = table.get(short, 0.0) + weight
    return names, table


def check_numbers(graph: CausalGraph, xs: list[str], ys: list[str], expression: Expression, seed: int = 7) -> None:
    names, table = observed_part(graph, distribution(graph, {}, seed))
    spare = sorted(expression.free - {*xs, *ys})
    for x_values in itertools.product((0, 1), repeat=len(xs)):
        after = distribution(graph, dict(zip(xs, x_values, strict=True)), seed)
        for y_values in itertools.product((0, 1), repeat=len(ys)):
            at = dict(zip((*xs, *ys), (*x_values, *y_values), strict=True))
            truth = margin(after, graph.names, dict(zip(ys, y_values, strict=True)))
            assert evaluate(expression, table, names, at) == pytest.approx(truth, abs=1e-9)
            for others in itertools.product((0, 1), repeat=len(spare)):
                free = dict(zip(spare, others, strict=True))
                assert evaluate(expression, table, names, at | free) == pytest.approx(truth, abs=1e-9)


FRONT = CausalGraph.build(directed=[("x", "z"), ("z", "y")], bidirected=[("x", "y")])
NAPKIN = CausalGraph.build(directed=[("w", "z"), ("z", "x"), ("x", "y")], bidirected=[("w", "x"), ("w", "y")])
KNOWN = {
    "back-door": (CausalGraph.build(directed=["zx", "zy", "xy"]), "x", "y", "sum_{z} P(y | x, z) P(z)"),
    "front-door": (FRONT, "x", "y", "sum_{z} P(z | x) sum_{x'} P(y | x', z) P(x')"),
    "napkin": (NAPKIN, "x", "y", "[sum_{w} P(y | w, x, z) P(x | w, z) P(w)] / [sum_{w} P(x | w, z) P(w)]"),
    "mediator": (CausalGraph.build(directed=["xm", "my"]), "x", "y", "P(y | x)"),
    "nothing between": (CausalGraph.build(["x"], directed=["zy"]), "x", "y", "P(y)"),
    "effect on the treatment": (CausalGraph.build(directed=["zy", "yx"], bidirected=["zx"]), "x", "y", "P(y)"),
    "other cause": (CausalGraph.build(directed=["xy", "ax", "ay", "bx"]), "x", "y", "sum_{a} P(y | a, x) P(a)"),
    "confounded carrier": (CausalGraph.build(directed=["xy", "xz", "zy"], bidirected=["yz"]), "x", "y", "P(y | x)"),
    "two outcomes": (
        CausalGraph.build(directed=["xa", "wx", "zb"], bidirected=["wz", "wa", "wb", "xz"]),
        "x",
        "ab",
        "P(b) sum_{w} P(a | w, x) P(w)",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_expressions_are_short_and_right_in_numbers(name: str) -> None:
    graph, xs, ys, text = KNOWN[name]
    answer = general_identification(graph, list(xs), list(ys))
    assert (answer.identifiable, answer.expression, answer.hedge) == (True, text, ())
    expression = identifying_expression(graph, list(xs), list(ys))
    assert expression is not None
    check_numbers(graph, list(xs), list(ys), expression)


HEDGES = {
    "bow": (CausalGraph.build(directed=["xy"], bidirected=["xy"]), "xy", "y"),
    "confounded first arrow": (CausalGraph.build(directed=["xz", "zy", "xy"], bidirected=["xz"]), "xz", "z"),
    "confounded covariate": (CausalGraph.build(directed=["xy", "zy"], bidirected=["xz", "zy"]), "xyz", "yz"),
    "confounded carrier": (CausalGraph.build(directed=["xz", "zy"], bidirected=["xy", "zy"]), "xyz", "yz"),
    "instrument": (CausalGraph.build(directed=["zx", "xy"], bidirected=["xy"]), "xy", "y"),
    "side cause": (CausalGraph.build(directed=["xa", "ay", "by"], bidirected=["xb", "ab"]), "abx", "ab"),
    "spoilt front door": (
        CausalGraph.build(directed=["ax", "xb", "by"], bidirected=["ax", "ab", "ay", "xy"]),
        "abx",
        "b",
    ),
}


@pytest.mark.parametrize("name", HEDGES)
def test_known_hedges_are_found(name: str) -> None:
    graph, larger, smaller = HEDGES[name]
    answer = general_identification(graph, "x", "y")
    assert (answer.identifiable, answer.expression) == (False, "")
    assert answer.hedge == (tuple(larger), tuple(smaller))
    assert identifying_expression(graph, "x", "y") is None


def test_a_latent_node_counts_as_the_bidirected_edge_it_makes() -> None:
    graph = CausalGraph.build(directed=["xz", "zy", "ux", "uy"], latent="u")
    assert general_identification(graph, "x", "y") == general_identification(FRONT, "x", "y")


@st.composite
def mixed_graphs(draw: st.DrawFn) -> tuple[CausalGraph, str, str]:
    names = list("abcde"[: draw(st.integers(2, 5))])
    pairs = list(itertools.combinations(draw(st.permutations(names)), 2))
    graph = CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1)),
        bidirected=draw(st.lists(st.sampled_from(pairs), unique=True, max_size=4)),
    )
    x, y = draw(st.sampled_from(pairs))
    return graph, x, y


@settings(max_examples=120, deadline=None)
@given(mixed_graphs(), st.integers(0, 1000))
def test_every_expression_gives_the_interventional_distribution(case: tuple[CausalGraph, str, str], seed: int) -> None:
    graph, x, y = case
    answer, expression = general_identification(graph, x, y), identifying_expression(graph, x, y)
    assert (expression is not None) == (answer.identifiable is True) == (not answer.hedge)
    if expression is not None:
        check_numbers(graph, [x], [y], expression, seed)


@settings(max_examples=150, deadline=None)
@given(mixed_graphs())
def test_what_a_criterion_identifies_the_algorithm_does_too(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    if some_adjustment_set(graph, x, y) is not None or frontdoor_sets(graph, x, y)[0]:
        assert general_identification(graph, x, y).identifiable is True
    hedge = general_identification(graph, x, y).hedge
    if hedge:
        larger, smaller = map(set, hedge)
        assert x in larger - smaller
        assert smaller < larger


def test_a_single_treatment_is_identified_unless_it_is_confounded_with_its_children() -> None:
    # Tian & Pearl (2002): P(v | do(x)) is identified exactly if no bidirected path joins x to a child of x.
    names = "abc"
    every = list(itertools.combinations(names, 2))
    for directed in itertools.product((False, True), repeat=3):
        for bidirected in itertools.product((False, True), repeat=3):
            graph = CausalGraph.build(
                names, itertools.compress(every, directed), bidirected=itertools.compress(every, bidirected)
            )
            joined, ahead = {"a"}, ["a"]
            while ahead:
                new = set(graph.spouses_of[ahead.pop()]) - joined
                joined |= new
                ahead += new
            answer = general_identification(graph, "a", ["b", "c"])
            assert answer.identifiable is joined.isdisjoint(graph.children("a"))


def test_a_large_graph_is_decided_and_its_expression_is_cut() -> None:
    names = [f"v{place:03}" for place in range(724)]
    arrows = [(one, names[place + step]) for step in (1, 2, 7) for place, one in enumerate(names[:-step])]
    forks = [(names[place], names[place + 5]) for place in range(0, 700, 9)]
    answer = general_identification(CausalGraph.build(names, arrows, forks), names[300], names[-1])
    assert answer.identifiable is True
    assert answer.expression.endswith("… (too long to show)")
    assert len(answer.expression) < 2100


@pytest.mark.parametrize(
    ("x", "y", "error"), [("x", "x", GraphError), ("u", "y", GraphError), ("nobody", "y", UnknownVariableError)]
)
def test_a_question_that_makes_no_sense_is_refused(x: str, y: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        general_identification(CausalGraph.build(directed=["xy", "ux", "uy"], latent="u"), x, y)
