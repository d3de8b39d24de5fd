from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.identify import identify
from copilot.domain.identification.values import ConditionalFrontDoor, EffectKind, Strategy
from copilot.errors import GraphError, UnknownVariableError

CONFOUNDED = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("p", "y"), ("t", "y")])
BOW = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])


def codes(found: object) -> list[str]:
    return [notice.code for notice in getattr(found, "notices")]  # noqa: B009 (any record with notices)


def test_everything_about_a_confounded_effect() -> None:
    found = identify(CONFOUNDED, "t", "y")
    assert found.identifiable
    assert not found.null_effect
    assert found.backdoor.minimal == (("w",),)
    assert found.backdoor.sets == (("w",), ("p", "w"))
    assert (found.backdoor.optimal, found.backdoor.optimal_minimal) == (("p", "w"), ("w",))
    assert found.strategies == (Strategy.BACKDOOR, Strategy.GENERAL)
    assert found.open_paths == found.additions == found.notices == ()


def test_a_bow_is_not_identifiable_and_says_why_and_what_would_help() -> None:
    found = identify(BOW, "t", "y")
    assert not found.identifiable
    assert found.strategies == ()
    assert found.general.hedge
    assert [path.text for path in found.open_paths] == ["t <-> y"]
    assert [each.kind for each in found.additions] == ["measure", "instrument"]


def test_an_instrument_is_a_strategy_but_no_identification() -> None:
    found = identify(CausalGraph.build(directed=[("i", "t"), ("t", "y")], bidirected=[("t", "y")]), "t", "y")
    assert not found.identifiable
    assert found.strategies == (Strategy.IV,)


def test_a_front_door_identifies() -> None:
    found = identify(CausalGraph.build(directed=[("t", "m"), ("m", "y")], bidirected=[("t", "y")]), "t", "y")
    assert found.identifiable
    assert found.frontdoor == (("m",),)
    assert found.strategies == (Strategy.FRONTDOOR, Strategy.GENERAL)


def test_a_front_door_within_levels_of_covariates_is_listed_where_none_does_without() -> None:
    graph = CausalGraph.build(
        directed=[("t", "m"), ("m", "y"), ("w", "t"), ("w", "m"), ("w", "y")], bidirected=[("t", "y")]
    )
    found = identify(graph, "t", "y")
    assert found.frontdoor == ()
    assert found.conditional_frontdoor == (ConditionalFrontDoor(mediators=("m",), given=("w",)),)
    assert found.strategies == (Strategy.FRONTDOOR, Strategy.GENERAL)
    assert identify(graph, "t", "y", never=("w",)).conditional_frontdoor == ()
    plain = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("w", "y")], bidirected=[("t", "y")])
    assert identify(plain, "t", "y").conditional_frontdoor == ()


def test_no_directed_path_is_a_null_effect_even_under_confounding() -> None:
    found = identify(CausalGraph.build(["t", "y"], bidirected=[("t", "y")]), "t", "y")
    assert found.null_effect
    assert found.identifiable
    assert found.open_paths == found.additions == found.notices == ()


def test_an_exchanged_question_is_told_loudly() -> None:
    found = identify(CausalGraph.build(directed=[("y", "m"), ("m", "t")]), "t", "y")
    assert found.null_effect
    (notice,) = found.notices
    assert (notice.code, notice.level) == ("reversed", "warning")
    assert "y is a cause of t" in notice.message


def test_a_node_that_is_no_column_counts_as_latent() -> None:
    found = identify(CONFOUNDED, "t", "y", columns=["t", "y", "p"])
    assert not found.identifiable
    assert [(notice.code, notice.subject) for notice in found.notices] == [("not_in_data", "w")]
    assert found.additions[0].names == ("w",)


def test_what_must_and_may_not_be_held_is_respected() -> None:
    graph = CausalGraph.build(directed=[("v", "w"), ("w", "t"), ("v", "y"), ("t", "y"), ("t", "late")])
    assert identify(graph, "t", "y", never=["w"]).backdoor.minimal == (("v",),)
    assert identify(graph, "t", "y", must=["w"]).backdoor.sets == (("w",), ("v", "w"))
    assert identify(graph, "t", "y", costs={"w": 3, "v": 2}).backdoor.cheapest == ("v",)
    chain = CausalGraph.build(directed=[("t", "m"), ("m", "y")])
    found = identify(chain, "t", "y", must=["m"])
    assert found.backdoor.sets == ()
    assert codes(found) == ["must_not_valid"]
    assert "t -> m -> y" in found.notices[0].message


def test_the_direct_effect() -> None:
    graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("t", "y")])
    found = identify(graph, "t", "y", effect=EffectKind.DIRECT)
    assert found.identifiable
    assert found.backdoor.minimal == (("m",),)
    assert found.strategies == (Strategy.BACKDOOR,)
    none = identify(CausalGraph.build(directed=[("t", "m"), ("m", "y")]), "t", "y", effect=EffectKind.DIRECT)
    assert none.null_effect


