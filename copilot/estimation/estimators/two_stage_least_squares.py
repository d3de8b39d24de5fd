"""Two-stage least squares with covariates and one or several instruments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.domain.effects import Target
from copilot.domain.identification.values import Strategy
from copilot.errors import EstimationError
from copilot.estimation.estimators.instrument_tests import AR_LIMITS, InstrumentTests, examined
from copilot.estimation.estimators.partialled import Partial, orthonormal, partial
from copilot.estimation.estimators.spread import freedom, standard_error
from copilot.estimation.problem import Ask, Fit, Floats, Integers, Problem, Refit

WEAK_F = 10.0
"""First-stage F below which an instrument is called weak (Staiger & Stock 1997)."""
WEAK_EFFECTIVE_F = 23.1
"""Effective F below which the bias may exceed a tenth of the worst one (Montiel Olea & Pflueger 2013, table 1)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stages:
    """Outcome, treatment and instruments with intercept and covariates partialled out, rows weighted."""

    y: Floats
    t: Floats
    z: Floats
    fitted: Floats
    moved: float
    slope: float


class TwoStageLeastSquares:
    """Two-stage least squares; coefficient times the step of the contrast.

    The errors are robust to heteroskedasticity (HC1) or to clusters; Wooldridge 2010, *Econometric Analysis of Cross
    Section and Panel Data*, equations 5.34 and 5.39. With a binary treatment and a monotone first stage the
    coefficient is an average over those whom the instruments move (Imbens & Angrist 1994, theorem 2).
    """

    name = "two_stage_least_squares"
    title = "two-stage least squares"
    strategy = Strategy.IV

    def refuses(self, problem: Problem, ask: Ask) -> str:
        """Say that there is no instrument, if so."""
        del ask
        if problem.strategy is not Strategy.IV or problem.instruments.shape[1] == 0:
            return "two-stage least squares needs an instrument, and none is given"
        return ""

    def fit(self, problem: Problem, ask: Ask) -> Fit:
        """Estimate, with first-stage diagnostics, an Anderson-Rubin interval and over-identification tests.

        Raises
        ------
        EstimationError
            If there are too few rows or the instruments do not move the treatment at all.
        """
        parameters = problem.covariates.shape[1] + 2
        if problem.n <= parameters + problem.instruments.shape[1] - 1:
            raise EstimationError(
                f"two-stage least squares has {problem.n} rows for {parameters} coefficients",
                reason="Every coefficient needs a row, and the errors need more.",
                advice="Condition on fewer variables or bring more rows.",
            )
        parted = partial(problem)
        stages = _stages(parted, problem)
        if stages is None:
            raise EstimationError(
                "the instruments do not move the treatment",
                reason="Given the covariates, instruments and treatment are not correlated at all in these rows.",
                advice="Name another instrument, or another strategy.",
            )
        residual = stages.y - stages.slope * stages.t
        influence = problem.n * problem.step / stages.moved * stages.fitted * residual
        classical = math.sqrt(float(residual @ residual) / (problem.n - parameters) / stages.moved)
        tests = examined(problem, parted, stages.y, stages.t, stages.z, ask.level)
        return Fit(
            value=stages.slope * problem.step,
            se=standard_error(influence, problem, parameters),
            errors="HC1" if problem.clusters is None else "cluster-robust",
            df=freedom(problem, parameters),
            influence=influence,
            diagnostics=_diagnostics(tests, classical * abs(problem.step), problem.step),
            notes=_notes(tests, problem),
            target=Target.LATE,
        )

    def refit(self, problem: Problem, ask: Ask) -> Refit:
        """Keep the projections; rows are answered from cross-products of orthonormal columns."""
        del ask
        return _Refit(problem)


def _stages(parted: Partial, problem: Problem) -> _Stages | None:
    z = orthonormal(parted.out(problem.instruments))
    y, t = parted.out(problem.y), parted.out(problem.t)
    if z is None:
        return None
    fitted = z @ (z.T @ t)
    moved = float(fitted @ fitted)
    # rounding alone moves a treatment of standard deviation 1 by about 1e-15
    if moved <= 1e-20 * problem.n or float(t @ t) <= 1e-20 * problem.n:
        return None
    return _Stages(y, t, z, fitted, moved, float(fitted @ y) / moved)


