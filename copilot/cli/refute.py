"""``copilot refute``: try to show an estimate wrong."""

from __future__ import annotations

from copilot.cli.bundles import EffectWishes, Reading, Trials
from copilot.cli.effect import GraphFile, run_with_graph
from copilot.cli.options import DataArgument, Outcome, Treatment
from copilot.cli.shell import Shell

NAME = "refute"
SUMMARY = "Estimate an effect, and try to show it wrong."
SETTINGS = ("jobs",)


def run(
    shell: Shell,
    data: DataArgument,
    *,
    graph: GraphFile = None,
    treatment: Treatment = None,
    outcome: Outcome = None,
    wishes: EffectWishes = EffectWishes(),
    trials: Trials = Trials(),
    reading: Reading = Reading(),
) -> int | None:
    """Estimate an effect under an accepted graph, and try to show it wrong in as many ways as there are.

    Two questions are kept apart: is the computation sound (placebo, subsets, bootstrap, a random cause, overlap, a
    second opinion), and could a hidden cause explain it (negative controls, implied independences, over-identification,
    robustness value, E-value)? Each answer says what it cannot see.

    Examples
    --------
      $ copilot refute trial.csv --graph graph.dot -t treated -o recovery
      $ copilot refute trial.csv --graph graph.dot -t treated -o recovery --negative-control height --simulations 1000
      $ copilot refute trial.csv --graph g.dot -t treated -o recovery --refuter bootstrap --json
    """
    return run_with_graph(shell, NAME, data, graph, (treatment, outcome), wishes, reading, trials)
