"""The verdict follows from what was tried, claims no more, and puts the gravest doubt first."""

from __future__ import annotations

import re

import pytest

from copilot.domain.analysis import Analysis, Chosen, LeftOut, Standing
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.findings import Finding, FindingKind, Origin, Severity
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import (
    AdjustmentSets,
    GeneralIdentification,
    Identification,
    Orientation,
    OrientedIdentification,
    Strategy,
)
from copilot.domain.many_graphs import DesignEffect, EdgeState, GraphSource, ManyGraphs, PivotalEdge
from copilot.domain.notice import Level, Notice
from copilot.domain.review import Review
from copilot.domain.sensitivity import Benchmark, Sensitivity
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


def test_a_graph_that_is_contradicted_elsewhere_is_said_to_be() -> None:
    sound = refutation(Question.SOUNDNESS, Status.PASSED)
    implied = refutation(Question.HIDDEN_CAUSE, Status.INCONCLUSIVE, "implied_independence")
    against, fine = (
        judge(
            analysis(refutations=(sound, implied.model_copy(update={"details": {"tested": 91.0, "contradicted": k}})))
        )
        for k in (79.0, 0.0)
    )
    assert against.standing is Standing.HOLDS_UP
    assert "the data contradict 79 of 91 independences that it implies" in against.text
    assert "contradict" not in fine.text


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


def test_estimators_that_gave_none_are_one_doubt_behind_the_test_that_says_why() -> None:
    failed = [
        Notice(code="estimator_failed", message=f"{name} gave no estimate.", subject=name, level=Level.WARNING)
        for name in ("ipw", "aipw")
    ]
    thin = refutation(Question.SOUNDNESS, Status.INCONCLUSIVE, "overlap").model_copy(update={"details": {"share": 0.2}})
    doubts = judge(analysis(notices=tuple(failed), refutations=(thin,))).doubts
    assert doubts[:2] == (thin.message, "ipw gave no estimate.")
    assert not any("aipw" in doubt for doubt in doubts)


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


FORCED = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("w", "m"), forced=True, objections=("m is a mediator.",))


def test_a_forced_set_gives_an_association_and_is_never_said_to_be_the_effect() -> None:
    verdict = judge(analysis(chosen=FORCED))
    assert verdict.text.startswith("Against the graph, adjusted for {w, m} as you insisted: the association with y,")
    assert "under the graph it is not the effect" in verdict.text
    assert "If the graph is right" not in verdict.text
    assert verdict.standing is Standing.IN_DOUBT


def test_a_left_out_confounder_is_the_first_doubt_and_takes_the_effect_away() -> None:
    left = (LeftOut(name="d", reason="a copy of the outcome", needed=True),)
    chosen = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("d", "w"), left_out=left)
    failing = refutation(Question.SOUNDNESS, Status.FAILED)
    verdict = judge(analysis(chosen=chosen, refutations=(failing,)))
    assert verdict.doubts[0].startswith("Under the graph d must be adjusted for, and it was left out (a copy of")
    assert "without d (a copy of the outcome), which the graph needs" in verdict.text
    assert "If the graph is right" not in verdict.text


def test_a_leak_is_a_doubt_before_any_test_that_failed_and_said_once() -> None:
    copied = Notice(code="leak_outcome", subject="d", message="d is a copy of y and is left out")
    left = (LeftOut(name="d", reason="a copy of the outcome"),)
    chosen = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("d", "w"), left_out=left)
    failing = tuple(refutation(Question.SOUNDNESS, Status.FAILED, f"test_{place}") for place in range(3))
    assert judge(analysis(chosen=chosen, refutations=failing, notices=(copied,))).doubts[0] == copied.message
    needed = chosen.model_copy(update={"left_out": (LeftOut(name="d", reason="a copy of the outcome", needed=True),)})
    doubts = judge(analysis(chosen=needed, notices=(copied,))).doubts
    assert doubts[0].startswith("Under the graph d must be adjusted for")
    assert copied.message not in doubts
    same = Notice(code="outcome_copies_treatment", subject="y", message="y is a copy of t")
    leaks = refutation(Question.SOUNDNESS, Status.FAILED, "leaks")
    verdict = judge(analysis(refutations=(leaks,), notices=(same,)))
    assert verdict.doubts[0] == same.message
    assert leaks.message not in verdict.doubts
    assert verdict.standing is Standing.UNSOUND


def test_a_set_that_hangs_on_a_direction_says_on_which() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    chosen = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("w",), condition="w → t")
    found = identify_oriented(graph, "t", "y")
    verdict = judge(analysis(chosen=chosen, identification=found, review=Review(graph=graph, approved_by="ada")))
    assert verdict.text.startswith("If the graph is right and w → t, the effect on y")
    assert "if t → w, adjust for nothing" in verdict.doubts[0]


