"""Everything `suggest-graph` needs beyond its study: who votes, what they are asked, and the id of the run."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from copilot.composition.ballots import Matter, announcement, answers_fingerprint, earlier_calls
from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.study import Study, StudyOptions
from copilot.composition.wiring import HOW_TO_ADD_A_MODEL, AnswerFiles, Models
from copilot.data.runs import CONSENSUS, NOTICES, PROFILE, VOTES, RunFolder, run_id_of
from copilot.domain.consensus import VotingRules
from copilot.domain.votes import Votes
from copilot.errors import ConfigurationError
from copilot.report.suggestion import notices_json, profile_json
from copilot.workflow.progress import Progress
from copilot.workflow.suggest_graph import MOST_CONTESTED, Suggestion, SuggestPlan, Voices, suggest_graph

if TYPE_CHECKING:
    from copilot.composition.outcome import Outcome
    from copilot.data.tables import Table
    from copilot.discovery.discover import Discovery
    from copilot.domain.notice import Notice
    from copilot.elicitation.setting import Evidence, Setting
    from copilot.llm.completer import ChatRequest
    from copilot.voting.voices import Drawing
    from copilot.workflow.hanging import Key

COMMAND = "suggest-graph"


@dataclass(frozen=True, slots=True)
class SuggestOptions:
    """What the user said on the command line, beside settings."""

    study: StudyOptions
    files: AnswerFiles = AnswerFiles()
    accept_latents: bool = False


@contextlib.contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end work that keeps the event loop waiting; its handler would cancel the task only afterwards."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class SuggestJob:
    """One run of `suggest-graph`, checked and ready; nothing has been asked yet.

    Parameters
    ----------
    settings, options
        What to do.
    command, beyond
        The command this is a stretch of, and what else its result depends on, for the id of the run.
    table
        Read already, or ``None`` to read it here.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a request is sent and before a file is written.
    """

    def __init__(
        self,
        settings: Settings,
        options: SuggestOptions,
        *,
        command: str = COMMAND,
        beyond: Mapping[str, object] | None = None,
        table: Table | None = None,
    ) -> None:
        self.settings, self.options = settings, options
        self.command, self._beyond = command, dict(beyond or {})
        self.groups = _groups(settings, options.files)
        if "llm" in self.groups and options.files.replay is None:
            _import_early("openai")
        self.study = Study(options.study, table)
        self.plan = self._make_plan()
        self._evidence = self._choose_evidence()
        # What the models are not shown belongs to what the study says of its input.
        self.study.notices = (*self.study.notices, *self._evidence[1])
        self.usage: dict[str, Any] = {}

    @property
    def run_id(self) -> str:
        """Name the run by what it computes."""
        return run_id_of(
            {
                "command": self.command,
                **self._beyond,
                **self.study.fingerprint(),
                "groups": self.groups,
                "accept_latents": self.options.accept_latents,
                **answers_fingerprint(self.settings, self.options.files),
            }
        )

    def profile_json(self) -> list[dict[str, Any]]:
        """Describe the columns, as the report has them."""
        return profile_json(self.study.profile, self.plan.names)

    def requests(self) -> list[ChatRequest]:
        """Make the requests of the first round and of the challenge round, without sending any."""
        from copilot.domain.graph import CausalGraph
        from copilot.elicitation.challenge_task import challenge_sheets
        from copilot.elicitation.graph_task import graph_sheets

        if "llm" not in self.groups:
            return []
        setting = self._setting(self.settings.models)
        empty = CausalGraph.build(nodes=self.plan.names)
        first = [one.question.request for one in graph_sheets(setting, self.plan.votes)]
        return first + [one.question.request for one in challenge_sheets(setting, empty, self.plan.challenge)]

    def most_focused(self) -> int:
        """Count the requests that the focused round may take at most."""
        from copilot.elicitation.pairs_task import PAIRS_A_SHEET

        if "llm" not in self.groups:
            return 0
        pairs = min(len(self.plan.names) * (len(self.plan.names) - 1) // 2, MOST_CONTESTED)
        return max(0, self.plan.max_votes - self.plan.votes) * -(-pairs // PAIRS_A_SHEET)

    def announcement(self) -> str:
        """Say in one line who votes, and what leaves this machine and where to."""
        replay, settings = self.options.files.replay, self.settings
        if replay is None and "llm" not in self.groups:
            why = f" ({settings.why_no_model})" if settings.models and settings.voters == "auto" else ""
            return f"No model votes{why}; the data do, by causal discovery. To add a model, {HOW_TO_ADD_A_MODEL}."
        return announcement(
            settings, self.options.files, len(self.plan.names), otherwise="", documents=len(self.study.documents)
        )

    def run(
        self,
        folder: RunFolder,
        *,
        arguments: Sequence[str],
        progress: Progress,
        warn: Callable[[str], None],
    ) -> Suggestion:
        """Gather the votes and form the consensus; everything gathered is in the folder, whatever happens.

        Raises
        ------
        ResumableError
            With the command that goes on with the run.
        """
        run = Run(
            folder,
            command=self.command,
            run_id=self.run_id,
            arguments=arguments,
            settings=self.settings,
            profile=self.study.profile,
            query=self.study.query,
            earlier=earlier_calls(self.options.files),
            documents=self.study.documents,
        )
        folder.write_json(PROFILE, self.profile_json())
        folder.write_json(NOTICES, notices_json(self.study.notices))
        try:
            with run:
                suggestion = asyncio.run(self._vote(run, progress, warn))
                folder.write_json(CONSENSUS, suggestion.consensus.model_dump(mode="json"))
                folder.write_json(NOTICES, notices_json((*self.study.notices, *suggestion.notices)))
        finally:
            progress.done()
            self.usage = run.usage
        return suggestion

    async def _vote(self, run: Run, progress: Progress, warn: Callable[[str], None]) -> Suggestion:
        def keep(votes: Votes) -> None:
            run.folder.write_json(VOTES, votes.model_dump(mode="json"))

        discover = self._discover if "data" in self.groups else None
        if "llm" not in self.groups:
            return await suggest_graph(self.plan, Voices(discover=discover), progress=progress, keep=keep)
        models = Models(self.settings, self.options.files, log=lambda call: run.log.add(call.line()), warn=warn)
        try:
            voices = Voices(asker=models.asker, setting=self._setting(models.names), discover=discover)
            return await suggest_graph(self.plan, voices, progress=progress, keep=keep)
        finally:
            run.note_usage(models.usage().model_dump(mode="json"))
            await models.aclose()

    def drawing(self, folder: RunFolder, outcome: Outcome) -> Drawing:
        """Give what other graphs are drawn from: the votes of this run, and what a person overruled in them."""
        from copilot.voting.voices import Drawing

        return Drawing(
            votes=Votes.model_validate(folder.read_json(VOTES)),
            consensus=outcome.consensus,
            accepted=outcome.review.graph,
            constraints=self.plan.constraints,
            decided=outcome.review.overruled,
            min_support=self.plan.rules.min_support,
        )

    def hanging(self, folder: RunFolder, outcome: Outcome) -> dict[Key, str]:
        """Say on which pairs the way to the effect hangs; nothing without a question."""
        from copilot.workflow.hanging import hanging_by_identification

        return hanging_by_identification(self.drawing(folder, outcome), self.study.query, self.settings.seed)

    def _make_plan(self) -> SuggestPlan:
        study, settings = self.study, self.settings
        # A quorum that was set is meant for the models, unless the data alone vote.
        own = settings.quorum if "llm" not in self.groups else None
        rules = VotingRules(
            min_support=settings.min_support,
            quorum=settings.quorum or settings.votes // 2 + 1,
            data_quorum=own or settings.resamples // 2 + 1,
        )
        return SuggestPlan(
            names=study.names,
            query=study.query,
            constraints=study.constraints,
            rules=rules,
            votes=settings.votes,
            max_votes=settings.max_votes,
            challenge=settings.challenge,
            documents=study.documents,
        )

    def _setting(self, models: Sequence[str]) -> Setting:
        study = self.study
        chosen = tuple(column for column in study.profile.columns if column.name in self.plan.names)
        matter = Matter(variables=study.variables, context=study.context, query=study.query, columns=chosen)
        return replace(matter.setting(self.settings, models), evidence=self._evidence[0])

    def _choose_evidence(self) -> tuple[tuple[Evidence, ...], tuple[Notice, ...]]:
        """Choose what of the documents the models are shown; nothing if none votes."""
        if not self.study.documents or "llm" not in self.groups:
            return (), ()
        from copilot.elicitation.evidence_text import choose_evidence

        return choose_evidence(self.study.documents, self.study.variables)

    def _discover(self, progress: Progress) -> Discovery:
        from numpy.random import SeedSequence

        from copilot.discovery.discover import discover

        progress.start("Letting the data vote", self.settings.resamples)
        with _ended_by_ctrl_c():
            found = discover(
                self.study.table.frame(self.plan.names),
                {variable.name: variable.kind for variable in self.study.variables},
                resamples=self.settings.resamples,
                seed=SeedSequence(self.settings.seed),
                constraints=self.plan.constraints,
                jobs=self.settings.jobs,
                on_done=lambda _done, _total: progress.advance(),
            )
        progress.done()
        return found


def _groups(settings: Settings, files: AnswerFiles) -> tuple[str, ...]:
    """Decide who votes: the models, the data, or both."""
    if settings.voters == "data":
        return ("data",)
    able = files.replay is not None or settings.model_configured
    named = bool(settings.models) and settings.origins["models"].source == "flag"
    if settings.voters == "auto" and not (named and not able):
        return ("llm",) if able else ("data",)
    if not able:
        raise ConfigurationError(
            f"{'--model' if settings.voters == 'auto' else f'--voters {settings.voters}'} needs a model to ask",
            reason=f"{settings.why_no_model}.",
            advice=f"To add one, {HOW_TO_ADD_A_MODEL}; or let the data vote with --voters data.",
        )
    return ("llm", "data") if settings.voters == "both" else ("llm",)


def _import_early(module: str) -> None:
    """Load a slow library on another thread while the table is read; if it is broken, its user will say so."""

    def load() -> None:
        with contextlib.suppress(ImportError):
            import_module(module)

    if module not in sys.modules:
        threading.Thread(target=load, daemon=True).start()
