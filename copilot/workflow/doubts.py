"""What is most worth doubting about an analysis, the gravest first, each thing once."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.checks.implied import NAME as IMPLIED
from copilot.domain.analysis import Analysis
from copilot.domain.effects import Estimate, Question, Refutation, Status
from copilot.domain.findings import FindingKind, Severity
from copilot.domain.identification.values import Strategy
from copilot.domain.many_graphs import GraphSource
from copilot.domain.notice import Level, Notice
from copilot.domain.numbers import interval, number
from copilot.domain.review import ACCEPTED_AS_FILE, Approval
from copilot.domain.text import shown
from copilot.workflow.open_directions import answers

HIDDEN = "unobserved_common_cause"
_SECOND, _ROLE = "second_opinion", "second opinion"
_ROWS = "rows"
_MANY_DROPPED = 0.1
_HARMLESS = frozenset({"collinear", "constant_left_out"})
"""Warnings of what changes no estimate."""
_NO_ESTIMATE = "estimator_failed"
_LEAK, _COPY = "leak_outcome", "outcome_copies_treatment"
"""Warnings that a column is the outcome in other words; where it was left out, others may be so too."""

_UNTRIED = frozenset({FindingKind.REVERSED_EDGE, FindingKind.AGAINST_TIME})
"""Findings about the graph that no refuter speaks of."""

Doubt = tuple[str, str]
"""What it is about, under which it is said once, and the sentence."""


def doubts(analysis: Analysis) -> tuple[str, ...]:
    """List what is doubtful: what speaks against the analysis, then the data, then what it rests on.

    Of each refuter, and of each column that is warned of, the gravest sentence alone is kept; a test that had nothing
    to try is none.
    """
    said: dict[str, str] = {}
    for about, sentence in _ranked(analysis):
        said.setdefault(about, sentence)
    return tuple(dict.fromkeys(said.values()))


def _ranked(analysis: Analysis) -> Iterator[Doubt]:
    if _most_disagree(analysis):
        yield from _pivotal(analysis)
    yield from _against(analysis)
    yield from _of_the_numbers(analysis)
    warned = [one for one in analysis.notices if one.level is Level.WARNING and one.code not in _HARMLESS]
    yield from ((_about(one), one.message) for one in warned if one.code != _NO_ESTIMATE)
    unclear = [one for one in analysis.refutations if one.status is Status.INCONCLUSIVE and not _idle(one)]
    yield from ((one.refuter, one.message) for one in unclear if one.question is Question.SOUNDNESS)
    # that others beside the headline gave none tells less than the test that says why, and the first of them is enough
    yield from ((_NO_ESTIMATE, one.message) for one in warned if one.code == _NO_ESTIMATE)
    yield from _pivotal(analysis)
    yield from _rests_on(analysis)
    told = [one for one in unclear if one.question is Question.HIDDEN_CAUSE and one.refuter != HIDDEN]
    yield from ((one.refuter, one.message) for one in told)


def _about(notice: Notice) -> str:
    """Give what a warning is about."""
    if notice.code == "rows_dropped":
        return _ROWS
    return _column(notice.subject) if notice.subject else notice.message


def _idle(one: Refutation) -> bool:
    """Whether a test had nothing to try, so that its silence is no doubt."""
    if one.refuter == IMPLIED:
        return one.details.get("tested", 0.0) == 0
    return one.value is None and not one.simulations and not one.details


def _against(analysis: Analysis) -> Iterator[Doubt]:
    """Say what speaks against this analysis."""
    chosen = analysis.chosen
    if chosen is not None:
        for gone in chosen.left_out:
            if gone.needed:
                said = (
                    f"Under the graph {shown(gone.name)} must be adjusted for, and it was left out ({gone.reason}): "
                    "either the graph is wrong about it, or these columns do not give the effect."
                )
                yield _column(gone.name), said
    # the refuter of leaks says the same of a treatment
    yield from (("leaks", one.message) for one in analysis.notices if one.code == _COPY)
    yield from ((_column(one.subject), one.message) for one in analysis.notices if one.code == _LEAK)
    if chosen is not None:
        if chosen.forced:
            yield "forced", f"The adjustment set was forced against the graph: {' '.join(chosen.objections)}"
        if chosen.condition:
            told = answers(analysis.review.graph, analysis.identification)
            yield "condition", f"The graph leaves directions open on which the answer hangs: {told}."
    yield from (
        (f"finding {one.subject}", one.message)
        for one in analysis.findings
        if one.severity is Severity.HIGH and one.kind in _UNTRIED
    )
    failed = [one for one in analysis.refutations if one.status is Status.FAILED]
    for one in sorted(failed, key=lambda one: one.question is Question.HIDDEN_CAUSE):
        yield one.refuter, one.message
    if analysis.reference is not None and analysis.reference.agrees is False:
        yield "reference", analysis.reference.message
    review = analysis.review
    given = review.approved_by == ACCEPTED_AS_FILE
    if review.approval is Approval.UNSEEN or (given and not review.complete and review.reviewer is None):
        how = "its file says that it was not reviewed" if given else "--yes accepted it"
        yield "graph", f"Nobody has looked at the graph: {how}. Each arrow that it leaves out is an assumption."
    yield from ((one, one) for one in analysis.suspected)
    yield from ((_column(one.subject), one.message) for one in analysis.notices if one.code == "reversed")


def _column(name: str) -> str:
    return f"column {name}"


def _of_the_numbers(analysis: Analysis) -> Iterator[Doubt]:
    """Say what makes the headline less sure than it looks."""
    headline = analysis.headline
    if headline is None:
        return
    # rows of a level that the contrast does not name are left out because the question is not about them
    asked = analysis.rows_read - sum(one.count for one in analysis.notices if one.code == "rows_outside_contrast")
    if analysis.rows_used < (1 - _MANY_DROPPED) * asked:
        dropped = asked - analysis.rows_used
        yield _ROWS, f"{dropped:,} of {asked:,} rows were left out; those that are left may differ from them."
    if headline.strategy is Strategy.IV:
        yield from _weakness(headline)
    yield from _spread(analysis, headline)


def _weakness(headline: Estimate) -> Iterator[Doubt]:
    from copilot.estimation.estimators.two_stage_least_squares import WEAK_EFFECTIVE_F, WEAK_F

    found = headline.diagnostics
    effective, first = found.get("effective_F"), found.get("first_stage_F")
    if effective is not None and effective < WEAK_EFFECTIVE_F:
        strength = f"the effective F is {number(effective, 3)}, below {WEAK_EFFECTIVE_F:g}"
    elif first is not None and first < WEAK_F:
        strength = f"the first-stage F is {number(first, 3)}, below {WEAK_F:g}"
    else:
        return
    said = "has no end on at least one side, or is empty"
    if "ar_low" in found and "ar_high" in found:
        said = f"is {interval((found['ar_low'], found['ar_high']))}"
    yield (
        "weak",
        (
            f"The instruments may be weak: {strength}. The Anderson-Rubin interval, right however weak they are, {said}"
            f"{f', beside {interval(headline.interval)}' if headline.interval is not None else ''}."
        ),
    )


def _spread(analysis: Analysis, headline: Estimate) -> Iterator[Doubt]:
    """Say where other estimators of the same effect would be read differently."""
    if headline.interval is None:
        return
    low, high = headline.interval
    failed = {one.refuter for one in analysis.refutations if one.status is Status.FAILED}
    differing = []
    for one in analysis.estimates:
        if one.headline or one.group or one.interval is None or one.target is not headline.target:
            continue
        if one.role == _ROLE and _SECOND in failed:
            continue  # said already
        holds_zero = one.interval[0] <= 0 <= one.interval[1]
        turned = one.value * headline.value < 0 and not (holds_zero and low <= 0 <= high)
        beyond = one.role == _ROLE and not low <= one.value <= high
        if turned or holds_zero != (low <= 0 <= high) or beyond:
            differing.append(one)
    if not differing:
        return
    told = ", ".join(f"{one.estimator} {number(one.value)} ({interval(one.interval)})" for one in differing)
    told_of_second = any(one.role == _ROLE for one in differing)
    yield (
        _SECOND if told_of_second else "spread",
        (
            f"The number depends on the estimator: {headline.estimator} gives {number(headline.value)} "
            f"({interval(headline.interval)}) beside {told}."
        ),
    )


def _rests_on(analysis: Analysis) -> Iterator[Doubt]:
    """Say what every analysis of its kind rests on."""
    chosen = analysis.chosen
    if analysis.identification.common.null_effect:
        treatment, outcome = shown(analysis.query.treatment or ""), shown(analysis.query.outcome or "")
        yield (
            "null",
            (
                f"That no path of arrows leads from {treatment} to {outcome} is an assumption; with one arrow that is "
                "missing by mistake there would be an effect to estimate."
            ),
        )
    if chosen is not None and chosen.strategy is Strategy.IV:
        names, verb = ", ".join(map(shown, chosen.instruments)), "moves" if len(chosen.instruments) == 1 else "move"
        yield (
            "exclusion",
            f"That {names} {verb} the outcome only through the treatment is an assumption that no data can show.",
        )
    elif chosen is not None and chosen.strategy is Strategy.FRONTDOOR:
        names, one = ", ".join(map(shown, chosen.mediators)), len(chosen.mediators) == 1
        does, has = ("carries", "shares") if one else ("carry", "share")
        yield (
            "front door",
            f"That {names} {does} the whole effect, and {has} no hidden cause with either end, is an assumption.",
        )
    elif chosen is not None:
        yield HIDDEN, _strength(analysis)
    review = analysis.review
    if review.approved_by == ACCEPTED_AS_FILE and (review.reviewer is None or not review.complete):
        yield "graph", "The graph was taken as given: `copilot review` asks about each of its arrows."


def _most_disagree(analysis: Analysis) -> bool:
    """Whether most graphs that the voters might have drawn give an estimate outside the headline's interval."""
    many, headline = analysis.many_graphs, analysis.headline
    if many is None or headline is None or headline.interval is None or many.source is not GraphSource.VOTES:
        return False
    low, high = headline.interval
    given = [one for one in many.designs if one.value is not None]
    outside = sum(one.graphs for one in given if one.value is not None and not low <= one.value <= high)
    return outside > sum(one.graphs for one in given) / 2


def _pivotal(analysis: Analysis) -> Iterator[Doubt]:
    """Say on which edge the answer hangs, where voters differ about it; a change that nobody drew is no doubt."""
    many = analysis.many_graphs
    if many is not None and many.source is GraphSource.VOTES and many.edges:
        said = many.edges[0].message
        yield "many graphs", f"The voters differ about what the answer hangs on: {said[:1].lower()}{said[1:]}"


def _strength(analysis: Analysis) -> str:
    """Say how strong a hidden cause would have to be, beside a measured one where the refuter could."""
    found, headline = analysis.sensitivity, analysis.headline
    bounds = None if headline is None else headline.interval
    if found is None or bounds is None or bounds[0] <= 0 <= bounds[1]:
        return "That no unmeasured common cause is missing from the graph is an assumption."
    for one in analysis.refutations:
        if one.refuter == HIDDEN and one.status is Status.INCONCLUSIVE and found.benchmarks:
            return one.message
    return (
        f"A hidden common cause that explains {number(100 * found.robustness_value, 3)} % of what is left of both "
        "treatment and outcome would bring the effect to zero; nothing here says that there is none."
    )
