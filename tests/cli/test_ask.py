"""A question in plain language, from the command line to the effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copilot.composition import wiring
from copilot.llm.completer import ChatRequest

Call = Callable[..., Any]
MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-none", "COPILOT_MODEL": "m"}
FAST = ("--no-dowhy", "--estimator", "linear_regression", "--refuter", "placebo_treatment", "--simulations", "10")
ON_GRAPH = ("--graph", "g.dot", *FAST)
PLAIN = "does the course pay?"


@pytest.fixture
def study(home: Path) -> Path:
    rng, n = np.random.default_rng(7), 300
    age = rng.normal(size=n)
    training = (rng.uniform(size=n) < 1 / (1 + np.exp(-age))).astype(int)
    earnings = 2 * training + age + rng.normal(size=n)
    lines = [
        f"{a:.4f},{'full' if t else 'none'},{e:.4f},{'north' if i % 2 else 'south'}"
        for i, (a, t, e) in enumerate(zip(age, training, earnings, strict=True))
    ]
    (home / "d.csv").write_text("age,training,earnings,region\n" + "\n".join(lines) + "\n")
    (home / "g.dot").write_text("digraph { age -> training; age -> earnings; training -> earnings; region }")
    return home


class Voters:
    """Answers each ballot from what it is told, columns written by name; the graph is that of a believer."""

    def __init__(self, believing: Callable[..., Any], made: Callable[..., Any]) -> None:
        edges = [("age", "training"), ("age", "earnings"), ("training", "earnings")]
        self.say: Callable[[int], dict[str, Any] | str] = lambda _ballot: {}
        self.graph = believing(edges)
        self.completer = made(self.answer)

    def answer(self, request: ChatRequest) -> str:
        if request.task != "read-question":
            return str(self.graph(request))
        said = self.say(request.ballot)
        if isinstance(said, str):
            return said
        lines = [line for line in request.messages[1].content.splitlines() if line.startswith('{"id"')]
        ids = {entry["name"]: entry["id"] for entry in map(json.loads, lines)}
        reply = {"kind": "effect", "treatment": "training", "outcome": "earnings", "reason": "so it reads", **said}
        return json.dumps({k: ids.get(v, v) if isinstance(v, str) else v for k, v in reply.items()})

    @property
    def tasks(self) -> list[str]:
        return [request.task for request in self.completer.requests]


@pytest.fixture
def voters(monkeypatch: pytest.MonkeyPatch, believing: Callable[..., Any], scripted: Callable[..., Any]) -> Voters:
    made = Voters(believing, scripted)
    monkeypatch.setattr(wiring, "_live", lambda _settings: made.completer)
    return made


def ask(cli: Call, *words: str, question: str = PLAIN, **more: Any) -> Any:
    return cli("ask", "d.csv", question, *words, environ=MODEL, **more)


def test_a_question_is_understood_and_answered_as_analyze_does(cli: Call, study: Path, voters: Voters) -> None:
    voters.say = lambda ballot: {"outcome": "age"} if ballot == 0 else {"control": "full", "active": "none"}
    done = ask(cli, *ON_GRAPH, "--json", "--votes", "5")
    assert done.code == 0, done.err
    assert "treatment: training (5 of 5); outcome: earnings (4 of 5)" in done.err
    told = done.json
    assert (told["command"], told["query"]) == ("analyze", {"treatment": "training", "outcome": "earnings"})
    assert told["question"]["outcome"]["others"] == [["age", 1]]
    assert told["contrast"]["text"] == "none vs full"
    assert told["estimates"][0]["value"] < -1
    folder = study / ".copilot" / "runs" / told["run_id"]
    assert json.loads((folder / "report.json").read_text()) == told
    assert json.loads((folder / "question.json").read_text()) == told["question"]
    direct = cli("analyze", "d.csv", "-t", "training", "-o", "earnings", "--contrast", "full,none", *ON_GRAPH, "--json")
    assert {**direct.json, "question": told["question"]} == told
    assert voters.tasks == ["read-question"] * 5


def test_a_restriction_is_said_and_not_applied_and_the_treated_are(cli: Call, study: Path, voters: Voters) -> None:
    voters.say = lambda _: {"population_column": "region", "population_value": "north", "target": "ATT"}
    done = ask(cli, "--graph", "g.dot", "--no-dowhy", "--refuter", "placebo_treatment", "--simulations", "10", "--json")
    assert done.code == 0, done.err
    assert "region = north; the analysis is over all rows" in done.err
    assert (done.json["rows"]["used"], done.json["estimates"][0]["target"]) == (300, "ATT")
    assert study.is_dir()


def test_an_ambiguity_is_listed_where_nobody_can_be_asked(cli: Call, study: Path, voters: Voters) -> None:
    voters.say = lambda ballot: {"outcome": "earnings" if ballot % 2 else "age"}
    done = ask(cli, *ON_GRAPH, "--votes", "4")
    assert done.code == 2
    assert "outcome: age (2), earnings (2)" in done.err
    assert "copilot analyze d.csv -t training -o age" in done.err
    (folder,) = (study / ".copilot" / "runs").iterdir()
    assert json.loads((folder / "question.json").read_text())["ambiguous"][0]["what"] == "outcome"


@pytest.mark.parametrize("typed", ["2\n", "nonsense\nearnings\n"])
def test_an_ambiguity_is_asked_back_on_a_terminal(cli: Call, study: Path, voters: Voters, typed: str) -> None:
    voters.say = lambda ballot: {"outcome": "earnings" if ballot % 2 else "age"}
    done = ask(cli, *ON_GRAPH, "--votes", "4", "--json", typed=typed)
    assert done.code == 0, done.err
    assert done.json["query"]["outcome"] == "earnings"
    assert done.json["question"]["ambiguous"] == []
    outcome = done.json["question"]["outcome"]
    assert (outcome["by_person"], outcome["votes"], outcome["others"]) == (True, 2, [["age", 2]])
    assert "earnings (your choice; 2 of 4)" in done.err
    assert study.is_dir()


def test_whoever_says_that_no_option_fits_is_told_what_to_do(cli: Call, study: Path, voters: Voters) -> None:
    voters.say = lambda ballot: {"kind": "effect" if ballot % 2 else "association"}
    done = ask(cli, *ON_GRAPH, "--votes", "4", typed="2\n")
    assert done.code == 2
    assert "asks for what goes together" in done.err
    assert not list((study / ".copilot" / "runs").glob("*/analysis.json"))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"kind": "prediction", "treatment": None, "outcome": None}, "asks for a prediction"),
        ({"kind": "association", "treatment": None, "outcome": None}, "what goes together"),
        ({"outcome": None}, "no column of the table holds the outcome"),
    ],
)
def test_what_no_effect_answers_is_turned_down(
    cli: Call, study: Path, voters: Voters, said: dict[str, Any], named: str
) -> None:
    voters.say = lambda _: said
    done = ask(cli, *ON_GRAPH)
    assert done.code == 2
    assert named in done.err
    assert "“so it reads”" in done.err
    assert study.is_dir()


def test_too_few_readable_ballots_stop_the_run_which_can_be_resumed(cli: Call, study: Path, voters: Voters) -> None:
    voters.say = lambda ballot: {} if ballot == 0 else "no idea"
    done = ask(cli, *ON_GRAPH, "--votes", "3")
    assert done.code == 5
    assert "runs resume" in done.err
    (folder,) = (study / ".copilot" / "runs").iterdir()
    voters.say = lambda _: {}
    before = len(voters.tasks)
    done = cli("runs", "resume", folder.name, "--json", environ=MODEL)
    assert done.code == 0, done.err
    assert done.json["query"] == {"treatment": "training", "outcome": "earnings"}
    assert len(voters.tasks) - before == 2


def test_one_recording_serves_the_question_and_the_graph(cli: Call, study: Path, voters: Voters) -> None:
    more = ("--votes", "3", "--yes", "--json", *FAST)
    first = ask(cli, *more, "--record", "r.jsonl", "--run-dir", "one")
    assert first.code == 0, first.err
    asked = len(voters.tasks)
    assert {"read-question", "suggest-graph", "challenge-graph"} <= set(voters.tasks)
    again = cli("ask", "d.csv", PLAIN, *more, "--replay", "r.jsonl", "--run-dir", "two")
    assert again.code == 0, again.err
    assert len(voters.tasks) == asked
    assert again.json["estimates"] == first.json["estimates"]
    assert (study / "two" / "question.json").read_bytes() == (study / "one" / "question.json").read_bytes()
    assert (study / "two" / "question" / "votes.json").is_file()


def test_without_a_model_the_columns_must_be_named(cli: Call, study: Path) -> None:
    done = cli("ask", "d.csv", "what is the effect of training on earnings?", *ON_GRAPH, "--json")
    assert done.code == 0, done.err
    assert done.json["question"]["source"] == "words"
    assert done.json["query"] == {"treatment": "training", "outcome": "earnings"}
    lost = cli("ask", "d.csv", PLAIN, *ON_GRAPH)
    assert lost.code == 2
    assert "cannot be understood without a model" in lost.err
    assert "copilot analyze d.csv -t TREATMENT -o OUTCOME" in lost.err
    turned = cli("ask", "d.csv", "predict earnings from age", *ON_GRAPH)
    assert (turned.code, "asks for a prediction" in turned.err) == (2, True)
    assert study.is_dir()


@pytest.mark.parametrize(
    ("question", "named"), [("  ", "the question is empty"), ("why " * 2500, "9,999 characters"), ("\x1b\x07", "empty")]
)
def test_no_question_and_an_endless_one_are_refused(cli: Call, study: Path, question: str, named: str) -> None:
    done = cli("ask", "d.csv", question, *ON_GRAPH)
    assert done.code == 2
    assert named in done.err
    assert not (study / ".copilot").exists()


def test_a_table_with_one_column_has_no_effects(cli: Call, study: Path) -> None:
    (study / "one.csv").write_text("age\n" + "\n".join(str(i % 7) for i in range(40)) + "\n")
    done = cli("ask", "one.csv", "does age raise age?")
    assert done.code == 2
    assert "only 1 column" in done.err


def test_a_dry_run_shows_the_question_and_sends_nothing(cli: Call, study: Path, voters: Voters) -> None:
    done = ask(cli, "--show-prompt", "--votes", "3")
    assert done.code == 0
    assert f'"{PLAIN}"' in done.out
    assert "Would send: your question" in done.err
    assert voters.tasks == []
    assert study.is_dir()
