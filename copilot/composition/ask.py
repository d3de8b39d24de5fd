"""Everything `ask` needs before its analysis: the table, the question, who reads it, and what was understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.composition.ballots import (
    Matter,
    announcement,
    answers_fingerprint,
    ask_ballots,
    can_ask,
    earlier_calls,
    quorum_of,
)
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.study import Study, StudyOptions
from copilot.composition.wiring import AnswerFiles
from copilot.data.runs import CALLS, MANIFEST, RunFolder, run_id_of
from copilot.domain.question import ReadQuestion
from copilot.domain.text import clean, one_line
from copilot.errors import UsageError
from copilot.workflow.progress import Progress
from copilot.workflow.read_words import Literal, read_words

if TYPE_CHECKING:
    from copilot.domain.question import QuestionBallot
    from copilot.elicitation.diversity import Plan
    from copilot.elicitation.setting import Setting
    from copilot.elicitation.task import Sheet
    from copilot.llm.completer import ChatRequest

COMMAND = "ask"
QUESTION = "question.json"
LONGEST_QUESTION = 2_000
"""Characters; whoever needs more has a context to give."""
_BELOW = "question"
"""Folder of the question's own run, below a folder that the user chose for the analysis."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of a question go.

    Parameters
    ----------
    question
        Folder of the run that reads the question.
    analysis
        Folder chosen for the analysis, ``None`` for the usual one.
    """

    question: RunFolder
    analysis: Path | None


def check_question(typed: str) -> str:
    r"""Put a question on one line.

    Raises
    ------
    UsageError
        If it is empty, or longer than any question needs to be.

    Examples
    --------
    >>> check_question(" does it\n help? ")
    'does it help?'
    """
    question = " ".join(clean(typed).split())
    if not question:
        raise UsageError("the question is empty", advice='Ask one, such as "does the training raise earnings?".')
    if len(question) > LONGEST_QUESTION:
        raise UsageError(
            f"the question has {len(question):,} characters (at most {LONGEST_QUESTION:,})",
            reason="It is to name one effect; what the data are about is told apart from it.",
            advice="Ask in a sentence or two, and put the rest into --context TEXT or --context @FILE.",
        )
    return question


class AskJob:
    """The reading of one question, checked and ready; nothing has been asked yet.

    Parameters
    ----------
    settings, options
        What to do; the options name neither treatment nor outcome.
    question
        As typed.
    files
        Where answers come from or go to.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a request is sent and before a file is written.
    """

    def __init__(self, settings: Settings, options: StudyOptions, question: str, files: AnswerFiles) -> None:
        self.settings, self.files = settings, files
        self.question = check_question(question)
        self.study = Study(options)
        self.usage: dict[str, Any] = {}

    @property
    def asks(self) -> bool:
        """Whether models read the question."""
        return self.settings.voters != "data" and can_ask(self.settings, self.files)

    @property
    def run_id(self) -> str:
        """Name the reading by what it rests on."""
        return run_id_of(
            {
                "command": COMMAND,
                "question": self.question,
                **self.study.fingerprint(),
                **answers_fingerprint(self.settings, self.files),
            }
        )

    def announcement(self) -> str:
        """Say in one line who reads the question, and what leaves this machine."""
        told = announcement(
            self.settings,
            self.files if self.asks else AnswerFiles(),
            len(self.study.variables),
            otherwise="column names are looked for in the question, word for word.",
        )
        return told.replace("Sent: ", "Sent: your question, ", 1)

    def requests(self) -> list[ChatRequest]:
        """Make the requests without sending any."""
        if not self.asks:
            return []
        sheets, _ = self._task(self._matter().setting(self.settings, self.settings.models))
        return [one.question.request for one in sheets]

    def words(self) -> Literal:
        """Read the question without a model."""
        return read_words(self.question, self.study.names)

    def places(self, chosen: Path | None) -> Places:
        """Make the folder of the question, beside that of the analysis or below it.

        A reading that stopped is resumed with its own folder as the chosen one; the analysis goes where it would have.
        """
        if chosen is None:
            return Places(RunFolder.make(self.run_id, None), None)
        if (chosen / MANIFEST).is_file() and RunFolder(chosen).read_json(MANIFEST).get("run_id") == self.run_id:
            return Places(RunFolder(chosen), chosen.parent if chosen.name == _BELOW else None)
        return Places(RunFolder.make(self.run_id, chosen / _BELOW), chosen)

    def run(
        self, folder: RunFolder, *, arguments: Sequence[str], progress: Progress, warn: Callable[[str], None]
    ) -> ReadQuestion:
        """Have the question read; every ballot is in the folder, whatever happens.

        Raises
        ------
        QuorumError
            If too few ballots can be counted.
        """
        run = Run(
            folder,
            command=COMMAND,
            run_id=self.run_id,
            arguments=arguments,
            settings=self.settings,
            profile=self.study.profile,
            query=self.study.query,
            earlier=earlier_calls(self.files),
            done="complete",
        )
        try:
            with run:
                read = self._read(run, progress, warn)
                folder.write_json(QUESTION, read.model_dump(mode="json"))
        finally:
            progress.done()
            self.usage = run.usage
        return read

    def _read(self, run: Run, progress: Progress, warn: Callable[[str], None]) -> ReadQuestion:
        from copilot.voting.question import read_votes

        matter = self._matter()
        gathered = ask_ballots(
            self.settings,
            self.files,
            run,
            matter,
            self._task,
            title="Reading the question",
            progress=progress,
            warn=warn,
        )
        quorum = quorum_of(self.settings)
        return read_votes(self.question, gathered.ballots, gathered.abstentions, quorum=quorum)

    def files_for_analysis(self, places: Places) -> AnswerFiles:
        """Let the analysis go on with the calls and the recording of the reading, so that each is one file in the end.

        Parameters
        ----------
        places
            Where the question was read.
        """
        calls, files = places.question.path / CALLS, self.files
        return AnswerFiles(
            replay=files.replay,
            record=files.record,
            answered_by=files.answered_by,
            earlier=calls if calls.is_file() else files.earlier,
            extend=files.record is not None and files.record.is_file(),
        )

    def contrast_of(self, read: ReadQuestion) -> tuple[str, str] | None:
        """Find the levels of the treatment that the voters' words mean; ``None`` if they are not both among them."""
        column = None if read.treatment.value is None else self.study.profile.column(read.treatment.value)
        if read.contrast is None or column is None:
            return None
        levels = {one_line(level).casefold(): level for level, _ in column.levels}
        control, active = (levels.get(side.casefold()) for side in read.contrast)
        if control is None or active is None or control == active or "," in control + active:
            return None
        return control, active

    def _task(
        self, setting: Setting
    ) -> tuple[Sequence[Sheet[QuestionBallot]], Callable[[Plan, Sequence[QuestionBallot]], QuestionBallot]]:
        from copilot.elicitation.question_task import merge_question, question_sheets

        return question_sheets(setting, self.question, self.settings.votes), merge_question

    def _matter(self) -> Matter:
        study = self.study
        chosen = tuple(column for column in study.profile.columns if column.name in study.names)
        return Matter(variables=study.variables, context=study.context, query=study.query, columns=chosen)
