"""An analysis on one screen: the question, why this set, the headline, estimators, refuters, and what to doubt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rich.table import Table
from rich.text import Text

from copilot.domain.analysis import Analysis, Standing
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.text import clean, one_line, shown
from copilot.report.graph_file import acceptance

QUESTIONS = {
    Question.SOUNDNESS: "Is the computation sound?",
    Question.HIDDEN_CAUSE: "Could a hidden cause explain it?",
}
_STYLE = {Status.PASSED: "green", Status.FAILED: "bold red", Status.INCONCLUSIVE: "yellow"}
_WORD = {Status.PASSED: "passed", Status.FAILED: "FAILED", Status.INCONCLUSIVE: "cannot tell"}
_STANDING = {
    Standing.HOLDS_UP: "green",
    Standing.IN_DOUBT: "bold red",
    Standing.UNSOUND: "bold red",
}
_LONGEST_SET = 8
_ROLES = frozenset({"headline", "second opinion"})
_WHOLE = frozenset({"estimator", "target", "effect", "95 % interval", "rows"})


def question_lines(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Give the head of the summary: label and text."""
    query = analysis.query
    contrast = f" ({analysis.contrast})" if analysis.contrast else ""
    yield "Question", f"What is the effect of {shown(query.treatment or '')}{contrast} on {shown(query.outcome or '')}?"
    said = acceptance(analysis.review)
    yield (
        "Graph",
        (
            f"{analysis.graph_source}, {len(analysis.review.graph.edges)} edges, {said}, "
            f"content {analysis.review.graph.content_hash[:12]}"
        ),
    )
    chosen = analysis.chosen
    if chosen is None:
        return
    if chosen.strategy is Strategy.BACKDOOR:
        left = "; ".join(f"{shown(one.name)} left out: {one.reason}" for one in chosen.left_out)
        yield "Adjusted for", f"{_set(chosen.used)}{f' ({left})' if left else ''}: {chosen.reason}"
    else:
        label = "Instruments" if chosen.strategy is Strategy.IV else "Front door"
        given = f", given {_set(chosen.adjustment_set)}" if chosen.adjustment_set else ""
        yield label, f"{_set((*chosen.instruments, *chosen.mediators))}{given}: {chosen.reason}"
    if analysis.contrast_reason:
        yield "Direction", analysis.contrast_reason
    if analysis.rows_used and analysis.rows_used != analysis.rows_read:
        yield "Rows", f"{analysis.rows_used:,} of {analysis.rows_read:,} used"


def headline_text(analysis: Analysis) -> str:
    """Say the headline in one line; empty if there is none."""
    estimate = analysis.headline
    if estimate is None:
        return ""
    ratio = ""
    if estimate.risk_ratio is not None:
        within = f" ({interval(estimate.risk_ratio.interval)})" if estimate.risk_ratio.interval is not None else ""
        ratio = f"; risk ratio {number(estimate.risk_ratio.value)}{within}"
    bounds = f" (95 % interval {interval(estimate.interval)})" if estimate.interval is not None else ""
    return (
        f"{estimate.target} {number(estimate.value)}{bounds}{ratio}: {clean(estimate.unit)}, by {estimate.estimator}, "
        f"{estimate.n:,} rows"
    )


def estimates_table(estimates: Sequence[Estimate]) -> Table:
    """Lay the estimators side by side; the name says why each stands there."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grouped = any(estimate.group for estimate in estimates)
    for title in ("estimator", *(("group",) if grouped else ()), "target", "effect", "95 % interval", "errors", "rows"):
        right = title in {"effect", "rows"}
        justify: Literal["left", "right"] = "right" if right else "left"
        grid.add_column(title, justify=justify, overflow="fold", no_wrap=title in _WHOLE, min_width=len(title))
    for estimate in estimates:
        role = f" ({estimate.role})" if estimate.role in _ROLES else ""
        cells = [
            estimate.estimator + role,
            *((estimate.group,) if grouped else ()),
            estimate.target.value,
            number(estimate.value),
            interval(estimate.interval),
            estimate.errors,
            f"{estimate.n:,}",
        ]
        style = "bold" if estimate.headline else ""
        grid.add_row(*(Text(clean(cell), style=style) for cell in cells))
    return grid


def refutations_table(refutations: Sequence[Refutation], question: Question, *, full: bool = False) -> Table | None:
    """Lay the refuters of one question side by side; ``None`` if there are none.

    Parameters
    ----------
    refutations
        Of both questions.
    question
        The one that is drawn.
    full
        Also what was expected and what each cannot see.
    """
    ours = [one for one in refutations if one.question is question]
    if not ours:
        return None
    grid = Table(box=None, pad_edge=False, header_style="bold", title=QUESTIONS[question], title_justify="left")
    grid.title_style = "bold"
    for title in ("refuter", "verdict", *(("expected",) if full else ()), "came", *(("cannot see",) if full else ())):
        grid.add_column(title, overflow="fold", no_wrap=title == "verdict" or (title == "refuter" and not full))
    for one in ours:
        name = f"{one.refuter}: {one_line(shown(one.subject), 24)}" if one.subject else one.refuter
        cells = [Text(clean(name)), Text(_WORD[one.status], style=_STYLE[one.status])]
        cells += [Text(clean(one.expected))] if full else []
        cells += [Text(clean(one.observed or one.message))]
        cells += [Text(clean(one.blind_spot))] if full else []
        grid.add_row(*cells)
    return grid


def verdict_lines(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Give the verdict and the doubts: label, text and style of the label."""
    verdict = analysis.verdict
    if verdict is None:
        return
    yield "Verdict", verdict.text, _STANDING.get(verdict.standing, "bold yellow")
    for place, doubt in enumerate(verdict.doubts, start=1):
        yield f"Doubt {place}", doubt, "bold"


def _set(names: Sequence[str]) -> str:
    if not names:
        return "nothing"
    told = ", ".join(map(shown, names[:_LONGEST_SET]))
    return f"{told}, … ({len(names)} in all)" if len(names) > _LONGEST_SET else told
