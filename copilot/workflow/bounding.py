"""What can be said without the graph's identifying the effect: bounds, and negative controls of both kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import SeedSequence

from copilot.data.tables import Table
from copilot.domain.analysis import Analysis
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Level, Notice
from copilot.domain.text import shown
from copilot.domain.variables import Kind, TableProfile
from copilot.errors import EstimationError, UsageError
from copilot.estimation.bounds.question import question_of
from copilot.estimation.bounds.registry import all_bounds
from copilot.estimation.design import Design, Prepared
from copilot.estimation.prepare.prepare import prepare
from copilot.estimation.problem import Floats
from copilot.estimation.proximal import proximal

if TYPE_CHECKING:
    import pandas as pd

    from copilot.workflow.effect import EffectPlan

_BOUND, _PREPARE = 22, 23
"""Branches of the run's seed, fixed for ever."""
_TWO_LEVELS = 2


def wants_bounds(plan: EffectPlan, analysis: Analysis) -> bool:
    """Whether bounds are due: nothing else can be said, an instrument says it of some only, or the user asks."""
    common = analysis.identification.common
    by_instrument = analysis.chosen is not None and analysis.chosen.strategy is Strategy.IV
    return asked_for_bounds(plan) or by_instrument or (analysis.chosen is None and not common.null_effect)


def asked_for_bounds(plan: EffectPlan) -> bool:
    """Whether the user asks for bounds, or says something that only bounds can use."""
    wishes = plan.wishes
    return wishes.bounds or wishes.outcome_range is not None or wishes.monotone_instrument is not None


def with_bounds(plan: EffectPlan, analysis: Analysis, table: Table, design: Design) -> Analysis:
    """Add bounds, and what stands in the way of those that are not given.

    Parameters
    ----------
    plan
        With the wishes of the user: range of the outcome, monotone instrument.
    analysis
        As far as it is.
    table, design
        As for the headline; nothing is adjusted for.
    """
    wishes = plan.wishes
    instrument = _instrument(analysis, table)
    monotone = wishes.monotone_instrument
    extra = tuple(name for name in (instrument, monotone) if name is not None)
    bare = replace(
        design, strategy=Strategy.BACKDOOR, adjustment=(), instruments=(), mediators=(), by=None, negative_controls=()
    )
    frame = table.frame(tuple(dict.fromkeys((*bare.columns, *extra))))
    try:
        prepared = prepare(frame, table.profile, bare, seed=_seed(plan, _PREPARE))
        question = question_of(
            prepared.problem,
            treatment=shown(design.treatment),
            outcome=shown(design.outcome),
            contrast=prepared.contrast.text,
            outcome_range=wishes.outcome_range,
            seed=_seed(plan, _BOUND),
        )
    except EstimationError as error:
        return _left_out(analysis, "bounds_left_out", f"There are no bounds: {error.message}.")
    if not prepared.problem.binary_treatment:
        if not asked_for_bounds(plan):
            return analysis
        text = (
            f"There are no bounds: they compare two levels, and {shown(design.treatment)} has more. A column that cuts "
        )
        return _left_out(analysis, "bounds_left_out", f"{text}it in two would have some.")
    if instrument is not None:
        levels = _two_levels(frame, instrument, prepared)
        question = replace(question, instrument=levels, instrument_name=shown(instrument))
    if monotone is not None:
        ranks = _numbers(frame, monotone, prepared)
        question = replace(question, monotone_instrument=ranks, monotone_instrument_name=shown(monotone))
    if question.refusal:  # one word, and not one for each kind of bound
        return _left_out(analysis, "bounds_left_out", f"There are no bounds: {question.refusal}.")
    bounds, notices = all_bounds(question)
    said = [one for one in notices if _is_news(one, instrument, monotone)]
    return analysis.model_copy(
        update={
            "bounds": bounds,
            "notices": (*analysis.notices, *said),
            "contrast": analysis.contrast or prepared.contrast.text,
            "contrast_reason": analysis.contrast_reason or prepared.contrast.reason,
            "unit": analysis.unit or prepared.unit,
            "rows_used": analysis.rows_used or prepared.rows_used,
        }
    )


def _is_news(notice: Notice, instrument: str | None, monotone: str | None) -> bool:
    """Whether a missing bound is worth a word: nobody asked for those that need a column that nobody named."""
    if notice.subject.startswith("monotone_instrument"):
        return monotone is not None
    return instrument is not None if notice.subject == "balke_pearl" else True


def _instrument(analysis: Analysis, table: Table) -> str | None:
    """Find a binary instrument that needs nothing held fixed, one that the analysis uses before others."""
    used = () if analysis.chosen is None else analysis.chosen.instruments
    names = [one.name for one in analysis.identification.common.instruments if not one.given]
    names.sort(key=lambda name: (name not in used, name))
    kinds = {column.name: column.kind for column in table.profile.columns}
    return next((name for name in names if kinds.get(name) is Kind.BINARY), None)


def _two_levels(frame: pd.DataFrame, name: str, prepared: Prepared) -> Floats | None:
    """Give a column of two values as 0 and 1, NaN where missing, on the rows that were used."""
    column = frame[name].iloc[prepared.row_numbers]
    levels = sorted(column.dropna().unique())
    if len(levels) != _TWO_LEVELS:
        return None
    found: Floats = np.where(column.isna(), np.nan, (column == levels[1]).astype(float))
    return found


