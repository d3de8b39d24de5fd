"""How long to wait before asking again, and one gate for all who must wait."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol

from pydantic import Field

from copilot.domain.value import Value

Sleep = Callable[[float], Awaitable[None]]


class Uniform(Protocol):
    """A source of uniform random numbers, such as `numpy.random.Generator`."""

    def random(self) -> float:
        """Draw from [0, 1)."""
        ...


class RetryPolicy(Value):
    """When a request that failed for a passing reason is made again.

    Parameters
    ----------
    retries
        Further requests after the first.
    first_wait_s, longest_backoff_s
        Exponential backoff in seconds: the first wait, doubled each time up to the second number.
    max_wait_s
        A server that asks for a longer wait (seconds) ends the run, resumable.
    spread_s
        Calls that were told to wait come back over this many seconds, not all at once.
    """

    retries: int = Field(default=3, ge=0)
    first_wait_s: float = Field(default=0.5, ge=0)
    longest_backoff_s: float = Field(default=8.0, ge=0)
    max_wait_s: float = Field(default=60.0, ge=0)
    spread_s: float = Field(default=1.0, ge=0)

    def backoff(self, failures: int, rng: Uniform) -> float:
        """Give the wait in seconds after that many failures (at least 1), drawn from its upper half."""
        longest: float = min(self.longest_backoff_s, self.first_wait_s * 2 ** (failures - 1))
        return longest * (0.5 + 0.5 * rng.random())


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read how long a server asks to wait.

    Parameters
    ----------
    headers
        Of the response; names in lower case or matched without case. ``retry-after-ms`` goes before ``retry-after``.
    now
        Seconds since the epoch, for dates.

    Returns
    -------
    float or None
        Seconds, at least 0; a date gone by is 0. ``None`` if the server does not say, or says nonsense.

    Examples
    --------
    >>> retry_after({"retry-after": "2"}, now=0.0), retry_after({"retry-after": "soon"}, now=0.0)
    (2.0, None)
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


class RateGate:
    """One gate before all requests: when one is told to wait, all new ones wait.

    Parameters
    ----------
    clock
        Monotonic, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._opens_at = -math.inf

    def hold(self, seconds: float) -> None:
        """Let nobody through for so long; a longer hold already in force stays."""
        self._opens_at = max(self._opens_at, self._clock() + seconds)

    async def wait(self, sleep: Sleep, spread: float) -> None:
        """Wait until the gate is open, and then `spread` seconds more; return at once if it is open."""
        waited_for = -math.inf
        while (opens_at := self._opens_at) > max(waited_for, self._clock()):
            await sleep(opens_at - self._clock() + spread)
            waited_for = opens_at
