from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.domain.identification.expression import (
    Expression,
    Probability,
    Product,
    Ratio,
    Sum,
    evaluate,
    product,
    ratio,
    sum_over,
    to_text,
)
from copilot.errors import EstimationError

NAMES = "abc"


def p(of: str, given: str = "") -> Probability:
    return Probability(frozenset(of), frozenset(given))


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[int, ...], float]:
    rows = list(itertools.product((0, 1), (0, 1, 2), (0, 1)))
    weights = [draw(st.integers(1, 20)) for _ in rows]
    return {row: weight / sum(weights) for row, weight in zip(rows, weights, strict=True)}


@st.composite
def terms(draw: st.DrawFn) -> Probability:
    of = draw(st.sets(st.sampled_from(NAMES), min_size=1))
    rest = sorted(set(NAMES) - of)
    return Probability(frozenset(of), frozenset(draw(st.sets(st.sampled_from(rest))) if rest else ()))


def plain(expression: Expression, table: dict[tuple[int, ...], float]) -> list[float]:
    return [
        evaluate(expression, table, NAMES, dict(zip(NAMES, at, strict=True)))
        for at in itertools.product((0, 1), (0, 1, 2), (0, 1))
    ]


@given(st.lists(terms(), min_size=1, max_size=4), st.sets(st.sampled_from(NAMES)), tables())
def test_a_simplified_sum_has_the_value_of_the_sum(
    factors: list[Probability], names: set[str], table: dict[tuple[int, ...], float]
) -> None:
    body = product(factors)
    over = frozenset(names) & body.free
    assert plain(sum_over(over, body), table) == pytest.approx(plain(Sum(over, body), table))


@given(st.lists(terms(), max_size=4), st.lists(terms(), min_size=1, max_size=4), tables())
def test_a_simplified_ratio_has_the_value_of_the_ratio(
    above: list[Probability], below: list[Probability], table: dict[tuple[int, ...], float]
) -> None:
    numerator, denominator = product(above), product(below)
    assert plain(ratio(numerator, denominator), table) == pytest.approx(plain(Ratio(numerator, denominator), table))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (sum_over("a", p("a", "b")), "1"),
        (sum_over("b", p("ab", "c")), "P(a | c)"),
        (sum_over("ab", product([p("a", "b"), p("b")])), "1"),
        (sum_over("b", product([p("a", "bc"), p("b", "c")])), "P(a | c)"),
        (sum_over("b", product([p("a", "bc"), p("b")])), "sum_{b} P(a | b, c) P(b)"),
        (sum_over("b", product([p("a", "c"), p("c", "b"), p("b")])), "P(a | c) P(c)"),
        (sum_over("a", Sum(frozenset("b"), product([p("a", "b"), p("c", "b"), p("b")]))), "P(c)"),
        (ratio(p("ab", "c"), p("b", "c")), "P(a | b, c)"),
        (ratio(product([p("a"), p("b")]), product([p("b"), p("c")])), "[P(a)] / [P(c)]"),
        (ratio(p("a"), p("a")), "1"),
        (product([Ratio(p("a"), p("b")), p("c")]), "([P(a)] / [P(b)]) P(c)"),
        (product([Sum(frozenset("a"), p("b", "a")), p("c")]), "P(c) sum_{a} P(b | a)"),
        (
            product([Sum(frozenset("a"), p("b", "a")), Sum(frozenset("a"), p("c", "a"))]),
            "[sum_{a} P(b | a)] sum_{a} P(c | a)",
        ),
        (
            Sum(frozenset("a"), product([p("a"), Sum(frozenset("a"), p("b", "a"))])),
            "sum_{a} P(a) sum_{a'} P(b | a')",
        ),
        (Product(), "1"),
        (p("a", "bc"), "P(a | b, c)"),
    ],
)
def test_expressions_as_text(expression: Expression, text: str) -> None:
    assert to_text(expression) == text


def test_independence_lets_a_chain_be_summed_out() -> None:
    def independent(ones: frozenset[str], others: frozenset[str], held: frozenset[str]) -> bool:
        return (ones, others, held) == (frozenset("c"), frozenset("a"), frozenset("b"))

    chain = product([p("c", "b"), p("b", "a")])
    assert to_text(sum_over("b", chain, independent)) == "P(c | a)"
    assert to_text(sum_over("b", chain)) == "sum_{b} P(c | b) P(b | a)"


def test_names_stand_as_they_are_and_control_characters_do_not() -> None:
    assert to_text(Probability(frozenset(["log wage\x1b[31m"]), frozenset(["a|b"]))) == "P(log wage[31m | a|b)"


def test_a_long_text_is_cut() -> None:
    assert to_text(p("abc"), limit=4) == "P(a,… (too long to show)"
    assert to_text(p("abc"), limit=2) == "… (too long to show)"


def test_a_combination_that_never_occurs_is_an_error_unless_it_has_no_weight() -> None:
    table = {(0, 0): 0.5, (1, 1): 0.25, (1, 0): 0.25}
    with pytest.raises(EstimationError):
        evaluate(p("b", "a"), table, "ab", {"a": 2, "b": 0})
    weighted = Sum(frozenset("a"), product([p("a", "b"), p("b", "a")]))
    assert evaluate(weighted, table, "ab", {"b": 1}) == pytest.approx(0.5)
    nothing = Product((p("a"), p("b", "a")))
    assert evaluate(nothing, table, "ab", {"a": 2, "b": 0}) == 0.0


def test_a_name_left_open_takes_its_commonest_value() -> None:
    table = {(0, 0): 0.2, (0, 1): 0.1, (1, 0): 0.1, (1, 1): 0.6}
    assert evaluate(p("b", "a"), table, "ab", {"b": 1}) == pytest.approx(6 / 7)
