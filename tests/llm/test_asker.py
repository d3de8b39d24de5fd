from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from copilot.domain.votes import Abstention, AbstentionReason
from copilot.errors import (
    AuthenticationError,
    BudgetError,
    ConfigurationError,
    CopilotError,
    ProviderError,
    ReplayMissError,
)
from copilot.llm.asker import Asker, CallRecord, Question
from copilot.llm.cache import AnswerCache
from copilot.llm.completer import ChatRequest, Completion, TokenUsage
from copilot.llm.meter import UsageMeter
from copilot.llm.prices import Price
from copilot.llm.replay import ReplayCompleter
from copilot.llm.replies import ReplyError

GOOD = '{"edges": ["a"]}'


class Edges(BaseModel):
    edges: list[str]


def questions(kit: Any, count: int = 3, **changes: Any) -> list[Question[Edges]]:
    return [
        Question(request=kit.request(n, **changes), voter=kit.voter(n), read=Edges.model_validate) for n in range(count)
    ]


def make_asker(completer: Any, **options: Any) -> Asker:
    values: dict[str, Any] = {"repair": lambda problem: f"repair: {problem}", "meter": UsageMeter(lambda _model: None)}
    return Asker(completer, **{**values, **options})


def ask(kit: Any, answer: Callable[[ChatRequest], Completion | str], count: int = 3, **options: Any) -> Any:
    """Give back outcomes, requests and records."""
    completer, records = kit.answers(answer), []
    asked = options.pop("questions", None) or questions(kit, count)
    outcomes = asyncio.run(make_asker(completer, log=records.append, **options).ask_all(asked))
    return outcomes, completer.asked, records


def test_outcomes_come_in_the_order_of_the_questions(kit: Any) -> None:
    done: list[object] = []

    async def main() -> Any:
        first_may_go = asyncio.Event()

        class Slow:
            async def complete(self, request: ChatRequest) -> Completion:
                if request.ballot == 0:
                    await first_may_go.wait()
                elif request.ballot == 2:
                    first_may_go.set()
                return Completion(text=json.dumps({"edges": [str(request.ballot)]}))

            async def aclose(self) -> None:
                """Nothing is open."""

        return await make_asker(Slow()).ask_all(questions(kit), done.append)

    outcomes = asyncio.run(main())
    assert [one.edges for one in outcomes] == [["0"], ["1"], ["2"]]
    assert done[-1] == outcomes[0]


def test_no_questions_no_answers(kit: Any) -> None:
    assert asyncio.run(make_asker(kit.answers(lambda _request: GOOD)).ask_all([])) == ()


def test_a_bad_reply_gets_one_repair_turn(kit: Any) -> None:
    outcomes, asked, records = ask(
        kit, lambda request: GOOD if len(request.messages) > 1 else "no " + "x" * 30_000, count=1
    )
    assert outcomes[0].edges == ["a"]
    assert [message.role for message in asked[1].messages] == ["user", "assistant", "user"]
    assert len(asked[1].messages[1].content) == 20_000
    assert asked[1].messages[2].content == "repair: the reply holds no JSON object"
    (record,) = records
    assert (record.outcome, record.text, record.key, record.attempts) == ("valid", GOOD, asked[0].key, 2)
    assert record.rejected.startswith("no x")


def test_two_bad_replies_are_an_abstention(kit: Any) -> None:
    outcomes, asked, records = ask(kit, lambda _request: '{"edges": "\x1b[31m"}' if _request.ballot else GOOD)
    assert [type(one) for one in outcomes] == [Edges, Abstention, Abstention]
    assert outcomes[1].reason is AbstentionReason.UNREADABLE
    assert outcomes[1].detail.startswith("edges: ")
    assert len(asked) == 5
    assert sorted(record.outcome for record in records) == ["unreadable", "unreadable", "valid"]


def test_readers_own_errors_are_repaired_too(kit: Any) -> None:
    def refuse(_value: object) -> Edges:
        raise ReplyError("v9 is not\none of the ids")

    outcomes, _, _ = ask(kit, lambda _request: GOOD, questions=[Question(kit.request(), kit.voter(), refuse)])
    assert outcomes[0].detail == "v9 is not one of the ids"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Completion(text="", refusal="I\x1b will not"), AbstentionReason.REFUSED),
        (Completion(text=GOOD, finish_reason="content_filter"), AbstentionReason.REFUSED),
        (Completion(text=" \n"), AbstentionReason.EMPTY),
        (Completion(text=GOOD[:5], finish_reason="length"), AbstentionReason.CUT_OFF),
    ],
)
def test_other_abstentions_need_no_repair(kit: Any, answer: Completion, reason: AbstentionReason) -> None:
    outcomes, asked, records = ask(kit, lambda _request: answer, count=1)
    assert outcomes[0].reason is reason
    assert "\x1b" not in outcomes[0].detail
    assert len(asked) == 1
    assert records[0].outcome == reason.value


