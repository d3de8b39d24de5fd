from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from copilot.domain.votes import Abstention
from copilot.errors import AuthenticationError, InputDataError, ProviderError, ReplayMissError, UsageError
from copilot.llm.asker import Asker, CallRecord, Question
from copilot.llm.cache import AnswerCache
from copilot.llm.completer import ChatRequest, Completion, TokenUsage
from copilot.llm.meter import UsageMeter
from copilot.llm.prices import Price
from copilot.llm.recording import FallbackCompleter, Recorder, RecordingHeader, ReplayCompleter

HEADER = RecordingHeader(recorded_on="2026-01-02", answered_by="a test", models=("m",), prompts={"graph": 1})
GOOD = '{"edges": ["ä\u2028"]}'


class Edges(BaseModel):
    edges: list[str]


class Silent:
    """A completer that must never be asked."""

    async def complete(self, request: ChatRequest) -> Completion:
        raise AssertionError(request.task)

    async def aclose(self) -> None:
        """Nothing is open."""


def run(kit: Any, completer: Any, ballots: range = range(5), **options: Any) -> Any:
    """Ask some questions through the asker; give back the outcomes and the records."""
    records: list[CallRecord] = []
    asked = [Question(kit.request(n), kit.voter(n), Edges.model_validate) for n in ballots]

    async def main() -> Any:
        values: dict[str, Any] = {"repair": str, "meter": UsageMeter(lambda _model: None), "log": records.append}
        outcomes = await Asker(completer, **{**values, **options}).ask_all(asked)
        await completer.aclose()
        return outcomes

    return asyncio.run(main()), records


def mixed(request: ChatRequest) -> Completion:
    """Answer well, badly, at the second try, with a refusal or not at all."""
    usage = TokenUsage(prompt_tokens=7, completion_tokens=3)
    if request.ballot == 1:
        raise ProviderError("host failed after 4 requests", reason="It says: 503", attempts=4)
    if request.ballot == 2 and len(request.messages) == 1:
        return Completion(text="wait", usage=usage, attempts=1)
    if request.ballot == 3:
        return Completion(text="", refusal="no", finish_reason="stop", attempts=1)
    if request.ballot == 4:
        return Completion(text='{"edges": 1}', attempts=1)
    return Completion(text=GOOD, usage=usage, model="m-2026", attempts=1)


