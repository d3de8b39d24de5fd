"""What went wrong with one HTTP request, told apart by what is to be done about it."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_QUOTA = re.compile(r"insufficient_quota|insufficient.balance|credit balance|billing_hard_limit", re.IGNORECASE)
_CONTEXT = re.compile(
    r"context_length_exceeded|context (?:length|window|size)|maximum context"
    r"|prompt is too long|too many (?:\w+ )?tokens",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"model_not_found|models?\b.{0,160}?(?:not exist|not found)|(?:unknown|invalid) model", re.IGNORECASE
)
_KEY = re.compile(r"api.key (?:is )?(?:not valid|invalid)|invalid.{0,8}api.key", re.IGNORECASE)
_FILTER = re.compile(r"content_filter|content_policy_violation|content management policy", re.IGNORECASE)
_LONGEST_BODY_SHOWN = 2000


class Kind(StrEnum):
    """What is to be done about a fault."""

    TRANSIENT = "transient"
    """Ask again, a bounded number of times."""
    THROTTLED = "throttled"
    """The same, and let everyone wait."""
    QUOTA = "quota"
    KEY = "key"
    MODEL = "model"
    PATH = "path"
    """Nothing is served at this address."""
    CONTEXT = "context"
    FILTERED = "filtered"
    """The provider would not have the prompt answered: an abstention."""
    REFUSED_REQUEST = "refused_request"
    """A parameter or the form of the reply may be at fault."""
    NO_CHAT = "no_chat"
    """Something answers, and it is no chat endpoint."""
    TLS = "tls"
    UNREACHABLE = "unreachable"
    DEADLINE = "deadline"
    BROKEN = "broken"
    """An answer without a reply in it."""


_RULES: tuple[tuple[Kind, Container[int], re.Pattern[str] | None], ...] = (
    (Kind.QUOTA, (402,), None),
    (Kind.QUOTA, (400, 403, 429), _QUOTA),
    (Kind.KEY, (401, 403), None),
    (Kind.KEY, (400,), _KEY),
    (Kind.THROTTLED, (429,), None),
    (Kind.TRANSIENT, (408, 409, 425, *range(500, 600)), None),
    (Kind.CONTEXT, (400, 413, 422), _CONTEXT),
    (Kind.FILTERED, (400, 422), _FILTER),
    (Kind.MODEL, (400, 404), _MODEL),
    (Kind.PATH, (*range(300, 400), 404, 405), None),
)
"""The first that fits by status and message decides."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed request.

    Parameters
    ----------
    kind
        What is to be done.
    status
        HTTP status; 0 if there was none.
    says
        The server's message and code, as received: clean it and hide the key before it is shown.
    parameter
        The parameter the server names.
    headers
        Of the response, for the wait it asks for.
    """

    kind: Kind
    status: int = 0
    says: str = ""
    parameter: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def fault_of_status(status: int, body: str, headers: Mapping[str, str]) -> Fault:
    """Tell apart responses that are not a success."""
    says, parameter = error_text(body)
    return Fault(_kind_of_status(status, says), status, says, parameter, headers)


def _kind_of_status(status: int, says: str) -> Kind:
    for kind, statuses, pattern in _RULES:
        if status in statuses and (pattern is None or pattern.search(says)):
            return kind
    return Kind.REFUSED_REQUEST


def error_text(body: str) -> tuple[str, str]:
    """Find the message, code and parameter in an error body of any of the shapes that providers send.

    Returns
    -------
    tuple of str
        Message with code and type behind it, and the parameter; empty where there is none.

    Examples
    --------
    >>> error_text('[{"error": {"message": "no", "code": 400}}]')
    ('no (400)', '')
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ("" if body.lstrip().startswith("<") else body[:_LONGEST_BODY_SHOWN]), ""
    return _error_fields(data)


def _error_fields(data: Any) -> tuple[str, str]:
    if isinstance(data, list):
        data = data[0] if data else {}
    if isinstance(data, dict) and data.get("error"):
        data = data["error"]
    if not isinstance(data, dict):
        return str(data)[:_LONGEST_BODY_SHOWN], ""
    message = next((data[key] for key in ("message", "detail", "msg", "error") if data.get(key)), "")
    if not isinstance(message, str):
        message = json.dumps(message)
    marks = dict.fromkeys(str(data[key]) for key in ("code", "type") if isinstance(data.get(key), str | int))
    parameter = data.get("param")
    text = f"{message[:_LONGEST_BODY_SHOWN]} ({', '.join(marks)})" if marks else message[:_LONGEST_BODY_SHOWN]
    return text.strip(), parameter if isinstance(parameter, str) else ""


def fault_of_connection(error: BaseException) -> Fault:
    """Tell apart failures below HTTP by the errors that caused them."""
    chain = _causes(error)
    names = {type(cause).__name__ for cause in chain}
    if "ConnectTimeout" in names:
        return Fault(Kind.UNREACHABLE, says="it does not take up the connection in time")
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        told = next(cause for cause in chain if isinstance(cause, ssl.SSLError))
        return Fault(Kind.TLS, says=getattr(told, "verify_message", "") or told.reason or str(told))
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        return Fault(Kind.UNREACHABLE, says="its name cannot be resolved; check the URL and your connection")
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return Fault(Kind.UNREACHABLE, says="it refuses the connection; is the server running?")
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol"}:
        told_by = next((str(cause) for cause in reversed(chain) if str(cause)), "no connection")
        proxy = "the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY) does not connect: " if "ProxyError" in names else ""
        return Fault(Kind.UNREACHABLE, says=f"{proxy}{told_by}")
    return Fault(Kind.TRANSIENT, says="the connection broke before the answer was whole")


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None or one in chain:
            continue
        chain.append(one)
        pending += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            pending += one.exceptions
    return chain
