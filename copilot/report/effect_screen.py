"""An analysis on one screen: the question, why this set, the headline, estimators, refuters, and what to doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from rich.table import Table
from rich.text import Text

from copilot.domain.analysis import Analysis, Chosen, Standing
from copilot.domain.bounds import Bound
from copilot.domain.effects import Question, Refutation, Status
from copilot.domain.identification.values import Strategy
from copilot.domain.numbers import interval, number
from copilot.domain.text import clean, one_line, shown
from copilot.report.brief import brief
from copilot.report.critique import critique_line
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
_LONGEST_SUBJECT = 24
_TOGETHER = 3
"""Tests of the computation that passed, from which on they share a line."""
_LEVEL = 0.95
_DOUBT = 152
"""Characters of a doubt: two lines of a narrow terminal, its label counted."""
_ONE_ERROR = re.compile(r"(?<![\d.,])1 standard errors")
_CERTAIN = re.compile(r", p = 1\b(?!\.)")


def question_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str]]:
    """Give the head of the summary: label and text.

    Parameters
    ----------
    analysis
        What was computed.
    full
        Also the whole path of the graph and the hash of its content.
    """
    query = analysis.query
    contrast = f" ({analysis.contrast})" if analysis.contrast else ""
    yield "Question", f"What is the effect of {shown(query.treatment or '')}{contrast} on {shown(query.outcome or '')}?"
    source, graph = analysis.graph_source, analysis.review.graph
    edges = f"{len(graph.edges)} edge{'s' if len(graph.edges) != 1 else ''}"
    content = f", content {graph.content_hash[:12]}" if full else ""
    yield "Graph", f"{source if full else PurePath(source).name}, {edges}, {acceptance(analysis.review)}{content}"
    doubtful = critique_line(analysis.findings)
    if doubtful:
        yield "Critique", doubtful
    if analysis.chosen is None:
        return
    yield _design(analysis.chosen)
    if analysis.contrast_reason:
        yield "Direction", analysis.contrast_reason
    if analysis.rows_used and analysis.rows_used != analysis.rows_read:
        yield "Rows", f"{analysis.rows_used:,} of {analysis.rows_read:,} used"


def _design(chosen: Chosen) -> tuple[str, str]:
    """Say how the effect is computed, and why so."""
    if chosen.strategy is Strategy.BACKDOOR:
        if not chosen.adjustment_set and not chosen.forced:
            return "Adjusted for", f"nothing ({chosen.reason.removeprefix('nothing need be adjusted for: ')})"
        left = "; ".join(f"{shown(one.name)} left out: {one.reason}" for one in chosen.left_out)
        return "Adjusted for", f"{_set(chosen.used)}{f' ({left})' if left else ''}: {chosen.reason}"
    label = "Instruments" if chosen.strategy is Strategy.IV else "Front door"
    label = label.removesuffix("s") if len(chosen.instruments) == 1 else label
    given = f", given {_set(chosen.adjustment_set)}" if chosen.adjustment_set else ""
    return label, f"{_set((*chosen.instruments, *chosen.mediators))}{given}: {chosen.reason}"


def headline_text(analysis: Analysis) -> str:
    """Say the headline and how it stands in one line; empty if there is none."""
    estimate = analysis.headline
    if estimate is None:
        return ""
    ratio = ""
    if estimate.risk_ratio is not None:
        within = f" ({interval(estimate.risk_ratio.interval)})" if estimate.risk_ratio.interval is not None else ""
        ratio = f", risk ratio {number(estimate.risk_ratio.value)}{within}"
    bounds = f" (95 % interval {interval(estimate.interval)})" if estimate.interval is not None else ""
    standing = "".join(f"; {one}" for one in _standing(analysis))
    return f"{estimate.target} {number(estimate.value)}{bounds}: {clean(estimate.unit)}{ratio}{standing}"


def _standing(analysis: Analysis) -> Iterator[str]:
    """Say in a few words what a script's user must know beside the number."""
    chosen, verdict = analysis.chosen, analysis.verdict
    if chosen is not None:
        if chosen.forced:
            yield "forced against the graph"
        missing = [shown(one.name) for one in chosen.left_out if one.needed]
        if missing:
            yield f"without {', '.join(missing)}, which the graph needs"
        if chosen.condition:
            yield f"only if {chosen.condition}"
    if verdict is None:
        return
    failed = dict.fromkeys(one.refuter for one in analysis.refutations if one.status is Status.FAILED)
    word = verdict.standing.value.replace("_", " ")
    yield f"{word}: {', '.join(failed)} failed" if failed else word


