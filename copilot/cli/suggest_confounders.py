"""``copilot suggest-confounders``: candidates that have survived votes, graph and data."""

from __future__ import annotations

from copilot.cli.bundles import EffectWishes, Reading, Words
from copilot.cli.candidates import DataOrGraph, Proposals, suggest
from copilot.cli.options import MODEL_SETTINGS, Outcome, Treatment
from copilot.cli.shell import Shell

NAME = "suggest-confounders"
SUMMARY = "Suggest common causes, measured or not, each checked by graph and data."
SETTINGS = (*MODEL_SETTINGS, "voters", "votes", "min_support", "quorum", "jobs")


def run(
    shell: Shell,
    data: DataOrGraph = None,
    *,
    treatment: Treatment = None,
    outcome: Outcome = None,
    proposals: Proposals = Proposals(),
    words: Words = Words(),
    wishes: EffectWishes = EffectWishes(),
    reading: Reading = Reading(),
) -> None:
    """Propose common causes of treatment and outcome: columns, and what one would have to collect.

    Each is held against three questions: do the votes hold, does the graph allow it, do the data allow it? For each it
    is said whether the effect is identifiable with and without it. *Cannot tell* is never shown as passed.

    Examples
    --------
      $ copilot suggest-confounders study.csv -t smoking -o cancer --graph graph.dot --context @notes.md
      $ copilot suggest-confounders study.csv -t smoking -o cancer --graph graph.dot --candidate NAME
      $ copilot suggest-confounders graph.dot -t smoking -o cancer --json
    """
    from copilot.composition.candidates import CONFOUNDERS
    from copilot.domain.variables import Query

    query = Query(treatment=treatment, outcome=outcome)
    suggest(
        shell,
        CONFOUNDERS,
        data,
        query,
        proposals=proposals,
        words=words,
        wishes=wishes,
        reading=reading,
    )
