from __future__ import annotations

import pytest

from copilot.domain.consensus import Constraints
from copilot.errors import ConfigurationError, CycleError, UnknownVariableError
from copilot.voting.constraints import RuleBook, check_constraints
from copilot.voting.pairs import Way

NAMES = ("age", "diet", "weight")


@pytest.mark.parametrize(
    "constraints",
    [
        Constraints(require=(("age", "wight"),)),
        Constraints(forbid=(("wight", "age"),)),
        Constraints(tiers=(("age",), ("wight",))),
    ],
)
def test_unknown_names_are_refused_with_the_near_one(constraints: Constraints) -> None:
    with pytest.raises(UnknownVariableError) as caught:
        check_constraints(NAMES, constraints)
    assert "'weight'" in caught.value.advice


@pytest.mark.parametrize(
    ("constraints", "said"),
    [
        (Constraints(require=(("age", "diet"),), forbid=(("age", "diet"),)), "required and ruled out"),
        (Constraints(require=(("diet", "age"),), tiers=(("age",), ("diet",))), "required and ruled out"),
        (Constraints(require=(("age", "age"),)), "from age to itself"),
        (Constraints(forbid=(("age", "age"),)), "from age to itself"),
        (Constraints(tiers=(("age",), ("diet", "age"))), "tier 1 and in tier 2"),
    ],
)
def test_what_cannot_be_met_is_refused(constraints: Constraints, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_constraints(NAMES, constraints)


def test_required_edges_in_a_circle_are_refused() -> None:
    ring = Constraints(require=(("age", "diet"), ("diet", "weight"), ("weight", "age")))
    with pytest.raises(CycleError) as caught:
        check_constraints(NAMES, ring)
    assert set(caught.value.cycle) == set(NAMES)


def test_tiers_rule_out_the_way_back_and_leave_others_free() -> None:
    book = RuleBook(Constraints(tiers=(("age",), ("weight",))))
    assert book.open_ways(("age", "weight")) == {Way.FORWARD}
    assert book.open_ways(("age", "diet")) == frozenset(Way)
    assert book.against("weight", "age") == "tiers"
