"""The lines of a recording: a header, and one request with its answer on each line below."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from copilot.domain.value import Value, canonical_json
from copilot.errors import ProviderError
from copilot.llm.completer import ChatRequest, Completion, Message, TokenUsage

_NO_USAGE = TokenUsage()


class RecordingHeader(Value):
    """The first line of a recording.

    Parameters
    ----------
    recording
        Version of the format.
    recorded_on
        ``YYYY-MM-DD``.
    answered_by
        Who answered, for people.
    models
        As they were asked for.
    prompts
        Version of each prompt by its id.
    """

    recording: Literal[1] = 1
    recorded_on: str
    answered_by: str
    models: tuple[str, ...] = ()
    prompts: dict[str, int] = Field(default_factory=dict)


class Exchange(Value):
    """One request and its answer, or the fault that took its place: one line of a recording.

    Parameters
    ----------
    key
        `ChatRequest.key`.
    task, prompt_version, ballot, model, messages
        Of the request; the messages are there so that a reader can see what was asked.
    text, finish_reason, refusal, usage
        Of the answer.
    answered_as
        The model as the provider named it.
    fault
        Message and reason of the error if the endpoint failed for this request alone; a replay fails likewise.
    """

    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    task: str
    prompt_version: int
    ballot: int = Field(ge=0)
    model: str
    messages: tuple[Message, ...] = ()
    text: str = ""
    finish_reason: str | None = None
    refusal: str | None = None
    usage: TokenUsage = _NO_USAGE
    answered_as: str = ""
    fault: tuple[str, str] | None = None

    @classmethod
    def of(cls, request: ChatRequest, answer: Completion | None = None, fault: ProviderError | None = None) -> Exchange:
        """Take down a request with its answer or its fault."""
        got = answer or Completion(text="", finish_reason=None)
        return cls(
            key=request.key,
            task=request.task,
            prompt_version=request.prompt_version,
            ballot=request.ballot,
            model=request.model,
            messages=request.messages,
            text=got.text,
            finish_reason=got.finish_reason,
            refusal=got.refusal,
            usage=got.usage,
            answered_as=got.model,
            fault=None if fault is None else (fault.message, fault.reason),
        )

    def answer(self) -> Completion:
        """Give the answer again.

        Raises
        ------
        ProviderError
            If a fault was recorded.
        """
        if self.fault is not None:
            raise ProviderError(self.fault[0], reason=self.fault[1])
        return Completion(
            text=self.text,
            finish_reason=self.finish_reason,
            refusal=self.refusal,
            model=self.answered_as,
            usage=self.usage,
            served_by="replay",
        )


def as_line(value: Value) -> str:
    """Write a value as one line of ASCII JSON."""
    return canonical_json(value.model_dump(mode="json")) + "\n"