def test_the_users_own_limit_is_doubled_once(kit: Any) -> None:
    def answer(request: ChatRequest) -> Completion:
        whole = request.parameters["max_tokens"] == 20
        return Completion(text=GOOD if whole else "{", finish_reason="stop" if whole else "length", attempts=1)

    asked_for = questions(kit, 1, parameters={"max_tokens": 10, "seed": 1})
    outcomes, asked, records = ask(kit, answer, questions=asked_for)
    assert outcomes[0].edges == ["a"]
    assert asked[1].parameters == {"max_tokens": 20, "seed": 1}
    assert records[0].key == asked_for[0].request.key
    outcomes, asked, _ = ask(kit, answer, questions=questions(kit, 1, parameters={"max_tokens": 3}))
    assert outcomes[0].reason is AbstentionReason.CUT_OFF
    assert outcomes[0].detail == "cut off by the length limit; raise --max-tokens"
    assert len(asked) == 2


def test_a_fault_costs_one_ballot(kit: Any) -> None:
    def answer(request: ChatRequest) -> str:
        if request.ballot == 1:
            raise ProviderError("host failed\x1b", reason="It says: 503", attempts=4)
        return GOOD

    meter = UsageMeter(lambda _model: None)
    outcomes, _, records = ask(kit, answer, meter=meter)
    assert outcomes[1].reason is AbstentionReason.FAULT
    assert outcomes[1].detail == "host failed. It says: 503"
    assert [type(one) for one in outcomes] == [Edges, Abstention, Edges]
    assert {record.attempts for record in records} == {1, 4}
    assert (meter.snapshot().requests, meter.snapshot().retries) == (6, 3)


def test_nothing_but_faults_is_an_error(kit: Any) -> None:
    def answer(_request: ChatRequest) -> str:
        raise ProviderError("host failed", reason="It says: 503", advice="Try later.")

    with pytest.raises(ProviderError, match="none of 3 requests was answered: host failed") as caught:
        ask(kit, answer)
    assert caught.value.advice == "Try later."


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("key"),
        ConfigurationError("model"),
        BudgetError("limit"),
        ReplayMissError("miss"),
        ProviderError("quota", fatal=True),
    ],
)
def test_what_concerns_all_stops_all(kit: Any, error: CopilotError) -> None:
    def answer(request: ChatRequest) -> str:
        if request.ballot == 2:
            raise error
        return GOOD

    completer = kit.answers(answer)
    with pytest.raises(type(error)) as caught:
        asyncio.run(make_asker(completer, concurrency=3).ask_all(questions(kit, 50)))
    assert caught.value is error
    assert len(completer.asked) <= 5


def test_no_request_leaves_after_a_refused_key(kit: Any) -> None:
    async def main() -> int:
        async with kit.loopback(lambda _seen: kit.error(401, f"bad key {kit.key}")) as server:
            completer = kit.completer(server.base_url)
            with pytest.raises(AuthenticationError):
                await make_asker(completer, concurrency=4).ask_all(questions(kit, 40))
            count = len(server.seen)
            await asyncio.sleep(0.1)
            assert len(server.seen) == count
            await completer.aclose()
            return count

    assert asyncio.run(main()) <= 4


def test_bugs_are_not_swallowed(kit: Any) -> None:
    def answer(_request: ChatRequest) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(kit, answer)


def test_cancellation_is_quick(kit: Any) -> None:
    async def main() -> float:
        all_in_flight = asyncio.Event()

        def script(seen: Any) -> Any:
            if seen.number == 7:
                all_in_flight.set()
            return kit.reply(hang=True)

        async with kit.loopback(script) as server:
            completer = kit.completer(server.base_url)
            running = asyncio.ensure_future(make_asker(completer).ask_all(questions(kit, 20)))
            await all_in_flight.wait()
            began = time.monotonic()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            await completer.aclose()
            return time.monotonic() - began

    assert asyncio.run(main()) < 1


def test_concurrency_is_one_bound_for_all_rounds(kit: Any) -> None:
    class Counting:
        now = most = 0

        async def complete(self, _request: ChatRequest) -> Completion:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return Completion(text=GOOD)

        async def aclose(self) -> None:
            """Nothing is open."""

    completer = Counting()
    asker = make_asker(completer, concurrency=5)

    async def main() -> None:
        await asyncio.gather(asker.ask_all(questions(kit, 20)), asker.ask_all(questions(kit, 20)))

    asyncio.run(main())
    asyncio.run(main())
    assert completer.most == 5


