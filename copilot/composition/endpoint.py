"""What may stand as the address and the key of an endpoint."""

from __future__ import annotations

from ipaddress import ip_address

from pydantic import SecretStr

from copilot.errors import ConfigurationError
from copilot.llm import endpoint

DEFAULT_BASE_URL = endpoint.OPENAI_BASE_URL
PLACEHOLDER_KEY = "no-key-needed"
"""Sent where the endpoint is on this machine or network and no key is set; local servers ignore it."""


def check_base_url(url: str) -> str:
    """Check the address of an endpoint by the backend's own rules; the slash at its end is dropped.

    Raises
    ------
    ValueError
        If it is none; the message says why.
    """
    try:
        return endpoint.check_base_url(url)
    except ConfigurationError as error:
        raise ValueError(error.reason) from None


def check_key(key: SecretStr) -> SecretStr:
    """Check that an API key can stand in an HTTP header; the key never stands in the error."""
    text = key.get_secret_value().strip()
    if not text:
        raise ValueError("the key is empty")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("the key holds a blank, a line end or characters outside ASCII")
    return SecretStr(text)


def is_near(host: str) -> bool:
    """Tell whether a host is this machine or one in a private network, by its name or address alone.

    Examples
    --------
    >>> is_near("localhost"), is_near("192.168.1.7"), is_near("ollama"), is_near("api.openai.com")
    (True, True, True, False)
    """
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
