"""How good the graphs are: distance to a reference for single ballots, for votes, and with the challenge round.

python benchmarks/elicitation.py TRUTH.dot RUN_FOLDER[,RUN_FOLDER] [TRUTH.dot RUN_FOLDER …]

Prints one table a study and, at the end, calibration over all of them: how often an edge with support s is right.
A run folder is what ``copilot suggest-graph --run-dir`` leaves behind; with a comma, one of the models and one of the
data over the same variables.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from copilot.data.graph_files import read_graph
from copilot.domain.consensus import Constraints, VotingRules
from copilot.domain.distance import (
    compare_edges,
    structural_hamming_distance,
    structural_intervention_distance,
    valid_adjustment_share,
)
from copilot.domain.graph import CausalGraph, EdgeKind
from copilot.domain.votes import GraphBallot, Group, Votes
from copilot.voting.consensus import form_consensus


def directed_part(graph: CausalGraph, names: list[str]) -> CausalGraph:
    """Keep directed edges between the named nodes; distances are defined for those."""
    edges = [e for e in graph.edges if e.kind == EdgeKind.DIRECTED and e.source in names and e.target in names]
    return CausalGraph.build(nodes=names, directed=[(e.source, e.target) for e in edges])


def observed_truth(path: Path, names: list[str]) -> CausalGraph:
    """Read the reference and keep its observed part, restricted to the variables that were voted on."""
    return directed_part(read_graph(str(path)).graph, names)


def voted(votes: Votes, names: list[str], *, group: Group, focused: bool, challenged: bool) -> CausalGraph:
    """Form the consensus of a part of the votes."""
    consensus = form_consensus(
        names,
        ballots=[ballot for ballot in votes.ballots if ballot.voter.group is group],
        pair_ballots=votes.pair_ballots if focused else (),
        challenge_ballots=votes.challenge_ballots if challenged else (),
        constraints=Constraints(),
        rules=VotingRules(),
    )
    return consensus.graph


def measure(guess: CausalGraph, truth: CausalGraph, names: list[str]) -> tuple[float, ...]:
    """Compare a guess with the reference."""
    undirected = sum(1 for edge in guess.edges if edge.kind == EdgeKind.UNDIRECTED)
    directed = directed_part(guess, names)
    found = compare_edges(directed, truth)
    return (
        len(found.right),
        len(found.reversed),
        len(found.missing),
        len(found.extra),
        undirected,
        found.f1,
        structural_hamming_distance(directed, truth),
        structural_intervention_distance(directed, truth),
        valid_adjustment_share(directed, truth),
    )


def row(label: str, numbers: tuple[float, ...]) -> str:
    """Write one line of a table."""
    right, turned, missing, extra, undirected, f1, hamming, intervention, valid = numbers
    cells = [f"{value:.1f}".removesuffix(".0") for value in (right, turned, missing, extra, undirected)]
    return f"| {label} | {' | '.join(cells)} | {f1:.2f} | {hamming:.1f} | {intervention:.1f} | {valid:.2f} |"


HEAD = (
    "| | right | reversed | missing | extra | undirected | F1 | Hamming | intervention | valid sets |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def single(ballot: GraphBallot, names: list[str]) -> CausalGraph:
    """Take one ballot alone; its circles are cut as in a vote of one."""
    return form_consensus(names, ballots=[ballot], rules=VotingRules()).graph


def read_votes(folders: str) -> Votes:
    """Put the votes of several runs together; the rounds of a model come from the first."""
    runs = [
        Votes.model_validate(json.loads((Path(folder) / "votes.json").read_text(encoding="utf-8")))
        for folder in folders.split(",")
    ]
    return runs[0].model_copy(update={"ballots": tuple(ballot for run in runs for ballot in run.ballots)})


def study(truth_file: Path, folders: str, calibration: dict[str, list[bool]]) -> None:
    """Print the table of one study."""
    votes = read_votes(folders)
    names = sorted(set().union(*(ballot.asked for ballot in votes.ballots)))
    truth = observed_truth(truth_file, names)
    print(f"\n### {truth_file.stem if truth_file.stem != 'truth' else truth_file.parent.name}")
    print(f"\n{len(names)} variables, {len(truth.edges)} edges in the reference.\n\n{HEAD}")
    for group in (Group.LLM, Group.DATA):
        ballots = [ballot for ballot in votes.ballots if ballot.voter.group is group]
        if not ballots:
            continue
        numbers = [measure(single(ballot, names), truth, names) for ballot in ballots[:25]]
        mean = tuple(statistics.fmean(column) for column in zip(*numbers, strict=True))
        print(row(f"{group.value}: one ballot (mean of {len(numbers)})", mean))
        graph = voted(votes, names, group=group, focused=False, challenged=False)
        print(row(f"{group.value}: votes ({len(ballots)})", measure(graph, truth, names)))
        if group is Group.LLM and votes.pair_ballots:
            graph = voted(votes, names, group=group, focused=True, challenged=False)
            print(row(f"llm: with focused ballots ({len(votes.pair_ballots)})", measure(graph, truth, names)))
        if group is Group.LLM and votes.challenge_ballots:
            graph = voted(votes, names, group=group, focused=True, challenged=True)
            print(row(f"llm: with challenge ({len(votes.challenge_ballots)})", measure(graph, truth, names)))
        if group is Group.LLM:
            _calibrate(votes, names, truth, calibration)


def _calibrate(votes: Votes, names: list[str], truth: CausalGraph, calibration: dict[str, list[bool]]) -> None:
    consensus = form_consensus(
        names, ballots=[b for b in votes.ballots if b.voter.group is Group.LLM], rules=VotingRules()
    )
    for edge in consensus.edges:
        if edge.support.valid:
            share = edge.support.votes / edge.support.valid
            label = "1" if share == 1 else f"{int(share * 4) / 4:.2f} to {int(share * 4) / 4 + 0.25:.2f}"
            calibration[label].append(truth.has(edge.source, edge.target))


def main() -> int:
    """Print all tables."""
    places = sys.argv[1:]
    if not places or len(places) % 2:
        print(__doc__)
        return 2
    calibration: dict[str, list[bool]] = defaultdict(list)
    for truth_file, folders in zip(places[::2], places[1::2], strict=True):
        study(Path(truth_file), folders, calibration)
    if calibration:
        print("\n### Calibration\n\n| support of an edge | edges | share in the reference |\n|---|---|---|")
        for label in sorted(calibration):
            hits = calibration[label]
            print(f"| {label} | {len(hits)} | {sum(hits) / len(hits):.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
