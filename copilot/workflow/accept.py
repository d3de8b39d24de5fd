"""The one gate: nothing is computed from a graph before somebody has accepted it, and the stamp says who."""

from __future__ import annotations

from itertools import combinations

from copilot.domain.consensus import Consensus
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import Choice, Decision, Review

YES = "--yes"


def accept_unseen(consensus: Consensus, *, yes: bool, latent_support: float | None = None) -> Review:
    """Take the consensus as it stands, without a person looking at it.

    Parameters
    ----------
    consensus
        The voted graph.
    yes
        Whether ``--yes`` accepts it; otherwise nobody has.
    latent_support
        Suspected unmeasured common causes with at least this support are drawn as bidirected edges; ``None`` draws
        none.

    Returns
    -------
    Review
        Stamped "not reviewed" in either case.
    """
    graph, decisions = consensus.graph, []
    for latent in consensus.latents:
        if latent_support is None or latent.support < latent_support:
            continue
        for first, second in combinations(sorted(latent.affects), 2):
            edge = Edge(source=first, target=second, kind=EdgeKind.BIDIRECTED)
            if graph.has(first, second, EdgeKind.BIDIRECTED) or graph.has(first, second, EdgeKind.UNDIRECTED):
                continue
            graph = CausalGraph(nodes=graph.nodes, edges=(*graph.edges, edge))
            reason = f"{latent.name}: {latent.votes} of {latent.valid} ballots"
            decisions.append(Decision(choice=Choice.CONFOUND, after=edge, reason=reason, by="--latents accept"))
    return Review(graph=graph, decisions=tuple(decisions), approved_by=YES if yes else None)
