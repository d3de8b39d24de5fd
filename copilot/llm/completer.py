"""The port through which a model is asked; backends, fakes and recordings all stand behind it."""

from __future__ import annotations

from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import Field

from copilot.domain.value import Value, content_hash


class Message(Value):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatRequest(Value):
    """One request for one reply.

    Parameters
    ----------
    task
        Id of the prompt, for logs.
    prompt_version
        Version of the prompt file, for logs and recordings.
    model
        As the endpoint names it.
    messages
        In order.
    schema_name
        Letters, digits and underscores; some providers want a name.
    reply_schema
        JSON schema of the reply, in the strict subset (every property required, no additional ones).
    ballot
        Makes equal requests of different ballots different for cache and replay.
    parameters
        Only what the user set: temperature, seed, max_tokens, …
    """

    task: str
    prompt_version: int
    model: str
    messages: tuple[Message, ...] = Field(min_length=1)
    schema_name: str
    reply_schema: dict[str, Any]
    ballot: int = Field(ge=0)
    parameters: dict[str, float | int | str | bool] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Identify the request by content, whatever endpoint serves it: 64 hexadecimal digits."""
        return content_hash(self.model_dump(mode="json", exclude={"task", "prompt_version"}))


class TokenUsage(Value):
    """Tokens as the provider counted them; ``None`` where it does not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(Value):
    """One raw reply.

    Parameters
    ----------
    text
        As received; may be empty, may be anything.
    finish_reason
        ``"stop"``, ``"length"``, ``"content_filter"`` or what else the provider says.
    refusal
        The provider's refusal text, if it sent one.
    model
        As the provider names it.
    usage
        Tokens.
    attempts
        HTTP requests made for this reply, the retries included; 0 if none.
    served_by
        ``"live"``, ``"cache"`` or ``"replay"``.
    """

    text: str
    finish_reason: str | None = "stop"
    refusal: str | None = None
    model: str = ""
    usage: TokenUsage = TokenUsage()
    attempts: int = 0
    served_by: Literal["live", "cache", "replay"] = "live"


class Completer(Protocol):
    """Whatever answers a chat request."""

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request.

        Raises
        ------
        copilot.errors.AuthenticationError, copilot.errors.ConfigurationError
            Everything must stop: a bad key, an unknown model, an exhausted quota (`ProviderError` with ``fatal``).
        copilot.errors.ProviderError
            This request failed after its retries; others may still succeed unless ``fatal`` is set.
        copilot.errors.ReplayMissError
            A recording holds no answer.
        """
        ...

    async def aclose(self) -> None:
        """Release connections and files."""
        ...


@runtime_checkable
class Offline(Protocol):
    """A completer that answers some requests, or all, without sending anything."""

    def answers_offline(self, request: ChatRequest) -> bool:
        """Whether this request will cost nothing."""
        ...


@runtime_checkable
class Witness(Protocol):
    """A completer that wants to know of answers that came from elsewhere, such as from the cache."""

    def witness(self, request: ChatRequest, completion: Completion) -> None:
        """Take note of an answer."""
        ...


def is_offline(completer: Completer, request: ChatRequest) -> bool:
    """Whether a completer answers a request without sending anything."""
    return isinstance(completer, Offline) and completer.answers_offline(request)
