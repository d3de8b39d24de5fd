from __future__ import annotations

from typing import Any

import pytest

from copilot.errors import BudgetError, ConfigurationError
from copilot.llm.completer import Completion, TokenUsage
from copilot.llm.meter import UsageMeter
from copilot.llm.prices import Price, price_of

OPENAI = "https://api.openai.com/v1"
DOLLAR = Price(input=1000.0, output=1000.0)


def answered(tokens_in: int | None = 100, tokens_out: int | None = 50, attempts: int = 1) -> Completion:
    usage = TokenUsage(prompt_tokens=tokens_in, completion_tokens=tokens_out)
    return Completion(text="{}", usage=usage, attempts=attempts)


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
    meter.settle(meter.reserve(kit.request()), answered(1_000_000, 500_000, attempts=3))
    meter.count_cached()
    meter.count_replayed()
    usage = meter.snapshot()
    assert (usage.requests, usage.retries, usage.cached, usage.replayed) == (3, 2, 1, 1)
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cost_usd) == (1_000_000, 500_000, 6.0)


def test_an_unknown_price_or_count_makes_the_cost_unknown(kit: Any) -> None:
    meter = UsageMeter(lambda _model: None)
    meter.settle(meter.reserve(kit.request()), answered())
    assert meter.snapshot().cost_usd is None
    meter = UsageMeter(lambda _model: DOLLAR)
    meter.settle(meter.reserve(kit.request()), answered(None))
    assert meter.snapshot().cost_usd is None


def test_lost_requests_are_counted_once(kit: Any) -> None:
    meter = UsageMeter(lambda _model: DOLLAR)
    reservation = meter.reserve(kit.request())
    meter.release(reservation, attempts=4)
    meter.release(reservation, attempts=4)
    assert (meter.snapshot().requests, meter.snapshot().retries) == (4, 3)


def test_the_limit_holds_for_what_is_spent_and_in_flight(kit: Any) -> None:
    request = kit.request(parameters={"max_tokens": 100})
    meter = UsageMeter(lambda _model: DOLLAR, max_cost_usd=0.5)
    first = meter.reserve(request)
    second = meter.reserve(request)
    meter.reserve(request)
    with pytest.raises(BudgetError, match=r"limit of \$0.5") as caught:
        meter.reserve(request)
    assert "--max-cost" in caught.value.advice
    meter.release(first)
    meter.reserve(request)
    meter.settle(second, answered(200, 100))
    with pytest.raises(BudgetError):
        meter.reserve(request)


def test_a_limit_without_a_price_is_a_configuration_error(kit: Any) -> None:
    meter = UsageMeter(lambda _model: None, max_cost_usd=1.0)
    with pytest.raises(ConfigurationError, match="price of 'm'") as caught:
        meter.reserve(kit.request())
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
    limited = [kit.request(parameters={"max_tokens": 20})]
    assert UsageMeter(lambda _model: None).estimate(limited).completion_tokens == (20, 20)
