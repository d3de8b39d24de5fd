"""Every estimator, each one line; the order is the one in which they are listed and offered."""

from __future__ import annotations

from collections.abc import Iterable

from copilot.domain.effects import Target
from copilot.errors import UnknownVariableError, UsageError
from copilot.estimation.estimators.aipw import AIPW
from copilot.estimation.estimators.causal_forest import CAUSAL_FOREST
from copilot.estimation.estimators.double_ml import DOUBLE_ML
from copilot.estimation.estimators.flexible import FLEXIBLE
from copilot.estimation.estimators.front_door import FRONT_DOOR
from copilot.estimation.estimators.g_computation import G_COMPUTATION
from copilot.estimation.estimators.ipw import IPW
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.estimators.matching import MATCHING
from copilot.estimation.estimators.stratification import STRATIFICATION
from copilot.estimation.estimators.two_stage_least_squares import TWO_STAGE_LEAST_SQUARES
from copilot.estimation.problem import Ask, Estimator, Problem

ESTIMATORS: tuple[Estimator, ...] = (
    LINEAR_REGRESSION,
    G_COMPUTATION,
    IPW,
    AIPW,
    STRATIFICATION,
    MATCHING,
    FLEXIBLE,
    DOUBLE_ML,
    CAUSAL_FOREST,
    TWO_STAGE_LEAST_SQUARES,
    FRONT_DOOR,
)


def estimator_named(name: str) -> Estimator:
    """Give the estimator that bears a name.

    Raises
    ------
    UsageError
        If there is none; near names are offered.

    Examples
    --------
    >>> estimator_named("aipw").name
    'aipw'
    """
    for estimator in ESTIMATORS:
        if estimator.name == name:
            return estimator
    near = UnknownVariableError(name, [estimator.name for estimator in ESTIMATORS], role="estimator")
    raise UsageError(near.message, reason="Estimators have fixed names.", advice=near.advice)


def willing(problem: Problem, target: Target, among: Iterable[Estimator] = ESTIMATORS) -> tuple[Estimator, ...]:
    """Give the estimators of the problem's strategy that do not refuse it."""
    ask = Ask(target=target)
    return tuple(one for one in among if one.strategy is problem.strategy and not one.refuses(problem, ask))
