"""Where requests go and with which key; both are checked before anything is sent."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import ConfigDict, SecretStr, field_validator

from copilot.domain.text import clean, one_line
from copilot.domain.value import Value
from copilot.errors import AuthenticationError, ConfigurationError

OPENAI_BASE_URL = "https://api.openai.com/v1"
_CHAT_PATH = "/chat/completions"
_HOST = re.compile(r"[^\s/@\\?#\"'<>]+")
_SECRET_SHAPE = re.compile(r"\b(?:sk|gsk|xai)-[A-Za-z0-9_*-]{8,}")
_HIDDEN = "[key]"
_SHORTEST_HIDDEN_IN_MESSAGES = 4
_SHORTEST_HIDDEN_IN_REPLIES = 16


class Endpoint(Value):
    """An OpenAI-compatible endpoint.

    Parameters
    ----------
    base_url
        Everything before ``/chat/completions``; a trailing slash is dropped.
    api_key
        Sent as a bearer token. It is in no message, log, recording or cache.

    Raises
    ------
    AuthenticationError
        If the key is empty, or holds a line end, a blank or a non-ASCII character.
    ConfigurationError
        If the base URL is not a plain http or https address.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = OPENAI_BASE_URL
    api_key: SecretStr

    @field_validator("api_key", mode="before")
    @classmethod
    def _check_key(cls, value: Any) -> Any:
        key = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(key, str) or not key.strip():
            raise AuthenticationError(
                "OPENAI_API_KEY is empty",
                reason="The endpoint is asked with a key.",
                advice="Set it to your key; for a local server that wants none, set any word.",
            )
        if not all("!" <= character <= "~" for character in key):
            raise AuthenticationError(
                "OPENAI_API_KEY holds a character that no key has",
                reason="There is a line end, a blank or a non-ASCII character in it.",
                advice="Copy the key again, without what stands around it.",
            )
        return value

    @field_validator("base_url", mode="before")
    @classmethod
    def _check_base_url(cls, value: Any) -> str:
        return check_base_url(value if isinstance(value, str) else "")

    @property
    def host(self) -> str:
        """Host name, for people."""
        return one_line(urlsplit(self.base_url).hostname or "")

    def without_key(self, text: str) -> str:
        """Clean text from outside, put it on one line and hide the key, should the server have repeated it."""
        key, cleaned = self.api_key.get_secret_value(), clean(text)
        if len(key) >= _SHORTEST_HIDDEN_IN_MESSAGES:
            cleaned = cleaned.replace(key, _HIDDEN)
        return one_line(_SECRET_SHAPE.sub(_HIDDEN, cleaned), 300)

    def hide_key(self, reply: str) -> str:
        """Hide the key in a reply; a placeholder such as ``none`` is no secret and may be a word of the answer."""
        key = self.api_key.get_secret_value()
        return reply.replace(key, _HIDDEN) if len(key) >= _SHORTEST_HIDDEN_IN_REPLIES else reply


def check_base_url(text: str) -> str:
    """Check an address and drop its trailing slash.

    Raises
    ------
    ConfigurationError
        If it is not ``http://`` or ``https://``, a host, perhaps a port and a path.

    Examples
    --------
    >>> check_base_url("http://localhost:11434/v1/")
    'http://localhost:11434/v1'
    """
    stripped = text.strip()
    try:
        parts = urlsplit(stripped)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_url(stripped, "Its host or port cannot be read.") from None
    if "@" in parts.netloc:
        raise _bad_url(f"{parts.scheme}://…", "It holds a user name or password; keys go into OPENAI_API_KEY.")
    if parts.scheme not in ("http", "https"):
        raise _bad_url(stripped, "It begins neither with https:// nor with http://.")
    if not _HOST.fullmatch(host) or port == 0 or any(ch.isspace() or not ch.isprintable() for ch in stripped):
        raise _bad_url(stripped, "It names no host.")
    if parts.query or parts.fragment:
        raise _bad_url(stripped, "It has a part after ? or #.")
    if parts.path.rstrip("/").endswith(_CHAT_PATH):
        raise _bad_url(stripped, f"It should end before {_CHAT_PATH}.")
    return stripped.rstrip("/")


def _bad_url(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the base URL {one_line(text, 80)!r} is not an address that can be asked",
        reason=reason,
        advice=f"Set OPENAI_BASE_URL to something like {OPENAI_BASE_URL} or http://localhost:11434/v1.",
    )
