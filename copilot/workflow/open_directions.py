"""What hangs on the direction of edges that a graph leaves open, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.identification.values import Identification, OrientedIdentification
from copilot.domain.text import shown

_MOST_ANSWERS = 6
_MOST_WAYS = 2
_MOST_SPELT, _MOST_NAMED, _MOST_COUNTED = 3, 4, 4
"""Open edges up to which each way is spelt out, edges that are named, and answers whose ways are counted."""
_MOST_LOOSE = 20
"""Open edges up to which it is looked for those that matter."""


def directions(graph: CausalGraph, found: OrientedIdentification) -> str:
    """Name the open edges on which the answer hangs: "w — t, a — b"; of many the first."""
    edges = _that_matter(graph, found)
    named = ", ".join(f"{shown(one.source)} — {shown(one.target)}" for one in edges[:_MOST_NAMED])
    return named if len(edges) <= _MOST_NAMED else f"{named} and {len(edges) - _MOST_NAMED} more edges"


def answers(graph: CausalGraph, found: OrientedIdentification) -> str:
    """Say what each way to direct the open edges comes to: "if w → t, adjust for {w}; if t → w, adjust for nothing".

    Where many edges are open the ways are counted: "in 12 of 40 ways there is no effect, in 9 adjust for {w}".
    """
    pairs = {one.pair for one in _that_matter(graph, found)}
    if len(pairs) > _MOST_SPELT:
        return _counted(found)
    ways: dict[str, list[str]] = {}
    for group in found.groups:
        told = ways.setdefault(offer(group.identification), [])
        told += [in_words([edge for edge in way if edge.pair in pairs]) for way in group.edges]
    clauses = []
    for answer, conditions in ways.items():
        distinct = list(dict.fromkeys(conditions))
        more = " or in other ways" if len(distinct) > _MOST_WAYS else ""
        clauses.append(f"if {' or '.join(distinct[:_MOST_WAYS])}{more}, {answer}")
    left = len(clauses) - _MOST_ANSWERS
    return "; ".join(clauses[:_MOST_ANSWERS]) + (f"; and {left} more answers" if left > 0 else "")


def _counted(found: OrientedIdentification) -> str:
    """Count the ways that come to each answer, the most common first."""
    ways: Counter[str] = Counter()
    for group in found.groups:
        ways[offer(group.identification)] += len(group.edges)
    ranked = sorted(ways.items(), key=lambda pair: (-pair[1], pair[0]))
    first = [f"in {many:,} {answer}" for answer, many in ranked[:_MOST_COUNTED]]
    first[0] = first[0].replace("in ", f"of {'' if found.complete else 'the first '}{ways.total():,} ways in ", 1)
    left = ways.total() - sum(many for _, many in ranked[:_MOST_COUNTED])
    return ", ".join(first) + (f", and in {left:,} something else" if left else "")


def in_words(edges: Sequence[Edge]) -> str:
    """Write directed edges as a condition: "w → t and a → b"."""
    return " and ".join(f"{shown(edge.source)} → {shown(edge.target)}" for edge in edges)


def conditions(graph: CausalGraph, found: OrientedIdentification, groups: Sequence[int]) -> str:
    """Say in words how the open edges must point for one of these groups of answers to hold."""
    pairs = {one.pair for one in _that_matter(graph, found)}
    ways = [[edge for edge in way if edge.pair in pairs] for index in groups for way in found.groups[index].edges]
    distinct = list(dict.fromkeys(map(in_words, ways)))
    return " or ".join(distinct[:_MOST_WAYS]) + (" or in other ways" if len(distinct) > _MOST_WAYS else "")


def offer(one: Identification) -> str:
    """Say in a few words what there is to be done under one answer."""
    sets = one.backdoor
    if one.null_effect:
        return "there is no effect"
    if sets.minimal:
        names = sets.optimal_minimal if sets.optimal_minimal is not None else sets.minimal[0]
        return f"adjust for {_set(names)}" if names else "adjust for nothing"
    doors = [
        *((names, ()) for names in one.frontdoor),
        *((door.mediators, door.given) for door in one.conditional_frontdoor),
    ]
    if doors:
        mediators, held = doors[0]
        return f"go through {_set(mediators)} as a front door" + (f", given {_set(held)}" if held else "")
    if one.instruments:
        given = f", given {_set(one.instruments[0].given)}" if one.instruments[0].given else ""
        return f"use {shown(one.instruments[0].name)} as an instrument{given}"
    if one.general.identifiable and one.general.expression:
        return "the effect has a general expression alone"
    return "the effect cannot be identified"


def _that_matter(graph: CausalGraph, found: OrientedIdentification) -> list[Edge]:
    """Find the open edges that change the answer when they alone are turned round; all of them where none does."""
    loose = [edge for edge in graph.edges if edge.kind is EdgeKind.UNDIRECTED]
    ways = [(frozenset(way), offer(group.identification)) for group in found.groups for way in group.edges]
    if len(loose) > _MOST_LOOSE:
        return loose[:_MOST_ANSWERS]
    mattering = []
    for edge in loose:
        seen: dict[frozenset[Edge], set[str]] = {}
        for way, answer in ways:
            seen.setdefault(frozenset(one for one in way if one.pair != edge.pair), set()).add(answer)
        if any(len(several) > 1 for several in seen.values()):
            mattering.append(edge)
    return mattering or loose


def _set(names: Sequence[str]) -> str:
    return "{" + ", ".join(map(shown, names)) + "}"
