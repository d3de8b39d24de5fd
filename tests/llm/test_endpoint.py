from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from copilot.errors import AuthenticationError, ConfigurationError
from copilot.llm.openai_backend import Endpoint


@pytest.mark.parametrize("key", ["", "  ", "sk-abc\n", "sk-käse", "sk a b", "sk-\udc80"])
def test_a_bad_key_is_an_error_before_any_request(key: Any) -> None:
    with pytest.raises(AuthenticationError) as caught:
        Endpoint(api_key=key)
    shown = f"{caught.value.message}{caught.value.reason}{caught.value.advice}"
    assert "OPENAI_API_KEY" in shown
    assert not key.strip() or key.strip() not in shown


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.openai.com/v1",
        "http://",
        "ftp://host/v1",
        "https://user:secret@host/v1",
        "https://host:99999/v1",
        "https://ho st/v1",
        "https://host/v1?key=1",
        "https://host/v1\x1b",
        "https://host/v1/chat/completions",
        "https://[::1/v1",
    ],
)
def test_a_bad_base_url_is_an_error_before_any_request(base_url: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Endpoint(base_url=base_url, api_key=SecretStr("k"))
    assert "secret" not in caught.value.message
    assert "\x1b" not in caught.value.message


def test_an_endpoint_hides_its_key(kit: Any) -> None:
    endpoint = Endpoint(base_url="https://host/v1/", api_key=SecretStr(kit.key))
    assert endpoint.base_url == "https://host/v1"
    assert kit.key not in f"{endpoint!r}{endpoint.model_dump_json()}"
