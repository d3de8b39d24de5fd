"""What DoWhy answered, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from copilot.domain.graph import reach
from copilot.domain.identification.values import Names, Strategy
from copilot.domain.numbers import number
from copilot.domain.reference import ReferenceAnswer
from copilot.domain.text import one_line, shown
from copilot.estimation.problem import Problem
from copilot.estimation.reference.question import Packed, ReferenceQuestion

TOLERANCE = 1e-8
"""Relative difference up to which two computations of one number agree."""
TITLES: Mapping[str, str] = {
    "linear_regression": "backdoor.linear_regression",
    "ipw": "backdoor.propensity_score_weighting",
    "two_stage_least_squares": "iv.instrumental_variable",
    "front_door": "frontdoor.two_stage_regression",
}
"""Our estimator → DoWhy's name for the same."""

Finding = tuple[str, bool | None]
"""What DoWhy finds, to follow "DoWhy" or "it", and whether that agrees."""


def no_answer(why: str) -> ReferenceAnswer:
    """Say why there is no answer; `why` begins with a small letter and has no full stop."""
    return ReferenceAnswer(ran=False, message=f"The estimate was not compared with DoWhy: {why}.")


def answer_of(
    question: ReferenceQuestion, packed: Packed, reply: dict[str, Any], ours: float | None
) -> ReferenceAnswer:
    """Compare what came with what we have.

    Parameters
    ----------
    question, packed
        What was asked.
    reply
        The worker's.
    ours
        Our estimate on the rows that were sent; ``None`` if DoWhy was not asked for one, NaN if we have none.
    """
    if "fault" in reply:
        return no_answer(f"it could not be loaded ({one_line(reply['fault'])})")
    found, agrees_on_graph = _identification(question, packed, reply["identification"])
    fields: dict[str, Any] = {
        "ran": True,
        "dowhy_version": reply["version"],
        "identification": f"DoWhy {found}.",
        "agrees_on_identification": agrees_on_graph,
    }
    computed, numbers = _estimate(question, packed, reply["estimate"], ours)
    link = "but" if numbers.get("agrees") is True and agrees_on_graph is False else "and"
    return ReferenceAnswer(**fields, **numbers, message=f"DoWhy {reply['version']} {computed}, {link} {found}.")


def _estimate(
    question: ReferenceQuestion, packed: Packed, reply: dict[str, Any] | None, ours: float | None
) -> tuple[str, dict[str, Any]]:
    """Say what DoWhy computes, to follow its name, with the fields of the answer."""
    if reply is None or ours is None:
        return f"{packed.no_estimate} ({question.estimator})", {}
    title, problem = TITLES[question.estimator], packed.problem
    fields: dict[str, Any] = {"estimator": title, "rows": problem.n, "ours": _rounded(ours)}
    if reply.get("clipped"):
        return (
            f"gives nothing to compare by {title}, for it would change {reply['clipped']:,} propensity scores",
            fields,
        )
    if "fault" in reply:
        return f"gives no estimate by {title} ({one_line(reply['fault'])})", fields
    value = float(reply["value"])
    if not math.isfinite(ours):
        return f"gives {number(value)} by {title} where we have no estimate", {**fields, "value": _rounded(value)}
    difference = abs(value - ours) / _scale(problem, ours)
    agrees = difference <= TOLERANCE
    fields |= {"value": _rounded(value), "difference": 0.0 if agrees else float(f"{difference:.0e}"), "agrees": agrees}
    return f"{_compared(problem.n, question.problem.n, value, ours, agrees=agrees)} by {title}", fields


def _compared(n: int, everyone: int, theirs: float, ours: float, *, agrees: bool) -> str:
    """Say how two estimates on the same `n` rows, of so many, compare; on a sample neither is the headline."""
    drawn = f"{n:,} rows drawn at random from {everyone:,}"
    if not agrees:
        rows = f"the same {n:,} rows" if n >= everyone else f"the same {drawn}"
        return f"gives {number(theirs, 8)} where we have {number(ours, 8)} on {rows}"
    if n < everyone:
        return f"agrees: on {drawn} both give {number(ours)}"
    return f"gives the same estimate, {number(ours)}, on the same {n:,} rows"


def _scale(problem: Problem, ours: float) -> float:
    """Size against which a difference counts: the estimate, or about its standard error if that is larger."""
    return max(abs(ours), float(np.std(problem.y)) / math.sqrt(problem.n), math.ulp(1.0))


def _rounded(value: float) -> float | None:
    """Ten significant digits: what rounding changes from machine to machine is not reported."""
    return float(f"{value:.10g}") if math.isfinite(value) else None


def _identification(question: ReferenceQuestion, packed: Packed, reply: dict[str, Any] | None) -> Finding:
    if reply is None:
        return f"was not asked to identify the effect, for {packed.no_identification}", None
    if "late" in reply:
        return "did not identify the effect within its 5 seconds", None
    if "fault" in reply:
        return f"failed to identify the effect ({one_line(reply['fault'])})", None
    if "no_path" in reply:
        return _no_path(question)
    if question.strategy is Strategy.BACKDOOR:
        return _backdoor(question, packed, reply)
    wanted, kind, key = {
        Strategy.IV: (question.instruments, "instrument", "instruments"),
        Strategy.FRONTDOOR: (question.mediators, "front-door variable", "mediators"),
    }[question.strategy]
    return _listed(wanted, [packed.names[code] for code in reply[key]], kind, question.adjustment)


def _no_path(question: ReferenceQuestion) -> Finding:
    agrees = question.outcome not in reach((question.treatment,), question.graph.children_of)
    also = "also " if agrees else ""
    return f"{also}finds no directed path from {shown(question.treatment)} to {shown(question.outcome)}", agrees


def _backdoor(question: ReferenceQuestion, packed: Packed, reply: dict[str, Any]) -> Finding:
    ours = tuple(sorted(question.adjustment))
    sets = [tuple(sorted(packed.names[code] for code in codes)) for codes in reply["adjustment"]]
    if ours in sets:
        return (
            "also finds that nothing need be adjusted for" if not ours else f"also finds the set {_set(ours)}"
        ), True
    if not sets:
        accepts = f", though it accepts {_set(ours)} when asked" if reply["accepted"] else ""
        return f"finds no adjustment set{accepts}", False
    if reply["accepted"]:
        return f"finds the set {_set(sets[0])}, and accepts {_set(ours)} when asked", True
    return f"finds the set {_set(sets[0])}, and does not accept {_set(ours)} by the back-door criterion", False


def _listed(wanted: Names, found: list[str], kind: str, given: Names) -> Finding:
    plural = f"{kind}{'s' if len(wanted) > 1 else ''}"
    if set(wanted) <= set(found):
        return f"also finds the {plural} {_set(wanted)}", True
    limit = ", since it looks for none that need covariates" if given else ""
    others = f"finds the {kind} {_set(found)}" if found else f"finds no {kind}"
    return f"{others} where we have {_set(wanted)}{limit}", False


def _set(names: Iterable[str]) -> str:
    return "{" + ", ".join(shown(name) for name in sorted(names)) + "}"
