"""Which line turns where between two columns, so that none runs over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Net:
    """Lines that begin together.

    Parameters
    ----------
    key
        No two nets between the same columns have the same.
    start
        Line of text at the left.
    ends
        Lines of text at the right; no two nets share one.
    """

    key: Key
    start: int
    ends: tuple[int, ...]

    @property
    def straight(self) -> bool:
        """Whether it needs no turn."""
        return self.ends == (self.start,)

    @property
    def reach(self) -> tuple[int, int]:
        """The topmost and the lowest of its lines."""
        return min(self.start, *self.ends), max(self.start, *self.ends)


def channel_tracks(nets: Sequence[Net]) -> dict[Key, int] | None:
    """Give each net that turns a track, counted from the left.

    Where one net begins in a line in which another one ends, the first has to turn before the second gets there.

    Returns
    -------
    dict or None
        ``None`` if that cannot be had.
    """
    waiting = [net for net in nets if not net.straight]
    placed: list[tuple[Net, int]] = []
    while waiting:
        ready = [net for net in waiting if not any(other.start in net.ends for other in waiting if other is not net)]
        if not ready:
            return None
        net = min(ready, key=_urgency)
        waiting.remove(net)
        # to the right of what has to turn first, and of what it would run into
        least = max((track + 1 for other, track in placed if other.start in net.ends), default=0)
        while any(track == least and _meet(net, other) for other, track in placed):
            least += 1
        placed.append((net, least))
    return {net.key: track for net, track in placed}


def _urgency(net: Net) -> tuple[int, int]:
    """Order nets so that those that go down from below, and those that go up from above, turn first."""
    down = net.reach[1] - net.start >= net.start - net.reach[0]
    return (0, -net.start) if down else (1, net.start)


def _meet(one: Net, other: Net) -> bool:
    (low, high), (least, most) = one.reach, other.reach
    return low <= most and least <= high
