"""What `estimate`, `refute` and `analyze` share: from options to a job, and from an analysis to the screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from copilot.cli.bundles import EffectWishes, Reading, Trials
from copilot.cli.shell import Shell
from copilot.errors import NotIdentifiableError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from copilot.composition.effect import EffectJob, EffectOptions
    from copilot.data.runs import RunFolder
    from copilot.data.tables import Table
    from copilot.domain.analysis import Analysis
    from copilot.domain.variables import Query
    from copilot.workflow.choose_design import Wishes

GraphFile = Annotated[
    str | None,
    typer.Option("--graph", metavar="FILE", help="The accepted graph: DOT, dagitty, GML or JSON; yours as it stands."),
]
T = TypeVar("T")
_NOT_IDENTIFIABLE = NotIdentifiableError.exit_code


def effect_options(
    command: str,
    data: str,
    query: Query,
    *,
    graph: str | None,
    wishes: EffectWishes,
    trials: Trials,
    reading: Reading,
) -> EffectOptions:
    """Put together what the user asked for.

    Raises
    ------
    UsageError
        If a word is none of those an option takes.
    """
    from copilot.composition.effect import EffectOptions

    return EffectOptions(
        command=command,
        data=data,
        read=reading.options(),
        graph=graph,
        query=query,
        wishes=wishes_of(wishes, trials),
        simulations=trials.simulations,
        dowhy=not wishes.no_dowhy,
    )


def run_on_file(
    shell: Shell, options: EffectOptions, table: Table | None = None, notebook: Path | None = None
) -> int | None:
    """Compute an effect from a graph that is a file, show it and write it; the table may have been read already."""
    from copilot.composition.effect import EffectJob
    from copilot.data.runs import RunFolder

    job = EffectJob(shell.settings(), options, table)
    if job.review is None:
        raise UsageError("no graph was given", advice="Name a file with --graph FILE.")
    for notice in (*job.said_of_the_table, *job.notices):
        tell(shell, notice.level, notice.message)
    try:
        folder = RunFolder.make(job.run_id, shell.run_dir)
        announce_reading(shell, options)
        analysis = job.run(
            folder,
            job.review,
            run_id=job.run_id,
            arguments=shell.console.arguments,
            progress=shell.console.progress(),
            warn=shell.console.warn,
        )
    finally:
        job.close()
    return show(shell, job, analysis, folder, job.run_id, notebook)


def announce_reading(shell: Shell, options: EffectOptions) -> None:
    """Say who is asked for the results in plain words, and what leaves this machine; nothing where nobody is."""
    if options.interpret:
        from copilot.composition.interpret import interpretation_announcement

        told = interpretation_announcement(shell.settings(), options.files)
        if told:
            shell.console.say(told)


def run_with_graph(
    shell: Shell,
    command: str,
    data: str,
    graph: str | None,
    ends: tuple[str | None, str | None],
    wishes: EffectWishes,
    reading: Reading,
    trials: Trials = Trials(),
) -> int | None:
    """Do what `estimate` and `refute` do: compute the effect of one column on another from a graph that is a file.

    Raises
    ------
    UsageError
        If no graph was named, or a word is none of those an option takes.
    """
    from copilot.domain.variables import Query

    if graph is None:
        raise UsageError(
            "no graph was given", advice="Name a file with --graph FILE; `copilot suggest-graph` makes one."
        )
    query = Query(treatment=ends[0], outcome=ends[1])
    return run_on_file(
        shell, effect_options(command, data, query, graph=graph, wishes=wishes, trials=trials, reading=reading)
    )


def show(
    shell: Shell, job: EffectJob, analysis: Analysis, folder: RunFolder, run_id: str, notebook: Path | None = None
) -> int | None:
    """Show an analysis: one screen for a person, or one object for a script; and write it as a notebook, if asked."""
    from copilot.domain.analysis import Standing
    from copilot.report.effect import analysis_json

    shell.keep_beside(folder)
    said = {notice.message for notice in (*job.table.profile.notices, *job.notices)}
    for notice in analysis.notices:
        if notice.message not in said:
            tell(shell, notice.level, notice.message)
    if not shell.quiet:
        _screen(shell, analysis)
    more = "" if shell.verbose else " (-v shows more of it; `copilot explain` says what a word means)"
    shell.console.say(f"Everything this rests on{more}: {folder.path}")
    if job.options.command == "analyze":
        shell.console.say(f"The report, to read or to send: {folder.path / 'report.html'}")
    if notebook is not None:
        from copilot.composition.notebook import write_notebook

        shell.console.say(write_notebook(notebook, job, analysis))
    if shell.json:
        payload = analysis_json(job.options.command, run_id, analysis)
        shell.emit(
            {key: value for key, value in payload.items() if key not in {"schema_version", "command"}}, run_id=run_id
        )
    else:
        _result(shell, analysis)
    stopped = {Standing.NOT_IDENTIFIABLE, Standing.NOT_ESTIMABLE}
    if analysis.verdict is not None and analysis.verdict.standing in stopped:
        return _NOT_IDENTIFIABLE
    return None


def _result(shell: Shell, analysis: Analysis) -> None:
    """Write the result itself to standard output."""
    from copilot.report.effect_screen import headline_text

    headline = headline_text(analysis)
    if headline:
        shell.console.result(headline)
    elif analysis.verdict is not None:
        shell.console.result_as_said(analysis.verdict.text)


def _screen(shell: Shell, analysis: Analysis) -> None:
    from copilot.domain.effects import Question
    from copilot.report.brief import brief
    from copilot.report.effect_screen import closing_lines, question_lines, refutations_table
    from copilot.report.estimates_table import errors_line, estimates_table, note_lines
    from copilot.report.identified import identification_lines

    console, full = shell.console, shell.verbose
    for label, text in question_lines(analysis, full=full):
        console.say(text, label=f"{label}: ", style="bold")
    if analysis.chosen is None and (full or len(analysis.identification.groups) <= 1):  # else the verdict has it all
        for line in identification_lines(analysis.identification):
            console.say(line)
    width = console.rich().width
    if analysis.estimates:
        console.draw(estimates_table(analysis.estimates, width))
        for note in note_lines(analysis.estimates, full=full):
            console.say(note, label="Note: ", style="bold")
        console.say(errors_line(analysis.estimates), style="dim")
        console.say(analysis.choice_reason if full else brief(analysis.choice_reason), style="dim")
    for question in Question:
        table = refutations_table(analysis.refutations, question, width, full=full)
        if table is not None:
            console.draw(table)
    for label, text, style in closing_lines(analysis, full=full):
        console.say(text, label=f"{label}: ", style=style)


def tell(shell: Shell, level: str, message: str) -> None:
    """Say a notice as loudly as it deserves."""
    if level == "warning":
        shell.console.warn(message)
    else:
        shell.console.say(message, style="dim")


def wishes_of(given: EffectWishes, trials: Trials = Trials()) -> Wishes:
    """Put together what was asked of an effect, names as typed.

    Raises
    ------
    UsageError
        If a word is none of those an option takes.
    """
    from copilot.domain.effects import Target
    from copilot.domain.identification.values import Strategy
    from copilot.estimation.design import MissingPolicy
    from copilot.workflow.choose_design import Wishes

    targets = {"ATE": Target.ATE, "ATT": Target.ATT}
    strategies = {str(one): one for one in (Strategy.BACKDOOR, Strategy.FRONTDOOR, Strategy.IV)}
    policies = {str(one): one for one in MissingPolicy}
    return Wishes(
        adjust=None if given.adjust is None else (given.adjust,),
        force=given.force,
        strategy=None if given.strategy is None else word("--strategy", given.strategy, strategies),
        instruments=tuple(given.instrument or ()),
        estimators=tuple(given.estimator or ()),
        refuters=tuple(trials.refuter or ()),
        target=word("--target", given.target.upper(), targets),
        by=given.by,
        contrast=_contrast(given.contrast),
        missing=word("--missing", given.missing, policies),
        weights=given.weights,
        cluster=given.cluster,
        negative_controls=tuple(trials.negative_control or ()),
        negative_exposures=tuple(trials.negative_exposure or ()),
        bounds=trials.bounds,
        outcome_range=_range(trials.outcome_range),
        monotone_instrument=trials.monotone_instrument,
    )


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"--outcome-range cannot be {text!r}",
            reason="A range has two numbers.",
            advice="Say --outcome-range LOW,HIGH, such as --outcome-range 0,100.",
        ) from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UsageError(
            f"--outcome-range cannot be {text!r}",
            reason="The first number must be below the second, and both finite.",
            advice="Say --outcome-range LOW,HIGH, such as --outcome-range 0,100.",
        )
    return low, high


def word(flag: str, value: str, known: Mapping[str, T]) -> T:
    """Read one of a few words.

    Raises
    ------
    UsageError
        Naming the words there are.
    """
    if value not in known:
        raise UsageError(f"{flag} cannot be {value!r}", advice=f"Say {flag} {' or '.join(known)}.")
    return known[value]


def _contrast(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):  # noqa: PLR2004 (two sides)
        raise UsageError(
            f"--contrast cannot be {text!r}",
            reason="A contrast has two sides.",
            advice="Say --contrast CONTROL,ACTIVE, such as --contrast regular,small.",
        )
    return parts[0], parts[1]
