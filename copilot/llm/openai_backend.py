"""The live backend: any OpenAI-compatible chat endpoint, with our own retries, deadline and validation."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from copilot.domain.value import Value
from copilot.errors import CopilotError
from copilot.llm.capabilities import Capability, CapabilityMemory, Rung
from copilot.llm.completer import ChatRequest, Completion, Message
from copilot.llm.endpoint import Endpoint
from copilot.llm.faults import Fault, Kind
from copilot.llm.transport import Transport, model_ids
from copilot.llm.verdicts import asks_too_long, error_of, near_names, unknown_model
from copilot.llm.waiting import RateGate, RetryPolicy, Sleep, Uniform, retry_after

__all__ = ["CapabilityMemory", "Endpoint", "OpenAICompleter", "Ping", "RateGate", "RetryPolicy", "Rung"]

_POLICY = RetryPolicy()
_LOOK_UP_S = 10.0
_RETRIED = frozenset({Kind.TRANSIENT, Kind.THROTTLED, Kind.UNREACHABLE})


class Ping(Value):
    """What a small trial request showed: latency in seconds, and how the form of the reply was asked for."""

    latency_s: float
    rung: Rung
    model: str
    attempts: int


class OpenAICompleter:
    """Ask an OpenAI-compatible endpoint.

    Parameters
    ----------
    endpoint
        Address and key.
    gate
        Shared by all who ask this endpoint.
    memory
        What the endpoint has been seen to accept.
    policy
        When to ask again.
    rng
        Source of jitter.
    sleep
        Waits so many seconds.
    deadline_s
        Seconds for one call, its retries included, but not the waits between them. It holds however slowly
        bytes drip in.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        gate: RateGate,
        memory: CapabilityMemory,
        policy: RetryPolicy = _POLICY,
        rng: Uniform,
        sleep: Sleep = asyncio.sleep,
        deadline_s: float = 120.0,
    ) -> None:
        self._endpoint = endpoint
        self._gate = gate
        self._memory = memory
        self._policy = policy
        self._rng = rng
        self._sleep = sleep
        self._deadline_s = deadline_s
        self._transport = Transport(endpoint)
        self._has_answered = False
        self._model_names: asyncio.Task[tuple[str, ...]] | None = None

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request; see `copilot.llm.completer.Completer`."""
        call = _Call(request, self._memory.of(self._endpoint.base_url, request.model), self._deadline_s)
        while True:
            await self._gate.wait(self._sleep, self._policy.spread_s * self._rng.random())
            payload = call.capability.payload(request)
            outcome = await call.send(self._transport, payload)
            if isinstance(outcome, Completion):
                self._has_answered = True
                return self._without_key(outcome, call.attempts)
            if outcome.kind is Kind.FILTERED:
                said = self._endpoint.without_key(outcome.says)
                return Completion(text="", finish_reason="content_filter", refusal=said, attempts=call.attempts)
            adapts = outcome.kind is Kind.REFUSED_REQUEST and call.capability.learn(payload, outcome)
            if adapts and call.capability.payload(request) != payload:
                continue
            await self._wait_or_raise(call, outcome)

    def _without_key(self, answer: Completion, attempts: int) -> Completion:
        hide = self._endpoint.hide_key
        refusal = None if answer.refusal is None else hide(answer.refusal)
        shown = {"text": hide(answer.text), "refusal": refusal, "model": hide(answer.model)}
        return answer.model_copy(update={**shown, "attempts": attempts})

    async def _wait_or_raise(self, call: _Call, fault: Fault) -> None:
        """Wait before the next request if there is to be one.

        Raises
        ------
        CopilotError
            If there is not.
        """
        if fault.kind is Kind.MODEL:
            raise unknown_model(self._endpoint, call.request.model, fault, await self._near(call.request.model))
        call.failures += fault.kind in _RETRIED
        if fault.kind not in _RETRIED or call.failures > self._policy.retries:
            raise error_of(self._endpoint, call.request.model, fault, call.attempts, answered_before=self._has_answered)
        asked = retry_after(fault.headers, time.time())
        if asked is not None and asked > self._policy.max_wait_s:
            raise asks_too_long(self._endpoint, asked, self._policy.max_wait_s, call.attempts)
        backoff = self._policy.backoff(call.failures, self._rng)
        if fault.kind is Kind.THROTTLED or asked is not None:
            self._gate.hold(backoff if asked is None else asked)
        else:
            await self._sleep(backoff)

    async def _near(self, model: str) -> tuple[str, ...]:
        """Find names like the model's; all calls that miss it share one look at the list."""
        if self._model_names is None:
            self._model_names = asyncio.ensure_future(self.list_models())
        try:
            return near_names(model, await asyncio.shield(self._model_names))
        except CopilotError:
            return ()

    async def list_models(self) -> tuple[str, ...]:
        """List the names of the endpoint's models, sorted.

        Raises
        ------
        CopilotError
            If the endpoint does not say.
        """
        try:
            async with asyncio.timeout(min(_LOOK_UP_S, self._deadline_s)):
                outcome = await self._transport.get_models()
        except TimeoutError:
            outcome = Fault(Kind.DEADLINE, says="the list of models did not come in time")
        names = outcome if isinstance(outcome, Fault) else model_ids(outcome)
        if isinstance(names, Fault):
            raise error_of(self._endpoint, "", names, 1, answered_before=self._has_answered)
        return names

    async def ping(self, model: str) -> Ping:
        """Send one small request.

        Raises
        ------
        CopilotError
            As `complete` does.
        """
        answer = {
            "type": "object",
            "properties": {"ok": {"type": "boolean"}},
            "required": ["ok"],
            "additionalProperties": False,
        }
        request = ChatRequest(
            task="ping",
            prompt_version=1,
            model=model,
            messages=(Message(role="user", content='{"ok": true} is the JSON object to reply with.'),),
            schema_name="ping",
            reply_schema=answer,
            ballot=0,
        )
        began = time.perf_counter()
        completion = await self.complete(request)
        return Ping(
            latency_s=time.perf_counter() - began,
            rung=self._memory.of(self._endpoint.base_url, model).rung,
            model=completion.model or model,
            attempts=completion.attempts,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._model_names is not None:
            self._model_names.cancel()
        await self._transport.aclose()


class _Call:
    """One request on its way through retries: what it has used up."""

    def __init__(self, request: ChatRequest, capability: Capability, deadline_s: float) -> None:
        self.request = request
        self.capability = capability
        self.attempts = 0
        self.failures = 0
        self._deadline_s = deadline_s
        self._left_s = deadline_s

    async def send(self, transport: Transport, payload: dict[str, Any]) -> Completion | Fault:
        """Make one HTTP request within what is left of the deadline."""
        self.attempts += self._left_s > 0
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, self._left_s)):
                return await transport.post_chat(self.request, payload)
        except TimeoutError:
            return Fault(Kind.DEADLINE, says=f"the answer was not whole after {self._deadline_s:g} s")
        finally:
            self._left_s -= time.monotonic() - began