def test_open_directions_are_asked_for_and_no_empty_expression_is_shown() -> None:
    graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    found = identify_oriented(graph, "t", "y")
    asked = judge(
        analysis(
            identification=found,
            review=Review(graph=graph, approved_by="ada"),
            estimates=(),
            chosen=None,
            refutations=(),
        )
    )
    assert asked.standing is Standing.NOT_IDENTIFIABLE
    assert asked.text == (
        "The answer depends on the direction of t — w: if t → w, adjust for nothing; if w → t, adjust for {w}. Say "
        "which with `copilot review`, or name the set with --adjust."
    )
    assert "general expression" not in asked.text


def test_an_identifier_in_the_way_is_named() -> None:
    general = GeneralIdentification(identifiable=True, expression="sum_{id} P(y | id, t) P(id)")
    common = Identification(treatment=("t",), outcome=("y",), identifiable=True, general=general)
    notice = Notice(code="identifier_needed", message="id is an identifier (600 distinct values).", subject="id")
    verdict = judge(
        analysis(
            identification=OrientedIdentification(
                common=common, groups=(Orientation(edges=(), identification=common),)
            ),
            notices=(notice,),
            estimates=(),
            chosen=None,
            refutations=(),
        )
    )
    assert "under this graph id must be adjusted for" in verdict.text
    assert "general expression" not in verdict.text
    assert verdict.doubts[0] == notice.message


@pytest.mark.parametrize("null", [True, False])
def test_rows_are_not_left_out_of_what_was_not_estimated(null: bool) -> None:
    common = Identification(treatment=("t",), outcome=("y",), null_effect=null)
    found = OrientedIdentification(common=common, groups=())
    doubts = judge(analysis(identification=found, estimates=(), chosen=None, refutations=(), rows_used=0)).doubts
    assert not any("left out" in one for one in doubts)
    assert any("no path of arrows leads from t to y is an assumption" in one for one in doubts) is null


def estimate(value: float, low: float, high: float, role: str = "beside it", **more: object) -> Estimate:
    given = analysis().estimates[0].model_copy(update={"headline": False, "role": role, "estimator": "other"})
    return given.model_copy(update={"value": value, "interval": (low, high), **more})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (estimate(1.9, -0.2, 4.0), True),
        (estimate(-1.0, -2.0, -0.1), True),
        (estimate(1.2, 1.0, 1.4, "second opinion"), True),
        (estimate(1.9, 1.7, 2.1, "second opinion"), False),
        (estimate(1.2, 1.0, 1.4), False),
        (estimate(-1.0, -2.0, -0.1, group="women"), False),
    ],
)
def test_estimators_that_would_be_read_differently_are_a_doubt(other: Estimate, said: bool) -> None:
    for refutations in ((), analysis().refutations):
        doubts = judge(analysis(estimates=(*analysis().estimates, other), refutations=refutations)).doubts
        assert any("depends on the estimator" in one for one in doubts) is said


def test_a_failed_second_opinion_is_said_once() -> None:
    other = estimate(1.2, 1.0, 1.4, "second opinion")
    failed = refutation(Question.SOUNDNESS, Status.FAILED, "second_opinion")
    doubts = judge(analysis(estimates=(*analysis().estimates, other), refutations=(failed,))).doubts
    assert doubts[0] == failed.message
    assert not any("depends on the estimator" in one for one in doubts)


STRENGTH = Sensitivity(
    robustness_value=0.0774,
    robustness_value_alpha=0.01,
    partial_r2=0.02,
    strongest="race",
    benchmarks=(Benchmark(variable="race", k=1.0, r2_treatment=0.1, r2_outcome=0.1, value=-1.0, interval=(-2.0, 1.0)),),
)


def test_a_weak_robustness_value_does_not_speak_for_a_hidden_cause() -> None:
    weak = refutation(Question.HIDDEN_CAUSE, Status.FAILED, "unobserved_common_cause")
    verdict = judge(analysis(refutations=(weak,), sensitivity=STRENGTH))
    assert "speaks for" not in verdict.text
    assert "A hidden cause as strong as race would be enough to explain it away; nothing here says" in verdict.text
    both = judge(analysis(refutations=(weak, refutation(Question.HIDDEN_CAUSE, Status.FAILED, "negative_control"))))
    assert "speaks for a hidden cause or a wrong graph (negative_control)" in both.text


def test_the_strength_of_a_hidden_cause_is_said_once() -> None:
    unclear = refutation(Question.HIDDEN_CAUSE, Status.INCONCLUSIVE, "unobserved_common_cause").model_copy(
        update={"message": "one twice as strong as race would be enough", "value": 0.08}
    )
    told = judge(analysis(refutations=(unclear,), sensitivity=STRENGTH)).doubts
    assert told == (unclear.message,)
    bare = STRENGTH.model_copy(update={"benchmarks": ()})
    (only,) = judge(analysis(refutations=(unclear,), sensitivity=bare)).doubts
    assert "7.74 %" in only


