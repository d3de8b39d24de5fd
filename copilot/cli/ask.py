"""``copilot ask``: a question in plain language, understood by vote, and then what `analyze` does."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.bundles import EffectWishes, Reading, Trials, Words, study_options
from copilot.cli.effect import GraphFile
from copilot.cli.options import (
    MODEL_SETTINGS,
    VOTE_SETTINGS,
    AnsweredBy,
    Answers,
    DataArgument,
    DryRun,
    Interpret,
    Latents,
    NotebookFile,
    Record,
    Replay,
    ShowPrompt,
)
from copilot.cli.shell import Shell
from copilot.domain.text import shown
from copilot.errors import UsageError

if TYPE_CHECKING:
    from copilot.composition.ask import AskJob
    from copilot.composition.wiring import AnswerFiles
    from copilot.domain.question import Ambiguity, ReadQuestion

NAME = "ask"
SUMMARY = "Ask in plain language; the whole line answers."
SETTINGS = (*MODEL_SETTINGS, *VOTE_SETTINGS)

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="In plain language, between quotes.")]


def run(
    shell: Shell,
    data: DataArgument,
    question: QuestionArgument,
    *,
    graph: GraphFile = None,
    words: Words = Words(),
    wishes: EffectWishes = EffectWishes(),
    trials: Trials = Trials(),
    latents: Latents = "suggest",
    reading: Reading = Reading(),
    replay: Replay = None,
    record: Record = None,
    answered_by: AnsweredBy = "",
    answers: Answers = None,
    show_prompt: ShowPrompt = False,
    dry_run: DryRun = False,
    notebook: NotebookFile = None,
    interpret: Interpret = False,
) -> int | None:
    """Find treatment and outcome in a question in plain language, by vote, and do what `analyze` does with them.

    What was understood is said before anything is computed. What the voters do not agree on is asked back, and where
    nobody can be asked the run ends with the options. A question that no effect answers is turned down with the
    reason. Without a model both columns must stand in the question by name, as in "the effect of A on B".

    Examples
    --------
      $ copilot ask trial.csv "does the treatment help patients recover?" --graph graph.dot
      $ copilot ask trial.csv "what is the effect of treated on recovery?" --voters data --yes --json
      $ copilot ask trial.csv "does the treatment help?" --dry-run
    """
    from copilot.cli.analyze import analyze_with
    from copilot.cli.places import check_notebook, check_place
    from copilot.composition.ask import AskJob
    from copilot.composition.wiring import AnswerFiles
    from copilot.domain.variables import Query
    from copilot.report.question import question_json

    study = study_options(data, Query(), words, reading)
    check_notebook(notebook, data, [graph, record, replay, answers])
    check_place("--record", record, [*study.inputs(), replay, answers])
    files = AnswerFiles(replay=replay, record=record, answered_by=answered_by, earlier=answers)
    job = AskJob(shell.settings(), study, question, files)
    if show_prompt or dry_run:
        from copilot.cli.suggesting import preview

        preview(shell, job, show_prompt=show_prompt)
        return None
    shell.console.say(job.announcement())
    read, shell, files = _understood(shell, job)
    read = _settled(shell, job, read)
    _say(shell, job, read, graph)
    return analyze_with(
        replace(shell, command="analyze", beside={"question": question_json(read)}),
        data,
        Query(treatment=read.treatment.value, outcome=read.outcome.value),
        job.study.table,
        graph=graph,
        words=words,
        wishes=_wishes(shell, job, read, wishes),
        trials=trials,
        latents=latents,
        reading=reading,
        files=files,
        notebook=notebook,
        interpret=interpret,
    )


def _understood(shell: Shell, job: AskJob) -> tuple[ReadQuestion, Shell, AnswerFiles]:
    """Read the question; give with it the shell and the files with which the analysis goes on."""
    if not job.asks:
        return _by_words(job), shell, job.files
    places, console = job.places(shell.run_dir), shell.console
    read = job.run(places.question, arguments=console.arguments, progress=console.progress(), warn=console.warn)
    flags = dict(shell.flags)
    if job.settings.max_cost is not None:  # one limit for the whole command: what is left of it goes to the analysis
        flags["max_cost"] = str(max(0.0, job.settings.max_cost - float(job.usage.get("cost_usd") or 0.0)))
    return read, replace(shell, run_dir=places.analysis, flags=flags), job.files_for_analysis(places)


def _by_words(job: AskJob) -> ReadQuestion:
    from copilot.composition.wiring import HOW_TO_ADD_A_MODEL

    literal = job.words()
    if literal.found is not None:
        return literal.found
    names = literal.names if len(literal.names) == 2 else ("TREATMENT", "OUTCOME")  # noqa: PLR2004 (two ends)
    raise UsageError(
        "the question cannot be understood without a model",
        reason=f"No model is asked, and {literal.why}.",
        advice=f"Ask for “the effect of A on B” with column names for A and B; or say it outright, as in "
        f"`{_outright(job, *names)}`; or {HOW_TO_ADD_A_MODEL}.",
    )


def _settled(shell: Shell, job: AskJob, read: ReadQuestion) -> ReadQuestion:
    """Ask back what is ambiguous; turn down what no effect answers.

    Raises
    ------
    UsageError
        If no effect answers the question, or something is ambiguous and nobody can be asked.
    """
    from copilot.report.question import ambiguity_text, turned_down

    _turn_down(job, turned_down(read))
    if read.ambiguous and not shell.console.interactive:
        names = (read.treatment.value or "TREATMENT", read.outcome.value or "OUTCOME")
        raise _error(
            job,
            f"the question can be read in more than one way: {'; '.join(map(ambiguity_text, read.ambiguous))}",
            "Less than two thirds of the voters agree, and nobody can be asked here.",
            f"Ask more exactly, or say it outright: `{_outright(job, *names)}`.",
        )
    for one in read.ambiguous:
        read = read.settled(one, _pick(shell, job, one, _taken(read, one.what)))
        _turn_down(job, turned_down(read))
    if read.treatment.value == read.outcome.value:
        raise _error(
            job,
            f"treatment and outcome would both be {read.treatment.value!r}",
            "The voters do not tell the two apart.",
            f"Ask more exactly, or say it outright: `{_outright(job, 'TREATMENT', 'OUTCOME')}`.",
        )
    return read


def _taken(read: ReadQuestion, what: str) -> str | None:
    """Give the column that the other role has for sure."""
    others = {"treatment": "outcome", "outcome": "treatment"}
    if what not in others or others[what] in {one.what for one in read.ambiguous}:
        return None
    value: str | None = getattr(read, others[what]).value
    return value


def _pick(shell: Shell, job: AskJob, one: Ambiguity, taken: str | None) -> str:
    """Ask for one of the options; for a column any name of the table will do."""
    from copilot.report.question import option_text

    options = [(value, votes) for value, votes in one.options if value != taken]
    for place, (value, votes) in enumerate(options, start=1):
        said = f"{votes} votes" if votes != 1 else "1 vote"
        shell.console.insist(f"{place:>3}  {option_text(one.what, value)} ({said})")
    names = () if one.what == "kind" else tuple(name for name in job.study.profile.names if name != taken)
    asked = "What do you ask for?" if one.what == "kind" else f"Which is the {one.what}?"
    how = "number" if one.what == "kind" else "number or column"
    while True:
        answer = shell.console.ask(f"{asked} ({how}) ", instead="Name the columns with `copilot analyze`, -t and -o.")
        if answer and answer in names:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(options):
            return options[int(answer) - 1][0]
        shell.console.insist(f"{answer!r} is none of them.")


def _say(shell: Shell, job: AskJob, read: ReadQuestion, graph: str | None) -> None:
    """Say what was understood before anything is computed from it, and what of it is not done."""
    from copilot.report.question import understood_line

    shell.console.say(understood_line(read), label="Understood: ", style="bold")
    if read.source == "words":
        shell.console.say("Column names and the words between them were read; nothing else of the question was.")
    if read.contrast is not None and job.contrast_of(read) is None:
        control, active = map(shown, read.contrast)
        shell.console.warn(
            f"The question compares {active} with {control}, which are not both levels of "
            f"{shown(read.treatment.value or '')}; the usual contrast is taken. --contrast CONTROL,ACTIVE sets it."
        )
    if read.population:
        given = f"--graph {shlex.quote(graph)} " if graph else ""
        shell.console.warn(
            f"The question is about {read.population}; the analysis is over all rows of the table. For those rows "
            f"alone, write them to a file of their own, and `copilot analyze FILE {given}"
            f"-t {shlex.quote(read.treatment.value or '')} -o {shlex.quote(read.outcome.value or '')}`."
        )


def _wishes(shell: Shell, job: AskJob, read: ReadQuestion, given: EffectWishes) -> EffectWishes:
    """Put what was understood where the command line says nothing."""
    typed = {word.partition("=")[0] for word in shell.console.arguments}
    contrast = job.contrast_of(read)
    if contrast is not None and given.contrast is None:
        given = replace(given, contrast=",".join(contrast))
    if read.target.value is not None and "--target" not in typed:
        given = replace(given, target=read.target.value)
    return given


def _turn_down(job: AskJob, told: tuple[str, str, str] | None) -> None:
    if told is not None:
        raise _error(job, *told)


def _error(job: AskJob, message: str, reason: str, advice: str) -> UsageError:
    error = UsageError(message, reason=reason, advice=advice)
    error.run_id = job.run_id if job.asks else None
    return error


def _outright(job: AskJob, treatment: str, outcome: str) -> str:
    """Write the command line that needs no question."""
    return shlex.join(["copilot", "analyze", job.study.options.data, "-t", treatment, "-o", outcome])
