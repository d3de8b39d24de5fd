"""What the report is made from: an analysis, the votes behind its graph, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from copilot.domain.analysis import Analysis
from copilot.domain.consensus import Consensus, ConsensusEdge
from copilot.domain.graph import Edge
from copilot.domain.review import Decision


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an analysis came from.

    Parameters
    ----------
    run_id, seed, version
        Of the run and of this software.
    data, data_sha256
        Name of the file without its folder, and its content.
    """

    run_id: str
    seed: int
    version: str
    data: str
    data_sha256: str


@dataclass(frozen=True)
class Source:
    """Everything the report may speak of.

    Parameters
    ----------
    analysis
        What was computed.
    provenance
        Where it came from.
    consensus
        The votes behind the graph; ``None`` for a graph that was given.
    """

    analysis: Analysis
    provenance: Provenance
    consensus: Consensus | None = None

    @cached_property
    def voted(self) -> dict[Edge, ConsensusEdge]:
        """What was voted on each edge."""
        edges = self.consensus.edges if self.consensus is not None else ()
        return {Edge(source=one.source, target=one.target, kind=one.kind): one for one in edges}

    @cached_property
    def decided(self) -> dict[Edge, Decision]:
        """What a person decided on each edge that stands; the last decision counts."""
        return {one.after: one for one in self.analysis.review.decisions if one.after is not None}
