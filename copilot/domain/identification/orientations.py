"""Identification where some edges have no direction: every way to direct them, answers that agree put together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from copilot.domain import adjustment
from copilot.domain.graph import CausalGraph, Edge, EdgeKind, reach
from copilot.domain.identification.identify import REVERSED, identify
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question
from copilot.domain.identification.values import (
    AdjustmentSets,
    EffectKind,
    GeneralIdentification,
    Identification,
    Orientation,
    OrientedIdentification,
)
from copilot.domain.notice import Notice
from copilot.domain.separation import separated

_WORK = 500_000
"""Orientations times nodes squared that are looked at, at most."""
_LEAST = 4
"""Orientations looked at however large the graph."""
_CANDIDATES = 200
"""Sets of which it is tried whether they are valid everywhere."""

_T = TypeVar("_T")


def identify_oriented(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    *,
    orientations: int = 256,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
    columns: Iterable[str] | None = None,
    limit: int = 100,
    costs: Mapping[str, float] | None = None,
) -> OrientedIdentification:
    """Identify an effect under every acyclic way to direct the undirected edges.

    Parameters
    ----------
    graph
        Of any kind.
    orientations
        How many ways to look at, at most; fewer in graphs of more than 44 nodes. Edges near treatment and outcome are
        turned first.
    treatment, outcome, effect, must, never, columns, limit, costs
        As for `identify`.

    Returns
    -------
    OrientedIdentification
        Orientations with equal answers are one group, the commonest first. `common` says what holds in all that were
        looked at; its minimal sets are those found from which nothing can be left out in every one of them.

    Raises
    ------
    GraphError, UnknownVariableError
        As `identify`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "y"), ("t", "y")], undirected=[("w", "t")])
    >>> found = identify_oriented(graph, "t", "y")
    >>> [(str(group.edges[0][0]), group.identification.backdoor.minimal) for group in found.groups]
    [('t -> w', ((),)), ('w -> t', (('w',),))]
    >>> found.common.backdoor.minimal, found.common.identifiable
    ((), True)
    """
    asked = _Asked(
        treatments=_names(treatment),
        outcomes=_names(outcome),
        effect=effect,
        must=tuple(must),
        never=tuple(never),
        columns=None if columns is None else tuple(columns),
        limit=limit,
        costs=costs,
    )
    if not any(edge.kind is EdgeKind.UNDIRECTED for edge in graph.edges):
        only = asked.answer(graph)
        return OrientedIdentification(common=only, groups=(Orientation(edges=(), identification=only),))
    most = max(_LEAST, min(orientations, _WORK // len(graph.nodes) ** 2))
    ways = list(itertools.islice(_ways(graph, {*asked.treatments, *asked.outcomes}), most + 1))
    complete, ways = len(ways) <= most, ways[:most]
    groups = _grouped(graph, ways, asked.answer)
    common = _common([group.identification for group in groups], [asked.adjustment(turned(graph, way)) for way in ways])
    capped = () if complete else (_capped(len(ways)),)
    return OrientedIdentification(
        common=common.model_copy(update={"notices": (*common.notices, *capped)}), groups=groups, complete=complete
    )


def _names(given: adjustment.Names) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of each way to direct the edges; as for `identify`."""

    treatments: tuple[str, ...]
    outcomes: tuple[str, ...]
    effect: EffectKind
    must: tuple[str, ...]
    never: tuple[str, ...]
    columns: tuple[str, ...] | None
    limit: int
    costs: Mapping[str, float] | None

    def answer(self, directed: CausalGraph) -> Identification:
        """Identify the effect under one way."""
        return identify(
            directed,
            self.treatments,
            self.outcomes,
            effect=self.effect,
            must=self.must,
            never=self.never,
            columns=self.columns,
            limit=self.limit,
            costs=self.costs,
        )

    def adjustment(self, directed: CausalGraph) -> AdjustmentQuestion:
        """Ask which sets can be adjusted for under one way."""
        hidden = frozenset[str]() if self.columns is None else frozenset(directed.names) - frozenset(self.columns)
        return adjustment_question(
            directed,
            sorted(set(self.treatments)),
            sorted(set(self.outcomes)),
            effect=self.effect,
            must=self.must,
            never=hidden.union(self.never) - set(self.must),
        )


def _capped(count: int) -> Notice:
    return Notice(
        code="orientations_capped",
        message=f"Only {count} ways to direct the undirected edges were looked at; there are more.",
        count=count,
    )


def turned(graph: CausalGraph, way: Sequence[Edge]) -> CausalGraph:
    """Put a way to direct the undirected edges in their place."""
    edges = [*(edge for edge in graph.edges if edge.kind is not EdgeKind.UNDIRECTED), *way]
    edges.sort(key=lambda edge: (edge.source, edge.target, edge.kind))
    return CausalGraph.model_construct(nodes=graph.nodes, edges=tuple(edges))


def _ways(graph: CausalGraph, near: set[str]) -> Iterator[tuple[Edge, ...]]:
    """List the acyclic ways; any acyclic part of one can be completed, so no branch is in vain."""
    children = {name: list(others) for name, others in graph.children_of.items()}
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.UNDIRECTED]
    away = _distances(graph, near)
    # The last edges turn first, so those near the question stand last.
    loose.sort(key=lambda edge: (-min(away[edge.source], away[edge.target]), edge.source, edge.target))
    chosen: list[Edge] = []
    # Edges still to be tried at each depth; an explicit stack, as there may be a thousand of them.
    open_turns: list[list[Edge]] = [_turns(loose[0])] if loose else []
    while open_turns:
        if len(chosen) == len(open_turns):
            last = chosen.pop()
            children[last.source].remove(last.target)
        if not open_turns[-1]:
            open_turns.pop()
            continue
        edge = open_turns[-1].pop()
        if edge.source in reach((edge.target,), children):
            continue
        chosen.append(edge)
        children[edge.source].append(edge.target)
        if len(chosen) == len(loose):
            yield tuple(sorted(chosen, key=lambda one: (one.source, one.target)))
        else:
            open_turns.append(_turns(loose[len(chosen)]))


