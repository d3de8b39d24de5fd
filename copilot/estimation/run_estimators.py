"""Runs the chosen estimators on what was prepared, and says what each found."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import SeedSequence

from copilot.domain.effects import Estimate, Ratio, Target
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Level, Notice
from copilot.domain.text import one_line
from copilot.errors import EstimationError
from copilot.estimation.design import Design, Prepared
from copilot.estimation.estimators.choice import Choice
from copilot.estimation.estimators.spread import p_value, quantile
from copilot.estimation.pooling import pooled_fit
from copilot.estimation.prepare.rank import full_rank
from copilot.estimation.problem import Ask, Estimator, Fit, Integers, Problem
from copilot.estimation.trial import Fitted

MOST_ROWS_BESIDE = 200_000
"""Rows for estimators that stand beside the headline unasked: enough to compare with, in bounded time and memory."""
_BESIDE = 777
_TWO = 2
"""Branch of the seed for that sample."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """What all estimators found.

    Parameters
    ----------
    fitted
        Pooled over imputations; the headline first, each estimator that did not fail once.
    second_opinion
        The one among `fitted` that was chosen as such, ``None`` if there is none or it failed.
    estimates
        For all rows in the order of `fitted`, then the headline within each group.
    notices
        Estimators and groups that failed, with the reason.
    """

    fitted: tuple[Fitted, ...]
    second_opinion: Fitted | None
    estimates: tuple[Estimate, ...]
    notices: tuple[Notice, ...]


def nobody_listens(_name: str) -> None:
    """Tell nobody that an estimator is done."""


def estimate_all(
    prepared: Prepared, design: Design, choice: Choice, ask: Ask, on_done: Callable[[str], None] = nobody_listens
) -> Estimated:
    """Run each chosen estimator, then the headline within each group.

    Parameters
    ----------
    prepared
        One problem, or one for each imputation; fits on several are pooled by Rubin's rules.
    design
        Names for the report.
    choice
        What runs.
    ask
        Target, level, seed.
    on_done
        Told the name of each estimator that is done.

    Raises
    ------
    EstimationError
        If the headline fails; an estimator beside it that fails is a notice.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        fitted, notices = _everybody(prepared, choice, ask, on_done)
        estimates = [_estimate(one, prepared, design, choice, ask) for one in fitted]
        for group, rows in prepared.groups.items():
            try:
                estimates.append(_within(group, rows, prepared, design, choice, ask))
            except EstimationError as error:
                notices.append(_group_failed(design, group, len(rows), error))
    second = next((one for one in fitted if one.estimator is choice.second_opinion), None)
    return Estimated(tuple(fitted), second, tuple(estimates), tuple(notices))


def _everybody(
    prepared: Prepared, choice: Choice, ask: Ask, on_done: Callable[[str], None]
) -> tuple[list[Fitted], list[Notice]]:
    fitted: list[Fitted] = []
    notices: list[Notice] = []
    fewer: tuple[Problem, ...] = ()
    for estimator in choice.estimators:
        beside = estimator is not choice.headline and not choice.asked
        try:
            if beside and prepared.problem.n > MOST_ROWS_BESIDE:
                fewer = fewer or _sampled(prepared.problems, ask)
                fit = _fit(estimator, fewer, ask)
                note = f"on a simple random sample of {MOST_ROWS_BESIDE:,} of the {prepared.problem.n:,} rows"
                fit = replace(fit, influence=None, notes=(*fit.notes, note))
                fitted.append(Fitted(estimator, fit))
            else:
                fitted.append(Fitted(estimator, _fit(estimator, prepared.problems, ask)))
        except EstimationError as error:
            if estimator is choice.headline:
                raise
            notices.append(_failed(estimator, error))
        on_done(estimator.name)
    return fitted, notices


def _sampled(problems: tuple[Problem, ...], ask: Ask) -> tuple[Problem, ...]:
    """Draw the rows for estimators that stand beside the headline, the same from every imputation."""
    seed = SeedSequence(entropy=ask.seed.entropy, spawn_key=(*ask.seed.spawn_key, _BESIDE))
    rows = np.sort(np.random.default_rng(seed).choice(problems[0].n, MOST_ROWS_BESIDE, replace=False))
    return tuple(full_rank(problem.take(rows)) for problem in problems)


def _fit(estimator: Estimator, problems: tuple[Problem, ...], ask: Ask) -> Fit:
    if any(problem.clusters is not None and len(np.unique(problem.clusters)) < _TWO for problem in problems):
        raise EstimationError(
            f"{estimator.title} has only one cluster here",
            reason="How clusters differ cannot be seen from one, so there is no standard error.",
            advice="Leave --cluster out, or group by something else.",
        )
    try:
        fit = pooled_fit([estimator.fit(problem, ask) for problem in problems], ask.level)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        raise EstimationError(
            f"{estimator.title} gave no number",
            reason=f"{one_line(str(error), 160).rstrip('.')}.",
            advice="Look for columns of extreme size; measure them in other units.",
        ) from error
    if not math.isfinite(fit.value) or (fit.se is not None and not math.isfinite(fit.se)):
        raise EstimationError(
            f"{estimator.title} gave no finite number",
            reason="These rows do not determine the effect.",
            advice="Use another estimator, or look for columns that are copies of the treatment or the outcome.",
        )
    return fit


