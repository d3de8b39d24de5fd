"""What the real analysis finds where the graph says there is nothing to be found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from copilot.checks.back_doors import left_open
from copilot.domain.candidates import Candidate, Check
from copilot.domain.effects import Refutation, Status
from copilot.domain.graph import EdgeKind
from copilot.domain.identification.paths import directed_path, shortest_open_path
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.text import shown
from copilot.errors import CopilotError, EstimationError
from copilot.estimation.calibration import calibrate
from copilot.estimation.design import Prepared
from copilot.estimation.estimators.choice import choose
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.problem import Fit, Problem
from copilot.estimation.refuters.negative_control import NEGATIVE_CONTROL
from copilot.estimation.refuters.registry import run_refuters
from copilot.estimation.trial import Fitted, Trial
from copilot.workflow.real_analysis import RealAnalysis

_LEVEL = 0.05


class ControlChecks:
    """Negative controls of one run, tried together; the level is divided among those of a kind.

    Parameters
    ----------
    real
        The analysis that they try.
    outcomes, exposures
        Names of columns.
    """

    def __init__(self, real: RealAnalysis, outcomes: Names, exposures: Names) -> None:
        self._real, self._outcomes, self._exposures = real, outcomes, exposures
        self._unusable: dict[str, str] = {}

    def outcome(self, candidate: Candidate) -> Check:
        """Say what the real analysis finds on a control outcome.

        Raises
        ------
        CopilotError
            If there is no real analysis.
        """
        main, name = self._real.main, candidate.name
        found = self._tried.get(name)
        if found is None:
            held = f"{shown(name)} is part of the real analysis, so that this cannot be tried on it."
            return Check(passed=None, reason=self._unusable.get(name, held))
        details: dict[str, Any] = {
            "estimator": main.estimator.name,
            "adjustment_set": list(main.design.adjustment),
            "interval": None if found.interval is None else list(found.interval),
            "p_value": found.p_value,
            "se": _error(found, len(self._tried), main.fit.df),
            "main_estimate": main.fit.value,
            **found.details,
        }
        if "bias_in_outcome" in found.details:
            details["implied_estimate"] = main.fit.value - found.details["bias_in_outcome"]
        expected = self._expected(name)
        if expected and found.value is not None:
            told = f"The real analysis finds {number(found.value)} ({interval(found.interval)}) on it. {expected}"
            return Check(passed=None, reason=told, statistic="effect", value=found.value, details=details)
        passed = {Status.PASSED: True, Status.FAILED: False}.get(found.status)
        return Check(passed=passed, reason=found.message, statistic="effect", value=found.value, details=details)

    def exposure(self, candidate: Candidate) -> Check:
        """Estimate the effect of a control exposure on the outcome, treatment and adjustment set held fixed.

        Raises
        ------
        CopilotError
            If there is no real analysis, or the numbers do not allow this one.
        """
        real, main, name = self._real, self._real.main, candidate.name
        if main.design.strategy is not Strategy.BACKDOOR:
            why = "The real analysis adjusts for no set that closes the back doors, so a control exposure says nothing."
            return Check(passed=None, reason=why)
        given = tuple(one for one in dict.fromkeys((*main.design.adjustment, real.treatment)) if one != name)
        design = replace(real.plain, treatment=name, adjustment=given, contrast=None)
        try:
            prepared = real.prepared(design)
        except EstimationError as error:
            # It stands in the treatment's place here, which is not what it is to the reader.
            reason = sentence(error).replace(f"the treatment {shown(name)}", f"the control exposure {shown(name)}")
            return Check(passed=None, reason=reason)
        estimator = choose(prepared.problem, real.ask).headline
        fit = real.fitted(prepared, design, estimator)
        limits = limits_of(fit, 1 - _LEVEL / max(1, len(self._exposures)))
        told = (
            f"Given {', '.join(map(shown, given))}, its effect on {shown(real.outcome)} is {number(fit.value)} "
            f"({interval(limits)}; {prepared.unit})"
        )
        details: dict[str, Any] = {
            "estimator": estimator.name,
            "adjustment_set": list(given),
            "interval": list(limits),
            "se": fit.se,
            "main_estimate": main.fit.value,
        }

        def check(passed: bool | None, text: str) -> Check:
            return Check(passed=passed, reason=text, statistic="effect", value=fit.value, details=details)

        expected = self._acts(name, given)
        if expected:
            return check(None, f"{told}. {expected}")
        if not limits[0] <= 0 <= limits[1]:
            where = "where the graph says there is none" if real.graph is not None else "where there should be none"
            return check(False, f"{told}, {where}, which speaks for something that moves both and is not held fixed.")
        # Both in standard deviations of what acts, as their units have nothing in common.
        half, size = (limits[1] - limits[0]) / 2, abs(main.fit.value)
        if half * _spread(prepared.problem) > size * _spread(main.prepared.problem):
            return check(None, f"{told}, which is too wide to tell: a bias of the main estimate's size would fit in.")
        return check(True, f"{told}, consistent with none.")

    def together(self) -> dict[str, Any] | None:
        """Say what the control outcomes imply for the main estimate; ``None`` if none was tried."""
        if "_tried" not in self.__dict__:
            return None
        main, controls = self._real.main.fit, self._errors()
        if not controls:
            return None
        told: dict[str, Any] = {"controls": [name for name, _, _ in controls], "main_estimate": main.value}
        found = calibrate([(bias, se) for _, bias, se in controls], main.value, main.se or 0.0)
        if found is None:
            shifts = ", ".join(f"{number(bias)} by {shown(name)}" for name, bias, _ in controls)
            text = (
                f"Were the main estimate, {number(main.value)}, biased as the controls are in standard deviations, its "
                f"bias would be {shifts}. From three controls on it can be calibrated."
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

    @cached_property
    def _tried(self) -> dict[str, Refutation]:
        """Put all control outcomes through the real analysis at once."""
        real, main = self._real, self._real.main
        held = {*main.design.adjustment, *main.design.mediators, *main.design.instruments}
        prepared = self._with_controls(tuple(name for name in self._outcomes if name not in held))
        trial = Trial(
            main.prepared.problem,
            real.ask,
            Fitted(main.estimator, main.fit),
            negative_controls=prepared.negative_controls,
            treatment=real.treatment,
            outcome=real.outcome,
            seed=real.ask.seed,
        )
        found, _ = run_refuters(trial, (NEGATIVE_CONTROL,))
        return {one.subject: one for one in found if one.subject}

    def _with_controls(self, names: Names) -> Prepared:
        """Read controls beside the real analysis; one that cannot be read must not keep the others from it."""
        real, main = self._real, self._real.main
        try:
            prepared = real.prepared(replace(main.design, negative_controls=names))
        except CopilotError:
            usable = []
            for name in names:
                try:
                    real.prepared(replace(main.design, negative_controls=(name,)))
                except CopilotError as error:
                    self._unusable[name] = sentence(error)
                else:
                    usable.append(name)
            prepared = real.prepared(replace(main.design, negative_controls=tuple(usable)))
        for name in names:
            if name not in prepared.negative_controls:
                self._unusable.setdefault(name, f"{shown(name)} does not vary on the rows that are used.")
        return prepared

    def _errors(self) -> list[tuple[str, float, float]]:
        """List the controls that must show nothing: name, effect and its error, in the outcome's units."""
        told = []
        for name, one in self._tried.items():
            bias = one.details.get("bias_in_outcome")
            se = _error(one, len(self._tried), self._real.main.fit.df)
            if bias is None or se is None or not one.value or self._expected(name):
                continue
            told.append((name, bias, abs(se * bias / one.value)))
        return told

    def _expected(self, name: str) -> str:
        """Say why the graph itself has the real analysis find something on a control; empty if it must not."""
        real, graph = self._real, self._real.graph
        if graph is None or name not in graph.names:
            return ""
        way = directed_path(graph, real.treatment, name)
        if way is not None:
            return f"The graph has the treatment act on it ({way.text}), so that this is no sign of bias."
        if any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges):
            return ""
        path = left_open(graph, real.main.chosen, real.treatment, name)
        return path and f"The analysis leaves {path} open, so that the graph itself expects something."

    def _acts(self, name: str, given: Sequence[str]) -> str:
        real, graph = self._real, self._real.graph
        if graph is None or name not in graph.names or any(e.kind is EdgeKind.UNDIRECTED for e in graph.edges):
            return ""
        way = directed_path(graph, name, real.outcome, frozenset({real.treatment}))
        if way is not None:
            return f"The graph has it act on the outcome ({way.text}), so that this is no sign of bias."
        path = shortest_open_path(graph, {name}, {real.outcome}, set(given))
        return "" if path is None else f"What is held fixed leaves {path.text} open, so that the graph expects it."


