"""The one gate: nothing is computed from a graph before somebody has accepted it, and the stamp says who."""

from __future__ import annotations

from itertools import combinations

from copilot.domain.consensus import Consensus
from copilot.domain.graph import CausalGraph, Edge, EdgeKind
from copilot.domain.review import ACCEPTED_AS_FILE, ACCEPTED_UNSEEN, Approval, Choice, Decision, Review


def propose(graph: CausalGraph, decisions: tuple[Decision, ...] = ()) -> Review:
    """Put a graph before the gate: nobody has accepted it yet."""
    return Review(graph=graph, decisions=decisions)


def accept_file(graph: CausalGraph, stamp: Review | None = None) -> Review:
    """Take a graph that the user gave as a file: it is their own, and counts as accepted.

    Parameters
    ----------
    graph
        What the file says.
    stamp
        Who has accepted the graph before, if the file says so. One that was suggested and that nobody has looked at is
        taken all the same, and is not called reviewed.
    """
    if stamp is None:
        return Review(graph=graph, approved_by=ACCEPTED_AS_FILE, complete=True)
    by = stamp.approved_by if stamp.approval is Approval.PERSON else None
    return stamp.model_copy(update={"graph": graph, "approved_by": ACCEPTED_AS_FILE, "reviewer": by})


def approve(review: Review) -> Review:
    """Let ``--yes`` accept a graph as it stands, with the decisions taken so far.

    Returns
    -------
    Review
        Stamped "not reviewed"; the very same if a person has accepted it already, which ``--yes`` never takes back.
    """
    if review.approval is Approval.PERSON:
        return review
    return review.model_copy(update={"approved_by": ACCEPTED_UNSEEN})


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
    proposed = propose(graph, tuple(decisions))
    return approve(proposed) if yes else proposed
