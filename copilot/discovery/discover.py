"""Ballots from the data: one graph per resample and algorithm."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from copilot.discovery.algorithms import ALGORITHMS
from copilot.discovery.dependence import MIN_SHARED
from copilot.discovery.learned import Effort, Learned
from copilot.discovery.moments import moments_of
from copilot.discovery.prepare import Prepared, prepare
from copilot.discovery.translate import knowledge_of
from copilot.discovery.workers import FAULTS, Outcome, Task, failed, run_tasks
from copilot.domain.consensus import Constraints
from copilot.domain.graph import EdgeKind
from copilot.domain.notice import Level, Notice
from copilot.domain.text import one_line
from copilot.domain.value import Value
from copilot.domain.variables import Kind
from copilot.domain.votes import Abstention, AbstentionReason, EdgeVote, GraphBallot, Group, Voter
from copilot.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_ALGORITHMS = ("pc", "boss")

_FEWEST_DRAWN = 20
_MANY = 30
"""Columns from which conditioning sets are kept smaller."""
_MOST_TESTS = 20_000
_MOST_TRACES = 60_000


class Discovery(Value):
    """What the data said.

    Parameters
    ----------
    ballots
        One per resample that succeeded, by ballot number.
    abstentions
        One per resample that failed.
    notices
        Rows and columns left out, and limits met.
    """

    ballots: tuple[GraphBallot, ...]
    abstentions: tuple[Abstention, ...]
    notices: tuple[Notice, ...]


def discover(
    frame: pd.DataFrame,
    kinds: Mapping[str, Kind],
    *,
    resamples: int = 100,
    seed: np.random.SeedSequence,
    constraints: Constraints,
    algorithms: Sequence[str] = DEFAULT_ALGORITHMS,
    jobs: int | None = None,
    alpha: float = 0.05,
    on_done: Callable[[int, int], None] | None = None,
    max_rows: int = 20_000,
) -> Discovery:
    """Let resamples of a table vote on the direct causes among its columns.

    Each resample is half of the rows, drawn without replacement (at most `max_rows`); the algorithms take turns. The
    same inputs give the same ballots, whatever `jobs` is.

    Parameters
    ----------
    frame
        One row per unit, one column per variable; missing cells allowed.
    kinds
        Kind per column.
    resamples
        Ballots in all, at least 1.
    seed
        Fixes the resamples; it is read and not advanced.
    constraints
        Every ballot obeys them. Parts that name no column of the table are counted in a notice.
    algorithms
        Names in `ALGORITHMS`.
    jobs
        Processes at most; by default one per processor.
    alpha
        Level of PC's independence tests, in (0, 1).
    on_done
        Called with (done, total) after each resample; what it raises ends the run.
    max_rows
        Rows in a resample at most.

    Returns
    -------
    Discovery
        A column that the data cannot speak of, such as a constant one, is not in ``asked``; a pair that no rows share
        is in ``unsure``.

    Raises
    ------
    InputDataError
        If the table is too short, too wide or has nothing to compare.
    ConfigurationError
        On an unknown algorithm or a number out of range.
    GraphError
        If the constraints contradict each other (`CycleError` if they run in a circle).

    References
    ----------
    Friedman, Goldszmidt & Wyner (1999), "Data analysis with Bayesian networks: a bootstrap approach", UAI. Meinshausen
    & Bühlmann (2010), "Stability selection", JRSS B 72 (halves without replacement). Janitza, Binder & Boulesteix
    (2016), "Pitfalls of hypothesis tests and model selection on bootstrap samples", Biom. J. 58 (why no bootstrap).
    """
    chosen = _check_settings(algorithms, resamples=resamples, alpha=alpha, max_rows=max_rows)
    prepared = prepare(frame, kinds, max_rows=max_rows, draw=np.random.default_rng(_child(seed, resamples)))
    encoded = prepared.encoded
    knowledge, outside = knowledge_of(constraints, encoded.names)
    effort = _effort(len(encoded.names), alpha)
    drawn = min(max(len(encoded.design) // 2, _FEWEST_DRAWN), max_rows)

    def make(number: int) -> Task | Outcome:
        rows, own = _child(seed, number).spawn(2)
        picked = np.sort(np.random.default_rng(rows).choice(len(encoded.design), drawn, replace=False))
        try:
            moments = moments_of(encoded, picked, gaps=prepared.gaps)
        except FAULTS as fault:
            return failed(number, fault)
        known = knowledge.without(moments.unseen()) if prepared.gaps else knowledge
        return Task(number, chosen[number % len(chosen)], moments, known, effort, own)

    outcomes = run_tasks(make, resamples, jobs=_processors() if jobs is None else max(jobs, 1), on_done=on_done)
    voters = [Voter(group=Group.DATA, source=chosen[n % len(chosen)], ballot=n) for n in range(resamples)]
    ballots = tuple(
        _ballot(voter, outcome, outcome.learned, encoded.names)
        for voter, outcome in zip(voters, outcomes, strict=True)
        if outcome.learned is not None
    )
    abstentions = tuple(
        Abstention(voter=voter, reason=AbstentionReason.FAULT, detail=one_line(outcome.fault))
        for voter, outcome in zip(voters, outcomes, strict=True)
        if outcome.learned is None
    )
    notices = (*prepared.notices, *_say_limits(outcomes, outside), _say_drawn(chosen, drawn, prepared))
    return Discovery(ballots=ballots, abstentions=abstentions, notices=notices)


def _check_settings(algorithms: Sequence[str], *, resamples: int, alpha: float, max_rows: int) -> tuple[str, ...]:
    known = [algorithm.name for algorithm in ALGORITHMS]
    for name in algorithms:
        if name not in known:
            raise ConfigurationError(
                f"there is no discovery algorithm named {one_line(name)!r}",
                advice=f"The names are: {', '.join(known)}.",
            )
    if not algorithms or resamples < 1 or not 0.0 < alpha < 1.0 or max_rows < MIN_SHARED:
        raise ConfigurationError(
            "the settings of the causal discovery are out of range",
            reason=f"{len(algorithms)} algorithms, {resamples} resamples of {max_rows} rows, alpha {alpha}.",
            advice=f"Give an algorithm, a resample, an alpha between 0 and 1, and at least {MIN_SHARED} rows.",
        )
    return tuple(dict.fromkeys(algorithms))


def _child(seed: np.random.SeedSequence, number: int) -> np.random.SeedSequence:
    """Make the child that ``seed.spawn`` would give first, second, …, without advancing `seed`."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number), pool_size=seed.pool_size)


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _effort(columns: int, alpha: float) -> Effort:
    """Bound the search, so that its time grows about with the square of the number of columns."""
    return Effort(
        alpha=alpha,
        penalty=1.0,
        depth=3 if columns <= _MANY else 2,
        tests=_MOST_TESTS,
        sweeps=min(10, max(1, _MOST_TRACES // (3 * columns * columns))),
    )


def _ballot(voter: Voter, outcome: Outcome, learned: Learned, names: Sequence[str]) -> GraphBallot:
    silent = frozenset(outcome.silent)
    kinds = ((EdgeKind.DIRECTED, learned.directed), (EdgeKind.UNDIRECTED, learned.undirected))
    edges = [
        EdgeVote(source=ends[0], target=ends[1], kind=kind, reason=reason)
        for kind, found in kinds
        for a, b, reason in found
        if not {a, b} & silent
        for ends in [(names[a], names[b]) if kind == EdgeKind.DIRECTED else sorted((names[a], names[b]))]
    ]
    drawn = {frozenset((edge.source, edge.target)) for edge in edges}
    pairs = {frozenset((names[a], names[b])) for a, b in (*learned.unsure, *outcome.unseen) if not {a, b} & silent}
    first_last = sorted(tuple(sorted(pair)) for pair in pairs - drawn)
    return GraphBallot(
        voter=voter,
        edges=tuple(sorted(edges, key=lambda edge: (edge.source, edge.target))),
        unsure=tuple((pair[0], pair[1]) for pair in first_last),
        asked=frozenset(name for position, name in enumerate(names) if position not in silent),
    )


def _say_limits(outcomes: Sequence[Outcome], outside: int) -> list[Notice]:
    notices = []
    cut = sum(outcome.learned is not None and outcome.learned.truncated for outcome in outcomes)
    if cut:
        message = (
            f"{cut} of {len(outcomes)} resamples ended at a limit of the search, so some edges on their ballots may be "
            "indirect. Fewer columns make the search complete."
        )
        notices.append(Notice(code="search_limited", message=message, count=cut, level=Level.INFO))
    silent = sum(bool(outcome.silent) for outcome in outcomes)
    if silent:
        message = (
            f"In {silent} of {len(outcomes)} resamples a rare value was not drawn; these say nothing of its column."
        )
        notices.append(Notice(code="column_silent", message=message, count=silent, level=Level.INFO))
    if outside:
        message = (
            f"{outside} constraints name something that takes no part in the data's vote; there they had no effect."
        )
        notices.append(Notice(code="constraint_outside", message=message, count=outside, level=Level.INFO))
    return notices


def _say_drawn(chosen: Sequence[str], drawn: int, prepared: Prepared) -> Notice:
    message = (
        f"Each data ballot ({' and '.join(chosen)} in turn) saw {drawn:,} of {len(prepared.encoded.design):,} rows, "
        "drawn without replacement. The vote takes for granted that no common cause is unmeasured."
    )
    return Notice(code="resampling", message=message, count=drawn, level=Level.INFO)
