"""All minimal adjustment sets of a question."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from copilot.domain import adjustment
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.flow import cheapest_separator
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question, bits, moral_graph
from copilot.domain.identification.values import EffectKind, Names


def minimal_adjustment_sets(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    *,
    effect: EffectKind = EffectKind.TOTAL,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
    limit: int = 100,
) -> tuple[tuple[Names, ...], bool]:
    """List the adjustment sets from which nothing can be left out.

    Parameters
    ----------
    graph
        With directed and bidirected edges only; latent nodes are in no set.
    treatment, outcome
        Names of nodes, or one name.
    effect
        The total effect, by the adjustment criterion; or the direct one, by separation without the arrows from
        treatment to outcome, where effects of the outcome are in no set.
    must
        What each set holds; the sets are minimal among those that do.
    never
        What no set may hold.
    limit
        How many sets to list at most.

    Returns
    -------
    sets : tuple of tuple of str
        Smallest first, then by name. ``()`` if no set is valid, ``((),)`` if nothing need be adjusted for.
    complete : bool
        Whether these are all. If not, the sets nearest to the outcome are listed, and one with the fewest variables.

    Raises
    ------
    GraphError
        If the graph has undirected edges, a node is treatment and outcome, or one is in `must` and in `never`.
    UnknownVariableError
        If a name is no node.

    Notes
    -----
    The time to the first set, and from each set to the next, is polynomial: at most one search through the graph for
    each member of the set.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2019), Separators and adjustment sets in causal graphs, Artif. Intell. 270.
    Takata (2010), Space-optimal, backtracking algorithms to list the minimal vertex separators of a graph, Discrete
    Appl. Math. 158. Pearl (2009), Causality, theorem 5.3.1 (the single door).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("v", "w"), ("w", "t"), ("v", "y"), ("t", "y")])
    >>> minimal_adjustment_sets(graph, "t", "y")
    ((('v',), ('w',)), True)
    """
    question = adjustment_question(graph, treatment, outcome, effect=effect, must=must, never=never)
    return minimal_sets(question, limit)


def minimal_sets(question: AdjustmentQuestion, limit: int) -> tuple[tuple[Names, ...], bool]:
    """List minimal sets for a question that is worked out already; see `minimal_adjustment_sets`."""
    if not question.possible:
        return (), True
    moral = moral_graph(question)
    found = list(itertools.islice(moral.separators(), limit + 1))
    complete = len(found) <= limit
    if not complete:
        found = found[:limit]
        fewest = cheapest_separator(moral, dict.fromkeys(bits(moral.free), 1))
        if fewest is not None and fewest not in found:
            found[-1] = fewest
    sets = (tuple(sorted(moral.named(mask) | question.held)) for mask in found)
    return tuple(sorted(sets, key=lambda names: (len(names), names))), complete