def _diagnostics(tests: InstrumentTests, classical: float, step: float) -> dict[str, float]:
    found = {
        "first_stage_F": tests.first_stage_f,
        "first_stage_F_classical": tests.classical_f,
        "effective_F": tests.effective_f,
        "partial_r2": tests.partial_r2,
        "se_classical": float(classical),
        "ar_p": tests.ar_p,
    }
    if tests.ar_low is not None and tests.ar_high is not None:
        ends = sorted((tests.ar_low * step, tests.ar_high * step))
        found |= {"ar_low": ends[0], "ar_high": ends[1]}
    if tests.sargan_p is not None:
        found["sargan_p"] = tests.sargan_p
    if tests.hansen_p is not None:
        found["hansen_p"] = tests.hansen_p
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _notes(tests: InstrumentTests, problem: Problem) -> tuple[str, ...]:
    notes = []
    weak = tests.first_stage_f < WEAK_F or tests.effective_f < WEAK_EFFECTIVE_F
    if tests.first_stage_f < WEAK_F:
        notes.append(
            f"The instruments are weak: the first-stage F is {tests.first_stage_f:.1f}, below {WEAK_F:g}, so that the "
            "estimate leans towards the unadjusted association and its interval is too short."
        )
    elif weak:
        notes.append(
            f"The instruments may be weak: the effective F is {tests.effective_f:.1f}, below {WEAK_EFFECTIVE_F:g}, "
            "from which on the bias is surely below a tenth of the worst one."
        )
    if weak and tests.ar_low is not None and tests.ar_high is not None:
        low, high = sorted((tests.ar_low * problem.step, tests.ar_high * problem.step))
        notes.append(f"{AR_LIMITS} {low:.4g} to {high:.4g}.")
    elif tests.ar_empty:
        notes.append("The Anderson-Rubin interval is empty: no effect fits all instruments at once.")
    elif weak:
        notes.append(
            "The Anderson-Rubin interval, right however weak the instruments, has no end on at least one side."
        )
    return tuple(notes)


class _Refit:
    """Projections kept; see `Refit`."""

    def __init__(self, problem: Problem) -> None:
        self._step = problem.step
        self._parted = parted = partial(problem)
        self._z = orthonormal(parted.out(problem.instruments))
        self._t, self._y = parted.out(problem.t), parted.out(problem.y)
        if self._z is not None:
            self._zt, self._zy = self._z.T @ self._t, self._z.T @ self._y
            self._stacked = np.column_stack(
                [parted.basis, self._z, parted.weigh(problem.t), parted.weigh(problem.y)],
            )
        self._controls = parted.basis.shape[1]

    def treatment(self, t: Floats) -> float:
        """Estimate with another treatment."""
        if self._z is None:
            return math.nan
        return self._slope(self._z.T @ self._parted.weigh(t), self._zy)

    def outcome(self, y: Floats) -> float:
        """Estimate with another outcome."""
        if self._z is None:
            return math.nan
        return self._slope(self._zt, self._z.T @ self._parted.weigh(y))

    def covariate(self, column: Floats) -> float:
        """Estimate with one more covariate: its own part is taken out of the instruments too."""
        if self._z is None:
            return math.nan
        own = self._parted.out(column)
        length = math.sqrt(float(own @ own))
        if length <= 1e-9 * math.sqrt(len(own)):
            return self._slope(self._zt, self._zy)
        own = own / length
        shared = self._z.T @ own
        gram = np.eye(len(shared)) - np.outer(shared, shared)
        with_t, with_y = self._zt - shared * float(own @ self._t), self._zy - shared * float(own @ self._y)
        return self._solved(gram, with_t, with_y)

    def rows(self, rows: Integers) -> float:
        """Estimate on some rows, from their cross-products."""
        if self._z is None:
            return math.nan
        part = self._stacked[rows]
        cross = part.T @ part
        c = slice(0, self._controls)
        try:
            projected = np.linalg.solve(cross[c, c], cross[c, self._controls :])
        except np.linalg.LinAlgError:
            return math.nan
        rest = cross[self._controls :, self._controls :] - cross[c, self._controls :].T @ projected
        z = slice(0, rest.shape[0] - 2)
        return self._solved(rest[z, z], rest[z, -2], rest[z, -1])

    def _solved(self, gram: Floats, with_t: Floats, with_y: Floats) -> float:
        try:
            weights: Floats = np.asarray(np.linalg.solve(gram, with_t), dtype=np.float64)
        except np.linalg.LinAlgError:
            return math.nan
        return self._slope(with_t, with_y, weights)

    def _slope(self, with_t: Floats, with_y: Floats, weights: Floats | None = None) -> float:
        weights = with_t if weights is None else weights
        moved = float(weights @ with_t)
        return math.nan if moved <= 1e-20 else float(weights @ with_y) / moved * self._step  # noqa: PLR2004 (rounding)


TWO_STAGE_LEAST_SQUARES = TwoStageLeastSquares()
