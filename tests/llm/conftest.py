"""A real server on the loopback device that plays every fault, and small makers shared by the tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import pytest
from pydantic import SecretStr

from copilot.domain.votes import Group, Voter
from copilot.errors import CopilotError
from copilot.llm.completer import ChatRequest, Completion, Message
from copilot.llm.openai_backend import CapabilityMemory, Endpoint, OpenAICompleter, RateGate, RetryPolicy

KEY = "sk-test-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"edges": {"type": "array", "items": {"type": "string"}}},
    "required": ["edges"],
    "additionalProperties": False,
}


@dataclass
class Seen:
    """One request as it came in."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Reply:
    """One response; `raw` goes out as it is, `drip_s` lies between bytes, `hang` never answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    drip_s: float = 0.0
    hang: bool = False
    claimed_length: int | None = None


class Loopback:
    """Serve what a script says; count what comes in."""

    def __init__(self, script: Callable[[Seen], Reply | Awaitable[Reply]]) -> None:
        self._script = script
        self.seen: list[Seen] = []
        self._handlers: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=200)
        self.port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(len(self.seen), head[0].split(" ")[1], headers, json.loads(body) if body else {})
        self.seen.append(seen)
        reply = self._script(seen)
        if not isinstance(reply, Reply):
            reply = await reply
        if reply.hang:
            await asyncio.sleep(3600)
        for piece in [reply.raw or _response(reply)] if not reply.drip_s else (bytes([b]) for b in _response(reply)):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(reply.drip_s)


def _response(reply: Reply) -> bytes:
    length = len(reply.body) if reply.claimed_length is None else reply.claimed_length
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Connection": "close",
        **reply.headers,
    }
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + reply.body


def chat_reply(content: Any = '{"edges": []}', **choice: Any) -> Reply:
    body = {
        "model": "m-2026",
        "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    }
    return Reply(body=json.dumps(body).encode())


def error_reply(status: int, message: str = "no", **fields: Any) -> Reply:
    headers = fields.pop("headers", {})
    return Reply(status, json.dumps({"error": {"message": message, **fields}}).encode(), headers)


def make_request(ballot: int = 0, content: str = "which edges?", **changes: Any) -> ChatRequest:
    values: dict[str, Any] = {
        "task": "graph",
        "prompt_version": 1,
        "model": "m",
        "messages": (Message(role="user", content=content),),
        "schema_name": "graph",
        "reply_schema": SCHEMA,
        "ballot": ballot,
    }
    return ChatRequest(**{**values, **changes})


def make_voter(ballot: int = 0) -> Voter:
    return Voter(group=Group.LLM, source="m", ballot=ballot)


class Half:
    """A generator that always draws one half."""

    def random(self) -> float:
        return 0.5


@dataclass
class Naps:
    """A sleep that takes note and no time."""

    taken: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


def make_completer(base_url: str, naps: Naps | None = None, **options: Any) -> OpenAICompleter:
    values: dict[str, Any] = {
        "gate": RateGate(),
        "memory": CapabilityMemory(),
        "rng": Half(),
        "sleep": naps or Naps(),
        "policy": RetryPolicy(),
        "deadline_s": 20.0,
    }
    return OpenAICompleter(Endpoint(base_url=base_url, api_key=SecretStr(KEY)), **{**values, **options})


class Answers:
    """A completer that answers from a function of the request; counts and keeps what it was asked."""

    def __init__(self, answer: Callable[[ChatRequest], Completion | str]) -> None:
        self._answer = answer
        self.asked: list[ChatRequest] = []

    async def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        await asyncio.sleep(0)
        answer = self._answer(request)
        return Completion(text=answer, model="m-2026", attempts=1) if isinstance(answer, str) else answer

    async def aclose(self) -> None:
        """Nothing is open."""


def serve_and_ask(script: Any, request: Any = None, naps: Any = None, **options: Any) -> Any:
    """Serve a script, ask once, give back the outcome (an answer or the error) and what the server saw."""

    async def main() -> Any:
        async with Loopback(script) as server:
            completer = make_completer(server.base_url, naps, **options)
            try:
                outcome = await completer.complete(request or make_request())
            except CopilotError as error:
                outcome = error
            finally:
                await completer.aclose()
            return outcome, server.seen

    return asyncio.run(main())


def in_turn(*replies: Any) -> Any:
    """Play replies one after the other, the last for ever."""
    return lambda seen: replies[min(seen.number, len(replies) - 1)]


@pytest.fixture
def kit(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return SimpleNamespace(
        key=KEY,
        loopback=Loopback,
        reply=Reply,
        chat=chat_reply,
        error=error_reply,
        request=make_request,
        voter=make_voter,
        completer=make_completer,
        naps=Naps,
        answers=Answers,
        ask=serve_and_ask,
        in_turn=in_turn,
    )
