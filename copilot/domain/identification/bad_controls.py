"""Why a set is no valid adjustment set, variable by variable, in sentences that name the path."""

from __future__ import annotations

from enum import StrEnum

from copilot.domain import adjustment
from copilot.domain.adjustment import mediating_nodes
from copilot.domain.graph import CausalGraph
from copilot.domain.identification.moral import AdjustmentQuestion, adjustment_question
from copilot.domain.identification.paths import Path, directed_path, shortest_open_path, without_nodes
from copilot.domain.identification.values import EffectKind
from copilot.domain.separation import named, separated
from copilot.domain.text import shown
from copilot.domain.value import Value


class BadControlKind(StrEnum):
    """What is wrong with a variable in the set, or with the set."""

    TREATMENT = "treatment"
    OUTCOME = "outcome"
    LATENT = "latent"
    MEDIATOR = "mediator"
    """Lies on a causal path."""
    DESCENDANT_OF_MEDIATOR = "descendant_of_mediator"
    DESCENDANT_OF_OUTCOME = "descendant_of_outcome"
    COLLIDER = "collider"
    """Holding it, or an effect of it, opens a path."""
    INSTRUMENT = "instrument"
    """Moves the treatment alone: valid, but costs precision and amplifies what bias is left."""
    NOT_ENOUGH = "not_enough"
    """No variable is wrong, but the set leaves a path open."""


class BadControl(Value):
    """One thing to say against a set.

    Parameters
    ----------
    name
        The variable; empty for ``not_enough``.
    kind
        What is wrong.
    message
        The sentence for people, with the path.
    harmful
        Whether it biases the estimate; false for a remark on a valid choice.
    """

    name: str
    kind: BadControlKind
    message: str
    harmful: bool = True


def explain_adjustment(
    graph: CausalGraph,
    treatment: adjustment.Names,
    outcome: adjustment.Names,
    given: adjustment.Names,
    effect: EffectKind = EffectKind.TOTAL,
) -> tuple[BadControl, ...]:
    """Say what is wrong with adjusting for a set.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome, given
        Names of nodes, or one name.
    effect
        Total, or direct.

    Returns
    -------
    tuple of BadControl
        None of them harmful exactly if the set is valid. Variables that may not be adjusted for come first, then paths
        that the rest of the set opens or leaves open.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or a node is both treatment and outcome.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    Cinelli, Forney & Pearl (2024), A crash course in good and bad controls, Sociol. Methods Res. 53(3). Perković et al.
    (2018), JMLR 18(220), definition 5.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("t", "m"), ("m", "y")])
    >>> [control.message for control in explain_adjustment(graph, "t", "y", ["m"])]
    ['m lies on the causal path t -> m -> y: holding it fixed removes part of the effect.']
    """
    question = adjustment_question(graph, treatment, outcome, effect=effect)
    chosen = named(graph, given)
    wrong = [_never_allowed(question, name) for name in sorted(chosen - question.allowed)]
    rest = chosen & question.allowed
    wrong += _open_paths(question, rest)
    return (*wrong, *_instruments(question, rest))


def _never_allowed(question: AdjustmentQuestion, name: str) -> BadControl:
    """Explain a member that no valid set holds."""
    node = shown(name)
    if name in question.treatments:
        return _bad(name, BadControlKind.TREATMENT, f"{node} is the treatment itself and cannot be adjusted for.")
    if name in question.outcomes:
        return _bad(name, BadControlKind.OUTCOME, f"{node} is the outcome itself and cannot be adjusted for.")
    if name in question.graph.latent:
        return _bad(name, BadControlKind.LATENT, f"{node} is not observed, so it cannot be adjusted for.")
    behind = next((y for y in sorted(question.outcomes) if name in question.graph.descendants((y,))), None)
    mediating = mediating_nodes(question.graph, question.treatments, question.outcomes)
    if behind is not None and name not in mediating:
        way = directed_path(question.graph, behind, name)
        text = f"{node} is an effect of the outcome ({_text(way)}): holding it fixed biases the estimate."
        return _bad(name, BadControlKind.DESCENDANT_OF_OUTCOME, text)
    if name in mediating:
        text = f"{node} lies on the causal path {_causal(question, name)}: holding it fixed removes part of the effect."
        return _bad(name, BadControlKind.MEDIATOR, text)
    source = min(m for m in mediating if name in question.graph.descendants((m,)) and m not in question.outcomes)
    way = directed_path(question.graph, source, name)
    text = (
        f"{node} is an effect of {shown(source)} ({_text(way)}), which lies on the causal path "
        f"{_causal(question, source)}: holding it fixed removes part of the effect and may open other paths."
    )
    return _bad(name, BadControlKind.DESCENDANT_OF_MEDIATOR, text)


