"""The votes that lie beside a graph: a graph taken from a run's folder has not forgotten how it came about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from copilot.data.runs import CONSENSUS, DECISIONS, GRAPH, MANIFEST, VOTES, RunFolder
from copilot.domain.consensus import Consensus, Constraints, Status
from copilot.domain.graph import CausalGraph
from copilot.domain.review import Review
from copilot.domain.votes import Votes

if TYPE_CHECKING:
    from copilot.voting.voices import Drawing

_NEEDED = (VOTES, CONSENSUS, DECISIONS, GRAPH, MANIFEST)


def drawing_beside(path: str, graph: CausalGraph) -> Drawing | None:
    """Give what other graphs are drawn from, if the file is the graph of a run that voted.

    Parameters
    ----------
    path
        The graph's file.
    graph
        What it says.

    Returns
    -------
    Drawing or None
        ``None`` if the file does not lie in the folder of such a run, or says something else than the run's graph.

    Raises
    ------
    InputDataError
        If a file of the run is damaged.
    """
    place = Path(path).resolve().parent
    if not all((place / name).is_file() for name in _NEEDED):
        return None
    folder = RunFolder(place)
    if folder.read_json(GRAPH).get("graph_hash") != graph.content_hash:
        return None
    from copilot.voting.voices import Drawing

    consensus = Consensus.model_validate(folder.read_json(CONSENSUS))
    review = Review.model_validate({**folder.read_json(DECISIONS), "graph": graph})
    settings = folder.read_json(MANIFEST).get("settings") or {}
    support = (settings.get("min_support") or {}).get("value")
    return Drawing(
        votes=Votes.model_validate(folder.read_json(VOTES)),
        consensus=consensus,
        accepted=graph,
        constraints=_constraints(consensus),
        decided=review.overruled,
        min_support=float(support) if support is not None else 0.5,
    )


def _constraints(consensus: Consensus) -> Constraints:
    """Read off the records what the user knew beforehand; an arrow against the order in time counts as forbidden."""
    arrows = [((edge.source, edge.target), edge) for edge in consensus.edges]
    required = [arrow for arrow, edge in arrows if edge.status is Status.REQUIRED]
    ruled_out = [arrow for arrow, edge in arrows if edge.status is Status.FORBIDDEN or edge.changed_by == "tiers"]
    return Constraints(require=tuple(required), forbid=tuple(one for one in ruled_out if one not in required))
