"""``copilot suggest-instruments``: candidates that have survived votes, graph and data."""

from __future__ import annotations

from copilot.cli.bundles import EffectWishes, Reading, Words
from copilot.cli.candidates import DataOrGraph, Proposals, suggest
from copilot.cli.options import MODEL_SETTINGS, Outcome, Treatment
from copilot.cli.shell import Shell

NAME = "suggest-instruments"
SUMMARY = "Suggest instruments, each checked by graph and data."
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
    """Propose instruments: columns, and ideas outside the table.

    Each is held against three questions: do the votes hold, does the graph allow it (and given what), do the data
    allow it (is it strong enough)? *Cannot tell* is never shown as passed.

    Examples
    --------
      $ copilot suggest-instruments study.csv -t smoking -o cancer --graph graph.dot --context @notes.md
      $ copilot suggest-instruments study.csv -t smoking -o cancer --graph graph.dot --candidate NAME
      $ copilot suggest-instruments graph.dot -t smoking -o cancer --json
    """
    from copilot.composition.candidates import INSTRUMENTS
    from copilot.domain.variables import Query

    query = Query(treatment=treatment, outcome=outcome)
    suggest(
        shell,
        INSTRUMENTS,
        data,
        query,
        proposals=proposals,
        words=words,
        wishes=wishes,
        reading=reading,
    )
