"""``copilot suggest-negative-controls``: candidates that have survived votes, graph and data."""

from __future__ import annotations

from typing import Annotated

import typer

from copilot.cli.bundles import EffectWishes, Reading, Words
from copilot.cli.candidates import DataOrGraph, Proposals, suggest
from copilot.cli.options import MODEL_SETTINGS, Outcome, Treatment
from copilot.cli.shell import Shell

NAME = "suggest-negative-controls"
SUMMARY = "Suggest negative controls, each checked by graph and data."
SETTINGS = (*MODEL_SETTINGS, "voters", "votes", "min_support", "quorum", "jobs")
ALIASES = ("suggest-dummy-outcomes",)


def run(
    shell: Shell,
    data: DataOrGraph = None,
    *,
    treatment: Treatment = None,
    outcome: Outcome = None,
    proposals: Proposals = Proposals(),
    exposure: Annotated[
        list[str] | None,
        typer.Option("--exposure", metavar="NAMES", help="Check these as negative-control exposures."),
    ] = None,
    words: Words = Words(),
    wishes: EffectWishes = EffectWishes(),
    reading: Reading = Reading(),
) -> None:
    """Propose outcomes that the treatment cannot affect and that share its causes, and exposures likewise.

    Each is held against three questions: do the votes hold, does the graph allow it, and is the treatment's effect on
    it, estimated as in the real analysis, consistent with zero? *Cannot tell* is never shown as passed.

    Examples
    --------
      $ copilot suggest-negative-controls study.csv -t smoking -o cancer --graph graph.dot --context @notes.md
      $ copilot suggest-negative-controls study.csv -t smoking -o cancer --graph graph.dot --candidate NAME
      $ copilot suggest-negative-controls graph.dot -t smoking -o cancer --json
    """
    from copilot.composition.candidates import NEGATIVE_CONTROLS
    from copilot.domain.variables import Query

    query = Query(treatment=treatment, outcome=outcome)
    suggest(
        shell,
        NEGATIVE_CONTROLS,
        data,
        query,
        proposals=proposals,
        words=words,
        wishes=wishes,
        reading=reading,
        exposures=tuple(exposure or ()),
    )
