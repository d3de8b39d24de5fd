"""An analysis with names that are text in every language of markup, made once."""

from __future__ import annotations

import pandas as pd
import pytest
from numpy.random import default_rng

from copilot.data.tables import read_table
from copilot.domain.consensus import VotingRules
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.domain.votes import EdgeVote, GraphBallot, Group, LatentVote, Voter, Votes
from copilot.report.document.source import Provenance, Source
from copilot.voting.consensus import form_consensus
from copilot.voting.voices import Drawing
from copilot.workflow.choose_design import Wishes
from copilot.workflow.effect import EffectPlan, analyse

SCRIPT = "<script>alert(1)</script>"
FORMULA = "$x_1$ & \"b\" 'c'"
LINK = "[a](http://evil.example/x) |*b*| `c`"
NAMES = ("t", "y", SCRIPT, FORMULA, LINK)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Everything a report can be made from: votes, estimates, refuters, bounds, other graphs, a negative control."""
    rng = default_rng(4)
    w, v, c = (rng.normal(size=800) for _ in range(3))
    t = (w + v + rng.normal(size=800) > 0).astype(int)
    y = 2 * t + w + v + rng.normal(size=800)
    path = tmp_path_factory.mktemp("data") / "data.csv"
    pd.DataFrame({"t": t, "y": y, SCRIPT: w, FORMULA: v, LINK: c + w}).to_csv(path, index=False)
    arrows = [("t", "y"), (SCRIPT, "t"), (SCRIPT, "y"), (FORMULA, "y"), (SCRIPT, LINK)]
    ballots = tuple(
        GraphBallot(
            voter=Voter(group=Group.LLM, source="m", ballot=number),
            edges=tuple(
                EdgeVote(source=a, target=b, reason=f"because </text> {SCRIPT}")
                for a, b in [*arrows, (FORMULA, "t") if number < 5 else ("t", FORMULA)]
            ),
            latents=(LatentVote(name=f"care {SCRIPT}", affects=("t", "y")),) if number < 3 else (),
            asked=frozenset(NAMES),
        )
        for number in range(8)
    )
    consensus = form_consensus(NAMES, ballots=ballots, rules=VotingRules())
    plan = EffectPlan(
        review=Review(graph=consensus.graph, approved_by="ada"),
        graph_source="suggested in this run",
        query=Query(treatment="t", outcome="y"),
        wishes=Wishes(negative_controls=(LINK,), bounds=True),
        simulations=20,
        drawing=Drawing(votes=Votes(ballots=ballots), consensus=consensus, accepted=consensus.graph),
        draws=400,
        suspected=(f"{SCRIPT} acts on both",),
    )
    analysis = analyse(plan, read_table(str(path)))
    where = Provenance(run_id="abc", seed=0, version="0.1", data=f"data {SCRIPT}.csv", data_sha256="ab" * 32)
    return Source(analysis, where, consensus)
