"""The effect under every graph that is plausible, and the edges that the answer hangs on."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.notice import Notice
from copilot.domain.value import Value


class GraphSource(StrEnum):
    """Where the graphs come from."""

    VOTES = "votes"
    """Drawn from the ballots."""
    CHANGES = "changes"
    """The accepted graph with one edge changed at a time."""


class EdgeState(StrEnum):
    """How a pair stands in one graph; the pair is (source, target)."""

    FORWARD = "forward"
    """source -> target."""
    BACKWARD = "backward"
    """target -> source."""
    ABSENT = "absent"
    """No arrow either way; or, where a hidden cause is asked about, no such cause."""
    CONFOUNDED = "confounded"
    """An unmeasured common cause of both."""


class Doubt(Value):
    """One thing that differs from graph to graph: how a pair is joined by an arrow, or whether a hidden cause is there.

    Parameters
    ----------
    pair
        In alphabetical order.
    hidden
        Whether it is about an unmeasured common cause, which is there or not whatever the arrow.
    affects
        What the hidden cause affects, the pair included; empty for an arrow.
    name
        Of the hidden cause, in a ballot's words; empty where nobody named it.
    """

    pair: tuple[str, str]
    hidden: bool = False
    affects: Names = ()
    name: str = ""

    def state_in(self, graph: CausalGraph) -> EdgeState:
        """Say how it stands in a graph."""
        first, second = self.pair
        if self.hidden:
            return EdgeState.CONFOUNDED if graph.has(first, second, EdgeKind.BIDIRECTED) else EdgeState.ABSENT
        if graph.has(first, second):
            return EdgeState.FORWARD
        return EdgeState.BACKWARD if graph.has(second, first) else EdgeState.ABSENT


class GraphDraws(Value):
    """Acyclic graphs without undirected edges, each with how often it was drawn.

    Parameters
    ----------
    source
        Where they come from.
    doubts
        What differs between them.
    graphs
        The distinct ones, in order of their first draw; all have the same nodes.
    states
        For each graph, how each of `doubts` stands in it.
    counts
        How often each was drawn.
    compared
        How often each was drawn by chance alone, each doubt by itself: a fair comparison of the states of a doubt.
    cut
        Arrows that were drawn and left out because they would have closed a circle.
    left_out
        Changes that were not looked at, because there are too many.
    """

    source: GraphSource
    doubts: tuple[Doubt, ...] = ()
    graphs: tuple[CausalGraph, ...] = ()
    states: tuple[tuple[EdgeState, ...], ...] = ()
    counts: tuple[int, ...] = ()
    compared: tuple[int, ...] = ()
    cut: int = 0
    left_out: int = 0


class DesignEffect(Value):
    """One way to compute the effect, and how many graphs call for it.

    Parameters
    ----------
    strategy
        ``None`` where the effect is zero by assumption or cannot be computed.
    null
        Whether it is zero by assumption: no directed path.
    adjustment_set, instruments, mediators
        The design in names.
    graphs
        How many of the graphs drawn call for it.
    accepted
        Whether the accepted graph is among them.
    value, se, interval
        The estimate in units of the outcome; ``None`` where there is none.
    note
        Why there is none.
    """

    strategy: Strategy | None = None
    null: bool = False
    adjustment_set: Names = ()
    instruments: Names = ()
    mediators: Names = ()
    graphs: int = Field(ge=0)
    accepted: bool = False
    value: float | None = None
    se: float | None = None
    interval: tuple[float, float] | None = None
    note: str = ""


class StateEffect(Value):
    """What the graphs say in which one pair stands in one way.

    Parameters
    ----------
    state
        How the pair stands.
    graphs
        How many graphs.
    identifiable
        Share of these in which the effect can be computed.
    null
        Share of these in which it is zero by assumption; in the rest it is not identifiable.
    value
        Mean of the estimates; ``None`` if there is none.
    positive
        Share of the estimates above zero; ``None`` if there is none.
    """

    state: EdgeState
    graphs: int = Field(ge=0)
    identifiable: float
    null: float = 0.0
    value: float | None = None
    positive: float | None = None


class PivotalEdge(Value):
    """A pair of variables, and what hangs on how it stands.

    Parameters
    ----------
    source, target
        The pair; as the accepted graph draws it where it does.
    hidden, affects, name
        As in `Doubt`.
    accepted
        How it stands in the accepted graph.
    states
        What the graphs say, state by state, that of the accepted graph first.
    estimate_move
        Largest difference of mean estimates between two states, as a multiple of the headline's size.
    sign_move, identifiable_move
        Largest difference between two states in the share of positive estimates, and of graphs that give an estimate.
    message
        One sentence for people.
    """

    source: str
    target: str
    hidden: bool = False
    affects: Names = ()
    name: str = ""
    accepted: EdgeState
    states: tuple[StateEffect, ...]
    estimate_move: float = 0.0
    sign_move: float = 0.0
    identifiable_move: float = 0.0
    message: str = ""

    @property
    def weight(self) -> tuple[float, float]:
        """What the ranking goes by: the largest of the three moves, each at most 1, and then their sum."""
        moves = (self.estimate_move, self.sign_move, self.identifiable_move)
        return max(min(1.0, move) for move in moves), sum(moves)


class ManyGraphs(Value):
    """What becomes of the answer under many graphs; shares are of the graphs, and are support, never probability.

    Parameters
    ----------
    source
        Where the graphs come from.
    graphs, distinct
        How many were drawn, and how many of these differ.
    not_identifiable
        Share in which the effect cannot be computed.
    null
        Share in which it is zero by assumption.
    not_estimated
        Share in which it could be computed and was not, because of numbers or a limit.
    quantiles
        Of the estimates over the graphs that give one: 5, 25, 50, 75 and 95 %; empty if there are none.
    range
        The lowest and the highest estimate.
    interval
        From the lowest to the highest limit of the intervals of those estimates that lie within the outer quantiles
        (single changes: of all estimates): the spread over graphs and sampling error together.
    positive
        Share of the estimates above zero; ``None`` if there are none.
    designs
        Each distinct way to the effect, the most frequent first.
    edges
        Pairs the answer hangs on, the gravest first; only those on which something hangs.
    estimator, rows
        By which estimator, and on how many rows.
    message
        One or two sentences for people.
    notices
        What was cut, capped or left out, with counts.
    """

    source: GraphSource
    graphs: int = Field(ge=0)
    distinct: int = Field(ge=0)
    not_identifiable: float
    null: float
    not_estimated: float = 0.0
    quantiles: tuple[float, ...] = ()
    range: tuple[float, float] | None = None
    interval: tuple[float, float] | None = None
    positive: float | None = None
    designs: tuple[DesignEffect, ...] = ()
    edges: tuple[PivotalEdge, ...] = ()
    estimator: str = ""
    rows: int = Field(default=0, ge=0)
    message: str = ""
    notices: tuple[Notice, ...] = ()