def _turns(edge: Edge) -> list[Edge]:
    """Both ways to direct an edge; the last is tried first."""
    return [Edge(source=edge.target, target=edge.source), Edge(source=edge.source, target=edge.target)]


def _distances(graph: CausalGraph, start: set[str]) -> dict[str, int]:
    away = dict.fromkeys(graph.names, len(graph.names))
    ahead = sorted(start & set(graph.names))
    away.update(dict.fromkeys(ahead, 0))
    tables = (graph.children_of, graph.parents_of, graph.spouses_of, graph.undirected_of)
    for name in ahead:  # the list grows while it is read
        for other in itertools.chain.from_iterable(table[name] for table in tables):
            if away[other] > away[name] + 1:
                away[other] = away[name] + 1
                ahead.append(other)
    return away


def _grouped(
    graph: CausalGraph, ways: Sequence[tuple[Edge, ...]], answer: Callable[[CausalGraph], Identification]
) -> tuple[Orientation, ...]:
    groups: dict[str, tuple[Identification, list[tuple[Edge, ...]]]] = {}
    for way in ways:
        found = answer(turned(graph, way))
        groups.setdefault(found.model_dump_json(), (found, []))[1].append(way)
    ordered = sorted(groups.values(), key=lambda group: -len(group[1]))  # stable: ties stay in order of the ways
    return tuple(Orientation(edges=tuple(own), identification=found) for found, own in ordered)


def _common(answers: Sequence[Identification], questions: Sequence[AdjustmentQuestion]) -> Identification:
    first = answers[0]
    if len(answers) == 1:
        return first
    generals = [answer.general for answer in answers]
    return Identification(
        treatment=first.treatment,
        outcome=first.outcome,
        effect=first.effect,
        null_effect=all(answer.null_effect for answer in answers),
        identifiable=all(answer.identifiable for answer in answers),
        backdoor=_common_sets([answer.backdoor for answer in answers], questions),
        frontdoor=_in_all([answer.frontdoor for answer in answers]),
        conditional_frontdoor=_in_all([answer.conditional_frontdoor for answer in answers]),
        instruments=_in_all([answer.instruments for answer in answers]),
        general=GeneralIdentification(
            identifiable=_worst([general.identifiable for general in generals]),
            expression=_same([general.expression for general in generals], ""),
            hedge=_same([general.hedge for general in generals], ()),
        ),
        open_paths=_in_all([answer.open_paths for answer in answers]),
        additions=_in_all([answer.additions for answer in answers]),
        notices=_notices(answers),
    )


def _common_sets(all_sets: Sequence[AdjustmentSets], questions: Sequence[AdjustmentQuestion]) -> AdjustmentSets:
    """Find sets that are valid in every orientation."""
    if any(not sets.minimal for sets in all_sets):
        return AdjustmentSets()
    listed = sorted({names for sets in all_sets for names in sets.sets}, key=lambda names: (len(names), names))
    joined = frozenset(name for sets in all_sets for name in sets.optimal_minimal or sets.minimal[0])
    found = [frozenset(names) for names in listed[:_CANDIDATES] if _valid_in_all(frozenset(names), questions)]
    wide = frozenset.intersection(*(question.allowed for question in questions))
    found += [
        _shrunk(names, questions) for names in ((joined, wide) if not found else ()) if _valid_in_all(names, questions)
    ]
    sets = {tuple(sorted(names)) for names in found if not any(other < names for other in found)}
    minimal = tuple(sorted(sets, key=lambda names: (len(names), names)))
    best = _same([sets.optimal for sets in all_sets], None)
    least = _same([sets.optimal_minimal for sets in all_sets], None)
    cheap = _same([sets.cheapest for sets in all_sets], None)
    extra = (names for names in (best, least, cheap) if names is not None)
    return AdjustmentSets(
        sets=tuple(dict.fromkeys((*minimal, *extra))),
        minimal=minimal,
        complete=all(one.complete and one.minimal == minimal for one in all_sets),
        optimal=best,
        optimal_minimal=least,
        cheapest=cheap,
    )


def _valid_in_all(names: frozenset[str], questions: Sequence[AdjustmentQuestion]) -> bool:
    return all(
        question.held <= names <= question.allowed
        and separated(question.bare, question.treatments, question.outcomes, names)
        for question in questions
    )


def _shrunk(names: frozenset[str], questions: Sequence[AdjustmentQuestion]) -> frozenset[str]:
    """Leave out, one by one, what can be left out."""
    for name in sorted(names):
        if _valid_in_all(names - {name}, questions):
            names -= {name}
    return names


def _in_all(lists: Sequence[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(item for item in lists[0] if all(item in others for others in lists[1:]))


def _same(values: Sequence[_T], otherwise: _T) -> _T:
    return values[0] if all(value == values[0] for value in values) else otherwise


def _worst(values: Sequence[bool | None]) -> bool | None:
    if all(values):
        return True
    return False if False in values else None


def _notices(answers: Sequence[Identification]) -> tuple[Notice, ...]:
    """Keep what is said of any answer, but that the arrows run the other way round only where they do in all."""
    every = dict.fromkeys(notice for answer in answers for notice in answer.notices)
    return tuple(one for one in every if one.code != REVERSED or all(one in answer.notices for answer in answers))
