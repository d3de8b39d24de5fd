"""Which estimators run by default, by name, and what is said about it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError, UsageError
from copilot.estimation.estimators.choice import Choice, choose
from copilot.estimation.estimators.registry import estimator_named
from copilot.estimation.problem import Ask, Problem, nothing_wide

ATE, ATT = Ask(), Ask(target=Target.ATT)


def problem(n: int = 200, *, binary: bool = True) -> Problem:
    draw = np.random.default_rng(0)
    t = np.tile([0.0, 1.0], n // 2) if binary else draw.normal(size=n)
    x = draw.normal(size=(n, 2))
    return Problem(y=draw.normal(size=n), t=t, covariates=x, covariate_of=("a", "b"), binary_treatment=binary, high=1.0)


def names(choice: Choice) -> tuple[str, ...]:
    return tuple(estimator.name for estimator in choice.estimators)


def test_by_default_a_line_comes_first_and_a_flexible_one_second() -> None:
    choice = choose(problem(), ATE)
    assert names(choice) == ("linear_regression", "flexible", "g_computation", "ipw", "aipw")
    assert choice.second_opinion is estimator_named("flexible")
    assert [choice.role(one) for one in choice.estimators[:3]] == ["headline", "second opinion", "beside it"]
    assert "Linear regression comes first" in choice.reason
    assert "does not rely on straight lines" in choice.reason
    assert choice.refused == ()


def test_a_continuous_treatment_has_the_same_headline() -> None:
    choice = choose(problem(binary=False), ATE)
    assert names(choice)[:2] == ("linear_regression", "flexible")
    assert "ipw" in names(choice)


def test_the_effect_on_the_treated_has_another_headline() -> None:
    choice = choose(problem(), ATT)
    assert names(choice)[:2] == ("g_computation", "flexible")
    assert "linear_regression" not in names(choice)
    assert "averaged over the treated" in choice.reason


def test_with_nothing_to_adjust_for_one_estimator_is_enough() -> None:
    bare = dataclasses.replace(problem(), covariates=nothing_wide(200), covariate_of=())
    choice = choose(bare, ATE)
    assert names(choice) == ("linear_regression",)
    assert choice.second_opinion is None
    assert "difference of two means" in choice.reason


def test_instruments_and_mediators_have_their_own() -> None:
    column = np.random.default_rng(1).normal(size=(200, 1))
    by_instrument = dataclasses.replace(problem(), strategy=Strategy.IV, instruments=column)
    by_mediator = dataclasses.replace(problem(), strategy=Strategy.FRONTDOOR, mediators=column)
    assert names(choose(by_instrument, ATE)) == ("two_stage_least_squares",)
    assert choose(by_instrument, ATE).second_opinion is None
    assert names(choose(by_mediator, ATE)) == ("front_door",)


def test_few_rows_have_no_second_opinion_and_that_is_said() -> None:
    choice = choose(problem(40), ATE)
    assert choice.second_opinion is None
    assert [name for name, _ in choice.refused][:1] == ["flexible"]
    assert "nothing tests its form" in choice.reason


def test_named_estimators_run_in_that_order_and_no_others() -> None:
    choice = choose(problem(), ATE, ["aipw", "flexible", "ipw", "aipw"])
    assert names(choice) == ("aipw", "flexible", "ipw")
    assert [choice.role(one) for one in choice.estimators] == ["headline", "second opinion", "asked for"]
    assert names(choose(problem(), ATE, ["ipw", "aipw", "flexible"])) == ("ipw", "aipw", "flexible")
    assert choose(problem(), ATE, ["flexible", "aipw"]).second_opinion is None
    assert "was asked for first" in choice.reason


def test_a_named_estimator_that_refuses_is_an_error_with_a_way_out() -> None:
    with pytest.raises(EstimationError, match="double_ml cannot estimate this effect") as caught:
        choose(problem(), ATT, ["double_ml"])
    assert "aipw" in caught.value.advice
    with pytest.raises(EstimationError, match="identified by iv, not by backdoor"):
        choose(problem(), ATE, ["two_stage_least_squares"])
    with pytest.raises(UsageError, match="no estimator named 'olss'"):
        choose(problem(), ATE, ["olss"])


def test_no_estimator_for_a_general_expression() -> None:
    with pytest.raises(EstimationError, match="no estimator takes this problem") as caught:
        choose(dataclasses.replace(problem(), strategy=Strategy.GENERAL), ATE)
    assert "identified by general" in caught.value.reason
