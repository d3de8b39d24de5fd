"""What the data say of a candidate: strength of an instrument, effect on a control, trace of a confounder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from numpy.random import SeedSequence

from copilot.checks.columns import Floats, encode_columns
from copilot.checks.independence import test_independence
from copilot.data.tables import Table
from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.effects import Refutation, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.instruments import instrument_sets
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Notice
from copilot.domain.numbers import interval, number
from copilot.domain.review import ACCEPTED_AS_FILE, Review
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.errors import CopilotError, EstimationError
from copilot.estimation.calibration import calibrate
from copilot.estimation.design import Design, Prepared
from copilot.estimation.estimators.choice import choose
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.estimators.two_stage_least_squares import TwoStageLeastSquares
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Ask, Fit
from copilot.estimation.refuters.negative_control import NEGATIVE_CONTROL
from copilot.estimation.trial import Fitted, Trial
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, Route, design_of, find_route

_PREPARE, _ESTIMATE, _COLUMNS = 30, 31, 32
"""Branches of the run's seed, fixed for ever."""
STRONG, WEAK = 23.1, 10.0
"""Effective F: above the first the bias of one instrument is surely below a tenth of the worst (Montiel Olea & Pflueger
2013, J. Bus. Econ. Stat. 31(3), table 1, τ = 10 %); below the second it is called weak (Staiger & Stock 1997)."""
_LEVEL = 0.05
_FEWEST_ROWS = 30


@dataclass(frozen=True, slots=True)
class _Main:
    """The real analysis, which a control is put through as well."""

    route: Route
    design: Design
    estimator: Any
    fit: Fit
    prepared: Prepared


