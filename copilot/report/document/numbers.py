"""The sections with the numbers: estimators, refuters, overlap, sensitivity, negative controls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from copilot.domain.effects import Estimate, OverlapShares, Question, Refutation, Status
from copilot.domain.numbers import interval, number
from copilot.domain.text import clean, shown
from copilot.report.document.blocks import Block, Grid, Paragraph, Picture, Section
from copilot.report.document.source import Source
from copilot.report.effect_screen import QUESTIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEGATIVE = "negative_control"
_LEAST_P = 0.001
_WORDS = {Status.PASSED: "passed", Status.FAILED: "FAILED", Status.INCONCLUSIVE: "cannot tell"}
_AT_ZERO = frozenset({"placebo_treatment", "dummy_outcome"})
"""Refuters whose draws should lie around zero; those of the others should lie around the estimate."""


def estimates_section(source: Source) -> Section | None:
    """Lay the estimators side by side."""
    analysis = source.analysis
    estimates = analysis.estimates
    if not estimates:
        return None
    headline = analysis.headline
    described = "; ".join(f"{one.estimator} {number(one.value)} ({interval(one.interval)})" for one in estimates)
    picture = Picture(
        "estimates-forest",
        "All estimates with their intervals",
        f"Points with intervals, one row each: {described}.",
        partial(_forest, estimates, analysis.unit),
    )
    head = ("estimator", "of whom", "effect", "95 % interval", "p", "rows", "standard error from")
    rows = tuple(_estimate(one) for one in estimates)
    strong = frozenset(place for place, one in enumerate(estimates) if one is headline)
    grid = Grid(f"In units of {clean(analysis.unit)}.", head, rows, frozenset({2, 3, 4, 5}), strong)
    notes = [Paragraph(clean(note), label=one.estimator, quiet=True) for one in estimates for note in one.notes]
    blocks: list[Block] = [Paragraph(clean(analysis.choice_reason)), picture, grid]
    if analysis.reference is not None:
        blocks.append(Paragraph(clean(analysis.reference.message), label="DoWhy"))
    return Section("estimates", "Estimates", blocks, notes, "Notes on the estimators")


def _forest(estimates: Sequence[Estimate], unit: str) -> Figure:
    from copilot.report.pictures.forest import forest

    return forest(estimates, unit=unit)


def _estimate(one: Estimate) -> tuple[str, ...]:
    ratio = f"; risk ratio {number(one.risk_ratio.value)}" if one.risk_ratio is not None else ""
    name = f"{one.estimator}{f', {shown(one.group)}' if one.group else ''}{f' ({one.role})' if one.role else ''}"
    p = "" if one.p_value is None else ("< 0.001" if one.p_value < _LEAST_P else f"{one.p_value:.3f}")
    return (name, one.target.value, f"{number(one.value)}{ratio}", interval(one.interval), p, f"{one.n:,}", one.errors)


def refutations_section(source: Source) -> Section | None:
    """Say what was tried to show the estimate wrong; the two questions are kept apart."""
    analysis = source.analysis
    if not analysis.refutations:
        return None
    blocks: list[Block] = [
        Paragraph(
            "Two questions that must not be mixed: whether the computation is sound, and whether a hidden cause could "
            "explain the result. A test that cannot tell has not passed."
        )
    ]
    for question in Question:
        mine = [one for one in analysis.refutations if one.question is question]
        if mine:
            rows = tuple((_name(one), _WORDS[one.status], clean(one.message), clean(one.blind_spot)) for one in mine)
            strong = frozenset(place for place, one in enumerate(mine) if one.status is Status.FAILED)
            head = ("refuter", "result", "what was tried and what came", "what it cannot see")
            blocks.append(Grid(QUESTIONS[question], head, rows, strong=strong))
    value = None if analysis.headline is None else analysis.headline.value
    drawn = [one for one in analysis.refutations if one.draws]
    pictures = [_draws(place, one, value, analysis.unit) for place, one in enumerate(drawn)]
    return Section("refuters", "Attempts to show it wrong", blocks, pictures, "The simulated values, drawn")


def _name(one: Refutation) -> str:
    return f"{one.refuter}{f': {shown(one.subject)}' if one.subject else ''}"


def _draws(place: int, one: Refutation, estimate: float | None, unit: str) -> Picture:
    expected = 0.0 if one.refuter in _AT_ZERO else None
    described = f"{len(one.draws)} simulated values from {number(min(one.draws))} to {number(max(one.draws))}. "
    return Picture(
        f"draws-{place}",
        f"Simulated values of {one.refuter}",
        described + clean(one.message),
        partial(_histogram, one, estimate, expected, unit),
    )


def _histogram(one: Refutation, estimate: float | None, expected: float | None, unit: str) -> Figure:
    from copilot.report.pictures.refuters import refutation_draws

    return refutation_draws(one, estimate=estimate, expected=expected, unit=unit)


def overlap_section(source: Source) -> Section | None:
    """Show whether comparable rows exist in both arms."""
    shares = source.analysis.overlap
    if shares is None:
        return None
    told = next((one.message for one in source.analysis.refutations if one.refuter == "overlap"), "")
    picture = Picture(
        "overlap-scores",
        "Propensity scores of the two arms",
        f"Shares of rows by propensity score, with the treatment above and without it below the line. {clean(told)}",
        partial(_overlap, shares),
    )
    lead = "Rows can be compared only where both arms have some: the chance of treatment given the adjustment set."
    return Section("overlap", "Overlap", [Paragraph(lead), picture, Paragraph(clean(told))])


def _overlap(shares: OverlapShares) -> Figure:
    from copilot.report.pictures import overlap

    scores = overlap.Overlap(edges=shares.edges, treated=shares.treated, control=shares.control, bounds=shares.bounds)
    return overlap.overlap(scores)


def sensitivity_section(source: Source) -> Section | None:
    """Show how strong a hidden cause would have to be."""
    analysis = source.analysis
    found = analysis.sensitivity
    if found is None:
        return None
    lead = (
        f"A hidden common cause would have to explain {number(100 * found.robustness_value, 3)} % of what is left of "
        "both treatment and outcome to bring the estimate to zero, and "
        f"{number(100 * found.robustness_value_alpha, 3)} % to bring its interval to touch zero (Cinelli & Hazlett "
        "2020). Whether such a cause exists, no data can show."
    )
    blocks: list[Block] = [Paragraph(lead)]
    if found.e_value is not None:
        limit = "" if found.e_value_interval is None else f", and {number(found.e_value_interval)} for its interval"
        blocks.append(Paragraph(f"E-value {number(found.e_value)} for the estimate{limit} (VanderWeele & Ding 2017)."))
    if found.estimate is not None:

        def draw() -> Figure:
            from copilot.report.pictures.sensitivity import sensitivity_map

            return sensitivity_map(found)

        blocks.append(
            Picture(
                "sensitivity-map",
                "How strong a hidden cause would have to be",
                "Partial R² with the treatment across and with the outcome up; on the curve the estimate is zero. "
                + lead,
                draw,
            )
        )
    if found.benchmarks:
        head = ("as strong as", "R² with treatment", "R² with outcome", "estimate then", "95 % interval")
        rows = tuple(
            (
                f"{shown(one.variable)}, {number(one.k)} times",
                number(one.r2_treatment, 2),
                number(one.r2_outcome, 2),
                number(one.value),
                interval(one.interval),
            )
            for one in found.benchmarks
        )
        blocks.append(Grid("Beside the causes that were measured.", head, rows, frozenset({1, 2, 3, 4})))
    return Section(
        "sensitivity", "A hidden cause", blocks, [Paragraph(clean(note), quiet=True) for note in found.notes]
    )


def controls_section(source: Source) -> Section | None:
    """Show what the analysis finds where there is nothing to be found."""
    analysis = source.analysis
    controls = [one for one in analysis.refutations if one.refuter == _NEGATIVE]
    blocks: list[Block] = []
    if controls:
        head = ("outcome", "result", "effect found", "interval", "what it means")
        rows = tuple(
            (shown(one.subject), _WORDS[one.status], number(one.value), interval(one.interval), clean(one.message))
            for one in controls
        )
        caption = "Outcomes that the treatment cannot affect, put through the same analysis: nothing should be found."
        blocks.append(Grid(caption, head, rows, frozenset({2, 3})))
    if analysis.proximal is not None:
        one = analysis.proximal
        blocks.append(
            Paragraph(
                f"With negative controls of both kinds the estimate is {number(one.value)} ({interval(one.interval)}). "
                f"{' '.join(map(clean, one.notes))}",
                label="Proximal estimation",
            )
        )
    return Section("controls", "Negative controls", blocks) if blocks else None
