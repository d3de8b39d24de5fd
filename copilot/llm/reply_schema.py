"""The JSON schema of a reply in the strict subset that every provider of structured outputs understands."""

from __future__ import annotations

from typing import Any

import pydantic

_KEPT = frozenset({"type", "enum", "description"})
_KNOWN = _KEPT | {
    *("title", "default", "examples", "deprecated", "format", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems"),
    *("uniqueItems", "discriminator", "$defs", "properties", "required", "additionalProperties"),
    *("items", "prefixItems", "anyOf", "oneOf", "allOf", "$ref", "const"),
}


def reply_schema(model: type[pydantic.BaseModel]) -> dict[str, Any]:
    """Write a model's JSON schema in the strict subset.

    References are resolved in place, every property is required, no further ones are allowed, and keywords that
    strict servers refuse (titles, defaults, lengths, ranges) are left out; pydantic checks those on the reply.

    Parameters
    ----------
    model
        The model of the reply. It must not contain itself, and no open dictionaries.

    Returns
    -------
    dict
        The schema of an object.

    Raises
    ------
    TypeError
        If the subset cannot express the model: it contains itself, or has a dictionary with free keys.

    Examples
    --------
    >>> class Reply(pydantic.BaseModel):
    ...     causes: list[str] = []
    >>> reply_schema(Reply) == {
    ...     "type": "object",
    ...     "properties": {"causes": {"type": "array", "items": {"type": "string"}}},
    ...     "required": ["causes"],
    ...     "additionalProperties": False,
    ... }
    True
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _strict(schema, schema.get("$defs", {}), ())


def _strict(node: dict[str, Any], shared: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in inside:
            raise TypeError(f"{name} contains itself, which a strict schema cannot say")
        described = {key: value for key, value in node.items() if key == "description"}
        return {**_strict(shared[name], shared, (*inside, name)), **described}
    if unknown := sorted(set(node) - _KNOWN):
        raise TypeError(f"a strict schema cannot say {', '.join(unknown)}")
    strict = {key: value for key, value in node.items() if key in _KEPT}
    if "const" in node:
        strict["enum"] = [node["const"]]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in node:
            choices = [_strict(choice, shared, inside) for choice in node[word]]
            if word == "allOf" and len(choices) > 1:
                raise TypeError("a strict schema cannot say allOf")
            strict = {**strict, **choices[0]} if len(choices) == 1 else {**strict, "anyOf": choices}
    if strict.get("type") == "object":
        strict |= _strict_object(node, shared, inside)
    if strict.get("type") == "array":
        strict["items"] = _strict_items(node, shared, inside)
    return strict


def _strict_object(node: dict[str, Any], shared: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
    if "properties" not in node and node.get("additionalProperties", True) is not False:
        raise TypeError("a strict schema cannot say a dictionary with free keys")
    properties = {name: _strict(value, shared, inside) for name, value in node.get("properties", {}).items()}
    return {"properties": properties, "required": list(properties), "additionalProperties": False}


def _strict_items(node: dict[str, Any], shared: dict[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
    places = node.get("prefixItems") or [node.get("items", {})]
    kinds: list[dict[str, Any]] = []
    for place in places:
        kind = _strict(place, shared, inside)
        if kind not in kinds:
            kinds.append(kind)
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
