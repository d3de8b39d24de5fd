"""Findings: what is doubtful about a graph, who says so, and the change that would mend it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from copilot.domain.graph import CausalGraph, Edge, EdgeKind, Node
from copilot.domain.text import shown
from copilot.domain.value import Value


class Severity(StrEnum):
    """How much a finding matters for the effect; in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high."""
        return list(Severity).index(self)


class Origin(StrEnum):
    """Where a finding comes from."""

    GRAPH = "graph"
    DATA = "data"
    LLM = "llm"


class FindingKind(StrEnum):
    """What is found; a stable word for JSON, and the term under which it is explained."""

    CYCLE = "cycle"
    SELF_LOOP = "self_loop"
    OFF_PATH = "off_path"
    """A node on no path between treatment and outcome."""
    NO_CAUSAL_PATH = "no_causal_path"
    REVERSED_QUESTION = "reversed_question"
    """The outcome is a cause of the treatment."""
    NOT_IDENTIFIABLE = "not_identifiable"
    BAD_CONTROL = "bad_control"
    OPEN_PATH = "open_path"
    """The set that somebody means to adjust for leaves a path open."""
    AGAINST_TIME = "against_time"
    NOT_IN_DATA = "not_in_data"
    UNDIRECTED_EDGE = "undirected_edge"

    IMPLIED_INDEPENDENCE = "implied_independence"
    FALSIFIED = "falsified"
    """The whole graph fits no better than graphs with permuted nodes."""
    POSITIVITY = "positivity"
    NEAR_DETERMINISTIC = "near_deterministic"
    DUPLICATE_COLUMNS = "duplicate_columns"
    OUTCOME_LEAK = "outcome_leak"
    CONSTANT_COLUMN = "constant_column"
    TOO_FEW_ROWS = "too_few_rows"

    MISSING_EDGE = "missing_edge"
    SPURIOUS_EDGE = "spurious_edge"
    REVERSED_EDGE = "reversed_edge"
    UNMEASURED_COMMON_CAUSE = "unmeasured_common_cause"
    SELECTION = "selection"
    INTERFERENCE = "interference"
    MEASUREMENT = "measurement"
    """A variable is measured after, or because of, the outcome."""
    FEEDBACK = "feedback"


class Patch(Value):
    """A change of the graph; `remove` and `add` may both be empty only in no patch at all.

    Parameters
    ----------
    remove, add
        Edges; what is added may name new nodes only if they stand in `latent`.
    latent
        Unobserved nodes to add.
    """

    remove: tuple[Edge, ...] = ()
    add: tuple[Edge, ...] = ()
    latent: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the change in words.

        Examples
        --------
        >>> str(Patch(remove=(Edge(source="a", target="b"),), add=(Edge(source="b", target="a"),)))
        'reverse a -> b'
        """
        if len(self.remove) == len(self.add) == 1 and not self.latent:
            before, after = self.remove[0], self.add[0]
            if (before.source, before.target) == (after.target, after.source):
                return f"reverse {shown(str(before))}"
        said = [f"remove {shown(str(edge))}" for edge in self.remove]
        said += [f"add the unobserved node {shown(name)}" for name in self.latent]
        said += [f"add {shown(str(edge))}" for edge in self.add]
        return ", ".join(said)

    def apply(self, graph: CausalGraph) -> CausalGraph:
        """Change a graph.

        Raises
        ------
        GraphError
            If an edge to remove is not there, or the result is no causal graph: a circle, a contradiction.
        """
        from copilot.errors import GraphError

        edges = list(graph.edges)
        for edge in self.remove:
            if edge not in edges:
                raise GraphError(f"the edge {shown(str(edge))} is not in the graph any more")
            edges.remove(edge)
        edges += [edge for edge in self.add if edge not in edges]
        nodes = [*graph.nodes, *(Node(name=name, observed=False) for name in self.latent if name not in graph.names)]
        return CausalGraph(nodes=tuple(nodes), edges=tuple(edges))


class Finding(Value):
    """One doubt about the graph.

    Parameters
    ----------
    kind, severity, origin
        What, how bad, and who says so.
    nodes
        The variables it is about, sorted unless the order means something (source before target, a cycle in order).
    edge
        The edge or absent edge it is about, ``None`` if it is about nodes. Findings with the same kind, nodes and edge
        are one finding.
    message
        One or two sentences for people.
    votes, valid
        Of ballots; ``None`` where nobody voted.
    evidence
        Plain JSON values a script can use: numbers of a test, paths, reasons that voters gave.
    patch
        What would mend it, ``None`` where that is not for us to say.
    """

    kind: FindingKind
    severity: Severity
    origin: Origin
    nodes: tuple[str, ...] = ()
    edge: Edge | None = None
    message: str
    votes: int | None = Field(default=None, ge=0)
    valid: int | None = Field(default=None, ge=0)
    evidence: dict[str, Any] = Field(default_factory=dict)
    patch: Patch | None = None

    @property
    def subject(self) -> str:
        """Name what it is about: an edge, a cycle, nodes, or the graph."""
        if self.edge is not None:
            return str(self.edge)
        if self.kind is FindingKind.CYCLE:
            return " -> ".join((*self.nodes, *self.nodes[:1]))
        return ", ".join(self.nodes) or "graph"

    @property
    def key(self) -> tuple[str, tuple[str, ...], str]:
        """What makes two findings one: kind and subject, never the words."""
        return self.kind.value, self.nodes, str(self.edge or "")


def sorted_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Put the worst first; in a severity the graph's own, then the data's by strength, then the model's by votes."""
    origins = list(Origin)

    def order(one: Finding) -> tuple[object, ...]:
        share = (one.votes or 0) / one.valid if one.valid else 0.0
        strength = one.evidence.get("strength")
        weight = strength if isinstance(strength, float) else 0.0
        return (-one.severity.rank, origins.index(one.origin), -share, one.kind.value, -weight, one.subject)

    return tuple(sorted(findings, key=order))


def directed(source: str, target: str) -> Edge:
    """Make a directed edge."""
    return Edge(source=source, target=target, kind=EdgeKind.DIRECTED)
