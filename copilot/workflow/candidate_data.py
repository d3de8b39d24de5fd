"""What the data say of a candidate: strength of an instrument, effect on a control, trace of a confounder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from copilot.data.tables import Table
from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.instruments import instrument_sets
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Notice
from copilot.domain.numbers import interval, number
from copilot.domain.text import one_line, shown
from copilot.domain.variables import Query
from copilot.errors import CopilotError, EstimationError
from copilot.estimation.design import Prepared
from copilot.estimation.instrument_strength import InstrumentStrength, instrument_strength
from copilot.workflow.candidate_confounders import ConfounderChecks
from copilot.workflow.candidate_controls import ControlChecks, sentence
from copilot.workflow.choose_design import Wishes
from copilot.workflow.real_analysis import RealAnalysis

WEAK = 10.0
"""Effective F below which an instrument is called weak (Staiger & Stock 1997, Econometrica 65(3))."""
_LEVEL = 0.05
_NOT_HELD = frozenset({"identifier_left_out", "date_left_out", "leak_outcome"})
"""Notices that a variable which had to be held fixed could not be."""


class DataChecks:
    """Answers for one table; the real analysis is made once, when the first candidate needs it.

    Parameters
    ----------
    graph
        ``None`` without one: then controls can be tried only where the user names what to adjust for.
    candidates
        All columns that are looked at; the level of tests is divided among the controls of one kind.
    query, table, wishes, seed, jobs
        As for `copilot.workflow.candidates.check_candidates`.
    """

    def __init__(
        self,
        graph: CausalGraph | None,
        query: Query,
        table: Table,
        wishes: Wishes,
        candidates: Sequence[Candidate],
        *,
        seed: int,
        jobs: int,
    ) -> None:
        self._real = RealAnalysis(graph, query, table, wishes, seed=seed, jobs=jobs)
        named = {role: tuple(one.name for one in candidates if one.role is role) for role in Role}
        self._controls = ControlChecks(
            self._real, named[Role.NEGATIVE_CONTROL_OUTCOME], named[Role.NEGATIVE_CONTROL_EXPOSURE]
        )
        self._confounders = ConfounderChecks(self._real, named[Role.CONFOUNDER])
        self.notices: tuple[Notice, ...] = ()

    def check(self, candidate: Candidate) -> Check:
        """Look at one candidate; whatever the numbers do not allow comes out as *cannot tell*."""
        by_role = {
            Role.INSTRUMENT: self._instrument,
            Role.CONFOUNDER: self._confounders.check,
            Role.NEGATIVE_CONTROL_OUTCOME: self._controls.outcome,
            Role.NEGATIVE_CONTROL_EXPOSURE: self._controls.exposure,
        }
        try:
            return by_role[candidate.role](candidate)
        except CopilotError as error:
            return Check(passed=None, reason=sentence(error))

    def together(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """Say what several say that no one says alone."""
        told = {"over_identification": self._over_identification(candidates), "calibration": self._controls.together()}
        return {key: value for key, value in told.items() if value is not None}

    def _strength(self, names: Names, given: Names) -> tuple[Prepared, InstrumentStrength]:
        design = replace(self._real.plain, strategy=Strategy.IV, adjustment=given, instruments=names)
        prepared = self._real.prepared(design)
        try:
            return prepared, instrument_strength(prepared.problem)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            raise EstimationError("two-stage least squares gave no number", reason=one_line(str(error))) from error

    def _instrument(self, candidate: Candidate) -> Check:
        """Say how strong it is, given what the graph wants held fixed, else what the user does, else nothing."""
        wanted = candidate.graph_check.details.get("given") if candidate.graph_check.passed else None
        given = tuple(wanted if wanted is not None else self._real.wishes.adjust or ())
        given = tuple(name for name in given if name != candidate.name)
        prepared, found = self._strength((candidate.name,), given)
        gone = [
            one.subject
            for one in prepared.notices
            if one.code in _NOT_HELD and one.subject in given and one.subject not in prepared.problem.covariate_names
        ]
        held = f" given {', '.join(map(shown, given))}" if given else ""
        if wanted is None:
            held += ", as the graph names no set to hold fixed," if given else " with nothing held fixed"
        # What the graph calls no instrument has no effect to give.
        gives = "Taken for an instrument it would give" if candidate.graph_check.passed is False else "It gives"
        reason = (
            f"Effective F {number(found.effective_f)}{held} in {number(found.n)} rows: {_strong(found)}. {gives} "
            f"{number(found.estimate)} (95 % interval {interval(found.interval)}; {prepared.unit}), "
            f"{_anderson_rubin(found)}."
        )
        copies = any(one.code == "copy_of_treatment" for one in prepared.notices)
        if gone:
            reason += f" But {', '.join(map(shown, gone))} had to be held fixed and could not be."
        if copies:
            reason += f" But it is a copy of {shown(self._real.treatment)}, so that this is plain regression."
        return Check(
            passed=None if gone or copies else found.strong,
            reason=reason,
            statistic="effective_F",
            value=_finite(found.effective_f),
            details={"given": list(given), "not_held": gone, **_details(found)},
        )

    def _over_identification(self, candidates: Sequence[Candidate]) -> dict[str, Any] | None:
        """Hold instruments that are valid together against each other (Sargan 1958; Hansen 1982)."""
        graph = self._real.graph
        named = {
            one.name
            for one in candidates
            if one.role is Role.INSTRUMENT and one.graph_check.passed and one.data_check.value is not None
        }
        loose = graph is None or any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges)
        if graph is None or loose or len(named) < 2:  # noqa: PLR2004 (one instrument cannot be held against itself)
            return None
        groups = instrument_sets(graph, self._real.treatment, self._real.outcome)
        best = max(
            ((tuple(sorted(named.intersection(group))), given) for group, given in groups),
            key=lambda one: len(one[0]),
            default=((), ()),
        )
        if len(best[0]) < 2:  # noqa: PLR2004 (as above)
            return None
        told: dict[str, Any] = {"instruments": list(best[0]), "given": list(best[1])}
        try:
            _, found = self._strength(*best)
        except EstimationError as error:
            return {**told, "p_value": None, "message": f"No over-identification test: {error.message}."}
        p, names = found.over_identification_p, ", ".join(map(shown, best[0]))
        told |= {"p_value": p, "estimate": found.estimate, "interval": None}
        if found.interval is not None:
            told["interval"] = list(found.interval)
        if p is None:
            return {**told, "message": f"{names}: no over-identification test came."}
        meaning = (
            "they disagree about the effect, so at least one is no instrument, or the effect differs between those "
            "whom they move"
            if p < _LEVEL
            else "they agree, which they would also do if all were wrong in the same way"
        )
        text = f"Over-identification (Hansen's J) with {names}: p = {number(p, 2)}; {meaning}."
        return {**told, "message": text}


def _details(found: InstrumentStrength) -> dict[str, Any]:
    ends = found.anderson_rubin
    return {
        "critical_F": found.critical_f,
        "first_stage_F": _finite(found.first_stage_f),
        "first_stage_F_classical": _finite(found.classical_f),
        "partial_r2": found.partial_r2,
        "estimate": found.estimate,
        "se": found.se,
        "interval": None if found.interval is None else list(found.interval),
        "ar_low": None if ends is None else ends[0],
        "ar_high": None if ends is None else ends[1],
        "ar_empty": found.empty,
        "over_identification_p": found.over_identification_p,
        "n": found.n,
    }


def _strong(found: InstrumentStrength) -> str:
    if found.strong:
        return f"strong, above {number(found.critical_f, 3)}"
    if found.strong is None:
        return f"between {WEAK:g} and {number(found.critical_f, 3)}, so that it may be weak"
    return f"weak, below {WEAK:g}"


def _anderson_rubin(found: InstrumentStrength) -> str:
    name = "the Anderson-Rubin interval, right however weak it is,"
    if found.empty:
        return f"and {name} is empty: no effect fits all its columns at once"
    if found.anderson_rubin is None:
        return f"and {name} has no end on at least one side"
    return f"and {name} is {interval(found.anderson_rubin)}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