def _causal(question: AdjustmentQuestion, through: str) -> str:
    """Write a causal path from a treatment to an outcome through a node."""
    others = question.treatments
    ways_in = (directed_path(question.graph, x, through, others) for x in sorted(others))
    ways_out = (directed_path(question.graph, through, y, others) for y in sorted(question.outcomes))
    first = min((way for way in ways_in if way), key=lambda way: (len(way.nodes), way.nodes))
    second = min((way for way in ways_out if way), key=lambda way: (len(way.nodes), way.nodes))
    return Path(nodes=(*first.nodes, *second.nodes[1:]), edges=(*first.edges, *second.edges)).text


def _open_paths(question: AdjustmentQuestion, held: frozenset[str]) -> list[BadControl]:
    """Explain paths that a set of admissible variables opens or leaves open."""
    found: list[BadControl] = []
    bare, left = question.bare, held
    while (path := shortest_open_path(bare, question.treatments, question.outcomes, left)) is not None:
        openers = _openers(question.bare, path, left)
        if not openers:
            break
        found += [_collider(question.bare, path, name) for name in sorted(openers)]
        # A path that the other members open away from these is open in the whole graph too.
        bare, left = without_nodes(bare, openers), left - openers
    uncontrolled = without_nodes(question.bare, held)
    path = shortest_open_path(uncontrolled, question.treatments, question.outcomes, frozenset())
    if path is not None:
        least = "with nothing adjusted for" if not held else "with this set"
        text = f"The path {path.text} stays open {least}, so the association holds more than the effect."
        found.append(_bad("", BadControlKind.NOT_ENOUGH, text))
    return found


def _openers(graph: CausalGraph, path: Path, held: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    for collider in path.colliders:
        found |= {collider} if collider in held else held & graph.descendants((collider,))
    return frozenset(found)


def _collider(graph: CausalGraph, path: Path, name: str) -> BadControl:
    node = shown(name)
    if name in path.colliders:
        text = f"{node} is a collider: holding it fixed opens the path {path.text}."
    else:
        above = next(c for c in path.colliders if name in graph.descendants((c,)))
        text = f"{node} is an effect of the collider {shown(above)}: holding it fixed opens the path {path.text}."
    return _bad(name, BadControlKind.COLLIDER, text)


def _instruments(question: AdjustmentQuestion, held: frozenset[str]) -> list[BadControl]:
    """Remark on members that say nothing about the outcome but through the treatment."""
    found: list[BadControl] = []
    if not mediating_nodes(question.graph, question.treatments, question.outcomes):
        return found
    for name in sorted(held):
        rest = held - {name}
        moves = not separated(question.bare, {name}, question.treatments, rest)
        if moves and separated(question.bare, {name}, question.outcomes, rest):
            text = (
                f"{shown(name)} tells nothing of the outcome but through the treatment"
                f"{', once the others are held fixed' if rest else ''}: adjusting for it is not wrong, but costs "
                "precision, and amplifies what bias is left."
            )
            found.append(_bad(name, BadControlKind.INSTRUMENT, text, harmful=False))
    return found


def _bad(name: str, kind: BadControlKind, message: str, *, harmful: bool = True) -> BadControl:
    return BadControl(name=name, kind=kind, message=message, harmful=harmful)


def _text(path: Path | None) -> str:
    return path.text if path is not None else ""
