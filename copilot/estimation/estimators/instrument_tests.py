"""What a referee asks of instruments: are they strong, do they agree, and what holds if they are weak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.estimation.estimators.partialled import Partial
from copilot.estimation.estimators.spread import cluster_sums, correction
from copilot.estimation.problem import Floats, Problem

EXACT = 1e12
"""First-stage F above which the remainder is rounding."""
AR_LIMITS = "The Anderson-Rubin interval, right however weak the instruments, is"
"""How a note begins that gives the limits."""
GRID = 2001
"""Angles at which the Anderson-Rubin statistic is looked at before its crossings are refined."""


@dataclass(frozen=True, slots=True)
class InstrumentTests:
    """Diagnostics of instruments; the ends of the Anderson-Rubin interval are slopes per unit of the treatment.

    Parameters
    ----------
    first_stage_f
        Robust Wald statistic of the instruments in the first stage, divided by their number.
    classical_f
        The same with equal variances, as older papers print it.
    effective_f
        Montiel Olea & Pflueger 2013, equation 4; the same as `first_stage_f` with one instrument.
    partial_r2
        Share of the treatment's variance, given covariates, that the instruments explain.
    ar_p
        p-value of no effect by the robust test of Anderson & Rubin 1949.
    ar_low, ar_high
        The hull of all slopes that this test does not reject; ``None`` if it is empty or has no end.
    ar_empty
        Whether every slope is rejected.
    sargan_p, hansen_p
        Over-identification: Sargan 1958, and Hansen 1982 (theorem 4.1 with the robust two-step weight); ``None`` with
        one instrument.
    """

    first_stage_f: float
    classical_f: float
    effective_f: float
    partial_r2: float
    ar_p: float
    ar_low: float | None
    ar_high: float | None
    ar_empty: bool
    sargan_p: float | None
    hansen_p: float | None


def examined(problem: Problem, parted: Partial, y: Floats, t: Floats, z: Floats, level: float) -> InstrumentTests:
    """Make all tests.

    Parameters
    ----------
    problem, parted
        The problem, and what takes its covariates out.
    y, t
        Of shape (n,), covariates taken out, rows weighted.
    z
        Orthonormal instruments of shape (n, m), likewise.
    level
        Of the Anderson-Rubin interval.
    """
    m = z.shape[1]
    pushed, left, spread = first_stage(problem, parted, t, z)
    strength = float(pushed @ pushed)
    rubin = _AndersonRubin(problem, parted, y, t, z)
    low, high, empty = rubin.interval(level)
    overidentified = m > 1
    return InstrumentTests(
        first_stage_f=_bounded(_wald(pushed, spread) / m),
        classical_f=_bounded(_over(strength / m, float(left @ left) / max(problem.n - parted.basis.shape[1] - m, 1))),
        effective_f=_bounded(_over(strength, float(np.trace(spread)))),
        partial_r2=strength / float(t @ t),
        ar_p=rubin.p_value(),
        ar_low=low,
        ar_high=high,
        ar_empty=empty,
        sargan_p=_sargan_p(y, t, z) if overidentified else None,
        hansen_p=_hansen_p(problem, parted, y, t, z) if overidentified else None,
    )


def first_stage(problem: Problem, parted: Partial, t: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Regress the treatment on orthonormal instruments, covariates taken out of both.

    Returns
    -------
    tuple of ndarray
        Coefficients of shape (m,), residuals of shape (n,), and the coefficients' covariance of shape (m, m): robust,
        by cluster where there are clusters.
    """
    pushed: Floats = z.T @ t
    left: Floats = t - z @ pushed
    return pushed, left, _meat(z, left, problem) * correction(problem, parted.basis.shape[1] + z.shape[1])


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.inf


def _bounded(f: float) -> float:
    """Give infinity where instruments determine the treatment but for rounding."""
    return f if f < EXACT else math.inf


def _meat(z: Floats, residual: Floats, problem: Problem) -> Floats:
    """Give the covariance of the scores z·residual, by cluster, of shape (m, m)."""
    sums = cluster_sums(z * residual[:, None], problem.clusters)
    return np.asarray(sums.T @ sums)


def _wald(value: Floats, covariance: Floats) -> float:
    try:
        return float(value @ np.linalg.solve(covariance, value))
    except np.linalg.LinAlgError:
        return float("nan")


def _sargan_p(y: Floats, t: Floats, z: Floats) -> float:
    from scipy.special import chdtrc

    zt, zy = z.T @ t, z.T @ y
    residual = y - float(zt @ zy) / float(zt @ zt) * t
    explained = z.T @ residual
    statistic = len(y) * float(explained @ explained) / float(residual @ residual)
    return float(chdtrc(z.shape[1] - 1, statistic))


