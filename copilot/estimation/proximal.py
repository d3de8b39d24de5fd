"""Proximal estimation: hidden common causes taken out by negative controls, in a linear model.

References
----------
Miao, Geng & Tchetgen Tchetgen (2018), Identifying causal effects with proxy variables of an unmeasured confounder,
Biometrika 105(4). Tchetgen Tchetgen, Ying, Cui, Shi & Miao (2020), An introduction to proximal causal learning,
arXiv:2009.10982, section 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copilot.domain.effects import Estimate, Target
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.numbers import number
from copilot.domain.text import shown
from copilot.errors import EstimationError
from copilot.estimation.estimators.adjusted import cluster_notes, require
from copilot.estimation.estimators.partialled import Partial, orthonormal, partial
from copilot.estimation.estimators.spread import cluster_sums, correction, freedom, p_value, quantile, standard_error
from copilot.estimation.problem import Floats, Problem

NAME = "proximal_two_stage_least_squares"
WEAK_F = 10.0
"""First-stage F below which the exposures say too little of the outcomes (Staiger & Stock 1997)."""
UNMOVED = 1e-6
"""Share of a negative control outcome's length that the exposures must explain to be more than rounding."""
_LINEAR = (
    "Proximal estimation here is linear: the hidden cause acts on the outcome and on negative control outcomes along "
    "straight lines, and the effect is the same for all."
)
_BINARY = "The outcome is binary, and its probability is taken as linear."


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Intercept and covariates partialled out, rows weighted, negative controls orthonormal among themselves.

    `exposures` have the treatment partialled out besides.
    """

    y: Floats
    t: Floats
    outcomes: Floats
    exposures: Floats

    @property
    def direction(self) -> Floats:
        """The treatment, of length 1."""
        return self.t / math.sqrt(float(self.t @ self.t))


def proximal(
    problem: Problem,
    exposures: Floats,
    outcomes: Floats,
    exposure_names: Names,
    outcome_names: Names,
    level: float = 0.95,
    unit: str = "",
) -> Estimate:
    """Estimate the effect by two-stage least squares with negative controls.

    The outcome is regressed on treatment, negative control outcomes W and covariates X, where W is first predicted
    from treatment, negative control exposures Z and X. W stands for the hidden causes, and Z corrects for W's being no
    perfect measure of them.

    Parameters
    ----------
    problem
        Treatment, outcome, covariates, weights and clusters; its instruments and mediators are not used.
    exposures
        Z of shape (n, m): share the hidden causes with the treatment and act neither on the outcome nor on W. Rows
        with NaN are dropped and counted.
    outcomes
        W of shape (n, q), q at least 1 and at most m: share the hidden causes with the outcome, and neither the
        treatment nor Z acts on them.
    exposure_names, outcome_names
        Of the m and the q columns; columns of one variable share its name.
    level
        Of the interval.
    unit
        Of the effect, in words.

    Returns
    -------
    Estimate
        In units of the outcome, for the problem's contrast. Errors are HC1, or robust to clusters; the interval is by
        Student's t. Diagnostics: "first_stage_F" (the smallest over W of the F of Sanderson & Windmeijer 2016, J.
        Econom. 190, which is the classical one for a single W), "first_stage_F_robust" (a single W only),
        "unadjusted_for_hidden" (the regression without negative controls), and with m > q "sargan_p" (rows
        independent and of equal weight only).

    Raises
    ------
    EstimationError
        If there are fewer exposures than outcomes, rows are too few, or the exposures say nothing of the outcomes.
    """
    _check(problem, exposures, outcomes, (exposure_names, outcome_names))
    whole = np.isfinite(exposures).all(axis=1) & np.isfinite(outcomes).all(axis=1)
    lost = problem.n - int(whole.sum())
    if lost == problem.n:
        raise EstimationError(
            "no row has all negative controls",
            reason=f"Each of {lost:,} rows lacks at least one.",
            advice="Name negative controls that were measured on the same rows.",
        )
    if lost:
        problem, exposures, outcomes = problem.take(np.flatnonzero(whole)), exposures[whole], outcomes[whole]
    parameters = problem.covariates.shape[1] + 2 + outcomes.shape[1]
    require(problem, parameters + exposures.shape[1] - outcomes.shape[1])
    parted = partial(problem)
    columns = _columns(problem, parted, exposures, outcomes)
    value, influence, residual = _second_stage(columns, problem)
    se, df = standard_error(influence, problem, parameters), freedom(problem, parameters)
    weakest = _first_stage_f(columns, problem.n - parameters - exposures.shape[1] + outcomes.shape[1])
    diagnostics = {"first_stage_F": weakest}
    if outcomes.shape[1] == 1:
        diagnostics["first_stage_F_robust"] = _robust_f(columns, problem, parameters)
    diagnostics["unadjusted_for_hidden"] = float(columns.t @ columns.y) / float(columns.t @ columns.t) * problem.step
    over = exposures.shape[1] - outcomes.shape[1]
    if over > 0 and problem.clusters is None and problem.weights is None:
        diagnostics["sargan_p"] = _sargan(columns, residual, over)
    half = quantile(level, df) * se
    return Estimate(
        estimator=NAME,
        strategy=Strategy.PROXIMAL,
        adjustment_set=problem.covariate_names,
        instruments=tuple(dict.fromkeys(exposure_names)),
        value=value,
        se=se,
        interval=(value - half, value + half),
        p_value=p_value(value, se, df) if se > 0 else None,
        n=problem.n,
        unit=unit,
        target=Target.ATE,
        errors="HC1" if problem.clusters is None else "cluster-robust",
        diagnostics={name: found for name, found in diagnostics.items() if math.isfinite(found)},
        notes=_notes(problem, diagnostics, (exposure_names, outcome_names), lost),
    )


def _check(problem: Problem, exposures: Floats, outcomes: Floats, names: tuple[Names, Names]) -> None:
    """Refuse what does not fit together."""
    for what, columns, named in zip(("exposures", "outcomes"), (exposures, outcomes), names, strict=True):
        if columns.ndim != 1 + 1 or columns.shape != (problem.n, len(named)):
            raise EstimationError(
                f"the negative control {what} do not fit the rows or their names",
                reason=f"They have the shape {columns.shape}; there are {problem.n} rows and {len(named)} names.",
                advice="Give one column for each name and one row for each row of the table.",
            )
    if not names[1]:
        raise EstimationError(
            "proximal estimation needs a negative control outcome, and none is given",
            reason="Without one, nothing stands for the hidden common cause.",
            advice="Name a column that shares the hidden cause with the outcome and that the treatment cannot affect.",
        )
    if len(names[0]) < len(names[1]):
        raise EstimationError(
            f"of negative controls there are fewer exposures ({len(names[0])}) than outcomes ({len(names[1])})",
            reason="Each negative control outcome needs an exposure to correct for what it measures badly.",
            advice="Name more negative control exposures, or fewer outcomes.",
        )


def _columns(problem: Problem, parted: Partial, exposures: Floats, outcomes: Floats) -> _Columns:
    """Partial out and check that nothing is determined by the rest."""
    y, t = parted.out(problem.y), parted.out(problem.t)
    left = float(t @ t)
    if left <= 1e-18 * float(parted.weigh(problem.t) @ parted.weigh(problem.t)):
        raise EstimationError(
            "the treatment does not vary given the covariates",
            reason="A linear combination of the covariates determines it in these rows.",
            advice="Adjust for fewer variables.",
        )
    direction = t / math.sqrt(left)
    beside = parted.out(_scaled(exposures))
    w = _apart(parted.out(_scaled(outcomes)), "outcomes")
    return _Columns(y, t, w, _apart(beside - np.outer(direction, direction @ beside), "exposures"))


def _apart(columns: Floats, what: str) -> Floats:
    """Make columns orthonormal, or refuse them."""
    found = orthonormal(columns)
    if found is None:
        raise EstimationError(
            f"the negative control {what} do not each add something",
            reason="One is constant, or determined by the others and what is adjusted for, in these rows.",
            advice="Leave that column out.",
        )
    return found


def _scaled(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    scaled: Floats = centred / np.where(spread > 0, spread, 1.0)
    return scaled


def _second_stage(columns: _Columns, problem: Problem) -> tuple[float, Floats, Floats]:
    """Give the effect, its influence values and the residuals (Wooldridge 2010, equations 5.26 and 5.34)."""
    direction, z = columns.direction, columns.exposures
    moved = z.T @ columns.outcomes
    # the length that is left of the least predictable combination of outcomes, each of length 1
    if float(np.linalg.svd(moved, compute_uv=False).min()) <= UNMOVED:
        raise EstimationError(
            "the negative control exposures say nothing of the negative control outcomes",
            reason="Given treatment and covariates they are not correlated in these rows, or not in enough directions.",
            advice="Name other negative controls; the two kinds must share the hidden cause.",
        )
    predicted = np.outer(direction, direction @ columns.outcomes) + z @ moved
    first = np.column_stack([columns.t, predicted])
    q, r = np.linalg.qr(first)
    coefficients = np.linalg.solve(r, q.T @ columns.y)
    residual = columns.y - np.column_stack([columns.t, columns.outcomes]) @ coefficients
    row = np.linalg.solve(r, q.T)[0]
    return float(coefficients[0]) * problem.step, problem.n * problem.step * row * residual, residual


def _first_stage_f(columns: _Columns, free: int) -> float:
    """Give the smallest conditional F (Sanderson & Windmeijer 2016, equation 14); one outcome has the classical F."""
    direction, z = columns.direction, columns.exposures
    w = columns.outcomes - np.outer(direction, direction @ columns.outcomes)
    moved = z.T @ w
    found = []
    for j in range(w.shape[1]):
        others = np.delete(np.arange(w.shape[1]), j)
        by_others = np.linalg.lstsq(moved[:, others], moved[:, j], rcond=None)[0]
        own = w[:, j] - w[:, others] @ by_others
        pushed = z.T @ own
        left = float(own @ own) - float(pushed @ pushed)
        strength = float(pushed @ pushed) / (z.shape[1] - len(others))
        found.append(strength / (left / max(free, 1)) if left > 0 else math.inf)
    return min(found)


def _robust_f(columns: _Columns, problem: Problem, parameters: int) -> float:
    """Give the Wald statistic of the exposures in the first stage of one outcome, over their number."""
    direction, z = columns.direction, columns.exposures
    w = columns.outcomes[:, 0] - direction * float(direction @ columns.outcomes[:, 0])
    pushed = z.T @ w
    sums = cluster_sums(z * (w - z @ pushed)[:, None], problem.clusters)
    spread: Floats = (sums.T @ sums) * correction(problem, parameters + z.shape[1] - 1)
    try:
        wald = float(pushed @ np.linalg.solve(spread, pushed))
    except np.linalg.LinAlgError:
        return math.nan
    return wald / float(z.shape[1])


def _sargan(columns: _Columns, residual: Floats, over: int) -> float:
    """Give the p-value of Sargan (1958) for the exposures to agree."""
    from scipy.special import chdtrc

    explained = np.concatenate([columns.exposures.T @ residual, [columns.direction @ residual]])
    return float(chdtrc(over, len(residual) * float(explained @ explained) / float(residual @ residual)))


def _notes(problem: Problem, found: dict[str, float], names: tuple[Names, Names], lost: int) -> tuple[str, ...]:
    exposures, outcomes = (", ".join(map(shown, dict.fromkeys(group))) for group in names)
    notes = [
        f"Negative control exposures: {exposures}; negative control outcomes: {outcomes}.",
        _LINEAR,
        (
            f"Blind spot: that {exposures} act neither on the outcome nor on {outcomes}, and that the treatment does "
            f"not act on {outcomes}, cannot be seen in the data; where it fails, the estimate is biased."
        ),
    ]
    weakest = min(value for name, value in found.items() if name.startswith("first_stage_F") and not math.isnan(value))
    if weakest < WEAK_F:
        notes.insert(
            0,
            f"The negative control exposures are weak: the first-stage F is {number(weakest, 3)}, below {WEAK_F:g}, so "
            "the estimate is biased and its interval is not to be trusted.",
        )
    if problem.binary_outcome:
        notes.append(_BINARY)
    if lost:
        notes.append(f"{lost:,} rows without all negative controls were dropped.")
    return (*notes, *cluster_notes(problem))
