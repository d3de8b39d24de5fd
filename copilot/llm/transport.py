"""HTTP through the openai client, with its retries off; every outcome is a value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from copilot.errors import ConfigurationError
from copilot.llm.completer import ChatRequest, Completion
from copilot.llm.endpoint import Endpoint
from copilot.llm.faults import Fault, Kind, fault_of_connection, fault_of_status
from copilot.llm.wire import read_response

if TYPE_CHECKING:
    import httpx2
    import openai

_REDIRECTS = 3
_CONNECT_S = 15.0


class Transport:
    """One client per event loop; `asyncio.run` twice is not an error.

    Parameters
    ----------
    endpoint
        Address and key.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: openai.AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post_chat(self, request: ChatRequest, payload: dict[str, Any]) -> Completion | Fault:
        """Ask for one completion; the caller sets the deadline."""
        create = self._open().chat.completions.with_raw_response.create
        messages: Any = [message.model_dump() for message in request.messages]
        answer = await _outcome(create(model=request.model, messages=messages, extra_body=payload))
        return answer if isinstance(answer, Fault) else read_response(answer.content, answer.headers)

    async def get_models(self) -> bytes | Fault:
        """Ask for the list of models."""
        answer = await _outcome(self._open().models.with_raw_response.list())
        return answer if isinstance(answer, Fault) else answer.content

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.close()
        self._client = None

    def _open(self) -> openai.AsyncOpenAI:
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = _make_client(self._endpoint), loop
        return self._client


def _make_client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    import httpx2
    import openai

    try:
        http = openai.DefaultAsyncHttpxClient(
            # The deadline is the caller's: a read timeout starts anew with every byte.
            timeout=httpx2.Timeout(None, connect=_CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=50),
            max_redirects=_REDIRECTS,
            event_hooks={"response": [_stay_with_host]},
        )
    except (ImportError, ValueError, OSError, httpx2.InvalidURL) as error:
        raise ConfigurationError(
            "no connection can be set up with the proxy and certificate settings in the environment",
            reason=endpoint.without_key(str(error)),
            advice="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from error
    return openai.AsyncOpenAI(
        api_key=endpoint.api_key.get_secret_value(), base_url=endpoint.base_url, max_retries=0, http_client=http
    )


async def _stay_with_host(response: httpx2.Response) -> None:
    """Refuse redirects that would carry the prompt to a host the user was not told of, or change POST to GET."""
    if not response.has_redirect_location:
        return
    target = urlsplit(str(response.request.url.join(response.headers["location"])))
    if target.hostname == response.request.url.host and response.status_code in (307, 308):
        return
    raise ConfigurationError(
        f"the endpoint redirects to {target.scheme}://{target.hostname}{target.path}"[:300],
        reason="Requests go only to the host that was configured.",
        advice="Set OPENAI_BASE_URL to the address it redirects to, if that is the right one.",
    )


async def _outcome(call: Any) -> Any:
    """Await a raw response; give a fault for every way it can fail."""
    import httpx2
    import openai

    try:
        return await call
    except openai.APIStatusError as error:
        return fault_of_status(error.status_code, error.response.text, error.response.headers)
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, httpx2.TooManyRedirects):
            return Fault(Kind.PATH, says="it redirects in a circle")
        return fault_of_connection(error)
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        return fault_of_connection(error)


def model_ids(content: bytes) -> tuple[str, ...] | Fault:
    """Read a list of models, in the shape ``{"data": [{"id": …}]}`` or as a bare list."""
    try:
        data: Any = json.loads(content)
    except (ValueError, RecursionError):
        return Fault(Kind.NO_CHAT, 200, "its list of models is not JSON")
    entries = data.get("data") if isinstance(data, Mapping) else data
    if not isinstance(entries, list):
        return Fault(Kind.NO_CHAT, 200, "its list of models cannot be read")
    ids = (entry.get("id") for entry in entries if isinstance(entry, Mapping))
    return tuple(sorted({one for one in ids if isinstance(one, str)}))
