from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from copilot.domain.effects import Question, Status
from copilot.domain.identification.values import Strategy
from copilot.estimation.problem import Floats, Problem
from copilot.estimation.refuters.leaks import LEAKS
from copilot.estimation.trial import Trial

Problems = Callable[..., Problem]
Trials = Callable[..., Trial]


def scaled(column: Floats) -> Floats:
    centred: Floats = (column - column.mean()) / column.std()
    return centred


def test_ordinary_analyses_pass(problem_of: Problems, trial_of: Trials) -> None:
    for seed in range(30):
        (found,) = LEAKS.refute(trial_of(problem_of(seed, binary=seed % 2 == 0)))
        assert (found.status, found.question) == (Status.PASSED, Question.SOUNDNESS)


def test_the_outcome_in_other_units_fails_by_name(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of()
    noise = np.random.default_rng(0).standard_normal(problem.n)
    (found,) = LEAKS.refute(trial_of(problem.with_covariate(scaled(problem.y * 7 + 0.01 * noise), "pain_later")))
    assert (found.status, found.subject) == (Status.FAILED, "pain_later")
    assert "pain_later looks like the outcome itself or like something measured after it" in found.message


def test_the_outcome_measured_roughly_again_does_not_pass(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of()
    noise = np.random.default_rng(0).standard_normal(problem.n)
    (found,) = LEAKS.refute(trial_of(problem.with_covariate(scaled(problem.y + 0.2 * noise), "pain_later")))
    assert (found.status, found.subject) == (Status.INCONCLUSIVE, "pain_later")
    assert "pain_later all but gives it away" in found.message
    (before,) = LEAKS.refute(trial_of(problem.with_covariate(scaled(problem.y + 1.5 * noise), "pain_before")))
    assert before.status is Status.PASSED


def test_one_covariate_alone_is_not_said_to_be_many(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = LEAKS.refute(trial_of(problem_of(k=1)))
    assert "all of them" not in found.message


def test_the_parts_of_a_sum_fail_together(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of()
    noise = np.random.default_rng(0).standard_normal(problem.n)
    y = problem.covariates.sum(axis=1) + 0.001 * noise
    (found,) = LEAKS.refute(trial_of(problem.with_outcome(y)))
    assert (found.status, found.subject) == (Status.FAILED, "")
    assert "together they are the outcome" in found.message


def test_it_speaks_of_adjustment_only(problem_of: Problems, trial_of: Trials) -> None:
    assert LEAKS.refute(trial_of(replace(problem_of(), strategy=Strategy.IV))) == ()
    assert LEAKS.refute(trial_of(problem_of(k=0))) == ()


def test_a_treatment_that_is_the_outcome_fails_whatever_is_adjusted_for(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of()
    for one in (problem, problem_of(k=0), replace(problem, strategy=Strategy.IV)):
        trial = trial_of(one)
        (found,) = LEAKS.refute(replace(trial, problem=one.with_outcome(3 - 2 * one.t)))
        assert (found.status, found.subject) == (Status.FAILED, "drug")
        assert "one quantity under two names" in found.message
    (close,) = LEAKS.refute(
        trial_of(problem.with_outcome(3 - 2 * problem.t + 0.01 * np.random.default_rng(1).standard_normal(problem.n)))
    )
    assert close.status is Status.PASSED


def test_one_covariate_never_explains_more_than_all_of_them(problem_of: Problems, trial_of: Trials) -> None:
    """A strong treatment hides what covariates explain unless both shares are of what it leaves."""
    for seed in range(20):
        problem = problem_of(seed, k=2, effect=-4.0)
        (found,) = LEAKS.refute(trial_of(problem))
        alone = float(found.observed.rsplit(", ", 1)[1])
        assert found.value is not None
        assert alone <= found.value
        assert found.observed.startswith("R² beside the treatment")
