"""What the nodes of a picture are to the question."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from copilot.domain.graph import CausalGraph
from copilot.errors import UnknownVariableError


class Role(StrEnum):
    """What a node is to the question; the value is what is written beside it."""

    TREATMENT = "treatment"
    OUTCOME = "outcome"
    ADJUSTED = "adjusted for"
    INSTRUMENT = "instrument"
    MEDIATOR = "mediator"
    LATENT = "not measured"
    OTHER = ""


def roles_of(
    graph: CausalGraph,
    *,
    treatment: str | None = None,
    outcome: str | None = None,
    adjusted: Iterable[str] = (),
    instruments: Iterable[str] = (),
    mediators: Iterable[str] = (),
) -> dict[str, Role]:
    """Give each node one role, the first that fits of those above.

    Raises
    ------
    UnknownVariableError
        If a name is no node.

    Examples
    --------
    >>> graph = CausalGraph.build(directed=[("u", "t"), ("t", "y")], latent=["u"])
    >>> {name: str(role) for name, role in roles_of(graph, treatment="t", outcome="y").items()}
    {'t': 'treatment', 'u': 'not measured', 'y': 'outcome'}
    """
    asked: tuple[tuple[Role, Collection[str]], ...] = (
        (Role.TREATMENT, () if treatment is None else (treatment,)),
        (Role.OUTCOME, () if outcome is None else (outcome,)),
        (Role.ADJUSTED, tuple(adjusted)),
        (Role.INSTRUMENT, tuple(instruments)),
        (Role.MEDIATOR, tuple(mediators)),
        (Role.LATENT, graph.latent),
    )
    known = set(graph.names)
    for _, names in asked:
        for name in names:
            if name not in known:
                raise UnknownVariableError(name, graph.names, "node")
    return {name: next((role for role, names in asked if name in names), Role.OTHER) for name in graph.names}