def test_a_replay_gives_the_same_outcomes_with_no_network(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    live, _ = run(kit, Recorder(kit.answers(mixed), path, HEADER))
    replay = ReplayCompleter.open(path)
    meter = UsageMeter(lambda _model: None, max_cost_usd=0.0)
    again, _ = run(kit, replay, meter=meter)
    assert again == live
    assert [type(one) for one in live] == [Edges, Abstention, Edges, Abstention, Abstention]
    assert (meter.snapshot().requests, meter.snapshot().cost_usd) == (0, 0.0)
    assert meter.snapshot().replayed == 6
    assert replay.header == HEADER
    assert replay.prompts == {"graph": 1}


def test_a_recording_is_the_same_to_the_byte_whatever_the_order(kit: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    run(kit, Recorder(kit.answers(mixed), one, HEADER))
    run(kit, Recorder(kit.answers(mixed), two, HEADER), ballots=range(4, -1, -1))
    assert one.read_bytes() == two.read_bytes()
    run(kit, Recorder(ReplayCompleter.open(one), two, HEADER))
    assert one.read_bytes() == two.read_bytes()
    assert ReplayCompleter.open(one).digest == ReplayCompleter.open(two).digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl", "two.jsonl"]
    header, first = (json.loads(line) for line in one.read_text().splitlines()[:2])
    assert header == {
        "recording": 1,
        "recorded_on": "2026-01-02",
        "answered_by": "a test",
        "models": ["m"],
        "prompts": {"graph": 1},
    }
    assert first["messages"] == [{"role": "user", "content": "which edges?"}]
    assert first["key"] == kit.request(0).key


def test_a_crash_loses_no_answer(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("an older recording")

    async def main() -> None:
        recorder = Recorder(kit.answers(mixed), path, HEADER)
        await recorder.complete(kit.request(0))
        assert recorder._stream is not None
        recorder._stream.close()

    asyncio.run(main())
    assert path.read_text() == "an older recording"
    assert ReplayCompleter.open(tmp_path / "answers.jsonl.part").holds(kit.request(0))


def test_a_run_without_answers_leaves_an_older_recording_alone(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("an older recording")

    def refuse(_request: ChatRequest) -> str:
        raise AuthenticationError("key")

    recorder = Recorder(kit.answers(refuse), path, HEADER)

    async def main() -> None:
        with pytest.raises(AuthenticationError):
            await recorder.complete(kit.request())
        await recorder.aclose()

    asyncio.run(main())
    assert [one.read_text() for one in tmp_path.iterdir()] == ["an older recording"]


def test_equal_requests_get_the_recorded_answer(kit: Any, tmp_path: Path) -> None:
    texts = iter(["one", "two"])
    recorder = Recorder(kit.answers(lambda _request: next(texts)), tmp_path / "r.jsonl", HEADER)

    async def main() -> list[str]:
        answers = [(await recorder.complete(kit.request())).text for _ in range(2)]
        await recorder.aclose()
        return answers

    assert asyncio.run(main()) == ["one", "one"]


def test_a_recording_can_go_on_where_it_stands(kit: Any, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.jsonl", tmp_path / "parts.jsonl"
    run(kit, Recorder(kit.answers(mixed), whole, HEADER))
    run(kit, Recorder(kit.answers(mixed), parts, HEADER), ballots=range(2))
    before = ReplayCompleter.open(parts).exchanges
    assert 0 < len(before) < len(ReplayCompleter.open(whole).exchanges)
    run(kit, Recorder(kit.answers(mixed), parts, HEADER, before), ballots=range(2, 5))
    assert parts.read_bytes() == whole.read_bytes()


def test_cached_answers_are_recorded_too(kit: Any, tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "cache.sqlite3", pytest.fail)
    live, _ = run(kit, kit.answers(lambda _request: GOOD), cache=cache)
    path = tmp_path / "r.jsonl"
    run(kit, Recorder(Silent(), path, HEADER), cache=cache)
    assert run(kit, ReplayCompleter.open(path))[0] == live


@pytest.mark.parametrize("place", ["folder", "missing/r.jsonl"])
def test_a_place_that_cannot_be_written_is_told_at_once(kit: Any, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        Recorder(kit.answers(mixed), tmp_path / place, HEADER)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task": "pairs"}, "no answers for pairs"),
        ({"prompt_version": 2, "content": "other"}, "The prompt changed: it is at version 2, and version 1"),
        ({"model": "n"}, "those of m, not of n"),
        ({"ballot": 9}, "no ballot 9"),
        ({"content": "other data"}, "data, the context, the seed or a setting"),
    ],
)
def test_a_miss_says_why(kit: Any, tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = tmp_path / "r.jsonl"
    run(kit, Recorder(kit.answers(lambda _request: GOOD), path, HEADER), ballots=range(2))
    content = {"content": changes.pop("content", "which edges?!" if "task" in changes else "which edges?")}
    request = kit.request(**{"ballot": 1, **content, **changes})
    with pytest.raises(ReplayMissError, match="holds no answer to") as caught:
        asyncio.run(ReplayCompleter.open(path).complete(request))
    assert reason in caught.value.reason


HEADER_LINE = HEADER.model_dump_json()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "line 1"),
        (b"\n", "line 1"),
        (b"{}\n", "line 1"),
        (b'{"recording": 2, "recorded_on": "", "answered_by": ""}', "line 1"),
        (HEADER_LINE.encode() + b"\n{}\n", "line 2"),
        (HEADER_LINE.encode() + b'\n{"key": "\n', "line 2"),
        (b"\xff\xfe\x00", "Byte 0"),
    ],
)
def test_a_corrupt_recording_names_the_line(tmp_path: Path, content: bytes, where: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputDataError) as caught:
        ReplayCompleter.open(path)
    assert where in f"{caught.value.message} {caught.value.reason}"


def test_contradicting_lines_are_refused(kit: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    run(kit, Recorder(kit.answers(lambda _request: GOOD), path, HEADER), ballots=range(1))
    header, line = path.read_text().splitlines()
    path.write_text("\r\n".join(["\ufeff" + header, line, line, ""]), encoding="utf-8")
    assert ReplayCompleter.open(path).holds(kit.request(0))
    path.write_text("\n".join([header, line, line.replace("edges", "edgez")]))
    with pytest.raises(InputDataError, match="line 3: another answer"):
        ReplayCompleter.open(path)


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_is_no_file_cannot_be_replayed(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputDataError, match="cannot be read"):
        ReplayCompleter.open(tmp_path / name)


def test_a_resumed_run_asks_only_for_what_is_missing(kit: Any, tmp_path: Path) -> None:
    live, records = run(kit, kit.answers(mixed))
    calls = tmp_path / "calls.jsonl.part"
    calls.write_text("".join(record.model_dump_json() + "\n" for record in records) + '{"torn', encoding="utf-8")
    rest = kit.answers(lambda _request: '{"edges": ["new"]}')
    meter = UsageMeter(lambda _model: Price(input=1.0, output=1.0), max_cost_usd=1.0)
    resumed, _ = run(kit, FallbackCompleter(ReplayCompleter.from_calls(calls), rest), meter=meter)
    assert [resumed[n] for n in (0, 2)] == [live[n] for n in (0, 2)]
    assert sorted(request.ballot for request in rest.asked) == [1, 3, 4]
    assert all(one.edges == ["new"] for one in (resumed[1], resumed[3], resumed[4]))
    assert (meter.snapshot().replayed, meter.snapshot().requests) == (2, 3)


def test_a_broken_log_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"no": 1}\n{"no": 2}\n')
    with pytest.raises(InputDataError, match="line 1"):
        ReplayCompleter.from_calls(path)
