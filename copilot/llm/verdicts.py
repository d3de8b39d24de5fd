"""From a fault to the error a person reads: what failed, why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from copilot.domain.text import one_line
from copilot.errors import AuthenticationError, ConfigurationError, CopilotError, ProviderError
from copilot.llm.endpoint import Endpoint
from copilot.llm.faults import Fault, Kind

_MANY_NAMES = 12


def error_of(endpoint: Endpoint, model: str, fault: Fault, attempts: int, *, answered_before: bool) -> CopilotError:
    """Say what a fault means for the run.

    Parameters
    ----------
    endpoint
        Whose name is given, and whose key is hidden.
    model
        As asked for; empty if it was not about one.
    fault
        What went wrong.
    attempts
        HTTP requests made so far for this call.
    answered_before
        Whether this endpoint has answered at all. One that never did is wrongly configured rather than unlucky, and
        every other request would fail as well.
    """
    says = endpoint.without_key(fault.says)
    said = f"{endpoint.host} says: {says}" if says else f"{endpoint.host} does not say why."
    if fault.kind is Kind.KEY:
        return AuthenticationError(
            f"{endpoint.host} does not accept the key in OPENAI_API_KEY (HTTP {fault.status})",
            reason=said,
            advice="Set OPENAI_API_KEY to a key of this endpoint that may use the model, or set OPENAI_BASE_URL.",
        )
    if fault.kind is Kind.MODEL:
        return unknown_model(endpoint, model, fault, ())
    if fault.kind is Kind.PATH:
        return ConfigurationError(
            f"nothing answers at {endpoint.base_url}/chat/completions (HTTP {fault.status})"
            if fault.status
            else f"nothing answers at {endpoint.base_url}/chat/completions",
            reason=said,
            advice="Is /v1 missing in the base URL? Set OPENAI_BASE_URL.",
        )
    return _provider_error(endpoint, fault, said, attempts, answered_before=answered_before)


def _provider_error(
    endpoint: Endpoint, fault: Fault, said: str, attempts: int, *, answered_before: bool
) -> ProviderError:
    where, tries = endpoint.host, "" if attempts <= 1 else f" after {attempts} requests"
    status = f" with HTTP {fault.status}" if fault.status else ""
    messages = {
        Kind.QUOTA: (f"the quota at {where} is used up", "Add credit at the provider."),
        Kind.TLS: (f"no secure connection to {where}", "Check the URL, the clock, and SSL_CERT_FILE behind a proxy."),
        Kind.UNREACHABLE: (f"{where} cannot be reached{tries}", "Check OPENAI_BASE_URL and the network."),
        Kind.NO_CHAT: (f"{endpoint.base_url} does not answer as a chat endpoint", "Is /v1 missing in the base URL?"),
        Kind.CONTEXT: ("the request is longer than the model can read", "Name fewer variables or a larger model."),
        Kind.DEADLINE: (f"{where} did not answer in time{tries}", "Raise --deadline, or try later."),
        Kind.REFUSED_REQUEST: (f"{where} refused the request{status}", "Change what it complains of."),
    }
    message, advice = messages.get(fault.kind, (f"{where} failed{tries}{status}", "Try later."))
    always_fatal = fault.kind in (Kind.QUOTA, Kind.TLS, Kind.REFUSED_REQUEST)
    fatal = always_fatal or (fault.kind in (Kind.UNREACHABLE, Kind.NO_CHAT) and not answered_before)
    reason = f"It answered: {said.partition(': ')[2]}." if fault.kind is Kind.NO_CHAT else said
    return ProviderError(message, reason=reason, advice=advice, fatal=fatal, attempts=attempts)


def unknown_model(endpoint: Endpoint, model: str, fault: Fault, near: Sequence[str]) -> ConfigurationError:
    """Say that the endpoint has no such model, and which it has."""
    names = ", ".join(one_line(name, 60) for name in near)
    return ConfigurationError(
        f"{endpoint.base_url} has no model named {one_line(model, 80)!r}",
        reason=f"{endpoint.host} says: {endpoint.without_key(fault.says)}",
        advice=f"It has: {names}." if names else "Set COPILOT_MODEL or --model to one of its models.",
    )


def near_names(model: str, names: Sequence[str]) -> tuple[str, ...]:
    """Choose the names most like the model's; a few of all if none is."""
    return tuple(get_close_matches(model, names, n=5, cutoff=0.5)) or tuple(names[:_MANY_NAMES])


def asks_too_long(endpoint: Endpoint, seconds: float, longest: float, attempts: int) -> ProviderError:
    """Say that the endpoint wants a longer wait than we are ready for."""
    return ProviderError(
        f"{endpoint.host} asks to wait {seconds:,.0f} s before the next request",
        reason=f"At most {longest:,.0f} s are waited.",
        advice="Try again later.",
        fatal=True,
        attempts=attempts,
    )
