from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from copilot.domain.effects import Status
from copilot.errors import EstimationError, UsageError
from copilot.estimation.problem import Problem, Refit
from copilot.estimation.refuters.placebo_treatment import PLACEBO_TREATMENT
from copilot.estimation.refuters.registry import REFUTERS, refuter_named, run_refuters
from copilot.estimation.trial import Fitted, Trial


def test_names_and_numbers_are_unique() -> None:
    assert len({refuter.name for refuter in REFUTERS}) == len(REFUTERS)
    assert len({refuter.number for refuter in REFUTERS}) == len(REFUTERS)


def test_a_refuter_is_found_by_its_name_and_a_near_name_is_offered() -> None:
    assert refuter_named("placebo_treatment") is PLACEBO_TREATMENT
    with pytest.raises(UsageError) as caught:
        refuter_named("placebo_treatmnt")
    assert "'placebo_treatment'" in caught.value.advice


def test_serial_and_parallel_agree_to_the_bit(trial: Trial) -> None:
    simulating = [refuter for refuter in REFUTERS if refuter.number <= 5]
    assert run_refuters(trial, simulating) == run_refuters(replace(trial, jobs=2), simulating)


def test_other_refuters_change_no_numbers(trial: Trial) -> None:
    (alone,), _ = run_refuters(trial, [PLACEBO_TREATMENT])
    among, _ = run_refuters(trial, [refuter for refuter in reversed(REFUTERS) if refuter.number <= 5])
    assert alone in among


class _NeverReady:
    def __init__(self, trial: Trial) -> None:
        self.name, self.title, self.strategy = "never", "never ready", trial.headline.estimator.strategy
        self.fit, self.refuses = trial.headline.estimator.fit, trial.headline.estimator.refuses

    def refit(self, problem: Problem, ask: object) -> Refit:
        del problem, ask
        raise EstimationError("nothing varies", reason="All rows are alike.")


def test_numbers_that_do_not_allow_a_refuter_are_inconclusive_and_not_fatal(trial: Trial) -> None:
    broken = replace(trial, headline=Fitted(_NeverReady(trial), trial.headline.fit))
    simulating = [refuter for refuter in REFUTERS if refuter.number <= 5]
    found, _ = run_refuters(broken, simulating)
    assert {one.status for one in found} == {Status.INCONCLUSIVE}
    assert "nothing varies (All rows are alike)" in found[0].message


def test_simulations_that_gave_no_number_are_told(
    problem_of: Callable[..., Problem], trial_of: Callable[..., Trial], wrapped: Callable[..., object]
) -> None:
    problem = problem_of()

    def sometimes(changed: Problem, value: float) -> float:
        return float("nan") if changed.t[0] != problem.t[0] and changed.t[1] == 1 else value

    (found,), notices = run_refuters(trial_of(problem, wrapped(sometimes)), [PLACEBO_TREATMENT])
    assert [(one.code, one.subject, one.count) for one in notices] == [
        ("simulations_failed", "placebo_treatment", found.failures)
    ]
    assert found.failures > 0
    assert "are left out" in found.message