_EDGES_SHOWN = 8


def many_graphs_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str]]:
    """Say what becomes of the answer under other graphs, and on which edge most hangs."""
    many = analysis.many_graphs
    if many is None:
        return
    yield "Other graphs", many.message
    for edge in many.edges[: _EDGES_SHOWN if full else 1]:
        yield "Most hangs on" if edge is many.edges[0] else "Then on", edge.message


def bounds_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str]]:
    """Say between which limits the effect lies, the fewest assumptions first, and what negative controls make of it."""
    if analysis.proximal is not None:
        one = analysis.proximal
        from copilot.estimation.proximal import WEAK_F

        f = one.diagnostics.get("first_stage_F", WEAK_F)
        weak = (
            f"; the exposures are weak (F {number(f, 3)}), so its interval is not to be trusted" if f < WEAK_F else ""
        )
        yield (
            "Proximal",
            f"{number(one.value)} (95 % interval {interval(one.interval)}), by negative controls of both kinds{weak}.",
        )
    for bound in analysis.bounds:
        if full or _is_shown(bound):
            within = f", with sampling error {interval(bound.interval)}" if bound.interval is not None else ""
            given = f" If {' '.join(bound.assumptions)}" if full and bound.assumptions else ""
            yield "Bounds", f"{bound.title}: {interval((bound.low, bound.high))}{within}.{given}"
    hidden = sum(not _is_shown(bound) for bound in analysis.bounds)
    if hidden and not full:
        yield "Bounds", f"under {hidden} other sets of assumptions the sign stays open (-v shows them)."


def _is_shown(bound: Bound) -> bool:
    return not bound.assumptions or bound.tells_the_sign or bound.name == "balke_pearl"


def reference_line(analysis: Analysis, *, full: bool = False) -> str:
    """Say what DoWhy makes of it; in few words where it agrees."""
    told = analysis.reference
    if told is None:
        return ""
    if full:
        return told.message
    if not told.agrees or told.agrees_on_identification is False or told.ours is None:
        return brief(told.message)
    also = "identifies it alike and " if told.agrees_on_identification else ""
    if told.rows < analysis.rows_used:
        drawn = f"on {told.rows:,} rows drawn at random both give {number(told.ours)}"
        return f"DoWhy {told.dowhy_version} {also}computes the same: {drawn}."
    return f"DoWhy {told.dowhy_version} {also}gives the same estimate, {number(told.ours)}."