def test_valid_replies_are_cached_under_the_first_question(kit: Any, tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "cache.sqlite3", pytest.fail)
    meter = UsageMeter(lambda _model: None)

    def answer(request: ChatRequest) -> str:
        return "never" if request.ballot == 2 else GOOD if len(request.messages) > 1 else "not yet"

    first, asked, _ = ask(kit, answer, cache=cache)
    assert len(asked) == 6
    second, asked, records = ask(kit, answer, cache=cache, meter=meter)
    assert first == second
    assert [request.ballot for request in asked] == [2, 2]
    assert meter.snapshot().cached == 2
    assert sorted(record.served_by for record in records) == ["cache", "cache", "live"]
    third, asked, _ = ask(kit, answer, cache=cache, base_url="https://elsewhere/v1")
    assert len(asked) == 6
    assert third == first


def test_a_cached_reply_that_no_longer_fits_is_asked_for_anew(kit: Any, tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "cache.sqlite3", pytest.fail)
    ask(kit, lambda _request: GOOD, count=1, cache=cache)

    def stricter(value: Any) -> Edges:
        if value == json.loads(GOOD):
            raise ReplyError("not any more")
        return Edges.model_validate(value)

    again = [Question(kit.request(), kit.voter(), stricter)]
    outcomes, asked, _ = ask(kit, lambda _request: '{"edges": []}', questions=again, cache=cache)
    assert outcomes[0].edges == []
    assert len(asked) == 1


def test_the_spending_limit_stops_before_anything_is_sent(kit: Any) -> None:
    completer = kit.answers(lambda _request: GOOD)
    meter = UsageMeter(lambda _model: Price(input=1e6, output=1e6), max_cost_usd=0.01)
    with pytest.raises(BudgetError):
        asyncio.run(make_asker(completer, meter=meter).ask_all(questions(kit)))
    assert completer.asked == []


