from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.workflow.read_words import read_words

NAMES = ("age", "training", "earnings", "a", "minimum wage", "wage", "hours_worked")


@pytest.mark.parametrize(
    ("question", "treatment", "outcome"),
    [
        ("Does training raise earnings?", "training", "earnings"),
        ("What is the average effect of Training on EARNINGS?", "training", "earnings"),
        ("the effect on earnings of training", "training", "earnings"),
        ("Are earnings lowered by age?", "age", "earnings"),
        ("Do earnings change when training rises?", "training", "earnings"),
        ("If training rises, do earnings?", "training", "earnings"),
        ("Do earnings depend on training?", "training", "earnings"),
        ("does a training cause earnings", "training", "earnings"),
        ("does `a` cause training?", "a", "training"),
        ("does the minimum wage lower hours worked?", "minimum wage", "hours_worked"),
    ],
)
def test_two_names_and_a_cue_are_enough(question: str, treatment: str, outcome: str) -> None:
    found = read_words(question, NAMES).found
    assert found is not None
    assert (found.treatment.value, found.outcome.value, found.source) == (treatment, outcome, "words")


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("does the course pay?", "no column is named"),
        ("the effect of training", "two columns are needed"),
        ("the effect of training and age on earnings", "training, age, earnings"),
        ("training and earnings", "which of the two"),
        ("does trainings raise earnings2?", "no column is named"),
    ],
)
def test_nothing_is_guessed(question: str, why: str) -> None:
    literal = read_words(question, NAMES)
    assert literal.found is None
    assert why in literal.why


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("predict earnings from training", "prediction"),
        ("is training correlated with earnings?", "association"),
        ("what is the mean of earnings by training?", "association"),
    ],
)
def test_words_of_another_kind_are_recognised(question: str, kind: str) -> None:
    found = read_words(question, NAMES).found
    assert found is not None
    assert found.kind.value == kind


def test_of_names_alike_but_for_case_the_exact_one_is_meant() -> None:
    names = ("Wage", "wage", "age")
    found = read_words("does age raise wage?", names).found
    assert found is not None
    assert found.outcome.value == "wage"
    assert read_words("does age raise WAGE?", names).found is None


@given(st.text(max_size=80), st.lists(st.text(max_size=6), min_size=1, max_size=5, unique=True))
def test_any_question_over_any_names_is_read_or_not_understood(question: str, names: list[str]) -> None:
    literal = read_words(question, names)
    assert (literal.found is not None) or literal.why
    if literal.found is not None and literal.found.is_effect:
        assert literal.found.treatment.value in names
        assert literal.found.outcome.value in names
