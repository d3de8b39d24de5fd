"""What is asked of DoWhy, and the bytes in which the worker gets it."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from copilot.domain.graph import CausalGraph, EdgeKind, reach
from copilot.domain.identification.values import Names, Strategy
from copilot.estimation.estimators.front_door_cells import cells_of
from copilot.estimation.problem import Floats, Problem, nothing_wide
from copilot.estimation.reference.worker import LENGTHS

MOST_ROWS = 20_000
"""Rows that are sent at most; from more, so many are drawn at random without replacement."""
MOST_NODES = 12
"""Nodes beside treatment and outcome, latent ones counted, up to which DoWhy is asked to identify."""
_TWO = 2


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceQuestion:
    """An analysis that DoWhy is to repeat.

    Parameters
    ----------
    graph
        The graph; each bidirected edge becomes a latent common cause of its ends.
    treatment, outcome
        Names of nodes.
    problem
        The numbers of the analysis.
    ours
        Gives our estimate of a problem; called in the thread that waits for the answer, on the rows that were sent.
    estimator
        Our estimator's stable name.
    adjustment, instruments, mediators
        Names of nodes, as identified.
    seed
        Of the sample of rows.
    """

    graph: CausalGraph
    treatment: str
    outcome: str
    problem: Problem
    ours: Callable[[Problem], float]
    estimator: str
    adjustment: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    seed: SeedSequence = field(default_factory=lambda: SeedSequence(0))

    @property
    def strategy(self) -> Strategy:
        """How the effect is identified."""
        return self.problem.strategy


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A question made ready.

    Parameters
    ----------
    problem
        On the rows that are sent.
    request
        The bytes.
    names
        Name in the request → name in the graph.
    no_identification, no_estimate
        Why DoWhy is not asked for it; empty if it is.
    """

    problem: Problem
    request: bytes
    names: dict[str, str]
    no_identification: str
    no_estimate: str


def pack(question: ReferenceQuestion) -> Packed:
    """Draw the rows and write the request."""
    problem = sampled(question.problem, question.seed)
    no_estimate = why_not_estimate(question.estimator, problem)
    no_identification = why_not_identify(question)
    names: dict[str, str] = {}
    header, matrix = _numbers(problem) if not no_estimate else ({}, np.empty((0, 0)))
    header["estimator"] = "" if no_estimate else question.estimator
    header["graph"] = None
    if not no_identification:
        header["graph"], names = _drawn(question)
    buffer = io.BytesIO()
    np.save(buffer, matrix, allow_pickle=False)
    head, body = json.dumps(header, sort_keys=True, allow_nan=False).encode(), buffer.getvalue()
    return Packed(problem, LENGTHS.pack(len(head), len(body)) + head + body, names, no_identification, no_estimate)


def sampled(problem: Problem, seed: SeedSequence) -> Problem:
    """Keep all rows, or a simple random sample of `MOST_ROWS` in their order."""
    if problem.n <= MOST_ROWS:
        return problem
    return problem.take(np.sort(np.random.default_rng(seed).choice(problem.n, MOST_ROWS, replace=False)))


def why_not_estimate(estimator: str, problem: Problem) -> str:
    """Say why DoWhy has nothing to compare with, as the end of "there is no estimate to compare, for it …"."""
    if problem.weights is not None:
        return "takes no sampling weights"
    k = problem.covariates.shape[1]
    match estimator:
        case "linear_regression":
            return ""
        case "ipw":
            return "" if k else "has no weighting without covariates"
        case "two_stage_least_squares":
            return "takes one instrument and no covariates" if k or problem.instruments.shape[1] != 1 else ""
        case "front_door":
            return _why_not_front_door(problem)
        case _:
            return "has no estimator that computes the same"


def _why_not_front_door(problem: Problem) -> str:
    if problem.mediators.shape[1] != 1:
        return "takes one mediator"
    return "" if cells_of(problem) is None else "has only linear models for what we count in cells"


