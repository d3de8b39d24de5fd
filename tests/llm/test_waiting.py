from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import Any

import pytest

from copilot.errors import ProviderError
from copilot.llm.openai_backend import RateGate, RetryPolicy


def test_backoff_doubles(kit: Any) -> None:
    naps = kit.naps()
    kit.ask(kit.in_turn(kit.error(500)), naps=naps)
    assert naps.taken == [0.375, 0.75, 1.5]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After-Ms": "2500"}, 2.5),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, 0.375),
        ({"Retry-After": "soon"}, 0.375),
        ({"Retry-After": "nan"}, 0.375),
        ({"Retry-After": formatdate(0, usegmt=True)}, None),
    ],
)
def test_retry_after_is_honoured(kit: Any, headers: Any, waits: Any) -> None:
    naps = kit.naps()
    answer, _ = kit.ask(kit.in_turn(kit.error(429, headers=headers), kit.chat()), naps=naps)
    assert answer.attempts == 2
    spread = 0.5
    if waits is None:
        assert naps.taken == []
    else:
        assert naps.taken == [pytest.approx(waits + spread, abs=0.2)]


def test_retry_after_as_a_date(kit: Any) -> None:
    naps = kit.naps()
    date = formatdate(time.time() + 30, usegmt=True)
    kit.ask(kit.in_turn(kit.error(429, headers={"Retry-After": date}), kit.chat()), naps=naps)
    assert naps.taken == [pytest.approx(30.5, abs=2)]


def test_too_long_a_wait_ends_the_run(kit: Any) -> None:
    error, seen = kit.ask(kit.in_turn(kit.error(429, headers={"Retry-After": "3600"})))
    assert isinstance(error, ProviderError)
    assert error.fatal
    assert "3,600 s" in error.message
    assert error.advice == "Try again later."
    assert len(seen) == 1


def test_the_gate_holds_everyone_and_spreads_them(kit: Any) -> None:
    async def main() -> Any:
        now = [100.0]
        gate = RateGate(clock=lambda: now[0])
        naps = kit.naps()
        gate.hold(5)
        gate.hold(2)
        await gate.wait(naps, 0.25)
        now[0] = 106.0
        await gate.wait(naps, 0.25)
        return naps.taken

    assert asyncio.run(main()) == [5.25]


def test_one_throttled_call_makes_new_calls_wait(kit: Any) -> None:
    async def main() -> Any:
        async with kit.loopback(kit.in_turn(kit.error(429, headers={"Retry-After": "9"}), kit.chat())) as server:
            gate = RateGate()
            naps = kit.naps()
            one, two = (kit.completer(server.base_url, naps, gate=gate) for _ in range(2))
            await one.complete(kit.request())
            naps.taken.clear()
            await two.complete(kit.request(1))
            await one.aclose()
            await two.aclose()
            return naps.taken

    assert asyncio.run(main()) == [pytest.approx(9.5, abs=0.5)]


def test_policy_bounds_the_backoff() -> None:
    class One:
        def random(self) -> Any:
            return 1.0

    assert RetryPolicy().backoff(20, One()) == 8.0
