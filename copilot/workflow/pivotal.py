"""The edges that the answer hangs on, ranked by how far it moves with how they stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from copilot.domain.graph import CausalGraph
from copilot.domain.many_graphs import Doubt, EdgeState, GraphDraws, GraphSource, PivotalEdge, StateEffect
from copilot.domain.numbers import number
from copilot.domain.text import shown

FEWEST = 20
"""Draws in which a pair must stand in one way before that way is compared with the others."""
LEAST_MOVE = 0.05
"""Moves below this share of the headline, or of the graphs, are not worth a question."""
MOST_LISTED = 30
_ERRORS = 2.0
"""A difference between states counts as far as it exceeds so many of its standard errors over draws."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one graph says: an estimate, zero by assumption, or nothing (a value is ``None`` then)."""

    value: float | None = None
    null: bool = False
    usable: bool = False
    """Whether the effect can be computed; without a value it was not estimated."""


@dataclass(frozen=True, slots=True)
class _Group:
    """All graphs in which a doubt stands in one way, each with its weight."""

    state: EdgeState
    told: tuple[tuple[Outcome, int], ...]

    @property
    def graphs(self) -> int:
        return sum(weight for _, weight in self.told)

    def share(self, of: Callable[[Outcome], bool]) -> float:
        """Give the share of graphs of which something is true."""
        return sum(weight for outcome, weight in self.told if of(outcome)) / self.graphs

    def moments(self, of: Callable[[float], float]) -> tuple[float, float] | None:
        """Give the mean of something over the estimates, and its variance over draws; ``None`` without an estimate."""
        values = [(of(outcome.value), weight) for outcome, weight in self.told if outcome.value is not None]
        many = sum(weight for _, weight in values)
        if not many:
            return None
        mean = sum(value * weight for value, weight in values) / many
        return mean, sum(weight * (value - mean) ** 2 for value, weight in values) / many**2


def rank_edges(
    draws: GraphDraws,
    outcomes: Sequence[Outcome],
    accepted: CausalGraph,
    question: tuple[str, str],
    scale: float,
) -> tuple[PivotalEdge, ...]:
    """Rank pairs by how far the answer moves with how they stand.

    Parameters
    ----------
    draws, outcomes
        The graphs, and what each says.
    accepted
        The accepted graph.
    question
        Treatment and outcome; whether an arrow joins them is the question itself and is not compared.
    scale
        Size of the headline, in units of the outcome, above 0.

    Returns
    -------
    tuple of PivotalEdge
        The gravest first, at most `MOST_LISTED`; none on which less hangs than `LEAST_MOVE`.

    Notes
    -----
    Of graphs drawn from ballots those are compared that were drawn with every pair by itself: there the way one pair
    stands says nothing of the others, so that a difference is the doing of the pair. Two states differ by as much as
    the difference of their means exceeds twice its standard error over draws.
    """
    found = []
    for place, doubt in enumerate(draws.doubts):
        groups = [group for group in _groups(draws, outcomes, place) if not _is_question(doubt, group.state, question)]
        now = doubt.state_in(accepted)
        groups.sort(key=lambda group: (group.state is not now, group.state))
        if len(groups) > 1:
            edge = _pivotal(doubt, groups, now, scale)
            if edge.weight[0] >= LEAST_MOVE:
                found.append(edge)
    found.sort(key=lambda edge: (*(-one for one in edge.weight), edge.source, edge.target, edge.hidden))
    return tuple(found[:MOST_LISTED])


def _is_question(doubt: Doubt, state: EdgeState, question: tuple[str, str]) -> bool:
    return not doubt.hidden and state is EdgeState.ABSENT and set(doubt.pair) == set(question)


def _groups(draws: GraphDraws, outcomes: Sequence[Outcome], place: int) -> Iterable[_Group]:
    for state in EdgeState:
        rows = [row for row, states in enumerate(draws.states) if states[place] is state]
        if draws.source is GraphSource.CHANGES:
            # The graph itself, and the one in which this pair and no other is changed.
            rows = [0] if state is draws.states[0][place] else rows
            if rows:
                yield _Group(state, tuple((outcomes[row], 1) for row in rows))
            continue
        for weights in (draws.compared, draws.counts):
            told = tuple((outcomes[row], weights[row]) for row in rows if weights[row])
            if sum(weight for _, weight in told) >= FEWEST:
                yield _Group(state, told)
                break


