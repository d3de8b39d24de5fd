"""An unordered pair of variables and the ways an edge can run along it."""

from __future__ import annotations

from enum import IntEnum

from copilot.domain.graph import Edge, EdgeKind
from copilot.domain.text import shown

Pair = tuple[str, str]
"""Two names in alphabetical order."""


class Way(IntEnum):
    """How a direct effect runs along a pair."""

    FORWARD = 0
    """From the first to the second."""
    BACKWARD = 1
    """From the second to the first."""
    EITHER = 2
    """In a direction that nobody knows."""

    @property
    def turned(self) -> Way:
        """The other direction; `EITHER` is its own."""
        return _TURNED[self]


_TURNED = {Way.FORWARD: Way.BACKWARD, Way.BACKWARD: Way.FORWARD, Way.EITHER: Way.EITHER}
ALL_WAYS = frozenset(Way)


def pair_of(first: str, second: str) -> Pair:
    """Put two names in alphabetical order.

    Examples
    --------
    >>> pair_of("b", "a")
    ('a', 'b')
    """
    return (first, second) if first <= second else (second, first)


def way_of(source: str, target: str) -> Way:
    """Say which direction of its pair an arrow takes."""
    return Way.FORWARD if source <= target else Way.BACKWARD


def edge_of(pair: Pair, way: Way) -> Edge:
    """Write a way along a pair as an edge."""
    first, second = pair if way is not Way.BACKWARD else (pair[1], pair[0])
    return Edge(source=first, target=second, kind=EdgeKind.UNDIRECTED if way is Way.EITHER else EdgeKind.DIRECTED)


def arrow_of(pair: Pair, way: Way) -> tuple[str, str]:
    """Give source and target of a directed way."""
    return (pair[1], pair[0]) if way is Way.BACKWARD else pair


def written(pair: Pair, way: Way) -> str:
    """Write a way along a pair for people.

    Examples
    --------
    >>> written(("a", "b"), Way.BACKWARD)
    'b -> a'
    """
    first, second = arrow_of(pair, way)
    return f"{shown(first)} {'--' if way is Way.EITHER else '->'} {shown(second)}"
