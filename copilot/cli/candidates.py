"""What the three commands that suggest candidates share: from options to a job, and from candidates to the screen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copilot.cli.bundles import EffectWishes, Reading, Words, study_options
from copilot.cli.options import AnsweredBy, Answers, DryRun, Record, Replay, ShowPrompt
from copilot.cli.shell import Shell

if TYPE_CHECKING:
    from copilot.composition.candidates import CandidatesJob, CandidateTask, Suggested
    from copilot.data.runs import RunFolder
    from copilot.domain.variables import Query

DataOrGraph = Annotated[
    str | None, typer.Argument(metavar="[DATA]", help="The table; or a graph file, to ask without a table.")
]
_GRAPHS = {".dot", ".gv", ".gml", ".dagitty", ".json"}


@dataclass(frozen=True)
class Proposals:
    """Where candidates come from, and what they are held against."""

    graph: Annotated[
        str | None, typer.Option("--graph", metavar="FILE", help="The accepted graph that checks each candidate.")
    ] = None
    candidate: Annotated[
        list[str] | None,
        typer.Option("--candidate", metavar="NAMES", help="Check these of your own; commas or repeated."),
    ] = None
    replay: Replay = None
    record: Record = None
    answered_by: AnsweredBy = ""
    answers: Answers = None
    show_prompt: ShowPrompt = False
    dry_run: DryRun = False


def suggest(
    shell: Shell,
    task: CandidateTask,
    data: str | None,
    query: Query,
    *,
    proposals: Proposals,
    words: Words,
    wishes: EffectWishes,
    reading: Reading,
    exposures: tuple[str, ...] = (),
) -> None:
    """Ask, check and show; the result goes to standard output."""
    from copilot.cli.effect import wishes_of
    from copilot.cli.places import check_place
    from copilot.cli.suggesting import preview
    from copilot.composition.candidates import CandidateOptions, CandidatesJob
    from copilot.composition.wiring import AnswerFiles
    from copilot.data.runs import RunFolder

    graph = proposals.graph
    if data is not None and graph is None and Path(data).suffix.lower() in _GRAPHS:
        data, graph = None, data
    query = _complete(shell, data, graph, reading, query)
    study = None if data is None else study_options(data, query, words, reading)
    check_place("--record", proposals.record, [proposals.replay, proposals.answers])
    options = CandidateOptions(
        task=task,
        study=study,
        graph=graph,
        query=query,
        context=words.context or "",
        describe=words.describe,
        candidates=tuple(proposals.candidate or ()),
        exposures=exposures,
        wishes=wishes_of(wishes),
        files=AnswerFiles(
            replay=proposals.replay,
            record=proposals.record,
            answered_by=proposals.answered_by,
            earlier=proposals.answers,
        ),
    )
    job = CandidatesJob(shell.settings(), options)
    if proposals.show_prompt or proposals.dry_run:
        preview(shell, job, show_prompt=proposals.show_prompt)
        return
    shell.console.say(job.announcement())
    folder = RunFolder.make(job.run_id, shell.run_dir)
    console = shell.console
    found = job.run(folder, arguments=console.arguments, progress=console.progress(), warn=console.warn)
    _show(shell, job, found, folder)


def _complete(shell: Shell, data: str | None, graph: str | None, reading: Reading, query: Query) -> Query:
    """Take treatment and outcome from the command line, else from the graph's marks, else ask."""
    from copilot.cli.asking import ask_for_name
    from copilot.domain.variables import Query

    treatment, outcome = query.treatment, query.outcome
    if treatment is not None and outcome is not None:
        return query
    names: tuple[str, ...] = ()
    if graph is not None:
        from copilot.data.graph_files import read_graph

        document = read_graph(graph)
        treatment, outcome = treatment or document.treatment, outcome or document.outcome
        names = document.graph.names
    elif data is not None:
        from copilot.data.tables import read_table

        names = tuple(one.name for one in read_table(data, reading.options()).profile.columns if not one.left_out)
    treatment = ask_for_name(shell, "treatment", names, outcome) if treatment is None else treatment
    outcome = ask_for_name(shell, "outcome", names, treatment) if outcome is None else outcome
    return Query(treatment=treatment, outcome=outcome)


def _none(job: CandidatesJob) -> str:
    """Say why there is no candidate."""
    from copilot.domain.graph import EdgeKind

    if job.asks or job.graph is None:
        return "No candidate."
    if any(edge.kind is EdgeKind.UNDIRECTED for edge in job.graph.edges):
        return (
            "No candidate: the graph allows none of its observed variables in every way to direct the edges that have "
            "no direction yet. --candidate NAME says of one what it hangs on."
        )
    return "No candidate: the graph allows none of its observed variables. Name others with --candidate."


def _show(shell: Shell, job: CandidatesJob, found: Suggested, folder: RunFolder) -> None:
    from copilot.cli.effect import tell
    from copilot.report.candidates import candidates_view

    console = shell.console
    for notice in found.notices:
        tell(shell, notice.level, notice.message)
    for text in found.left_out:
        console.say(text, label="Left out: ", style="dim")
    if found.turnout is not None:
        lost = f", {found.turnout.abstained} abstained" if found.turnout.abstained else ""
        console.say(f"{found.turnout.valid} of {found.turnout.asked} ballots counted{lost}.")
    console.say(f"Everything this rests on: {folder.path}")
    if shell.json:
        shell.emit({**job.payload(found), "usage": job.usage}, run_id=job.run_id)
        return
    if found.candidates:
        console.draw(candidates_view(found.candidates), result=True)
    else:
        console.result(_none(job))
    for part in found.joint.values():
        if isinstance(part, dict) and part.get("message"):
            console.result(str(part["message"]))
