"""``copilot estimate``: the effect under an accepted graph, by several estimators."""

from __future__ import annotations

from copilot.cli.bundles import EffectWishes, Reading
from copilot.cli.effect import GraphFile, run_with_graph
from copilot.cli.options import DataArgument, Outcome, Treatment
from copilot.cli.shell import Shell

NAME = "estimate"
SUMMARY = "Estimate an effect under an accepted graph."
SETTINGS = ("jobs",)


def run(
    shell: Shell,
    data: DataArgument,
    *,
    graph: GraphFile = None,
    treatment: Treatment = None,
    outcome: Outcome = None,
    wishes: EffectWishes = EffectWishes(),
    reading: Reading = Reading(),
) -> int | None:
    """Estimate the effect of a treatment on an outcome, identified by a graph that you stand for.

    The graph decides what is adjusted for, or which instrument or mediator is used. Several estimators answer; the
    first is the headline, and a flexible second opinion stands beside it. Nothing is tried here: `copilot refute` does.

    Examples
    --------
      $ copilot estimate trial.csv --graph graph.dot -t treated -o recovery
      $ copilot estimate star.csv --graph graph.dot -t class -o score --contrast regular,small --by gender
      $ copilot estimate schooling.csv --graph iv.dot -t educ -o lwage --estimator two_stage_least_squares --json
    """
    return run_with_graph(shell, NAME, data, graph, (treatment, outcome), wishes, reading)