def refutations_table(
    refutations: Sequence[Refutation], question: Question, width: int, *, full: bool = False
) -> Table | None:
    """Lay the refuters of one question side by side; ``None`` if there are none.

    Parameters
    ----------
    refutations
        Of both questions.
    question
        The one that is drawn. Tests of the computation that passed are named together: their numbers tell nothing new,
        while those of a hidden cause say how strong it would have to be.
    width
        Cells of the screen; what passed is cut to one line of it.
    full
        Nothing is cut or joined; also what was expected and what each cannot see.
    """
    asked = [one for one in refutations if one.question is question]
    if not asked:
        return None
    quiet = [one for one in asked if one.status is Status.PASSED] if _are_joined(asked, full=full) else []
    ours = [one for one in asked if one not in quiet]
    controls = sum(one.refuter == "negative_control" for one in ours)
    names = [clean(_named(one)) for one in ours]
    room = width - max(map(len, names), default=0) - max(len(_WORD[one.status]) for one in asked) - 4
    grid = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=QUESTIONS[question],
        title_justify="left",
        show_header=full,
    )
    grid.title_style = "bold"
    for title in ("refuter", "verdict", *(("expected",) if full else ()), "came", *(("cannot see",) if full else ())):
        grid.add_column(title, overflow="fold", no_wrap=title == "verdict" or (title == "refuter" and not full))
    for one, name in zip(ours, names, strict=True):
        came = clean(_came(one, controls))
        short = came if full or one.status is Status.FAILED else _short(came, max(room, _LONGEST_SUBJECT))
        cells = [Text(name), Text(_WORD[one.status], style=_STYLE[one.status])]
        cells += [Text(clean(one.expected))] if full else []
        cells += [Text(short)]
        cells += [Text(clean(one.blind_spot))] if full else []
        grid.add_row(*cells)
    if quiet:
        which = f"the other {len(quiet)}" if ours else f"all {len(quiet)}"
        together = ", ".join(clean(_named(one)) for one in quiet)
        grid.add_row(Text(which), Text(_WORD[Status.PASSED], style=_STYLE[Status.PASSED]), Text(together))
    return grid


def _are_joined(asked: Sequence[Refutation], *, full: bool) -> bool:
    passed = sum(one.status is Status.PASSED for one in asked)
    return not full and passed >= _TOGETHER and asked[0].question is Question.SOUNDNESS


def _named(one: Refutation) -> str:
    return f"{one.refuter}: {one_line(shown(one.subject), _LONGEST_SUBJECT)}" if one.subject else one.refuter


def _short(came: str, room: int) -> str:
    """Bring what came to one line."""
    return came if len(came) <= room else brief(came.replace("standard errors", "std. errors"), room)


def _came(one: Refutation, controls: int) -> str:
    """Say what came, with the level of an interval that is not of 95 %, and no p-value of 1."""
    came = _CERTAIN.sub(", as expected", one.observed or one.message)
    came = _ONE_ERROR.sub("1 standard error", came)
    if one.refuter == "negative_control" and controls > 1 and one.interval is not None:
        bounds, level = interval(one.interval), number(100 * (1 - (1 - _LEVEL) / controls))
        came = came.replace(f"({bounds})", f"({level} % interval {bounds})")
    return came


def verdict_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str, str]]:
    """Give the verdict and the doubts: label, text and style of the label; long doubts are cut unless `full`."""
    verdict = analysis.verdict
    if verdict is None:
        return
    yield "Verdict", verdict.text, _STANDING.get(verdict.standing, "bold yellow")
    for place, doubt in enumerate(verdict.doubts, start=1):
        yield f"Doubt {place}", doubt if full else brief(doubt, _DOUBT), "bold"


def closing_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str, str]]:
    """Give what stands below the tables: other graphs, DoWhy, verdict, doubts; label, text and style of the label."""
    yield from ((label, text, "bold") for label, text in bounds_lines(analysis, full=full))
    yield from ((label, text, "bold") for label, text in many_graphs_lines(analysis, full=full))
    if analysis.reference is not None:
        yield "Reference", reference_line(analysis, full=full), "bold"
    yield from verdict_lines(analysis, full=full)
    yield from interpretation_lines(analysis, full=full)


def interpretation_lines(analysis: Analysis, *, full: bool = False) -> Iterator[tuple[str, str, str]]:
    """Give the results in plain words, and where the words come from: label, text and style of the label."""
    told = analysis.interpretation
    if told is None:
        return
    if not told.sentences:
        yield "In plain words", told.note, "bold"
    else:
        yield "In plain words", clean(" ".join(told.sentences)), "bold"
        yield "Written by", f"{clean(told.source)}, checked against the numbers; {told.standing}", "bold"
    if full:
        yield from (("Dropped", clean(text), "bold") for text in told.dropped_lines())


def _set(names: Sequence[str]) -> str:
    if not names:
        return "nothing"
    told = ", ".join(map(shown, names[:_LONGEST_SET]))
    return f"{told}, … ({len(names)} in all)" if len(names) > _LONGEST_SET else told
