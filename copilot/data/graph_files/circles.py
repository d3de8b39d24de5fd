"""Every circle of a file that is no acyclic graph, for a reader who wants to mend it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from copilot.data.graph_files.document import GraphDocument
from copilot.data.graph_files.reading import parse_file, read_text
from copilot.data.graph_files.source import Rounds
from copilot.domain.value import Value
from copilot.errors import CycleError

_STARTS = 200
"""Nodes of a component from which a shortest circle is looked for; in larger ones it may be a little longer."""


class Circles(Value):
    """Where the edges of a file run in circles.

    Parameters
    ----------
    loops
        Nodes with an edge to themselves, sorted.
    cycles
        For each set of nodes that all lead to each other, a shortest circle: names in the order of the arrows, the
        first not repeated. Taking it apart may leave others in the same component.
    """

    loops: tuple[str, ...] = ()
    cycles: tuple[tuple[str, ...], ...] = ()


def graph_or_circles(path: str) -> GraphDocument | Circles:
    """Read a graph file once; where edges run in circles, tell where instead.

    Parameters
    ----------
    path
        As for `read_graph`.

    Raises
    ------
    GraphFileError
        If the file cannot be read as a graph for another reason.
    """
    text, where = read_text(path)
    rounds = Rounds()
    try:
        document = parse_file(text, where, path, rounds)
    except CycleError:
        return _circles(rounds)
    return _circles(rounds) if rounds.loops else document


def circles_of(path: str) -> Circles:
    """Find where the edges of a file run in circles; empty if nowhere.

    Raises
    ------
    GraphFileError
        As `graph_or_circles`.
    """
    found = graph_or_circles(path)
    return found if isinstance(found, Circles) else Circles()


def _circles(rounds: Rounds) -> Circles:
    import networkx as nx

    children: dict[str, list[str]] = {}
    for source, target in rounds.arrows:
        children.setdefault(source, []).append(target)
    parts = nx.strongly_connected_components(nx.DiGraph(rounds.arrows))
    knots = sorted(sorted(part) for part in parts if len(part) > 1)
    return Circles(
        loops=tuple(sorted(set(rounds.loops))), cycles=tuple(_shortest_circle(knot, children) for knot in knots)
    )


def _shortest_circle(knot: Sequence[str], children: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Find a shortest circle among nodes that all lead to each other.

    Examples
    --------
    >>> _shortest_circle("abc", {"a": ["b"], "b": ["c"], "c": ["a", "b"]})
    ('b', 'c')
    """
    inside, best = frozenset(knot), tuple[str, ...]()
    for start in knot[:_STARTS]:
        found = _circle_through(start, inside, children)
        if not best or len(found) < len(best):
            best = found
        if len(best) == 2:  # noqa: PLR2004 (none is shorter, self-loops aside)
            break
    return best


def _circle_through(start: str, inside: frozenset[str], children: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    came: dict[str, str] = {}
    ahead = deque([start])
    while ahead:
        here = ahead.popleft()
        for child in sorted(children.get(here, ())):
            if child == start:
                names = [here]
                while names[-1] != start:
                    names.append(came[names[-1]])
                return tuple(reversed(names))
            if child in inside and child not in came:
                came[child] = here
                ahead.append(child)
    return ()  # never for a node of a component of two or more