def why_not_identify(question: ReferenceQuestion) -> str:
    """Say why DoWhy is not asked to identify, as the end of "was not asked to identify the effect, for …"."""
    known = set(question.graph.names)
    if question.strategy is Strategy.GENERAL:
        return "its general algorithm does not know which variables are observed"
    if not {question.treatment, question.outcome, *_named(question)} <= known:
        return "a column is not in the graph"
    if any(edge.kind is EdgeKind.UNDIRECTED for edge in question.graph.edges):
        return "it takes no undirected edges"
    nodes, _edges, _latent = _explicit(question)
    others = len(nodes) - _TWO
    if others > MOST_NODES:
        return f"{others} further variables, hidden ones counted, are more than its search can take ({MOST_NODES})"
    return ""


def _named(question: ReferenceQuestion) -> Names:
    return (*question.adjustment, *question.instruments, *question.mediators)


def _explicit(question: ReferenceQuestion) -> tuple[list[str], list[tuple[str, str]], set[str]]:
    """Write bidirected edges as latent nodes and keep what has a say: causes of the variables at stake.

    Returns
    -------
    list of str, list of tuple, set of str
        Nodes, directed edges, and those nodes that are latent.
    """
    graph = question.graph
    kept = reach((question.treatment, question.outcome, *_named(question)), graph.parents_of)
    edges = [(e.source, e.target) for e in graph.edges if e.kind is EdgeKind.DIRECTED and {e.source, e.target} <= kept]
    latent = {node.name for node in graph.nodes if not node.observed} & kept
    nodes = sorted(kept)
    for edge in graph.edges:
        if edge.kind is EdgeKind.BIDIRECTED and {edge.source, edge.target} <= kept:
            hidden = f"common cause of {edge.source} and {edge.target}"
            while hidden in nodes:
                hidden += "'"
            nodes.append(hidden)
            latent.add(hidden)
            edges += [(hidden, edge.source), (hidden, edge.target)]
    return nodes, edges, latent


def _drawn(question: ReferenceQuestion) -> tuple[dict[str, Any], dict[str, str]]:
    nodes, edges, latent = _explicit(question)
    code = {name: f"n{i:02d}" for i, name in enumerate(nodes)}
    drawn = {
        "nodes": list(code.values()),
        "observed": [code[name] for name in nodes if name not in latent],
        "edges": [[code[a], code[b]] for a, b in edges],
        "treatment": code[question.treatment],
        "outcome": code[question.outcome],
        "adjustment": sorted(code[name] for name in question.adjustment),
    }
    return drawn, {short: name for name, short in code.items()}


def _numbers(problem: Problem) -> tuple[dict[str, Any], Floats]:
    """Lay the columns side by side.

    The outcome is centred: no estimate compared here depends on where its zero lies, but the rounding error of a
    difference of two mean predictions does. An instrument of two values becomes 0 and 1, which DoWhy looks for.
    """
    y = problem.y - problem.y.mean()
    given = (problem.t[:, None], y[:, None], problem.covariates, zero_one(problem.instruments), problem.mediators)
    blocks = [block if block.shape[1] else nothing_wide(problem.n) for block in given]
    starts = np.cumsum([0, *(block.shape[1] for block in blocks)])
    names = [f"x{i}" for i in range(int(starts[-1]))]
    groups = [names[int(start) : int(stop)] for start, stop in itertools.pairwise(starts)]
    header = {
        "columns": names,
        "treatment": groups[0][0],
        "outcome": groups[1][0],
        "covariates": groups[2],
        "instruments": groups[3],
        "mediators": groups[4],
        "low": problem.low,
        "high": problem.high,
    }
    return header, np.column_stack(blocks)


def zero_one(columns: Floats) -> Floats:
    """Write every column that has two values with 0 and 1, the larger as 1.

    Parameters
    ----------
    columns
        Of shape (n, k).
    """
    out = columns.copy()
    for i in range(columns.shape[1]):
        values = np.unique(columns[:, i])
        if len(values) == _TWO:
            out[:, i] = columns[:, i] == values[1]
    return out
