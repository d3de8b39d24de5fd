"""Candidates held against the graph and the data, whoever proposed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from copilot.checks.candidates import check_by_graph, check_names
from copilot.data.tables import Table
from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.graph import CausalGraph
from copilot.domain.notice import Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind, Query
from copilot.errors import UnknownVariableError
from copilot.workflow.choose_design import Wishes
from copilot.workflow.progress import Progress, Silent

if TYPE_CHECKING:
    from copilot.workflow.candidate_data import DataChecks

_NO_GRAPH = Check(passed=None, reason="No graph was given.")
_NO_TABLE = Check(passed=None, reason="No table was given.")


@dataclass(frozen=True, slots=True)
class Checked:
    """Candidates with their checks.

    Parameters
    ----------
    candidates
        In the order they came.
    joint
        What several say together, by what it is: ``over_identification``, ``calibration``.
    notices
        What a reader must know.
    """

    candidates: tuple[Candidate, ...]
    joint: Mapping[str, Any] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def check_candidate_names(names: Sequence[str], graph: CausalGraph | None, query: Query) -> None:
    """Refuse candidates that cannot be any, and a graph that does not hold the question.

    Raises
    ------
    UsageError
        If a candidate is the treatment or the outcome.
    UnknownVariableError
        If treatment or outcome is no node of the graph.
    """
    check_names(names, query)
    if graph is not None:
        for role, name in (("treatment", query.treatment), ("outcome", query.outcome)):
            if name is not None and name not in graph.names:
                raise UnknownVariableError(name, graph.names, f"{role} in the graph")


def allowed_by_graph(graph: CausalGraph, query: Query, roles: Sequence[Role]) -> tuple[Candidate, ...]:
    """List the observed nodes that the graph allows in one of the roles, where nobody is asked."""
    found = []
    for role in roles:
        for node in graph.nodes:
            candidate = Candidate(name=node.name, role=role)
            ends = node.name in {query.treatment, query.outcome}
            if node.observed and not ends and check_by_graph(graph, query, candidate).passed:
                found.append(candidate)
    return tuple(found)


def check_candidates(
    candidates: Sequence[Candidate],
    graph: CausalGraph | None,
    query: Query,
    table: Table | None,
    *,
    wishes: Wishes = Wishes(),
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Checked:
    """Ask of each candidate whether the graph allows it, and whether the data do.

    Parameters
    ----------
    candidates
        With their votes.
    graph
        The accepted one, with the nodes that are no columns unobserved; ``None`` without one.
    query
        Treatment and outcome.
    table
        ``None`` without one.
    wishes
        What is asked of the effect: estimator, weights, clusters, contrast.
    seed, jobs
        Of the run.
    progress
        Told of the stretch of work.
    """
    check_candidate_names((), graph, query)
    by_graph = [_NO_GRAPH if graph is None else check_by_graph(graph, query, one) for one in candidates]
    proposed = [one.model_copy(update={"graph_check": check}) for one, check in zip(candidates, by_graph, strict=True)]
    if table is None:
        return Checked(tuple(one.model_copy(update={"data_check": _NO_TABLE}) for one in proposed))
    from copilot.workflow.candidate_data import DataChecks

    bar = progress or Silent()
    columns = [one for one in proposed if _why_not(table, one, query) is None]
    data = DataChecks(graph, query, table, wishes, columns, seed=seed, jobs=jobs)
    bar.start("Holding candidates against the data", len(proposed) or None)
    try:
        found = [one.model_copy(update={"data_check": _by_data(data, table, query, one, bar)}) for one in proposed]
        joint = data.together(found)
    finally:
        bar.done()
    return Checked(tuple(found), joint, data.notices)


def _by_data(data: DataChecks, table: Table, query: Query, one: Candidate, progress: Progress) -> Check:
    progress.advance()
    why = _why_not(table, one, query)
    return data.check(one) if why is None else Check(passed=None, reason=why)


def _why_not(table: Table, one: Candidate, query: Query) -> str | None:
    """Say why the data have nothing to tell of a candidate."""
    column = table.profile.column(one.name)
    if not one.observed or column is None:
        return f"{shown(one.name)} is no column."
    if column.kind in {Kind.CONSTANT, Kind.IDENTIFIER}:
        what = "never varies" if column.kind is Kind.CONSTANT else "names the rows"
        return f"{shown(one.name)} {what}, so the data can say nothing of it."
    if one.name in {query.treatment, query.outcome}:
        return "It is an end of the question itself."
    return None
