from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.domain.numbers import number
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.problem import Ask, Problem
from copilot.estimation.refuters.leave_one_out import LEAVE_ONE_OUT
from copilot.estimation.trial import Fitted, Trial

Problems = Callable[..., Problem]
Trials = Callable[..., Trial]


def confounded(problem: Problem, strength: float, effect: float) -> Problem:
    noise = np.random.default_rng(9).standard_normal(problem.n)
    return problem.with_outcome(effect * problem.t + strength * problem.covariates[:, 1] + noise)


def test_covariates_that_hardly_matter_pass(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = LEAVE_ONE_OUT.refute(trial_of(confounded(problem_of(), 0.05, 1.0)))
    assert (found.status, found.question) == (Status.PASSED, Question.HIDDEN_CAUSE)
    assert set(found.details) == {"without x0", "without x1", "without x2"}


def test_an_estimate_that_leans_on_one_is_inconclusive_and_names_it(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = LEAVE_ONE_OUT.refute(trial_of(confounded(problem_of(n=2000), 1.0, 1.0)))
    assert found.status is Status.INCONCLUSIVE
    assert "leans on x1: a hidden cause like it would matter" in found.message


def test_a_sign_that_hangs_on_one_fails(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = LEAVE_ONE_OUT.refute(trial_of(confounded(problem_of(n=2000), 2.0, -0.4)))
    assert found.status is Status.FAILED
    assert "standard errors away: the sign of the effect hangs on x1 alone" in found.message


def test_an_effect_that_may_be_zero_has_no_sign_to_lose(problem_of: Problems, trial_of: Trials) -> None:
    """Without its one confounder no effect looks like one: that is what it was adjusted for, and no fault."""
    trial = trial_of(confounded(problem_of(n=2000), 2.0, -0.05))
    value, se = trial.headline.fit.value, trial.headline.fit.se
    assert se is not None
    assert -1.96 * se < value < 0
    (found,) = LEAVE_ONE_OUT.refute(trial)
    assert found.status is Status.INCONCLUSIVE
    assert found.details["without x1"] > 2 * se
    assert "leans on x1" in found.message


@pytest.mark.parametrize("weighted", [True, False])
def test_linear_regression_gives_what_fitting_anew_gives(
    problem_of: Problems, trial_of: Trials, *, weighted: bool
) -> None:
    problem = problem_of()
    if weighted:
        weights = np.random.default_rng(0).exponential(size=problem.n)
        problem = replace(problem, weights=weights / weights.mean())
    fit = LINEAR_REGRESSION.fit(problem, Ask())
    (found,) = LEAVE_ONE_OUT.refute(replace(trial_of(problem), headline=Fitted(LINEAR_REGRESSION, fit)))
    for name in problem.covariate_names:
        anew = LINEAR_REGRESSION.fit(problem.without(name), Ask()).value
        assert found.details[f"without {name}"] == pytest.approx(anew, rel=1e-8)


def test_a_pooled_estimate_is_not_held_against_one_imputation(problem_of: Problems, trial_of: Trials) -> None:
    problem = confounded(problem_of(), 0.05, 1.0)
    trial = trial_of(problem)
    own = trial.headline.fit
    pooled = replace(own, value=own.value + 5.0, se=1.0)
    (found,) = LEAVE_ONE_OUT.refute(replace(trial, headline=Fitted(trial.headline.estimator, pooled)))
    assert found.status is Status.PASSED
    assert f"the estimate of {number(own.value)} moves most" in found.message


def test_nothing_adjusted_for_is_nothing_to_leave_out(problem_of: Problems, trial_of: Trials) -> None:
    assert LEAVE_ONE_OUT.refute(trial_of(problem_of(k=0))) == ()
