"""From settings to ballots: the one way in which every task that asks a model is asked, announced and named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from copilot.composition.run import Run
from copilot.composition.settings import Settings
from copilot.composition.wiring import HOW_TO_ADD_A_MODEL, AnswerFiles, Models
from copilot.data.runs import VOTES
from copilot.domain.graph import CausalGraph
from copilot.domain.value import content_hash
from copilot.domain.variables import ColumnProfile, Description, Kind, Query, TableProfile, Variable
from copilot.errors import ConfigurationError, InputDataError
from copilot.workflow.progress import Progress

if TYPE_CHECKING:
    from copilot.domain.votes import Turnout
    from copilot.elicitation.diversity import Plan
    from copilot.elicitation.setting import Setting
    from copilot.elicitation.task import Gathered, Sheet

B = TypeVar("B")
P = TypeVar("P")

_SHARED = {"names": "", "schema": ", categories", "summary": ", categories, ranges, missing shares"}


@dataclass(frozen=True, slots=True)
class Matter:
    """What is put before a model, whatever the task.

    Parameters
    ----------
    variables
        In the order of the file.
    context, query
        The user's own words, and the question.
    columns
        Profiles of those that are columns of a table, for what `--share` allows.
    facts
        Further facts by name, such as that a variable is not observed.
    """

    variables: tuple[Variable, ...]
    context: str = ""
    query: Query = Query()
    columns: tuple[ColumnProfile, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def setting(self, settings: Settings, models: Sequence[str]) -> Setting:
        """Give it to the tasks."""
        from copilot.elicitation.setting import Setting, Share, facts_to_share

        parameters = {"temperature": settings.temperature, "max_tokens": settings.max_tokens}
        facts: dict[str, dict[str, Any]] = facts_to_share(self.columns, Share(settings.share))
        for name, told in self.facts.items():
            facts[name] = {**facts.get(name, {}), **told}
        return Setting(
            variables=self.variables,
            models=tuple(models),
            seed=settings.seed,
            context=self.context,
            query=self.query,
            facts=facts,
            parameters={key: value for key, value in parameters.items() if value is not None},
            prompts=settings.prompts_dir,
        )


def matter_of_graph(
    graph: CausalGraph,
    profile: TableProfile | None,
    described: Mapping[str, Description],
    context: str,
    query: Query,
) -> Matter:
    """Put the nodes of a graph before a model; what is no column has no kind, and what is not observed is said so."""
    profiled = {} if profile is None else {one.name: one for one in profile.columns}
    variables, facts = list[Variable](), dict[str, dict[str, Any]]()
    for name in graph.names:
        column, said = profiled.get(name), described.get(name, Description(name=name))
        kind = Kind.CONTINUOUS if column is None else column.kind
        told = said.model_dump(include={"description", "unit", "measured"})
        variables.append(Variable(name=name, kind=kind, **told))
        if column is None:
            facts[name] = {"kind": "unknown"}
        if name in graph.latent:
            facts[name] = {**facts.get(name, {}), "observed": False}
    columns = tuple(profiled[name] for name in graph.names if name in profiled)
    return Matter(variables=tuple(variables), context=context, query=query, columns=columns, facts=facts)


def can_ask(settings: Settings, files: AnswerFiles) -> bool:
    """Whether answers are to be had: from a recording, or from a model.

    Raises
    ------
    ConfigurationError
        If a model was named on the command line and cannot be asked.
    """
    able = files.replay is not None or settings.model_configured
    named = bool(settings.models) and settings.origins["models"].source == "flag"
    if named and not able:
        raise ConfigurationError(
            "--model needs a model to ask",
            reason=f"{settings.why_no_model}.",
            advice=f"To add one, {HOW_TO_ADD_A_MODEL}.",
        )
    return able


def announcement(settings: Settings, files: AnswerFiles, count: int, *, otherwise: str, documents: int = 0) -> str:
    """Say in one line who is asked, and what leaves this machine and where to.

    Parameters
    ----------
    settings, files
        Of the run.
    count
        Variables that are sent.
    otherwise
        What is said where no model is asked.
    documents
        Of the user's own that are sent, whole or in parts.
    """
    if files.replay is not None:
        return f"Answering from the recording {files.replay}; nothing is sent."
    if not can_ask(settings, files):
        why = f" ({settings.why_no_model})" if settings.models else ""
        return f"No model is asked{why}; {otherwise} To add a model, {HOW_TO_ADD_A_MODEL}."
    brought = f", and {documents} document{'s' * (documents != 1)}" if documents else ""
    return (
        f"Asking {', '.join(settings.models)} at {settings.address}. Sent: names, kinds{_SHARED[settings.share]}, "
        f"your descriptions and context for {count} variables{brought}; never rows."
    )


def answers_fingerprint(settings: Settings, files: AnswerFiles) -> dict[str, Any]:
    """Give everything about prompts, models and answers that may change a result, for the id of a run."""
    from copilot.elicitation.prompts import list_prompts

    chosen = files.replay is None or settings.origins["models"].source == "flag"
    elsewhere = {"models", "prompts_dir"}
    return {
        "settings": {k: v for k, v in settings.result_shaping().items() if k not in elsewhere},
        "prompts": content_hash([one.model_dump(mode="json") for one in list_prompts(settings.prompts_dir)]),
        "models": list(settings.models) if chosen else None,
        "recording": None if files.replay is None else _digest(files.replay),
    }


def ask_ballots(
    settings: Settings,
    files: AnswerFiles,
    run: Run,
    matter: Matter,
    task: Callable[[Setting], tuple[Sequence[Sheet[P]], Callable[[Plan, Sequence[P]], B]]],
    *,
    title: str,
    progress: Progress,
    warn: Callable[[str], None],
    kept: str = VOTES,
) -> Gathered[B]:
    """Ask one task of the models of a run; usage, calls and every ballot are in its folder whatever comes of them.

    Parameters
    ----------
    settings, files, run, matter
        Of the run.
    task
        Makes the requests, and says how the readable parts of a ballot go together.
    title
        Of the progress bar.
    progress, warn
        Told what happens.
    kept
        Name of the file that takes the ballots and what could not be counted.
    """
    from copilot.elicitation.task import gather

    async def asked() -> Gathered[B]:
        models = Models(settings, files, log=lambda call: run.log.add(call.line()), warn=warn)
        try:
            sheets, merge = task(matter.setting(settings, models.names))
            progress.start(title, len(sheets))
            return await gather(models.asker, sheets, merge, progress.advance)
        finally:
            progress.done()
            run.note_usage(models.usage().model_dump(mode="json"))
            await models.aclose()

    gathered: Gathered[Any] = asyncio.run(asked())
    found = {
        "ballots": [ballot.model_dump(mode="json") for ballot in gathered.ballots],
        "abstentions": [one.model_dump(mode="json") for one in gathered.abstentions],
    }
    run.folder.write_json(kept, found)
    return gathered


def counted(settings: Settings, gathered: Gathered[Any]) -> Turnout:
    """Count the ballots of a task.

    Raises
    ------
    QuorumError
        If too few can be counted.
    """
    from copilot.voting.turnout import count_ballots

    return count_ballots(gathered.ballots, gathered.abstentions, quorum_of(settings))


def quorum_of(settings: Settings) -> int:
    """Give the ballots that must count: what the user said, else more than half of those asked."""
    return settings.quorum or settings.votes // 2 + 1


def earlier_calls(files: AnswerFiles) -> list[str]:
    """Read the calls of the run that this one goes on with.

    Raises
    ------
    InputDataError
        If the file cannot be read.
    """
    if files.earlier is None:
        return []
    return _bytes_of(files.earlier, "Name the calls.jsonl of an earlier run.").decode(errors="replace").splitlines()


def _digest(path: Path) -> str:
    return sha256(_bytes_of(path, "Name a file that --record has written.")).hexdigest()


def _bytes_of(path: Path, advice: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputDataError(
            f"the answers in {str(path)!r} cannot be read", reason=f"{error.strerror or error}.", advice=advice
        ) from error
