"""From constraints on names to masks over positions."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.discovery.dependence import bits
from copilot.discovery.knowledge import Knowledge
from copilot.domain.consensus import Constraints
from copilot.domain.graph import find_cycle
from copilot.domain.text import shown
from copilot.errors import CycleError, GraphError


def knowledge_of(constraints: Constraints, names: Sequence[str]) -> tuple[Knowledge, int]:
    """Translate constraints on names into masks over positions.

    Parameters
    ----------
    constraints
        As the user gave them.
    names
        The columns that take part, in order.

    Returns
    -------
    Knowledge
        Over the positions in `names`.
    int
        How many required or forbidden edges and tier entries name no such column, and so say nothing here.

    Raises
    ------
    CycleError
        If required edges and tiers run in a circle.
    GraphError
        If an edge is both required and forbidden, or required against the tiers, or a name stands in two tiers.
    """
    at = {name: position for position, name in enumerate(names)}
    size = len(names)
    everything = (1 << size) - 1
    _check_tiers(constraints)
    tiers = [sum({1 << at[name] for name in tier if name in at}) for tier in constraints.tiers]
    before, later = [0] * size, [0] * size
    for number, tier in enumerate(tiers):
        for position in bits(tier):
            before[position] = sum(tiers[:number])
            later[position] = sum(tiers[number + 1 :])
    may = [everything & ~(1 << position) & ~later[position] for position in range(size)]
    for cause, effect in constraints.forbid:
        if cause in at and effect in at:
            may[at[effect]] &= ~(1 << at[cause])
    must = [0] * size
    for cause, effect in constraints.require:
        if cause in at and effect in at:
            _check_required(cause, effect, may[at[effect]] >> at[cause] & 1)
            must[at[effect]] |= 1 << at[cause]
            may[at[cause]] &= ~(1 << at[effect])
            before[at[effect]] |= 1 << at[cause]
    _close(before, names)
    # A required path from a to b also rules out an edge from b to a.
    may = [may[position] & ~sum(1 << o for o in range(size) if before[o] >> position & 1) for position in range(size)]
    named = [*constraints.require, *constraints.forbid, *((name,) for tier in constraints.tiers for name in tier)]
    outside = sum(any(name not in at for name in entry) for entry in named)
    return Knowledge(tuple(may), tuple(must), tuple(before)), outside


def _check_tiers(constraints: Constraints) -> None:
    seen: set[str] = set()
    for tier in constraints.tiers:
        twice = seen.intersection(tier)
        if twice:
            raise GraphError(
                f"{shown(min(twice))} stands in two tiers",
                reason="A tier is a place in time, and a variable is measured at one time.",
                advice="Name it in one tier only.",
            )
        seen.update(tier)


def _check_required(cause: str, effect: str, allowed: int) -> None:
    if not allowed:
        raise GraphError(
            f"the edge {shown(cause)} -> {shown(effect)} is required, and ruled out by a forbidden edge or the tiers",
            reason="An edge cannot be both.",
            advice="Change --require, --forbid or the tiers file.",
        )


def _close(before: list[int], names: Sequence[str]) -> None:
    """Close "comes before" under transitivity, in place (Warshall 1962)."""
    for middle in range(len(before)):
        for last in range(len(before)):
            if before[last] >> middle & 1:
                before[last] |= before[middle]
    if any(mask >> position & 1 for position, mask in enumerate(before)):
        after = {
            name: tuple(names[o] for o in range(len(before)) if before[o] >> position & 1)
            for position, name in enumerate(names)
        }
        raise CycleError(find_cycle(after) or ())
