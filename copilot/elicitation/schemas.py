"""Builders for reply schemas in the strict subset (all required, nothing additional), and the base of reply models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}


class ReplyLine(BaseModel):
    """Base of what is read from a reply; keys that were not asked for do no harm."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


def one_of(values: Sequence[str]) -> Schema:
    """Admit one of the given strings."""
    return {"type": "string", "enum": list(values)}


def listed(items: Schema) -> Schema:
    """Admit a list."""
    return {"type": "array", "items": items}


def record(**properties: Schema) -> Schema:
    """Admit an object with exactly these keys; a trailing underscore is cut off, for names such as ``from_``."""
    named = {key.rstrip("_"): value for key, value in properties.items()}
    return {"type": "object", "properties": named, "required": list(named), "additionalProperties": False}


def as_text(schema: Schema) -> str:
    """Write a schema into a prompt; long lists of ids appear once in the variables already and are cut short."""
    return json.dumps(_shortened(schema), ensure_ascii=False)


def _shortened(schema: Any) -> Any:
    if isinstance(schema, dict):
        values = schema.get("enum")
        if isinstance(values, list) and len(values) > 6:  # noqa: PLR2004 (first, second, …, last reads well)
            return {"type": "string", "one of": f"{values[0]}, {values[1]}, … {values[-1]}"}
        return {key: _shortened(value) for key, value in schema.items() if key != "additionalProperties"}
    if isinstance(schema, list):
        return [_shortened(value) for value in schema]
    return schema
