"""The first open strategy under a graph and nothing beside it: for questions put to a thousand graphs."""

from __future__ import annotations

from collections.abc import Iterable

from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.adjustment_sets import minimal_sets
from copilot.domain.identification.frontdoor import frontdoor_sets, frontdoor_with_covariates
from copilot.domain.identification.instruments import instruments
from copilot.domain.identification.moral import adjustment_question
from copilot.domain.identification.optimal import best_of_all, best_of_minimal
from copilot.domain.identification.values import AdjustmentSets, ConditionalFrontDoor, Identification


def identify_briefly(graph: CausalGraph, treatment: str, outcome: str, *, never: Iterable[str] = ()) -> Identification:
    """Find the most trusted strategy that is open, as `identify` would, and leave the others out.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome
        Two observed nodes.
    never
        What no adjustment set may hold and what is held fixed for no instrument or front door.

    Returns
    -------
    Identification
        Of adjustment, front door and instruments only the first that is open is filled in. Of the minimal adjustment
        sets one is listed beside the best ones, and `backdoor.complete` is false. General identification is not tried,
        so `identifiable` is false where it alone would do.

    Raises
    ------
    GraphError, UnknownVariableError
        As `identify`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("t", "y")])
    >>> identify_briefly(graph, "t", "y").backdoor.optimal
    ('w',)
    """
    ruled_out = frozenset(never)
    ends = {"treatment": (treatment,), "outcome": (outcome,)}
    if not mediating_nodes(graph, treatment, outcome):
        return Identification(**ends, null_effect=True, identifiable=True)
    question = adjustment_question(graph, treatment, outcome, never=ruled_out)
    minimal, _ = minimal_sets(question, 1)
    if minimal:
        best, least = best_of_all(question), best_of_minimal(question)
        shown = tuple(dict.fromkeys((*minimal, *(names for names in (best, least) if names is not None))))
        sets = AdjustmentSets(sets=shown, minimal=minimal, complete=False, optimal=best, optimal_minimal=least)
        return Identification(**ends, identifiable=True, backdoor=sets)
    doors, _ = frontdoor_sets(graph, treatment, outcome)
    if doors:
        return Identification(**ends, identifiable=True, frontdoor=doors)
    held = tuple(
        ConditionalFrontDoor(mediators=mediators, given=given)
        for mediators, given in frontdoor_with_covariates(graph, treatment, outcome)
        if given and ruled_out.isdisjoint(given)
    )
    if held:
        return Identification(**ends, identifiable=True, conditional_frontdoor=held)
    movers = instruments(graph, treatment, outcome)
    return Identification(**ends, instruments=tuple(one for one in movers if ruled_out.isdisjoint(one.given)))
