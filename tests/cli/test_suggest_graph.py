"""The main job as a person starts it: real process, real files, a real server on the loopback device."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from copilot.llm.completer import ChatRequest, Message

KEY = "sk-canary-0123456789abcdef"
Reply = Callable[[ChatRequest], str]


class Endpoint:
    """An OpenAI-compatible server that answers from a function and keeps every request."""

    def __init__(self, reply: Reply) -> None:
        self.bodies: list[str] = []
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                endpoint.bodies.append(body)
                content = endpoint.answer(json.loads(body), reply)
                self.send_response(endpoint.status)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(content).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def answer(self, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
        if self.status != 200:
            return {"error": {"message": f"no, {KEY} is wrong", "code": "invalid_api_key"}}
        schema = body["response_format"]["json_schema"]
        task = {"graph": "suggest-graph", "pairs": "judge-pairs", "challenge": "challenge-graph"}[schema["name"]]
        request = ChatRequest(
            task=task,
            prompt_version=1,
            model="m",
            messages=tuple(Message.model_validate(m) for m in body["messages"]),
            schema_name=schema["name"],
            reply_schema=schema["schema"],
            ballot=0,
        )
        message = {"role": "assistant", "content": reply(request)}
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


@pytest.fixture
def serve(believing: Callable[..., Reply]) -> Iterator[Callable[..., Endpoint]]:
    made: list[Endpoint] = []

    def start(*edges: tuple[str, str], **more: Any) -> Endpoint:
        made.append(Endpoint(believing(edges, **more)))
        return made[-1]

    yield start
    for endpoint in made:
        endpoint.server.shutdown()
        endpoint.server.server_close()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"{i % 7}.{i % 3},{i % 2},{(i * 37) % 11}.5,canary-{i % 5}-cell" for i in range(60)]
    path = tmp_path / "data.csv"
    path.write_text("wealth,trained,earnings,town\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def copilot(*words: str | Path, cwd: Path, url: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "COPILOT_", "XDG_"))}
    model = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY, "COPILOT_MODEL": "m"} if url else {}
    home = {"HOME": str(cwd), "XDG_CACHE_HOME": str(cwd / "cache"), "XDG_CONFIG_HOME": str(cwd / "config")}
    return subprocess.run(
        [sys.executable, "-m", "copilot", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**inherited, **home, **model, **environ},
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


TRUE = (("wealth", "trained"), ("wealth", "earnings"), ("trained", "earnings"))


def test_a_model_votes_and_everything_is_kept(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE, latents=[("trained", "earnings")])
    done = copilot(
        *("suggest-graph", table, "--treatment", "trained", "--outcome", "earnings", "--context", "a town"),
        *("--yes", "--json", "-o", tmp_path / "graph.dot", "--run-dir", tmp_path / "run"),
        cwd=tmp_path,
        url=endpoint.url,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {(e["source"], e["target"]) for e in found["graph"]["edges"]} == set(TRUE)
    assert found["voters"]["llm"]["valid"] == 7
    assert found["approved_by"] == "--yes"
    assert found["reviewed"] is False
    assert found["usage"]["requests"] == len(endpoint.bodies) == 10
    assert found["usage"]["prompt_tokens"] == 1000
    assert found["usage"]["cost_usd"] is None
    (latent,) = found["latent_suggestions"]
    assert latent["affects"] == ["earnings", "trained"]
    edge = found["edges"][0]
    assert (edge["status"], edge["support"], edge["votes"], edge["valid"]) == ("accepted", 1.0, 7, 7)
    assert edge["challenge"] == {"keep": 3, "drop": 0, "reverse": 0, "add": 0, "valid": 3}
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= {"manifest.json", "calls.jsonl", "votes.json", "graph.dot", "graph.json", "decisions.json"}
    assert "not reviewed" in (tmp_path / "graph.dot").read_text()
    assert "127.0.0.1" in done.stderr
    assert "never rows" in done.stderr
    assert "Suspected, and not in the graph" in done.stderr


def test_no_cell_leaves_and_no_key_is_written(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE)
    done = copilot(
        *("suggest-graph", table, "--yes", "--run-dir", tmp_path / "run", "--record", tmp_path / "answers.jsonl"),
        cwd=tmp_path,
        url=endpoint.url,
    )
    assert done.returncode == 0, done.stderr
    assert not re.search(r"canary|cell", "".join(endpoint.bodies))
    assert '"town"' in endpoint.bodies[0].replace("\\", "")
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path != table]
    assert KEY not in done.stdout + done.stderr
    assert not any(KEY.encode() in content for content in written)


def test_the_first_request_leaves_before_pandas_is_loaded(
    table: Path, tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    script = (
        "import sys\n"
        "from copilot.cli.app import run\n"
        "from copilot.cli.console import Console\n"
        f"code = run(['suggest-graph', {str(table)!r}, '--yes', '-q'], Console.of_process())\n"
        "print(code, 'pandas' in sys.modules, 'dowhy' in sys.modules, file=sys.stderr)\n"
    )
    model = {"OPENAI_BASE_URL": serve(*TRUE).url, "OPENAI_API_KEY": KEY, "COPILOT_MODEL": "m", "COPILOT_CACHE": "off"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **model},
        check=True,
    )
    assert done.stderr.strip().splitlines()[-1] == "0 False False"


def test_two_models_share_the_ballots(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE)
    done = copilot(
        *("suggest-graph", table, "--yes", "--json", "--model", "a", "--model", "b", "--votes", "6"),
        cwd=tmp_path,
        url=endpoint.url,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["voters"]["llm"]["sources"] == {"a": 3, "b": 3}
    assert {json.loads(body)["model"] for body in endpoint.bodies} == {"a", "b"}


def test_categories_go_out_only_when_asked(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE)
    done = copilot("suggest-graph", table, "--share", "schema", "--yes", cwd=tmp_path, url=endpoint.url)
    assert done.returncode == 0, done.stderr
    assert "canary-1-cell" in endpoint.bodies[0]
    assert "categories" in done.stderr


def test_a_recording_is_replayed_to_the_byte_with_no_network(
    table: Path, tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    endpoint = serve(*TRUE)
    answers = tmp_path / "answers.jsonl"
    live = copilot("suggest-graph", table, "--yes", "--record", answers, cwd=tmp_path, url=endpoint.url)
    assert live.returncode == 0, live.stderr
    asked = len(endpoint.bodies)
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        done = copilot("suggest-graph", table, "--yes", "--replay", answers, "--run-dir", folder, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "nothing is sent" in done.stderr
    assert len(endpoint.bodies) == asked
    for name in ("graph.dot", "graph.json", "votes.json", "consensus.json", "decisions.json", "report.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    missed = copilot("suggest-graph", table, "--yes", "--replay", answers, "--context", "other", cwd=tmp_path)
    assert missed.returncode == 5
    assert "suggest-graph" in missed.stderr


def test_the_cache_answers_the_second_time(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE)
    for _ in range(2):
        done = copilot("suggest-graph", table, "--yes", "--json", cwd=tmp_path, url=endpoint.url)
        assert done.returncode == 0, done.stderr
    assert len(endpoint.bodies) == 10
    assert json.loads(done.stdout)["usage"]["requests"] == 0
    runs = copilot("runs", "list", "--json", cwd=tmp_path)
    assert [run["status"] for run in json.loads(runs.stdout)["runs"]] == ["complete", "complete"]


def test_too_few_ballots_exit_5_and_the_run_is_resumed_with_what_it_has(
    table: Path, tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    endpoint = serve(*TRUE)
    reply, asked = endpoint.answer, [0]

    def sometimes(body: dict[str, Any], how: Reply) -> dict[str, Any]:
        asked[0] += 1
        return reply(body, how if asked[0] <= 3 else lambda _request: "I cannot.")

    endpoint.answer = sometimes  # type: ignore[method-assign]
    words = ("suggest-graph", table, "--yes", "--cache", "off", "--concurrency", "1", "--run-dir", tmp_path / "run")
    stopped = copilot(*words, cwd=tmp_path, url=endpoint.url)
    assert stopped.returncode == 5
    assert "3 of 7 model ballots can be counted, and 4 are needed" in stopped.stderr
    assert f"copilot runs resume {tmp_path / 'run'}" in stopped.stderr
    endpoint.answer = reply  # type: ignore[method-assign]
    endpoint.bodies.clear()
    resumed = copilot("runs", "resume", tmp_path / "run", cwd=tmp_path, url=endpoint.url)
    assert resumed.returncode == 0, resumed.stderr
    assert len(endpoint.bodies) == 4 + 3
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "complete"


def test_a_killed_run_is_resumed_and_one_that_stops_again_too(
    table: Path, tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    endpoint = serve(*TRUE)
    reply, asked = endpoint.answer, [0]

    def until(limit: int) -> Callable[[dict[str, Any], Reply], dict[str, Any]]:
        def answer(body: dict[str, Any], how: Reply) -> dict[str, Any]:
            asked[0] += 1
            return reply(body, how if asked[0] <= limit else lambda _request: "I cannot.")

        return answer

    words = ("suggest-graph", table, "--yes", "--cache", "off", "--concurrency", "1", "--run-dir", "run")
    endpoint.answer = until(2)  # type: ignore[method-assign]
    assert copilot(*words, cwd=tmp_path, url=endpoint.url).returncode == 5
    run = tmp_path / "run"
    (run / "calls.jsonl").rename(run / "calls.jsonl.part")  # as after kill -9
    asked[0] = 0
    endpoint.answer = until(1)  # type: ignore[method-assign]
    assert copilot("runs", "resume", "run", cwd=tmp_path, url=endpoint.url).returncode == 5
    endpoint.answer = reply  # type: ignore[method-assign]
    endpoint.bodies.clear()
    done = copilot("runs", "resume", "run", "--json", cwd=tmp_path, url=endpoint.url)
    assert done.returncode == 0, done.stderr
    assert len(endpoint.bodies) == 4 + 3
    assert json.loads(done.stdout)["voters"]["llm"]["valid"] == 7


def test_whatever_shapes_the_result_shapes_the_id(table: Path, tmp_path: Path) -> None:
    def run_id(*more: str) -> str:
        done = copilot("suggest-graph", table, "--yes", "--json", "--resamples", "4", *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["run_id"])

    plain = run_id()
    assert run_id() == plain
    assert run_id("--jobs", "1") == plain
    assert len({plain, run_id("--na", "3.1"), run_id("--seed", "1"), run_id("--exclude", "town")}) == 4


def test_a_refused_key_stops_everything_and_is_not_repeated(
    table: Path, tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    endpoint = serve(*TRUE)
    endpoint.status = 401
    done = copilot("suggest-graph", table, "--yes", "--json", "--concurrency", "2", cwd=tmp_path, url=endpoint.url)
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["exit_code"] == 4
    assert len(endpoint.bodies) <= 2
    assert KEY not in done.stdout + done.stderr


def test_without_a_model_the_data_vote_and_say_how_to_add_one(table: Path, tmp_path: Path) -> None:
    done = copilot("suggest-graph", table, "--yes", "--json", "--resamples", "50", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["voters"]["data"]["asked"] == 50
    assert "llm" not in found["voters"]
    assert "OPENAI_API_KEY" in done.stderr


def test_open_directions_are_said_with_what_closes_them(tmp_path: Path) -> None:
    rows = "".join(f"{i % 10},{(i % 10) * 2 + (i * 7) % 3}\n" for i in range(200))
    (tmp_path / "two.csv").write_text("a,b\n" + rows)
    done = copilot("suggest-graph", "two.csv", "--yes", "--resamples", "10", cwd=tmp_path)
    assert '"a" -> "b" [dir=none' in done.stdout
    assert "1 edge has no direction yet" in done.stderr
    (tmp_path / "order.yaml").write_text("- [a]\n- [b]\n")
    told = copilot("suggest-graph", "two.csv", "--yes", "--resamples", "10", "--tiers", "order.yaml", cwd=tmp_path)
    assert '"a" -> "b" [label=' in told.stdout
    assert "no direction yet" not in told.stderr


def test_both_groups_stand_side_by_side(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    done = copilot(
        *("suggest-graph", table, "--voters", "both", "--resamples", "20", "--yes", "--json"),
        cwd=tmp_path,
        url=serve(*TRUE).url,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["voters"]) == {"llm", "data"}
    assert {"llm", "data"} <= set(found["edges"][0]["groups"])


def test_dry_run_and_show_prompt_send_nothing(table: Path, tmp_path: Path, serve: Callable[..., Endpoint]) -> None:
    endpoint = serve(*TRUE)
    dry = copilot("suggest-graph", table, "--dry-run", cwd=tmp_path, url=endpoint.url)
    assert dry.returncode == 0
    assert "10 requests, and up to 4 more" in dry.stdout
    assert "cost unknown" in dry.stdout
    shown = copilot("suggest-graph", table, "--show-prompt", cwd=tmp_path, url=endpoint.url)
    assert '{"id": "v1"' in shown.stdout
    assert endpoint.bodies == []
    assert not (tmp_path / ".copilot").exists()


def test_without_yes_or_a_terminal_nobody_has_accepted(table: Path, tmp_path: Path) -> None:
    done = copilot("suggest-graph", table, "--resamples", "10", "--json", "--run-dir", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["approved_by"] is None
    assert "copilot review run" in done.stderr
    accepted = copilot("review", "run", "--yes", "-o", "graph.json", cwd=tmp_path)
    assert accepted.returncode == 0, accepted.stderr
    assert json.loads((tmp_path / "run" / "report.json").read_text())["approved_by"] == "--yes"
    assert "edges" in json.loads((tmp_path / "graph.json").read_text())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no.csv",), "no.csv"),
        (("data.csv", "--treatment", "traned"), "Did you mean 'trained'"),
        (("data.csv", "--treatment", "town", "--outcome", "town"), "both"),
        (("data.csv", "--require", "wealth=>town"), "is not an edge"),
        (("data.csv", "--require", "wealth->town", "--forbid", "wealth->town"), "wealth"),
        (("data.csv", "--columns", "wealth"), "only 1 column"),
        (("data.csv", "-o", "nowhere/graph.dot"), "does not exist"),
        (("data.csv", "-o", "data.csv"), "is an input of this run"),
        (("data.csv", "-o", "graph.xyz"), "graph.xyz"),
        (("data.csv", "--voters", "llm"), "needs a model"),
        (("data.csv", "--model", "m"), "needs a model"),
        (("data.csv", "--prompts-dir", "nowhere"), "no folder"),
        (("data.csv", "--replay", "no.jsonl"), "no.jsonl"),
        (("data.csv", "--latents", "maybe"), "--latents"),
        (("data.csv", "--describe", "no.yaml"), "no.yaml"),
        (("data.csv", "--context", "@no.md"), "no.md"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    table: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    before = table.read_bytes()
    done = copilot("suggest-graph", *words, "--yes", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert table.read_bytes() == before
    assert not (tmp_path / ".copilot").exists()


def test_amounts_with_a_sign_are_refused_for_models_too_unless_excluded(
    tmp_path: Path, serve: Callable[..., Endpoint]
) -> None:
    rows = "".join(f"{i % 7},{i % 2},${i % 5}.50\n" for i in range(40))
    (tmp_path / "pay.csv").write_text("w,t,pay\n" + rows)
    endpoint = serve(("w", "t"))
    for url in ("", endpoint.url):
        refused = copilot("suggest-graph", "pay.csv", "--yes", cwd=tmp_path, url=url)
        assert refused.returncode == 2
        assert "pay holds numbers with a sign" in refused.stderr
        assert "line 2" in refused.stderr
    assert endpoint.bodies == []
    assert (
        copilot("suggest-graph", "pay.csv", "--exclude", "pay", "--yes", cwd=tmp_path, url=endpoint.url).returncode == 0
    )


@pytest.mark.parametrize(("cell", "said"), [("1", "has only one value in 40 rows"), ("", "has no value in 40 rows")])
def test_a_treatment_that_never_varies_is_refused(tmp_path: Path, cell: str, said: str) -> None:
    (tmp_path / "flat.csv").write_text("t,y,w\n" + "".join(f"{cell},{i % 5},{i % 3}\n" for i in range(40)))
    done = copilot("suggest-graph", "flat.csv", "--treatment", "t", "--yes", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
