"""The list of estimators."""

from __future__ import annotations

import numpy as np
import pytest

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import UsageError
from copilot.estimation.estimators.registry import ESTIMATORS, estimator_named, willing
from copilot.estimation.problem import Problem

NAMES = (
    "linear_regression",
    "g_computation",
    "ipw",
    "aipw",
    "stratification",
    "matching",
    "flexible",
    "double_ml",
    "causal_forest",
    "two_stage_least_squares",
    "front_door",
)


def test_names_that_scripts_rely_on() -> None:
    assert tuple(estimator.name for estimator in ESTIMATORS) == NAMES
    assert all(estimator.title and estimator.title != estimator.name for estimator in ESTIMATORS)
    assert {estimator.strategy for estimator in ESTIMATORS} == {Strategy.BACKDOOR, Strategy.IV, Strategy.FRONTDOOR}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_found_by_its_name(name: str) -> None:
    assert estimator_named(name).name == name


def test_a_misspelt_name_is_offered_its_neighbours() -> None:
    with pytest.raises(UsageError, match="no estimator named 'linear_regresion'") as caught:
        estimator_named("linear_regresion")
    assert "'linear_regression'" in caught.value.advice


def test_willing_ones_share_the_strategy_and_do_not_refuse() -> None:
    draw = np.random.default_rng(0)
    problem = Problem(y=draw.normal(size=200), t=np.tile([0.0, 1.0], 100), covariates=draw.normal(size=(200, 2)))
    names = {estimator.name for estimator in willing(problem, Target.ATT)}
    assert "flexible" in names
    assert not {"double_ml", "two_stage_least_squares", "front_door"} & names
