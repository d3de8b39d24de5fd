from __future__ import annotations

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
from pydantic import SecretStr

from copilot.errors import AuthenticationError, ConfigurationError, ProviderError
from copilot.llm.openai_backend import Endpoint, Rung


def test_a_plain_answer(kit: Any) -> None:
    answer, seen = kit.ask(kit.in_turn(kit.chat('{"edges": ["a"]}')))
    assert (answer.text, answer.model, answer.attempts, answer.served_by) == ('{"edges": ["a"]}', "m-2026", 1, "live")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 5)
    assert seen[0].path == "/v1/chat/completions"
    assert seen[0].headers["authorization"] == f"Bearer {kit.key}"
    assert seen[0].body["response_format"]["json_schema"]["strict"] is True
    assert set(seen[0].body) == {"model", "messages", "response_format"}


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_passing_faults_are_retried_and_bounded(kit: Any, status: Any) -> None:
    naps = kit.naps()
    answer, seen = kit.ask(kit.in_turn(kit.error(status), kit.error(status), kit.chat()), naps=naps)
    assert answer.attempts == len(seen) == 3
    assert naps.taken
    error, seen = kit.ask(kit.in_turn(kit.error(status)))
    assert isinstance(error, ProviderError)
    assert not error.fatal
    assert error.attempts == len(seen) == 4


@pytest.mark.parametrize(
    "reply",
    [{"status": 429, "code": "insufficient_quota"}, {"status": 429, "type": "insufficient_quota"}, {"status": 402}],
)
def test_an_exhausted_quota_is_not_retried(kit: Any, reply: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.error(**reply)))
    assert error.fatal
    assert "quota" in error.message
    assert len(seen) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_retried_and_never_shown(kit: Any, status: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.error(status, f"Incorrect API key provided: {kit.key}\x1b[31m")))
    assert isinstance(error, AuthenticationError)
    assert "OPENAI_API_KEY" in error.message
    shown = f"{error.message}{error.reason}{error.advice}"
    assert kit.key not in shown
    assert "\x1b" not in shown
    assert len(seen) == 1


def test_an_unknown_model_is_named_with_its_neighbours(kit: Any) -> None:
    def script(seen: Any) -> Any:
        if seen.path.endswith("/models"):
            return kit.reply(body=json.dumps({"data": [{"id": "gpt-4.1-mini"}, {"id": "other"}]}).encode())
        return kit.error(404, "The model `gpt-4.1-mni` does not exist", code="model_not_found")

    error, seen = kit.ask(script, kit.request(model="gpt-4.1-mni"))
    assert isinstance(error, ConfigurationError)
    assert "'gpt-4.1-mni'" in error.message
    assert "127.0.0.1" in error.message
    assert "gpt-4.1-mini" in error.advice
    assert len(seen) == 2


def test_a_wrong_path_asks_for_v1(kit: Any) -> None:
    error, _ = kit.ask(kit.in_turn(kit.reply(404, b"<html>Not Found</html>", {"Content-Type": "text/html"})))
    assert isinstance(error, ConfigurationError)
    assert "/v1" in error.advice


def test_too_long_a_prompt_costs_one_ballot(kit: Any) -> None:
    message = "This model's maximum context length is 8192 tokens; max_tokens is 10"
    error, seen = kit.ask(kit.in_turn(kit.error(400, message)), kit.request(parameters={"max_tokens": 10}))
    assert isinstance(error, ProviderError)
    assert not error.fatal
    assert len(seen) == 1