class DataChecks:
    """Answers for one table; the real analysis is made once, when the first candidate needs it.

    Parameters
    ----------
    graph
        ``None`` without one: then only instruments and confounders can be looked at.
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
        self._graph, self._query, self._table, self._wishes = graph, query, table, wishes
        self._seed, self._jobs = seed, jobs
        self.treatment, self.outcome = query.treatment or "", query.outcome or ""
        self.notices: tuple[Notice, ...] = ()
        self._named = {role: tuple(one.name for one in candidates if one.role is role) for role in Role}

    def check(self, candidate: Candidate) -> Check:
        """Look at one candidate; whatever the numbers do not allow comes out as *cannot tell*."""
        try:
            if candidate.role is Role.INSTRUMENT:
                return self._instrument(candidate)
            if candidate.role is Role.CONFOUNDER:
                return self._confounder(candidate)
            if candidate.role is Role.NEGATIVE_CONTROL_OUTCOME:
                return self._control(candidate)
            return self._exposure(candidate)
        except CopilotError as error:
            return Check(passed=None, reason=f"{error.message[:1].upper()}{error.message[1:]}. {error.reason}".strip())

    def together(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """Say what several say that no one says alone."""
        told: dict[str, Any] = {}
        over = self._over_identification(candidates)
        if over is not None:
            told["over_identification"] = over
        if "_tried" in self.__dict__ and self._tried:
            told["calibration"] = self._calibration()
        return told

    def _ask(self) -> Ask:
        return Ask(target=self._wishes.target, seed=SeedSequence(self._seed, spawn_key=(_ESTIMATE,)), jobs=self._jobs)

    def _prepared(self, design: Design) -> Prepared:
        frame = self._table.frame(design.columns)
        return prepare(frame, self._table.profile, design, seed=SeedSequence(self._seed, spawn_key=(_PREPARE,)))

    def _iv_design(self, names: Names, given: Names) -> Design:
        wishes = self._wishes
        return Design(
            treatment=self.treatment,
            outcome=self.outcome,
            strategy=Strategy.IV,
            adjustment=given,
            instruments=names,
            contrast=wishes.contrast,
            missing=wishes.missing,
            weights=wishes.weights,
            cluster=wishes.cluster,
        )

    def _instrument(self, candidate: Candidate) -> Check:
        given = tuple(candidate.graph_check.details.get("given", ()))
        prepared = self._prepared(self._iv_design((candidate.name,), given))
        fit = TwoStageLeastSquares().fit(prepared.problem, self._ask())
        found = fit.diagnostics
        f = found.get("effective_F", found.get("first_stage_F", math.nan))
        limits = _limits(fit)
        ends = (found["ar_low"], found["ar_high"]) if "ar_low" in found and "ar_high" in found else None
        held = f" given {', '.join(map(shown, given))}" if given else ""
        if not candidate.graph_check.passed:
            held += ", with nothing else held fixed, as the graph names no set" if not given else ""
        reason = (
            f"Effective F {number(f)}{held} in {number(prepared.problem.n)} rows: {_strength(f)}. It gives "
            f"{number(fit.value)} ({interval(limits)}), {_anderson_rubin(ends)}."
        )
        details = {
            **{key: value for key, value in found.items() if math.isfinite(value)},
            "given": list(given),
            "estimate": fit.value,
            "interval": list(limits),
            "n": prepared.problem.n,
        }
        passed = True if f >= STRONG else False if f < WEAK else None
        return Check(passed=passed, reason=reason, statistic="effective_F", value=_finite(f), details=details)

    def _over_identification(self, candidates: Sequence[Candidate]) -> dict[str, Any] | None:
        """Hold instruments that are valid together against each other (Sargan 1958; Hansen 1982)."""
        named = {one.name for one in candidates if one.role is Role.INSTRUMENT and one.graph_check.passed}
        if self._graph is None or len(named) < 2:  # noqa: PLR2004 (one instrument cannot be held against itself)
            return None
        groups = instrument_sets(self._graph, self.treatment, self.outcome)
        best = max(
            ((tuple(sorted(named.intersection(group))), given) for group, given in groups),
            key=lambda one: len(one[0]),
            default=((), ()),
        )
        if len(best[0]) < 2:  # noqa: PLR2004 (as above)
            return None
        try:
            fit = TwoStageLeastSquares().fit(self._prepared(self._iv_design(*best)).problem, self._ask())
        except EstimationError as error:
            return {"instruments": list(best[0]), "p_value": None, "message": f"{error.message}."}
        p = fit.diagnostics.get("hansen_p", fit.diagnostics.get("sargan_p"))
        names = ", ".join(map(shown, best[0]))
        if p is None:
            return {"instruments": list(best[0]), "p_value": None, "message": f"{names}: no test came."}
        meaning = (
            "they disagree about the effect, so at least one is no instrument, or the effect differs between those "
            "whom they move"
            if p < _LEVEL
            else "they agree, which they would also do if all were wrong in the same way"
        )
        text = f"Over-identification (Hansen's J) with {names}: p = {number(p, 2)}; {meaning}."
        return {"instruments": list(best[0]), "given": list(best[1]), "p_value": p, "message": text}

    @cached_property
    def _main(self) -> _Main:
        """Make the real analysis.

        Raises
        ------
        CopilotError
            If the graph or the numbers allow none.
        """
        if self._graph is None:
            raise EstimationError("the real analysis is not known without a graph")
        review = Review(graph=self._graph, approved_by=ACCEPTED_AS_FILE)
        plan = EffectPlan(
            review=review, graph_source="the graph", query=self._query, wishes=self._wishes, seed=self._seed
        )
        route = find_route(plan, self._table)
        if route.chosen is None:
            raise EstimationError("the graph gives no estimate of the effect, so none that a control could try")
        design = design_of(self._query, route.chosen, self._wishes)
        prepared = self._prepared(design)
        ask = self._ask()
        estimator = choose(prepared.problem, ask, self._wishes.estimators).headline
        return _Main(route, design, estimator, estimator.fit(prepared.problem, ask), prepared)

    @cached_property
    def _tried(self) -> dict[str, Refutation]:
        """Put all control outcomes through the real analysis at once; the level is divided among them."""
        main = self._main
        held = {*main.design.adjustment, *main.design.mediators, *main.design.instruments}
        names = tuple(name for name in self._named[Role.NEGATIVE_CONTROL_OUTCOME] if name not in held)
        prepared = self._prepared(replace(main.design, negative_controls=names))
        trial = Trial(
            prepared.problem,
            self._ask(),
            Fitted(main.estimator, main.estimator.fit(prepared.problem, self._ask())),
            negative_controls=prepared.negative_controls,
            treatment=self.treatment,
            outcome=self.outcome,
        )
        return {one.subject: one for one in NEGATIVE_CONTROL.refute(trial)}

    def _control(self, candidate: Candidate) -> Check:
        """Say what the real analysis finds on a control outcome."""
        main, found = self._main, self._tried.get(candidate.name)
        if found is None:
            reason = f"The real analysis holds {shown(candidate.name)} fixed, so it finds no effect on it."
            return Check(passed=None, reason=reason)
        passed = {Status.PASSED: True, Status.FAILED: False}.get(found.status)
        details: dict[str, Any] = {
            "estimator": main.estimator.name,
            "adjustment_set": list(main.design.adjustment),
            "interval": None if found.interval is None else list(found.interval),
            "p_value": found.p_value,
            "main_estimate": main.fit.value,
            **found.details,
        }
        return Check(passed=passed, reason=found.message, statistic="effect", value=found.value, details=details)

    def _calibrated_by(self) -> list[tuple[Refutation, float, float]]:
        """List the controls with an effect and its error, in standard deviations of the outcome times its own."""
        told = []
        level = 1 - _LEVEL / max(1, len(self._tried))
        for one in self._tried.values():
            if one.value and one.interval is not None:
                scale = one.details.get("bias_in_outcome", 0.0) / one.value
                half = (one.interval[1] - one.interval[0]) / 2
                told.append((one, one.value * scale, abs(half * scale) / quantile(level, None)))
        return told

    def _calibration(self) -> dict[str, Any]:
        controls, main = self._calibrated_by(), self._main.fit
        told = {"controls": [one.subject for one, _, _ in controls], "main_estimate": main.value}
        found = calibrate([(bias, se) for _, bias, se in controls], main.value, main.se or 0.0)
        if found is None:
            shift = ", ".join(f"{number(bias)} by {shown(one.subject)}" for one, bias, _ in controls)
            text = (
                f"Were the main estimate, {number(main.value)}, biased as the controls are in standard deviations, its "
                f"bias would be {shift or 'not known'}. From three controls on it can be calibrated."
            )
            return {**told, "message": text}
        text = (
            f"Calibrated by {found.controls} negative controls: {number(found.value)} ({interval(found.interval)}) in "
            f"place of {number(main.value)}. That holds if the controls are biased as the outcome is, in standard "
            "deviations."
        )
        return {
            **told,
            "systematic_error": {"mean": found.mean, "sd": found.sd},
            "value": found.value,
            "interval": list(found.interval),
            "message": text,
        }

    def _exposure(self, candidate: Candidate) -> Check:
        """Estimate the effect of a control exposure on the outcome, treatment and adjustment set held fixed."""
        main, name = self._main, candidate.name
        given = tuple(one for one in dict.fromkeys((*main.design.adjustment, self.treatment)) if one != name)
        wishes = self._wishes
        design = Design(
            treatment=name,
            outcome=self.outcome,
            adjustment=given,
            missing=wishes.missing,
            weights=wishes.weights,
            cluster=wishes.cluster,
        )
        prepared, ask = self._prepared(design), self._ask()
        fit = choose(prepared.problem, ask, ()).headline.fit(prepared.problem, ask)
        limits = _limits(fit, 1 - _LEVEL / max(1, len(self._named[Role.NEGATIVE_CONTROL_EXPOSURE])))
        size = abs(main.fit.value)
        held = ", ".join(map(shown, given))
        told = f"Given {held}, its effect on {shown(self.outcome)} is {number(fit.value)} ({interval(limits)})"
        details = {"interval": list(limits), "adjustment_set": list(given), "main_estimate": main.fit.value}
        if not limits[0] <= 0 <= limits[1]:
            text = f"{told}, where the graph says there is none: something moves both that is not held fixed."
            return Check(passed=False, reason=text, statistic="effect", value=fit.value, details=details)
        if (limits[1] - limits[0]) / 2 > size:
            text = f"{told}, which is too wide to tell: a bias of the main estimate's size would fit into it."
            return Check(passed=None, reason=text, statistic="effect", value=fit.value, details=details)
        return Check(
            passed=True, reason=f"{told}, consistent with none.", statistic="effect", value=fit.value, details=details
        )

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        names = [column.name for column in self._table.profile.columns if not column.left_out]
        seed = SeedSequence(self._seed, spawn_key=(_COLUMNS,))
        frame = self._table.frame(names)
        return dict(encode_columns(frame, self._table.profile, names, seed=seed))

    def _confounder(self, candidate: Candidate) -> Check:
        """Test whether a column moves with treatment and outcome, the other causes held fixed."""
        import numpy as np

        columns, name = self._columns, candidate.name
        if not {name, self.treatment, self.outcome} <= columns.keys():
            return Check(passed=None, reason="It, the treatment or the outcome varies too little to test.")
        others = [one for one in self._others(name) if one in columns]
        n = len(columns[name])
        rest = np.column_stack([np.empty((n, 0)), *(columns[one] for one in others)])
        with_t = test_independence(columns[name], columns[self.treatment], rest)
        beside = np.column_stack([rest, columns[self.treatment]])
        with_y = test_independence(columns[name], columns[self.outcome], beside)
        if with_t.p_value is None or with_y.p_value is None or with_t.n < _FEWEST_ROWS:
            return Check(passed=None, reason=f"Only {with_t.n} complete rows, too few to test.")
        both = with_t.p_value < _LEVEL and with_y.p_value < _LEVEL
        held = f" given {', '.join(map(shown, others))}" if others else ""
        reason = (
            f"Partial correlation{held}: {number(with_t.strength, 2)} with {shown(self.treatment)} "
            f"(p = {number(with_t.p_value, 2)}) and {number(with_y.strength, 2)} with {shown(self.outcome)} "
            f"(p = {number(with_y.p_value, 2)}), there with the treatment held fixed too. "
            + (
                "It moves with both, as a common cause does, and not only a common cause."
                if both
                else "So leaving it out would change little, whatever the graph says."
            )
        )
        details = {"with_treatment_p": with_t.p_value, "with_outcome_p": with_y.p_value, "given": others}
        worst = max(with_t.p_value, with_y.p_value)
        return Check(passed=both, reason=reason, statistic="p_value", value=worst, details=details)

    def _others(self, name: str) -> list[str]:
        """List the other observed causes of treatment or outcome that do not follow from the treatment."""
        graph = self._graph
        if graph is None:
            return []
        causes = graph.ancestors((self.treatment, self.outcome)) - graph.descendants((self.treatment,))
        after = graph.descendants((name,)) if name in graph.names else frozenset()
        return sorted(causes - graph.latent - after - {name, self.treatment, self.outcome})


def _limits(fit: Fit, level: float = 1 - _LEVEL) -> tuple[float, float]:
    if fit.interval is not None and level == 1 - _LEVEL:
        return fit.interval
    half = quantile(level, fit.df) * (fit.se or math.nan)
    return fit.value - half, fit.value + half


def _strength(f: float) -> str:
    if f >= STRONG:
        return f"strong, above {STRONG:g}"
    if f < WEAK:
        return f"weak, below {WEAK:g}"
    return f"between {WEAK:g} and {STRONG:g}, so that it may be weak"


def _anderson_rubin(ends: tuple[float, float] | None) -> str:
    if ends is None:
        return "and the Anderson-Rubin interval, right however weak it is, has no end on at least one side"
    return f"and the Anderson-Rubin interval, right however weak it is, is {interval(ends)}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
