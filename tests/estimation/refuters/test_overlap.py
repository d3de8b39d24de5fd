from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from copilot.domain.effects import Question, Status
from copilot.domain.identification.values import Strategy
from copilot.estimation.estimators.linear_regression import LINEAR_REGRESSION
from copilot.estimation.problem import Problem
from copilot.estimation.refuters.interaction import two_together
from copilot.estimation.refuters.overlap import OVERLAP
from copilot.estimation.trial import Trial

Problems = Callable[..., Problem]
Trials = Callable[..., Trial]


def treated_by(problem: Problem, slope: float, base: float = 0.0) -> Problem:
    rng = np.random.default_rng(5)
    chance = 1 / (1 + np.exp(-base - slope * problem.covariates[:, 0]))
    return problem.with_treatment((rng.random(problem.n) < chance).astype(float))


def test_ordinary_analyses_pass(problem_of: Problems, trial_of: Trials) -> None:
    found = [OVERLAP.refute(trial_of(problem_of(seed)))[0] for seed in range(60)]
    assert sum(one.status is Status.PASSED for one in found) >= 56
    assert found[0].question is Question.SOUNDNESS
    assert found[0].details["largest_difference_weighted"] < found[0].details["largest_difference"]


def test_a_rare_treatment_is_not_taken_for_missing_overlap(problem_of: Problems, trial_of: Trials) -> None:
    rare = treated_by(problem_of(n=20_000), 0.3, -4.6)
    assert rare.t.mean() < 0.02
    assert OVERLAP.refute(trial_of(rare))[0].status is Status.PASSED


def test_no_overlap_fails_and_the_region_is_named(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = OVERLAP.refute(trial_of(treated_by(problem_of(n=2000), 8.0)))
    assert found.status is Status.FAILED
    assert "there is no overlap" in found.message
    assert "Where x0 is" in found.message


def test_a_rule_that_gives_the_treatment_is_named(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of(n=1000)
    (found,) = OVERLAP.refute(trial_of(problem.with_treatment((problem.covariates[:, 1] > 0.2).astype(float))))
    assert found.status is Status.FAILED
    assert "x1 alone separates the arms" in found.message


def test_a_difference_in_differences_is_known_by_its_treatment(problem_of: Problems, trial_of: Trials) -> None:
    plain = problem_of(n=800)
    signs = np.sign(plain.covariates[:, :2])
    problem = replace(
        plain,
        t=(signs > 0).all(axis=1).astype(float),
        covariates=np.column_stack([(signs - signs.mean(axis=0)) / signs.std(axis=0), plain.covariates[:, 2:]]),
    )
    (found,) = OVERLAP.refute(trial_of(problem, LINEAR_REGRESSION))
    assert found.status is Status.INCONCLUSIVE
    assert found.message.startswith("drug is x0 and x1 together, as in a difference in differences")
    assert two_together(problem) == ("x0", "x1")
    assert two_together(problem.with_treatment((signs[:, 0] > 0).astype(float))) is None
    assert two_together(problem.with_treatment((signs > 0).any(axis=1).astype(float))) is None


def test_scores_that_balance_exactly_leave_no_rounding(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of(n=1000, k=1)
    large = np.sign(problem.covariates)
    (found,) = OVERLAP.refute(trial_of(replace(problem, covariates=(large - large.mean()) / large.std())))
    assert found.details["largest_difference_weighted"] == 0.0
    assert "once weighted by 0;" in found.message


def test_a_copy_of_the_treatment_is_named(problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of(n=2000)
    copy = problem.t.copy()
    copy[:10] = 1 - copy[:10]
    (found,) = OVERLAP.refute(trial_of(problem.with_covariate((copy - copy.mean()) / copy.std(), "arm")))
    assert found.status is not Status.PASSED
    assert "arm alone explains" in found.message


def test_thin_overlap_is_inconclusive(problem_of: Problems, trial_of: Trials) -> None:
    (found,) = OVERLAP.refute(trial_of(treated_by(problem_of(n=4000), 2.4)))
    assert found.status is Status.INCONCLUSIVE
    assert 0.01 < found.details["share_far_outside"] < 0.1


@pytest.mark.parametrize(("noise", "status"), [(1.0, Status.PASSED), (0.4, Status.INCONCLUSIVE), (0.1, Status.FAILED)])
def test_what_is_left_of_a_quantity(noise: float, status: Status, problem_of: Problems, trial_of: Trials) -> None:
    problem = problem_of(n=2000)
    t = problem.covariates[:, 2] + noise * np.random.default_rng(1).standard_normal(problem.n)
    problem = replace(problem, t=(t - t.mean()) / t.std(), binary_treatment=False, high=1.0)
    (found,) = OVERLAP.refute(trial_of(problem))
    assert found.status is status
    assert ("x2 alone explains" in found.message) is (status is Status.FAILED)


def test_it_speaks_of_adjustment_only_and_passes_where_there_is_none(problem_of: Problems, trial_of: Trials) -> None:
    assert OVERLAP.refute(trial_of(replace(problem_of(), strategy=Strategy.IV))) == ()
    assert OVERLAP.refute(trial_of(problem_of(k=0)))[0].status is Status.PASSED


def test_a_large_table_is_looked_at_on_some_rows_and_that_is_said(problem_of: Problems, trial_of: Trials) -> None:
    trial = trial_of(problem_of(n=120_000, k=2))
    (found,) = OVERLAP.refute(trial)
    assert "on 100,000 of 120,000 rows drawn at random" in found.message
    assert OVERLAP.refute(trial) == (found,)
