"""All tasks that put a prompt before a model; a task that is not listed here cannot deal out ballots."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.elicitation.diversity import Stream


@dataclass(frozen=True, slots=True)
class Task:
    """One kind of question.

    Parameters
    ----------
    prompt
        Id of its prompt.
    stream
        Its stream of random numbers, shared with no other task.
    """

    prompt: str
    stream: Stream


TASKS: tuple[Task, ...] = (
    Task("suggest-graph", Stream.GRAPH),
    Task("judge-pairs", Stream.PAIRS),
    Task("challenge-graph", Stream.CHALLENGE),
    Task("critique-graph", Stream.CRITIQUE),
    Task("suggest-confounders", Stream.CONFOUNDERS),
    Task("suggest-instruments", Stream.INSTRUMENTS),
    Task("suggest-negative-controls", Stream.NEGATIVE_CONTROLS),
    Task("read-question", Stream.QUESTION),
    Task("interpret-results", Stream.INTERPRET),
)
"""In the order in which a run asks them."""


def stream_of(prompt_id: str) -> Stream:
    """Look up the random stream of a task.

    Raises
    ------
    KeyError
        If the task is not in `TASKS`: a programming error.

    Examples
    --------
    >>> stream_of("judge-pairs").value
    2
    """
    return {task.prompt: task.stream for task in TASKS}[prompt_id]
