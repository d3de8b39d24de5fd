from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import Generator

from copilot.errors import EstimationError
from copilot.estimation.problem import Ask, Fit, Problem, Refit
from copilot.estimation.refuters.placebo_treatment import PLACEBO_TREATMENT
from copilot.estimation.refuters.simulate import FEWEST, ONE_THREAD, claim_of, remembering, simulate
from copilot.estimation.trial import Fitted, Trial, seed_for


def noise(rng: Generator, refit: Refit) -> float:
    del refit
    return float(rng.standard_normal())


def test_the_ith_simulation_has_the_ith_child_of_the_refuters_seed(trial: Trial) -> None:
    draws = simulate(trial, PLACEBO_TREATMENT, noise)
    children = seed_for(trial, PLACEBO_TREATMENT).spawn(100)
    assert draws.values.tolist() == [float(np.random.default_rng(child).standard_normal()) for child in children]
    assert len(set(draws.values.tolist())) == 100


@pytest.mark.parametrize("jobs", [2, 3, 200])
def test_the_numbers_do_not_depend_on_the_workers(trial: Trial, jobs: int) -> None:
    def one(rng: Generator, refit: Refit) -> float:
        return refit.treatment(rng.permutation(trial.problem.t))

    serial = simulate(trial, PLACEBO_TREATMENT, one)
    parallel = simulate(replace(trial, jobs=jobs), PLACEBO_TREATMENT, one)
    assert serial.values.tobytes() == parallel.values.tobytes()


@pytest.mark.parametrize("name", sorted(ONE_THREAD))
def test_estimators_that_threads_slow_down_have_one(trial: Trial, name: str) -> None:
    estimator = remembering(trial).headline.estimator
    estimator.name = name
    seen: set[int] = set()

    def one(rng: Generator, refit: Refit) -> float:
        seen.add(threading.get_ident())
        return noise(rng, refit)

    simulate(replace(trial, headline=Fitted(estimator, trial.headline.fit), jobs=4), PLACEBO_TREATMENT, one)
    assert seen == {threading.get_ident()}


def test_fewer_simulations_are_the_first_of_more(trial: Trial) -> None:
    few = simulate(replace(trial, simulations=20), PLACEBO_TREATMENT, noise)
    assert few.values.tolist() == simulate(trial, PLACEBO_TREATMENT, noise).values[:20].tolist()


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_once_for_each_simulation(trial: Trial, jobs: int) -> None:
    steps: list[int] = []
    simulate(replace(trial, jobs=jobs, simulations=30, on_step=steps.append), PLACEBO_TREATMENT, noise)
    assert steps == [1] * 30


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_an_interruption_waits_for_no_more_than_is_being_worked_at(trial: Trial, jobs: int) -> None:
    done: list[float] = []
    steps = iter(range(100))

    def one(rng: Generator, refit: Refit) -> float:
        time.sleep(0.005)
        done.append(noise(rng, refit))
        return done[-1]

    def on_step(_: int) -> None:
        if next(steps) == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(replace(trial, jobs=jobs, on_step=on_step), PLACEBO_TREATMENT, one)
    seen = len(done)
    assert 10 <= seen <= 10 + 2 * jobs
    time.sleep(0.05)
    assert len(done) == seen


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_goes_wrong_in_a_worker_is_raised(trial: Trial, jobs: int) -> None:
    def one(rng: Generator, refit: Refit) -> float:
        if noise(rng, refit) > 1:
            raise ZeroDivisionError
        return 1.0

    with pytest.raises(ZeroDivisionError):
        simulate(replace(trial, jobs=jobs), PLACEBO_TREATMENT, one)


def test_signals_leave_no_worker_waiting() -> None:
    script = (
        "import signal, threading, time\n"
        "from copilot.estimation.refuters.side_by_side import answers\n"
        "signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "for round in range(300):\n"
        "    signal.setitimer(signal.ITIMER_REAL, 1e-4 + round * 1e-5)\n"
        "    try:\n"
        "        for _ in answers(float, range(100_000), 2):\n"
        "            pass\n"
        "    except KeyboardInterrupt:\n"
        "        pass\n"
        "time.sleep(0.2)\n"
        "print(sum(thread.is_alive() for thread in threading.enumerate()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_simulations_without_a_number_are_counted_and_the_others_keep_their_places(trial: Trial) -> None:
    def one(rng: Generator, refit: Refit) -> float:
        value = noise(rng, refit)
        if value > 1:
            raise EstimationError("too far")
        return float("nan") if value < -1 else value

    draws = simulate(trial, PLACEBO_TREATMENT, one)
    everything = simulate(trial, PLACEBO_TREATMENT, noise).values
    assert draws.failures == int(np.sum(np.abs(everything) > 1)) > 0
    assert everything[draws.places].tolist() == draws.values.tolist()
    assert draws.trouble == ""


def test_a_bug_is_not_taken_for_a_simulation_that_failed(trial: Trial) -> None:
    def one(rng: Generator, refit: Refit) -> float:
        del rng, refit
        raise KeyError("bug")

    with pytest.raises(KeyError):
        simulate(trial, PLACEBO_TREATMENT, one)


@pytest.mark.parametrize(
    ("one", "simulations", "words"),
    [
        (lambda _rng, _refit: 0.25, 100, "same number"),
        (lambda _rng, _refit: 0.0, 100, "same number"),
        (lambda _rng, _refit: float("inf"), 100, "100 of 100 simulations gave no number"),
        (lambda rng, _refit: rng.standard_normal() if rng.random() < 0.2 else np.nan, 100, "gave no number"),
        (noise, FEWEST - 1, "too few"),
    ],
)
def test_degenerate_draws_are_in_trouble(
    trial: Trial, one: Callable[[Generator, Refit], float], simulations: int, words: str
) -> None:
    assert words in simulate(replace(trial, simulations=simulations), PLACEBO_TREATMENT, one).trouble


def test_the_claim_is_the_headline_unless_it_was_pooled(trial: Trial) -> None:
    own = trial.headline.fit
    assert claim_of(trial).value == own.value
    pooled = replace(trial, headline=Fitted(trial.headline.estimator, Fit(value=own.value + 1, se=9.0)))
    assert claim_of(pooled).value == pytest.approx(own.value)
    assert claim_of(pooled).se == pytest.approx(own.se)


@pytest.mark.parametrize("se", [None, 0.0, float("nan")])
def test_an_error_that_measures_nothing_is_none(trial: Trial, se: float | None) -> None:
    fit = Fit(value=trial.headline.fit.value, se=se)
    assert claim_of(replace(trial, headline=Fitted(trial.headline.estimator, fit))).se is None


def test_the_estimator_is_made_ready_once_for_one_question(trial: Trial, problem_of: Callable[..., Problem]) -> None:
    estimator = remembering(trial).headline.estimator
    ask = Ask()
    first = estimator.refit(trial.problem, ask)
    assert estimator.refit(trial.problem, ask) is first
    assert estimator.refit(problem_of(3), ask) is not first
    assert estimator.refuses(trial.problem, ask) == ""
    assert estimator.fit(trial.problem, ask).value == trial.headline.fit.value
