from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
KEY = "sk-secret-0123456789"


def statuses(done: Any) -> dict[str, str]:
    return {check["name"]: check["status"] for check in done.json["checks"]}


def test_without_a_model_all_is_fine_and_said(cli: Call) -> None:
    done = cli("doctor", "--json")
    assert done.code == 0
    assert statuses(done) == {
        "python": "ok",
        "packages": "ok",
        "settings": "ok",
        "cache": "ok",
        "run folder": "ok",
        "model": "warning",
    }
    plain = cli("doctor")
    assert plain.out.startswith("status   check       found\nok       python      copilot ")
    assert "next: model: Set OPENAI_API_KEY and COPILOT_MODEL" in plain.err


def test_offline_sends_nothing(cli: Call) -> None:
    done = cli("doctor", "--json", "--offline", "--model", "m", environ={"OPENAI_API_KEY": KEY})
    assert done.code == 0
    assert statuses(done)["answer"] == "skipped"
    assert KEY not in done.out + done.err


def test_a_public_endpoint_without_key_fails_before_anything_is_sent(cli: Call) -> None:
    done = cli("doctor", "--json", "--model", "m", "--base-url", "https://api.example.org/v1")
    assert done.code == 2
    assert statuses(done)["model"] == "failed"


def test_wrong_settings_are_a_finding_and_not_the_end(cli: Call, home: Path) -> None:
    (home / "copilot.toml").write_text("votes = 0\n")
    done = cli("doctor", "--json")
    assert done.code == 2
    assert (statuses(done)["settings"], statuses(done)["python"]) == ("failed", "ok")


def test_a_folder_that_cannot_be_is_found_before_a_run_is_lost(cli: Call, home: Path) -> None:
    (home / ".copilot").write_text("a file")
    done = cli("doctor", "--json")
    assert (done.code, statuses(done)["run folder"]) == (2, "failed")


def test_misspelt_variables_and_loose_keys_are_warned_of(cli: Call, tmp_path: Path) -> None:
    keys = tmp_path / "config" / "causal-copilot" / "keys.toml"
    assert cli("keys", "set", "--stdin", piped=KEY).code == 0
    keys.chmod(0o644)
    done = cli("doctor", "--json", environ={"COPILOT_VOTE": "3", "COPILOT_ALLOW_ALL": "1"})
    warned = [check["message"] for check in done.json["checks"] if check["status"] == "warning"]
    assert "COPILOT_VOTE is read by nothing" in warned
    assert f"{keys} can be read by others" in warned
    assert not any("COPILOT_ALLOW_ALL" in message for message in warned)


@contextmanager
def endpoint(status: int, body: dict[str, Any]) -> Iterator[str]:
    """Serve one answer to everything on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"ok": true}'}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


@pytest.mark.parametrize(
    ("status", "body", "code", "found"),
    [
        (200, ANSWER, 0, "ok"),
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}, 4, "failed"),
        (404, {"error": {"message": "no such model", "code": "model_not_found"}}, 2, "failed"),
        (200, {"error": {"message": "overloaded"}}, 5, "failed"),
    ],
)
def test_the_model_is_asked_and_what_fails_gives_the_code(
    cli: Call, status: int, body: dict[str, Any], code: int, found: str
) -> None:
    with endpoint(status, body) as url:
        done = cli("doctor", "--json", "--model", "m", "--base-url", url, environ={"OPENAI_API_KEY": KEY})
    assert (done.code, statuses(done)["answer"]) == (code, found)
    assert KEY not in done.out + done.err
