"""What may stand as the address and the key of an endpoint."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr

DEFAULT_BASE_URL = "https://api.openai.com/v1"
PLACEHOLDER_KEY = "no-key-needed"
"""Sent where the endpoint is on this machine or network and no key is set; local servers ignore it."""


def check_base_url(url: str) -> str:
    """Check the address of an endpoint; the slash at its end is dropped."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address such as https://api.openai.com/v1 is needed")
    if parts.username or parts.password:
        raise ValueError("user name and password do not belong in the address; set the key instead")
    if parts.query or parts.fragment or any(not ch.isprintable() or ch.isspace() for ch in url.strip()):
        raise ValueError("the address holds a query, a fragment, a blank or control characters")
    _ = parts.port  # raises ValueError if it is no number
    return url.strip().rstrip("/")


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
