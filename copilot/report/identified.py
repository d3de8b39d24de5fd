"""What a graph offers, as JSON and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copilot.domain.identification.values import Identification, Orientation, OrientedIdentification
from copilot.domain.text import shown

_NO_SET = "Adjustment: no set of observed variables closes every back door."
_NO_COMMON_SET = "Adjustment: no one set is valid whichever way the undirected edges point"
_MOST_ANSWERS, _MOST_WAYS = 6, 3


def identification_json(found: OrientedIdentification) -> dict[str, Any]:
    """Build the part of the JSON objects that says what the graph offers.

    Names of one treatment and one outcome stand as text, several as lists.
    """
    common = found.common
    payload = _answer(common)
    payload["orientations"] = {
        "complete": found.complete,
        "groups": [
            {"edges": [[str(edge) for edge in way] for way in group.edges], **_answer(group.identification)}
            for group in found.groups
        ]
        if len(found.groups) > 1 or any(group.edges for group in found.groups)
        else [],
    }
    return payload


def _answer(one: Identification) -> dict[str, Any]:
    return {
        "treatment": _one_or_many(one.treatment),
        "outcome": _one_or_many(one.outcome),
        "effect": one.effect.value,
        "identifiable": one.identifiable,
        "null_effect": one.null_effect,
        "strategies": [strategy.value for strategy in one.strategies],
        "backdoor": one.backdoor.model_dump(mode="json"),
        "frontdoor": [list(names) for names in one.frontdoor],
        "conditional_frontdoor": [each.model_dump(mode="json") for each in one.conditional_frontdoor],
        "instruments": [{"name": each.name, "given": list(each.given)} for each in one.instruments],
        "general": one.general.model_dump(mode="json"),
        "open_paths": [{"path": path.text, "reason": path.reason} for path in one.open_paths],
        "additions": [addition.model_dump(mode="json") for addition in one.additions],
    }


def identification_lines(found: OrientedIdentification) -> list[str]:
    """Say what a graph offers, a line each, for a person."""
    lines = _lines(found.common)
    if len(found.groups) > 1:
        if found.common.identifiable and not found.common.strategies and not found.common.null_effect:
            lines[0] = lines[0].removesuffix(".") + ", in a way that depends on where the undirected edges point."
        lines = [line.replace(_NO_SET, f"{_NO_COMMON_SET}: {_each_way(found)}.") for line in lines]
        details = [_lines(group.identification)[1:] for group in found.groups]
        if _NO_SET in _lines(found.common) and len(found.groups) <= _MOST_ANSWERS and all(len(x) == 1 for x in details):
            return lines  # each answer is said already
        ways = sum(len(group.edges) for group in found.groups)
        lines.append(
            f"Some edges have no direction: {ways} ways to direct them, {len(found.groups)} different answers"
            f"{'' if found.complete else ' among those looked at'}. What stands above holds in all of them."
        )
        for group, told in zip(found.groups, details, strict=True):
            lines.append(f"If {_directed(group)}:")
            lines += [f"  {line}" for line in told]
    return lines


def _each_way(found: OrientedIdentification) -> str:
    """Say in a clause for each answer what there is to be done: "if w -> t, adjust for {w}; if …"."""
    told = [f"if {_directed(group)}, {_offer(group.identification)}" for group in found.groups[:_MOST_ANSWERS]]
    left = len(found.groups) - len(told)
    return "; ".join(told) + (f"; and {left} more answers" if left else "")


def _directed(group: Orientation) -> str:
    ways = "; or ".join(", ".join(map(str, way)) for way in group.edges[:_MOST_WAYS])
    left = len(group.edges) - _MOST_WAYS
    return ways + (f" (and {left} more ways)" if left > 0 else "")


def _offer(one: Identification) -> str:
    """Say in a few words what there is to be done under one answer."""
    if one.null_effect:
        return "there is no effect"
    if one.backdoor.minimal:
        names = one.backdoor.minimal[0]
        return f"adjust for {_set(names)}" if names else "adjust for nothing"
    if one.frontdoor:
        return f"use the front door {_set(one.frontdoor[0])}"
    if one.conditional_frontdoor:
        door = one.conditional_frontdoor[0]
        return f"use the front door {_set(door.mediators)}, given {_set(door.given)}"
    if one.instruments:
        return f"use the instrument {shown(one.instruments[0].name)}"
    return "the effect has a general expression alone" if one.identifiable else "nothing identifies the effect"


def _lines(one: Identification) -> list[str]:
    question = f"{_names(one.effect.value, one.treatment)} on {', '.join(map(shown, one.outcome))}"
    if one.null_effect:
        return [
            f"{question}: zero by assumption.",
            "No directed path leads from treatment to outcome, so under this graph there is no effect.",
        ]
    able = "identifiable" if one.identifiable else "not identifiable from the graph alone"
    lines = [f"{question}: {able}."]
    sets = one.backdoor
    if sets.minimal:
        many = f"{len(sets.minimal)} minimal{'' if sets.complete else ', the listing was capped'}"
        lines.append(f"Adjustment sets ({many}): {_sets(sets.minimal)}")
        if sets.optimal is not None and sets.optimal not in sets.minimal:
            lines.append(f"Lowest variance: {_set(sets.optimal)}")
        elif sets.optimal is not None and len(sets.minimal) > 1:
            lines.append(f"Lowest variance among them: {_set(sets.optimal)}")
    else:
        lines.append(_NO_SET)
    if one.frontdoor:
        lines.append(f"Front door through: {_sets(one.frontdoor)}")
    if one.conditional_frontdoor:
        doors = [f"{_set(each.mediators)} given {_set(each.given)}" for each in one.conditional_frontdoor]
        lines.append(f"Front door within levels of covariates: {'; '.join(doors)}")
    if one.instruments:
        told = "; ".join(
            f"{shown(each.name)}{f' given {_set(each.given)}' if each.given else ''}" for each in one.instruments
        )
        lines.append(f"Instruments (need a linear or monotone effect besides): {told}")
    if one.general.expression and not sets.minimal:
        lines.append(f"General expression: {one.general.expression}")
    lines += [f"Open path: {path.text} ({path.reason})" for path in one.open_paths]
    lines += [f"Would help: {addition.message}" for addition in one.additions]
    return lines


def _one_or_many(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _names(effect: str, names: Sequence[str]) -> str:
    return f"The {effect} effect of {', '.join(map(shown, names))}"


def _set(names: Sequence[str]) -> str:
    return "{" + ", ".join(map(shown, names)) + "}" if names else "{} (nothing)"


def _sets(sets: Sequence[Sequence[str]], most: int = 6) -> str:
    told = "  ".join(map(_set, sets[:most]))
    return f"{told}  … and {len(sets) - most} more" if len(sets) > most else told
