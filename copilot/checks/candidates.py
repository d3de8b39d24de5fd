"""What a graph says of a candidate: confounder, instrument, negative control."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from copilot.checks.back_doors import back_door_through, confounds, opened_by
from copilot.domain.adjustment import mediating_nodes, some_adjustment_set
from copilot.domain.candidates import Candidate, Check, Role
from copilot.domain.graph import CausalGraph, EdgeKind, Node
from copilot.domain.identification.general import general_identification
from copilot.domain.identification.instruments import instruments, why_no_instrument
from copilot.domain.identification.paths import Path, directed_path, without_nodes
from copilot.domain.text import shown
from copilot.domain.variables import Query
from copilot.errors import GraphError, UsageError

_NEW = "(unmeasured)"
_WORK = 20_000
"""Ways to direct edges, times nodes squared, that are looked at for one candidate."""


def check_by_graph(graph: CausalGraph, query: Query, candidate: Candidate) -> Check:
    """Hold one candidate against a graph.

    Parameters
    ----------
    graph
        The accepted one; nodes without a column are unobserved.
    query
        Treatment and outcome, both nodes.
    candidate
        A column, or an idea from outside.

    Returns
    -------
    Check
        ``passed`` is ``None`` where the graph does not speak of the candidate, or where it hangs on edges that have no
        direction yet.
    """
    treatment, outcome = query.treatment or "", query.outcome or ""
    name = candidate.name
    if name in {treatment, outcome}:
        which = "treatment" if name == treatment else "outcome"
        return Check(passed=False, reason=f"{shown(name)} is the {which} itself.")
    if any(edge.kind == EdgeKind.UNDIRECTED for edge in graph.edges):
        return _in_every_way(graph, query, candidate)
    if not candidate.observed or name not in graph.names:
        return _outside(graph, treatment, outcome, candidate)
    if name in graph.latent and candidate.role is not Role.CONFOUNDER:
        return Check(passed=False, reason=f"{shown(name)} is in the graph, but not observed.")
    return _BY_ROLE[candidate.role](graph, treatment, outcome, name)


def _in_every_way(graph: CausalGraph, query: Query, candidate: Candidate) -> Check:
    """Answer for every acyclic way to direct the edges without a direction; they must agree, with one given set."""
    loose = [edge for edge in graph.edges if edge.kind == EdgeKind.UNDIRECTED]
    rest = tuple(edge for edge in graph.edges if edge.kind != EdgeKind.UNDIRECTED)
    if 2 ** len(loose) * len(graph.nodes) ** 2 > _WORK:
        why = f"{len(loose)} edges of the graph have no direction yet, too many to try every way to direct them."
        return Check(passed=None, reason=why)
    answers = []
    for turned in itertools.product((False, True), repeat=len(loose)):
        ends = ((e.target, e.source) if turn else (e.source, e.target) for e, turn in zip(loose, turned, strict=True))
        try:
            edges = (*rest, *CausalGraph.build(directed=list(ends)).edges)
            way = CausalGraph(nodes=graph.nodes, edges=edges)
        except GraphError:
            continue
        answers.append(check_by_graph(way, query, candidate))
    if not answers:
        return Check(passed=None, reason="The edges without a direction cannot be directed without a circle.")
    first, allowed = answers[0], sum(one.passed is True for one in answers)
    if len({(one.passed, tuple(one.details.get("given", ()))) for one in answers}) > 1:
        why = "Some edges of the graph have no direction yet, and the answer hangs on them"
        return Check(passed=None, reason=f"{why}: it is allowed in {allowed} of {len(answers)} ways to direct them.")
    which = "" if len({one.reason for one in answers}) == 1 else " In one of them:"
    every = f"In all {len(answers)} ways to direct the edges without a direction the answer is the same."
    same = {key: value for key, value in first.details.items() if all(o.details.get(key) == value for o in answers)}
    return first.model_copy(update={"reason": f"{every}{which} {first.reason}", "details": same})


def check_names(names: Sequence[str], query: Query) -> None:
    """Refuse the treatment and the outcome as candidates.

    Raises
    ------
    UsageError
        Naming the one.
    """
    for role, name in (("treatment", query.treatment), ("outcome", query.outcome)):
        if name is not None and name in names:
            raise UsageError(f"{shown(name)} is the {role} itself", advice="Name another variable with --candidate.")


def _outside(graph: CausalGraph, treatment: str, outcome: str, candidate: Candidate) -> Check:
    """Say what a variable would do to identification that the graph does not hold."""
    name = shown(candidate.name)
    if candidate.role is not Role.CONFOUNDER:
        place = "is no node of the graph" if candidate.observed else "is no column"
        would = _WOULD[candidate.role].format(t=shown(treatment), y=shown(outcome))
        reason = f"{name} {place}, so the graph does not say what it is joined to. {would}"
        return Check(passed=None, reason=reason)
    affects = [one for one in candidate.affects if one in graph.names] or [treatment, outcome]
    details = _identifiable(graph, treatment, outcome, candidate.name, affects)
    acts = ", ".join(map(shown, affects))
    told = "would still be" if details["identifiable_without"] else "would not be"
    reason = f"If it acts on {acts}, the effect {told} identifiable without measuring it."
    if not details["identifiable_without"]:
        helps = "would make it so" if details["identifiable_with"] else "would not be enough"
        reason += f" Measuring it {helps}."
    return Check(passed=None, reason=f"{name} is not in the graph. {reason}", details=details)


def _instrument(graph: CausalGraph, treatment: str, outcome: str, name: str) -> Check:
    found = next((one for one in instruments(graph, treatment, outcome) if one.name == name), None)
    if found is None:
        why = why_no_instrument(graph, name, treatment, outcome)
        return Check(passed=False, reason=why or f"{shown(name)} is no instrument in this graph.")
    held = f" once {', '.join(map(shown, found.given))} {'is' if len(found.given) == 1 else 'are'} held fixed"
    reason = (
        f"It moves {shown(treatment)} and is joined to {shown(outcome)} through it alone"
        f"{held if found.given else ''}: {'a conditional' if found.given else 'an'} instrument."
    )
    return Check(passed=True, reason=reason, details={"given": list(found.given)})


def _confounder(graph: CausalGraph, treatment: str, outcome: str, name: str) -> Check:
    details = _identifiable(graph, treatment, outcome, name, ())
    moves = directed_path(graph, name, treatment)
    acts = directed_path(graph, name, outcome, frozenset({treatment}))
    told = f" {_WITH_AND_WITHOUT[details['identifiable_with'], details['identifiable_without']]}"
    if confounds(graph, treatment, outcome, name):
        reason = f"It is a common cause: {moves.text} and {acts.text}.{told}" if moves and acts else ""
        path = "" if reason else back_door_through(graph, treatment, outcome, name)
        way = f"the path {path}" if path else "a path from treatment to outcome"
        return Check(passed=True, reason=reason or f"It lies on {way}, which biases.{told}", details=details)
    return Check(passed=False, reason=_why_no_confounder(graph, treatment, outcome, name), details=details)


def _why_no_confounder(graph: CausalGraph, treatment: str, outcome: str, name: str) -> str:
    moves = directed_path(graph, name, treatment)
    acts = directed_path(graph, name, outcome, frozenset({treatment}))
    after = directed_path(graph, treatment, name)
    if after is not None:
        where = "lies between them" if acts is not None else "follows from the treatment"
        return f"It {where}: {after.text}. Adjusting for it does harm."
    behind = directed_path(graph, outcome, name)
    if behind is not None:
        return f"It follows from the outcome: {behind.text}."
    opened = opened_by(graph, treatment, outcome, name)
    if opened:
        return f"Holding it fixed opens the path {opened}, which is closed without it."
    return _one_sided(moves, acts)


def _one_sided(moves: Path | None, acts: Path | None) -> str:
    if moves is not None and acts is not None:
        return (
            f"It moves both ({moves.text} and {acts.text}), but not by ways of its own: once what carries them is held "
            "fixed, it makes no bias."
        )
    if moves is not None:
        return (
            f"It moves the treatment ({moves.text}) and the outcome through it alone: adjusting for it costs precision."
        )
    if acts is not None:
        return f"It acts on the outcome ({acts.text}) and not on the treatment: adjusting for it may sharpen, no more."
    return "It is a cause of neither in this graph, and on no path that biases."


def _control_outcome(graph: CausalGraph, treatment: str, outcome: str, name: str) -> Check:
    way = directed_path(graph, treatment, name)
    if way is not None:
        return Check(passed=False, reason=f"The treatment acts on it: {way.text}. An effect on it is no sign of bias.")
    cause = directed_path(graph, name, treatment)
    if cause is not None:
        why = f"It is a cause of the treatment itself: {cause.text}. It is held fixed, not tried."
        return Check(passed=False, reason=why)
    shared = _shared(graph, treatment, name)
    if not shared:
        why = f"It shares no cause with {shown(treatment)}, so no effect on it could show bias: it could show nothing."
        return Check(passed=False, reason=why)
    useful = [cause for cause in shared if cause in _shared(graph, treatment, outcome)]
    bare = without_nodes(graph, frozenset({treatment}))
    if not useful and any(cause.endswith(_NEW) for cause in _shared(bare, outcome, name)):
        # a <-> b, b <-> c and a <-> c is how people draw one hidden cause of three
        useful = [cause for cause in shared if cause.endswith(_NEW)]
    if not useful:
        causes = ", ".join(map(shown, shared))
        why = (
            f"It shares {causes} with {shown(treatment)}, but these move {shown(outcome)} through the treatment alone."
        )
        return Check(passed=False, reason=why)
    return _shares(graph, useful, f"{shown(treatment)} does not act on it")


def _control_exposure(graph: CausalGraph, treatment: str, outcome: str, name: str) -> Check:
    way = directed_path(graph, name, outcome)
    if way is not None:
        return Check(passed=False, reason=f"It acts on the outcome: {way.text}. An effect of it is no sign of bias.")
    shared = [cause for cause in _shared(graph, treatment, name) if cause in _shared(graph, treatment, outcome)]
    if not shared:
        why = (
            f"It shares no cause with {shown(treatment)} that moves {shown(outcome)} otherwise: it could show nothing."
        )
        return Check(passed=False, reason=why)
    return _shares(graph, shared, f"It does not act on {shown(outcome)}")


def _shares(graph: CausalGraph, causes: Sequence[str], head: str) -> Check:
    hidden = [cause for cause in causes if cause in graph.latent]
    listed = ", ".join(f"{shown(cause)} (unobserved)" if cause in hidden else shown(cause) for cause in causes)
    made = "this makes" if len(causes) == 1 else "these make"
    word = "cause" if len(causes) == 1 else "causes"
    reason = f"{head}, and the two share the {word} {listed}: it could show a bias that {made}."
    return Check(passed=True, reason=reason, details={"shares": list(causes), "hidden": hidden})


def _shared(graph: CausalGraph, one: str, other: str) -> list[str]:
    """List the causes of both, by ways that do not lead through the first; ``<->`` counts as an unobserved cause."""
    found = []
    for name in sorted(graph.ancestors((one,)) - {one, other}):
        reaches = directed_path(graph, name, other, frozenset({one}))
        if reaches is not None:
            found.append(name)
    for edge in graph.edges:
        if edge.kind != EdgeKind.BIDIRECTED:
            continue
        for near, far in ((edge.source, edge.target), (edge.target, edge.source)):
            joins = near in graph.ancestors((one,)) and (
                far == other or directed_path(graph, far, other, frozenset({one})) is not None
            )
            if joins and far != one:
                found.append(f"{edge} {_NEW}")
                break
    return list(dict.fromkeys(found))


def _identifiable(
    graph: CausalGraph, treatment: str, outcome: str, name: str, affects: Sequence[str]
) -> dict[str, bool]:
    """Say whether the effect is identifiable with a variable measured, and without."""
    told = {}
    for key, observed in (("identifiable_with", True), ("identifiable_without", False)):
        nodes = [*(node for node in graph.nodes if node.name != name), Node(name=name, observed=observed)]
        edges = list(graph.edges)
        if affects:
            more = CausalGraph.build(directed=[(name, one) for one in affects])
            edges += more.edges
        try:
            drawn = CausalGraph(nodes=tuple(nodes), edges=tuple(edges))
            told[key] = (
                not mediating_nodes(drawn, treatment, outcome)
                or some_adjustment_set(drawn, treatment, outcome) is not None
                or general_identification(drawn, treatment, outcome).identifiable is True
            )
        except GraphError:
            told[key] = False
    return told


_WITH_AND_WITHOUT = {
    (True, True): "The effect is identifiable with it, and without it too.",
    (True, False): "The effect is identifiable with it and not identifiable without it.",
    (False, True): "The effect is not identifiable with it and identifiable without it.",
    (False, False): "The effect is identifiable neither with it nor without it: something else is in the way.",
}
"""Whether the effect is identifiable with a variable measured, and without."""

_WOULD = {
    Role.INSTRUMENT: "It would need an arrow into {t} or a cause in common with it, and none of these may stand: an "
    "arrow into {y} or into what acts on {y} otherwise than through {t}, or a cause in common with {y}.",
    Role.NEGATIVE_CONTROL_OUTCOME: "It would need the causes that {t} and {y} have in common, and neither {t} nor an "
    "effect of {t} may act on it.",
    Role.NEGATIVE_CONTROL_EXPOSURE: "It would need the causes that {t} and {y} have in common, and it may act neither "
    "on {y} nor on a cause of {y}.",
}
"""What the graph would have to say of a variable that it does not hold."""

_BY_ROLE: dict[Role, Callable[[CausalGraph, str, str, str], Check]] = {
    Role.CONFOUNDER: _confounder,
    Role.INSTRUMENT: _instrument,
    Role.NEGATIVE_CONTROL_OUTCOME: _control_outcome,
    Role.NEGATIVE_CONTROL_EXPOSURE: _control_exposure,
}
