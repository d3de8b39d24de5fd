from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from copilot.llm.replies import ReplyError, explain, read_json

EDGE = {"from": "w", "to": "t", "reason": "r"}
GOOD = json.dumps({"edges": [EDGE, {**EDGE, "to": "y"}]})
VALUE = json.loads(GOOD)

scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(texts, values, max_size=5)
prose = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}[]<`"), max_size=60)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\ufeff  {GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Sure! Here is the graph:\n{GOOD}\nHope this helps {{smile}}",
        f"Over {{v1, v2}} and [1] I find\n```json\n{GOOD}\n```\nas {{a}} says.",
        f"<think>maybe {{'edges': [}} or {{\"edges\": []}}?</think>\n{GOOD}",
        f"<think>one</think><thinking>two</thinking>{GOOD}",
        f'the mark was cut off {{"edges": []}} </think> {GOOD}',
        f"\x1b[2J\x1b[31m{GOOD}\x1b[0m",
        f"\x1b]0;title\x07{GOOD}",
        f"\x1b]8;;http://x\x1b\\{GOOD}",
        f"{GOOD}\n{GOOD}",
        f"{GOOD}\n{json.dumps(VALUE, indent=2)}",
    ],
)
def test_one_object_is_found(text: str) -> None:
    assert read_json(text) == VALUE


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "``````",
        "null",
        "3",
        '"edges"',
        "I think w causes t.",
        "<html><body>502</body></html>",
        json.dumps([EDGE]),
        f"```json\n{json.dumps([EDGE])}\n```",
        f"The edges are: {json.dumps([EDGE])} as asked",
        '[["w","t"]]',
        '["w", {"a": 1}]',
        f'{GOOD}\n{{"edges": []}}',
        '{"a": 1} {"a": true}',
        '{"a": 1} {"a": 1.0}',
        GOOD[:40],
        GOOD[:-1],
        f'{GOOD} {{"edges": [',
        str(VALUE),
        GOOD[:-2] + ",]}",
        '{"edges": [] // none\n}',
        '{"edges": [], /* none */ "a": 1}',
        "{edges: ['a']}",
        '{"edges": [}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": -' + "9" * 101 + "}",
        "[" * 5000 + "]" * 5000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"a":' * 61 + "1" + "}" * 61,
        '{"a": "\\ud800"}',
        '{"a": "\ud800"}',
        '{"\\udc00": 1}',
        '{"a": 1, "a": 2}',
        '{"b": {"a": 1, "a": 1}}',
        '{"a": "line\nend"}',
        '"{\\"edges\\": []}"',
        "<think>never ends " + GOOD,
        GOOD + " " * 1_000_000,
    ],
)
def test_what_is_not_one_plain_object_is_refused_on_one_line(text: str) -> None:
    with pytest.raises(ReplyError) as caught:
        read_json(text)
    line = str(caught.value)
    assert line
    assert "\n" not in line
    assert len(line) < 200


def test_sixty_levels_are_read() -> None:
    assert read_json('{"a":' * 60 + "1" + "}" * 60)["a"]


@pytest.mark.parametrize(
    "text",
    [
        "{" * 10_000_000,
        "{" * 999_999,
        "[" * 999_999,
        "[ " * 490_000,
        "{}" * 490_000,
        "{a}" * 330_000,
        '{"' + '\\"' * 490_000,
        '{"a":"' * 160_000,
        "<think></think>" * 66_000,
        "</think>" * 120_000,
        "a" + " " * 900_000 + "b",
        "\x1b]" * 490_000,
        "\x1b[" * 490_000,
        '{"a":1,' + ",".join(f'"k{n}":1' for n in range(80_000)) + ',"a":2}',
        "`" * 900_000,
    ],
)
def test_reading_takes_linear_time(text: str, within: Callable[[float], AbstractContextManager[None]]) -> None:
    with within(5), suppress(ReplyError):
        read_json(text)


@given(objects, prose, prose)
def test_any_object_is_found_in_prose(value: dict[str, object], before: str, after: str) -> None:
    for form in (json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps(value, indent=1)):
        stripped = form if "\x1b" not in form and "\x9b" not in form else json.dumps(value)
        assert read_json(f"{before}{stripped}{after}") == value
        assert read_json(f"{before}\n```json\n{stripped}\n```\n{after}") == value


@given(objects.filter(bool), st.data())
def test_no_beginning_of_an_object_is_read(value: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(ReplyError):
        read_json(cut)


@given(st.text(max_size=300) | st.text('{}[]":,\\ntf01eE+-. `<>/k\x1b', max_size=200))
def test_nothing_but_a_reply_error_comes_out(text: str) -> None:
    try:
        value = read_json(text)
    except ReplyError:
        return
    assert isinstance(value, dict)
    json.dumps(value, allow_nan=False).encode()


def test_schema_errors_are_told_without_the_reply() -> None:
    class Reply(BaseModel):
        edges: list[int]
        kind: Literal["a"]

    with pytest.raises(ValueError, match="edges") as caught:
        Reply.model_validate({"edges": ["\x1b[31msecret"], "kind": "b"})
    told = explain(caught.value)  # type: ignore[arg-type]
    assert told.startswith("edges.0: ")
    assert told.endswith("(and 1 more)")
    assert "secret" not in told
