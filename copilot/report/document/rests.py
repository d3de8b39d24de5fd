"""The sections that say what the conclusion rests on: other graphs, bounds, assumptions, rows, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from copilot.data.terms import load_terms, term_of
from copilot.domain.analysis import Chosen
from copilot.domain.bounds import Bound
from copilot.domain.effects import Estimate, Refutation
from copilot.domain.identification.values import Strategy
from copilot.domain.many_graphs import DesignEffect, GraphSource, ManyGraphs
from copilot.domain.notice import Level
from copilot.domain.numbers import interval, number
from copilot.domain.text import clean, shown
from copilot.report.document.blocks import Block, Grid, Items, Paragraph, Picture, Section
from copilot.report.document.opening import edge_text
from copilot.report.document.source import Source
from copilot.report.graph_file import acceptance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_EDGES, _DESIGNS = 12, 20
_ALWAYS = frozenset({"confounder", "standard error", "ATE"})
_DESIGNS_OF = {
    Strategy.BACKDOOR: "adjustment set",
    Strategy.FRONTDOOR: "front door",
    Strategy.IV: "instrument",
}
_LINEAR = "linear_regression"
_PLAIN_ERRORS = (
    "Intervals of sets to adjust for come from the plain errors of least squares here, which take rows to be "
    "independent and the spread to be the same everywhere: that of the accepted graph may differ from the headline's."
)
_NOBODY = "nobody; the table cannot show it"


def many_graphs_section(source: Source) -> Section | None:
    """Show what becomes of the answer under the other graphs, and on which edges it hangs."""
    many = source.analysis.many_graphs
    if many is None:
        return None
    unit = source.analysis.unit
    blocks: list[Block] = [Paragraph(clean(many.message))]
    if many.range is not None:
        title = "Spread of the estimate over graphs"
        blocks.append(Picture("graphs-spread", title, clean(many.message), partial(_spread, many, unit)))
    if many.source is GraphSource.CHANGES:
        blocks.append(Paragraph(_untouched(source), quiet=True))
    if many.edges:
        blocks.append(Paragraph("The answer hangs on these, the gravest first; ask somebody who knows the field."))
        told = tuple(clean(edge.message) for edge in many.edges[:_EDGES])
        title = "Edges on which the answer hangs"
        blocks.append(Picture("graphs-edges", title, " ".join(told), partial(_pivotal, many, unit)))
        blocks.append(Items(told, numbered=True))
    else:
        blocks.append(Paragraph("No edge about which there is doubt moves the answer."))
    rows = tuple(_design(one) for one in many.designs[:_DESIGNS])
    head = ("computed by", "graphs", "effect", "95 % interval")
    strong = frozenset(place for place, one in enumerate(many.designs[:_DESIGNS]) if one.accepted)
    caption = f"Distinct ways to compute it, of {many.graphs:,} graphs; that of the accepted graph stands out."
    more: list[Block] = [Grid(caption, head, rows, frozenset({1, 2, 3}), strong)]
    if many.estimator == _LINEAR:
        more.append(Paragraph(_PLAIN_ERRORS, quiet=True))
    more += [Paragraph(clean(one.message), quiet=True) for one in many.notices]
    return Section("many-graphs", "If the graph is another", blocks, more, "Every design")


def _untouched(source: Source) -> str:
    """Say what no single change touches."""
    said = (
        "No change here touches the pair of treatment and outcome, which is the question itself: none adds or removes "
        "the arrow between them, and none adds an unmeasured common cause of the two."
    )
    return said if source.analysis.sensitivity is None else f"{said} “A hidden cause” says what one would do."


def _spread(many: ManyGraphs, unit: str) -> Figure:
    from copilot.report.pictures.many_graphs import spread

    return spread(many, unit=unit)


def _pivotal(many: ManyGraphs, unit: str) -> Figure:
    from copilot.report.pictures.many_graphs import pivotal_edges

    return pivotal_edges(many, unit=unit)


def _design(one: DesignEffect) -> tuple[str, ...]:
    held = ", ".join(map(shown, one.adjustment_set))
    way = {
        Strategy.BACKDOOR: f"adjusting for {held or 'nothing'}",
        Strategy.FRONTDOOR: f"through {', '.join(map(shown, one.mediators))}{f', given {held}' if held else ''}",
        Strategy.IV: f"instruments {', '.join(map(shown, one.instruments))}{f', given {held}' if held else ''}",
    }.get(one.strategy or Strategy.GENERAL, "")
    value = clean(one.note) if one.value is None else number(one.value)
    return way, f"{one.graphs:,}", value, "" if one.interval is None else interval(one.interval)


def bounds_section(source: Source) -> Section | None:
    """Show between which limits the effect lies, and what must be assumed for it."""
    bounds = source.analysis.bounds
    if not bounds:
        return None
    listed = "; ".join(f"{one.title}: {number(one.low)} to {number(one.high)}" for one in bounds)
    picture = Picture("bounds-bars", "Bounds on the effect", f"{listed}.", partial(_bars, bounds, source.analysis.unit))
    head = ("assuming", "lowest", "highest", "95 % interval", "source")
    rows = tuple(
        (
            " ".join(map(clean, one.assumptions)) or clean(one.title),
            number(one.low),
            number(one.high),
            "" if one.interval is None else interval(one.interval),
            one.paper,
        )
        for one in bounds
    )
    lead = (
        "What can be said without the graph's identifying the effect. Each row needs what stands in it and nothing "
        "else; read those whose assumptions you believe, for some exclude each other."
    )
    grid = Grid("Between these limits the effect lies.", head, rows, frozenset({1, 2, 3}))
    notes: dict[str, list[str]] = {}
    for one in bounds:
        for note in one.notes:
            notes.setdefault(note, []).append(one.title)
    told = [
        Paragraph(clean(note), label=titles[0] if len(titles) == 1 else "", quiet=True)
        for note, titles in notes.items()
    ]
    apart = [Paragraph(text) for text in _apart(source.analysis.headline, bounds)]
    return Section("bounds", "Bounds", [Paragraph(lead), picture, grid, *told, *apart])


def _apart(headline: Estimate | None, bounds: Sequence[Bound]) -> Iterator[str]:
    """Say which bounds the headline contradicts: the graph and what they assume are at odds."""
    if headline is None or headline.value is None:
        return
    start, end = headline.interval or (headline.value, headline.value)
    for one in bounds:
        low, high = one.interval or (one.low, one.high)
        if one.target == headline.target and (end < low or high < start):
            yield (
                f"The estimate under the graph, {number(headline.value)}, and the bounds of “{one.title}” do not "
                "agree, for their intervals do not meet: the graph and that assumption are at odds."
            )


def _bars(bounds: Sequence[Bound], unit: str) -> Figure:
    from copilot.report.pictures.bounds import bounds_chart

    return bounds_chart(bounds, unit=unit)


def assumptions_section(source: Source) -> Section:
    """List every assumption with who or what supports it."""
    rows = tuple(_assumptions(source))
    grid = Grid("Each assumption, and who or what supports it.", ("assumption", "support"), rows)
    findings = source.analysis.findings
    more: list[Block] = []
    if findings:
        head = ("about", "kind", "how grave", "finding")
        found = tuple((one.subject, one.kind.value, one.severity.value, clean(one.message)) for one in findings)
        more.append(Grid("What the critique of the graph says, by itself and by the data.", head, found))
    more += [Paragraph(clean(one), label="Suspected, and not in the graph") for one in source.analysis.suspected]
    return Section("assumptions", "What it rests on", [grid], more)


def _assumptions(source: Source) -> Iterator[tuple[str, str]]:
    analysis = source.analysis
    graph, chosen = analysis.review.graph, analysis.chosen
    stood = acceptance(analysis.review)
    yield f"The {len(graph.edges)} edges of the graph, one by one in the table under “The graph”", stood
    pairs = len(graph.names) * (len(graph.names) - 1) // 2
    missing = pairs - len({edge.pair for edge in graph.edges})
    yield (
        f"No direct effect and no hidden cause between the {missing} pairs without an edge",
        _refuter(source, "implied_independence", f"{stood}; not tested on the data"),
    )
    for edge in graph.edges:
        if edge.kind.value == "undirected":
            yield f"{edge_text(edge)}: its direction is open", "the answer was looked at for both"
    if chosen is not None:
        yield from _of_the_design(source, chosen)
    yield "One unit's treatment does not affect another unit's outcome", _NOBODY
    yield "The treatment is one and the same thing for everybody", _NOBODY
    yield "The rows are a fair sample of those the answer is for", _NOBODY
    dropped = analysis.rows_read - analysis.rows_used
    if analysis.rows_used and dropped:
        yield f"The {dropped:,} rows that were left out are like those that were used", "nobody; see what was left out"


def _of_the_design(source: Source, chosen: Chosen) -> Iterator[tuple[str, str]]:
    held = ", ".join(map(shown, chosen.used)) or "nothing"
    if chosen.strategy is Strategy.BACKDOOR:
        said = "the graph" if chosen.gives_the_effect else "against the graph: insisted on, or left out of necessity"
        control = _refuter(source, "negative_control", "no negative control was named")
        yield f"No common cause of treatment and outcome is left once {held} is held fixed", f"{said}; {control}"
        yield "Comparable rows exist with and without the treatment", _refuter(source, "overlap", "not looked at")
        yield "The shape of the model is right", _refuter(source, "second_opinion", "no flexible estimate beside it")
    elif chosen.strategy is Strategy.IV:
        names = ", ".join(map(shown, chosen.instruments))
        others = _refuter(source, "over_identification", "one instrument cannot be checked against another")
        yield f"{names} moves the outcome through the treatment alone, given {held}", f"the graph; {others}"
        yield "The effect is linear, or nobody is moved against the instrument", _NOBODY
    else:
        names = ", ".join(map(shown, chosen.mediators))
        yield f"{names} carries the whole effect and shares no hidden cause with either end", "the graph"


def _refuter(source: Source, name: str, otherwise: str) -> str:
    found: list[Refutation] = [one for one in source.analysis.refutations if one.refuter == name]
    return " ".join(clean(one.message) for one in found) or otherwise


def rows_section(source: Source) -> Section:
    """Count everything that was dropped, recoded or doubted."""
    analysis = source.analysis
    lead = f"{analysis.rows_read:,} rows were read"
    if analysis.rows_used:
        lead += f", {analysis.rows_used:,} were used"
    warned = tuple(clean(one.message) for one in analysis.notices if one.level is Level.WARNING)
    told = tuple(clean(one.message) for one in analysis.notices if one.level is not Level.WARNING)
    blocks: list[Block] = [Paragraph(f"{lead}.")]
    if warned:
        blocks.append(Items(tuple(dict.fromkeys(warned))))
    if told:
        blocks.append(Items(tuple(dict.fromkeys(told))))
    return Section("rows", "Rows and columns left out, recoded or doubted", blocks)


def words_section(source: Source) -> Section:
    """Explain the words of this report: what was tried and found, and the terms that every reader meets."""
    analysis = source.analysis
    told = [one.refuter for one in analysis.refutations] + [one.kind.value for one in analysis.findings]
    wanted = {term_of(one) for one in told} | _ALWAYS
    wanted |= {"many graphs"} if analysis.many_graphs is not None else set()
    wanted |= {"manski bounds"} if analysis.bounds else set()
    if analysis.chosen is not None:
        wanted.add(_DESIGNS_OF.get(analysis.chosen.strategy, "estimand"))
    terms = [term for term in load_terms() if term.name in wanted]
    named = {term.name: ", ".join(one for one in dict.fromkeys(told) if one in term.told_by) for term in terms}
    blocks = [
        Paragraph(term.text, label=f"{term.name} ({named[term.name]})" if named[term.name] else term.name)
        for term in terms
    ]
    lead = "The words of this report, five sentences each; `copilot explain` knows more."
    return Section("words", "Words", [Paragraph(lead, quiet=True)], blocks, "All of them")


def repeat_section(source: Source) -> Section:
    """Say how the same numbers come out again."""
    where, analysis = source.provenance, source.analysis
    query = analysis.query
    content = analysis.review.graph.content_hash[:16]
    ends = f"-t {shlex.quote(shown(query.treatment or ''))} -o {shlex.quote(shown(query.outcome or ''))}"
    command = f"copilot analyze {shlex.quote(clean(where.data))} --graph graph.dot {ends} --seed {where.seed}"
    steps = (
        f"Take the table {clean(where.data)} with the content sha256 {where.data_sha256}.",
        f"Take graph.dot from the run's folder, content {content}. Votes, decisions and calls to models lie beside it.",
        f"Run {command}, with the options that manifest.json lists: estimates and refuters come out to the last digit.",
    )
    made = Paragraph(f"Run {where.run_id}, seed {where.seed}, copilot {where.version}.", quiet=True)
    return Section("repeat", "How to repeat it", [Items(steps, numbered=True), made])