def test_tests_without_anything_to_try_are_no_doubts_and_warnings_of_the_data_come_before_assumptions() -> None:
    idle = refutation(Question.HIDDEN_CAUSE, Status.INCONCLUSIVE, "implied_independence").model_copy(
        update={"details": {"tested": 0.0}}
    )
    none_run = refutation(Question.SOUNDNESS, Status.INCONCLUSIVE, "bootstrap")
    shaky = refutation(Question.SOUNDNESS, Status.INCONCLUSIVE, "overlap").model_copy(update={"details": {"far": 0.1}})
    codes = [Notice(code="sentinel", message=f"w is -999 ({how}).", subject="w") for how in ("once", "twice")]
    harmless = Notice(code="constant_left_out", message="k has one value.", subject="k")
    doubts = judge(analysis(refutations=(idle, none_run, shaky), notices=(harmless, *codes))).doubts
    assert doubts == (
        "w is -999 (once).",
        shaky.message,
        "That no unmeasured common cause is missing from the graph is an assumption.",
    )


def test_rows_left_out_are_one_doubt_and_those_the_contrast_does_not_name_are_none() -> None:
    empty = Notice(code="rows_dropped", message="30 of 100 rows are left out because a cell is missing: y 30", count=30)
    doubts = judge(analysis(rows_used=70, notices=(empty,))).doubts
    assert [one for one in doubts if "left out" in one] == [
        "30 of 100 rows were left out; those that are left may differ from them."
    ]
    other = Notice(code="rows_outside_contrast", message="30 rows are left out", count=30, level=Level.INFO)
    assert not any("left out" in one for one in judge(analysis(rows_used=70, notices=(other,))).doubts)


@pytest.mark.parametrize(
    ("diagnostics", "words"),
    [
        ({"effective_F": 14.1, "first_stage_F": 14.1, "ar_low": 0.03, "ar_high": 0.28}, "is 0.03 to 0.28, beside 1.8"),
        ({"effective_F": 4.0, "first_stage_F": 4.0}, "has no end on at least one side"),
    ],
)
def test_a_weak_instrument_is_a_doubt_with_the_interval_that_holds(diagnostics: dict[str, float], words: str) -> None:
    weak = analysis().estimates[0].model_copy(update={"strategy": Strategy.IV, "diagnostics": diagnostics})
    chosen = Chosen(strategy=Strategy.IV, instruments=("z",))
    doubts = judge(analysis(estimates=(weak,), chosen=chosen)).doubts
    assert doubts[0].startswith("The instruments may be weak: the effective F is")
    assert words in doubts[0]
    strong = weak.model_copy(update={"diagnostics": {"effective_F": 60.0, "first_stage_F": 60.0}})
    assert not any("weak" in one for one in judge(analysis(estimates=(strong,), chosen=chosen)).doubts)


def test_an_arrow_that_the_data_turn_is_a_doubt() -> None:
    turned = Finding(
        kind=FindingKind.REVERSED_EDGE,
        severity=Severity.HIGH,
        origin=Origin.DATA,
        nodes=("a", "b"),
        message="a -> b would be better turned.",
    )
    mild = turned.model_copy(update={"severity": Severity.MEDIUM, "nodes": ("c", "d"), "message": "Mild."})
    said = judge(analysis(findings=(turned, mild))).doubts
    assert "a -> b would be better turned." in said
    assert "Mild." not in said


def test_the_covariate_on_which_the_sign_hangs_is_named() -> None:
    alone = refutation(Question.HIDDEN_CAUSE, Status.FAILED, "leave_one_out").model_copy(
        update={"value": -0.4, "details": {"without age": 1.9, "without w": -0.4}}
    )
    sound = refutation(Question.SOUNDNESS, Status.PASSED)
    assert "Its sign hangs on adjusting for w (leave_one_out)." in judge(analysis(refutations=(sound, alone))).text


def test_that_most_graphs_disagree_is_the_first_doubt() -> None:
    def many(graphs: tuple[int, int]) -> ManyGraphs:
        return ManyGraphs(
            source=GraphSource.VOTES,
            graphs=sum(graphs),
            distinct=2,
            not_identifiable=0.0,
            null=0.0,
            designs=(
                DesignEffect(strategy=Strategy.BACKDOOR, graphs=graphs[0], value=2.0, accepted=True),
                DesignEffect(strategy=Strategy.IV, graphs=graphs[1], value=0.3),
            ),
            edges=(
                PivotalEdge(
                    source="u", target="y", accepted=EdgeState.ABSENT, states=(), message="It hangs on u -> y."
                ),
            ),
        )

    unseen = Review(graph=GRAPH, approved_by="--yes")
    first = [judge(analysis(review=unseen, many_graphs=many(one))).doubts[0] for one in ((80, 920), (920, 80))]
    assert "it hangs on u -> y." in first[0]
    assert "Nobody has looked at the graph" in first[1]