def test_other_refusals_stop_everything_with_the_servers_words(kit: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.error(418, "I am a teapot\u202e")))
    assert error.fatal
    assert "I am a teapot" in error.reason
    assert "\u202e" not in error.reason
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("reply", "requests"),
    [
        ({"body": b"<html>login</html>", "headers": {"Content-Type": "text/html"}}, 1),
        ({"body": b"hello", "headers": {"Content-Type": "text/plain"}}, 1),
        ({"body": b""}, 1),
        ({"status": 204}, 1),
        ({"body": b"[]"}, 1),
        ({"body": b"[" * 200_000}, 1),
        ({"body": b'{"choices": null}'}, 1),
        ({"body": b'{"choices": []}'}, 1),
        ({"body": b'{"choices": [null]}'}, 1),
        ({"body": b'{"choices": [{"message": null}]}'}, 1),
        ({"body": b'{"error": {"message": "overloaded"}}'}, 1),
        ({"body": b'{"error": {"message": "overloaded", "code": 503}}'}, 4),
        ({"body": b'{"choices": [{"mess'}, 4),
        ({"body": b'{"choices": [', "claimed_length": 500}, 4),
        ({"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}}, 4),
        ({"body": gzip.compress(b'{"choices": []}')[:-9], "headers": {"Content-Encoding": "gzip"}}, None),
        ({"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}, 4),
        ({"raw": b"nonsense\r\n\r\n"}, 4),
        ({"raw": b"HTTP/1.1 200 OK\r\nContent-Le"}, 4),
    ],
)
def test_what_is_no_answer_is_a_provider_error(kit: Any, reply: Any, requests: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.reply(**reply)))
    assert isinstance(error, ProviderError)
    assert error.message
    assert requests is None or len(seen) == requests


def test_a_web_page_on_first_contact_stops_everything(kit: Any) -> None:
    page = kit.reply(body=b"<html>", headers={"Content-Type": "text/html"})
    error, _ = kit.ask(kit.in_turn(page))
    assert error.fatal
    assert "/v1 missing" in error.advice


def test_errors_in_lists_and_details_are_read(kit: Any) -> None:
    error, _ = kit.ask(kit.in_turn(kit.reply(400, b'[{"error": {"message": "bad thing", "code": 400}}]')))
    assert "bad thing" in error.reason
    error, _ = kit.ask(kit.in_turn(kit.reply(422, b'{"detail": [{"loc": ["body"], "msg": "odd thing"}]}')))
    assert "odd thing" in error.reason


def test_a_slow_drip_ends_at_the_deadline(kit: Any) -> None:
    reply = kit.chat()
    reply.drip_s = 0.05
    began = time.monotonic()
    error, seen = kit.ask(kit.in_turn(reply), deadline_s=0.4)
    assert time.monotonic() - began < 5
    assert isinstance(error, ProviderError)
    assert "0.4 s" in error.reason
    assert len(seen) == 1


def test_a_hang_ends_at_the_deadline(kit: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.reply(hang=True)), deadline_s=0.3)
    assert isinstance(error, ProviderError)
    assert not error.fatal
    assert len(seen) == 1


def test_redirects_stay_with_the_host_and_are_capped(kit: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.reply(307, headers={"Location": "/v1/chat/completions"})))
    assert isinstance(error, ConfigurationError)
    assert len(seen) <= 4
    error, seen = kit.ask(kit.in_turn(kit.reply(307, headers={"Location": "http://elsewhere.example/v1"})))
    assert isinstance(error, ConfigurationError)
    assert "elsewhere.example" in error.message
    assert len(seen) == 1
    error, seen = kit.ask(kit.in_turn(kit.reply(302, headers={"Location": "/login"})))
    assert isinstance(error, ConfigurationError)
    assert len(seen) == 1
    answer, seen = kit.ask(kit.in_turn(kit.reply(308, headers={"Location": "/v1/chat/"}), kit.chat()))
    assert answer.text == '{"edges": []}'
    assert len(seen) == 2


def ask_at(kit: Any, base_url: Any) -> Any:
    async def main() -> Any:
        naps = kit.naps()
        completer = kit.completer(base_url, naps)
        try:
            with pytest.raises(ProviderError) as caught:
                await completer.complete(kit.request())
        finally:
            await completer.aclose()
        return caught.value, naps

    return asyncio.run(main())


