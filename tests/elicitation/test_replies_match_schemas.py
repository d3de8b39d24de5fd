"""What a schema asks for is what the reader reads: the keys of both are the same, level by level."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from copilot.domain.graph import CausalGraph
from copilot.domain.variables import Kind, Variable
from copilot.elicitation.challenge_task import ChallengeReply, challenge_sheets
from copilot.elicitation.critique_task import CritiqueReply, critique_sheets
from copilot.elicitation.graph_task import GraphReply, graph_sheets
from copilot.elicitation.pairs_task import PairsReply, pair_sheets
from copilot.elicitation.setting import Setting

NAMES = ("t", "w", "y")
SETTING = Setting(variables=tuple(Variable(name=n, kind=Kind.BINARY) for n in NAMES), models=("m",), seed=0)
GRAPH = CausalGraph.build(nodes=NAMES, directed=[("w", "t")])
UNREAD = {"plan"}
"""Room to think before the answer; nothing reads it."""


def key_of(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias or name)


def keys_read(model: type[BaseModel]) -> dict[str, Any]:
    found = {}
    for name, field in model.model_fields.items():
        inner = [one for one in getattr(field.annotation, "__args__", ()) if isinstance(one, type)]
        below = next((one for one in inner if issubclass(one, BaseModel)), None)
        found[key_of(name, field)] = None if below is None else keys_read(below)
    return found


def keys_asked(schema: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in schema["properties"].items():
        item = value.get("items", value)
        found[key] = keys_asked(item) if item.get("type") == "object" else None
    return found


@pytest.mark.parametrize(
    ("sheets", "model"),
    [
        (graph_sheets(SETTING, 1), GraphReply),
        (pair_sheets(SETTING, [("t", "y")], 1), PairsReply),
        (challenge_sheets(SETTING, GRAPH, 1), ChallengeReply),
        (critique_sheets(SETTING, GRAPH, 1), CritiqueReply),
    ],
    ids=["graph", "pairs", "challenge", "critique"],
)
def test_a_reply_is_asked_for_the_keys_that_are_read(sheets: Any, model: type[BaseModel]) -> None:
    asked = keys_asked(sheets[0].question.request.reply_schema)
    assert {key: below for key, below in asked.items() if key not in UNREAD} == keys_read(model)
    assert any(below for below in keys_read(model).values())