def limits_of(fit: Fit, level: float = 1 - _LEVEL) -> tuple[float, float]:
    """Give the interval of a fit at a level.

    Raises
    ------
    EstimationError
        If the fit has no error.
    """
    if fit.interval is not None and level == 1 - _LEVEL:
        return fit.interval
    if fit.se is None or not fit.se > 0:
        raise EstimationError("no standard error came")
    half = quantile(level, fit.df) * fit.se
    return fit.value - half, fit.value + half


def sentence(error: CopilotError) -> str:
    """Write an error as a reason.

    Examples
    --------
    >>> sentence(EstimationError("3 rows, need at least 12", reason="There are 2 parameters."))
    'No number came: 3 rows, need at least 12. There are 2 parameters.'
    """
    return f"No number came: {error.message.rstrip('.')}. {error.reason}".strip()


def _error(one: Refutation, controls: int, df: float | None) -> float | None:
    """Get the standard error back from an interval whose level was divided among the controls."""
    if one.interval is None:
        return None
    half = (one.interval[1] - one.interval[0]) / 2
    return half / quantile(1 - _LEVEL / max(1, controls), df) if math.isfinite(half) else None


def _spread(problem: Problem) -> float:
    """Say how many contrasts a standard deviation of the treatment is."""
    return float(np.std(problem.t)) / abs(problem.step)
