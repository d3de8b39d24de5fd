"""A sheet of characters, on which lines know which way they go and to whom they belong."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from rich.cells import cell_len

from copilot.report.pictures.routing import Net

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_FLAT, _STEEP = _LEFT | _RIGHT, _UP | _DOWN
_SIGNS = " │││─┘┐┤─└┌├─┴┬┼"
"""By the sum of the ways."""
_ASCII = " |||-+++-+++-+++"


class Canvas:
    """Lines and words at places; what clashes is told.

    Parameters
    ----------
    ascii_only
        Draw with ``+``, ``-``, ``|`` and ``>`` alone.
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.clash = False
        """Whether two different lines run in the same place, so that nobody could tell which is which."""
        self._signs, self._head = (_ASCII, ">") if ascii_only else (_SIGNS, "►")
        self._ways: dict[tuple[int, int], dict[Hashable, int]] = {}
        self._texts: dict[int, dict[int, str]] = {}

    def text(self, row: int, x: int, words: str) -> None:
        """Write words; they hide no line, for where words are no line may be."""
        self._texts.setdefault(row, {})[x] = words
        self.clash = self.clash or any((row, x + step) in self._ways for step in range(cell_len(words)))

    def horizontal(self, owner: Hashable, row: int, left: int, right: int) -> None:
        """Draw a level line, both ends included."""
        for x in range(left, right + 1):
            self._add(owner, row, x, _FLAT)

    def net(self, net: Net, left: int, track: int, right: int, heads: Collection[int]) -> None:
        """Draw a net from one column to the next; `right` is where that begins, `heads` are the rows of arrows."""
        key = (left, net.key)
        if net.straight:
            self.horizontal(key, net.start, left, right - 1)
        else:
            for x in range(left, track):
                self._add(key, net.start, x, _FLAT)
            self._add(key, net.start, track, _LEFT)
            top, low = net.reach
            for row in range(top, low):
                self._add(key, row, track, _DOWN)
                self._add(key, row + 1, track, _UP)
            for end in net.ends:
                self._add(key, end, track, _RIGHT)
                for x in range(track + 1, right):
                    self._add(key, end, x, _FLAT)
        for end in net.ends:
            if end in heads:
                self._texts.setdefault(end, {})[right - 1] = self._head

    def lines(self) -> list[str]:
        """Give what was drawn, without blank lines around it and blanks at the ends."""
        rows = sorted({*self._texts, *(row for row, _ in self._ways)})
        return [self._line(row) for row in range(rows[0], rows[-1] + 1)] if rows else []

    def _add(self, owner: Hashable, row: int, x: int, ways: int) -> None:
        here = self._ways.setdefault((row, x), {})
        here[owner] = here.get(owner, 0) | ways
        if len(here) > 1:
            kinds = sorted(here.values())
            self.clash = self.clash or len(kinds) > 2 or not (kinds[0] & ~_STEEP == 0 and kinds[1] & ~_FLAT == 0)  # noqa: PLR2004 (one over the other)

    def _line(self, row: int) -> str:
        signs = {x: self._sign(here) for (at, x), here in self._ways.items() if at == row}
        texts = self._texts.get(row, {})
        line, x = "", 0
        last = max([*signs, *texts], default=-1)
        while x <= last:
            if x in texts:
                line += texts[x]
                x += cell_len(texts[x])
                continue
            line += signs.get(x, " ")
            x += 1
        return line.rstrip()

    def _sign(self, here: dict[Hashable, int]) -> str:
        ways = min(here.values()) if len(here) > 1 else next(iter(here.values()))
        return self._signs[ways]
