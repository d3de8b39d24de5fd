"""The order of points within layers: a few sweeps of barycentres, of which the one with fewest crossings is kept."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping, Sequence

Links = dict[int, tuple[list[int], list[int]]]
"""Point → its neighbours in the layer to the left, and to the right."""
_NONE: tuple[list[int], list[int]] = ([], [])
SWEEPS = 12


def order_layers(columns: Sequence[Sequence[int]], links: Links) -> tuple[list[list[int]], int]:
    """Order points so that few edges cross.

    Parameters
    ----------
    columns
        Points of each layer, in any order that is always the same.
    links
        Between neighbouring layers; links over more than one layer pull and are not counted.

    Returns
    -------
    tuple
        The layers in order, and how many crossings are left.
    """
    now = [list(column) for column in columns]
    best, fewest = [list(column) for column in now], count_crossings(now, links)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        rightward = sweep % 2 == 0
        row_of = {point: row for column in now for row, point in enumerate(column)}
        for number in range(len(now)) if rightward else reversed(range(len(now))):
            side = 0 if rightward else 1
            now[number].sort(key=lambda point: _barycentre(links.get(point, _NONE)[side], row_of, row_of[point]))
            row_of.update({point: row for row, point in enumerate(now[number])})
        _swap_neighbours(now, links)
        crossings = count_crossings(now, links)
        if crossings < fewest:
            best, fewest = [list(column) for column in now], crossings
    return best, fewest


def _barycentre(neighbours: Sequence[int], row_of: Mapping[int, int], own: int) -> float:
    return sum(row_of[point] for point in neighbours) / len(neighbours) if neighbours else float(own)


_MOST_SWAPPED = 60
"""Points of a layer up to which neighbours are swapped where that helps."""


def _swap_neighbours(now: list[list[int]], links: Links) -> None:
    """Swap two neighbours of a layer wherever that saves crossings."""
    row_of = {point: row for column in now for row, point in enumerate(column)}
    for column in now:
        if len(column) > _MOST_SWAPPED:
            continue
        for row in range(len(column) - 1):
            upper, lower = column[row], column[row + 1]
            gain = 0
            for side in (0, 1):
                above = [row_of[point] for point in links.get(upper, _NONE)[side]]
                below = [row_of[point] for point in links.get(lower, _NONE)[side]]
                gain += sum((one > other) - (one < other) for one in above for other in below)
            if gain > 0:
                column[row], column[row + 1] = lower, upper
                row_of[lower], row_of[upper] = row, row + 1


def count_crossings(columns: Sequence[Sequence[int]], links: Links) -> int:
    """Count the crossings of links between neighbouring layers."""
    total = 0
    for left, right in itertools.pairwise(columns):
        row_of = {point: row for row, point in enumerate(right)}
        ends = [
            row
            for point in left
            for row in sorted(row_of[other] for other in links.get(point, _NONE)[1] if other in row_of)
        ]
        seen: list[int] = []
        for row in ends:
            # those drawn before from further up that end further down
            place = bisect_left(seen, row + 1)
            total += len(seen) - place
            seen.insert(place, row)
    return total
