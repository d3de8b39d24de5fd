"""What a person reads of an effect: no number is cut, nothing is said twice, and the last line says how it stands."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from copilot.domain.analysis import Analysis, Chosen, LeftOut, Standing, Verdict
from copilot.domain.effects import Estimate, Question, Ratio, Refutation, Status, Target
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.reference import ReferenceAnswer
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.report.brief import brief
from copilot.report.effect_screen import (
    headline_text,
    question_lines,
    reference_line,
    refutations_table,
    verdict_lines,
)
from copilot.report.estimates_table import errors_line, estimates_table, note_lines

GRAPH = CausalGraph.build(directed=[("t", "y")])


def drawn(thing: RenderableType, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, markup=False, highlight=False).print(thing)
    return out.getvalue()


def estimate(**changes: Any) -> Estimate:
    plain = {
        "estimator": "linear_regression",
        "strategy": Strategy.BACKDOOR,
        "value": 1548.2,
        "interval": (75.35, 3021.0),
        "n": 3010,
        "unit": "y, t 1 vs 0",
        "errors": "HC3",
        "headline": True,
        "role": "headline",
    }
    return Estimate(**{**plain, **changes})


def refutation(refuter: str, status: Status = Status.PASSED, **changes: Any) -> Refutation:
    plain = {"question": Question.SOUNDNESS, "message": "m", "blind_spot": "b"}
    return Refutation(refuter=refuter, status=status, **{**plain, **changes})


def analysis(**changes: Any) -> Analysis:
    plain = {
        "query": Query(treatment="t", outcome="y"),
        "review": Review(graph=GRAPH, approved_by="file", complete=True),
        "graph_source": "some/where/g.dot",
        "identification": identify_oriented(GRAPH, "t", "y"),
        "chosen": Chosen(strategy=Strategy.BACKDOOR, reason="nothing need be adjusted for: no back-door path is open"),
        "estimates": (estimate(),),
        "verdict": Verdict(standing=Standing.HOLDS_UP, text="If the graph is right, all is well."),
        "rows_read": 3010,
        "rows_used": 3010,
    }
    return Analysis(**{**plain, **changes})


@given(
    st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.integers(0, 10**9), st.sampled_from(["", "hi", "a group with a long name"])),
        min_size=1,
        max_size=4,
    ),
    st.integers(40, 120),
)
def test_no_number_is_cut_at_any_width(rows: list[tuple[float, int, str]], width: int) -> None:
    estimates = [estimate(value=value, interval=(value - 1.25, value), n=n, group=group) for value, n, group in rows]
    text = drawn(estimates_table(estimates, width), width)
    assert max(map(len, text.splitlines())) <= width
    words = text.replace("(", " ").replace("),", " ").split()
    for value, n, _ in rows:
        assert {number(value), number(value - 1.25), f"{n:,}"} <= set(words)


def test_an_estimate_is_one_row_and_a_group_is_one_too() -> None:
    long = "influence function, cluster-robust, pooled over 10 imputations"
    estimates = [
        estimate(errors="cluster-robust, pooled over 10 imputations"),
        estimate(estimator="flexible", headline=False, role="second opinion", errors=long),
        estimate(estimator="aipw", headline=False, role="beside it", errors=long),
        estimate(headline=False, role="within a group", group="hi", target=Target.CATE),
    ]
    assert len(drawn(estimates_table(estimates, 80), 80).splitlines()) == 5
    assert errors_line(estimates[:3]) == (
        "Standard errors: cluster-robust for linear_regression; influence function, cluster-robust for the others; "
        "all pooled over 10 imputations."
    )
    assert errors_line([estimate(errors="")]) == ""


def test_notes_of_the_headline_are_told_and_those_of_the_others_on_request() -> None:
    first = estimate(notes=("The errors are HC1, since HC3 does not exist.",), errors="HC1")
    other = estimate(estimator="ipw", headline=False, notes=("1 row was left out.",))
    assert list(note_lines([first, other])) == ["The errors are HC1, since HC3 does not exist."]
    assert list(note_lines([first, other], full=True))[1] == "ipw: 1 row was left out."


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"first_stage_F": 14.14, "effective_F": 14.14, "ar_low": 0.1, "ar_high": 0.3}, "may be weak: below 23.1"),
        ({"first_stage_F": 4.2, "effective_F": 5.0, "ar_low": 0.1, "ar_high": 0.3}, "weak: below 10"),
        ({"first_stage_F": 90.0, "effective_F": 88.0, "ar_low": 0.1, "ar_high": 0.3}, "First-stage F 90;"),
    ],
)
def test_instruments_say_how_strong_they_are(found: dict[str, float], says: str) -> None:
    notes = ("The instruments may be weak: so it is.", "The Anderson-Rubin interval, right anyway, is 0.1 to 0.3.")
    (line,) = note_lines([estimate(strategy=Strategy.IV, diagnostics=found, notes=notes)])
    assert says in line
    assert "Anderson-Rubin interval 0.1 to 0.3" in line


def test_an_interval_without_an_end_is_told_by_its_note() -> None:
    note = "The Anderson-Rubin interval, right however weak the instruments, has no end on at least one side."
    lines = list(note_lines([estimate(strategy=Strategy.IV, diagnostics={"first_stage_F": 2.0}, notes=(note,))]))
    assert lines == ["First-stage F 2 (weak: below 10)", note]


def test_the_result_says_how_it_stands() -> None:
    plain = "ATE 1,548 (95 % interval 75.35 to 3,021): y, t 1 vs 0"
    assert headline_text(analysis()) == f"{plain}; holds up"
    unsound = analysis(
        verdict=Verdict(standing=Standing.UNSOUND, text="No."),
        refutations=(refutation("overlap", Status.FAILED), refutation("bootstrap")),
    )
    assert headline_text(unsound) == f"{plain}; unsound: overlap failed"
    forced = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("m",), forced=True, objections=("m is caused by t",))
    assert headline_text(analysis(chosen=forced)) == f"{plain}; forced against the graph; holds up"
    lost = (LeftOut(name="w", reason="a copy of the outcome", needed=True),)
    short = Chosen(strategy=Strategy.BACKDOOR, adjustment_set=("w",), left_out=lost, condition="w → t")
    assert "; without w, which the graph needs; only if w → t; " in headline_text(analysis(chosen=short))
    ratio = analysis(estimates=(estimate(risk_ratio=Ratio(value=0.9, interval=(0.8, 1.0))),), verdict=None)
    assert headline_text(ratio) == f"{plain}, risk ratio 0.9 (0.8 to 1)"
    assert headline_text(analysis(estimates=())) == ""


def test_the_head_is_plain_and_short() -> None:
    told = dict(question_lines(analysis()))
    assert told["Graph"].startswith("g.dot, 1 edge, given as a file")
    assert told["Adjusted for"] == "nothing (no back-door path is open)"
    full = dict(question_lines(analysis(), full=True))["Graph"]
    assert full.startswith("some/where/g.dot, ")
    assert GRAPH.content_hash[:12] in full


def test_long_doubts_are_cut_on_the_screen_alone() -> None:
    doubt = f"The number depends on this{', and that' * 30}. It is so."
    verdict = Verdict(standing=Standing.HOLDS_UP, text="Well.", doubts=(doubt, "A short one. And more."))
    short = [text for _, text, _ in verdict_lines(analysis(verdict=verdict))]
    assert short[2] == "A short one."
    assert len(short[1]) <= 152
    assert short[1].endswith("that …")
    assert [text for _, text, _ in verdict_lines(analysis(verdict=verdict), full=True)][1] == doubt


@given(st.lists(st.floats(-1e7, 1e7), min_size=1, max_size=12), st.integers(30, 160))
def test_what_is_cut_ends_between_words(values: list[float], limit: int) -> None:
    text = "We found " + ", then ".join(f"{number(one)} ({interval((one, one + 1))})" for one in values)
    short = brief(text, limit)
    assert len(short) <= limit
    assert set(short.removesuffix(" …").split()) <= set(text.split()) | set(text.replace(",", " , ").split()) | {
        word.rstrip(",") for word in text.split()
    }


def test_tests_of_the_computation_that_passed_share_a_line_and_what_failed_is_told_in_full() -> None:
    passed = [refutation(name, observed="mean 40.17 ± 70.76") for name in ("placebo_treatment", "leaks", "bootstrap")]
    failed = refutation("overlap", Status.FAILED, observed="no overlap at all, " * 6)
    table, whole = (refutations_table((*passed, failed), Question.SOUNDNESS, 80, full=full) for full in (False, True))
    assert table is not None
    text = " ".join(drawn(table, 80).split())
    assert "the other 3 passed placebo_treatment, leaks, bootstrap" in text
    assert "40.17" not in text
    assert text.count("no overlap") == 6
    assert whole is not None
    assert drawn(whole, 200).count("40.17") == 3
    alone = refutations_table(passed, Question.SOUNDNESS, 80)
    assert alone is not None
    assert "all 3  passed  placebo_treatment, leaks, bootstrap" in drawn(alone, 80)
    two = refutations_table(passed[:2], Question.SOUNDNESS, 80)
    assert two is not None
    assert drawn(two, 80).count("40.17") == 2
    assert refutations_table(passed, Question.HIDDEN_CAUSE, 80) is None


def test_what_a_hidden_cause_would_need_takes_a_line_each() -> None:
    tried = [
        refutation("leaks", observed="R² beside the treatment 0.1465; the largest alone re74, 0.1189"),
        refutation("placebo_treatment", observed="mean 40.17 ± 70.76, p = 1"),
        refutation("leave_one_out", observed="789.6 without race, 1 standard errors away"),
    ]
    hidden = [one.model_copy(update={"question": Question.HIDDEN_CAUSE}) for one in tried]
    table, whole = (
        refutations_table(hidden, Question.HIDDEN_CAUSE, 80 + 120 * full, full=full) for full in (False, True)
    )
    assert table is not None
    text = drawn(table, 80)
    assert "R² beside the treatment 0.1465 …" in text
    assert "mean 40.17 ± 70.76, as expected" in text
    assert "1 standard error away" in text
    assert whole is not None
    assert "the largest alone re74, 0.1189" in drawn(whole, 200)


def test_intervals_of_several_negative_controls_say_their_level() -> None:
    tried = [
        refutation("negative_control", subject=name, interval=(-1.0, 1.0), observed="0 (-1 to 1), p = 0.9")
        for name in ("a", "b")
    ]
    several, alone = (refutations_table(ones, Question.SOUNDNESS, 100) for ones in (tried, tried[:1]))
    assert several is not None
    assert alone is not None
    assert "0 (97.5 % interval -1 to 1), p = 0.9" in drawn(several, 100)
    assert "0 (-1 to 1), p = 0.9" in drawn(alone, 100)


def test_dowhy_on_a_sample_is_not_held_against_the_headline() -> None:
    answer = ReferenceAnswer(
        ran=True, dowhy_version="9.9", value=-0.02758, ours=-0.02758, agrees=True, rows=2000, message="All of it."
    )
    told = analysis(reference=answer)
    assert reference_line(told) == ("DoWhy 9.9 computes the same: on 2,000 rows drawn at random both give -0.02758.")
    assert reference_line(told, full=True) == "All of it."
    everybody = answer.model_copy(update={"rows": 3010, "agrees_on_identification": True})
    assert reference_line(analysis(reference=everybody)) == (
        "DoWhy 9.9 identifies it alike and gives the same estimate, -0.02758."
    )
    against = answer.model_copy(update={"agrees": False})
    assert reference_line(analysis(reference=against)) == "All of it."
    assert reference_line(analysis()) == ""
