"""List prices of models at their own providers; anything else is unknown, which is not free."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from urllib.parse import urlsplit

from pydantic import Field

from copilot.domain.value import Value

_MILLION = 1_000_000
_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


class Price(Value):
    """What a model costs.

    Parameters
    ----------
    input, output
        US dollars per million tokens.
    as_of
        Day on which the list price was read, ``YYYY-MM-DD``; empty for a price that the user set.
    source
        Where it was read.
    """

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    as_of: str = ""
    source: str = ""

    def cost(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Give the cost in US dollars.

        Examples
        --------
        >>> Price(input=2.0, output=8.0).cost(1_000_000, 500_000)
        6.0
        """
        return (self.input * prompt_tokens + self.output * completion_tokens) / _MILLION


def price_of(base_url: str, model: str) -> Price | None:
    """Look up the list price of a model or a dated snapshot of it.

    Parameters
    ----------
    base_url
        Only the provider's own host is known; a router or a local server sets its own prices.
    model
        As the endpoint names it.

    Returns
    -------
    Price or None
        ``None`` if it is not known.

    Examples
    --------
    >>> price_of("http://localhost:11434/v1", "gpt-4.1") is None
    True
    """
    return _list_prices().get((urlsplit(base_url).hostname or "", _SNAPSHOT.sub("", model)))


@cache
def _list_prices() -> dict[tuple[str, str], Price]:
    text = resources.files("copilot.llm").joinpath("prices.toml").read_text(encoding="utf-8")
    return {
        (provider["host"], model): Price(as_of=provider["as_of"], source=provider["source"], **numbers)
        for provider in tomllib.loads(text)["provider"]
        for model, numbers in provider["models"].items()
    }
