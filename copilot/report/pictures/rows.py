"""The rows of points: as near to their neighbours as the order and the distances allow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from copilot.report.pictures.order import Links

GRID = 0.25
LINE_GAP = 0.25
"""Between two lines, and between a line and the room of a node; a multiple of the grid, so that rounding keeps it."""
_SWEEPS = 10
_NONE: tuple[list[int], list[int]] = ([], [])


def place_rows(columns: Sequence[Sequence[int]], links: Links, nodes: int, sizes: Sequence[float]) -> dict[int, float]:
    """Give every point a row.

    Parameters
    ----------
    columns
        Points of each layer from top to bottom.
    links
        Their neighbours to the left and to the right.
    nodes
        Points below this number are nodes, the others are points of long edges.
    sizes
        Of each node, in rows: multiples of 0.5.

    Returns
    -------
    dict
        Point → row, a multiple of `GRID`, the topmost 0.
    """
    offsets = [_offsets(column, sizes) for column in columns]
    row_of: dict[int, float] = {}
    for column, offset in zip(columns, offsets, strict=True):
        half = offset[-1] / 2 if offset else 0.0
        row_of.update({point: place - half for point, place in zip(column, offset, strict=True)})
    for sweep in range(_SWEEPS):
        numbers = range(len(columns)) if sweep % 2 == 0 else reversed(range(len(columns)))
        for number in numbers:
            _settle(columns[number], offsets[number], links, row_of, nodes)
    top = min(row_of.values(), default=0.0)
    return {point: math.floor((row - top) / GRID + 0.5) * GRID for point, row in row_of.items()}


def _offsets(column: Sequence[int], sizes: Sequence[float]) -> list[float]:
    """Add up the least distances from the top of a layer."""
    found = [0.0] if column else []
    for upper, lower in itertools.pairwise(column):
        halves = [sizes[point] / 2 for point in (upper, lower) if point < len(sizes)]
        found.append(found[-1] + sum(halves) + (LINE_GAP if len(halves) < 2 else 0.0))  # noqa: PLR2004 (two nodes)
    return found


def _settle(column: Sequence[int], offset: Sequence[float], links: Links, row_of: dict[int, float], nodes: int) -> None:
    """Move a layer to the least sum of squared distances from the neighbours' means, in order and at distance.

    With the distances taken off, this is isotonic regression, by pooling adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []
    wishes = [_wish(point, links, row_of, nodes) for point in column]
    pulled = [wish for wish, _ in wishes if wish is not None]
    middle = sum(pulled) / len(pulled) if pulled else 0.0
    for (wanted, weight), least in zip(wishes, offset, strict=True):
        wish = middle if wanted is None else wanted  # what has no neighbours keeps close to the others
        pools.append((wish - least, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (first, heavy, many), (second, light, few) = pools[-2:]
            total = heavy + light
            pools[-2:] = [((first * heavy + second * light) / total, total, many + few)]
    settled = [place for place, _, many in pools for _ in range(many)]
    row_of.update({point: place + least for point, place, least in zip(column, settled, offset, strict=True)})


def _wish(point: int, links: Links, row_of: Mapping[int, float], nodes: int) -> tuple[float | None, float]:
    """Say where a point would be best, and how much that matters."""
    left, right = links.get(point, _NONE)
    neighbours = [*left, *right]
    if not neighbours:
        return None, 0.01
    # points of long edges insist, so that long edges run straight
    return sum(row_of[other] for other in neighbours) / len(neighbours), 1.0 if point < nodes else 3.0
