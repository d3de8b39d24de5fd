"""Answering from a recording, with no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from copilot.domain.text import one_line
from copilot.domain.value import content_hash
from copilot.errors import InputDataError, ReplayMissError
from copilot.llm.calls import CallRecord
from copilot.llm.completer import ChatRequest, Completer, Completion, is_offline
from copilot.llm.exchanges import Exchange, RecordingHeader


class ReplayCompleter:
    """Answer from a recording alone; nothing ever reaches the network.

    Parameters
    ----------
    header
        Of the recording.
    exchanges
        By `ChatRequest.key`.
    source
        Name of the file, for messages.
    """

    def __init__(self, header: RecordingHeader, exchanges: Mapping[str, Exchange], source: str) -> None:
        self.header = header
        self._exchanges = dict(exchanges)
        self._source = source

    @classmethod
    def open(cls, path: Path) -> ReplayCompleter:
        """Read a recording.

        Raises
        ------
        InputDataError
            If it cannot be read, names no header or holds a line that is no exchange.
        """
        lines = _read_lines(path)
        if not lines:
            raise _bad_line(path, 1, "the file is empty")
        try:
            header = RecordingHeader.model_validate_json(lines[0])
        except ValidationError as error:
            raise _bad_line(path, 1, f"no header of a recording: {_first_problem(error)}") from None
        exchanges: dict[str, Exchange] = {}
        for number, line in enumerate(lines[1:], start=2):
            try:
                one = Exchange.model_validate_json(line)
            except ValidationError as error:
                raise _bad_line(path, number, f"no exchange: {_first_problem(error)}") from None
            if exchanges.setdefault(one.key, one) != one:
                raise _bad_line(path, number, "another answer to a request that stands above")
        return cls(header, exchanges, path.name)

    @classmethod
    def from_calls(cls, path: Path) -> ReplayCompleter:
        """Read the valid answers of an earlier run from its ``calls.jsonl`` or ``calls.jsonl.part``.

        Raises
        ------
        InputDataError
            If it cannot be read. A last line that a crash cut off is left out.
        """
        lines = _read_lines(path)
        exchanges: dict[str, Exchange] = {}
        for number, line in enumerate(lines, start=1):
            try:
                call = CallRecord.model_validate_json(line)
            except ValidationError as error:
                if number == len(lines):
                    break
                raise _bad_line(path, number, f"no record of a call: {_first_problem(error)}") from None
            if call.outcome == "valid":
                exchanges[call.key] = Exchange(
                    key=call.key,
                    task=call.task,
                    prompt_version=call.prompt_version,
                    ballot=call.voter.ballot,
                    model=call.voter.source,
                    messages=call.messages,
                    text=call.text,
                    finish_reason=call.finish_reason,
                    usage=call.usage,
                    answered_as=call.model,
                )
        used = sorted({(one.task, one.prompt_version) for one in exchanges.values()})
        models = tuple(sorted({one.model for one in exchanges.values()}))
        header = RecordingHeader(recorded_on="", answered_by=", ".join(models), models=models, prompts=dict(used))
        return cls(header, exchanges, path.name)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that it holds, in the order of the file."""
        return tuple(self._exchanges.values())

    @property
    def prompts(self) -> dict[str, int]:
        """Version of each prompt by its id."""
        return dict(self.header.prompts)

    @property
    def digest(self) -> str:
        """Identify all recorded answers by content: 64 hexadecimal digits."""
        return content_hash([self._exchanges[key].model_dump(mode="json") for key in sorted(self._exchanges)])

    def holds(self, request: ChatRequest) -> bool:
        """Whether the recording has this request."""
        return request.key in self._exchanges

    def answers_offline(self, request: ChatRequest) -> bool:  # noqa: ARG002 (the protocol asks per request)
        """Whether nothing is sent: always."""
        return True

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer from the recording.

        Raises
        ------
        ReplayMissError
            If it does not hold the request.
        ProviderError
            If it holds a fault for it.
        """
        found = self._exchanges.get(request.key)
        if found is None:
            raise self._miss(request)
        return found.answer()

    async def aclose(self) -> None:
        """Nothing is open."""

    def _miss(self, request: ChatRequest) -> ReplayMissError:
        same_task = [one for one in self._exchanges.values() if one.task == request.task]
        versions = sorted({one.prompt_version for one in same_task})
        models = sorted({one.model for one in same_task})
        if not same_task:
            reason = f"It has no answers for {request.task} at all."
        elif request.prompt_version not in versions:
            has = ", ".join(str(version) for version in versions)
            reason = f"The prompt changed: it is at version {request.prompt_version}, and version {has} was recorded."
        elif request.model not in models:
            reason = f"Its answers are those of {one_line(', '.join(models))}, not of {one_line(request.model)}."
        elif all(one.ballot != request.ballot for one in same_task):
            reason = f"It has no ballot {request.ballot} for this task."
        else:
            reason = (
                "The data, the context, the seed or a setting is another than when it was recorded; or the graph is, "
                "or the question."
            )
        return ReplayMissError(
            f"{one_line(self._source)} holds no answer to {request.task}, ballot {request.ballot}",
            reason=reason,
            advice="Record again with --record, or leave --replay out. Nothing was sent.",
        )


class FallbackCompleter:
    """Answer from an earlier run where it can, and ask for the rest.

    Parameters
    ----------
    first
        Answers of the earlier run.
    then
        Asked for what that does not hold.
    """

    def __init__(self, first: ReplayCompleter, then: Completer) -> None:
        self._first = first
        self._then = then

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request."""
        return await (self._first if self._first.holds(request) else self._then).complete(request)

    def answers_offline(self, request: ChatRequest) -> bool:
        """Whether the earlier run holds the request."""
        return self._first.holds(request) or is_offline(self._then, request)

    async def aclose(self) -> None:
        """Close both."""
        await self._first.aclose()
        await self._then.aclose()


def _read_lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputDataError(
            f"{one_line(str(path))} is no recording", reason=f"Byte {error.start} is no UTF-8."
        ) from None
    except OSError as error:
        raise InputDataError(
            f"{one_line(str(path))} cannot be read", reason=f"{error.strerror or error}.", advice="Check the file name."
        ) from error
    # Not splitlines: that also splits at characters that JSON strings may hold.
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return one_line(f"{place}: {first['msg']}" if place else first["msg"], 120)


def _bad_line(path: Path, number: int, what: str) -> InputDataError:
    return InputDataError(
        f"{one_line(str(path))}, line {number}: {what}",
        reason="Every line of a recording is one JSON object, the first its header.",
        advice="Record again with --record.",
    )