def _estimate(one: Fitted, prepared: Prepared, design: Design, choice: Choice, ask: Ask) -> Estimate:
    """Put a fit into the words and columns of the report."""
    fit, problem = one.fit, prepared.problem
    interval, p = _interval(fit, ask.level)
    ratio = None
    if fit.risk_ratio is not None and math.isfinite(fit.risk_ratio[0]):
        ratio = Ratio(value=fit.risk_ratio[0], interval=fit.risk_ratio[1])
    return Estimate(
        estimator=one.estimator.name,
        strategy=one.estimator.strategy,
        adjustment_set=tuple(name for name in design.adjustment if name in problem.covariate_names),
        instruments=design.instruments if problem.strategy is Strategy.IV else (),
        mediators=design.mediators if problem.strategy is Strategy.FRONTDOOR else (),
        value=fit.value,
        se=fit.se,
        interval=interval,
        p_value=p,
        n=problem.n,
        unit=prepared.unit,
        target=fit.target or ask.target,
        errors=fit.errors,
        risk_ratio=ratio,
        headline=one.estimator is choice.headline,
        role=choice.role(one.estimator),
        diagnostics={name: value for name, value in fit.diagnostics.items() if math.isfinite(value)},
        notes=fit.notes,
    )


def _interval(fit: Fit, level: float) -> tuple[tuple[float, float] | None, float | None]:
    """Give interval and p-value by Student's t or the normal distribution; a fit's own interval goes first."""
    if fit.se is None or fit.se <= 0:
        return fit.interval, None
    width = quantile(level, fit.df) * fit.se
    return fit.interval or (fit.value - width, fit.value + width), p_value(fit.value, fit.se, fit.df)


def _within(group: str, rows: Integers, prepared: Prepared, design: Design, choice: Choice, ask: Ask) -> Estimate:
    """Estimate the headline on one group's rows, without the columns that say nothing there."""
    parts = [_part(problem, rows) for problem in prepared.problems]
    for part in parts:
        why = choice.headline.refuses(part, ask)
        if why:
            raise EstimationError(why)
    fit = _fit(choice.headline, tuple(parts), ask)
    part = parts[0]
    gone = _gone(prepared.problem, part)
    if gone:
        columns = ", ".join(gone)
        fit = replace(fit, notes=(*fit.notes, f"Not adjusted for, since constant or redundant here: {columns}."))
    if ask.target is Target.ATT:
        fit = replace(fit, notes=(*fit.notes, "Over the treated of this group."))
    whole = replace(prepared, problems=tuple(parts))
    found = _estimate(Fitted(choice.headline, fit), whole, design, choice, ask)
    left = {name for name in design.adjustment if name not in gone}
    return found.model_copy(
        update={
            "group": group,
            "target": found.target if found.target is Target.LATE else Target.CATE,
            "headline": False,
            "role": "within a group",
            "adjustment_set": tuple(name for name in design.adjustment if name in left),
        }
    )


def _part(problem: Problem, rows: Integers) -> Problem:
    """Take one group's rows.

    Raises
    ------
    EstimationError
        If treatment or outcome does not vary there.
    """
    part = problem.take(rows)
    for values, name in ((part.t, "treatment"), (part.y, "outcome")):
        if part.n < 2 or float(np.ptp(values)) == 0:  # noqa: PLR2004 (one row varies in nothing)
            raise EstimationError(f"the {name} does not vary in this group")
    if part.weights is not None:
        part = replace(part, weights=part.weights / part.weights.mean())
    if part.clusters is not None:
        codes = np.unique(part.clusters, return_inverse=True)[1].astype(np.int64)
        part = replace(part, clusters=codes)
    return full_rank(part)


def _gone(problem: Problem, part: Problem) -> Names:
    """Name the variables of which a group has no column left."""
    return tuple(name for name in problem.covariate_names if name not in part.covariate_names)


def _failed(estimator: Estimator, error: EstimationError) -> Notice:
    why = f" {error.reason}" if error.reason else ""
    return Notice(
        code="estimator_failed",
        message=f"{estimator.title[:1].upper()}{estimator.title[1:]} gave no estimate: {error.message}.{why}",
        subject=estimator.name,
        level=Level.WARNING,
    )


def _group_failed(design: Design, group: str, rows: int, error: EstimationError) -> Notice:
    return Notice(
        code="group_not_estimated",
        message=f"There is no estimate for {design.by or 'the group'} = {group}: {error.message}.",
        subject=group,
        count=rows,
        level=Level.WARNING,
    )
