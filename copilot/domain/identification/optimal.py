"""The adjustment sets with the lowest variance: of all, of the minimal ones, and of the cheapest ones.

All three are separators near the outcome in the moral graph (`moral`): the nearer, the lower the variance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from copilot.domain import adjustment
from copilot.domain.adjustment import is_valid_adjustment, mediating_nodes
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.flow import cheapest_separator
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question, bits, moral_graph
from copilot.domain.identification.values import EffectKind, Names
from copilot.domain.separation import named, reachable
from copilot.domain.text import shown
from copilot.errors import GraphError


def optimal_adjustment_set(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> Names | None:
    """Find the valid set under which estimates of the total effect have the lowest variance, whatever the numbers.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome
        Names of nodes, or one name.
    must, never
        What the set holds, and what it may not hold.

    Returns
    -------
    tuple of str or None
        ``None`` if no set is valid, if the treatment does not affect every outcome, or if no set is known to be best
        under all numbers, as happens with latent nodes. For several treatments it is given only where the set that
        would be best without latent nodes is observed.

    Raises
    ------
    GraphError, UnknownVariableError
        As `minimal_adjustment_sets`.

    Notes
    -----
    Let O be the allowed nodes next to the outcome in the moral graph, those reached through nodes that may not be
    adjusted for included, with `must`. If O is valid and separates the outcome, given the treatment too, from every
    other node that is in any valid set, it is best: to any valid set Z the members of O can be added at no loss, as Z
    separates them from the treatment, and then those of Z outside O can be dropped at no loss. Where all nodes are
    observed, or all observed ones are ancestors of treatment or outcome, this always holds.

    References
    ----------
    Henckel, Perković & Maathuis (2022), Graphical criteria for efficient total effect estimation via adjustment in
    causal linear models, JRSS B 84(2). Rotnitzky & Smucler (2020), Efficient adjustment sets for population average
    causal treatment effect estimation in graphical models, JMLR 21(188), lemmas 4 and 5. Smucler, Sapienza & Rotnitzky
    (2022), Efficient adjustment sets in causal graphical models with hidden variables, Biometrika 109(1).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "t"), ("w", "y"), ("p", "y"), ("t", "y")])
    >>> optimal_adjustment_set(graph, "t", "y")
    ('p', 'w')
    """
    return best_of_all(adjustment_question(graph, treatment, outcome, must=must, never=never))


def optimal_minimal(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> Names | None:
    """Find the minimal adjustment set with the lowest variance among the minimal ones.

    Unlike the best of all sets it always exists for one treatment, if any set is valid and the treatment has an effect.

    Returns
    -------
    tuple of str or None
        ``None`` otherwise.

    Raises
    ------
    GraphError, UnknownVariableError
        As `minimal_adjustment_sets`.

    References
    ----------
    Smucler, Sapienza & Rotnitzky (2022), Efficient adjustment sets in causal graphical models with hidden variables,
    Biometrika 109(1).

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("v", "w"), ("v", "t"), ("w", "y"), ("t", "y")])
    >>> optimal_minimal(graph, "t", "y")
    ('w',)
    """
    return best_of_minimal(adjustment_question(graph, treatment, outcome, must=must, never=never))


def cheapest(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    costs: Mapping[str, float],
    must: Iterable[str] = (),
    never: Iterable[str] = (),
) -> Names | None:
    """Find the adjustment set with the lowest variance among those of least total cost.

    Parameters
    ----------
    costs
        Node → what it costs to measure, above 0; 1 for a node that is not named.

    Returns
    -------
    tuple of str or None
        ``None`` if no set is valid.

    Raises
    ------
    GraphError, UnknownVariableError
        As `minimal_adjustment_sets`; or if a cost is not a number above 0, or of no node.

    References
    ----------
    Smucler & Rotnitzky (2022), A note on efficient minimum cost adjustment sets in causal graphical models, J. Causal
    Inference 10(1).

    Examples
    --------
    >>> arrows = [("v", "w"), ("v", "t"), ("w", "y"), ("t", "y")]
    >>> cheapest(CausalGraph.build(directed=arrows), "t", "y", {"w": 5, "v": 2})
    ('v',)
    """
    return best_of_cheapest(adjustment_question(graph, treatment, outcome, must=must, never=never), costs)


def best_of_all(question: AdjustmentQuestion) -> Names | None:
    """Answer `optimal_adjustment_set` for a question that is worked out already."""
    if not _has_effect(question):
        return None
    if len(question.treatments) > 1:
        return _best_if_observed(question)
    moral = moral_graph(question)
    side = moral.absorbed(moral.near)
    if side & moral.far:
        return None
    best = moral.named(moral.around(side)) | question.held
    told = reachable(question.graph, question.outcomes, best | question.treatments)
    doubtful = sorted((question.allowed - best) & told)
    return None if any(_usable(question, name) for name in doubtful) else tuple(sorted(best))


def best_of_minimal(question: AdjustmentQuestion) -> Names | None:
    """Answer `optimal_minimal` for a question that is worked out already."""
    if len(question.treatments) > 1 or not _has_effect(question):
        return None
    moral = moral_graph(question)
    nearest = next(moral.separators(), None)
    return None if nearest is None else _with_held(question, moral.named(nearest))


def best_of_cheapest(question: AdjustmentQuestion, costs: Mapping[str, float]) -> Names | None:
    """Answer `cheapest` for a question that is worked out already."""
    named(question.graph, costs)
    for name, cost in sorted(costs.items()):
        if not (cost > 0 and math.isfinite(cost)):
            raise GraphError(f"the cost of {shown(name)} cannot be {cost}", advice="Give a number above 0.")
    if not question.possible:
        return None
    moral = moral_graph(question)
    exact = {place: Fraction(costs.get(moral.names[place], 1.0)) for place in bits(moral.free)}
    scale = math.lcm(*(cost.denominator for cost in exact.values()))
    found = cheapest_separator(moral, {place: int(cost * scale) for place, cost in exact.items()})
    return None if found is None else _with_held(question, moral.named(found))


def _has_effect(question: AdjustmentQuestion) -> bool:
    if question.effect is not EffectKind.TOTAL or not question.possible:
        return False
    return question.outcomes <= mediating_nodes(question.graph, question.treatments, question.outcomes)


def _best_if_observed(question: AdjustmentQuestion) -> Names | None:
    """Take the parents of the nodes that carry the effect, where these say all (Henckel et al. 2022)."""
    graph = question.graph
    carrying = mediating_nodes(graph, question.treatments, question.outcomes)
    if any(graph.spouses_of[node] for node in carrying):
        return None
    causes = {parent for node in carrying for parent in graph.parents_of[node]}
    best = causes - graph.descendants(carrying) - question.treatments
    if not question.held <= best <= question.allowed:
        return None
    valid = is_valid_adjustment(graph, question.treatments, question.outcomes, best)
    return tuple(sorted(best)) if valid else None


def _usable(question: AdjustmentQuestion, name: str) -> bool:
    """Whether a node is in any valid set."""
    return moral_graph(replace(question, held=question.held | {name})).separable


def _with_held(question: AdjustmentQuestion, names: frozenset[str]) -> Names:
    return tuple(sorted(names | question.held))
