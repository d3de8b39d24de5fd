"""What an algorithm is given besides the data, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from copilot.discovery.orient import PartlyDirected


@dataclass(frozen=True)
class Effort:
    """How hard to look.

    Parameters
    ----------
    alpha
        Level of an independence test, in (0, 1).
    penalty
        Factor on the BIC's price of a parameter, > 0.
    depth
        Largest conditioning set, in columns.
    tests
        Conditioning sets of one size that may be tried in one resample; a size that needs more is not begun.
    sweeps
        Passes over all columns in a search of orders.
    """

    alpha: float
    penalty: float
    depth: int
    tests: int
    sweeps: int


@dataclass(frozen=True)
class Learned:
    """One graph over positions, small enough to come back from a worker.

    Parameters
    ----------
    directed
        (cause, effect, reason), ascending.
    undirected
        (smaller, larger, reason), ascending.
    unsure
        Pairs left undecided.
    truncated
        Whether a limit of `Effort` ended the search.
    """

    directed: tuple[tuple[int, int, str], ...]
    undirected: tuple[tuple[int, int, str], ...]
    unsure: tuple[tuple[int, int], ...]
    truncated: bool

    @classmethod
    def of(cls, graph: PartlyDirected, reason: Callable[[int, int], str], *, truncated: bool) -> Learned:
        """Read off an oriented graph."""
        return cls(
            directed=tuple((a, b, reason(a, b)) for a, b in graph.directed_edges()),
            undirected=tuple((a, b, reason(a, b)) for a, b in graph.undirected_edges()),
            unsure=tuple(sorted(graph.unsure)),
            truncated=truncated,
        )