class Paid:
    """Answer after a few turns of the loop, later ballots sooner; ballot 2 only after a repair turn."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    async def complete(self, request: ChatRequest) -> Completion:
        self.asked.append((request.ballot, len(request.messages)))
        for _ in range(10 - request.ballot % 5):
            await asyncio.sleep(0)
        text = "?" if request.ballot == 2 and len(request.messages) == 1 else GOOD
        return Completion(text=text, usage=TokenUsage(prompt_tokens=1, completion_tokens=49), attempts=1)

    async def aclose(self) -> None:
        """Nothing is open."""


PAID = {"max_tokens": 100}
DOLLAR = Price(input=1000.0, output=1000.0)


@pytest.mark.parametrize("limit", [0.2, 0.5, 0.77, 1.0, 1.5])
def test_what_a_limit_buys_does_not_hang_on_concurrency(kit: Any, limit: float) -> None:
    def bought(concurrency: int) -> Any:
        completer, records, done = Paid(), [], []
        meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=limit)
        asker = make_asker(completer, meter=meter, log=records.append, concurrency=concurrency)
        with pytest.raises(BudgetError) as caught:
            asyncio.run(asyncio.wait_for(asker.ask_all(questions(kit, 60, parameters=PAID), done.append), 10))
        spent = meter.snapshot()
        assert 0 < (spent.cost_usd or 0) <= limit
        assert {record.outcome for record in records} == {"valid"}
        assert len(done) == len(records)
        return sorted(completer.asked), sorted(record.line() for record in records), spent, caught.value.reason

    alone = bought(1)
    assert bought(8) == alone
    assert bought(60) == alone


def test_a_limit_that_holds_all_stops_nobody(kit: Any) -> None:
    meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=3.0)
    asker = make_asker(Paid(), meter=meter, concurrency=50)
    outcomes = asyncio.run(asyncio.wait_for(asker.ask_all(questions(kit, 40, parameters=PAID)), 10))
    assert [one.edges for one in outcomes] == [["a"]] * 40
    assert meter.snapshot().cost_usd == 2.05


def test_at_the_limit_what_is_in_flight_is_brought_to_its_end_and_kept(kit: Any, tmp_path: Path) -> None:
    class Denies(Paid):
        async def complete(self, request: ChatRequest) -> Completion:
            if request.ballot == 4:
                raise BudgetError("limit")
            return await super().complete(request)

    completer, records = Denies(), []
    cache = AnswerCache(tmp_path / "cache.sqlite3", pytest.fail)
    asker = make_asker(completer, log=records.append, cache=cache, concurrency=5)
    with pytest.raises(BudgetError, match="limit"):
        asyncio.run(asker.ask_all(questions(kit, 20)))
    assert sorted(completer.asked) == [(0, 1), (1, 1), (2, 1), (2, 3), (3, 1)]
    assert {record.voter.ballot for record in records if record.outcome == "valid"} == {0, 1, 2, 3}
    _, asked, _ = ask(kit, lambda _request: GOOD, count=4, cache=cache)
    assert asked == []


def test_a_paid_reply_whose_repair_would_pass_the_limit_is_on_record(kit: Any) -> None:
    meter, records = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.2), []
    reply = Completion(text="?", usage=TokenUsage(prompt_tokens=50, completion_tokens=50), attempts=1)
    asker = make_asker(kit.answers(lambda _request: reply), meter=meter, log=records.append)
    with pytest.raises(BudgetError):
        asyncio.run(asker.ask_all(questions(kit, 1, parameters=PAID)))
    (record,) = records
    assert (record.outcome, record.rejected, record.attempts) == ("cancelled", "?", 1)
    assert "spending limit" in record.error
    assert record.usage == reply.usage


def test_what_a_fatal_error_cuts_short_is_counted_and_on_record(kit: Any, tmp_path: Path) -> None:
    meter, records = UsageMeter(lambda _model: None), []

    class Fails:
        async def complete(self, request: ChatRequest) -> Completion:
            if request.ballot == 0:
                return Completion(text=GOOD, attempts=1)
            await asyncio.sleep(0 if request.ballot == 2 else 3600)
            raise ProviderError("quota", fatal=True, attempts=2)

        async def aclose(self) -> None:
            """Nothing is open."""

    with pytest.raises(ProviderError, match="quota"):
        asyncio.run(make_asker(Fails(), meter=meter, log=records.append, concurrency=4).ask_all(questions(kit, 20)))
    told = sorted((record.voter.ballot, record.outcome, record.attempts, record.error) for record in records)
    stopped = ("cancelled", 1, "the run stopped")
    assert told[:3] == [(0, "valid", 1, ""), (1, *stopped), (2, "cancelled", 2, "quota")]
    assert {one[1:] for one in told[3:]} == {stopped}
    assert meter.snapshot().requests == sum(one[2] for one in told)
    calls = tmp_path / "calls.jsonl"
    calls.write_text("".join(record.line() + "\n" for record in records), encoding="utf-8")
    earlier = ReplayCompleter.from_calls(calls)
    assert [earlier.holds(one.request) for one in questions(kit, 4)] == [True, False, False, False]


def test_nothing_is_sent_for_who_waits_for_money_when_all_must_stop(kit: Any) -> None:
    meter, records = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.2), []

    def answer(_request: ChatRequest) -> str:
        raise AuthenticationError("key")

    completer = kit.answers(answer)
    asker = make_asker(completer, meter=meter, log=records.append)
    with pytest.raises(AuthenticationError):
        asyncio.run(asker.ask_all(questions(kit, 8, parameters=PAID)))
    assert [request.ballot for request in completer.asked] == [0]
    assert [(record.outcome, record.error) for record in records] == [("cancelled", "key")]


def test_usage_of_a_question_is_the_sum_of_its_replies(kit: Any) -> None:
    def answer(request: ChatRequest) -> Completion:
        text = GOOD if len(request.messages) > 1 else "?"
        return Completion(text=text, usage=TokenUsage(prompt_tokens=10, completion_tokens=2), attempts=1)

    _, _, records = ask(kit, answer, count=1)
    assert records[0].usage == TokenUsage(prompt_tokens=20, completion_tokens=4)
    line = records[0].line()
    assert "\n" not in line
    assert CallRecord.model_validate_json(line) == records[0]


def test_the_key_is_in_nothing_that_is_kept(kit: Any, tmp_path: Path) -> None:
    replies = [kit.chat(json.dumps({"edges": [kit.key]})), kit.error(500, f"oops {kit.key}")]
    records: list[CallRecord] = []

    async def main() -> Any:
        async with kit.loopback(lambda seen: replies[seen.body["messages"][0]["content"] == "fail"]) as server:
            completer = kit.completer(server.base_url)
            cache = AnswerCache(tmp_path / "cache.sqlite3", pytest.fail)
            asker = make_asker(completer, cache=cache, log=records.append)
            outcomes = await asker.ask_all([*questions(kit, 2), *questions(kit, 1, content="fail")])
            await completer.aclose()
            cache.close()
            return outcomes

    outcomes = asyncio.run(main())
    assert isinstance(outcomes[2], Abstention)
    kept = "".join(record.line() for record in records) + repr(outcomes)
    assert "[key]" in kept
    assert kit.key not in kept
    assert kit.key.encode() not in (tmp_path / "cache.sqlite3").read_bytes()
