"""Whether the data show the trace that a confounder would leave."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import SeedSequence

from copilot.checks.columns import Floats, encode_columns
from copilot.checks.independence import IndependenceTest
from copilot.checks.independence import test_independence as independent
from copilot.domain.candidates import Candidate, Check
from copilot.domain.graph import EdgeKind
from copilot.domain.identification.paths import directed_path
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.errors import CopilotError
from copilot.workflow.real_analysis import RealAnalysis

_COLUMNS = 32
"""Branch of the run's seed, fixed for ever."""
_LEVEL = 0.05
_FEWEST_ROWS = 30
_SMALL_R2 = 0.0196
"""Share of variance that counts as small: f² = 0.02 (Cohen 1988, Statistical Power Analysis, section 9.2)."""
_UPPER = 1.6448536269514722


class ConfounderChecks:
    """Columns of one run that are proposed as confounders.

    Parameters
    ----------
    real
        The analysis that would be made.
    names
        Of the columns.
    """

    def __init__(self, real: RealAnalysis, names: Names) -> None:
        self._real, self._names = real, names

    def check(self, candidate: Candidate) -> Check:
        """Test whether a column moves with treatment and outcome, the other causes held fixed.

        It passes if it does with both, and fails if its trace in one of them is surely small; else nobody can tell.
        """
        real, columns, name = self._real, self._columns, candidate.name
        wishes = real.wishes
        if wishes.weights is not None or wishes.cluster is not None:
            why = "Rows are weighted or depend on each other, and the test takes them for alike and independent."
            return Check(passed=None, reason=why)
        if not {name, real.treatment, real.outcome} <= columns.keys():
            return Check(passed=None, reason="It, the treatment or the outcome varies too little to test.")
        others = [one for one in self._others(name) if one in columns]
        n = len(columns[name])
        rest = np.column_stack([np.empty((n, 0)), *(columns[one] for one in others)])
        with_t = independent(columns[name], columns[real.treatment], rest)
        with_y = independent(columns[name], columns[real.outcome], np.column_stack([rest, columns[real.treatment]]))
        if with_t.n < _FEWEST_ROWS:
            return Check(passed=None, reason=f"Only {number(with_t.n)} complete rows, too few to test.")
        if with_t.p_value is None or with_y.p_value is None:
            held = ", ".join(map(shown, (*others, real.treatment)))
            why = f"Nothing of it is left, or too few of {number(with_t.n)} rows, once {held} are held fixed."
            return Check(passed=None, reason=why)
        held = f" given {', '.join(map(shown, others))}" if others else ""
        told = (
            f"Partial correlation{held}: {_size(with_t)} with {shown(real.treatment)} "
            f"(p = {number(with_t.p_value, 2)}) and {_size(with_y)} with {shown(real.outcome)} "
            f"(p = {number(with_y.p_value, 2)}), the latter with the treatment held fixed too."
        )
        moved, moves = self._moved(name)
        details = {
            "with_treatment_p": with_t.p_value,
            "with_outcome_p": with_y.p_value,
            "with_treatment_r2": with_t.strength**2,
            "with_outcome_r2": with_y.strength**2,
            "given": others,
            **moves,
        }
        passed, meaning = self._judged(name, with_t, with_y)
        worst = max(with_t.p_value, with_y.p_value)
        reason = " ".join(text for text in (told, moved, meaning) if text)
        return Check(passed=passed, reason=reason, statistic="p_value", value=worst, details=details)

    def _judged(self, name: str, with_t: IndependenceTest, with_y: IndependenceTest) -> tuple[bool | None, str]:
        real, graph = self._real, self._real.graph
        after = directed_path(graph, real.treatment, name) if graph is not None and name in graph.names else None
        if after is not None:
            return None, f"The graph has it follow from the treatment ({after.text}), and data do not tell which is so."
        if all(one.p_value is not None and one.p_value < _LEVEL for one in (with_t, with_y)):
            return True, "It moves with both, as a common cause does, and not only a common cause."
        small = [
            end
            for end, one in ((real.treatment, with_t), (real.outcome, with_y))
            if one.p_value is not None and one.p_value >= _LEVEL and _largest_r2(one) < _SMALL_R2
        ]
        if small:
            ends = " and ".join(map(shown, small))
            return False, f"Its trace in {ends} is small at most, so that leaving it out alone would change little."
        return None, "Rows are too few to tell no trace from a small one."

    def _moved(self, name: str) -> tuple[str, dict[str, Any]]:
        """Estimate with and without it, where the real analysis adjusts."""
        real = self._real
        try:
            main = real.main
            if main.design.strategy is not Strategy.BACKDOOR:
                return "", {}
            names = main.design.adjustment
            inside = name in names
            other = tuple(one for one in names if one != name) if inside else (*names, name)
            design = replace(main.design, adjustment=other)
            fit = real.fitted(real.prepared(design), design, main.estimator)
        except CopilotError:
            return "", {}
        with_it, without = (main.fit.value, fit.value) if inside else (fit.value, main.fit.value)
        told = f"The estimate is {number(with_it)} with it adjusted for and {number(without)} without."
        return told, {"estimate_with": with_it, "estimate_without": without}

    @cached_property
    def _columns(self) -> dict[str, Floats]:
        table, graph = self._real.table, self._real.graph
        wanted = {*self._names, self._real.treatment, self._real.outcome, *(graph.names if graph is not None else ())}
        names = [one.name for one in table.profile.columns if not one.left_out and one.name in wanted]
        seed = SeedSequence(self._real.seed, spawn_key=(_COLUMNS,))
        return dict(encode_columns(table.frame(names), table.profile, names, seed=seed))

    def _others(self, name: str) -> list[str]:
        """List the other observed causes of treatment or outcome that do not follow from the treatment."""
        real, graph = self._real, self._real.graph
        if graph is None:
            return [one for one in real.wishes.adjust or () if one != name]
        if any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges):
            return []
        causes = graph.ancestors((real.treatment, real.outcome)) - graph.descendants((real.treatment,))
        after = graph.descendants((name,)) if name in graph.names else frozenset()
        return sorted(causes - graph.latent - after - {name, real.treatment, real.outcome})


def _size(one: IndependenceTest) -> str:
    """Write a partial correlation; without a sign where several columns stand for a variable."""
    return number(one.strength if one.signed is None else one.signed, 2)


def _largest_r2(one: IndependenceTest) -> float:
    """Bound a squared partial correlation from above, at one-sided 95 %, by Fisher's z."""
    z = math.atanh(min(one.strength, 1 - 1e-12)) + _UPPER / math.sqrt(max(1, one.n - 3))
    return math.tanh(z) ** 2
