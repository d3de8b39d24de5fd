"""Ballots differ by design, and only by the seed."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from copilot.elicitation.diversity import Stream, draw_plans, shuffled
from copilot.elicitation.prompts import load_prompt
from copilot.elicitation.tasks import TASKS


@given(st.integers(0, 2**40), st.integers(1, 30), st.integers(1, 30))
def test_more_ballots_leave_the_first_ones_as_they_were(seed: int, few: int, more: int) -> None:
    prompt = load_prompt("suggest-graph")
    short = draw_plans(Stream.GRAPH, prompt, ["a", "b"], few, seed)
    assert draw_plans(Stream.GRAPH, prompt, ["a", "b"], few + more, seed)[:few] == short


def test_personas_wordings_and_models_are_dealt_evenly() -> None:
    plans = draw_plans(Stream.GRAPH, load_prompt("suggest-graph"), ["a", "b"], 20, 0)
    voters = [plan.voter for plan in plans]
    for counts in (Counter(v.persona for v in voters), Counter(v.wording for v in voters)):
        assert set(counts.values()) == {4}
    assert Counter(v.source for v in voters) == {"a": 10, "b": 10}
    assert len({(v.persona, v.wording) for v in voters}) == 20


def test_orders_differ_between_ballots_and_seeds_and_repeat_for_the_same() -> None:
    prompt, names = load_prompt("suggest-graph"), [str(n) for n in range(12)]
    first, second = draw_plans(Stream.GRAPH, prompt, ["m"], 2, 0)
    (other,) = draw_plans(Stream.GRAPH, prompt, ["m"], 1, 1)
    orders = [shuffled(names, plan.generator()) for plan in (first, second, other)]
    assert shuffled(names, first.generator()) == orders[0]
    assert len(set(orders)) == 3
    assert {frozenset(order) for order in orders} == {frozenset(names)}


def test_no_two_tasks_share_a_stream_and_the_numbers_stay() -> None:
    assert {task.prompt: int(task.stream) for task in TASKS} == {
        "suggest-graph": 1,
        "judge-pairs": 2,
        "challenge-graph": 3,
        "critique-graph": 4,
        "suggest-confounders": 5,
        "suggest-instruments": 6,
        "suggest-negative-controls": 7,
        "read-question": 8,
        "interpret-results": 9,
    }
