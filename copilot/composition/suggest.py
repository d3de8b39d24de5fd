"""Everything `suggest-graph` needs, made from settings and options: the table, the voters, the run's folder."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot.composition.manifest import manifest_of
from copilot.composition.outcome import CONSENSUS, PROFILE
from copilot.composition.settings import Settings
from copilot.composition.wiring import HOW_TO_ADD_A_MODEL, AnswerFiles, Models
from copilot.data.describe import read_descriptions, read_text_option, read_tiers
from copilot.data.runs import MANIFEST, CallLog, RunFolder, run_id_of
from copilot.data.tables import ReadOptions, read_table
from copilot.domain.consensus import Constraints, VotingRules
from copilot.domain.edge_text import choose_names, parse_edge
from copilot.domain.notice import Notice
from copilot.domain.variables import Query
from copilot.domain.votes import Votes
from copilot.errors import ConfigurationError, InputDataError, ResumableError
from copilot.report.suggestion import profile_json
from copilot.voting.constraints import check_constraints
from copilot.workflow.progress import Progress
from copilot.workflow.suggest_graph import Suggestion, SuggestPlan, Voices, suggest_graph
from copilot.workflow.variables import check_query, choose_variables

if TYPE_CHECKING:
    from copilot.discovery.discover import Discovery
    from copilot.elicitation.setting import Setting
    from copilot.llm.completer import ChatRequest


@dataclass(frozen=True, slots=True)
class SuggestOptions:
    """What the user said on the command line, beside settings."""

    data: str
    context: str = ""
    describe: str | None = None
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    query: Query = Query()
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    tiers: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    files: AnswerFiles = AnswerFiles()
    accept_latents: bool = False


class SuggestJob:
    """One run of `suggest-graph`, checked and ready; nothing has been asked yet.

    Parameters
    ----------
    settings, options
        What to do.

    Raises
    ------
    UsageError
        On any input that cannot be used; before a request is sent and before a file is written.
    """

    def __init__(self, settings: Settings, options: SuggestOptions) -> None:
        self.settings, self.options = settings, options
        self.groups = _groups(settings, options.files)
        self._recording = None if options.files.replay is None else _digest(options.files.replay)
        if "llm" in self.groups and options.files.replay is None:
            _import_early("openai")
        self._table = read_table(options.data, options.read)
        self.profile = self._table.profile
        names = self.profile.names
        self._descriptions = () if options.describe is None else read_descriptions(options.describe, names)
        self._context = read_text_option(options.context, "--context") if options.context else ""
        check_query(options.query, self.profile)
        self.variables, left_out = choose_variables(
            self.profile,
            columns=choose_names(options.columns, names),
            exclude=choose_names(options.exclude, names),
            query=options.query,
            descriptions=self._descriptions,
        )
        self.notices: tuple[Notice, ...] = (*self.profile.notices, *left_out)
        self.plan = self._make_plan()
        check_constraints(self.plan.names, self.plan.constraints)
        self.usage: dict[str, Any] = {}

    @property
    def run_id(self) -> str:
        """Name the run by what it computes."""
        replay = self.options.files.replay
        shaping = {key: value for key, value in self.settings.result_shaping().items() if key != "models"}
        return run_id_of(
            {
                "command": "suggest-graph",
                "data": self.profile.sha256,
                "variables": [variable.model_dump(mode="json") for variable in self.variables],
                "context": self._context,
                "query": self.options.query.model_dump(mode="json"),
                "constraints": self.plan.constraints.model_dump(mode="json"),
                "groups": self.groups,
                "accept_latents": self.options.accept_latents,
                "settings": shaping,
                "models": None if replay is not None else list(self.settings.models),
                "recording": self._recording,
            }
        )

    def profile_json(self) -> list[dict[str, Any]]:
        """Describe the columns, as the report has them."""
        return profile_json(self.profile, self.plan.names)

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

    def announcement(self) -> str:
        """Say in one line who votes, and what leaves this machine and where to."""
        replay, settings = self.options.files.replay, self.settings
        if replay is not None:
            return f"Answering from the recording {replay}; nothing is sent."
        if "llm" not in self.groups:
            return f"No model votes; the data do, by causal discovery. To add a model, {HOW_TO_ADD_A_MODEL}."
        more = {"names": "", "schema": ", categories", "summary": ", categories, ranges, missing shares"}[
            settings.share
        ]
        return (
            f"Asking {', '.join(settings.models)} at {settings.host}. Sent: names, kinds{more}, your descriptions and "
            f"context for {len(self.variables)} columns; never rows."
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
        started, clock = datetime.now(UTC), time.monotonic()
        log = CallLog(folder)

        def manifest(status: str) -> None:
            self.usage["wall_s"] = round(time.monotonic() - clock, 3)
            folder.write_json(MANIFEST, manifest_of(self, arguments, started, status))

        self.usage = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0}
        manifest("running")
        status = "stopped"
        try:
            suggestion = asyncio.run(self._run(folder, log, progress, warn))
            folder.write_json(CONSENSUS, suggestion.consensus.model_dump(mode="json"))
            folder.write_json(PROFILE, self.profile_json())
            status = "voted"
        except ResumableError as error:
            if self.options.data != "-":
                error.advice = f"{error.advice} Go on with: copilot runs resume {folder.path}".strip()
            raise
        finally:
            progress.done()
            log.close()
            manifest(status)
        return suggestion

    async def _run(
        self, folder: RunFolder, log: CallLog, progress: Progress, warn: Callable[[str], None]
    ) -> Suggestion:
        def keep(votes: Votes) -> None:
            folder.write_json("votes.json", votes.model_dump(mode="json"))

        discover = self._discover if "data" in self.groups else None
        if "llm" not in self.groups:
            return await suggest_graph(self.plan, Voices(discover=discover), progress=progress, keep=keep)
        models = Models(self.settings, self.options.files, log=lambda call: log.add(call.model_dump_json()), warn=warn)
        try:
            voices = Voices(asker=models.asker, setting=self._setting(models.names), discover=discover)
            return await suggest_graph(self.plan, voices, progress=progress, keep=keep)
        finally:
            self.usage = models.usage().model_dump(mode="json")
            await models.aclose()

    def _make_plan(self) -> SuggestPlan:
        options, settings = self.options, self.settings
        names = tuple(variable.name for variable in self.variables)
        constraints = Constraints(
            require=tuple(parse_edge(text, names) for text in options.require),
            forbid=tuple(parse_edge(text, names) for text in options.forbid),
            tiers=() if options.tiers is None else _present(read_tiers(options.tiers, self.profile.names), names),
        )
        smallest = min(settings.votes if "llm" in self.groups else settings.resamples, settings.votes)
        quorum = settings.quorum if settings.quorum is not None else smallest // 2 + 1
        return SuggestPlan(
            names=names,
            query=options.query,
            constraints=constraints,
            rules=VotingRules(min_support=settings.min_support, quorum=quorum),
            votes=settings.votes,
            max_votes=settings.max_votes,
            challenge=settings.challenge,
        )

    def _setting(self, models: Sequence[str]) -> Setting:
        from copilot.elicitation.setting import Setting, Share, facts_to_share

        settings = self.settings
        chosen = [column for column in self.profile.columns if column.name in self.plan.names]
        parameters = {"temperature": settings.temperature, "max_tokens": settings.max_tokens}
        return Setting(
            variables=self.variables,
            models=tuple(models),
            seed=settings.seed,
            context=self._context,
            query=self.options.query,
            facts=facts_to_share(chosen, Share(settings.share)),
            parameters={key: value for key, value in parameters.items() if value is not None},
            prompts=settings.prompts_dir,
        )

    def _discover(self, progress: Progress) -> Discovery:
        from numpy.random import SeedSequence

        from copilot.discovery.discover import discover

        progress.start("Letting the data vote", self.settings.resamples)
        frame = self._table.frame(self.plan.names)
        found = discover(
            frame,
            {variable.name: variable.kind for variable in self.variables},
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
    if settings.voters == "auto":
        return ("llm",) if able else ("data",)
    if not able:
        raise ConfigurationError(
            f"--voters {settings.voters} needs a model",
            reason=f"{settings.why_no_model}.",
            advice=f"To add one, {HOW_TO_ADD_A_MODEL}; or let the data vote with --voters data.",
        )
    return ("llm", "data") if settings.voters == "both" else ("llm",)


def _digest(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputDataError(
            f"the recording {str(path)!r} cannot be read",
            reason=f"{error.strerror or error}.",
            advice="Name a file that --record has written.",
        ) from error


def _present(tiers: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Drop from the tiers what is not in the graph; tiers may speak of every column of the table."""
    kept = (tuple(name for name in tier if name in names) for tier in tiers)
    return tuple(tier for tier in kept if tier)


def _import_early(module: str) -> None:
    """Load a slow library on another thread while the table is read."""
    if module not in sys.modules:
        threading.Thread(target=__import__, args=(module,), daemon=True).start()