def _pivotal(doubt: Doubt, groups: Sequence[_Group], now: EdgeState, scale: float) -> PivotalEdge:
    (source, target), states = doubt.pair, [_state_effect(group) for group in groups]
    if now is EdgeState.BACKWARD or (now is EdgeState.ABSENT and not doubt.hidden and _more_backward(groups)):
        source, target = target, source
        states = [one.model_copy(update={"state": _TURNED[one.state]}) for one in states]
        now = _TURNED[now]
    moves = {
        "estimate_move": _largest([group.moments(lambda value: value) for group in groups]) / scale,
        "sign_move": _largest([group.moments(lambda value: float(value > 0)) for group in groups]),
        "identifiable_move": _largest([_share_moments(group) for group in groups]),
    }
    edge = PivotalEdge(
        source=source,
        target=target,
        hidden=doubt.hidden,
        affects=doubt.affects,
        name=doubt.name,
        accepted=now,
        states=tuple(states),
        **moves,
    )
    varied = [len({outcome.value for outcome, _ in group.told} - {None}) > 1 for group in groups]
    return edge.model_copy(update={"message": _message(edge, varied)})


_TURNED = {
    EdgeState.FORWARD: EdgeState.BACKWARD,
    EdgeState.BACKWARD: EdgeState.FORWARD,
    EdgeState.ABSENT: EdgeState.ABSENT,
    EdgeState.CONFOUNDED: EdgeState.CONFOUNDED,
}


def _more_backward(groups: Sequence[_Group]) -> bool:
    graphs = {group.state: group.graphs for group in groups}
    return graphs.get(EdgeState.BACKWARD, 0) > graphs.get(EdgeState.FORWARD, 0)


def _state_effect(group: _Group) -> StateEffect:
    value, positive = group.moments(lambda one: one), group.moments(lambda one: float(one > 0))
    return StateEffect(
        state=group.state,
        graphs=group.graphs,
        identifiable=group.share(lambda outcome: outcome.usable),
        null=group.share(lambda outcome: outcome.null),
        value=None if value is None else value[0],
        positive=None if positive is None else positive[0],
    )


def _share_moments(group: _Group) -> tuple[float, float]:
    share = group.share(lambda outcome: outcome.usable)
    return share, share * (1 - share) / group.graphs


def _largest(moments: Sequence[tuple[float, float] | None]) -> float:
    """Give the largest difference of two means, less what chance may have done to it."""
    known = [one for one in moments if one is not None]
    gaps = [
        abs(first[0] - second[0]) - _ERRORS * math.sqrt(first[1] + second[1])
        for index, first in enumerate(known)
        for second in known[index + 1 :]
    ]
    return max([0.0, *gaps])


def _message(edge: PivotalEdge, varied: Sequence[bool]) -> str:
    """Say in one sentence what hangs on a pair; `varied` says for each state whether its estimates differ."""
    told: dict[str, list[str]] = {}
    for place, (state, many) in enumerate(zip(edge.states, varied, strict=True)):
        condition = _condition(edge, state.state, first=not place)
        told.setdefault(_says(state, varied=many), []).append(condition)
    text = "; ".join(f"{' or '.join(conditions)} {said}" for said, conditions in told.items())
    return f"{text[:1].upper()}{text[1:]}."


def _condition(edge: PivotalEdge, state: EdgeState, *, first: bool) -> str:
    source, target = shown(edge.source), shown(edge.target)
    if edge.hidden:
        word = "with" if state is EdgeState.CONFOUNDED else "without"
        if not first:
            return f"{word} it"
        names = [shown(name) for name in edge.affects]
        name = f" ({shown(edge.name)})" if edge.name else ""
        return f"{word} an unmeasured common cause of {', '.join(names[:-1])} and {names[-1]}{name}"
    return {
        EdgeState.FORWARD: f"with {source} -> {target}",
        EdgeState.BACKWARD: f"with {target} -> {source}",
        EdgeState.ABSENT: f"with no arrow between {f'{source} and {target}' if first else 'them'}",
        EdgeState.CONFOUNDED: "",
    }[state]


def _says(state: StateEffect, *, varied: bool) -> str:
    parts = []
    if state.value is not None:
        parts.append(f"the estimate is {number(state.value)}{' on average' if varied else ''}")
    lost = 1 - state.identifiable - state.null
    for share, words in ((lost, "not identifiable"), (state.null, "zero by assumption")):
        if share >= LEAST_MOVE or (share > 0 and state.value is None):
            where = "" if share == 1 else f" in {share:.0%} of these graphs"
            parts.append(f"the effect is {words}{where}")
    return " and ".join(parts) if parts else "the effect can be computed and was not"
