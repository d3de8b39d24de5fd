"""The verdict follows from what was tried, claims no more, and puts the gravest doubt first."""

from __future__ import annotations

import re

import pytest

from copilot.domain.analysis import Analysis, Chosen, Standing
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import (
    AdjustmentSets,
    GeneralIdentification,
    Identification,
    Orientation,
    OrientedIdentification,
    Strategy,
)
from copilot.domain.review import Review
from copilot.domain.sensitivity import Sensitivity
from copilot.domain.variables import Query
from copilot.workflow.verdict import judge

GRAPH = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])


def refutation(question: Question, status: Status, name: str = "some") -> Refutation:
    message = f"{name} was tried and came out {status}."
    return Refutation(refuter=name, question=question, status=status, message=message, blind_spot="much")


def analysis(**changes: object) -> Analysis:
    common = Identification(
        treatment=("t",), outcome=("y",), identifiable=True, backdoor=AdjustmentSets(sets=(("w",),), minimal=(("w",),))
    )
    estimate = Estimate(
        estimator="linear_regression",
        strategy=Strategy.BACKDOOR,
        value=2.0,
        se=0.1,
        interval=(1.8, 2.2),
        n=100,
        unit="y, t 1 vs 0",
        headline=True,
    )
    given = Analysis(
        query=Query(treatment="t", outcome="y"),
        review=Review(graph=GRAPH, approved_by="ada", complete=True),
        graph_source="g.dot",
        identification=OrientedIdentification(common=common, groups=(Orientation(edges=(), identification=common),)),
        chosen=Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("w",)),
        rows_read=100,
        rows_used=100,
        estimates=(estimate,),
        refutations=(
            refutation(Question.SOUNDNESS, Status.PASSED, "placebo_treatment"),
            refutation(Question.HIDDEN_CAUSE, Status.PASSED, "negative_control"),
        ),
    )
    return given.model_copy(update=changes)


@pytest.mark.parametrize(
    ("refutations", "standing"),
    [
        ((), Standing.UNTRIED),
        ((refutation(Question.SOUNDNESS, Status.PASSED),), Standing.HOLDS_UP),
        ((refutation(Question.SOUNDNESS, Status.FAILED), refutation(Question.HIDDEN_CAUSE, Status.FAILED)), "unsound"),
        ((refutation(Question.SOUNDNESS, Status.PASSED), refutation(Question.HIDDEN_CAUSE, Status.FAILED)), "in_doubt"),
        ((refutation(Question.HIDDEN_CAUSE, Status.INCONCLUSIVE),), Standing.UNTRIED),
    ],
)
def test_the_standing_follows_from_the_failed_questions(refutations: tuple[Refutation, ...], standing: str) -> None:
    assert judge(analysis(refutations=refutations)).standing == standing


def test_an_interval_with_zero_is_inconclusive_even_if_every_test_passed() -> None:
    wide = analysis().estimates[0].model_copy(update={"interval": (-0.5, 4.5)})
    verdict = judge(analysis(estimates=(wide,)))
    assert verdict.standing is Standing.INCONCLUSIVE
    assert "no effect" in verdict.text


def test_an_estimate_without_an_interval_decides_nothing() -> None:
    bare = analysis().estimates[0].model_copy(update={"interval": None})
    assert judge(analysis(estimates=(bare,))).standing is Standing.INCONCLUSIVE


def test_when_nothing_could_see_a_hidden_cause_the_verdict_says_so() -> None:
    blind = judge(analysis(refutations=(refutation(Question.SOUNDNESS, Status.PASSED),)))
    assert "None of them could see a hidden common cause" in blind.text
    assert "not excluded" in judge(analysis()).text


def test_what_cannot_see_a_hidden_cause_is_not_counted_against_one() -> None:
    for name, details in (("unobserved_common_cause", {}), ("implied_independence", {"tested_about_ends": 0.0})):
        passed = refutation(Question.HIDDEN_CAUSE, Status.PASSED, name).model_copy(update={"details": details})
        assert "None of them could see" in judge(analysis(refutations=(passed,))).text
    seen = passed.model_copy(update={"details": {"tested_about_ends": 2.0}})
    assert "not excluded" in judge(analysis(refutations=(seen,))).text


def test_the_gravest_doubt_comes_first_and_there_are_at_most_three() -> None:
    many = tuple(refutation(Question.HIDDEN_CAUSE, Status.FAILED, f"h{i}") for i in range(4))
    verdict = judge(analysis(refutations=(*many, refutation(Question.SOUNDNESS, Status.FAILED, "bootstrap"))))
    assert len(verdict.doubts) == 3
    assert verdict.doubts[0].startswith("bootstrap")
    forced = Chosen(strategy=Strategy.BACKDOOR, forced=True, objections=("m is a mediator.",))
    assert "m is a mediator" in judge(analysis(chosen=forced)).doubts[0]


def test_a_graph_nobody_looked_at_and_rows_left_out_are_doubts() -> None:
    doubts = judge(analysis(review=Review(graph=GRAPH, approved_by="--yes"), rows_used=60)).doubts
    assert any("Nobody has looked at the graph" in doubt for doubt in doubts)
    assert any("40 of 100 rows" in doubt for doubt in doubts)


def test_the_strength_a_hidden_cause_needs_is_a_doubt() -> None:
    strength = Sensitivity(robustness_value=0.139, robustness_value_alpha=0.076, partial_r2=0.02)
    assert any("13.9 %" in doubt for doubt in judge(analysis(sensitivity=strength)).doubts)


def test_no_path_means_no_number_and_no_identification_means_no_strategy() -> None:
    def found(**answer: object) -> OrientedIdentification:
        common = Identification.model_validate({"treatment": ("t",), "outcome": ("y",), **answer})
        return OrientedIdentification(common=common, groups=())

    null = analysis(identification=found(null_effect=True), estimates=(), chosen=None, refutations=())
    assert judge(null).standing is Standing.NULL_BY_ASSUMPTION
    none = analysis(identification=found(), estimates=(), chosen=None, refutations=())
    assert judge(none).standing is Standing.NOT_IDENTIFIABLE
    general = GeneralIdentification(identifiable=True, expression="sum_{z} P(z)")
    napkin = judge(analysis(identification=found(general=general), estimates=(), chosen=None, refutations=()))
    assert napkin.standing is Standing.NOT_ESTIMABLE
    assert "sum_{z} P(z)" in napkin.text


@pytest.mark.parametrize("approved_by", ["ada", "file", "--yes"])
@pytest.mark.parametrize("status", list(Status))
def test_no_verdict_speaks_of_proof(approved_by: str, status: Status) -> None:
    tried = (refutation(Question.HIDDEN_CAUSE, status), refutation(Question.SOUNDNESS, Status.PASSED))
    verdict = judge(analysis(refutations=tried, review=Review(graph=GRAPH, approved_by=approved_by)))
    told = f"{verdict.text} {' '.join(verdict.doubts)}"
    assert not re.search(r"\b(prove[sdn]?|proof|confirmed|certain|no hidden)\b", told, re.IGNORECASE)
