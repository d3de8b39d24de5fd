"""An analysis as a notebook that redoes it with DoWhy, pandas and statsmodels alone."""

from __future__ import annotations

from typing import Any

from copilot.domain.analysis import Analysis
from copilot.domain.effects import Estimate, Target
from copilot.domain.identification.values import Strategy
from copilot.report import notebook_code as code
from copilot.report.notebook_graph import DrawnGraph, draw
from copilot.report.notebook_source import NotebookNumbers, NotebookSource
from copilot.report.notebook_text import markdown, named

_REDONE = frozenset({"linear_regression", "two_stage_least_squares", "front_door"})
_NO_NUMBER = "No effect was estimated, so there is no number to redo: this notebook shows the identification alone."

Cells = list[tuple[str, str]]
"""Kind and text: ``"markdown"`` or ``"code"``."""


def notebook(analysis: Analysis, source: NotebookSource) -> dict[str, Any]:
    """Write an analysis as a notebook.

    Parameters
    ----------
    analysis
        What was computed.
    source
        How the table was read and made into numbers.

    Returns
    -------
    dict
        Of nbformat 4.5, the same for the same analysis. Run from top to bottom it fails if it does not reach the
        headline, or the number that is said to stand for it, to a relative difference of 1e-8.
    """
    ends = (analysis.query.treatment or "", analysis.query.outcome or "")
    graph = draw(analysis, [column.name for column in source.file.columns])
    cells: Cells = [("markdown", _title(analysis, ends)), ("code", _imports(source))]
    cells += [
        ("markdown", "## The table"),
        ("code", code.check_cell(source.file)),
        ("code", code.read_cell(source.file, graph.short)),
    ]
    numbers = source.numbers
    if numbers is None:
        cells += [*_identification(graph, ends, numbers=False), ("markdown", f"## No number\n\n{_NO_NUMBER}")]
    else:
        cells += _numbers(analysis, source, graph, ends, numbers)
    cells.append(("markdown", _left_out(analysis)))
    return {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _numbers(
    analysis: Analysis, source: NotebookSource, graph: DrawnGraph, ends: tuple[str, str], numbers: NotebookNumbers
) -> Cells:
    """Redo the preparation, the identification and the number."""
    short = graph.short
    cells: Cells = [
        ("markdown", "Cells become numbers, dates and levels as in the analysis."),
        ("code", code.forms_cell(source.file, short)),
        ("markdown", f"## The rows and columns that are used\n\n{_rows_text(analysis, numbers)}"),
        ("code", code.rows_cell(numbers, ends, short)),
        ("code", code.encode_cell(numbers, short)),
        ("code", code.ends_cell(numbers)),
        *_identification(graph, ends, numbers=True),
    ]
    estimator, expected, words = _what_is_redone(analysis, numbers)
    cells += [
        ("markdown", f"## The number\n\n{words}"),
        ("code", _estimate_cell(analysis, estimator, numbers, graph, ends)),
    ]
    if expected is None:
        cells.append(("markdown", "Nothing is compared here, because no reported number was made in this way."))
    else:
        what = "the headline" if _is_headline(analysis, estimator, numbers) else "the linear regression beside it"
        cells += [("code", code.compare_cell(expected, what)), ("code", code.last_cell())]
    if estimator == "linear_regression" and numbers.weights is None:
        text = (
            "## Going on\n\nTwo of DoWhy's refuters, with few simulations. They find broken code and unstable "
            "estimates; about hidden causes they say nothing."
        )
        cells += [("markdown", text), ("code", code.refute_cell())]
    return cells


def _identification(graph: DrawnGraph, ends: tuple[str, str], *, numbers: bool) -> Cells:
    head = "## The graph, and what it identifies"
    if not graph.why_not:
        text = (
            "The causes of treatment and outcome in the accepted graph; a double-headed edge is a hidden common "
            "cause, `u1` and so on. Columns have short names, which DoWhy needs."
        )
        cell = code.identify_cell(graph, ends, numbers=numbers)
        return [("markdown", f"{head}\n\n{text}"), ("code", cell)]
    cells: Cells = [("markdown", f"{head}\n\nDoWhy is not asked to identify the effect here: {graph.why_not}.")]
    if numbers:
        cells.append(("code", code.frame_cell()))
    return cells


def _is_headline(analysis: Analysis, estimator: str, numbers: NotebookNumbers) -> bool:
    headline = analysis.headline
    return headline is not None and headline.estimator == estimator and not numbers.imputed


def _what_is_redone(analysis: Analysis, numbers: NotebookNumbers) -> tuple[str, float | None, str]:
    """Give the estimator that is redone, the number to reach, and what is said of both."""
    headline = analysis.headline
    if headline is None:
        return "linear_regression", None, _NO_NUMBER
    estimator = headline.estimator if headline.estimator in _REDONE else "linear_regression"
    told = f"The headline is {headline.value:.6g}, by {_words(headline)}."
    if numbers.imputed:
        more = (
            "It pools several imputations of missing cells, which are drawn at random and not redone here. "
            "The number below rests on complete rows alone, and need not be the same."
        )
        return estimator, None, f"{told} {more}"
    if headline.estimator == estimator:
        if estimator == "two_stage_least_squares" and numbers.covariates:
            told += " DoWhy does not look for instruments that are valid only given covariates, so it may name none."
        return estimator, headline.value, told
    beside = (
        f"{told} That estimator is not redone here. The number below is the linear regression on the same rows and "
        "columns, and is compared with the one that the analysis made so."
    )
    return estimator, numbers.beside, beside


def _words(estimate: Estimate) -> str:
    return markdown(estimate.estimator.replace("_", " "))


def _estimate_cell(
    analysis: Analysis, estimator: str, numbers: NotebookNumbers, graph: DrawnGraph, ends: tuple[str, str]
) -> str:
    headline = analysis.headline
    if estimator == "two_stage_least_squares":
        return code.instrument_cell(numbers, graph.short, asked=not graph.why_not)
    if estimator == "front_door":
        cells = headline is not None and "cells" in headline.diagnostics
        treated = headline is not None and headline.target is Target.ATT
        return code.front_door_cell(numbers, graph.short, cells=cells, treated=treated)
    if numbers.weights is not None:
        return code.weighted_cell(graph.short, numbers.weights)
    return code.regression_cell(graph.short, ends, numbers.covariates)


def _title(analysis: Analysis, ends: tuple[str, str]) -> str:
    headline, verdict = analysis.headline, analysis.verdict
    parts = [f"# Effect of {named(ends[0])} on {named(ends[1])}"]
    if headline is not None:
        span = "" if headline.interval is None else f", 95 % interval {headline.interval[0]:.4g} to "
        span += "" if headline.interval is None else f"{headline.interval[1]:.4g}"
        parts.append(f"**{headline.value:.4g}** ({markdown(analysis.unit)}{span})")
    if verdict is not None:
        parts.append(markdown(verdict.text))
        parts += [f"- {markdown(doubt)}" for doubt in verdict.doubts]
    chosen = analysis.chosen
    if chosen is not None:
        parts.append(_design_text(analysis))
    parts.append(
        "This notebook redoes the number with plain calls of DoWhy, pandas and statsmodels. Run it from top to bottom: "
        "where a number is compared, it stops with an error if it does not come out the same."
    )
    return "\n\n".join(parts)


def _design_text(analysis: Analysis) -> str:
    chosen = analysis.chosen
    if chosen is None:
        return ""
    says = {Strategy.BACKDOOR: "adjustment", Strategy.IV: "instruments", Strategy.FRONTDOOR: "the front door"}
    text = f"Identified by {says.get(chosen.strategy, markdown(chosen.strategy.value))}."
    for label, names in (
        ("Adjusted for", chosen.used),
        ("Instruments", chosen.instruments),
        ("Mediators", chosen.mediators),
    ):
        if names:
            text += f" {label}: {', '.join(map(named, names))}."
    return text


def _rows_text(analysis: Analysis, numbers: NotebookNumbers) -> str:
    text = f"The analysis used {numbers.rows:,} of {analysis.rows_read:,} rows"
    if numbers.imputed:
        return f"{text}, with imputed cells; here rows with a missing cell are left out."
    return f"{text}. {markdown(analysis.contrast_reason)}".rstrip()


def _imports(source: NotebookSource) -> str:
    pins = " ".join(f"{name}=={version}" for name, version in source.versions)
    imports = code.fixed_cell("imports")
    return f"# %pip install {pins}\n{imports}" if pins else imports


def _left_out(analysis: Analysis) -> str:
    parts = ["standard errors and intervals, which hold under unequal variances where DoWhy's do not"]
    if len(analysis.estimates) > 1:
        parts.append("the other estimates")
    if analysis.refutations:
        parts.append("the other refuters, negative controls and implied independences")
    if analysis.sensitivity is not None:
        parts.append("how strong a hidden cause would have to be")
    if analysis.bounds or analysis.proximal is not None:
        parts.append("bounds, and estimates by negative controls")
    if analysis.many_graphs is not None:
        parts.append("the effect under other plausible graphs")
    parts.append("how the graph came about and who accepted it")
    return "## What this notebook leaves out\n\n" + "\n".join(f"- {part}" for part in parts)


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number:02d}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return {**cell, "source": text.splitlines(keepends=True)}
