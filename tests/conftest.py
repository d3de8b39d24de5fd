"""Fakes that several rooms share."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from copilot.llm.completer import ChatRequest, Completion

# Tests run side by side: a process with a thread for each core would wait for its neighbour. Read when numpy is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

Answer = Callable[[ChatRequest], str]


class ScriptedCompleter:
    """Answers from a function and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[ChatRequest] = []
        self.closed = False

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request."""
        self.requests.append(request)
        return Completion(text=self.answer(request), model=request.model, attempts=1)

    async def aclose(self) -> None:
        """Note the end."""
        self.closed = True


def ids_of(request: ChatRequest) -> dict[str, str]:
    """Read the variables of a request: name to id."""
    lines = re.findall(r"(?m)^\{\"id\": .*\}$", request.messages[1].content)
    return {entry["name"]: entry["id"] for entry in map(json.loads, lines)}


def believer(edges: Iterable[tuple[str, str]], latents: Iterable[tuple[str, ...]] = ()) -> Answer:
    """Answer every task as one who believes in these edges and these unmeasured common causes."""
    believed = set(edges)

    def answer(request: ChatRequest) -> str:
        ids = ids_of(request)
        names = {identifier: name for name, identifier in ids.items()}
        body = request.messages[1].content
        if request.task == "suggest-graph":
            targets = set(request.reply_schema["properties"]["edges"]["items"]["properties"]["to"]["enum"])
            drawn = [
                {"from": ids[a], "to": ids[b], "reason": f"{a} moves {b}"}
                for a, b in sorted(believed)
                if ids[b] in targets
            ]
            hidden = [{"name": "taste", "affects": [ids[n] for n in group], "reason": "r"} for group in latents]
            return json.dumps({"plan": "", "edges": drawn, "unsure": [], "unmeasured": hidden})
        if request.task == "judge-pairs":
            pairs = [
                {"pair": p, "reason": "r", "answer": _judge(believed, names[a], names[b])}
                for p, a, b in re.findall(r"(?m)^(p\d+): first (v\d+), second (v\d+)$", body)
            ]
            return json.dumps({"pairs": pairs})
        arrows = re.findall(r"(?m)^(e\d+): (v\d+) -> (v\d+)", body)
        verdicts = [
            {
                "arrow": e,
                "still_acts_by": "itself",
                "verdict": "keep" if (names[a], names[b]) in believed else "drop",
                "carried_by": [],
            }
            for e, a, b in arrows
        ]
        shown = {(names[a], names[b]) for _, a, b in arrows}
        rows = request.reply_schema["properties"]["absent"]["items"]["properties"]["variable"]["enum"]
        absent = [
            {
                "variable": v,
                "missing_causes": [
                    {"from": ids[a], "reason": "r"}
                    for a, b in sorted(believed - shown)
                    if ids[b] == v and (b, a) not in shown
                ],
            }
            for v in rows
        ]
        return json.dumps({"arrows": verdicts, "absent": absent})

    return answer


def _judge(believed: set[tuple[str, str]], first: str, second: str) -> str:
    if (first, second) in believed:
        return "cause"
    return "effect" if (second, first) in believed else "neither"


@pytest.fixture
def scripted() -> type[ScriptedCompleter]:
    """Give the class of the scripted completer."""
    return ScriptedCompleter


@pytest.fixture
def believing() -> Callable[..., Answer]:
    """Give the maker of believers."""
    return believer


LAP_SECONDS = 0.03  # what a lap takes on an idle machine of the kind for which the limits are stated


def _lap() -> float:
    """Give the processor's seconds for a fixed piece of work, to compare machines and their load."""
    began = time.process_time()
    seen: dict[int, list[int]] = {}
    for n in range(300_000):
        seen.setdefault(n % 997, []).append(n)
    return time.process_time() - began


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    before = min(_lap() for _ in range(3))
    began = time.process_time()
    yield
    spent = time.process_time() - began
    slower = max(1.0, before / LAP_SECONDS, min(_lap() for _ in range(3)) / LAP_SECONDS)
    assert spent < seconds * slower, f"{spent:.1f} s of the processor, on a machine that is {slower:.1f} x slower"


@pytest.fixture
def within() -> Callable[[float], AbstractContextManager[None]]:
    """Give a limit in the processor's seconds, longer on a slower or a busier machine."""
    return _within
