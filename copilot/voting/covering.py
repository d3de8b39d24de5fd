"""The same cut as an integer program, for tangles of circles that branch and bound does not get through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Arrow = tuple[str, str]

_ROUNDS = 25
_NODES = 50
_MOST_EDGES = 250
"""Limits are counts and not times, so that the result is the same on every machine. Denser tangles than this take
minutes and mean that the ballots agree on nothing."""


def covering_cut(arrows: Mapping[int, Arrow], weights: Mapping[int, int]) -> tuple[int, ...] | None:
    """Find edges of least total weight whose removal leaves no circle, by covering circles.

    Every circle must lose an edge. Only circles that the cut so far leaves open are written down, and the program is
    solved again until none is left.

    Parameters
    ----------
    arrows
        Edges by number, in the order in which ties are decided: among equally light cuts, edges with smaller positions
        go first.
    weights
        Weight of each edge that may go, a positive whole number; edges without one stay.

    Returns
    -------
    tuple of int or None
        Numbers of the edges to take out, sorted; ``None`` if the solver's limits are met or there is no cut.

    References
    ----------
    Baharev, Schichl, Neumaier & Achterberg (2021), "An exact method for the minimum feedback arc set problem", ACM J.
    Exp. Algorithmics 26 (lazily made circles). Huangfu & Hall (2018), Math. Prog. Comp. 10 (the solver, HiGHS).
    """
    import numpy as np

    free = [number for number in arrows if number in weights]
    if len(free) > _MOST_EDGES:
        return None
    place = {number: position for position, number in enumerate(free)}
    # The bonus decides ties and sums to less than one, the least difference between two weights.
    bonus = np.arange(len(free), 0, -1) / (len(free) * (len(free) + 1))
    cost = np.array([weights[number] for number in free], dtype=float) - bonus
    rows: list[tuple[int, ...]] = []
    cut: frozenset[int] = frozenset()
    for _ in range(_ROUNDS):
        circles = _open_circles({number: ends for number, ends in arrows.items() if number not in cut})
        if not circles:
            return tuple(sorted(cut))
        rows += [tuple(place[number] for number in circle if number in place) for circle in circles]
        chosen = None if not all(rows) else _solve(cost, rows)
        if chosen is None:
            return None
        cut = frozenset(free[position] for position in chosen)
    return None


def _solve(cost: np.ndarray, rows: Sequence[tuple[int, ...]]) -> list[int] | None:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    columns = np.concatenate([np.array(row) for row in rows])
    starts = np.cumsum([0, *map(len, rows)])
    matrix = csr_array((np.ones(len(columns)), columns, starts), shape=(len(rows), len(cost)))
    found = milp(
        cost,
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, lb=1),
        options={"mip_rel_gap": 0.0, "node_limit": _NODES},
    )
    return None if found.status != 0 else [int(i) for i in np.flatnonzero(found.x > 0.5)]  # noqa: PLR2004 (0 or 1)


def _open_circles(arrows: Mapping[int, Arrow]) -> list[tuple[int, ...]]:
    """Find a shortest circle through each edge that lies on one, each circle once."""
    from collections import deque

    out: dict[str, list[int]] = {}
    for number, (source, _) in arrows.items():
        out.setdefault(source, []).append(number)
    found: dict[tuple[int, ...], None] = {}
    for number, (goal, start) in arrows.items():
        came: dict[str, int] = {start: number}
        ahead = deque([start])
        while ahead and goal not in came:
            for step in out.get(ahead.popleft(), ()):
                there = arrows[step][1]
                if there not in came:
                    came[there] = step
                    ahead.append(there)
        if goal in came:
            steps, here = [number], goal
            while here != start:
                steps.append(came[here])
                here = arrows[came[here]][0]
            found[tuple(sorted(steps))] = None
    return list(found)
