"""What was asked and what it cost, and the spending limit that is held before anything is sent."""

from __future__ import annotations

import asyncio
import bisect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from copilot.domain.value import Value, canonical_json
from copilot.errors import BudgetError, ConfigurationError
from copilot.llm.completer import ChatRequest, Completion
from copilot.llm.prices import Price

PriceLookUp = Callable[[str], Price | None]

_CHARACTERS_PER_TOKEN = (5.0, 4.0, 2.5)
"""Many, usual and few: English prose takes fewer tokens than JSON full of short ids."""
_TOKENS_OUT = (150, 1000, 4000)
"""Of a small, a usual and a large reply; reasoning that a provider bills as output may pass even the last."""
_LOW, _USUAL, _HIGH = range(3)


class Usage(Value):
    """What a run has used.

    Parameters
    ----------
    requests
        HTTP requests, those made again and those cut short included.
    prompt_tokens, completion_tokens
        Of live answers, as the provider counts them; where it does not, they are missing from the sum.
    cost_usd
        ``None`` if a price or a count of tokens is unknown; 0 if nothing was sent.
    retries
        Requests made again after a passing fault or with another form of reply.
    cached, replayed
        Answers that cost nothing.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    retries: int = 0
    cached: int = 0
    replayed: int = 0


class Estimate(Value):
    """What requests would use; ranges are (low, high), and a cost of ``None`` is unknown, not nothing."""

    calls: int
    prompt_tokens: tuple[int, int]
    completion_tokens: tuple[int, int]
    cost_usd: tuple[float, float] | None


@dataclass(slots=True, eq=False)
class Reservation:
    """Money set aside for one live request until its cost is known."""

    usd: float
    price: Price | None
    open: bool = True


@dataclass(slots=True, eq=False)
class _Waiting:
    """One request that waits for money; the lowest place is first."""

    place: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class UsageMeter:
    """Count usage and hold the spending limit; shared by all tasks of a run.

    Parameters
    ----------
    price
        Gives the price of a model, or ``None`` if it is not known.
    max_cost_usd
        The limit, or ``None``.
    """

    def __init__(self, price: PriceLookUp, max_cost_usd: float | None = None) -> None:
        self._price = price
        self._limit = max_cost_usd
        self._counts = dict.fromkeys(
            ("requests", "prompt_tokens", "completion_tokens", "retries", "cached", "replayed"), 0
        )
        self._costs: list[float] = []
        self._in_flight: list[Reservation] = []
        self._queue: list[_Waiting] = []
        self._cost_known = True

    async def reserve(self, request: ChatRequest, place: int = 0) -> Reservation:
        """Set aside what a live request may cost; wait if what is in flight has to be settled first.

        What is in flight is an estimate, most often too high: that it would pass the limit does not say that the money
        is gone. Requests pass one after the other in the order of their places, a small one never before a large one,
        so what is asked within a limit does not hang on how many may be in flight.

        Parameters
        ----------
        request
            To be sent.
        place
            Lower ones go first; of equal ones, who came first.

        Raises
        ------
        BudgetError
            If that, with what is spent and nothing in flight, would pass the limit.
        ConfigurationError
            If there is a limit and the price is not known.
        """
        price = self._price(request.model)
        if self._limit is None:
            return Reservation(0.0, price)
        if price is None:
            raise _unknown_price(request.model)
        usd = price.cost(_tokens_in(request, _USUAL), _tokens_out(request, _USUAL))
        mine = _Waiting(place)
        bisect.insort(self._queue, mine, key=lambda one: one.place)
        try:
            while self._queue[0] is not mine or not self._fits(usd, self._limit):
                if self._queue[0] is mine and not self._in_flight:
                    raise self._used_up(usd, self._limit)
                mine.woken.clear()
                await mine.woken.wait()
            reservation = Reservation(usd, price)
            self._in_flight.append(reservation)
            return reservation
        finally:
            self._queue.remove(mine)
            self._wake_first()

    def _fits(self, usd: float, limit: float) -> bool:
        # The exact sum does not depend on the order in which answers came in.
        return math.fsum((*self._costs, *(one.usd for one in self._in_flight), usd)) <= limit

    def _wake_first(self) -> None:
        if self._queue:
            self._queue[0].woken.set()

    def _used_up(self, usd: float, limit: float) -> BudgetError:
        return BudgetError(
            f"the next request may pass the spending limit of ${limit:g}",
            reason=f"${math.fsum(self._costs):.4f} is spent, and it may cost ${usd:.4f}.",
            advice="Raise --max-cost, or ask for fewer --votes.",
        )

    def settle(self, reservation: Reservation, answer: Completion) -> None:
        """Book a live answer in place of what was set aside for it."""
        tokens_in, tokens_out = answer.usage.prompt_tokens, answer.usage.completion_tokens
        self._counts["prompt_tokens"] += tokens_in or 0
        self._counts["completion_tokens"] += tokens_out or 0
        if reservation.price is None or tokens_in is None or tokens_out is None:
            self._cost_known = False
            self._costs.append(reservation.usd)
        else:
            self._costs.append(reservation.price.cost(tokens_in, tokens_out))
        self.release(reservation, answer.attempts)

    def release(self, reservation: Reservation, attempts: int = 0) -> None:
        """Free what was set aside for a request that brought no answer, and count its HTTP requests."""
        if reservation.open:
            reservation.open = False
            if reservation in self._in_flight:
                self._in_flight.remove(reservation)
            self._counts["requests"] += attempts
            self._counts["retries"] += max(0, attempts - 1)
            self._wake_first()

    def count_cached(self) -> None:
        """Count an answer from the cache."""
        self._counts["cached"] += 1

    def count_replayed(self) -> None:
        """Count an answer from a recording."""
        self._counts["replayed"] += 1

    def snapshot(self) -> Usage:
        """Sum up so far."""
        return Usage(**self._counts, cost_usd=round(math.fsum(self._costs), 6) if self._cost_known else None)

    def estimate(self, requests: Iterable[ChatRequest]) -> Estimate:
        """Estimate requests that are not sent."""
        listed = list(requests)
        prices = {model: self._price(model) for model in {request.model for request in listed}}
        sums = {
            level: (sum(_tokens_in(one, level) for one in listed), sum(_tokens_out(one, level) for one in listed))
            for level in (_LOW, _HIGH)
        }
        return Estimate(
            calls=len(listed),
            prompt_tokens=(sums[_LOW][0], sums[_HIGH][0]),
            completion_tokens=(sums[_LOW][1], sums[_HIGH][1]),
            cost_usd=_cost_range(listed, {model: price for model, price in prices.items() if price is not None}),
        )


def _cost_range(requests: list[ChatRequest], prices: dict[str, Price]) -> tuple[float, float] | None:
    if any(request.model not in prices for request in requests):
        return None
    low, high = (
        sum(prices[one.model].cost(_tokens_in(one, level), _tokens_out(one, level)) for one in requests)
        for level in (_LOW, _HIGH)
    )
    return round(low, 6), round(high, 6)


def _tokens_in(request: ChatRequest, level: int) -> int:
    characters = sum(len(message.content) for message in request.messages) + len(canonical_json(request.reply_schema))
    return int(characters / _CHARACTERS_PER_TOKEN[level]) + 1


def _tokens_out(request: ChatRequest, level: int) -> int:
    limits = [request.parameters.get(name) for name in ("max_tokens", "max_completion_tokens")]
    known = [int(limit) for limit in limits if isinstance(limit, int | float)]
    return min([_TOKENS_OUT[level], *known])


def _unknown_price(model: str) -> ConfigurationError:
    return ConfigurationError(
        f"a spending limit is set, but the price of {model!r} is not known",
        reason="Only list prices at the providers' own hosts are known.",
        advice=f'Set it in copilot.toml: [prices."{model}"] with input = … and output = … in US dollars per million '
        "tokens; or leave --max-cost out.",
    )
