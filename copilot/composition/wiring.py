"""Settings become live objects: who is asked, from where, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.composition.settings import Settings
from copilot.errors import ConfigurationError

if TYPE_CHECKING:
    from copilot.llm.asker import Asker, CallRecord
    from copilot.llm.cache import AnswerCache
    from copilot.llm.completer import ChatRequest, Completer
    from copilot.llm.meter import Estimate, Usage, UsageMeter

HOW_TO_ADD_A_MODEL = "set COPILOT_MODEL and OPENAI_API_KEY, or OPENAI_BASE_URL for an OpenAI-compatible or local server"


@dataclass(frozen=True, slots=True)
class AnswerFiles:
    """Files that answers come from or go to.

    Parameters
    ----------
    replay
        Answer from this recording alone; nothing is sent.
    record
        Write every exchange to this file.
    answered_by
        Who answers, for the header of the recording.
    earlier
        ``calls.jsonl`` of a run to go on with; what it does not hold is asked.
    extend
        Whether `record` goes on with the exchanges that it holds, where one command asks more than once.
    """

    replay: Path | None = None
    record: Path | None = None
    answered_by: str = ""
    earlier: Path | None = None
    extend: bool = False


class Models:
    """The models of one run, ready to be asked; close it at the end.

    Parameters
    ----------
    settings
        With a model configured, unless `files` name a recording.
    files
        Where answers come from or go to.
    log
        Is given every call.
    warn
        Is given warnings about the cache.

    Raises
    ------
    ConfigurationError
        If no model is configured and none is recorded.
    """

    def __init__(
        self,
        settings: Settings,
        files: AnswerFiles = AnswerFiles(),
        log: Callable[[CallRecord], None] | None = None,
        warn: Callable[[str], None] = lambda _text: None,
    ) -> None:
        from copilot.elicitation.prompts import load_prompt
        from copilot.llm.asker import Asker
        from copilot.llm.recording import FallbackCompleter, ReplayCompleter

        repair = load_prompt("repair", settings.prompts_dir)
        self.meter = make_meter(settings)
        cache = None
        self._completer: Completer
        if files.replay is not None:
            recording = ReplayCompleter.open(files.replay)
            self.names: tuple[str, ...] = _replayed_models(settings, recording.header.models)
            self._completer = recording
        else:
            self.names = settings.models
            self._completer = _live(settings)
            cache = None if settings.cache is None else _cache(settings.cache, warn)
        if files.earlier is not None:
            self._completer = FallbackCompleter(ReplayCompleter.from_calls(files.earlier), self._completer)
        if files.record is not None:
            self._completer = _recorded(self._completer, files, self.names, settings)
        self.asker: Asker = Asker(
            self._completer,
            repair=lambda problem: repair.messages({"problem": problem})[-1].content,
            cache=cache,
            meter=self.meter,
            log=log,
            concurrency=settings.concurrency,
            base_url=settings.base_url,
        )

    def usage(self) -> Usage:
        """Count what was asked and what it cost."""
        return self.meter.snapshot()

    async def aclose(self) -> None:
        """Release connections and finish the recording."""
        await self._completer.aclose()


def make_meter(settings: Settings) -> UsageMeter:
    """Make the meter that counts tokens and holds the spending limit."""
    from copilot.llm.meter import UsageMeter
    from copilot.llm.prices import Price, price_of

    def look_up(model: str) -> Price | None:
        own = settings.prices.get(model)
        if own is not None:
            return Price(input=own.input, output=own.output)
        return price_of(settings.base_url, model)

    return UsageMeter(look_up, settings.max_cost)


def estimate(settings: Settings, requests: list[ChatRequest]) -> Estimate:
    """Estimate tokens and cost of requests that are not sent."""
    return make_meter(settings).estimate(requests)


def _replayed_models(settings: Settings, recorded: tuple[str, ...]) -> tuple[str, ...]:
    # Only a flag says on purpose who voted; a model from the environment is whom one asks on other days.
    origin = settings.origins.get("models")
    return settings.models if origin is not None and origin.source == "flag" else recorded


def _live(settings: Settings) -> Completer:
    from numpy.random import SeedSequence, default_rng
    from pydantic import SecretStr

    from copilot.llm.openai_backend import CapabilityMemory, Endpoint, OpenAICompleter, RateGate

    if not settings.models:
        raise ConfigurationError("no model is configured", reason=settings.why_no_model, advice=HOW_TO_ADD_A_MODEL)
    endpoint = Endpoint(base_url=settings.base_url, api_key=SecretStr(settings.request_key()))
    return OpenAICompleter(
        endpoint,
        gate=RateGate(),
        memory=CapabilityMemory(),
        deadline_s=settings.deadline_s,
        rng=default_rng(SeedSequence(settings.seed)),
    )


def _cache(path: Path, warn: Callable[[str], None]) -> AnswerCache:
    from copilot.llm.cache import AnswerCache

    return AnswerCache(path, warn)


def _recorded(completer: Completer, files: AnswerFiles, models: tuple[str, ...], settings: Settings) -> Completer:
    from copilot.elicitation.prompts import list_prompts
    from copilot.llm.recording import Recorder, RecordingHeader, ReplayCompleter

    assert files.record is not None  # noqa: S101 (the caller has looked)
    header = RecordingHeader(
        recorded_on=date.today().isoformat(),  # noqa: DTZ011 (the user's own calendar day)
        answered_by=files.answered_by or ", ".join(models),
        models=models,
        prompts={prompt.id: prompt.version for prompt in list_prompts(settings.prompts_dir)},
    )
    before = ReplayCompleter.open(files.record).exchanges if files.extend else ()
    return Recorder(completer, files.record, header, before)