def _numbers(frame: pd.DataFrame, name: str, prepared: Prepared) -> Floats:
    return np.asarray(frame[name].iloc[prepared.row_numbers], dtype=float)


def check_monotone(name: str, ends: tuple[str, str], profile: TableProfile) -> None:
    """Hold a monotone instrument against the table, before anything is computed; `ends` are treatment and outcome.

    Raises
    ------
    UsageError
        If it is one of the ends, or holds words.
    """
    if name in ends:
        raise UsageError(
            f"{shown(name)} cannot be a monotone instrument: it is the treatment or the outcome itself",
            reason="What rises with a monotone instrument is the outcome that units would have, given one treatment.",
            advice="Name another column with --monotone-instrument.",
        )
    column = profile.column(name)
    if column is None or not column.numeric:
        raise UsageError(
            f"{shown(name)} cannot be a monotone instrument: it holds words",
            reason="What rises with a monotone instrument must have an order.",
            advice="Name a column of numbers with --monotone-instrument, or write the order as numbers.",
        )


def with_proximal(plan: EffectPlan, analysis: Analysis, graph: CausalGraph, table: Table, design: Design) -> Analysis:
    """Add the estimate by negative controls of both kinds.

    Parameters
    ----------
    plan
        With negative controls and exposures in its wishes.
    analysis
        As far as it is.
    graph
        The accepted one: it says what is measured before the treatment and may be adjusted for.
    table, design
        As for the headline.
    """
    outcomes, exposures = plan.wishes.negative_controls, plan.wishes.negative_exposures
    chosen = analysis.chosen
    if chosen is not None and chosen.strategy is Strategy.BACKDOOR:
        held = tuple(name for name in chosen.used if name not in {*outcomes, *exposures})
    else:
        held = _before_the_treatment(graph, design, {*outcomes, *exposures})
    wide = replace(
        design,
        strategy=Strategy.IV,
        adjustment=held,
        instruments=exposures,
        mediators=(),
        by=None,
        negative_controls=outcomes,
    )
    frame = table.frame(wide.columns)
    try:
        prepared = prepare(frame, table.profile, wide, seed=_seed(plan, _PREPARE))
        kept = [name for name in outcomes if name in prepared.negative_controls]
        columns = np.column_stack([prepared.negative_controls[name] for name in kept])
        problem = prepared.problem
        found = proximal(problem, problem.instruments, columns, problem.instrument_of, tuple(kept), unit=prepared.unit)
    except EstimationError as error:
        text = f"There is no estimate by negative controls of both kinds: {error.message}. {error.reason or ''}"
        return _left_out(analysis, "proximal_left_out", text.strip())
    update: dict[str, object] = {"proximal": found}
    if not analysis.contrast:
        update |= {"contrast": prepared.contrast.text, "contrast_reason": prepared.contrast.reason}
    return analysis.model_copy(update=update)


def _before_the_treatment(graph: CausalGraph, design: Design, controls: set[str]) -> Names:
    """List the measured causes of either end that the treatment does not affect."""
    ends = (design.treatment, design.outcome)
    causes = graph.ancestors(ends) - graph.descendants((design.treatment,)) - graph.latent - controls - set(ends)
    return tuple(sorted(causes - graph.descendants((design.outcome,))))


def check_exposures(
    exposures: Sequence[str], outcomes: Sequence[str], ends: tuple[str, str], graph: CausalGraph
) -> None:
    """Hold negative control exposures against the graph; `ends` are treatment and outcome.

    Raises
    ------
    UsageError
        If one is treatment, outcome or a negative control outcome, affects the outcome under the graph, or if no
        negative control outcome is named beside them.
    """
    if exposures and not outcomes:
        raise UsageError(
            "negative control exposures need negative control outcomes beside them",
            reason="Proximal estimation corrects the one by the other.",
            advice="Name at least one with --negative-control.",
        )
    for name in exposures:
        if name in {*ends, *outcomes}:
            raise UsageError(
                f"{shown(name)} cannot be a negative control exposure: it has another part already",
                advice="Name another column with --negative-exposure.",
            )
        if ends[1] in _reached_past(graph, name, ends[0]):
            raise UsageError(
                f"{shown(name)} cannot be a negative control exposure: under the graph it affects the outcome, and not "
                "through the treatment alone",
                reason="What such an exposure has to do with the outcome is its own doing and shows no hidden cause.",
                advice="Name a column that cannot affect the outcome, or mend the graph.",
            )


def _reached_past(graph: CausalGraph, start: str, blocked: str) -> set[str]:
    """Collect what arrows lead to from a node, not counting those that leave another one."""
    reached, open_ends = {start}, [start]
    while open_ends:
        node = open_ends.pop()
        new = set() if node == blocked else set(graph.children_of.get(node, ())) - reached
        reached |= new
        open_ends += new
    return reached


def _seed(plan: EffectPlan, branch: int) -> SeedSequence:
    return SeedSequence(plan.seed, spawn_key=(branch,))


def _left_out(analysis: Analysis, code: str, text: str) -> Analysis:
    notice = Notice(code=code, message=text, level=Level.INFO)
    return analysis.model_copy(update={"notices": (*analysis.notices, notice)})