def test_a_refused_connection_names_the_host(kit: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error, naps = ask_at(kit, f"http://127.0.0.1:{port}/v1")
    assert error.fatal
    assert "127.0.0.1 cannot be reached" in error.message
    assert "refuses" in error.reason
    assert len(naps.taken) == 3


def test_an_unknown_host_is_named(kit: Any, monkeypatch: Any) -> None:
    def fail(*_args: Any, **_options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error, _ = ask_at(kit, "http://nowhere.invalid/v1")
    assert "nowhere.invalid cannot be reached" in error.message
    assert "check the URL" in error.reason


def test_a_broken_secure_connection_is_not_retried(kit: Any) -> None:
    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def main() -> Any:
        server = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
        naps = kit.naps()
        completer = kit.completer(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", naps)
        with pytest.raises(ProviderError) as caught:
            await completer.complete(kit.request())
        await completer.aclose()
        server.close()
        return caught.value, naps

    error, naps = asyncio.run(main())
    assert error.fatal
    assert "secure connection to 127.0.0.1" in error.message
    assert naps.taken == []


def test_a_proxy_in_the_environment_is_used(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> Any:
        async with kit.loopback(kit.in_turn(kit.chat())) as server:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
            completer = kit.completer("http://model.invalid/v1")
            await completer.complete(kit.request())
            await completer.aclose()
            return server.seen[0].path

    assert asyncio.run(main()) == "http://model.invalid/v1/chat/completions"


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTP_PROXY", "nonsense://host"), ("SSL_CERT_FILE", "/missing.pem")],
)
def test_a_broken_proxy_or_certificate_setting_is_told(
    kit: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    async def main() -> None:
        await kit.completer("http://model.invalid/v1").complete(kit.request())

    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(main())
    assert "HTTPS_PROXY" in caught.value.advice
    assert "SSL_CERT_FILE" in caught.value.advice


def test_refusals_and_filters_are_passed_on(kit: Any) -> None:
    refused, _ = kit.ask(kit.in_turn(kit.chat(None, message={"content": None, "refusal": "I will not"})))
    assert (refused.text, refused.refusal) == ("", "I will not")
    filtered, _ = kit.ask(kit.in_turn(kit.error(400, "blocked", code="content_filter")))
    assert filtered.finish_reason == "content_filter"


def test_odd_contents_become_text(kit: Any) -> None:
    parts = [{"type": "text", "text": '{"ed'}, {"type": "image"}, {"type": "text", "text": 'ges": []}'}]
    assert kit.ask(kit.in_turn(kit.chat(parts)))[0].text == '{"edges": []}'
    assert kit.ask(kit.in_turn(kit.chat("\ud800")))[0].text == "\\ud800"
    thinking = {"content": "{}", "reasoning_content": "secret thoughts"}
    assert kit.ask(kit.in_turn(kit.chat(None, message=thinking)))[0].text == "{}"


def test_a_key_echoed_in_a_reply_is_hidden(kit: Any) -> None:
    answer, _ = kit.ask(kit.in_turn(kit.chat(f'{{"edges": ["{kit.key}"]}}')))
    assert kit.key not in answer.model_dump_json()


def test_fifty_calls_are_in_flight_together(kit: Any) -> None:
    async def main() -> Any:
        everyone = asyncio.Event()

        async def script(seen: Any) -> Any:
            if seen.number == 49:
                everyone.set()
            await asyncio.wait_for(everyone.wait(), 15)
            return kit.chat()

        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url)
            answers = await asyncio.gather(*(completer.complete(kit.request(ballot)) for ballot in range(50)))
            await completer.aclose()
            return answers

    assert len(asyncio.run(main())) == 50


def test_two_event_loops_may_use_one_completer(kit: Any) -> None:
    async def main(holder: Any) -> Any:
        async with kit.loopback(kit.in_turn(kit.chat())) as server:
            completer = holder.setdefault("one", kit.completer(server.base_url))
            completer._transport._endpoint = Endpoint(base_url=server.base_url, api_key=SecretStr(kit.key))
            answer = await completer.complete(kit.request())
            await completer.aclose()
            return answer.text

    holder = {}
    assert asyncio.run(main(holder)) == asyncio.run(main(holder)) == '{"edges": []}'


def test_doctor_sees_latency_rung_and_models(kit: Any) -> None:
    def script(seen: Any) -> Any:
        if seen.path.endswith("/models"):
            return kit.reply(body=b'{"data": [{"id": "b"}, {"id": "a"}, {"id": 3}, 4]}')
        return kit.chat('{"ok": true}')

    async def main() -> Any:
        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url)
            ping, models = await completer.ping("m"), await completer.list_models()
            await completer.aclose()
            return ping, models

    ping, models = asyncio.run(main())
    assert ping.rung is Rung.JSON_SCHEMA
    assert 0 < ping.latency_s < 20
    assert models == ("a", "b")


def test_the_modules_are_light() -> None:
    code = (
        "import sys, copilot.llm.openai_backend, copilot.llm.asker, copilot.llm.recording\n"
        "sys.exit(any(name in sys.modules for name in ('openai', 'httpx2', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
