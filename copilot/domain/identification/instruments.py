"""Instruments: variables that are related to the treatment, and to the outcome only through it, given others.

Z is a conditional instrument for the effect of X on Y given W when W separates Z from Y in the graph without the first
arrows of the causal paths from X to Y, W leaves Z related to X, and neither Z nor W is an effect of X that lies on such
a path or behind one. Then, with linear effects, the part of Y that X does not cause is unrelated to Z given W. To find
any such W is NP-hard; to find one among the ancestors of Z and Y is not, and whenever an effect has an instrument at
all, it has one of this kind. Effects of the treatment are no instruments here, though proxies of causes are.
"""

from __future__ import annotations

from dataclasses import dataclass

from copilot.domain.adjustment import forbidden_nodes, proper_backdoor_graph
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.identification.values import Instrument, Names
from copilot.domain.identification.walks import first_met, open_from
from copilot.domain.separation import connecting_path, named
from copilot.domain.text import shown


@dataclass(frozen=True)
class _Setting:
    """The graph as it is and without the causal arrows, and who may be instrument or be held fixed."""

    graph: CausalGraph
    bare: CausalGraph
    treatment: str
    outcome: str
    allowed: frozenset[str]

    def excluded(self, given: frozenset[str]) -> frozenset[str]:
        """List what is related to the outcome otherwise than through the treatment."""
        return open_from(self.bare, {self.outcome}, given)

    def relevant(self, given: frozenset[str]) -> frozenset[str]:
        """List what is related to the treatment."""
        return open_from(self.graph, {self.treatment}, given)

    def ancestors_allowed(self, name: str) -> tuple[frozenset[str], frozenset[str]]:
        """Ancestors of the candidate and the outcome: all, and those that may be held fixed."""
        ancestral = self.bare.ancestors((name, self.outcome))
        return ancestral, (ancestral & self.allowed) - {name}


def instruments(graph: CausalGraph, treatment: str, outcome: str) -> tuple[Instrument, ...]:
    """Find every instrument, each with one set of variables to hold fixed from which none can be left out.

    Parameters
    ----------
    graph
        With directed and bidirected edges only.
    treatment, outcome
        Names of two nodes.

    Returns
    -------
    tuple of Instrument
        Sorted by name; `given` is empty where nothing need be held fixed. None if the treatment has no effect.

    Raises
    ------
    GraphError
        If the graph has undirected edges, or treatment and outcome are the same.
    UnknownVariableError
        If a name is no node.

    References
    ----------
    van der Zander, Textor & Liśkiewicz (2015), Efficiently finding conditional instruments for causal inference, IJCAI
    (ancestral instruments by nearest separators). Brito & Pearl (2002), Generalized instrumental variables, UAI.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("w", "y"), ("w", "i"), ("i", "t"), ("t", "y")], bidirected=[("t", "y")])
    >>> instruments(graph, "t", "y")
    (Instrument(name='i', given=('w',)),)
    """
    setting = _setting(graph, treatment, outcome)
    if setting is None:
        return ()
    excluded, relevant = setting.excluded(frozenset()), setting.relevant(frozenset())
    found = []
    for name in sorted(setting.allowed):
        given = _given(setting, name) if name in excluded else frozenset[str]()
        if given is not None and (given or name in relevant):
            found.append(Instrument(name=name, given=tuple(sorted(given))))
    return tuple(found)


def instrument_sets(graph: CausalGraph, treatment: str, outcome: str) -> tuple[tuple[Names, Names], ...]:
    """Find groups of instruments that are valid together, given one common set.

    Each member is an instrument given the common set, which holds no member; pairwise separation is enough, as
    separation of each from the outcome implies separation of all.

    Returns
    -------
    tuple of (instruments, given)
        The largest group first, then the smallest common set, then by name. A group within another one that needs no
        more is left out.

    Raises
    ------
    GraphError, UnknownVariableError
        As `instruments`.

    Examples
    --------
    >>> arrows = [("w", "t"), ("w", "y"), ("w", "i"), ("w", "j"), ("i", "t"), ("j", "t"), ("t", "y")]
    >>> instrument_sets(CausalGraph.build(directed=arrows, bidirected=[("t", "y")]), "t", "y")
    ((('i', 'j'), ('w',)),)
    """
    setting = _setting(graph, treatment, outcome)
    if setting is None:
        return ()
    singles = instruments(graph, treatment, outcome)
    commons = dict.fromkeys(frozenset(single.given) for single in singles)
    commons[frozenset[str]().union(*commons)] = None
    groups: list[tuple[frozenset[str], frozenset[str]]] = []
    for given in commons:
        members = (setting.allowed & setting.relevant(given)) - setting.excluded(given) - given
        if members:
            groups.append((members, given))
    groups.sort(key=lambda group: (-len(group[0]), len(group[1]), sorted(group[0]), sorted(group[1])))
    kept: list[tuple[frozenset[str], frozenset[str]]] = []
    for members, given in groups:
        if not any(members <= larger and other <= given for larger, other in kept):
            kept.append((members, given))
    return tuple((tuple(sorted(members)), tuple(sorted(given))) for members, given in kept)


