"""What an endpoint has been seen to accept: structured replies by a ladder, parameters by its own complaints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from copilot.llm.completer import ChatRequest
from copilot.llm.faults import Fault

_SWAPS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_SAYS_STRUCTURED = re.compile(
    r"response_format|json_schema|json_object|structured.output|guided.(?:json|decoding)", re.IGNORECASE
)


class Rung(StrEnum):
    """How the form of the reply is asked for; the prompt asks for it in any case."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"


_LADDER = (Rung.JSON_SCHEMA, Rung.JSON_OBJECT, Rung.PROMPT)


@dataclass(slots=True)
class Capability:
    """What one model at one address accepts.

    Parameters
    ----------
    rung
        The highest rung that was not refused.
    renamed
        Parameters that go under another name.
    dropped
        Parameters that are not sent any more.
    """

    rung: Rung = Rung.JSON_SCHEMA
    renamed: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def payload(self, request: ChatRequest) -> dict[str, Any]:
        """Build the least that has to be sent, besides model and messages."""
        body: dict[str, Any] = {
            self.renamed.get(name, name): value
            for name, value in request.parameters.items()
            if name not in self.dropped
        }
        if self.rung is Rung.JSON_SCHEMA:
            shape = {"name": request.schema_name, "strict": True, "schema": request.reply_schema}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif self.rung is Rung.JSON_OBJECT:
            body["response_format"] = {"type": "json_object"}
        return body

    def learn(self, sent: dict[str, Any], fault: Fault) -> bool:
        """Adapt to a refused request.

        Calls in flight together are refused together; only the first of them moves the ladder, the others find that
        what they sent is out of date.

        Parameters
        ----------
        sent
            The payload that was refused.
        fault
            What the server said.

        Returns
        -------
        bool
            Whether another payload is worth sending.
        """
        if "response_format" in sent and (
            fault.parameter.startswith("response_format") or _SAYS_STRUCTURED.search(fault.says)
        ):
            if sent["response_format"]["type"] == self.rung.value:
                self.rung = _LADDER[_LADDER.index(self.rung) + 1]
            return True
        name = _named_parameter([key for key in sent if key != "response_format"], fault)
        if name is None:
            return False
        asked = next((own for own, other in self.renamed.items() if other == name), name)
        if asked in self.dropped or self.renamed.get(asked, asked) != name:
            return True
        other_name = _SWAPS.get(name)
        if asked == name and other_name is not None and other_name in fault.says:
            self.renamed[asked] = other_name
        else:
            self.dropped.add(asked)
        return True


def _named_parameter(sent: list[str], fault: Fault) -> str | None:
    """Find the parameter that the server complains about: the one it names as such, else the first in its message."""
    if fault.parameter in sent:
        return fault.parameter
    places = {name: re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", fault.says) for name in sent}
    named = {name: place.start() for name, place in places.items() if place}
    return min(named, key=lambda name: named[name]) if named else None


class CapabilityMemory:
    """What has been learnt of every (base URL, model), shared by all calls of a run."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Capability] = {}

    def of(self, base_url: str, model: str) -> Capability:
        """Look up what is known; at first, that everything is accepted."""
        return self._known.setdefault((base_url, model), Capability())

    @property
    def dropped(self) -> tuple[tuple[str, str], ...]:
        """Pairs (model, parameter) of what the user set and the endpoint refused, sorted."""
        return tuple(sorted((model, name) for (_, model), one in self._known.items() for name in one.dropped))
