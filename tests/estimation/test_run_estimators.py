"""From prepared numbers to estimates in words: roles, intervals, pooling, groups, and what fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.design import Contrast, Design, Prepared
from copilot.estimation.estimators.choice import Choice
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.problem import Ask, Fit, PlainRefit, Problem, Refit
from copilot.estimation.run_estimators import estimate_all


class Differing:
    """Difference of means; fails where it is told to."""

    title = "difference of means"
    strategy = Strategy.BACKDOOR

    def __init__(self, name: str, fails: Callable[[Problem], bool] = lambda _: False, **more: object) -> None:
        self.name, self._fails, self._more = name, fails, more

    def refuses(self, problem: Problem, ask: Ask) -> str:
        del ask
        return "too few rows" if problem.n < 4 else ""

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        del ask
        if self._fails(problem):
            raise EstimationError("no overlap", reason="They differ.")
        value = float(problem.y[problem.t > 0].mean() - problem.y[problem.t <= 0].mean())
        return dataclasses.replace(Fit(value=value, se=0.5, errors="known", df=10.0), **self._more)  # type: ignore[arg-type]

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        return PlainRefit(lambda changed: self.fit(changed, ask).value, problem)


DESIGN = Design(treatment="t", outcome="y", adjustment=("age", "town"), by="town", instruments=(), mediators=())


def prepared(effect: float = 2.0) -> Prepared:
    draw = np.random.default_rng(0)
    n = 60
    t = np.tile([0.0, 1.0], n // 2)
    town = (np.arange(n) >= n // 2).astype(float)
    age = draw.normal(size=n)
    y = effect * t * (1 + town)
    problem = Problem(
        y=y, t=t, covariates=np.column_stack([age, town * 2 - 1]), covariate_of=("age", "town"), clusters=np.arange(n)
    )
    groups = {"north": np.arange(n // 2), "south": np.arange(n // 2, n), "one": np.arange(1), "two": np.arange(2)}
    return Prepared(
        problems=(problem,),
        contrast=Contrast("0", "1", "t = 1 vs 0"),
        unit="y, t = 1 vs 0",
        rows_read=n,
        rows_used=n,
        row_numbers=np.arange(n),
        groups={name: rows.astype(np.int64) for name, rows in groups.items()},
    )


def test_roles_intervals_and_p_values() -> None:
    head, second, other = Differing("a"), Differing("b", df=None), Differing("c", se=None, df=None)
    done: list[str] = []
    result = estimate_all(
        dataclasses.replace(prepared(), groups={}), DESIGN, Choice(head, second, (other,)), Ask(), done.append
    )
    first, flexible, last = result.estimates
    assert done == ["a", "b", "c"]
    assert [e.role for e in result.estimates] == ["headline", "second opinion", "beside it"]
    assert [e.headline for e in result.estimates] == [True, False, False]
    assert result.second_opinion is result.fitted[1]
    assert first.interval == pytest.approx((3.0 - 2.228 * 0.5, 3.0 + 2.228 * 0.5), abs=1e-3)
    assert flexible.interval == pytest.approx((3.0 - 0.98, 3.0 + 0.98), abs=1e-3)
    assert first.p_value == pytest.approx(0.000133, rel=0.02)
    assert (last.interval, last.p_value, last.se) == (None, None, None)
    assert (first.unit, first.n, first.target, first.errors) == ("y, t = 1 vs 0", 60, Target.ATE, "known")
    assert (first.adjustment_set, first.instruments) == (("age", "town"), ())


def test_a_fit_may_bring_its_own_interval_ratio_and_target() -> None:
    head = Differing(
        "a",
        interval=(1.0, 9.0),
        risk_ratio=(2.0, (1.0, 4.0)),
        target=Target.LATE,
        diagnostics={"f": 1.0, "none": float("nan")},
    )
    one = estimate_all(prepared(), DESIGN, Choice(head), Ask()).estimates[0]
    assert (one.interval, one.target, one.diagnostics) == ((1.0, 9.0), Target.LATE, {"f": 1.0})
    assert one.risk_ratio is not None
    assert one.risk_ratio.interval == (1.0, 4.0)


def test_groups_are_estimated_without_what_is_constant_there() -> None:
    result = estimate_all(prepared(), DESIGN, Choice(Differing("a")), Ask())
    groups = {e.group: e for e in result.estimates[1:]}
    assert {name: e.value for name, e in groups.items()} == pytest.approx({"north": 2.0, "south": 4.0})
    assert groups["south"].target is Target.CATE
    assert groups["south"].adjustment_set == ("age",)
    assert "constant or redundant here: town" in groups["south"].notes[0]
    assert groups["south"].n == 30
    assert not groups["south"].headline
    assert [(n.code, n.subject, n.count) for n in result.notices] == [
        ("group_not_estimated", "one", 1),
        ("group_not_estimated", "two", 2),
    ]
    assert "town = one: the treatment does not vary in this group" in result.notices[0].message
    assert "too few rows" in result.notices[1].message


def test_a_failure_beside_the_headline_is_a_notice_and_one_of_the_headline_is_fatal() -> None:
    good, bad = Differing("good"), Differing("bad", lambda _: True)
    result = estimate_all(prepared(), DESIGN, Choice(good, bad), Ask())
    assert [f.estimator.name for f in result.fitted] == ["good"]
    assert result.second_opinion is None
    assert result.notices[0].code == "estimator_failed"
    assert result.notices[0].message == "Difference of means gave no estimate: no overlap. They differ."
    with pytest.raises(EstimationError, match="no overlap"):
        estimate_all(prepared(), DESIGN, Choice(bad, good), Ask())


def test_numbers_that_are_not_finite_are_failures() -> None:
    for broken in ({"value": float("nan")}, {"se": float("inf")}):
        with pytest.raises(EstimationError, match="no finite number"):
            estimate_all(prepared(), DESIGN, Choice(Differing("a", **broken)), Ask())


def test_a_group_where_the_headline_fails_is_a_notice() -> None:
    head = Differing("a", lambda problem: problem.n == 30)
    codes = [n.code for n in estimate_all(prepared(), DESIGN, Choice(head), Ask()).notices]
    assert codes == ["group_not_estimated"] * 4


def test_imputations_are_pooled_for_all_rows_and_within_groups() -> None:
    one, two = prepared(2.0), prepared(4.0)
    several = dataclasses.replace(one, problems=(one.problem, two.problem))
    estimates = estimate_all(several, DESIGN, Choice(Differing("a")), Ask()).estimates
    assert [e.value for e in estimates] == pytest.approx([4.5, 3.0, 6.0])
    assert all("pooled over 2 imputations" in e.errors for e in estimates)
    assert estimates[0].se == pytest.approx(np.sqrt(0.25 + 1.5 * 4.5))


class Broken(Differing):
    def fit(self, problem: Problem, ask: Ask) -> Fit:
        del problem, ask
        raise OverflowError("math range error")


def test_an_estimator_beside_the_headline_that_breaks_is_told_and_kills_nothing() -> None:
    choice = Choice(Differing("works"), None, (Broken("broken"),))
    done = estimate_all(prepared(), DESIGN, choice, Ask())
    assert [one.estimator.name for one in done.fitted] == ["works"]
    assert any("math range error" in notice.message for notice in done.notices)


def test_a_perfect_fit_claims_no_certainty() -> None:
    t = np.arange(40.0) % 2
    assert LINEAR_REGRESSION.fit(Problem(3 * t, t, np.empty((40, 0))), Ask()).se is None