def why_no_instrument(graph: CausalGraph, name: str, treatment: str, outcome: str) -> str:
    """Say why a variable is no instrument; empty if it is one.

    Returns
    -------
    str
        One sentence, with the open path that spoils it where there is one.

    Raises
    ------
    GraphError, UnknownVariableError
        As `instruments`.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("i", "t"), ("t", "y"), ("i", "y")], bidirected=[("t", "y")])
    >>> why_no_instrument(graph, "i", "t", "y")
    'i is no instrument: i -> y joins it to y otherwise than through t, and nothing observed can block that path.'
    """
    named(graph, name)
    setting = _setting(graph, treatment, outcome)
    x, y, z = shown(treatment), shown(outcome), shown(name)
    if setting is None:
        return f"{z} is no instrument: {x} has no effect on {y} in this graph."
    if name not in setting.allowed:
        return f"{z} is no instrument: {_standing(graph, name, treatment, outcome)}."
    ancestral, fixed = setting.ancestors_allowed(name)
    for given in (frozenset[str](), fixed):
        if name not in setting.excluded(given):
            break
    else:
        path = connecting_path(setting.bare, name, outcome, fixed) or ()
        return (
            f"{z} is no instrument: {path_text(name, path)} joins it to {y} otherwise than through {x}, and nothing "
            "observed can block that path."
        )
    near = given and _nearest(setting, ancestral, fixed)
    if name in setting.relevant(near):
        return ""
    held = f" once {', '.join(shown(some) for some in sorted(near))} is held fixed, as it must be" if near else ""
    return f"{z} is no instrument: it is not related to {x}{held}."


def path_text(start: str, edges: tuple[Edge, ...]) -> str:
    """Write a path as people do.

    Examples
    --------
    >>> path_text("t", (Edge(source="u", target="t"), Edge(source="u", target="y")))
    't <- u -> y'
    """
    words, here = [shown(start)], start
    for edge in edges:
        there = edge.target if edge.source == here else edge.source
        arrow = "<->" if edge.kind is EdgeKind.BIDIRECTED else "->" if edge.source == here else "<-"
        words += [arrow, shown(there)]
        here = there
    return " ".join(words)


def _standing(graph: CausalGraph, name: str, treatment: str, outcome: str) -> str:
    if name in {treatment, outcome}:
        return f"it is the {'treatment' if name == treatment else 'outcome'} itself"
    if name in graph.latent:
        return "it is not observed"
    return f"it is an effect of {shown(treatment)}"


def _setting(graph: CausalGraph, treatment: str, outcome: str) -> _Setting | None:
    forbidden = forbidden_nodes(graph, treatment, outcome)
    if not forbidden:
        return None
    effects = graph.descendants((treatment,))
    allowed = frozenset(graph.names) - graph.latent - forbidden - effects - {treatment, outcome}
    return _Setting(graph, proper_backdoor_graph(graph, treatment, outcome), treatment, outcome, allowed)


def _given(setting: _Setting, name: str) -> frozenset[str] | None:
    """Find what to hold fixed for a candidate that is not separated from the outcome as it stands."""
    if setting.outcome in setting.bare.children_of[name]:
        return None
    ancestral, fixed = setting.ancestors_allowed(name)
    if name in setting.excluded(fixed):
        return None
    near = _nearest(setting, ancestral, fixed)
    minimal = near & first_met(setting.bare, {name}, near, ancestral)
    return next((given for given in (minimal, near) if name in setting.relevant(given)), None)


def _nearest(setting: _Setting, ancestral: frozenset[str], fixed: frozenset[str]) -> frozenset[str]:
    # The separator nearest to the outcome blocks no path from the candidate to the treatment that another one spares.
    return fixed & first_met(setting.bare, {setting.outcome}, fixed, ancestral)
