"""What 1,000 graphs cost beyond the headline: 12 variables, 100,000 rows, at most two seconds; exits 1 if more.

python benchmarks/many_graphs.py
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from copilot.data.tables import read_table
from copilot.domain.consensus import VotingRules
from copilot.domain.review import Review
from copilot.domain.variables import Query
from copilot.domain.votes import EdgeVote, GraphBallot, Group, Voter, Votes
from copilot.voting.consensus import form_consensus
from copilot.voting.voices import Drawing
from copilot.workflow.effect import EffectPlan, analyse

ROWS, BALLOTS, DRAWS, MOST_S = 100_000, 20, 1000, 2.0
NAMES = ("t", "y", *(f"w{number}" for number in range(10)))


def ballots() -> tuple[GraphBallot, ...]:
    """Make voters who differ about many pairs: nearly every draw is another graph."""
    dice, made = random.Random(7), []
    order = ["w0", "w1", "w2", "w3", "w4", "t", "w5", "w6", "y", "w7", "w8", "w9"]
    pairs = [(a, b) for place, a in enumerate(order) for b in order[place + 1 :]]
    chance = {pair: dice.choice((0.05, 0.1, 0.3, 0.6, 0.9)) for pair in pairs} | {("t", "y"): 1.0}
    for number in range(BALLOTS):
        edges = tuple(EdgeVote(source=a, target=b) for a, b in pairs if dice.random() < chance[a, b])
        made.append(
            GraphBallot(voter=Voter(group=Group.LLM, source="m", ballot=number), edges=edges, asked=frozenset(NAMES))
        )
    return tuple(made)


def main() -> int:
    """Time an analysis with and without other graphs, in turn."""
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(ROWS, 10))
    t = columns[:, :5].sum(axis=1) + rng.normal(size=ROWS)
    y = 2 * t + columns[:, :7].sum(axis=1) + rng.normal(size=ROWS)
    frame = pd.DataFrame(columns, columns=NAMES[2:]).assign(t=t, y=y)
    given = ballots()
    consensus = form_consensus(NAMES, ballots=given, rules=VotingRules())
    drawing = Drawing(votes=Votes(ballots=given), consensus=consensus, accepted=consensus.graph)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        frame.to_csv(path, index=False)
        table = read_table(str(path))
        seconds: dict[int, list[float]] = {0: [], DRAWS: []}
        for _ in range(3):
            for draws, taken in seconds.items():
                plan = EffectPlan(
                    review=Review(graph=consensus.graph, approved_by="bench"),
                    graph_source="votes",
                    query=Query(treatment="t", outcome="y"),
                    refute=False,
                    drawing=drawing,
                    draws=draws,
                )
                start = time.perf_counter()
                analysis = analyse(plan, table)
                taken.append(time.perf_counter() - start)
    many = analysis.many_graphs
    assert many is not None
    extra = min(seconds[DRAWS]) - min(seconds[0])
    print(
        f"{DRAWS} graphs ({many.distinct} distinct, {len(many.designs)} designs), {len(NAMES)} variables, "
        f"{ROWS:,} rows: "
        f"{extra:.2f} s beyond {min(seconds[0]):.2f} s without them (at most {MOST_S:.0f} s)"
    )
    return 0 if extra <= MOST_S else 1


if __name__ == "__main__":
    sys.exit(main())