def test_several_treatments_and_outcomes() -> None:
    graph = CausalGraph.build(directed=[("w", "a"), ("w", "b"), ("w", "y"), ("a", "b"), ("b", "y"), ("a", "z")])
    found = identify(graph, ["b", "a"], ["z", "y"])
    assert (found.treatment, found.outcome) == (("a", "b"), ("y", "z"))
    assert found.backdoor.minimal == (("w",),)
    assert found.general.identifiable
    assert found.instruments == found.frontdoor == ()


def test_a_capped_listing_says_so() -> None:
    rungs = [(f"p{i}", f"q{i}") for i in range(5)]
    graph = CausalGraph.build(
        directed=[("t", "y"), *rungs, *((one, "t") for one, _ in rungs), *((other, "y") for _, other in rungs)]
    )
    found = identify(graph, "t", "y", limit=7)
    assert (len(found.backdoor.minimal), found.backdoor.complete) == (7, False)
    assert codes(found) == ["sets_capped"]
    assert found.backdoor.optimal == tuple(f"q{i}" for i in range(5))


@pytest.mark.parametrize(
    ("treatment", "outcome", "error", "match"),
    [
        ("x", "y", UnknownVariableError, "treatment named 'x'"),
        ("t", "x", UnknownVariableError, "outcome named 'x'"),
        ("t", "t", GraphError, "both treatment and outcome"),
        ([], "y", GraphError, "no treatment"),
        ("t", "u", GraphError, "outcome u is not observed"),
    ],
)
def test_bad_questions_are_refused(
    treatment: str | list[str], outcome: str, error: type[Exception], match: str
) -> None:
    graph = CausalGraph.build(directed=[("t", "y")], latent=["u"])
    with pytest.raises(error, match=match):
        identify(graph, treatment, outcome)


def test_a_treatment_that_is_no_column_is_refused() -> None:
    with pytest.raises(UnknownVariableError, match="column for the treatment"):
        identify(CONFOUNDED, "t", "y", columns=["y", "w"])


@st.composite
def questions(draw: st.DrawFn) -> tuple[CausalGraph, str, str]:
    names = list("abcdefg"[: draw(st.integers(2, 7))])
    order = draw(st.permutations(names))
    couples = list(itertools.combinations(order, 2))
    x, y = draw(st.permutations(names))[:2]
    graph = CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(couples), unique=True)),
        bidirected=draw(st.lists(st.sampled_from(couples), unique=True, max_size=4)),
        latent=set(draw(st.lists(st.sampled_from(names), unique=True, max_size=2))) - {x, y},
    )
    return graph, x, y


@settings(max_examples=300, deadline=None)
@given(questions())
def test_the_strategies_agree_with_the_general_rule(case: tuple[CausalGraph, str, str]) -> None:
    graph, x, y = case
    found = identify(graph, x, y)
    # The general rule is complete, so nothing identifies where it does not.
    assert found.identifiable == (found.general.identifiable is True)
    assert found.null_effect == (y not in graph.descendants([x]))
    if found.backdoor.optimal is not None:
        assert found.backdoor.optimal in found.backdoor.sets
    if not found.backdoor.minimal and not found.null_effect:
        assert found.open_paths
        assert found.additions


def test_the_answer_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from copilot.domain.graph import CausalGraph as G\n"
        "from copilot.domain.identification.identify import identify\n"
        "g = G.build(directed=[(f'{a}{i}', e) for i in range(4) for a, e in "
        "(('p', 't'), ('p', f'q{i}'), ('q', 'y'), ('u', 'm'), ('u', 'y'))] + [('t', 'm'), ('m', 'y'), ('i', 't')],"
        "bidirected=[('t', 'y'), ('p1', 'q2')], latent=['u1', 'u2', 'p3']);"
        "print(identify(g, 't', 'y').model_dump_json())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
    assert '"open_paths":[{' in answers.pop()


def ladder(size: int, step: int) -> CausalGraph:
    """A long graph with many paths: each node causes the next, and one farther on."""
    names = [f"n{i:03}" for i in range(size)]
    arrows = [(names[i], names[j]) for i in range(size) for j in (i + 1, i + step) if j < size]
    return CausalGraph.build(directed=arrows, bidirected=[(names[i], names[i + 9]) for i in range(0, size - 9, 40)])


def test_a_hundred_nodes_take_no_time_to_speak_of(within: Callable[[float], AbstractContextManager[None]]) -> None:
    graph = ladder(100, 7)
    with within(2):
        found = identify(graph, "n030", "n095")
    assert found.identifiable


@pytest.mark.slow
def test_seven_hundred_nodes_do_not_blow_up(within: Callable[[float], AbstractContextManager[None]]) -> None:
    graph = ladder(724, 31)
    with within(60):
        found = identify(graph, "n200", "n700")
    assert found.identifiable
