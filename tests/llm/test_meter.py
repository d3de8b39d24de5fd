from __future__ import annotations

import asyncio
from typing import Any

import pytest

from copilot.errors import BudgetError, ConfigurationError
from copilot.llm.completer import ChatRequest, Completion, TokenUsage
from copilot.llm.meter import Reservation, UsageMeter
from copilot.llm.prices import Price, price_of

OPENAI = "https://api.openai.com/v1"
DOLLAR = Price(input=1000.0, output=1000.0)


def answered(tokens_in: int | None = 100, tokens_out: int | None = 50, attempts: int = 1) -> Completion:
    usage = TokenUsage(prompt_tokens=tokens_in, completion_tokens=tokens_out)
    return Completion(text="{}", usage=usage, attempts=attempts)


def reserve(meter: UsageMeter, request: ChatRequest) -> Reservation:
    return asyncio.run(meter.reserve(request))


async def settled_down() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_snapshots_keep_their_own_price_and_dearer_sisters_have_none() -> None:
    price = price_of(OPENAI, "gpt-4.1-mini-2025-04-14")
    assert price == price_of(OPENAI, "gpt-4.1-mini")
    assert price is not None
    assert (price.input, price.output) == (0.4, 1.6)
    assert len(price.as_of) == 10
    assert price.source.startswith("https://")
    assert price_of(OPENAI, "gpt-5-pro") is None
    assert price_of(OPENAI, "gpt-4o-audio-preview") is None


@pytest.mark.parametrize("base_url", ["http://localhost:11434/v1", "https://openrouter.ai/api/v1", "nonsense"])
def test_other_hosts_have_unknown_prices(base_url: str) -> None:
    assert price_of(base_url, "gpt-4.1") is None


def test_live_answers_are_counted_with_their_cost(kit: Any) -> None:
    meter = UsageMeter(lambda _model: Price(input=2.0, output=8.0))
    assert meter.snapshot().cost_usd == 0.0
    meter.settle(reserve(meter, kit.request()), answered(1_000_000, 500_000, attempts=3))
    meter.count_cached()
    meter.count_replayed()
    usage = meter.snapshot()
    assert (usage.requests, usage.retries, usage.cached, usage.replayed) == (3, 2, 1, 1)
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost_usd) == (1_000_000, 500_000, 6.0)


def test_an_unknown_price_or_count_makes_the_cost_unknown(kit: Any) -> None:
    meter = UsageMeter(lambda _model: None)
    meter.settle(reserve(meter, kit.request()), answered())
    assert meter.snapshot().cost_usd is None
    meter = UsageMeter(lambda _model: DOLLAR)
    meter.settle(reserve(meter, kit.request()), answered(None))
    assert meter.snapshot().cost_usd is None


def test_lost_requests_are_counted_once(kit: Any) -> None:
    meter = UsageMeter(lambda _model: DOLLAR)
    reservation = reserve(meter, kit.request())
    meter.release(reservation, attempts=4)
    meter.release(reservation, attempts=4)
    assert (meter.snapshot().requests, meter.snapshot().retries) == (4, 3)


def limited(kit: Any, tokens: int = 100, ballot: int = 0) -> ChatRequest:
    return kit.request(ballot, parameters={"max_tokens": tokens})


def test_what_may_pass_the_limit_waits_until_what_is_in_flight_is_settled(kit: Any) -> None:
    async def main() -> None:
        meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.5)
        first, second, third = [await meter.reserve(limited(kit)) for _ in range(3)]
        fourth = asyncio.ensure_future(meter.reserve(limited(kit)))
        await settled_down()
        assert not fourth.done()
        meter.settle(first, answered(10, 5))
        await settled_down()
        assert fourth.done()
        fifth = asyncio.ensure_future(meter.reserve(limited(kit)))
        meter.settle(second, answered(200, 100))
        await settled_down()
        assert not fifth.done()
        meter.release(third)
        await settled_down()
        assert not fifth.done()
        meter.release(await fourth)
        meter.settle(await fifth, answered(200, 100))
        with pytest.raises(BudgetError, match=r"limit of \$0.5") as caught:
            await meter.reserve(limited(kit))
        assert "--max-cost" in caught.value.advice
        assert "$0.6150 is spent" in caught.value.reason

    asyncio.run(asyncio.wait_for(main(), 5))


def test_a_request_that_can_never_fit_is_refused_once_nothing_is_in_flight(kit: Any) -> None:
    async def main() -> None:
        meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.5)
        small = await meter.reserve(limited(kit))
        large = asyncio.ensure_future(meter.reserve(limited(kit, 900)))
        await settled_down()
        assert not large.done()
        meter.settle(small, answered(1, 1))
        with pytest.raises(BudgetError, match="may pass"):
            await large
        meter.release(await meter.reserve(limited(kit)))

    asyncio.run(asyncio.wait_for(main(), 5))


def test_who_waits_passes_in_the_order_of_places_and_none_overtakes(kit: Any) -> None:
    passed: list[int] = []

    async def main() -> None:
        meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.2)

        async def go(place: int, tokens: int) -> None:
            reservation = await meter.reserve(limited(kit, tokens), place)
            passed.append(place)
            await asyncio.sleep(0)
            meter.settle(reservation, answered(1, 1))

        await asyncio.gather(*(go(place, tokens) for place, tokens in [(0, 100), (3, 1), (2, 100), (1, 100), (4, 1)]))

    asyncio.run(asyncio.wait_for(main(), 5))
    assert passed == [0, 3, 1, 2, 4]


def test_who_is_cancelled_while_waiting_holds_up_nobody(kit: Any) -> None:
    async def main() -> None:
        meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.2)
        held = await meter.reserve(limited(kit))
        waiting = [asyncio.ensure_future(meter.reserve(limited(kit), place)) for place in (1, 2, 3)]
        await settled_down()
        waiting[1].cancel()
        meter.release(held)
        waiting[0].cancel()
        last = await waiting[2]
        assert waiting[0].cancelled()
        assert waiting[1].cancelled()
        meter.release(last)
        meter.release(await meter.reserve(limited(kit)))

    asyncio.run(asyncio.wait_for(main(), 5))


def test_a_limit_without_a_price_is_a_configuration_error(kit: Any) -> None:
    meter = UsageMeter(lambda _model: None, max_cost_usd=1.0)
    with pytest.raises(ConfigurationError, match="price of 'm'") as caught:
        reserve(meter, kit.request())
    assert '[prices."m"]' in caught.value.advice


def test_estimates_are_ranges(kit: Any) -> None:
    requests = [kit.request(ballot, content="x" * 4000) for ballot in range(7)]
    estimate = UsageMeter(lambda _model: DOLLAR).estimate(requests)
    assert estimate.calls == 7
    low, high = estimate.prompt_tokens
    assert low <= 7 * 1100 <= high
    assert estimate.completion_tokens[0] < estimate.completion_tokens[1]
    assert estimate.cost_usd is not None
    assert 0 < estimate.cost_usd[0] < estimate.cost_usd[1]
    assert UsageMeter(lambda _model: None).estimate(requests).cost_usd is None
    short = [limited(kit, 20)]
    assert UsageMeter(lambda _model: None).estimate(short).completion_tokens == (20, 20)
