from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.domain.adjustment import is_valid_adjustment
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.adjustment_sets import minimal_adjustment_sets
from copilot.domain.identification.moral import adjustment_question
from copilot.domain.identification.values import EffectKind
from copilot.domain.separation import separated
from copilot.errors import GraphError, UnknownVariableError

ADJUSTMENT = "jtextor/dagitty@7a657776dc test/test/adjustment-dags.js"
ADJUSTMENT_R = "jtextor/dagitty@7a657776dc r/tests/testthat/testAdjustments.R"
MISC = "jtextor/dagitty@7a657776dc test/test/misc.js"
DOWHY = "py-why/dowhy tests/causal_identifiers/example_graphs.py@0261ad0c8f"
PGMPY = "pgmpy/pgmpy@94105f10d4 pgmpy/tests/test_inference/test_CausalInference.py"
BOOK = "CausalAIBook/MetricsMLNotebooks PM4/python-identification-analysis-of-401-k-example-w-dags.ipynb"


class Known(NamedTuple):
    """A graph and what others say about it; `minimal` are all the sets, `among` some of them."""

    name: str
    source: str
    arrows: str
    question: str
    bidirected: str = ""
    latent: str = ""
    effect: EffectKind = EffectKind.TOTAL
    must: str = ""
    minimal: tuple[str, ...] | None = None
    among: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()


