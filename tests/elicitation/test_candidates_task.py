from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from copilot.domain.variables import Kind, Query, Variable
from copilot.domain.votes import Slip
from copilot.elicitation.candidates_task import (
    KINDS,
    CandidatesPart,
    CandidatesReply,
    candidate_sheets,
    merge_candidates,
)
from copilot.elicitation.setting import Setting
from copilot.elicitation.task import Sheet
from copilot.errors import UsageError
from copilot.llm.replies import ReplyError

NAMES = ("t", "y", "age", "distance", "mood", "shoe")
PROMPTS = tuple(KINDS)


def setting(names: tuple[str, ...] = NAMES) -> Setting:
    variables = tuple(Variable(name=name, kind=Kind.CONTINUOUS) for name in names)
    return Setting(variables=variables, models=("m",), seed=4, query=Query(treatment="t", outcome="y"))


def only(prompt: str) -> tuple[Sheet[CandidatesPart], dict[str, str]]:
    (sheet,) = candidate_sheets(prompt, setting(), 1)
    body = sheet.question.request.messages[1].content
    lines = [json.loads(line) for line in body.splitlines() if line.startswith('{"id": ')]
    return sheet, {line["name"]: line["id"] for line in lines}


def reply(ids: dict[str, str], **verdicts: str) -> dict[str, Any]:
    names = [name for name in NAMES if name not in {"t", "y"}]
    return {
        "listed": [{"variable": ids[name], "verdict": verdicts.get(name, "no")} for name in names],
        "not_listed": [],
    }


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_variable_but_the_two_ends_is_to_be_judged_and_no_edge_is_shown(prompt: str) -> None:
    sheet, ids = only(prompt)
    request = sheet.question.request
    entry = request.reply_schema["properties"]["listed"]["items"]["properties"]
    assert set(entry["variable"]["enum"]) == set(ids.values()) - {ids["t"], ids["y"]}
    assert set(entry["verdict"]["enum"]) == {*KINDS[prompt].roles, "no", "unsure"}
    assert "->" not in request.messages[1].content.split("BEGIN VARIABLES")[1]
    assert f"effect of {ids['t']} on {ids['y']}" in request.messages[1].content


def test_a_verdict_becomes_a_vote_with_what_must_be_held_fixed() -> None:
    sheet, ids = only("suggest-instruments")
    data = reply(ids, distance="yes", mood="unsure")
    told = next(line for line in data["listed"] if line["variable"] == ids["distance"])
    told |= {"given": [ids["age"], ids["t"], ids["distance"]], "moves_treatment": "far", "other_ways": "by age"}
    ballot = merge_candidates(sheet.plan, [sheet.question.read(data)])
    (vote,) = ballot.candidates
    assert (vote.name, vote.role, vote.given, vote.observed) == ("distance", "instrument", ("age",), True)
    assert vote.reason == "far; by age"


def test_a_negative_control_has_the_role_of_its_verdict() -> None:
    sheet, ids = only("suggest-negative-controls")
    data = reply(ids, shoe="outcome", mood="exposure")
    data["not_listed"] = [
        {"name": "height", "role": "exposure", "affects": [ids["y"]], "collect": "ask", "reason": "r"},
        {"name": "Height", "role": "exposure", "affects": [], "collect": "", "reason": ""},
        {"name": "age", "role": "outcome", "affects": [], "collect": "", "reason": ""},
        {"name": "dust", "role": "cause", "affects": [], "collect": "", "reason": ""},
    ]
    part = sheet.question.read(data)
    assert {(vote.name, vote.role, vote.observed) for vote in part.candidates} == {
        ("shoe", "negative_control_outcome", True),
        ("mood", "negative_control_exposure", True),
        ("height", "negative_control_exposure", False),
    }
    counts = {one.slip: one.count for one in part.slips.counts()}
    assert counts == {Slip.REPEATED: 1, Slip.OUT_OF_SCOPE: 2}


