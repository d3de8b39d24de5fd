"""What is doubtful about a graph: by its own algebra, by the data, and by votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from copilot.checks.graph_findings import graph_findings
from copilot.data.graph_files import check_columns
from copilot.data.tables import Table
from copilot.domain.findings import Finding, FindingKind, Origin, Severity, sorted_findings
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.identification.values import OrientedIdentification
from copilot.domain.notice import Level, Notice
from copilot.domain.variables import Query
from copilot.domain.votes import CritiqueBallot, Turnout
from copilot.errors import InputDataError, UnknownVariableError
from copilot.workflow.progress import Progress, Silent

if TYPE_CHECKING:
    from copilot.checks.columns import Floats
    from copilot.estimation.falsify import Falsification, Falsifier

_COLUMNS, _PERMUTE = 20, 21
"""Branches of the run's seed, fixed for ever."""
_LEVEL = 0.05
MOST_ROWS = 20_000
"""Rows that are looked at; of more, so many are drawn at random."""
_MOST_BESIDE = 100
"""Columns outside the graph that are looked at."""
_SMALL, _MANY, _FEW = 14, 100, 20
"""Nodes up to which so many permutations are made; beyond, the fewest that can reject at 5 %."""


@dataclass(frozen=True, slots=True)
class CritiquePlan:
    """What is looked at.

    Parameters
    ----------
    graph, source
        As read, and what messages call it.
    query
        Treatment and outcome, as far as they are known.
    adjust
        The set that the user means to adjust for, ``None`` if they do not say.
    tiers
        Groups of names in the order of time.
    seed
        Of the run.
    """

    graph: CausalGraph
    source: str = "the graph"
    query: Query = Query()
    adjust: tuple[str, ...] | None = None
    tiers: tuple[tuple[str, ...], ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Critique:
    """What was found.

    Parameters
    ----------
    graph
        With the nodes that are no columns unobserved.
    query
        As asked.
    findings
        The worst first.
    turnout
        Of the ballots, ``None`` if no model was asked.
    left_out
        What was not looked at, and why, in sentences.
    notices
        What a reader must know beside that.
    """

    graph: CausalGraph
    query: Query
    findings: tuple[Finding, ...] = ()
    turnout: Turnout | None = None
    left_out: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    def plus(
        self,
        findings: Sequence[Finding] = (),
        *,
        turnout: Turnout | None = None,
        left_out: Sequence[str] = (),
        notices: Sequence[Notice] = (),
    ) -> Critique:
        """Add what was found further; of findings with one meaning the first stays."""
        every: dict[tuple[object, ...], Finding] = {}
        for one in (*self.findings, *findings):
            every.setdefault((one.origin, *one.key), one)
        return Critique(
            graph=self.graph,
            query=self.query,
            findings=sorted_findings(tuple(every.values())),
            turnout=turnout if turnout is not None else self.turnout,
            left_out=(*self.left_out, *left_out),
            notices=(*self.notices, *notices),
        )


def critique_by_graph(plan: CritiquePlan, columns: Sequence[str] | None, measured: Mapping[str, str]) -> Critique:
    """Look at the graph alone.

    Parameters
    ----------
    plan
        What is looked at.
    columns
        Names of the table's columns, ``None`` without a table.
    measured
        Name → when it was measured, in the user's words.

    Raises
    ------
    UnknownVariableError
        If treatment, outcome or a name to adjust for is no node.
    """
    for role, name in (("treatment", plan.query.treatment), ("outcome", plan.query.outcome)):
        if name is not None and name not in plan.graph.names:
            raise UnknownVariableError(name, plan.graph.names, f"{role} in the graph")
    graph, notices = plan.graph, tuple[Notice, ...]()
    if columns is not None:
        graph, notices = check_columns(graph, columns, plan.source)
    found = graph_findings(
        plan.graph, plan.query, adjust=plan.adjust, tiers=plan.tiers, columns=columns, measured=measured
    )
    left = () if plan.query.treatment and plan.query.outcome else ("What hangs on treatment and outcome: name both.",)
    # That a node is no column is a finding here; it need not be said twice.
    notices = tuple(notice for notice in notices if notice.code != "node_not_in_data")
    return Critique(graph=graph, query=plan.query, notices=notices).plus(found, left_out=left)


def critique_by_data(plan: CritiquePlan, so_far: Critique, table: Table, progress: Progress | None = None) -> Critique:
    """Hold the graph against a table.

    Parameters
    ----------
    plan, so_far
        What is looked at, and what the graph alone showed.
    table
        Whose columns bear the names of the nodes.
    progress
        Told of the stretch of work.
    """
    from copilot.checks.data_findings import data_findings
    from copilot.checks.edge_findings import edge_findings, explain_contradictions

    bar = progress or Silent()
    graph, profile = so_far.graph, table.profile
    bar.start("Holding the graph against the data")
    try:
        columns, left_out = _columns_of(plan, graph, table)
        found, notices = data_findings(
            graph, plan.query, columns, profile, adjustment=_set_of(plan, graph), tiers=plan.tiers
        )
        found = explain_contradictions(graph, (*found, *edge_findings(graph, plan.query, columns, found, plan.tiers)))
    finally:
        bar.done()
    return so_far.plus(found, notices=(*left_out, *notices))


def _columns_of(
    plan: CritiquePlan, graph: CausalGraph, table: Table
) -> tuple[Mapping[str, Floats], tuple[Notice, ...]]:
    """Encode the columns of the graph, and some beside it: what the outcome settles looks derived from it."""
    from numpy.random import SeedSequence, default_rng

    from copilot.checks.columns import encode_columns

    profile, seed = table.profile, SeedSequence(plan.seed, spawn_key=(_COLUMNS,))

    def encoded(names: Sequence[str]) -> Mapping[str, Floats]:
        frame = table.frame(names, MOST_ROWS, default_rng(seed))  # the same rows each time
        return encode_columns(frame, profile, names, seed=seed, most_rows=MOST_ROWS)

    drawn = encoded([name for name in profile.names if name in graph.names])
    beside = [one.name for one in profile.columns if one.name not in graph.names and not one.left_out]
    try:
        return {**drawn, **encoded(beside[:_MOST_BESIDE])}, ()
    except InputDataError as error:
        text = f"Columns outside the graph were not looked at: {error.message}."
        return drawn, (Notice(code="columns_not_looked_at", message=text, count=len(beside), level=Level.INFO),)


def critique_by_votes(
    so_far: Critique, ballots: Sequence[CritiqueBallot], turnout: Turnout, *, min_support: float
) -> Critique:
    """Add what critics have voted."""
    from copilot.voting.critique import merge_concerns

    found = merge_concerns(ballots, so_far.graph, so_far.query, min_support=min_support)
    return so_far.plus(found, turnout=turnout)


def _set_of(plan: CritiquePlan, graph: CausalGraph) -> tuple[str, ...] | None:
    """Take the user's adjustment set, else the one that the effect would be estimated with."""
    if plan.adjust is not None:
        return plan.adjust
    if plan.query.treatment is None or plan.query.outcome is None:
        return None
    found = identify_oriented(graph, plan.query.treatment, plan.query.outcome)
    return best_adjustment(found)


def best_adjustment(found: OrientedIdentification) -> tuple[str, ...] | None:
    """Give the adjustment set that an analysis would take: the one with the lowest variance, else the smallest."""
    sets = found.common.backdoor
    if sets.optimal is not None:
        return sets.optimal
    return min(sets.minimal, key=lambda one: (len(one), one)) if sets.minimal else None


class WholeGraphTest:
    """DoWhy's test of the whole graph, begun early and judged late; a context, as its process must end.

    Parameters
    ----------
    plan, graph, table
        As for `critique_by_data`.
    falsifier
        The worker, ``None`` if the test is not wanted or cannot be made.
    limit_s
        Seconds it may take.
    """

    def __init__(
        self, plan: CritiquePlan, graph: CausalGraph, table: Table, falsifier: Falsifier | None, limit_s: float
    ) -> None:
        self._plan, self._graph, self._table = plan, graph, table
        self._falsifier, self._limit_s = falsifier, limit_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._falsifier is not None:
            self._falsifier.close()

    def judge(self, so_far: Critique, progress: Progress | None = None) -> Critique:
        """Make the test and add what it says."""
        from numpy.random import SeedSequence

        if self._falsifier is None:
            return so_far.plus(left_out=["The test of the whole graph: it was not wanted (--falsify-seconds 0)."])
        bar = progress or Silent()
        columns, _ = _columns_of(self._plan, self._graph, self._table)
        names = [name for name in columns if name in self._graph.names]
        bar.start("Holding the whole graph against permuted ones", int(self._limit_s * 4))
        found = self._falsifier.falsify(
            self._graph,
            columns,
            seed=SeedSequence(self._plan.seed, spawn_key=(_PERMUTE,)),
            limit_s=self._limit_s,
            permutations=_MANY if len(names) <= _SMALL else _FEW,
            on_step=bar.advance,
        )
        bar.done()
        if found.fault:
            return so_far.plus(left_out=[f"The test of the whole graph: {found.fault}."])
        return so_far.plus(falsification_findings(found))


def falsified(plan: CritiquePlan, graph: CausalGraph, table: Table, limit_s: float) -> WholeGraphTest:
    """Let DoWhy begin to load for the test of the whole graph."""
    from copilot.estimation.falsify import Falsifier

    return WholeGraphTest(plan, graph, table, Falsifier.start() if limit_s > 0 else None, limit_s)


def falsification_findings(found: Falsification) -> tuple[Finding, ...]:
    """Say what the test of the whole graph means; nothing if it passed.

    A graph is called falsified if it violates no smaller share of its local Markov conditions than 5 % of the permuted
    graphs do of theirs, although the permuted ones imply something else (Eulig et al. 2023, section 3.2).
    """
    evidence = {
        "tests": found.tests,
        "violations": found.violations,
        "p_value": found.p_value,
        "same_class": found.same_class,
        "permutations": found.permutations,
        "rows": found.rows,
    }
    held = f"{found.violations} of {found.tests} implied independences (local Markov conditions) are contradicted"
    if found.tests == 0:
        text = "The graph implies no independence that the columns could contradict, so as a whole it cannot be tested."
        return (_whole(Severity.LOW, text, {**evidence, "verdict": "cannot tell"}),)
    if found.same_class > _LEVEL:
        text = (
            f"{held}, but {100 * found.same_class:.0f} % of the graphs with permuted nodes imply the same "
            "independences: the test of the whole graph cannot tell."
        )
        return (_whole(Severity.LOW, text, {**evidence, "verdict": "cannot tell"}),)
    if found.p_value > _LEVEL:
        text = (
            f"{held}; {100 * found.p_value:.0f} % of {found.permutations} graphs with its nodes permuted do as well or "
            "better: as a whole the graph fits the data no better than chance."
        )
        return (_whole(Severity.HIGH, text, {**evidence, "verdict": "falsified"}),)
    return ()


def _whole(severity: Severity, message: str, evidence: dict[str, object]) -> Finding:
    return Finding(
        kind=FindingKind.FALSIFIED, severity=severity, origin=Origin.DATA, message=message, evidence=evidence
    )
