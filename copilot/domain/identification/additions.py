"""Where no adjustment is possible: which paths stay open, and the least that would have to be measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from copilot.domain import adjustment
from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node
from copilot.domain.identification.adjustment_sets import minimal_sets
from copilot.domain.identification.flow import cheapest_separator
from copilot.domain.identification.frontdoor import frontdoor_sets
from copilot.domain.identification.general import general_identification
from copilot.domain.identification.instruments import instruments, why_no_instrument
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question, bits, moral_graph
from copilot.domain.identification.paths import Path, shortest_open_path, without_edges, without_nodes
from copilot.domain.identification.values import Addition, AdditionKind, EffectKind, Names, OpenPath, Strategy
from copilot.domain.text import shown

_PATHS = 5
"""Open paths shown at most."""
_SHOWN = 5
"""Additions of one kind shown at most."""
_PAIRED = 60
"""Candidates up to which all pairs are tried."""
_TRIED = 20
"""Candidates for which the slower rules are run, at most."""
_WORK = 20_000
"""Candidates times edges for which they are, at most."""


def open_paths(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    *,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> tuple[OpenPath, ...]:
    """Show what keeps adjustment from working.

    Parameters
    ----------
    graph, treatment, outcome, effect, must, never
        As for `minimal_adjustment_sets`.

    Returns
    -------
    tuple of OpenPath
        At most five, no two with the same first obstacle; paths on which nothing may be adjusted for come first, then
        those that such an adjustment opens. None if a set is valid.

    Raises
    ------
    GraphError, UnknownVariableError
        As `minimal_adjustment_sets`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("u", "t"), ("u", "y"), ("t", "y")], latent=["u"])
    >>> [(path.text, path.reason) for path in open_paths(graph, "t", "y")]
    [('t <- u -> y', 'u is not observed')]
    """
    question = adjustment_question(graph, treatment, outcome, effect=effect, must=must, never=never)
    return paths_left_open(question)


def additions(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    *,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> tuple[Addition, ...]:
    """Find the least that would have to be measured for the effect to be identified.

    A bidirected edge stands for a common cause that can be measured. Each suggestion was tried: the rule that it names
    gives an answer in the graph so changed.

    Parameters
    ----------
    graph, treatment, outcome, effect, must, never
        As for `minimal_adjustment_sets`.

    Returns
    -------
    tuple of Addition
        The fewest variables that make adjustment possible; then single ones that open a front door or a general
        expression; last an instrument. None if a set is valid.

    Raises
    ------
    GraphError, UnknownVariableError
        As `minimal_adjustment_sets`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "y")], bidirected=[("t", "y")])
    >>> for addition in additions(graph, "t", "y"):
    ...     print(addition.message)
    Measure the common cause behind t <-> y: adjusting for it then gives the effect.
    Find an instrument: a variable that moves t and is related to y in no other way. Besides the graph it needs a linear
    or monotone effect.
    """
    question = adjustment_question(graph, treatment, outcome, effect=effect, must=must, never=never)
    return what_would_help(question)


def paths_left_open(question: AdjustmentQuestion) -> tuple[OpenPath, ...]:
    """Answer `open_paths` for a question that is worked out already."""
    possible = question.possible and moral_graph(question).separable
    if possible:
        return ()
    bare = question.bare
    ancestral = bare.ancestors(question.treatments | question.outcomes | question.held)
    widest = (question.allowed & ancestral) | (question.held & question.allowed)
    found: list[OpenPath] = []
    for graph, held in ((without_nodes(bare, widest), frozenset[str]()), (bare, widest)):
        left = without_edges(graph, frozenset(edge for path in found for edge in path.edges))
        while len(found) < _PATHS:
            path = shortest_open_path(left, question.treatments, question.outcomes, held)
            if path is None:
                break
            reason = _reason(question, path)
            found.append(OpenPath(edges=path.edges, text=path.text, reason=reason))
            left = without_edges(left, frozenset(path.edges[:1]))
    return tuple(found)


def _reason(question: AdjustmentQuestion, path: Path) -> str:
    """Say of each node on a path why it does not block it."""
    told = []
    forbidden = frozenset(question.graph.names) - question.graph.latent - question.allowed
    for node in path.nodes[1:-1]:
        if node in path.colliders:
            told.append(f"{shown(node)} is a collider that adjusting for other paths opens")
        elif node in question.graph.latent:
            told.append(f"{shown(node)} is not observed")
        elif node in forbidden:
            told.append(f"{shown(node)} may not be adjusted for")
    hidden = [edge for edge in path.edges if edge.kind is EdgeKind.BIDIRECTED]
    told += [
        f"the common cause behind {shown(edge.source)} <-> {shown(edge.target)} is not observed" for edge in hidden
    ]
    if not told:
        told.append("nothing stands between its ends that could be adjusted for")
    return ", and ".join(told)


@dataclass(frozen=True)
class _Explicit:
    """A question in whose graph common causes behind bidirected edges are latent nodes."""

    question: AdjustmentQuestion
    ends: Mapping[str, Edge]
    """Such a node → the bidirected edge it stands for."""

    def measured(self, chosen: Iterable[str]) -> AdjustmentQuestion:
        """Observe some latent nodes and ask again."""
        seen = frozenset(chosen)
        graph = self.question.graph
        nodes = tuple(Node(name=node.name) if node.name in seen else node for node in graph.nodes)
        old = self.question
        never = frozenset(graph.names) - graph.latent - old.allowed - old.treatments - old.outcomes - old.held
        return adjustment_question(
            CausalGraph.model_construct(nodes=nodes, edges=graph.edges),
            old.treatments,
            old.outcomes,
            effect=old.effect,
            must=old.held,
            never=never,
        )

    def words(self, chosen: Iterable[str]) -> str:
        """Name latent nodes and hidden common causes."""
        told = []
        for name in chosen:
            edge = self.ends.get(name)
            hidden = f"the common cause behind {shown(edge.source)} <-> {shown(edge.target)}" if edge else ""
            told.append(hidden or shown(name))
        return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))

    def names(self, chosen: Iterable[str]) -> Names:
        """Name latent nodes, and the two ends of bidirected edges."""
        told: list[str] = []
        for name in chosen:
            edge = self.ends.get(name)
            told += (edge.source, edge.target) if edge else (name,)
        return tuple(dict.fromkeys(told))


def what_would_help(question: AdjustmentQuestion) -> tuple[Addition, ...]:
    """Answer `additions` for a question that is worked out already."""
    if not question.possible or moral_graph(question).separable:
        return ()
    explicit = _made_explicit(question)
    groups = _to_adjust(explicit)
    found = [_measure(explicit, chosen, names) for chosen, names in groups]
    if question.effect is EffectKind.TOTAL:
        found += _to_go_through(explicit, general=all(len(chosen) > 1 for chosen, _ in groups))
        found += _to_move_treatment(question)
    return tuple(found)


def _made_explicit(question: AdjustmentQuestion) -> _Explicit:
    graph = question.graph
    known, ends = set(graph.names), {}
    edges = [edge for edge in graph.edges if edge.kind is not EdgeKind.BIDIRECTED]
    for edge in graph.edges:
        if edge.kind is EdgeKind.BIDIRECTED:
            name = f"{edge.source} <-> {edge.target}"
            while name in known:
                name += "'"
            known.add(name)
            ends[name] = edge
            edges += [Edge(source=name, target=edge.source), Edge(source=name, target=edge.target)]
    nodes = sorted((*graph.nodes, *(Node(name=name, observed=False) for name in ends)), key=lambda node: node.name)
    edges.sort(key=lambda edge: (edge.source, edge.target, edge.kind))
    wider = CausalGraph.model_construct(nodes=tuple(nodes), edges=tuple(edges))
    observed = frozenset(graph.names) - graph.latent
    never = observed - question.allowed - question.treatments - question.outcomes
    wide = adjustment_question(
        wider, question.treatments, question.outcomes, effect=question.effect, must=question.held, never=never
    )
    return _Explicit(wide, ends)


def _to_adjust(explicit: _Explicit) -> list[tuple[list[str], Names]]:
    """Find the smallest groups of latent nodes with which a set is valid, each with such a set."""
    question = explicit.question
    moral = moral_graph(question)
    latent = question.graph.latent - _forbidden(question)
    candidates = sum(1 << place for place, name in enumerate(moral.names) if name in latent)
    # Latent nodes cost 1, others nothing: the cheapest separator says how few are enough.
    wide = replace(moral, free=moral.free | candidates)
    cut = cheapest_separator(wide, {place: candidates >> place & 1 for place in bits(wide.free)})
    if cut is None:
        return []
    fewest = tuple(bits(cut & candidates))
    near = list(bits(moral.absorbed(moral.near) & candidates))
    groups: Iterable[tuple[int, ...]] = (fewest,)
    if len(fewest) == 1:
        groups = ((place,) for place in near)
    elif len(fewest) == 2 and len(near) <= _PAIRED:  # noqa: PLR2004 (all pairs are tried)
        second = list(bits(candidates))[:_PAIRED]
        groups = dict.fromkeys(tuple(sorted((one, two))) for one, two in itertools.product(near, second) if one != two)
    works = (group for group in groups if replace(moral, free=moral.free | sum(1 << p for p in group)).separable)
    named = [sorted(moral.names[place] for place in group) for group in itertools.islice(works, _SHOWN)]
    return [(chosen, sets[0]) for chosen in named if (sets := minimal_sets(explicit.measured(chosen), 1)[0])]


def _measure(explicit: _Explicit, chosen: list[str], names: Names) -> Addition:
    others = [shown(name) for name in names if name not in chosen]
    it = "it" if len(chosen) == 1 else "them"
    with_others = f", with {', '.join(others)}," if others else ""
    return Addition(
        kind=AdditionKind.MEASURE,
        names=explicit.names(chosen),
        strategy=Strategy.BACKDOOR,
        message=f"Measure {explicit.words(chosen)}: adjusting for {it}{with_others} then gives the effect.",
    )


def _to_go_through(explicit: _Explicit, *, general: bool) -> Iterator[Addition]:
    """Find single latent nodes that open a front door or, if asked for, a general expression."""
    old = explicit.question
    if len(old.treatments) > 1 or len(old.outcomes) > 1:
        return
    x, y = min(old.treatments), min(old.outcomes)
    if general_identification(old.graph, x, y).identifiable:
        return
    between = mediating_nodes(old.graph, x, y)
    ancestral = old.graph.latent & old.graph.ancestors((y,))
    tried = min(_TRIED, _WORK // (len(old.graph.edges) + 1) + 1)
    for name in sorted(ancestral, key=lambda some: (some not in between, some))[:tried]:
        changed = explicit.measured((name,))
        told = explicit.words((name,))
        doors, _ = frontdoor_sets(changed.graph, x, y, limit=1)
        if doors:
            strategy = Strategy.FRONTDOOR
            what = f"the front door through {', '.join(shown(some) for some in doors[0])} then gives the effect"
        elif general and not minimal_sets(changed, 1)[0] and general_identification(changed.graph, x, y).identifiable:
            strategy, what = Strategy.GENERAL, "the effect then has a general expression"
        else:
            continue
        yield Addition(
            kind=AdditionKind.MEDIATOR if name in between else AdditionKind.MEASURE,
            names=explicit.names((name,)),
            strategy=strategy,
            message=f"Measure {told}: {what}.",
        )


def _to_move_treatment(question: AdjustmentQuestion) -> Iterator[Addition]:
    """Suggest an instrument, if a new one would work and there is none."""
    if len(question.treatments) > 1 or len(question.outcomes) > 1:
        return
    x, y = min(question.treatments), min(question.outcomes)
    graph = question.graph
    new = "instrument"
    while new in graph.names:
        new += "'"
    nodes = tuple(sorted((*graph.nodes, Node(name=new)), key=lambda node: node.name))
    wider = CausalGraph.model_construct(nodes=nodes, edges=(*graph.edges, Edge(source=new, target=x)))
    if not why_no_instrument(wider, new, x, y) and not instruments(graph, x, y):
        yield Addition(
            kind=AdditionKind.INSTRUMENT,
            strategy=Strategy.IV,
            message=(
                f"Find an instrument: a variable that moves {shown(x)} and is related to {shown(y)} in no other way. "
                "Besides the graph it needs a linear or monotone effect."
            ),
        )


def _forbidden(question: AdjustmentQuestion) -> frozenset[str]:
    graph = question.graph
    if question.effect is EffectKind.DIRECT:
        return graph.descendants(question.outcomes)
    return graph.descendants(mediating_nodes(graph, question.treatments, question.outcomes))
