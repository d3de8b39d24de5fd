"""From the bytes of a successful response to a completion, with every shape checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from copilot.llm.completer import Completion, TokenUsage
from copilot.llm.faults import Fault, Kind, error_text, fault_of_status

_FIRST_ERROR_STATUS = 400
_LAST_STATUS = 599


def read_response(content: bytes, headers: Mapping[str, str]) -> Completion | Fault:
    """Read the body of a response with a status of success.

    Parameters
    ----------
    content
        The whole body.
    headers
        Of the response.

    Returns
    -------
    Completion or Fault
        A fault if this is no chat completion: a web page, an error under status 200, no choices, half a body.
    """
    kind = headers.get("content-type", "application/json").lower()
    if "json" not in kind:
        page = "a web page" if "html" in kind else _media_type(kind)
        return Fault(Kind.NO_CHAT, 200, f"it answers with {page} instead of JSON")
    if not content.strip():
        return Fault(Kind.NO_CHAT, 200, "it answers with nothing")
    try:
        data = json.loads(content)
    except ValueError:
        return Fault(Kind.TRANSIENT, 200, "its answer is not whole JSON", headers=headers)
    except RecursionError:
        data = None
    if not isinstance(data, dict):
        return Fault(Kind.NO_CHAT, 200, "its answer is no JSON object that can be read")
    return _hidden_error(data, content, headers) if data.get("error") else _completion(data, headers)


def _media_type(kind: str) -> str:
    return kind.partition(";")[0].strip()[:60] or "an unnamed content type"


def _hidden_error(data: dict[str, Any], content: bytes, headers: Mapping[str, str]) -> Fault:
    """Read an error that came with a status of success; some routers put the true status into its code."""
    error = data["error"]
    code = error.get("code") if isinstance(error, dict) else None
    body = content.decode(errors="replace")
    if isinstance(code, int) and _FIRST_ERROR_STATUS <= code <= _LAST_STATUS:
        return fault_of_status(code, body, headers)
    says, parameter = error_text(body)
    kind = Kind.QUOTA if "insufficient_quota" in says else Kind.BROKEN
    return Fault(kind, 200, says, parameter, headers)


def _completion(data: dict[str, Any], headers: Mapping[str, str]) -> Completion | Fault:
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        return Fault(Kind.BROKEN, 200, "its answer holds no choices")
    choice = choices[0]
    if isinstance(choice, dict) and choice.get("error"):
        return _hidden_error(choice, json.dumps(choice).encode(), headers)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return Fault(Kind.BROKEN, 200, "its answer holds no message")
    return Completion(
        text=_text(message.get("content")),
        finish_reason=_text(choice.get("finish_reason")) or None,
        refusal=_text(message.get("refusal")) or None,
        model=_text(data.get("model")),
        usage=_usage(data.get("usage")),
    )


def _text(value: Any) -> str:
    """Take a string, or the text parts of a list; half surrogate pairs become escapes, which no reader takes."""
    if isinstance(value, list):
        parts = [part.get("text") for part in value if isinstance(part, dict) and part.get("type", "text") == "text"]
        value = "".join(part for part in parts if isinstance(part, str))
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else ""


def _usage(value: Any) -> TokenUsage:
    counts = value if isinstance(value, dict) else {}
    return TokenUsage(
        prompt_tokens=_count(counts.get("prompt_tokens")), completion_tokens=_count(counts.get("completion_tokens"))
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
