"""Writing a recording while a live run goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from copilot.domain.text import one_line
from copilot.domain.value import Value
from copilot.errors import ProviderError, UsageError
from copilot.llm.completer import ChatRequest, Completer, Completion, Witness, is_offline
from copilot.llm.exchanges import Exchange, RecordingHeader, as_line


class Recorder:
    """Wrap a completer and write down every exchange.

    Each is appended at once to a file ``NAME.part`` beside the recording, which a crash leaves behind; `aclose` sorts
    them by task, ballot and key, writes the recording whole and removes the part file.

    Parameters
    ----------
    completer
        Who answers.
    path
        The recording; replaced if it exists, unless nothing was asked.
    header
        Models and prompts that are used are added to it.
    before
        Exchanges that the recording has from earlier, and keeps.

    Raises
    ------
    UsageError
        If the file cannot be written.
    """

    def __init__(
        self, completer: Completer, path: Path, header: RecordingHeader, before: Sequence[Exchange] = ()
    ) -> None:
        self._completer = completer
        self._path = path
        self._header = header
        self._exchanges: dict[str, Exchange] = {}
        self._part = path.with_name(f"{path.name}.part")
        if path.is_dir():
            raise _cannot_write(path, IsADirectoryError("it is a folder"))
        self._stream: TextIO | None = None
        self._append(header)
        for exchange in before:
            self._keep(exchange)

    async def complete(self, request: ChatRequest) -> Completion:
        """Pass the request on and keep what comes back; an equal request gets the answer that stands in the file."""
        try:
            answer = await self._completer.complete(request)
        except ProviderError as error:
            if not error.fatal:
                self._keep(Exchange.of(request, fault=error))
            raise
        return self._keep_answer(request, answer)

    def witness(self, request: ChatRequest, completion: Completion) -> None:
        """Keep an answer that did not come from the wrapped completer."""
        self._keep_answer(request, completion)
        if isinstance(self._completer, Witness):
            self._completer.witness(request, completion)

    def answers_offline(self, request: ChatRequest) -> bool:
        """Whether the wrapped completer sends nothing for it."""
        return is_offline(self._completer, request)

    async def aclose(self) -> None:
        """Write the recording and close the wrapped completer."""
        try:
            self._finish()
        finally:
            await self._completer.aclose()

    def _keep_answer(self, request: ChatRequest, answer: Completion) -> Completion:
        kept = self._keep(Exchange.of(request, answer))
        if kept.fault is not None or (kept.text, kept.finish_reason) == (answer.text, answer.finish_reason):
            return answer
        return kept.answer().model_copy(update={"attempts": answer.attempts, "served_by": answer.served_by})

    def _keep(self, exchange: Exchange) -> Exchange:
        """Keep the first answer to a request; an answer goes before a fault."""
        before = self._exchanges.get(exchange.key)
        if before is not None and (before.fault is None or exchange.fault is not None):
            return before
        self._exchanges[exchange.key] = exchange
        self._append(exchange)
        return exchange

    def _append(self, line: Value) -> None:
        try:
            if self._stream is None:
                self._stream = self._part.open("w", encoding="utf-8")
            self._stream.write(as_line(line))
            self._stream.flush()
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def _finish(self) -> None:
        if self._stream is None:
            return
        ordered = sorted(self._exchanges.values(), key=lambda one: (one.task, one.ballot, one.key))
        header = self._header.model_copy(
            update={
                "models": tuple(dict.fromkeys((*self._header.models, *sorted({one.model for one in ordered})))),
                "prompts": {**self._header.prompts, **{one.task: one.prompt_version for one in ordered}},
            }
        )
        try:
            self._stream.close()
            if ordered:
                _write_whole(self._path, "".join(as_line(one) for one in (header, *ordered)))
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        finally:
            self._stream = None
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def _write_whole(path: Path, text: str) -> None:
    """Write beside the final place, flush to disk and rename; the part file stays until that is done."""
    beside = path.with_name(f"{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _cannot_write(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"the recording {one_line(str(path))} cannot be written",
        reason=f"{error.strerror or error}.",
        advice="Name another file with --record.",
    )
