"""A reading in plain words of a finished analysis: who is asked for it, what is sent, and what if nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from copilot.composition.ballots import (
    Matter,
    ask_ballots,
    can_ask,
    counted,
    earlier_calls,
    matter_of_graph,
)
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.wiring import HOW_TO_ADD_A_MODEL, AnswerFiles
from copilot.data.runs import CALLS, RunFolder
from copilot.domain.analysis import Analysis
from copilot.domain.graph import CausalGraph
from copilot.domain.interpretation import Interpretation, Reading
from copilot.domain.notice import Level, Notice
from copilot.domain.variables import TableProfile
from copilot.errors import AuthenticationError, CopilotError, QuorumError, ReplayMissError, ResumableError, UsageError
from copilot.workflow.finished import finished_results
from copilot.workflow.interpret import interpret
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    from copilot.elicitation.diversity import Plan
    from copilot.elicitation.setting import Setting
    from copilot.elicitation.task import Sheet

READINGS = "readings.json"
_NOT_READ = (ResumableError, ReplayMissError, AuthenticationError, UsageError)
"""What may go wrong in asking without the analysis being any the worse."""
_OTHERWISE = "The analysis itself does not depend on it."


def interpretation_announcement(settings: Settings, files: AnswerFiles) -> str:
    """Say in one line who is asked to read the results, and what leaves this machine; empty where nobody is."""
    if files.replay is not None:
        return f"The reading in plain words comes from the recording {files.replay}; nothing is sent."
    if not can_ask(settings, files):
        return ""
    return (
        f"Asking {', '.join(settings.models)} at {settings.address} for a reading in plain words. Sent: the finished "
        "numbers and sentences of the analysis and the names of its variables; never rows."
    )


def read_results(
    analysis: Analysis,
    report: dict[str, Any],
    *,
    settings: Settings,
    files: AnswerFiles,
    run: Run,
    profile: TableProfile,
    progress: Progress,
    warn: Callable[[str], None],
) -> Analysis:
    """Ask for readings of a finished analysis, and give it with the one that is shown.

    Whatever goes wrong in asking, the analysis stands: it comes back with a note in place of the reading, and a notice.

    Parameters
    ----------
    analysis, report
        As computed, and as it is written.
    settings, files
        Who is asked.
    run
        Whose folder takes the readings, and whose log and usage take the calls.
    profile
        Of the table, for the kinds of the variables.
    progress, warn
        Told what happens.
    """
    if not can_ask(settings, files):
        return analysis.model_copy(update={"interpretation": Interpretation(note=_left_out(settings))})
    matter = _matter(analysis, profile)
    names, told = [one.name for one in matter.variables], finished_results(analysis)
    used = dict(run.usage)
    try:
        gathered = ask_ballots(
            settings,
            _going_on(files, run),
            run,
            matter,
            _task(told, settings),
            title="Asking for a reading in plain words",
            progress=progress,
            warn=warn,
            kept=READINGS,
        )
        turnout = counted(settings, gathered)
        found = interpret(gathered.ballots, report, told, names, turnout)
    except _NOT_READ as error:
        return _without(analysis, error)
    finally:
        run.note_usage(_sum(used, run.usage))
    return analysis.model_copy(update={"interpretation": found})


def _without(analysis: Analysis, error: CopilotError) -> Analysis:
    what = "too few readings came" if isinstance(error, QuorumError) else "it could not be asked for"
    reason = f" {error.reason}" if error.reason else ""
    note = f"No reading in plain words is shown: {what} ({error.message}).{reason} {_OTHERWISE}"
    notice = Notice(code="interpretation_left_out", message=note, level=Level.WARNING)
    return analysis.model_copy(
        update={"interpretation": Interpretation(note=note), "notices": (*analysis.notices, notice)}
    )


def _left_out(settings: Settings) -> str:
    why = f" ({settings.why_no_model})" if settings.models else ""
    return (
        f"The reading in plain words was left out, as there is no model to ask{why}. To add one, {HOW_TO_ADD_A_MODEL}."
    )


def _task(
    told: dict[str, Any], settings: Settings
) -> Callable[[Setting], tuple[Sequence[Sheet[Reading]], Callable[[Plan, Sequence[Reading]], Reading]]]:
    def task(setting: Setting) -> tuple[Sequence[Sheet[Reading]], Callable[[Plan, Sequence[Reading]], Reading]]:
        from copilot.elicitation.interpret_task import interpret_sheets, merge_reading

        return interpret_sheets(setting, told, settings.votes), merge_reading

    return task


def _matter(analysis: Analysis, profile: TableProfile) -> Matter:
    """Name the nodes of the graph and the columns that checks were about; nothing of their values is told."""
    graph = analysis.review.graph
    subjects = {one.subject for one in analysis.refutations} & set(profile.names)
    more = sorted(subjects - set(graph.names))
    every = CausalGraph.build(nodes=(*graph.names, *more), latent=graph.latent)
    return replace(matter_of_graph(every, profile, {}, "", analysis.query), columns=())


def _going_on(files: AnswerFiles, run: Run) -> AnswerFiles:
    """Go on with the recording of this very run, if models have voted in it before."""
    asked = any(run.usage.get(key, 0) for key in ("requests", "cached", "replayed"))
    begun = asked and files.record is not None and files.record.is_file()
    return replace(files, extend=files.extend or begun)


def _sum(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Add up what two stretches of a run have used; an unknown cost stays unknown."""
    if before is after or before == after:
        return after
    total = dict(after)
    for key, value in before.items():
        mine = after.get(key, 0)
        total[key] = None if value is None or mine is None else value + mine
    return total


def calls_so_far(folder: RunFolder, files: AnswerFiles) -> list[str]:
    """Give the calls that the log of a run goes on with: those of its votes, and those of an earlier run."""
    path = folder.path / CALLS
    mine = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [*earlier_calls(files), *mine]