def test_what_cannot_be_used_is_counted() -> None:
    sheet, ids = only("suggest-confounders")
    data = reply(ids, age="yes")
    data["listed"] += [
        {"variable": ids["t"], "verdict": "yes"},
        {"variable": ids["age"], "verdict": "no"},
        {"variable": "v99", "verdict": "yes"},
        {"variable": "AGE", "verdict": "perhaps"},
    ]
    part = sheet.question.read(data)
    assert [vote.name for vote in part.candidates] == ["age"]
    counts = {one.slip: one.count for one in part.slips.counts()}
    assert counts == {Slip.OUT_OF_SCOPE: 1, Slip.REPEATED: 2, Slip.UNKNOWN_NAME: 1, Slip.FOLDED_NAME: 1}


def test_a_ballot_that_skips_the_work_abstains() -> None:
    sheet, ids = only("suggest-confounders")
    with pytest.raises(ReplyError, match="without a verdict"):
        sheet.question.read({"listed": [{"variable": ids["age"], "verdict": "yes"}], "not_listed": []})


def test_a_ballot_of_verdicts_that_were_not_offered_abstains() -> None:
    sheet, ids = only("suggest-confounders")
    data = reply(ids)
    for line in data["listed"]:
        line["verdict"] = "perhaps"
    with pytest.raises(ReplyError, match="without a verdict"):
        sheet.question.read(data)


def test_what_is_proposed_to_be_held_fixed_in_vain_is_counted() -> None:
    sheet, ids = only("suggest-instruments")
    data = reply(ids, distance="yes")
    told = next(line for line in data["listed"] if line["variable"] == ids["distance"])
    told["given"] = [ids["y"], "v77"]
    part = sheet.question.read(data)
    assert [vote.given for vote in part.candidates] == [()]
    assert {one.slip: one.count for one in part.slips.counts()} == {Slip.OUT_OF_SCOPE: 1, Slip.UNKNOWN_NAME: 1}


def test_an_idea_is_no_column_in_other_letters_and_no_cause_of_one_variable_alone() -> None:
    sheet, ids = only("suggest-confounders")
    data = reply(ids)
    data["not_listed"] = [
        {"name": "AGE", "affects": [ids["t"], ids["y"]]},
        {"name": "v1", "affects": [ids["t"], ids["y"]]},
        {"name": "luck", "affects": [ids["t"], ids["t"]]},
        {"name": "thrift", "affects": [ids["t"], ids["y"]]},
    ]
    part = sheet.question.read(data)
    assert [(vote.name, vote.affects) for vote in part.candidates] == [("thrift", ("t", "y"))]
    assert {one.slip: one.count for one in part.slips.counts()} == {Slip.OUT_OF_SCOPE: 3}


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_two_ends_are_named_and_must_be_known(prompt: str) -> None:
    sheet, ids = only(prompt)
    body = sheet.question.request.messages[1].content
    assert f"The treatment is {ids['t']} and the outcome is {ids['y']}" in body
    with pytest.raises(UsageError, match="treatment and an outcome"):
        candidate_sheets(prompt, replace(setting(), query=Query(treatment="t")), 1)


def large(count: int) -> tuple[Sheet[CandidatesPart], ...]:
    return candidate_sheets("suggest-confounders", setting(("t", "y", *(f"x{i}" for i in range(count)))), 1)


def asked_by(sheet: Sheet[CandidatesPart]) -> list[str]:
    entry = sheet.question.request.reply_schema["properties"]["listed"]["items"]["properties"]
    return list(entry["variable"]["enum"])


def test_only_a_large_table_is_judged_in_blocks() -> None:
    assert len(large(60)) == 1
    sheets = large(61)
    asked = [set(asked_by(sheet)) for sheet in sheets]
    assert len(sheets) > 1
    assert sum(map(len, asked)) == len(set.union(*asked)) == 61


