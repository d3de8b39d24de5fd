"""``copilot suggest-graph``: from a table and a sentence of context to a graph whose every edge shows its votes."""

from __future__ import annotations

from copilot.cli.bundles import Reading, Words, study_options
from copilot.cli.options import (
    MODEL_SETTINGS,
    VOTE_SETTINGS,
    AnsweredBy,
    Answers,
    DataArgument,
    DryRun,
    Evidence,
    GraphOutput,
    Latents,
    LongOutcome,
    Record,
    Replay,
    ShowPrompt,
    Treatment,
)
from copilot.cli.places import check_output, check_place
from copilot.cli.shell import Shell
from copilot.cli.suggesting import latents_accepted, preview, say_first, say_last, vote_and_review

NAME = "suggest-graph"
SUMMARY = "Propose a causal graph for a table, by votes."
SETTINGS = (*MODEL_SETTINGS, *VOTE_SETTINGS)


def run(
    shell: Shell,
    data: DataArgument,
    *,
    output: GraphOutput = None,
    treatment: Treatment = None,
    outcome: LongOutcome = None,
    words: Words = Words(),
    evidence: Evidence = None,
    latents: Latents = "suggest",
    reading: Reading = Reading(),
    replay: Replay = None,
    record: Record = None,
    answered_by: AnsweredBy = "",
    answers: Answers = None,
    show_prompt: ShowPrompt = False,
    dry_run: DryRun = False,
) -> int | None:
    """Ask models, or the data, for a causal graph over the columns of a table; vote; review; write the graph.

    Names, kinds and your own words go to the model, never rows. With no model configured the data vote by causal
    discovery. On a terminal you review the graph edge by edge. With --yes it is accepted and stamped "not reviewed";
    elsewhere it is a proposal that nobody has accepted, until `copilot review` or --yes does.

    With --evidence, documents of yours go to the model too. It may quote them for an edge; each quotation is looked up
    and shown with its place, or marked as not found.

    Examples
    --------
      $ copilot suggest-graph sales.csv --context "weekly sales of 40 shops" -o graph.dot
      $ copilot suggest-graph trial.csv --context @notes.md --describe columns.yaml --tiers order.yaml
      $ copilot suggest-graph data.csv --evidence protocol.pdf --evidence field-notes.md
      $ copilot suggest-graph data.csv --voters data --yes --json
    """
    from copilot.composition.suggest import SuggestJob, SuggestOptions
    from copilot.composition.wiring import AnswerFiles
    from copilot.domain.variables import Query

    study = study_options(data, Query(treatment=treatment, outcome=outcome), words, reading, evidence)
    inputs = [*study.inputs(), replay, answers]
    check_output("-o", output, [*inputs, record])
    check_place("--record", record, inputs)
    files = AnswerFiles(replay=replay, record=record, answered_by=answered_by, earlier=answers)
    options = SuggestOptions(study=study, files=files, accept_latents=latents_accepted(latents))
    job = SuggestJob(shell.settings(), options)
    if show_prompt or dry_run:
        preview(shell, job, show_prompt=show_prompt, focused=job.most_focused())
        return None
    say_first(shell, job)
    from copilot.data.runs import RunFolder

    folder = RunFolder.make(job.run_id, shell.run_dir)
    proposed = vote_and_review(shell, job, folder, output)
    say_last(shell, proposed, folder, output)
    if shell.json:
        shell.emit({**proposed.payload(), "usage": job.usage}, run_id=job.run_id)
    elif output is None:
        shell.console.result(proposed.drawn("dot").rstrip("\n"))
    return None
