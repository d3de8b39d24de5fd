r"""Reading the one JSON object of a reply, strictly: what is not plain JSON is not guessed at."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

import pydantic

from copilot.domain.text import one_line

LONGEST_REPLY = 1_000_000
"""Characters; no ballot needs as many."""
DEEPEST = 60
"""Levels of brackets; keeps every later recursion far from its limit."""
LONGEST_INTEGER = 100
"""Digits; Python refuses to convert a few thousand, and none of our numbers has more than ten."""

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links, clipboard
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-z|}~]"  # CSI: colours, cursor; an opening brace is never eaten
    r"|\x1b[@-Z\\^_c]"
)
_THINKING = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_STARTS = re.compile(r"\{|\[\s*(?=\{)|</think(?:ing)?>", re.IGNORECASE)
_BRACKETS = re.compile(r'[{}\[\]"]')
_REST_OF_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_LOOKS_LIKE_JSON = re.compile(r"""["'{]""")


class ReplyError(ValueError):
    """A reply that is not one JSON object, or does not follow its schema; the text is one line for people."""


def read_json(text: str) -> Any:
    r"""Find the one JSON object in a reply.

    Around it there may be a code fence, prose, reasoning between ``<think>`` marks and terminal escapes. Inside it
    nothing is repaired: single quotes, trailing commas, comments, NaN, repeated keys and lone surrogates are errors,
    because a repair may change what was meant.

    Parameters
    ----------
    text
        The reply as received.

    Returns
    -------
    dict
        The object. Time is linear in the length of the text.

    Raises
    ------
    ReplyError
        If there is no object, more than one that differ, or one that breaks the rules above.

    Examples
    --------
    >>> read_json('Sure!\n```json\n{"edges": []}\n```\nHope this helps {smile}')
    {'edges': []}
    """
    if len(text) > LONGEST_REPLY:
        raise ReplyError(f"the reply has {len(text):,} characters; at most {LONGEST_REPLY:,} are read")
    text = _ESCAPES.sub("", text.lstrip("\ufeff"))
    start = _after_thinking(text)
    bare = text[start:].strip()
    if bare.startswith("```"):
        bare = bare.lstrip("`").lstrip(_LETTERS).rstrip("`").strip()
    if not bare:
        raise ReplyError("the reply is empty")
    if bare.startswith("[") and bare.endswith("]"):
        raise ReplyError("the top level must be an object, not a list")
    sources = _objects(text, start)
    if not sources:
        raise ReplyError("the reply holds no JSON object")
    return _only_one(sources)


def _after_thinking(text: str) -> int:
    """Find where the reasoning at the beginning ends; 0 if there is none."""
    position = 0
    while opened := _THINKING.match(text, position):
        closed = _THOUGHT.search(text, opened.end())
        if closed is None:
            raise ReplyError("the reasoning at the beginning never ends, so there is no answer")
        position = closed.end()
    return position


def _objects(text: str, position: int) -> list[str]:
    """Find the source of every top-level object; skip braces of prose; refuse what looks like broken JSON."""
    sources: dict[str, None] = {}
    while start := _STARTS.search(text, position):
        position = start.end()
        if start[0].startswith("["):
            raise ReplyError("the top level must be an object, not a list")
        if start[0].startswith("<"):
            # Some servers cut off the opening mark; all before the closing one was reasoning all the same.
            sources.clear()
            continue
        end = _closing(text, start.start())
        if end is None:
            if _LOOKS_LIKE_JSON.search(text, position):
                raise ReplyError("the JSON object is cut off or its brackets do not match")
            break
        source = text[start.start() : end]
        if not _is_prose(source):
            sources[source] = None
        position = end
    return list(sources)


def _closing(text: str, start: int) -> int | None:
    """Find the end of the bracket that opens at `start`; ``None`` if it never closes."""
    open_brackets: list[str] = []
    position = start
    while token := _BRACKETS.search(text, position):
        position = token.end()
        mark = token[0]
        if mark == '"':
            rest = _REST_OF_STRING.match(text, position)
            if rest is None:
                return None
            position = rest.end()
        elif mark in "{[":
            open_brackets.append(mark)
            if len(open_brackets) > DEEPEST:
                raise ReplyError(f"the JSON is nested more than {DEEPEST} levels deep")
        else:
            if open_brackets.pop() + mark not in ("{}", "[]"):
                return None
            if not open_brackets:
                return position
    return None


def _is_prose(source: str) -> bool:
    """Whether braces hold something that nobody could have meant as JSON, such as ``{smile}`` or ``{v1, v2}``."""
    inside = source[1:-1]
    return bool(inside.strip()) and (":" not in inside or not _LOOKS_LIKE_JSON.search(inside))


def _parse(source: str) -> Any:
    try:
        value = json.loads(
            source,
            object_pairs_hook=_distinct_keys,
            parse_constant=_refuse_constant,
            parse_int=_short_integer,
            parse_float=_finite,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise ReplyError(f"not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except UnicodeEncodeError:
        raise ReplyError("the JSON holds half of a surrogate pair, which is not a character") from None
    return value


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        repeated = next(name for name, count in counts.items() if count > 1)
        raise ReplyError(f"the key {one_line(repeated, 40)!r} stands twice in one object")
    return result


def _refuse_constant(name: str) -> Any:
    raise ReplyError(f"{name} is not a JSON number")


def _short_integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ReplyError(f"a number of {len(digits)} digits; at most {LONGEST_INTEGER} are read")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ReplyError("a number is too large")
    return value


def _only_one(sources: list[str]) -> Any:
    """Let an object be repeated, however it is laid out, but not contradicted."""
    value = _parse(sources[0])
    canonical = json.dumps(value, sort_keys=True)
    if any(json.dumps(_parse(source), sort_keys=True) != canonical for source in sources[1:]):
        raise ReplyError("the reply holds two different JSON objects")
    return value


def explain(error: ReplyError | pydantic.ValidationError) -> str:
    """Say on one line what is wrong with a reply, without repeating what it holds.

    Examples
    --------
    >>> explain(ReplyError("the reply is empty"))
    'the reply is empty'
    """
    if isinstance(error, ReplyError):
        return one_line(str(error), 300)
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"]) or "the object"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return one_line(f"{place}: {first['msg']}{more}", 300)