KNOWN = [
    Known("m_structure_no_effect", ADJUSTMENT, "a>x a>m b>m b>y", "x y", minimal=("",)),
    Known(
        "thoemmes2013_s2_conditioned",
        ADJUSTMENT,
        "e0>x e1>s1 e2>s2 e2>y e3>s3 e4>y s1>s2 s1>z s2>s3 s2>z2 s3>y x>y x>s1 y>z3",
        "x y",
        latent="e0 e1 e3 e4",
        must="s2",
        minimal=(),
    ),
    Known(
        "thoemmes2013_direct",
        ADJUSTMENT,
        "e0>x e1>s1 e2>s2 e2>y e3>s3 e4>y s1>s2 s1>z s2>s3 s2>z2 s3>y x>y x>s1 y>z3",
        "x y",
        latent="e0 e1 e3 e4",
        effect=EffectKind.DIRECT,
        must="s2",
        minimal=("e2 s2", "s1 s2"),
    ),
    Known("small_mediator_direct", ADJUSTMENT, "Z>X Z>I X>I X>Y I>Y", "X Y", effect=EffectKind.DIRECT, minimal=("I",)),
    Known("confounder", ADJUSTMENT, "z>x z>y", "x y", valid=("z",)),
    Known("m_bias_bidirected", ADJUSTMENT, "x>y", "x y", bidirected="x>m m>y", invalid=("m",)),
    Known("mbias_must_M", ADJUSTMENT, "A>B U1>A U1>M U2>M U2>B", "A B", must="M", minimal=("M U1", "M U2")),
    Known(
        "acid_dc1996_bad_x16",
        ADJUSTMENT,
        (
            "x4>x5 x5>x7 x5>x11 x6>x7 x6>x14 x7>x9 x8>x14 x8>x15 x9>x10 x10>x12 x10>x15 x11>x12 x12>x13 "
            "x14>x16 x16>x17 x1>x4 x1>x3 x2>x3 x15>x17 x15>x18 x3>x6 x3>x5"
        ),
        "x3 x15",
        invalid=("x16",),
    ),
    Known(
        "two_exposures_two_outcomes",
        ADJUSTMENT,
        "C>Y1 C>m X1>X2 X1>Y2 Y2>Y1 X2>Y1 X1>m2 m2>m m>X2",
        "X1,X2 Y1,Y2",
        minimal=("C", "m m2"),
    ),
    Known(
        "Z_confounds_mediator_direct",
        ADJUSTMENT,
        "Z>a Z>b Z>c a>b a>c b>c",
        "a c",
        effect=EffectKind.DIRECT,
        valid=("Z b",),
        invalid=("Z",),
    ),
    Known("R_mbias_must_Z", ADJUSTMENT_R, "A>Z B>Z A>X B>Y", "X Y", must="Z", minimal=("A Z", "B Z")),
    Known("R_mediation", ADJUSTMENT_R, "x>m m>y y>S", "x y", valid=("",), invalid=("m",)),
    Known("small3_must_p", MISC, "S>T x>S x>p z>T z>p", "S T", must="p", minimal=("p x", "p z")),
    Known("intermediate_I_latent", MISC, "X>Y X>I I>Y Z>X Z>I", "X Y", latent="I", minimal=("Z",)),
    Known("xobs", MISC, "t>xobs u1>t u1>y u2>t u2>xobs xobs>y", "xobs y", minimal=("t u2", "u1")),
    Known(
        "big1_must_y",
        MISC,
        (
            "S>T a>h a>c a>T b>e b>f d>j d>i e>a e>f f>n g>d g>m g>j h>T h>S i>h i>T i4>p m>j m>i n>c "
            "n>S o>y o>q p>q p>o q>y x>S x>o x>p z>T z>q z>p"
        ),
        "S T",
        must="y",
        minimal=("a h x y", "a h y z", "e h x y", "e h y z", "f h x y", "f h y z", "h n x y", "h n y z"),
    ),
    Known(
        "many_variables_few_paths",
        MISC,
        "1>E 2>1 3>2 4>3 5>4 6>5 7>6 7>E 8>7 8>D 9>8 10>9 11>10 12>11 13>12 14>13 15>14 15>D E>D",
        "E D",
        minimal=("7", "8"),
    ),
    Known("ext_confounding_B_latent", MISC, "A>E A>Z B>D B>Z Z>E Z>D", "E D", latent="B", minimal=("A Z",)),
    Known(
        "pearl_backdoor_example_graph",
        DOWHY,
        "Z1>Z3 Z1>Z4 Z2>Z4 Z2>Z5 Z3>X Z4>X Z4>Y Z5>Y Z6>Y X>Z6",
        "X Y",
        among=("Z1 Z4", "Z2 Z4", "Z3 Z4", "Z4 Z5"),
        invalid=("Z4", "Z6", "Z5", "Z2", "Z1", "Z3", "Z1 Z3", "Z2 Z5", "Z1 Z2"),
    ),
    Known("simple_selection_bias_graph", DOWHY, "X>Y X>Z1 Y>Z1", "X Y", among=("",), invalid=("Z1",)),
    Known("simple_no_confounder_graph", DOWHY, "X>Y Z1>X", "X Y", among=("",)),
    Known(
        "pearl_simpsons_paradox_1c",
        DOWHY,
        "X>Y L1>X L1>Z L2>Z L2>Y",
        "X Y",
        latent="L1 L2",
        among=("",),
        invalid=("Z",),
    ),
    Known("pearl_simpsons_paradox_1d", DOWHY, "X>Y L1>X L1>Z Z>Y", "X Y", latent="L1", among=("Z",)),
    Known("pearl_simpsons_paradox_2b", DOWHY, "X>Y Z>X L>X L>Y", "X Y", latent="L", minimal=()),
    Known("pearl_simpsons_paradox_2b_L_observed", DOWHY, "X>Y Z>X L>X L>Y", "X Y", among=("L",)),
    Known("book_of_why_game5", DOWHY, "A>X A>B B>X C>B C>Y X>Y", "X Y", among=("C",), invalid=("B",)),
    Known(
        "book_of_why_game5_C_is_unobserved",
        DOWHY,
        "A>X A>B B>X C>B C>Y X>Y",
        "X Y",
        latent="C",
        among=("A B",),
        invalid=("B",),
    ),
    Known("no_treatment_but_valid_maximal_set", DOWHY, "X>Y X>Z1 Z1>Y Z2>Z1", "X Y", among=("",)),
    Known("common_cause_of_mediator2", DOWHY, "X>M M>Y U>Z U>M Z>X", "X Y", latent="U", among=("Z",)),
    Known(
        "mbias_with_unobserved",
        DOWHY,
        "X>Y U1>X U1>M U2>M U2>Y Z>X",
        "X Y",
        latent="U1 U2",
        among=("",),
        invalid=("M Z", "M"),
    ),
    Known("mediator", DOWHY, "X>Y W>X W>Y X>M M>Y", "X Y", among=("W",), invalid=("M",)),
    Known("bow_game2", PGMPY, "X>E E>Y A>B A>X B>C D>B D>E", "X Y", minimal=("",)),
    Known("bow_game3", PGMPY, "X>Y X>A B>A B>Y B>X", "X Y", minimal=("B",), invalid=("",)),
    Known("bow_game5", PGMPY, "A>X A>B C>B C>Y X>Y B>X", "X Y", minimal=("C", "A B"), invalid=("",)),
    Known(
        "bow_game6",
        PGMPY,
        "X>F C>X A>C A>D B>D B>E D>X D>Y E>Y F>Y",
        "X Y",
        minimal=("C D", "A D", "D E", "B D"),
        invalid=("",),
    ),
    Known("no_adjustment_bow", PGMPY, "X>Y U>X U>Y", "X Y", latent="U", minimal=()),
    Known(
        "G2_X_causes_F",
        BOOK,
        (
            "e401_eligibility>net_financial_assets worker_characteristics>e401_eligibility "
            "worker_characteristics>firm_characteristics firm_characteristics>e401_eligibility "
            "worker_characteristics>net_financial_assets"
        ),
        "e401_eligibility net_financial_assets",
        latent="firm_characteristics",
        among=("worker_characteristics",),
    ),
    Known(
        "G3_joint_A",
        BOOK,
        (
            "e401_eligibility>net_financial_assets worker_characteristics>e401_eligibility "
            "firm_characteristics>e401_eligibility latent_factors>firm_characteristics "
            "latent_factors>worker_characteristics latent_factors>e401_eligibility "
            "worker_characteristics>net_financial_assets"
        ),
        "e401_eligibility net_financial_assets",
        latent="firm_characteristics",
        among=("worker_characteristics",),
    ),
    Known(
        "G5_match_M",
        BOOK,
        (
            "e401_eligibility>net_financial_assets worker_characteristics>e401_eligibility "
            "firm_characteristics>e401_eligibility latent_factors>firm_characteristics "
            "latent_factors>worker_characteristics latent_factors>e401_eligibility "
            "e401_eligibility>employer_match employer_match>net_financial_assets "
            "worker_characteristics>employer_match worker_characteristics>net_financial_assets"
        ),
        "e401_eligibility net_financial_assets",
        latent="employer_match firm_characteristics latent_factors",
        among=("worker_characteristics",),
    ),
]


