"""Carrying out the resamples, here or in worker processes; the answers are the same."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from copilot.discovery.algorithms import ALGORITHMS
from copilot.discovery.dependence import Dependence, Moments
from copilot.discovery.knowledge import Knowledge
from copilot.discovery.learned import Effort, Learned

WORTH_WORKERS = 3.0
"""Seconds of remaining work, as the first resamples tell, from which starting worker processes pays."""

FAULTS = (ArithmeticError, LookupError, RuntimeError, ValueError, MemoryError)
"""What a numerical failure may raise; anything else is our bug and goes through."""

_AHEAD = 3


@dataclass(frozen=True, eq=False)
class Task:
    """One resample of one algorithm: correlations, never rows.

    Parameters
    ----------
    number
        Number of the resample.
    algorithm
        A name in `ALGORITHMS`.
    moments, knowledge, effort
        What the algorithm is given.
    seed
        Of the algorithm's own draws.
    """

    number: int
    algorithm: str
    moments: Moments
    knowledge: Knowledge
    effort: Effort
    seed: np.random.SeedSequence


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Parameters
    ----------
    number
        Of the resample.
    learned
        The graph, ``None`` after a fault.
    silent
        Columns that did not vary in this resample.
    unseen
        Pairs of columns that too few of its rows share.
    fault
        One line that says why there is no graph.
    """

    number: int
    learned: Learned | None
    silent: tuple[int, ...] = ()
    unseen: tuple[tuple[int, int], ...] = ()
    fault: str = ""


def carry_out(task: Task | Outcome) -> Outcome:
    """Run one task; a numerical failure costs this resample only, and one met while drawing it up is passed on."""
    if isinstance(task, Outcome):
        return task
    learn = next(algorithm.learn for algorithm in ALGORITHMS if algorithm.name == task.algorithm)
    try:
        with np.errstate(all="ignore"):
            learned = learn(Dependence(task.moments), task.knowledge, task.effort, np.random.default_rng(task.seed))
    except FAULTS as fault:
        return failed(task.number, fault)
    silent = tuple(int(block) for block in np.flatnonzero(task.moments.dead))
    return Outcome(task.number, learned, silent, tuple(task.moments.unseen()))


def failed(number: int, fault: Exception) -> Outcome:
    """Say what went wrong with one resample."""
    return Outcome(number, None, fault=f"{type(fault).__name__}: {fault}")


def run_tasks(
    make: Callable[[int], Task | Outcome], total: int, *, jobs: int, on_done: Callable[[int, int], None] | None
) -> list[Outcome]:
    """Run tasks 0 … total - 1 and return their outcomes in that order.

    The first ones run here. If they foretell more than `WORTH_WORKERS` seconds, worker processes take the rest; a
    started, not a forked process, for the caller may hold threads and an event loop. Linear algebra keeps to one thread
    everywhere: the matrices are small, and the workers already fill the processors. If they die, the rest runs here.

    Parameters
    ----------
    make
        Makes the task with a number, or says that it could not; pure, and called in this process only.
    total
        Number of tasks.
    jobs
        Processes to use at most; 1 runs all here.
    on_done
        Called with (done, total) after each task, in this thread. What it raises ends the workers and goes through.
    """
    done: dict[int, Outcome] = {}

    def keep(outcome: Outcome) -> None:
        done[outcome.number] = outcome
        if on_done is not None:
            on_done(len(done), total)

    def left() -> Iterator[int]:
        return (number for number in range(total) if number not in done)

    with _one_thread():
        began = time.perf_counter()
        for number in left():
            keep(carry_out(make(number)))
            ahead = (time.perf_counter() - began) / len(done) * (total - len(done))
            if jobs > 1 and len(done) >= len(ALGORITHMS) and ahead > WORTH_WORKERS:
                _share_out(make, list(left()), jobs, keep)
                break
        for number in left():
            keep(carry_out(make(number)))
    return [done[number] for number in range(total)]


def _share_out(
    make: Callable[[int], Task | Outcome], numbers: list[int], jobs: int, keep: Callable[[Outcome], None]
) -> None:
    """Give the tasks to worker processes, a few ahead; returns early if the workers die."""
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=jobs, mp_context=context, initializer=_settle_in)
    waiting: set[Future[Outcome]] = set()
    finished = False
    try:
        queue = iter(numbers)
        more = True
        while more or waiting:
            while more and len(waiting) < _AHEAD * jobs:
                number = next(queue, None)
                if number is None:
                    more = False
                else:
                    waiting.add(pool.submit(carry_out, make(number)))
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                keep(future.result())
        finished = True
    except BrokenProcessPool:
        return
    finally:
        if not finished:  # nothing they still compute is wanted, so there is nothing to wait for
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _settle_in() -> None:
    """Prepare a worker: the parent alone answers Ctrl-C, and linear algebra keeps to one thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_thread()


def _one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread from now on, or until the end of a ``with``."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits
