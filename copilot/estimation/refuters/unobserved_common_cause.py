"""Unobserved common cause: how strong it would have to be, beside the covariates that were measured."""

from __future__ import annotations

import math

from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.sensitivity import Benchmark, Sensitivity
from copilot.domain.text import shown
from copilot.estimation.estimators.spread import quantile
from copilot.estimation.moments import Moments
from copilot.estimation.sensitivity import (
    LinearFit,
    adjusted,
    bound,
    curve,
    e_value,
    e_value_of_interval,
    partial_r2,
    ratio_of_difference,
    rescaled,
    robustness_value,
)
from copilot.estimation.trial import Trial

TIMES = (1.0, 2.0, 3.0)
"""How many times as strong as a measured covariate."""
MOST = 50
"""Covariates that are benchmarks at most; the strongest are kept."""
_BLIND = "It says how strong a hidden cause would have to be, and never whether there is one."
_NOT_ROBUST = (
    "The intervals here are not cluster-robust: they take rows as independent, and with clusters they are usually too "
    "short; the robustness value of the estimate itself needs no errors"
)
_OF_A_DEVIATION = "The E-value is of one standard deviation more of the treatment, whatever its unit."
_EXPECTED = "an effect that a hidden cause as strong as the strongest measured one would leave standing"


def sensitivity(trial: Trial) -> Sensitivity | None:
    """Measure how strong a hidden common cause would have to be.

    Everything is computed from a linear regression of the outcome on treatment and covariates with classical errors,
    whatever the headline is. The robustness value of the estimate, the partial R² and the estimates beside a hidden
    cause are algebra on these rows (Cinelli & Hazlett 2020, section 4.1) and hold whether or not rows are independent;
    their classical error is part of that algebra, and one that is robust to clusters must not be put in its place.
    What speaks of intervals is not robust to clusters, and the notes and the refuter say so.

    Returns
    -------
    Sensitivity or None
        ``None`` unless the effect is identified by adjustment and has a linear regression.

    References
    ----------
    Cinelli & Hazlett (2020), JRSS-B 82(1); VanderWeele & Ding (2017), Ann. Intern. Med. 167.
    """
    if trial.problem.strategy is not Strategy.BACKDOOR:
        return None
    moments = Moments(trial.problem)
    fit = _linear(moments)
    if fit is None:
        return None
    benchmarks = _benchmarks(moments, fit, trial.ask.level)
    ratio, limits, notes = _ratio(trial, moments)
    if trial.problem.clusters is not None:
        notes = (*notes, f"{_NOT_ROBUST}.")
    beyond = _beyond(trial, benchmarks)
    if beyond:
        names = ", ".join(map(shown, beyond))
        notes = (*notes, f"No cause as strong as {names} can be bounded: so much of the outcome do they explain.")
    return Sensitivity(
        robustness_value=robustness_value(fit),
        robustness_value_alpha=robustness_value(fit, trial.ask.level),
        partial_r2=partial_r2(fit),
        e_value=None if ratio is None else e_value(ratio),
        e_value_interval=None if ratio is None or limits is None else e_value_of_interval(ratio, limits),
        benchmarks=benchmarks,
        strongest=benchmarks[0].variable if benchmarks else "",
        estimate=fit.value,
        se=fit.se,
        dof=fit.dof,
        curve=curve(fit),
        curve_interval=curve(fit, trial.ask.level),
        notes=notes,
    )


class UnobservedCommonCause:
    """Hold a hidden cause against the strongest measured covariate.

    *Failed* if one as strong would bring the interval to hold zero; *passed* if even one three times as strong would
    not; *inconclusive* between, and where nothing was measured to compare with. With clusters the interval is not
    robust, so that it can fail an estimate and not pass one.
    """

    name = "unobserved_common_cause"
    title = "unobserved common cause"
    question = Question.HIDDEN_CAUSE
    number = 7
    simulates = False

    def refute(self, trial: Trial) -> tuple[Refutation, ...]:
        """Compare; nothing to say for instruments and mediators."""
        found = sensitivity(trial)
        if found is None or found.estimate is None:
            return ()
        needed = (
            f"a hidden common cause would have to explain {number(100 * found.robustness_value, 3)} % of what is left "
            f"of both treatment and outcome to bring the estimate to zero, and "
            f"{number(100 * found.robustness_value_alpha, 3)} % for its interval to touch zero"
        )
        if found.e_value is not None and found.e_value_interval is not None:
            needed += f" (E-value {number(found.e_value, 3)}, of the interval {number(found.e_value_interval, 3)})"
        status, meaning = self._weigh(trial, found)
        observed = f"robustness value {number(100 * found.robustness_value, 3)} %"
        if found.e_value is not None:
            observed += f", E-value {number(found.e_value, 3)}"
        if found.strongest:
            observed += f"; {self._first(found)}"
        details = {
            "robustness_value": found.robustness_value,
            "robustness_value_alpha": found.robustness_value_alpha,
            "partial_r2": found.partial_r2,
        }
        return (
            Refutation(
                refuter=self.name,
                question=self.question,
                status=status,
                expected=_EXPECTED,
                observed=observed,
                value=found.robustness_value,
                message=f"By linear regression, {needed}; {meaning}."
                + ("" if trial.problem.clusters is None else f" {_NOT_ROBUST}."),
                blind_spot=_BLIND,
                details={name: value for name, value in details.items() if math.isfinite(value)},
            ),
        )

    def _first(self, found: Sensitivity) -> str:
        first = next(one for one in found.benchmarks if one.variable == found.strongest and one.k == TIMES[0])
        return f"one like {shown(first.variable)} leaves {number(first.value)} ({interval(first.interval)})"

    def _weigh(self, trial: Trial, found: Sensitivity) -> tuple[Status, str]:
        fit = trial.headline.fit
        half = 0.0 if fit.se is None else quantile(trial.ask.level, fit.df) * fit.se
        low, high = fit.interval or (fit.value - half, fit.value + half)
        if low <= 0 <= high:
            return Status.INCONCLUSIVE, "the interval holds zero already, so there is nothing to explain away"
        if not found.benchmarks:
            why = "no covariate was measured to say whether that is much"
            if trial.problem.covariates.shape[1]:
                why = "the measured covariates explain so much of the outcome that none can serve as a yardstick"
            return Status.INCONCLUSIVE, why
        if found.robustness_value_alpha <= 0:
            return Status.INCONCLUSIVE, "the interval of that regression holds zero already, unlike the estimate's own"
        status, meaning = self._beside(found)
        beyond = _beyond(trial, found.benchmarks)
        if status is Status.PASSED and beyond:
            names = ", ".join(map(shown, beyond))
            return Status.INCONCLUSIVE, f"{meaning}, but what one as strong as {names} would do cannot be bounded"
        if status is Status.PASSED and trial.problem.clusters is not None:
            return Status.INCONCLUSIVE, f"{meaning} if rows were independent, which in clusters they are not"
        return status, meaning

    def _beside(self, found: Sensitivity) -> tuple[Status, str]:
        """Hold a hidden cause against the strongest measured covariate."""
        strongest = [one for one in found.benchmarks if one.variable == found.strongest]
        name = shown(found.strongest)
        fatal = [one.k for one in strongest if one.interval[0] <= 0 <= one.interval[1] or _turned(one, found)]
        reachable = {one.k for one in strongest}
        if TIMES[0] in fatal:
            return Status.FAILED, f"one as strong as {name}, the strongest that was measured, would be enough"
        if fatal:
            times = number(fatal[0])
            return (
                Status.INCONCLUSIVE,
                f"one {times} times as strong as {name} would be enough, one as strong would not",
            )
        if TIMES[-1] not in reachable:
            most = number(max(reachable))
            kept = f"one {most} times as strong as {name} would not be enough"
            if _stands(found, TIMES[-1] * strongest[0].r2_treatment):
                return Status.PASSED, f"{kept}, nor one that explained all that is left of the outcome"
            return Status.INCONCLUSIVE, f"{kept}, but a stronger one, which cannot be bounded so, might be"
        return Status.PASSED, f"even one {number(TIMES[-1])} times as strong as {name} would not be enough"


