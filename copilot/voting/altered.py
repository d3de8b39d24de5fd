"""Whether a change of the graph changes how the effect is identified."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.domain.graph import CausalGraph
from copilot.domain.identification.orientations import identify_oriented
from copilot.domain.text import shown
from copilot.domain.variables import Query

_NODES_SQUARED = 4_000
_FEWEST_WAYS = 4
"""Ways to direct undirected edges that are looked at: fewer the larger the graph, never fewer than these."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How the effect is identified, as far as a patch may change it."""

    null: bool
    identifiable: bool
    sets: tuple[tuple[str, ...], ...]
    strategies: tuple[str, ...]
    """Only where the graph alone does not identify the effect: an instrument may be all there is."""


def answer(graph: CausalGraph, query: Query) -> Answer | None:
    """Identify the effect; ``None`` without a treatment and an outcome that are observed nodes."""
    observed = frozenset(graph.names) - graph.latent
    treatment, outcome = query.treatment, query.outcome
    if treatment is None or outcome is None or treatment == outcome or not observed.issuperset((treatment, outcome)):
        return None
    ways = max(_FEWEST_WAYS, _NODES_SQUARED // len(graph.nodes) ** 2)
    found = identify_oriented(graph, treatment, outcome, orientations=ways).common
    strategies = () if found.identifiable else tuple(strategy.value for strategy in found.strategies)
    return Answer(found.null_effect, found.identifiable, found.backdoor.minimal, strategies)


def change(before: Answer | None, after: Answer | None, query: Query) -> str:
    """Say what a patch would change about the identification; an empty text if it changes nothing."""
    if before is None or after is None or before == after:
        return ""
    effect = f"the effect of {shown(query.treatment or '')} on {shown(query.outcome or '')}"
    if before.identifiable != after.identifiable:
        return f"With the patch {effect} would {'become' if after.identifiable else 'no longer be'} identifiable."
    if before.null != after.null:
        return f"With the patch {effect} would {'be' if after.null else 'no longer be'} zero by assumption."
    if before.sets != after.sets:
        return f"With the patch {effect} would have other minimal adjustment sets."
    return f"With the patch {effect} would be open to other strategies."
