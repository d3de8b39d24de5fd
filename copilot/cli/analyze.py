"""``copilot analyze``: from a table and a question to an effect that was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.cli.bundles import EffectWishes, Reading, Trials, Words, study_options
from copilot.cli.effect import GraphFile, announce_reading, effect_options, run_on_file, show
from copilot.cli.options import (
    MODEL_SETTINGS,
    VOTE_SETTINGS,
    AnsweredBy,
    Answers,
    DataArgument,
    Evidence,
    Interpret,
    Latents,
    NotebookFile,
    Outcome,
    Record,
    Replay,
    Treatment,
)
from copilot.cli.places import check_notebook, check_place
from copilot.cli.shell import Shell
from copilot.errors import UsageError

if TYPE_CHECKING:
    from copilot.composition.effect import EffectOptions
    from copilot.composition.suggest import SuggestOptions
    from copilot.composition.wiring import AnswerFiles
    from copilot.data.tables import Table
    from copilot.domain.variables import Query

NAME = "analyze"
SUMMARY = "The whole line: graph, review, effect, refutation, verdict."
SETTINGS = (*MODEL_SETTINGS, *VOTE_SETTINGS)


def run(
    shell: Shell,
    data: DataArgument,
    *,
    graph: GraphFile = None,
    treatment: Treatment = None,
    outcome: Outcome = None,
    words: Words = Words(),
    wishes: EffectWishes = EffectWishes(),
    trials: Trials = Trials(),
    evidence: Evidence = None,
    latents: Latents = "suggest",
    reading: Reading = Reading(),
    replay: Replay = None,
    record: Record = None,
    answered_by: AnsweredBy = "",
    answers: Answers = None,
    notebook: NotebookFile = None,
    interpret: Interpret = False,
) -> int | None:
    """Take a table and a question to an effect that was tried: graph, review, identification, estimates, refuters.

    With --graph the graph is yours and counts as accepted. Without it one is suggested, by models or by the data, and
    you review it here; --yes accepts it unseen, and the report says so. No effect is shown before a graph is accepted.

    Examples
    --------
      $ copilot analyze trial.csv --graph graph.dot -t treated -o recovery
      $ copilot analyze trial.csv -t treated -o recovery --context "a trial of 12 clinics, 2019"
      $ copilot analyze trial.csv --voters data --yes -t treated -o recovery --json
    """
    from copilot.composition.wiring import AnswerFiles

    check_notebook(notebook, data, [graph, record, replay, answers])
    query, table = _complete(shell, data, reading, treatment, outcome)
    files = AnswerFiles(replay=replay, record=record, answered_by=answered_by, earlier=answers)
    return analyze_with(
        shell,
        data,
        query,
        table,
        graph=graph,
        words=words,
        wishes=wishes,
        trials=trials,
        latents=latents,
        reading=reading,
        files=files,
        notebook=notebook,
        interpret=interpret,
        evidence=evidence,
    )


def analyze_with(
    shell: Shell,
    data: str,
    query: Query,
    table: Table | None,
    *,
    graph: str | None,
    words: Words,
    wishes: EffectWishes,
    trials: Trials,
    latents: str,
    reading: Reading,
    files: AnswerFiles,
    notebook: Path | None = None,
    interpret: bool = False,
    evidence: Sequence[str] | None = None,
) -> int | None:
    """Go from treatment and outcome to the effect, whoever named the two.

    Parameters
    ----------
    shell, data, query, table
        The table may have been read already.
    graph, words, wishes, trials, latents, reading
        As given to `analyze`.
    files
        Where answers come from or go to.
    notebook
        Where the analysis is to be written as a notebook.
    interpret
        Whether models are asked for the results in plain words.
    evidence
        Documents that models may quote where a graph is suggested.
    """
    if graph is not None and evidence:
        raise UsageError(
            "--evidence and --graph do not go together",
            reason="Documents are quoted where a graph is suggested, and --graph gives one.",
            advice="Leave one of the two out.",
        )
    options = effect_options(NAME, data, query, graph=graph, wishes=wishes, trials=trials, reading=reading)
    if interpret:
        options = replace(options, interpret=True, files=files)
    options, table = _with_contrast(shell, options, table)
    if graph is not None:
        if interpret:
            check_place("--record", files.record, [Path(data), Path(graph), files.replay, files.earlier])
        return run_on_file(shell, options, table, notebook)
    from copilot.cli.suggesting import latents_accepted
    from copilot.composition.suggest import SuggestOptions

    study = study_options(data, query, words, reading, evidence)
    check_place("--record", files.record, [*study.inputs(), files.replay, files.earlier])
    suggest = SuggestOptions(study=study, files=files, accept_latents=latents_accepted(latents))
    return _suggest_first(shell, options, suggest, table, notebook)


def _complete(
    shell: Shell, data: str, reading: Reading, treatment: str | None, outcome: str | None
) -> tuple[Query, Table | None]:
    """Ask for treatment and outcome where they were left out; give the table if it had to be read for that."""
    from copilot.domain.variables import Query

    table = None
    if treatment is None or outcome is None:
        from copilot.cli.asking import ask_for_name
        from copilot.data.tables import read_table

        table = read_table(data, reading.options())
        names = [
            column.name
            for column in table.profile.columns
            if not column.left_out or column.name in {treatment, outcome}
        ]
        treatment = ask_for_name(shell, "treatment", names, outcome) if treatment is None else treatment
        outcome = ask_for_name(shell, "outcome", names, treatment) if outcome is None else outcome
    return Query(treatment=treatment, outcome=outcome), table


def _with_contrast(shell: Shell, options: EffectOptions, table: Table | None) -> tuple[EffectOptions, Table | None]:
    """Ask a person which levels of the treatment are compared, where there are more than two and none were named."""
    if options.wishes.contrast is not None or not shell.console.interactive:
        return options, table
    from copilot.cli.asking import ask_for_contrast
    from copilot.data.tables import read_table
    from copilot.estimation.prepare.checks import levels_to_choose

    table = read_table(options.data, options.read) if table is None else table
    treatment = options.query.treatment or ""
    levels = [level for level, _ in levels_to_choose(table.profile, treatment)]
    if not levels:
        return options, table
    wishes = replace(options.wishes, contrast=ask_for_contrast(shell, treatment, levels))
    return replace(options, wishes=wishes), table


def _suggest_first(
    shell: Shell, options: EffectOptions, suggest: SuggestOptions, table: Table | None, notebook: Path | None
) -> int | None:
    """Suggest a graph, have it accepted, and compute; the one gate stands between."""
    from copilot.cli.suggesting import say_first, say_last, vote_and_review
    from copilot.composition.effect import EffectJob
    from copilot.composition.suggest import SuggestJob
    from copilot.data.runs import RunFolder
    from copilot.domain.review import Approval
    from copilot.workflow.verdict import suspected_causes

    settings = shell.settings()
    vote = SuggestJob(settings, suggest, command=NAME, beyond=options.fingerprint(), table=table)
    job = EffectJob(settings, options, vote.study.table)
    try:
        say_first(shell, vote)
        folder = RunFolder.make(vote.run_id, shell.run_dir)
        proposed = vote_and_review(shell, vote, folder)
        say_last(shell, proposed)
        if proposed.review.approval is Approval.NOBODY:
            error = UsageError(
                "no effect is shown: nobody has accepted the graph",
                reason="An effect means nothing without a graph that somebody stands for.",
                advice=f"Review it with `copilot review {folder.path}`, then `copilot analyze` with "
                f"--graph {folder.path / 'graph.dot'}; or accept it unseen with --yes.",
            )
            error.run_id = vote.run_id
            raise error
        announce_reading(shell, options)
        analysis = job.run(
            folder,
            proposed.review,
            run_id=vote.run_id,
            arguments=shell.console.arguments,
            progress=shell.console.progress(),
            usage=vote.usage,
            suspected=suspected_causes(proposed.consensus, proposed.review.graph, options.query),
            drawing=vote.drawing(folder, proposed),
            warn=shell.console.warn,
        )
    finally:
        job.close()
    return show(shell, job, analysis, folder, vote.run_id, notebook)