def test_a_lost_block_takes_only_its_own_verdicts_with_it() -> None:
    sheets = large(61)
    parts = []
    for sheet in sheets:
        data = {"listed": [{"variable": v, "verdict": "no"} for v in asked_by(sheet)]}
        parts.append(sheet.question.read({**data, "not_listed": [{"name": "luck", "affects": ["v1", "v2"]}]}))
    whole = merge_candidates(sheets[0].plan, parts)
    partial = merge_candidates(sheets[0].plan, parts[1:])
    assert [vote.name for vote in whole.candidates] == [vote.name for vote in partial.candidates] == ["luck"]
    everything = frozenset(f"x{i}" for i in range(61))
    assert whole.asked == everything
    assert partial.asked == everything - parts[0].asked


def test_the_three_prompts_together_ask_for_every_key_that_is_read() -> None:
    asked: dict[str, set[str]] = {"listed": set(), "not_listed": set()}
    for prompt in PROMPTS:
        lists = only(prompt)[0].question.request.reply_schema["properties"]
        assert lists.keys() == asked.keys()
        for key in asked:
            asked[key] |= lists[key]["items"]["properties"].keys()
    for key, field in CandidatesReply.model_fields.items():
        (line,) = get_args(field.annotation)
        assert asked[key] == line.model_fields.keys()


_WORDS = st.sampled_from(
    ("v1", "v2", "V3", "v4", "v5", "v6", "v9", "age", "AGE", "t", "yes", "no", "outcome", "", "\u202ex")
)
_LISTS = st.lists(_WORDS, max_size=4)
_JUDGED = st.fixed_dictionaries(
    {"variable": _WORDS, "verdict": _WORDS}, optional={"given": _LISTS, "other_ways": _WORDS}
)
_IDEAS = st.fixed_dictionaries({"name": _WORDS}, optional={"role": _WORDS, "affects": _LISTS, "reason": _WORDS})
_EXTRA = st.fixed_dictionaries({"listed": st.lists(_JUDGED, max_size=8), "not_listed": st.lists(_IDEAS, max_size=4)})
_WILD = st.recursive(st.none() | st.booleans() | st.integers() | _WORDS, lambda inner: st.lists(inner, max_size=3))


@pytest.mark.parametrize("prompt", PROMPTS)
@given(data=_WILD | st.dictionaries(st.sampled_from(("listed", "not_listed")), _WILD) | _EXTRA)
def test_any_reply_is_a_ballot_or_an_abstention(prompt: str, data: Any) -> None:
    sheet, _ = only(prompt)
    try:
        part = sheet.question.read(data)
    except (ReplyError, ValidationError):
        return
    assert len(part.asked) == len(NAMES) - 2


@pytest.mark.parametrize("prompt", PROMPTS)
@given(verdicts=st.lists(_WORDS, min_size=4, max_size=4), extra=_EXTRA, last=st.booleans())
def test_a_ballot_is_about_known_columns_whatever_else_stands_in_it(
    prompt: str, verdicts: list[str], extra: dict[str, Any], *, last: bool
) -> None:
    sheet, ids = only(prompt)
    middle = [name for name in NAMES if name not in {"t", "y"}]
    lines = reply(ids)["listed"]
    offered = {*KINDS[prompt].roles, "no"}
    for line, word in zip(lines, verdicts, strict=True):
        line["verdict"] = word if word in offered else "unsure"
    data = {**extra, "listed": [*lines, *extra["listed"]] if last else [*extra["listed"], *lines]}
    ballot = merge_candidates(sheet.plan, [sheet.question.read(data)])
    assert ballot.asked == frozenset(middle)
    keys = [(vote.name, vote.role, vote.observed) for vote in ballot.candidates]
    assert len(set(keys)) == len(keys)
    for vote in ballot.candidates:
        assert (vote.name in middle) == vote.observed
        assert set(vote.affects) <= set(NAMES)
        assert set(vote.given) <= set(middle) - {vote.name}