def _hansen_p(problem: Problem, parted: Partial, y: Floats, t: Floats, z: Floats) -> float | None:
    """Give the p-value of J at the two-step estimate, with the moments of covariates and instruments together."""
    from scipy.special import chdtrc

    zt, zy = z.T @ t, z.T @ y
    residual = y - float(zt @ zy) / float(zt @ zt) * t
    given = parted.basis.shape[1]
    moments = np.column_stack([parted.basis, z])
    meat = _meat(moments, residual, problem)
    # In this basis the covariates' moments are free: their coefficients take up any value.
    regressors = np.zeros((given + z.shape[1], given + 1))
    regressors[:given, :given] = np.eye(given)
    regressors[given:, given] = zt
    target = np.concatenate([np.zeros(given), zy])
    try:
        left = np.linalg.solve(meat, regressors)
        slopes = np.linalg.solve(regressors.T @ left, left.T @ target)
        rest = target - regressors @ slopes
        statistic = float(rest @ np.linalg.solve(meat, rest))
    except np.linalg.LinAlgError:
        return None
    return float(chdtrc(z.shape[1] - 1, statistic)) if statistic >= 0 else None


class _AndersonRubin:
    """The robust Anderson-Rubin statistic as a function of the slope.

    F(b) = s(b)' V(b)⁻¹ s(b) / m with s(b) = z'(y - b t), which is quadratic over quadratic in b for one instrument.
    Andrews, Stock & Sun 2019, equation 12.
    """

    def __init__(self, problem: Problem, parted: Partial, y: Floats, t: Floats, z: Floats) -> None:
        self._m = z.shape[1]
        self._zy, self._zt = z.T @ y, z.T @ t
        scores_y = cluster_sums(z * (y - z @ self._zy)[:, None], problem.clusters)
        scores_t = cluster_sums(z * (t - z @ self._zt)[:, None], problem.clusters)
        parameters = parted.basis.shape[1] + self._m
        scale = correction(problem, parameters)
        self._yy, self._tt = scores_y.T @ scores_y * scale, scores_t.T @ scores_t * scale
        self._yt = (scores_y.T @ scores_t) * scale
        groups = problem.n - parameters if problem.clusters is None else scores_y.shape[0] - 1
        self._df = max(groups, 1)
        moved = float(self._zt @ self._zt)
        self._centre = float(self._zt @ self._zy) / moved
        residual = y - self._centre * t
        # slopes are looked at in units of ten standard errors, so that the grid is fine where it matters
        self._unit = 10 * float(np.sqrt(residual @ residual / problem.n / moved)) or 1.0

    def at(self, angles: Floats) -> Floats:
        """Give the statistic at slopes centre + unit · tan(angle), written without the infinity at ±π/2."""
        c, s = np.cos(angles), np.sin(angles)
        a, b = c, self._centre * c + self._unit * s  # slope = b / a
        score = a[:, None] * self._zy - b[:, None] * self._zt
        cross = self._yt + self._yt.T
        spread = (a * a)[:, None, None] * self._yy - (a * b)[:, None, None] * cross + (b * b)[:, None, None] * self._tt
        try:
            solved = np.linalg.solve(spread, score[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            return np.full(len(angles), np.nan)
        return np.asarray((score * solved).sum(axis=1) / self._m)

    def p_value(self) -> float:
        """Give the p-value of slope 0."""
        from scipy.special import fdtrc

        statistic = float(self.at(np.array([-np.arctan(self._centre / self._unit)]))[0])
        return float(fdtrc(self._m, self._df, statistic)) if np.isfinite(statistic) else float("nan")

    def interval(self, level: float) -> tuple[float | None, float | None, bool]:
        """Give the hull of slopes that are not rejected, and whether there is none."""
        from scipy.special import fdtri

        critical = float(fdtri(self._m, self._df, level))
        angles = np.linspace(-np.pi / 2, np.pi / 2, GRID)
        statistics = self.at(angles)
        kept = statistics <= critical
        if not kept.any():
            return None, None, bool(np.isfinite(statistics).all())
        if kept[0] or kept[-1]:
            return None, None, False
        inside = np.flatnonzero(kept)
        low = self._crossing(angles[inside[0] - 1], angles[inside[0]], critical)
        high = self._crossing(angles[inside[-1] + 1], angles[inside[-1]], critical)
        return low, high, False

    def _crossing(self, outside: float, inside: float, critical: float) -> float:
        for _ in range(60):
            middle = (outside + inside) / 2
            if float(self.at(np.array([middle]))[0]) <= critical:
                inside = middle
            else:
                outside = middle
        return self._centre + self._unit * float(np.tan((outside + inside) / 2))
