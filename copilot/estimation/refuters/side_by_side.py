"""Simulations side by side, in threads that an interruption leaves neither waiting nor working."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Seed = TypeVar("Seed")
Told = SimpleQueue[tuple[int, float] | BaseException]


def answers(run: Callable[[Seed], float], seeds: Sequence[Seed], jobs: int) -> Generator[tuple[int, float], None, None]:
    """Give the place and the answer of each seed, in the order in which they come.

    Workers fetch their places themselves. Handing out work takes locks; a signal that meets the main thread with one
    in hand leaves it locked, so that the workers wait for ever, and so does whoever waits for them. A queue of C and
    a deque know no such moment.

    Parameters
    ----------
    run
        Makes one answer; what it raises is raised here.
    seeds
        One for each answer.
    jobs
        Workers; with one, nothing runs beside the caller.
    """
    if jobs <= 1 or len(seeds) <= 1:
        yield from enumerate(map(run, seeds))
        return
    places = deque(range(len(seeds)))
    told: Told = SimpleQueue()
    workers = [Thread(target=_work, args=(run, seeds, places, told), daemon=True) for _ in range(min(jobs, len(seeds)))]
    try:
        for worker in workers:
            worker.start()
        for _ in seeds:
            answer = told.get()
            if isinstance(answer, BaseException):
                raise answer
            yield answer
    finally:
        places.clear()  # whoever interrupts waits for no more than is being worked at
        for worker in workers:
            if worker.is_alive():
                worker.join()


def _work(run: Callable[[Seed], float], seeds: Sequence[Seed], places: deque[int], told: Told) -> None:
    """Answer for one place after the other until none is left."""
    while True:
        try:
            place = places.popleft()
        except IndexError:
            return
        try:
            told.put((place, run(seeds[place])))
        except BaseException as error:  # noqa: BLE001 (raised again where the answers are awaited)
            told.put(error)
            return