def _beyond(trial: Trial, benchmarks: tuple[Benchmark, ...]) -> list[str]:
    """Name the covariates that explain so much that no cause as strong can be bounded."""
    compared = {one.variable for one in benchmarks}
    return [name for name in trial.problem.covariate_names if name not in compared] if len(compared) < MOST else []


def _stands(found: Sensitivity, r2_treatment: float) -> bool:
    """Say whether the estimate keeps its sign beside a cause that explains all that is left of the outcome."""
    if r2_treatment >= 1 or found.estimate is None or found.se is None or found.dof is None:
        return False
    fit = LinearFit(found.estimate, found.se, found.dof)
    return adjusted(fit, r2_treatment, 1.0, 0.95)[0] * found.estimate > 0


def _turned(one: Benchmark, found: Sensitivity) -> bool:
    return found.estimate is not None and one.value * found.estimate <= 0


def _linear(moments: Moments) -> LinearFit | None:
    se, dof = moments.standard_error(moments.covariates)
    value = moments.slope(moments.covariates)
    if not (dof > 1 and math.isfinite(se) and se > 0 and math.isfinite(value)):
        return None
    return LinearFit(value, se, dof)


def _benchmarks(moments: Moments, fit: LinearFit, level: float) -> tuple[Benchmark, ...]:
    """Hold a hidden cause against each covariate; those whose like would move the estimate most come first."""
    names = dict.fromkeys(moments.problem.covariate_of)
    groups: list[tuple[float, list[Benchmark]]] = []
    columns = [moments.columns_of(name) for name in names]
    treatments = moments.partial_r2_each(moments.t, columns, moments.covariates)
    outcomes = moments.partial_r2_each(moments.y, columns, [moments.t, *moments.covariates])
    for name, with_treatment, with_outcome in zip(names, treatments, outcomes, strict=True):
        found = []
        for k in TIMES:
            strength = bound(k, with_treatment, with_outcome)
            if strength is None or strength[1] >= 1:
                break
            value, limits = adjusted(fit, *strength, level)
            found.append(
                Benchmark(
                    variable=name,
                    k=k,
                    r2_treatment=strength[0],
                    r2_outcome=strength[1],
                    value=value,
                    interval=limits,
                )
            )
        if found:
            groups.append((abs(found[0].value - fit.value), found))
    groups.sort(key=lambda group: (-group[0], group[1][0].variable))
    return tuple(one for _, group in groups[:MOST] for one in group)


def _ratio(trial: Trial, moments: Moments) -> tuple[float | None, tuple[float, float] | None, tuple[str, ...]]:
    """Give the risk ratio that E-values are of, its interval, and what is approximate."""
    fit = trial.headline.fit
    # A quantity has no unit of its own that everybody shares; its standard deviation does not depend on any.
    size = 1.0 if trial.problem.binary_treatment else abs(trial.problem.step)
    if size <= 0:
        return None, None, ()
    notes = () if trial.problem.binary_treatment else (_OF_A_DEVIATION,)
    if fit.risk_ratio is not None:
        ratio, limits = fit.risk_ratio
        if not (ratio > 0 and math.isfinite(ratio)):
            return None, None, ()
        within = None if limits is None else (rescaled(limits[0], size), rescaled(limits[1], size))
        return rescaled(ratio, size), within, notes
    sd = moments.outcome_sd
    if fit.se is None or sd <= 0:
        return None, None, ()
    note = "The E-value takes the effect in standard deviations for a risk ratio: exp(0.91 d), an approximation."
    ratio, within = ratio_of_difference(fit.value / size, fit.se / size, sd)
    return ratio, within, (note, *notes)


UNOBSERVED_COMMON_CAUSE = UnobservedCommonCause()
