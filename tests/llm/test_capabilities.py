from __future__ import annotations

import asyncio
from typing import Any

import pytest

from copilot.errors import ProviderError
from copilot.llm.openai_backend import CapabilityMemory, Rung


def forms(seen: Any) -> Any:
    return [one.body.get("response_format", {}).get("type") for one in seen]


def test_the_ladder_goes_down_by_the_servers_errors_and_is_remembered(kit: Any) -> None:
    def script(seen: Any) -> Any:
        form = seen.body.get("response_format", {}).get("type")
        if form == "json_schema":
            return kit.error(400, "This response_format type is unavailable now")
        if form == "json_object":
            return kit.error(422, "'json_object' is not supported", param="response_format.type")
        return kit.chat()

    memory = CapabilityMemory()

    async def main() -> Any:
        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url, memory=memory)
            first = await completer.complete(kit.request(0))
            many = await asyncio.gather(*(completer.complete(kit.request(ballot)) for ballot in range(1, 9)))
            other = await completer.complete(kit.request(0, model="n"))
            await completer.aclose()
            return first, many, other, server.seen, server.base_url

    first, many, other, seen, base_url = asyncio.run(main())
    assert first.attempts == other.attempts == 3
    assert [answer.attempts for answer in many] == [1] * 8
    assert forms(seen)[:3] == ["json_schema", "json_object", None]
    assert memory.of(base_url, "m").rung is Rung.PROMPT


def test_calls_refused_together_go_down_one_rung_together(kit: Any) -> None:
    def script(seen: Any) -> Any:
        form = seen.body.get("response_format", {}).get("type")
        return kit.error(400, "json_schema is not supported") if form == "json_schema" else kit.chat()

    memory = CapabilityMemory()

    async def main() -> Any:
        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url, memory=memory)
            answers = await asyncio.gather(*(completer.complete(kit.request(ballot)) for ballot in range(8)))
            await completer.aclose()
            return answers, server.seen, memory.of(server.base_url, "m").rung

    answers, seen, rung = asyncio.run(main())
    assert all(answer.attempts <= 2 for answer in answers)
    assert set(forms(seen)) == {"json_schema", "json_object"}
    assert rung is Rung.JSON_OBJECT


@pytest.mark.parametrize(
    "refusal",
    [
        {"message": "Unsupported value", "param": "temperature"},
        {"message": "'temperature' does not support 0.5 with this model."},
        {"message": 'Invalid JSON payload received. Unknown name "temperature": Cannot find field.'},
    ],
)
def test_a_refused_parameter_is_dropped_once_and_remembered(kit: Any, refusal: Any) -> None:
    memory = CapabilityMemory()

    def script(seen: Any) -> Any:
        return kit.error(400, **refusal) if "temperature" in seen.body else kit.chat()

    async def main() -> Any:
        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url, memory=memory)
            request = kit.request(parameters={"temperature": 0.5, "top_p": 0.9})
            answers = [await completer.complete(request) for _ in range(2)]
            await completer.aclose()
            return answers, server.seen

    answers, seen = asyncio.run(main())
    assert [answer.attempts for answer in answers] == [2, 1]
    assert seen[-1].body["top_p"] == 0.9
    assert memory.dropped == (("m", "temperature"),)


def test_max_tokens_goes_under_its_other_name(kit: Any) -> None:
    def script(seen: Any) -> Any:
        if "max_tokens" in seen.body:
            return kit.error(
                400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", param="max_tokens"
            )
        return kit.chat()

    answer, seen = kit.ask(script, kit.request(parameters={"max_tokens": 50}))
    assert answer.attempts == 2
    assert seen[1].body["max_completion_tokens"] == 50


def test_a_parameter_refused_under_both_names_is_dropped(kit: Any) -> None:
    def script(seen: Any) -> Any:
        name = next((name for name in ("max_tokens", "max_completion_tokens") if name in seen.body), None)
        other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}.get(name)
        return kit.error(400, f"{name} is unknown, use {other}") if name else kit.chat()

    answer, seen = kit.ask(script, kit.request(parameters={"max_tokens": 50}))
    assert answer.attempts == len(seen) == 3


def test_a_parameter_given_under_both_names_ends_in_an_answer_or_an_error(kit: Any) -> None:
    def script(seen: Any) -> Any:
        name = next((name for name in ("max_tokens", "max_completion_tokens") if name in seen.body), None)
        return kit.error(400, "use max_completion_tokens, not max_tokens", param=name) if name else kit.chat()

    both = {"max_tokens": 5, "max_completion_tokens": 6}
    outcome, seen = kit.ask(script, kit.request(parameters=both))
    assert isinstance(outcome, ProviderError)
    assert len(seen) <= 4