def pairs(text: str) -> list[tuple[str, str]]:
    return [(one, other) for one, other in (edge.split(">") for edge in text.split())]


def as_sets(texts: tuple[str, ...]) -> set[tuple[str, ...]]:
    return {tuple(sorted(text.split())) for text in texts}


@pytest.mark.parametrize("known", KNOWN, ids=[known.name for known in KNOWN])
def test_agrees_with_published_answers(known: Known) -> None:
    graph = CausalGraph.build((), pairs(known.arrows), pairs(known.bidirected), (), known.latent.split())
    treatment, outcome = (side.split(",") for side in known.question.split())
    found, complete = minimal_adjustment_sets(graph, treatment, outcome, effect=known.effect, must=known.must.split())
    question = adjustment_question(graph, treatment, outcome, effect=known.effect)
    assert complete
    if known.minimal is not None:
        assert set(found) == as_sets(known.minimal)
    assert as_sets(known.among) <= set(found)
    for texts, expected in ((known.valid, True), (known.invalid, False)):
        for names in as_sets(texts):
            held = set(names)
            valid = held <= question.allowed and separated(question.bare, treatment, outcome, held)
            assert valid is expected


@st.composite
def questions(draw: st.DrawFn, most: int = 7) -> tuple[CausalGraph, list[str], list[str], list[str], list[str]]:
    """A graph, treatments, outcomes, and what every set must and no set may hold."""
    names = list("abcdefg"[: draw(st.integers(3, most))])
    order = draw(st.permutations(names))
    couples = list(itertools.combinations(order, 2))
    graph = CausalGraph.build(
        names,
        directed=draw(st.lists(st.sampled_from(couples), unique=True, min_size=2)),
        bidirected=draw(st.lists(st.sampled_from(couples), unique=True, max_size=3)),
        latent=draw(st.lists(st.sampled_from(names), unique=True, max_size=2)),
    )
    rest = draw(st.permutations(names))
    cuts = sorted(draw(st.tuples(st.integers(1, 2), st.integers(2, 3), st.integers(0, 1), st.integers(0, 1))))
    several = draw(st.booleans())
    treatment, outcome = (rest[:2], rest[2:3]) if several and cuts[-1] > 2 else (rest[:1], rest[1:2])
    left = [name for name in rest if name not in {*treatment, *outcome}]
    must, never = left[: cuts[0]], left[cuts[0] : cuts[0] + cuts[1]]
    return graph, treatment, outcome, must, never


