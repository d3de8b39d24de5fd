from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.bad_controls import BadControlKind, explain_adjustment
from copilot.domain.identification.values import EffectKind
from copilot.errors import UnknownVariableError

STUDY = CausalGraph.build(
    directed=[
        ("w", "t"),
        ("w", "y"),
        ("t", "m"),
        ("m", "y"),
        ("m", "sign"),
        ("y", "late"),
        ("i", "t"),
        ("a", "t"),
        ("a", "c"),
        ("b", "c"),
        ("b", "y"),
        ("c", "trace"),
        ("u", "i"),
    ],
    latent=["u"],
)


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("t", "treatment", "t is the treatment itself"),
        ("y", "outcome", "y is the outcome itself"),
        ("u", "latent", "u is not observed"),
        ("m", "mediator", "t -> m -> y"),
        ("sign", "descendant_of_mediator", "(m -> sign), which lies on the causal path t -> m -> y"),
        ("late", "descendant_of_outcome", "y -> late"),
        ("c", "collider", "c is a collider: holding it fixed opens the path t <- a -> c <- b -> y"),
        ("trace", "collider", "trace is an effect of the collider c: holding it fixed opens the path t <- a -> c"),
    ],
)
def test_each_bad_control_is_named_with_its_path(name: str, kind: str, path: str) -> None:
    (control,) = explain_adjustment(STUDY, "t", "y", ["w", name])
    assert (control.name, control.kind, control.harmful) == (name, BadControlKind(kind), True)
    assert path in control.message
    assert control.message.endswith(".")


def test_a_set_that_is_not_enough_is_told_the_path() -> None:
    (control,) = explain_adjustment(STUDY, "t", "y", ())
    assert (control.name, control.kind) == ("", BadControlKind.NOT_ENOUGH)
    assert "t <- w -> y" in control.message
    assert explain_adjustment(STUDY, "t", "y", "w") == ()


def test_a_collider_that_is_also_needed_is_told_both_ways() -> None:
    butterfly = CausalGraph.build(
        directed=[("a", "t"), ("a", "c"), ("b", "c"), ("b", "y"), ("c", "t"), ("c", "y"), ("t", "y")]
    )
    assert [control.kind for control in explain_adjustment(butterfly, "t", "y", "c")] == ["collider"]
    assert [control.kind for control in explain_adjustment(butterfly, "t", "y", ())] == ["not_enough"]
    assert explain_adjustment(butterfly, "t", "y", ["a", "c"]) == ()


def test_an_instrument_is_a_remark_and_no_harm() -> None:
    (control,) = explain_adjustment(STUDY, "t", "y", ["w", "i"])
    assert (control.name, control.kind, control.harmful) == ("i", BadControlKind.INSTRUMENT, False)


def test_for_the_direct_effect_a_mediator_is_allowed_and_an_effect_of_the_outcome_is_not() -> None:
    graph = CausalGraph.build(directed=[("t", "m"), ("m", "y"), ("t", "y"), ("y", "late")])
    assert explain_adjustment(graph, "t", "y", "m", EffectKind.DIRECT) == ()
    (control,) = explain_adjustment(graph, "t", "y", ["m", "late"], EffectKind.DIRECT)
    assert control.kind is BadControlKind.DESCENDANT_OF_OUTCOME


def test_a_name_that_is_no_node_is_refused() -> None:
    with pytest.raises(UnknownVariableError, match="'q'"):
        explain_adjustment(STUDY, "t", "y", ["q"])


@st.composite
def questions(draw: st.DrawFn) -> tuple[CausalGraph, list[str], list[str], list[str]]:
    names = list("abcdefg"[: draw(st.integers(3, 7))])
    order = draw(st.permutations(names))
    couples = list(itertools.combinations(order, 2))
    graph = CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(couples), unique=True, min_size=2)),
        bidirected=draw(st.lists(st.sampled_from(couples), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from(names), unique=True, max_size=2)),
    )
    first, second, *rest = draw(st.permutations(names))
    treatment = [first, rest.pop()] if len(rest) > 1 and draw(st.booleans()) else [first]
    return graph, treatment, [second], draw(st.lists(st.sampled_from(names), unique=True))


@settings(max_examples=400, deadline=None)
@given(questions())
def test_a_set_is_valid_exactly_if_nothing_harmful_is_said(
    case: tuple[CausalGraph, list[str], list[str], list[str]],
) -> None:
    graph, treatment, outcome, names = case
    said = explain_adjustment(graph, treatment, outcome, names)
    assert (not any(control.harmful for control in said)) == is_valid_adjustment(graph, treatment, outcome, names)
    assert {control.name for control in said} <= {"", *names}
