"""Terms: five sentences each, found under every word, and none missing for a finding or a refuter."""

from __future__ import annotations

import re

import pytest

from copilot.data.terms import Term, find_term, load_terms, term_of
from copilot.domain.findings import FindingKind
from copilot.errors import UsageError
from copilot.estimation.refuters.registry import REFUTERS

ASKED = ("confounder", "collider", "instrument", "positivity", "E-value", "mediator", "negative control", "ATE")


@pytest.mark.parametrize("term", load_terms(), ids=lambda term: term.name)
def test_each_has_five_sentences_and_an_example(term: Term) -> None:
    text = term.text.replace("et al.", "et al")
    assert len(re.findall(r"[.?!](?=\s|$)", text)) == 5
    assert "Example: " in text.partition(". ")[2]
    assert len(text) < 1200


@pytest.mark.parametrize("word", ASKED)
def test_terms_of_the_field_are_there(word: str) -> None:
    assert find_term(word).name == word


def test_every_finding_and_refuter_has_a_term_and_no_other_word_does() -> None:
    told = [kind.value for kind in FindingKind] + [refuter.name for refuter in REFUTERS]
    assert [word for word in told if not term_of(word)] == []
    assert {word for term in load_terms() for word in term.told_by} <= {*told, "implied_independence"}


def test_words_are_found_however_they_are_written() -> None:
    assert find_term("Front Door").name == find_term("front_door").name == "front door"
    assert find_term("confounders").name == "confounder"
    assert find_term("outcome_leak").name == "leak"
    leads: dict[str, set[str]] = {}
    for term in load_terms():
        for word in term.words:
            leads.setdefault(re.sub(r"[\s_-]+", " ", word.casefold()), set()).add(term.name)
    assert [word for word, names in leads.items() if len(names) > 1] == []


def test_an_unknown_word_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="colider") as caught:
        find_term("colider")
    assert "collider" in (caught.value.advice or "")
    with pytest.raises(UsageError) as caught:
        find_term("xyzzy")
    assert "copilot explain" in (caught.value.advice or "")