@settings(max_examples=300, deadline=None)
@given(questions(), st.sampled_from(EffectKind))
def test_the_listing_is_what_trying_every_subset_gives(
    case: tuple[CausalGraph, list[str], list[str], list[str], list[str]], effect: EffectKind
) -> None:
    graph, treatment, outcome, must, never = case
    question = adjustment_question(graph, treatment, outcome, effect=effect, must=must, never=never)
    allowed = sorted(question.allowed)
    subsets = [set(some) for size in range(len(allowed) + 1) for some in itertools.combinations(allowed, size)]
    valid = [some for some in subsets if set(must) <= some and separated(question.bare, treatment, outcome, some)]
    minimal = {tuple(sorted(some)) for some in valid if not any(other < some for other in valid)}
    found, complete = minimal_adjustment_sets(graph, treatment, outcome, effect=effect, must=must, never=never)
    assert complete
    assert len(found) == len(set(found))
    assert set(found) == minimal
    assert list(found) == sorted(found, key=lambda names: (len(names), names))
    if effect is EffectKind.TOTAL:
        assert all(is_valid_adjustment(graph, treatment, outcome, names) for names in found)


@st.composite
def webs(draw: st.DrawFn) -> CausalGraph:
    """Causes before t and y, thinly joined, so that there are many separators."""
    names = [f"v{i}" for i in range(8)]
    couples = list(itertools.combinations(names, 2))
    directed = draw(st.lists(st.sampled_from(couples), unique=True, min_size=6, max_size=12))
    directed += [(name, "t") for name in draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3))]
    directed += [(name, "y") for name in draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3))]
    return CausalGraph.build(
        names,
        [*directed, ("t", "y")],
        draw(st.lists(st.sampled_from(couples), unique=True, max_size=2)),
        latent=draw(st.lists(st.sampled_from(names), unique=True, max_size=1)),
    )


@settings(max_examples=100, deadline=None)
@given(webs())
def test_in_webs_of_confounders_no_set_is_missed_or_listed_twice(graph: CausalGraph) -> None:
    valid: list[set[str]] = []
    allowed = sorted(set(graph.names) - graph.latent - {"t", "y"})
    for some in itertools.chain.from_iterable(
        itertools.combinations(allowed, size) for size in range(len(allowed) + 1)
    ):
        names = set(some)
        if not any(other <= names for other in valid) and is_valid_adjustment(graph, "t", "y", names):
            valid.append(names)
    found, _ = minimal_adjustment_sets(graph, "t", "y", limit=10_000)
    assert sorted(found) == sorted(tuple(sorted(names)) for names in valid)


def test_a_capped_listing_says_so_and_still_has_a_smallest_set() -> None:
    chains = [(f"{side}{i}", f"{side}{i + 1}") for side in "pq" for i in range(4)]
    ends = [("w", "p0"), ("w", "q0"), ("p4", "t"), ("q4", "y"), ("t", "y")]
    wide = [(f"r{i}", end) for i in range(6) for end in ("t", f"s{i}")] + [(f"s{i}", "y") for i in range(6)]
    graph = CausalGraph.build(directed=[*chains, *ends, *wide])
    full, complete = minimal_adjustment_sets(graph, "t", "y", limit=1000)
    assert (len(full), complete) == (11 * 2**6, True)
    capped, complete = minimal_adjustment_sets(graph, "t", "y", limit=10)
    assert (len(capped), complete) == (10, False)
    assert set(capped) <= set(full)
    assert len(capped[0]) == len(full[0])


def test_large_graphs_take_no_exponential_time(within: Callable[[float], AbstractContextManager[None]]) -> None:
    many = CausalGraph.build(directed=[("t", "y"), *((f"w{i}", end) for i in range(200) for end in "ty")])
    mediators = CausalGraph.build(directed=[edge for i in range(20) for edge in (("t", f"m{i}"), (f"m{i}", "y"))])
    colliders = [
        (f"{u}{i}", end) for i in range(24) for u, end in (("u", "t"), ("u", f"c{i}"), ("v", "y"), ("v", f"c{i}"))
    ]
    hidden = [f"{u}{i}" for i in range(24) for u in "uv"]
    butterfly = CausalGraph.build(directed=[*colliders, ("w", "t"), ("w", "y"), ("t", "y")], latent=hidden)
    with within(5):
        assert minimal_adjustment_sets(many, "t", "y") == ((tuple(sorted(f"w{i}" for i in range(200))),), True)
        assert minimal_adjustment_sets(mediators, "t", "y") == (((),), True)
        assert minimal_adjustment_sets(butterfly, "t", "y") == ((("w",),), True)


def test_one_name_on_two_sides_is_refused() -> None:
    graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    with pytest.raises(GraphError, match="always and never"):
        minimal_adjustment_sets(graph, "t", "y", must=["w"], never=["w"])
    with pytest.raises(UnknownVariableError, match="'x'"):
        minimal_adjustment_sets(graph, "t", "y", never=["x"])
    with pytest.raises(GraphError, match="not known"):
        minimal_adjustment_sets(CausalGraph.build(undirected=[("t", "y")]), "t", "y")
