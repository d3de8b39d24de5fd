"""The effect under every plausible graph: each graph identified, each distinct design estimated once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from numpy.random import SeedSequence

from copilot.data.tables import Table
from copilot.domain.analysis import Analysis, Chosen
from copilot.domain.effects import Estimate, Target
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.brief import identify_briefly
from copilot.domain.identification.values import Orientation, OrientedIdentification
from copilot.domain.many_graphs import DesignEffect, GraphDraws, GraphSource, ManyGraphs
from copilot.domain.notice import Level, Notice
from copilot.domain.numbers import interval, number
from copilot.domain.variables import Kind, TableProfile
from copilot.errors import UsageError
from copilot.estimation.design import Design
from copilot.estimation.estimators.choice import FLEXIBLE_NAMES
from copilot.estimation.estimators.registry import estimator_named
from copilot.estimation.many_designs import LINEAR, Number, Numbers, Way, estimate_ways
from copilot.estimation.problem import Ask
from copilot.workflow.choose_design import Wishes, choose_design
from copilot.workflow.pivotal import Outcome, rank_edges
from copilot.workflow.progress import Progress

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_DESIGNS_KEPT = 100
_ALL = 0.9995


@dataclass(frozen=True, slots=True)
class _Found:
    """What one graph calls for: a way, zero by assumption, or neither."""

    way: Way | None = None
    null: bool = False


def look_at_many(
    draws: GraphDraws,
    analysis: Analysis,
    graph: CausalGraph,
    table: Table,
    design: Design,
    wishes: Wishes,
    ask: Ask,
    seed: SeedSequence,
    progress: Progress,
) -> ManyGraphs:
    """Estimate the effect under many graphs, and rank the edges it hangs on.

    Parameters
    ----------
    draws
        The graphs; their nodes are those of `graph`.
    analysis
        With its headline.
    graph
        The accepted graph, with the nodes that are no columns latent.
    table, design, wishes
        Of the headline. A set that the user insisted on is not insisted on here: each graph says what it needs.
    ask
        Target and level of the headline.
    seed
        Of this and nothing else.
    progress
        Told of each design that must be fitted.

    Returns
    -------
    ManyGraphs
        Shares are shares of graphs; they are support, never probability.
    """
    treatment, outcome = design.treatment, design.outcome
    free = replace(wishes, adjust=None, force=False, estimators=(), instruments=())
    chooser = _Chooser(table.profile, treatment, outcome, free)
    found = [chooser.of(one) for one in draws.graphs]
    own = _way_of(analysis.chosen)
    counted: Counter[Way] = Counter()
    for one, many in zip(found, draws.counts, strict=True):
        if one.way is not None:
            counted[one.way] += many
    ways = sorted({*counted, *((own,) if own else ())}, key=lambda way: (way != own, -counted[way], _key(way)))
    numbers = _numbers(ways, analysis.headline, table, design, ask, seed, progress)
    outcomes = [_outcome(one, numbers.by_way) for one in found]
    accepted = numbers.by_way.get(own, Number()) if own else Number()
    scale = max(abs(accepted.value or 0.0), accepted.se or 0.0) or 1.0
    edges = rank_edges(draws, outcomes, graph, (treatment, outcome), scale)
    return _told(draws, found, outcomes, numbers, own, counted).model_copy(update={"edges": edges})


class _Chooser:
    """Chooses for each graph as for the headline."""

    def __init__(self, profile: TableProfile, treatment: str, outcome: str, wishes: Wishes) -> None:
        self._profile, self._ends, self._wishes = profile, (treatment, outcome), wishes
        self._never = [column.name for column in profile.columns if column.kind is Kind.IDENTIFIER]

    def of(self, graph: CausalGraph) -> _Found:
        """Say what a graph calls for."""
        never = [name for name in self._never if name in graph.names and name not in self._ends]
        found = identify_briefly(graph, *self._ends, never=never)
        if found.null_effect:
            return _Found(null=True)
        answer = OrientedIdentification(common=found, groups=(Orientation(edges=((),), identification=found),))
        try:
            chosen = choose_design(graph, answer, self._profile, self._wishes)
        except UsageError:  # the strategy that the user wants is not open under this graph
            chosen = None
        return _Found(way=_way_of(chosen))


def _way_of(chosen: Chosen | None) -> Way | None:
    if chosen is None:
        return None
    return Way(chosen.strategy, chosen.adjustment_set, chosen.instruments, chosen.mediators)


def _key(way: Way) -> tuple[str, ...]:
    return (way.strategy.value, *way.adjustment, "|", *way.instruments, "|", *way.mediators)


def _numbers(
    ways: Sequence[Way],
    headline: Estimate | None,
    table: Table,
    design: Design,
    ask: Ask,
    seed: SeedSequence,
    progress: Progress,
) -> Numbers:
    if not ways:
        return Numbers()
    columns = dict.fromkeys((*design.columns, *(name for way in ways for name in way.columns)))
    progress.start("Estimating under many graphs", len(ways))
    try:
        return estimate_ways(
            table.frame(tuple(columns)),
            table.profile,
            design,
            ways,
            estimator=_estimator(headline, ask.target),
            ask=ask,
            seed=seed,
            done=progress.advance,
        )
    finally:
        progress.done()


def _estimator(headline: Estimate | None, target: Target) -> str:
    """Name the estimator of all designs: that of the headline, unless it learns shapes and would take minutes."""
    if headline is None or headline.estimator in FLEXIBLE_NAMES:
        return LINEAR if target is Target.ATE else "g_computation"
    return estimator_named(headline.estimator).name


def _outcome(found: _Found, numbers: Mapping[Way, Number]) -> Outcome:
    if found.way is None:
        return Outcome(null=found.null)
    return Outcome(value=numbers.get(found.way, Number()).value, usable=True)


def _told(
    draws: GraphDraws,
    found: Sequence[_Found],
    outcomes: Sequence[Outcome],
    numbers: Numbers,
    own: Way | None,
    counted: Mapping[Way, int],
) -> ManyGraphs:
    total = sum(draws.counts)
    lost = sum(many for one, many in zip(found, draws.counts, strict=True) if one.way is None and not one.null)
    null = sum(many for one, many in zip(found, draws.counts, strict=True) if one.null)
    valued = [
        (outcome.value, many) for outcome, many in zip(outcomes, draws.counts, strict=True) if outcome.value is not None
    ]
    estimated = sum(many for _, many in valued)
    notices, designs = _limits(draws, numbers), _designs(numbers, own, counted)
    if len(designs) > _DESIGNS_KEPT:
        text = f"Of {len(designs)} distinct designs the {_DESIGNS_KEPT} that most graphs call for are listed."
        notices = (*notices, Notice(code="designs_not_listed", message=text, count=len(designs) - _DESIGNS_KEPT))
    result = ManyGraphs(
        source=draws.source,
        graphs=total,
        distinct=len(draws.graphs),
        not_identifiable=lost / total,
        null=null / total,
        not_estimated=(total - lost - null - estimated) / total,
        quantiles=_quantiles(valued),
        interval=_with_sampling_error(numbers, counted, _spread(draws, valued)),
        range=(min(value for value, _ in valued), max(value for value, _ in valued)) if valued else None,
        positive=sum(many for value, many in valued if value > 0) / estimated if valued else None,
        designs=designs[:_DESIGNS_KEPT],
        estimator=numbers.estimator if valued else "",
        rows=numbers.rows,
        notices=notices,
    )
    return result.model_copy(update={"message": _message(result)})


def _designs(numbers: Numbers, own: Way | None, counted: Mapping[Way, int]) -> tuple[DesignEffect, ...]:
    found = []
    for way, told in sorted(numbers.by_way.items(), key=lambda pair: (-counted.get(pair[0], 0), _key(pair[0]))):
        found.append(
            DesignEffect(
                strategy=way.strategy,
                adjustment_set=way.adjustment,
                instruments=way.instruments,
                mediators=way.mediators,
                graphs=counted.get(way, 0),
                accepted=way == own,
                value=told.value,
                se=told.se,
                interval=told.interval,
                note=told.note,
            )
        )
    return tuple(found)


def _quantiles(valued: Sequence[tuple[float, int]]) -> tuple[float, ...]:
    """Give quantiles of estimates that count so many times: the least estimate at which the share is reached."""
    ordered, total = sorted(valued), sum(many for _, many in valued)
    found = []
    for level in _QUANTILES if ordered else ():
        so_far = 0
        for value, many in ordered:
            so_far += many
            if so_far >= level * total:
                found.append(value)
                break
    return tuple(found)


def _spread(draws: GraphDraws, valued: Sequence[tuple[float, int]]) -> tuple[float, ...]:
    """Give what counts as the spread: nine of ten where graphs are drawn, all where each is one change."""
    if draws.source is GraphSource.VOTES or not valued:
        return _quantiles(valued)
    return (min(value for value, _ in valued), max(value for value, _ in valued))


def _with_sampling_error(
    numbers: Numbers, counted: Mapping[Way, int], quantiles: Sequence[float]
) -> tuple[float, float] | None:
    """Give the outermost limits of the intervals of the estimates that lie between the outer quantiles."""
    if not quantiles:
        return None
    inside = [
        one.interval
        for way, one in numbers.by_way.items()
        if counted.get(way) and one.value is not None and quantiles[0] <= one.value <= quantiles[-1]
    ]
    known = [limits for limits in inside if limits is not None]
    if len(known) < len(inside):
        return None  # of some the error is not known
    return min(low for low, _ in known), max(high for _, high in known)


def _limits(draws: GraphDraws, numbers: Numbers) -> tuple[Notice, ...]:
    notices = list(numbers.notices)
    if draws.cut:
        text = f"{draws.cut:,} arrows that were drawn would have closed a circle and were left out."
        notices.append(Notice(code="arrows_cut", message=text, count=draws.cut, level=Level.INFO))
    if draws.left_out:
        text = f"{draws.left_out:,} further single changes of the graph were not looked at."
        notices.append(Notice(code="changes_left_out", message=text, count=draws.left_out))
    return tuple(notices)


def _message(many: ManyGraphs) -> str:
    """Say in words what becomes of the estimate."""
    if many.source is GraphSource.VOTES:
        start = f"Under {many.graphs:,} graphs drawn from the ballots ({many.distinct:,} of them different)"
    else:
        start = f"Under the accepted graph and {many.graphs - 1:,} that differ from it in one edge"
    if not many.quantiles or many.range is None:
        told = "no estimate can be had"
    elif many.range[0] == many.range[1]:
        told = f"every estimate is {number(many.range[0])}"
    elif many.source is GraphSource.VOTES:
        told = f"nine of ten estimates lie within {interval((many.quantiles[0], many.quantiles[-1]))}"
    else:
        told = f"estimates run from {interval(many.range)}"
    error = f" (with sampling error {interval(many.interval)})" if many.interval else ""
    parts = [f"{start} {told}{error}{_sign(many)}."]
    for share, words in (
        (many.not_identifiable, "the effect is not identifiable"),
        (many.null, "the effect is zero by assumption"),
        (many.not_estimated, "the effect was not estimated"),
    ):
        if share:
            parts.append(f"In {_percent(share)} of the graphs {words}.")
    return " ".join(parts)


def _sign(many: ManyGraphs) -> str:
    if many.positive is None:
        return ""
    if many.range is not None and many.range[0] == many.range[1]:
        return ""
    if many.positive in {0.0, 1.0}:
        return f", all of them {'above' if many.positive else 'below'} zero"
    return f", {_percent(many.positive)} of them above zero"


def _percent(share: float) -> str:
    """Write a share, never as none or all where it is not.

    Examples
    --------
    >>> [_percent(share) for share in (0.0004, 0.37, 0.9999, 1.0)]
    ['under 1 %', '37 %', 'over 99 %', '100 %']
    """
    if 0 < share < 1 - _ALL or round(100 * share) == 0:
        return "under 1 %"
    if round(100 * share) == 100 and share < 1:  # noqa: PLR2004 (per cent)
        return "over 99 %"
    return f"{100 * share:.0f} %"


def is_oriented(graph: CausalGraph) -> bool:
    """Whether every edge has a direction, so that the graph can be changed one edge at a time."""
    return not any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges)
